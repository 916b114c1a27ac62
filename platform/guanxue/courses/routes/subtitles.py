"""A lesson's subtitles: line by line beside the film, files in and out, a machine that listens.

A page of the editor holds some lines of one version. What is posted takes the place of those lines in that version; where
somebody has saved a newer one, nothing is changed and both are shown. Every change of a line works as a plain form.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from flask import Response, jsonify, redirect, request, url_for

from guanxue import accounts, courses, media
from guanxue.core.errors import Invalid, NotFound, Problem
from guanxue.core.i18n import lazy as _
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor, takes_upload
from guanxue.core.web.pages import page, personal
from guanxue.courses.routes import blueprint
from guanxue.courses.routes.teach import my_course

PER_PAGE = 50
ORIGINS = {"": _("还没有字幕"), "upload": _("上传的字幕"), "spoken": _("朗读自带的字幕"), "written": _("在这里写的字幕"),
           "transcribed": _("机器听写，还没有人核对")}
MOST_SHOWN = 30
MAY_MOVE_S = 36_000


class Line(NamedTuple):
    """A line as it stands in the form: times as they are typed, `fault` where they cannot be read."""

    start: str
    end: str
    text: str
    problems: list[str]
    fault: str = ""


@dataclass(frozen=True)
class Posted:
    """Lines of a form: they take the place of `count` lines from number `first` (0 is the first) of version `base`."""

    base: str
    first: int
    count: int
    lines: list[tuple[str, str, str]]

    @classmethod
    def of_request(cls) -> Posted:
        """As the browser sent them. Raises Invalid for a form that is none of ours."""
        form = request.form
        columns = [form.getlist(name) for name in ("start", "end", "text")]
        if len({len(c) for c in columns}) != 1 or not all(_is_count(form.get(n, "")) for n in ("first", "count")):
            raise Invalid(_("表单不完整，请重新打开这一页。"))
        return cls(form.get("base", ""), int(form["first"]), int(form["count"]),
                   [(start, end, text.replace("\r\n", "\n")) for start, end, text in zip(*columns, strict=True)])

    def cues(self) -> list[media.Cue]:
        """The lines as cues. Raises Invalid, with the number of each line whose times make no sense."""
        cues, faults = [], []
        for n, (start, end, text) in enumerate(self.lines):
            begin, until = media.read_time(start), media.read_time(end)
            why = _("时间看不懂，应写成 1:05.0 这样。") if begin is None or until is None else None
            if why is None and until <= begin:
                why = _("结束应在开始之后。")
            if why is None:
                cues.append(media.Cue(begin, until, text))
            else:
                faults.append({"field": str(n), "message": why})
        if faults:
            number = self.first + int(faults[0]["field"]) + 1
            raise Invalid(_("没有保存：第 %(n)s 行%(why)s", n=number, why=faults[0]["message"]), fields=faults)
        return cues

    def whole(self, lesson: courses.Lesson, *, may_miss: bool = False) -> tuple[list[media.Cue], list[media.Cue]]:
        """(all lines with these in their place, these alone). `may_miss`: where the version that was read is gone, they are
        shown in what stands now. Raises TextMoved else.
        """
        here = self.cues()
        try:
            before = courses.lines_at(lesson, self.base)
        except courses.TextMoved:
            if not may_miss:
                raise
            before = courses.subtitling_of(lesson).lines
        return [*before[:self.first], *here, *before[self.first + self.count:]], here


def _is_count(text: str) -> bool:
    return text.isdecimal() and len(text) < 7


def _lesson(slug: str, lesson_id: int) -> tuple[courses.Course, courses.Lesson]:
    course = my_course(slug)
    lesson = courses.get_lesson(course, lesson_id)
    if lesson.kind != "video":
        raise NotFound(_("只有视频课有字幕。"))
    return course, lesson


def _named(lesson: courses.Lesson) -> dict:
    return {"id": lesson.id, "title": lesson.title}


@blueprint.get("/teach/<slug>/lessons/<int:lesson_id>/subtitles")
def subtitles(slug: str, lesson_id: int) -> Response:
    """Lines beside the film, some at a time."""
    course, lesson = _lesson(slug, lesson_id)
    return _editor(course, lesson)


def _editor(course: courses.Course, lesson: courses.Lesson, problem: Problem | None = None,
            posted: Posted | None = None) -> Response:
    told = courses.subtitling_of(lesson)
    at = posted.first // PER_PAGE if posted else _page_number() - 1
    at = min(at, max(0, (len(told.lines) - 1) // PER_PAGE))
    first = posted.first if posted else at * PER_PAGE
    shown = told.lines[first:first + PER_PAGE]
    lines = [Line(media.show_time(c.start_ms), media.show_time(c.end_ms), c.text, [str(p) for p in told.problems[first + n]])
             for n, c in enumerate(shown)]
    if posted is not None:
        faults = {int(f["field"]): str(f["message"]) for f in problem.fields if f["field"].isdecimal()} if problem else {}
        lines = [Line(*typed, [], faults.get(n, "")) for n, typed in enumerate(posted.lines)]
    asset = media.get_asset(lesson.asset_id) if lesson.asset_id else None
    return personal(page(
        "courses/subtitles.html", problem.status if problem else 200, course={"slug": course.slug, "title": course.title},
        lesson=_named(lesson) | {"is_narrated": lesson.is_narrated or (asset is None and bool(lesson.body)),
                                 "has_script": bool(courses.spoken_text(lesson.body))},
        lines=lines, base=posted.base if posted else told.version, first=first, count=posted.count if posted else len(shown),
        total=len(told.lines), page=at + 1, pages=max(1, -(-len(told.lines) // PER_PAGE)), origin=told.origin,
        origin_words=ORIGINS[told.origin], worth_a_look=told.worth_a_look, duration_ms=told.duration_ms,
        elsewhere=[n for n, p in enumerate(told.problems) if p and not first <= n < first + PER_PAGE][:1], per_page=PER_PAGE,
        play=media.playable(asset) if asset is not None and asset.state == "ready" else None,
        is_strange=told.is_strange,
        transcript=media.transcript_of(asset) if asset is not None else None, can_transcribe=media.can_transcribe(),
        may_edit=course.state != "submitted", message=str(problem.message) if problem else ""))


def subtitles_state(course: courses.Course, lesson: courses.Lesson) -> dict | None:
    """What templates/courses/subtitles_link.html says about a lesson's subtitles; None where there is no film to speak of."""
    if lesson.kind != "video":
        return None
    told = courses.subtitling_of(lesson)
    is_narrated = lesson.is_narrated or (lesson.asset_id is None and bool(lesson.body))
    return {"lesson_id": lesson.id, "lines": len(told.lines), "origin": ORIGINS[told.origin], "worth_a_look": told.worth_a_look,
            "is_strange": told.is_strange, "is_narrated": is_narrated,
            "is_missing": course.is_subsidised and not is_narrated and not told.lines}


