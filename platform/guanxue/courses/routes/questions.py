"""A quiz's questions: the list, one written in a form, many pasted or from a file after a look at them, files out."""

from __future__ import annotations

import hashlib
import io
from urllib.parse import quote

from flask import Response, make_response, redirect, render_template, request, url_for

from guanxue import courses, media, quizzes, standards
from guanxue.core.db import begin_writing
from guanxue.core.enclosures import read_address
from guanxue.core.errors import Invalid, NotFound, Problem, TooLarge
from guanxue.core.i18n import lazy as _
from guanxue.core.markup import inline_html
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor, reads_first, takes_upload
from guanxue.core.web.pages import page, personal
from guanxue.courses.routes import blueprint
from guanxue.courses.routes.files import markdown_of, prepare_file
from guanxue.courses.routes.question_form import blank_values, form_values, question_from, values_of
from guanxue.courses.routes.teach import my_course, told_of

FORM_NAMES = {"gift": "GIFT", "moodle-gift": _("GIFT（给 Moodle）"), "moodle": "Moodle XML", "aiken": "Aiken", "xlsx": "Excel",
              "text": _("纯文本")}
MOST_PASTED_BYTES = 4 * 1024**2  # a text that the reader says is too long arrives all the same, and stands in its box again
MOST_SHOWN = 200  # lines of one kind in a report
MOST_FORESEEN = 32  # states of quizzes whose losses are remembered
_FORESEEN: dict[bytes, dict[str, tuple[int, list[quizzes.Loss]]]] = {}
MOST_PICTURES = 100  # of one file: each is drawn anew while a browser waits
MOST_PICTURE_BYTES = 32 * 1024**2  # that a file takes along


@blueprint.get("/teach/<slug>/questions")
def teach_questions(slug: str) -> Response:
    """The quiz's questions, and ways to add some."""
    course = my_course(slug)
    return questions_page(course)


def questions_page(course: courses.Course, problem: Problem | None = None, **given) -> Response:
    """The page, with what could not be done and what was typed."""
    lesson = courses.find_quiz(course)
    questions = courses.questions_in(lesson)
    editing = next((q for q in questions if q.id == request.args.get("edit")), None)
    values = given.get("values") or (values_of(editing) if editing else blank_values(request.args.get("writing", "")))
    brought = courses.last_brought(course)
    remarks = courses.remarks_here(course, lesson.slug) if lesson else []
    asked = {q.id for q in questions}
    return personal(page(
        "courses/teach_questions.html", problem.status if problem else 200,
        course={"slug": course.slug, "title": course.title}, may_edit=course.state != "submitted",
        lesson={"id": lesson.id if lesson else None, "title": lesson.title if lesson else str(_("课程考核")),
                "version": lesson.version if lesson else 0},
        questions=[{**_shown(n, q), "remarks": [r for r in remarks if r["kind"] == "question" and r["place"] == q.id]}
                   for n, q in enumerate(questions, 1)],
        remarks=[r for r in remarks if r["kind"] != "question" or r["place"] not in asked],
        values=values, is_writing="writing" in request.args, has_comments=courses.has_comments(lesson),
        thin=_thin(lesson, questions),
        pools=_pools(course, questions),
        preview=given.get("preview"), typed=given.get("typed", ""),
        brought=_brought_values(brought) if brought else None, is_fresh=request.args.get("brought") == "1",
        forms=_forms(questions) if questions else [], formats=", ".join(str(x) for x in quizzes.FORMAT_NAMES.values()),
        **told_of(problem)))


def _thin(lesson: courses.Lesson | None, questions: list[quizzes.Question]) -> int:
    """How many more questions the pools should have for what is drawn of them; nothing is asked where all are."""
    draw = courses.draw_of(lesson) if lesson is not None else {}
    return sum(x.missing for x in quizzes.thin_parts(questions, draw)) if draw else 0


def _pools(course: courses.Course, questions: list[quizzes.Question]) -> list[str]:
    """Names of pools to choose from: those that are there, and the skill areas of the course's occupation."""
    occupation = standards.find_occupation(course.occupation) if course.occupation else None
    areas = [x.name for x in standards.list_skill_areas(occupation.id)] if occupation else []
    return [*dict.fromkeys([*areas, *sorted({q.pool for q in questions if q.pool})])]