def _page_number() -> int:
    """The page asked for, or that of the line asked for."""
    line, asked = request.args.get("line", ""), request.args.get("page", "1")
    if is_row_id(line):
        return (int(line) - 1) // PER_PAGE + 1
    return int(asked) if is_row_id(asked) else 1


# ---- saving, and changes of lines


@blueprint.post("/teach/<slug>/lessons/<int:lesson_id>/subtitles")
def subtitles_save(slug: str, lesson_id: int) -> Response:
    """Save the page's lines, and do with them what the pressed button says; a script saves quietly and gets JSON."""
    course, lesson = _lesson(slug, lesson_id)
    is_quiet = request.accept_mimetypes.best == "application/json"
    posted = None
    try:
        posted = Posted.of_request()
        what = request.form.get("do", "")
        lines, line = _done(lesson, posted, what)
        version = courses.write_subtitles(current_actor(), course, lesson_id, lines, base=posted.base,
                                          origin=_origin_of(lesson), is_quiet=is_quiet and not what)
    except (courses.TextMoved, Invalid) as problem:
        if is_quiet:
            faults = {f["field"]: str(f["message"]) for f in problem.fields}
            return personal(jsonify(message=str(problem.message), faults=faults)), problem.status
        is_moved = isinstance(problem, courses.TextMoved)
        return _both(course, lesson, posted, problem) if is_moved else _editor(course, lesson, problem, posted)
    if is_quiet:
        return personal(jsonify(_told_quietly(course, lesson_id, version, posted)))
    return redirect(url_for(".subtitles", slug=slug, lesson_id=lesson_id, line=line + 1, _anchor=f"line-{line + 1}"), 303)


def _origin_of(lesson: courses.Lesson) -> str:
    """What a machine heard stays that until somebody says that they have looked it through."""
    is_heard = courses.subtitling_of(lesson).origin == "transcribed"
    return "transcribed" if is_heard and request.form.get("do") != "checked" else "written"


def _told_quietly(course: courses.Course, lesson_id: int, version: str, posted: Posted) -> dict:
    told = courses.subtitling_of(courses.get_lesson(course, lesson_id))
    mine = told.problems[posted.first:posted.first + len(posted.lines)]
    return {"base": version, "count": len(posted.lines), "problems": [[str(p) for p in one] for one in mine],
            "worth_a_look": told.worth_a_look}


def _done(lesson: courses.Lesson, posted: Posted, what: str) -> tuple[list[media.Cue], int]:
    """All lines after the pressed button's work ("split:3" splits the page's fourth line), and which one to look at."""
    lines, here = posted.whole(lesson)
    verb, _colon, number = what.partition(":")
    at = posted.first + (int(number) if _is_count(number) and int(number) < len(here) else 0)
    if verb == "add":
        n = at if number != "top" and here else posted.first - 1
        lines.insert(n + 1, media.line_after(lines, n))
        return lines, n + 1
    if verb == "shift":
        return media.shift_lines(lines, _asked_ms()), posted.first
    if verb == "sort":
        return sorted(lines, key=lambda c: (c.start_ms, c.end_ms)), 0
    if verb == "script" and not lines:
        duration = courses.subtitling_of(lesson).duration_ms or 0
        return media.spread_lines(courses.sentences_of(courses.spoken_text(lesson.body)), duration), 0
    if not here:
        return lines, posted.first
    if verb == "split":
        cursor = request.form.get("at", "")
        lines[at:at + 1] = media.split_line(lines[at], int(cursor) if _is_count(cursor) else None)
    elif verb == "join" and at + 1 < len(lines):
        lines[at:at + 2] = [media.join_lines(lines[at], lines[at + 1])]
    elif verb == "delete":
        del lines[at]
        at = max(0, min(at, len(lines) - 1))
    return lines, at


def _asked_ms() -> int:
    """By how much all lines move. Raises Invalid."""
    text = request.form.get("by", "").strip().replace("－", "-").replace("，", ".").replace(",", ".").replace("＋", "+")
    try:
        seconds = float(text)
    except ValueError:
        seconds = float("nan")
    if not abs(seconds) <= MAY_MOVE_S:
        raise Invalid(_("移动几秒？请填数字，往前移写负数，例如 -1.5。"))
    return round(seconds * 1000)


def _both(course: courses.Course, lesson: courses.Lesson, posted: Posted, problem: Problem) -> Response:
    """What somebody else saved and what was posted, side by side where they differ."""
    theirs = courses.subtitling_of(lesson)
    mine, _here = posted.whole(lesson, may_miss=True)
    kept = media.get_subtitles(lesson.subtitles_id) if lesson.subtitles_id else None
    kind, _colon, number = kept.created_by.partition(":") if kept else ("", "", "")
    by = accounts.names_of([int(number)]).get(int(number), "") if kind == "person" else ""
    return personal(page(
        "courses/subtitles_both.html", problem.status, course={"slug": course.slug, "title": course.title},
        lesson=_named(lesson), message=str(problem.message), posted=posted, version=theirs.version, by=by,
        at=kept.created_at if kept else None, differences=_differences(theirs.lines, mine)))


def _differences(theirs: list[media.Cue], mine: list[media.Cue]) -> list[dict]:
    """Places where they differ: {theirs, mine} as lists of (time, text)."""
    def shown(cues: list[media.Cue]) -> list[tuple[str, str]]:
        return [(media.show_time(c.start_ms), c.text) for c in cues]

    matcher = difflib.SequenceMatcher(None, theirs, mine)  # what is there a hundred times may be junk
    return [{"theirs": shown(theirs[a:b]), "mine": shown(mine[c:d])} for tag, a, b, c, d in matcher.get_opcodes()
            if tag != "equal"][:MOST_SHOWN]


@blueprint.post("/teach/<slug>/lessons/<int:lesson_id>/subtitles/mine")
def subtitles_mine(slug: str, lesson_id: int) -> Response:
    """Of two versions the one that was posted, in place of the version that was shown beside it."""
    course, lesson = _lesson(slug, lesson_id)
    posted = Posted.of_request()
    lines, _here = posted.whole(lesson, may_miss=True)
    shown = request.form.get("shown", "")
    try:
        courses.write_subtitles(current_actor(), course, lesson_id, lines, base=shown, origin=_origin_of(lesson))
    except courses.TextMoved as problem:
        return _both(course, lesson, posted, problem)
    return redirect(url_for(".subtitles", slug=slug, lesson_id=lesson_id), 303)


# ---- files in and out