def _shown(number: int, q: quizzes.Question) -> dict:
    """A question as its author sees it: with its key."""
    said = quizzes.spelled(q)
    best = max((o.permille for o in q.options), default=0)
    is_choice = q.kind in ("single", "multiple")
    return {
        "number": number, "id": q.id, "kind": q.kind, "stem_html": inline_html(said.stem), "pool": q.pool,
        "level": q.level, "rule": q.rule,
        "is_won_by_all": quizzes.is_won_by_all(q),
        "options": [{"text_html": inline_html(o.text),
                     "is_right": o.permille > 0 if q.kind == "multiple" else o.permille == best}
                    for o in q.options] if is_choice else [],
        "items_html": [inline_html(o.text) for o in q.options] if q.kind == "ordering" else [],
        "pairs": [{"left_html": inline_html(o.text), "right_html": inline_html(o.match)} for o in q.options]
        if q.kind == "matching" else [],
        "answer": said.answer if q.kind in ("fillin", "numeric") else "", "truth": q.truth,
        "explanation_html": inline_html(q.explanation)}


def _forms(questions: list[quizzes.Question]) -> list[dict]:
    """The forms they can be taken along in, each with what it cannot say."""
    return [{"form": form, "name": str(FORM_NAMES[form]), "count": count,
             "losses": [{"number": x.number, "what": str(x.what)} for x in losses]}
            for form, (count, losses) in _foreseen(questions).items()]


def _foreseen(questions: list[quizzes.Question]) -> dict[str, tuple[int, list[quizzes.Loss]]]:
    """{form: (how many losses, the first of them)}: found by writing and reading, once for each state of a quiz."""
    state = hashlib.sha256(quizzes.write_gift(questions).encode()).digest()
    if state not in _FORESEEN:
        if len(_FORESEEN) >= MOST_FORESEEN:
            _FORESEEN.clear()
        losses = {form: quizzes.write_questions(form, questions, _Pictures(is_read=False).find).losses
                  for form in quizzes.FORMS}
        _FORESEEN[state] = {form: (len(found), found[:MOST_SHOWN]) for form, found in losses.items()}
    return _FORESEEN[state]


def _brought_values(line) -> dict:
    """The record of the last import as the page shows it."""
    told = line.detail
    doubts = _together([quizzes.Doubt(*x) for x in told["doubts"]["lines"]])
    return {"at": line.at, "name": told["name"], "format": str(quizzes.FORMAT_NAMES.get(told["format"], "")),
            "total": told["total"], "added": told["added"], "twins": told["twins"], "unit": told["unit"],
            "doubts": {"count": told["doubts"]["count"], "lines": [(x["line"], x["text"], x["why"]) for x in doubts]},
            **{name: {"count": told[name]["count"], "lines": told[name]["lines"]}
               for name in ("left_out", "dropped", "conflicts")}}


# ---- bringing in


@blueprint.post("/teach/<slug>/questions/preview")
@reads_first
@takes_upload(quizzes.MOST_FILE_BYTES + 1024**2, most_text_bytes=MOST_PASTED_BYTES)
def teach_questions_preview(slug: str) -> Response:
    """What bringing this text or file in would do; writes nothing. A script asks for the piece alone."""
    course, text = my_course(slug), _typed()
    upload = request.files.get("file")
    try:
        data = upload.stream.read(quizzes.MOST_FILE_BYTES + 1) if upload is not None and upload.filename else None
        if data is None and not text.strip():
            raise Invalid(_("请先粘贴题目，或选一个文件。"))
        report = quizzes.read_file(data) if data is not None else quizzes.read_text(text)
        ticket = courses.keep_waiting(current_actor(), data) if data is not None else ""
        preview = _preview_values(course, report, text="" if data is not None else text, ticket=ticket,
                                  name=upload.filename if data is not None else "")
    except (quizzes.Unreadable, Invalid) as problem:
        told = Invalid(problem.args[0])
        if _wants_piece():
            return personal(make_response(render_template("courses/teach_questions_preview.html", preview=None,
                                                          message=str(told.message)), 422))
        return questions_page(course, told, typed=text)
    if _wants_piece():
        return personal(make_response(render_template("courses/teach_questions_preview.html", preview=preview, message="")))
    return questions_page(course, preview=preview, typed=text)


def _wants_piece() -> bool:
    return request.headers.get("X-Piece") == "1"


def _typed() -> str:
    return request.form.get("text", "").replace("\r\n", "\n")


def _preview_values(course: courses.Course, report: quizzes.Report, *, text: str, ticket: str, name: str) -> dict:
    lesson = courses.find_quiz(course)
    merged = courses.foresee_questions(lesson, report, replaces=False)
    marks: dict[int, list[dict]] = {}
    for kind, found in (("bad", report.left_out), ("wait", report.doubts)):
        for x in found:
            marks.setdefault(x.line, []).append({"kind": kind, "text": x.text, "why": str(x.reason)})
    is_text = bool(text) and report.unit == "line"
    numbered = enumerate(text.split("\n"), 1) if is_text else ()
    lines = [{"number": n, "text": line, "marks": marks.get(n, [])} for n, line in numbered]
    return {
        "url": url_for(".teach_questions_bring", slug=course.slug), "text": text, "ticket": ticket, "name": name,
        "format": str(quizzes.FORMAT_NAMES[report.format]), "unit": report.unit, "total": report.total,
        "read": len(report.questions), "added": len(merged.added), "twins": len(merged.twins), "present": lesson is not None,
        "counts": {"left_out": len(report.left_out), "doubts": len(report.doubts), "dropped": len(report.dropped),
                   "conflicts": len(merged.conflicts)},
        "left_out": [{"line": x.line, "text": x.text, "why": str(x.reason)} for x in report.left_out[:MOST_SHOWN]],
        "doubts": _together(report.doubts),
        "dropped": [{"line": x.line, "text": x.text, "why": "；".join(str(w) for w in x.what)}
                    for x in report.dropped[:MOST_SHOWN]],
        "conflicts": [{"text": m.incoming.stem[:80], "here": quizzes.answer_in_words(m.present),
                       "there": quizzes.answer_in_words(m.incoming)} for m in merged.conflicts[:MOST_SHOWN]],
        "questions": [_shown(n, q) for n, q in enumerate(report.questions[:MOST_SHOWN], 1)],
        "lines": lines if any(x["marks"] for x in lines) else []}


def _together(found: list[quizzes.Doubt]) -> list[dict]:
    """Lines and what is said of them, as many as are shown; what is said of more than two stands once, with all their lines."""
    same: dict[str, list] = {}
    for x in found:
        same.setdefault(str(x.reason), []).append(x)
    rows = []
    for why, places in same.items():
        parts = [places] if len(places) > 2 and all(x.line for x in places) else [[x] for x in places]
        rows += [{"at": part[0].line, "line": str(_("、")).join(str(x.line) for x in part) if part[0].line else 0,
                  "text": part[0].text, "why": why} for part in parts]
    return sorted(rows, key=lambda x: x["at"])[:MOST_SHOWN]


@blueprint.post("/teach/<slug>/questions/import")
@reads_first
@takes_upload(quizzes.MOST_FILE_BYTES + 1024**2, most_text_bytes=MOST_PASTED_BYTES)
def teach_questions_bring(slug: str) -> Response:
    """Take in what was looked at: behind the questions that are there, or in their place."""
    course, text, ticket = my_course(slug), _typed(), request.form.get("ticket", "")
    pictures: list[media.Prepared] = []

    def keep_picture(name: str, data: bytes) -> str:
        if len(pictures) >= MOST_PICTURES:
            raise ValueError(str(_("这个文件解开以后太大了，请把题目分成几个文件。")))
        try:
            pictures.append(media.note_prepared(current_actor(), media.prepare_file(name, io.BytesIO(data))))
        except Problem as problem:
            raise ValueError(str(problem.message))
        return pictures[-1].enclosure.address

    try:
        data = courses.find_waiting(current_actor(), ticket) if ticket else None
        if ticket and data is None:
            raise Invalid(_("这个文件放得太久，已经清掉了，请重新上传。"))
        if data is None and not text.strip():
            raise Invalid(_("请先粘贴题目，或选一个文件。"))
        report = quizzes.read_file(data, keep_picture) if data is not None else quizzes.read_text(text)
        begin_writing()
        course = my_course(slug)
        for prepared in pictures:
            media.keep_file(current_actor(), prepared)
        courses.bring_questions(current_actor(), course, report, replaces=request.form.get("mode") == "replace",
                                name=request.form.get("name", ""))
    except quizzes.Unreadable as problem:
        return questions_page(course, Invalid(problem.args[0]), typed=text)
    except (Invalid, TooLarge) as problem:
        return questions_page(course, problem, typed=text)
    courses.drop_waiting(current_actor(), ticket)
    return redirect(url_for(".teach_questions", slug=slug, brought=1, _anchor="brought"), 303)