@blueprint.post("/teach/<slug>/lessons/<int:lesson_id>/subtitles/file")
@takes_upload(media.MOST_SUBTITLE_BYTES + 100_000)
def subtitles_read(slug: str, lesson_id: int) -> Response:
    """What a file says: what was read, what was left out and why, what was changed. The lesson stays as it is."""
    course, lesson = _lesson(slug, lesson_id)
    told, upload = courses.subtitling_of(lesson), request.files.get("file")
    data = upload.stream.read(media.MOST_SUBTITLE_BYTES + 1) if upload is not None and upload.filename else b""
    if not data:
        return _editor(course, lesson, Invalid(_("没有选文件，或者文件是空的。")))
    report = media.read_subtitles(data, told.duration_ms)
    kept = None if report.fault else media.keep_subtitles(current_actor(), report.cues, origin="upload")
    return personal(page(
        "courses/subtitles_read.html", 422 if report.fault else 200, course={"slug": course.slug, "title": course.title},
        lesson=_named(lesson), name=upload.filename[:80],
        message=str(report.fault) if report.fault else "", version=kept.digest if kept else "", base=told.version,
        replaced=len(told.lines) if told.version else 0, read=len(report.cues), total=report.total, encoding=report.encoding,
        left_out=_grouped(report.left_out), lost=len(report.left_out), noted=_grouped(report.noted),
        first=[(media.show_time(c.start_ms), media.show_time(c.end_ms), c.text) for c in report.cues[:8]],
        may_edit=course.state != "submitted"))


def _grouped(told: list[tuple[int, object]]) -> list[dict]:
    """Lines of a file by what is said about them: {why, lines, more}."""
    by_reason: dict[str, list[int]] = {}
    for line, why in told:
        by_reason.setdefault(str(why), []).append(line)
    return [{"why": why, "lines": lines[:MOST_SHOWN], "more": max(0, len(lines) - MOST_SHOWN), "count": len(lines)}
            for why, lines in by_reason.items()]


@blueprint.post("/teach/<slug>/lessons/<int:lesson_id>/subtitles/take")
def subtitles_take(slug: str, lesson_id: int) -> Response:
    """The file that was looked at becomes the lesson's subtitles."""
    course, lesson = _lesson(slug, lesson_id)
    form = request.form
    try:
        courses.take_up_subtitles(current_actor(), course, lesson_id, form.get("version", ""), base=form.get("base", ""))
    except (courses.TextMoved, Invalid) as problem:
        return _editor(course, lesson, problem)
    return redirect(url_for(".subtitles", slug=slug, lesson_id=lesson_id), 303)


@blueprint.post("/teach/<slug>/lessons/<int:lesson_id>/subtitles/off")
def subtitles_off(slug: str, lesson_id: int) -> Response:
    """The draft has none any more; what is published keeps its own."""
    return _settle(slug, lesson_id, courses.take_subtitles_off)


@blueprint.post("/teach/<slug>/lessons/<int:lesson_id>/subtitles/fit")
def subtitles_fit(slug: str, lesson_id: int) -> Response:
    """The subtitles of the film before fit the new one, somebody says who has looked."""
    return _settle(slug, lesson_id, courses.keep_for_film)


def _settle(slug: str, lesson_id: int, settle: Callable) -> Response:
    course, lesson = _lesson(slug, lesson_id)
    try:
        settle(current_actor(), course, lesson_id, base=request.form.get("base", ""))
    except courses.TextMoved as problem:
        return _editor(course, lesson, problem)
    return redirect(url_for(".subtitles", slug=slug, lesson_id=lesson_id), 303)


@blueprint.get("/teach/<slug>/lessons/<int:lesson_id>/subtitles.vtt")
def subtitles_vtt(slug: str, lesson_id: int) -> Response:
    """The draft's subtitles as WebVTT."""
    course, lesson = _lesson(slug, lesson_id)
    return _file(course, lesson, "vtt", media.as_vtt(courses.subtitling_of(lesson).lines))


@blueprint.get("/teach/<slug>/lessons/<int:lesson_id>/subtitles.srt")
def subtitles_srt(slug: str, lesson_id: int) -> Response:
    """The draft's subtitles as SRT."""
    course, lesson = _lesson(slug, lesson_id)
    return _file(course, lesson, "srt", media.as_srt(courses.subtitling_of(lesson).lines))


def _file(course: courses.Course, lesson: courses.Lesson, ending: str, text: str) -> Response:
    response = Response(text, mimetype="text/vtt" if ending == "vtt" else "application/x-subrip")
    response.headers["Content-Disposition"] = f'attachment; filename="{course.slug}-{lesson.slug}.{ending}"'
    return personal(response)


@blueprint.post("/teach/<slug>/lessons/<int:lesson_id>/subtitles/listen")
def subtitles_listen(slug: str, lesson_id: int) -> Response:
    """Ask the site's program to write down what is said."""
    course, lesson = _lesson(slug, lesson_id)
    try:
        courses.ask_for_transcript(current_actor(), course, lesson_id)
    except Problem as problem:
        if problem.status != 409:
            raise
        return _editor(course, lesson, problem)
    return redirect(url_for(".subtitles", slug=slug, lesson_id=lesson_id), 303)