# ---- one question


@blueprint.post("/teach/<slug>/questions")
@reads_first
@takes_upload(quizzes.MOST_FILE_BYTES + 1024**2, most_text_bytes=MOST_PASTED_BYTES)
def teach_question_save(slug: str) -> Response:
    """A new question, or one in the place of another. What was typed stays where it cannot be saved."""
    course, form = my_course(slug), request.form
    name = form.get("id", "")
    try:
        prepared = [prepare_file(x) for x in request.files.getlist("picture") if x.filename]
        begin_writing()
        course = my_course(slug)
        added = "\n".join(markdown_of(media.keep_file(current_actor(), x)) for x in prepared)
        question = question_from(form, added)
        if name:
            old = next((q for q in courses.questions_in(courses.find_quiz(course)) if q.id == name), None)
            question = courses.kept_beside(old, question) if old is not None else question
        question = courses.put_question(current_actor(), course, question, instead_of=name, version=_version())
    except (Invalid, TooLarge, courses.TextMoved) as problem:
        return questions_page(course, problem, values=form_values(form))
    if form.get("then") == "another":
        return redirect(url_for(".teach_questions", slug=slug, writing=question.kind, _anchor="write"), 303)
    return redirect(url_for(".teach_questions", slug=slug, _anchor=f"q-{_anchor_of(course, question)}"), 303)


def _anchor_of(course: courses.Course, question: quizzes.Question) -> int:
    return 1 + [q.id for q in courses.questions_in(courses.find_quiz(course))].index(question.id)


def _version() -> int | None:
    version = request.form.get("version", "")
    return int(version) if is_row_id(version) else None


@blueprint.post("/teach/<slug>/questions/arrange")
def teach_question_arrange(slug: str) -> Response:
    """Up, down, by so many places, or out."""
    course, name, way = my_course(slug), request.form.get("id", ""), request.form.get("way", "")
    try:
        if way == "remove":
            courses.remove_question(current_actor(), course, name, version=_version())
        else:
            courses.move_question(current_actor(), course, name, _steps(way), version=_version())
    except (Invalid, courses.TextMoved) as problem:
        return questions_page(course, problem)
    return redirect(url_for(".teach_questions", slug=slug, _anchor="questions"), 303)


def _steps(way: str) -> int:
    steps = {"up": "-1", "down": "1"}.get(way, way)
    if not steps.removeprefix("-").isdecimal() or len(steps) > 5:
        raise Invalid(_("请选上移、下移或删掉。"))
    return int(steps)


# ---- files out


@blueprint.get("/teach/<slug>/questions/export")
def teach_questions_out(slug: str) -> Response:
    """The questions as a file of the form in ?as=."""
    course, form = my_course(slug), request.args.get("as", "gift")
    questions = courses.questions_in(courses.find_quiz(course))
    if form not in quizzes.FORMS or not questions:
        raise NotFound(_("没有这种格式。") if questions else _("还没有题目。"))
    written = quizzes.write_questions(form, questions, _Pictures().find)
    return _file(written.data, f"{course.title}{written.suffix}", written.mime)


@blueprint.get("/teach/questions/template.xlsx")
def teach_questions_template() -> Response:
    """The Excel table to fill."""
    current_actor().require("teach")
    return _file(quizzes.write_template(), f"{_('题目模板')}.xlsx",
                 "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


def _file(data: bytes, name: str, mime: str) -> Response:
    answer = make_response(data)
    answer.headers["Content-Type"] = mime
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return personal(answer)


class _Pictures:
    """Pictures of ours that a file takes along, as many as it may hold; not `is_read`, only which they would be."""

    def __init__(self, *, is_read: bool = True) -> None:
        self._is_read, self._left = is_read, MOST_PICTURE_BYTES

    def find(self, address: str) -> tuple[str, bytes] | None:
        """(name, bytes, or what stands for them) of the picture at an address; None for what is not ours, or no longer fits."""
        told = read_address(address)
        found = media.find_kept(told) if told is not None else None
        if found is None or (size := found[0].stat().st_size) > self._left:
            return None
        self._left -= size
        return told.name, found[0].read_bytes() if self._is_read else address.encode()
