"""After publishing, for those who teach the course: how far people get, where they stop, which questions separate."""

from __future__ import annotations

from datetime import datetime

from flask import Response, request, url_for

from guanxue import accounts, courses, learning, quizzes
from guanxue.core import clock
from guanxue.core.errors import NotFound
from guanxue.core.i18n import Name
from guanxue.core.i18n import lazy as _
from guanxue.core.markup import inline_html
from guanxue.core.sheets import write_csv, write_workbook
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.pages import page, personal
from guanxue.learning.routes import blueprint
from guanxue.learning.routes.marking import taught

GROUP_WORDS = {
    "all": _("报名的人"), "begun": _("学过的人"), "finished": _("学完的人"), "quiet": _("7 天没来的人"),
    "failing": _("考了两次以上没过的人"),
}
# How well a question separates, after Ebel's usual bounds (0.2, 0.3) for its discrimination.
SEPARATES = ((0.3, _("分得开")), (0.2, _("一般")), (0.0, _("分不开")), (-1.1, _("反了，请检查答案")))
MOST_ROWS = 100_000
TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
# The curve's drawing: its width and height in its own units.
WIDE, HIGH = 600, 120


@blueprint.get("/teach/<slug>/insight")
def insight(slug: str) -> Response:
    """Everything at a glance; each number leads to its list."""
    course = taught(slug)
    groups = learning.count_groups(course)
    return personal(page(
        "learning/insight.html", course=_course(course), is_published=course.revision_id is not None,
        groups=[{"group": g, "words": GROUP_WORDS[g], "count": groups[g]} for g in learning.GROUPS],
        curves=[_curve(c) for c in learning.list_curves(course)], items=[_item(n, x) for n, x in _items(course)]))


def _course(course: courses.Course) -> dict:
    return {"slug": course.slug, "title": Name(course.title, course.title_en)}


def _items(course: courses.Course) -> list[tuple[int, quizzes.Item]]:
    return list(enumerate(learning.list_items(course), 1))


def _curve(curve: learning.Curve) -> dict:
    worst = curve.worst
    return {
        "title": curve.lesson.title, "begun": curve.begun, "finished": curve.finished, "duration_ms": curve.lesson.duration_ms,
        "points": _points(curve), "stretches": [
            {"from_ms": s.from_ms, "to_ms": s.to_ms, "watched": s.watched, "stopped": s.stopped} for s in curve.stretches],
        "worst": {"at_ms": worst.from_ms, "to_ms": worst.to_ms, "stopped": worst.stopped} if worst else None,
    }


def _points(curve: learning.Curve) -> str:
    """The outline of the curve for an SVG polygon of WIDE × HIGH."""
    steps, corners = len(curve.stretches), [(0, HIGH)]
    for n, stretch in enumerate(curve.stretches):
        top = HIGH - HIGH * stretch.watched // max(1, curve.begun)
        corners += [(WIDE * n // steps, top), (WIDE * (n + 1) // steps, top)]
    return " ".join(f"{x},{y}" for x, y in [*corners, (WIDE, HIGH)])


def _item(number: int, item: quizzes.Item) -> dict:
    return {
        "number": number, "kind": item.question.kind, "stem_html": inline_html(item.question.stem), "handed_in": item.handed_in,
        "blank": item.blank, "percent": item.permille // 10, "separates": item.separates,
        "separates_words": _separates(item.separates), "is_odd": item.separates is not None and item.separates < 0,
        "chosen": [{"text_html": inline_html(str(c.text)), "count": c.count, "is_right": c.is_right,
                    "percent": c.count * 100 // item.handed_in} for c in item.chosen],
    }


def _separates(value: float | None) -> object:
    return "" if value is None else next(words for bound, words in SEPARATES if value >= bound)


@blueprint.get("/teach/<slug>/insight/learners/<group>")
def insight_learners(slug: str, group: str) -> Response:
    """Who a number counts, by masked names."""
    course = taught(slug)
    if group not in learning.GROUPS:
        raise NotFound(_("没有这个名单。"))
    number = request.args.get("page", "1")
    found = learning.list_learners(course, group, max(1, int(number)) if is_row_id(number) else 1)
    names = accounts.names_of(x.person_id for x in found.items)
    return personal(page(
        "learning/insight_learners.html", course=_course(course), words=GROUP_WORDS[group], total=found.total, page=found.page,
        pages=found.pages, page_url=lambda n: url_for(".insight_learners", slug=slug, group=group, page=n),
        lessons=_lesson_count(course), learners=[
            {"name": accounts.mask_name(names.get(x.person_id, "")), "number": x.enrolment_id, "done": x.done,
             "enrolled_at": x.enrolled_at, "studied_at": x.studied_at, "completed_at": x.completed_at} for x in found.items]))


def _lesson_count(course: courses.Course) -> int:
    return len(courses.lessons_of(course.revision_id)) if course.revision_id else 0


@blueprint.get("/teach/<slug>/insight/<what>.<form>")
def insight_table(slug: str, what: str, form: str) -> Response:
    """The learners, the watching or the questions as a table for Excel or WPS."""
    course, made = taught(slug), {"learners": _learner_table, "watching": _watching_table, "questions": _question_table}
    if what not in made or form not in TYPES:
        raise NotFound(_("没有这个表。"))
    title, heading, rows = made[what](course)
    heading = [str(word) for word in heading]
    body = write_csv(heading, rows) if form == "csv" else write_workbook(str(title), heading, rows)
    response = personal(Response(body, content_type=TYPES[form]))
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}-{what}.{form}"'
    return response


def _day(moment: datetime | None) -> str:
    return clock.city_day(moment).isoformat() if moment else ""


def _learner_table(course: courses.Course) -> tuple:
    found = learning.list_learners(course, "all", per_page=MOST_ROWS).items
    names, lessons = accounts.names_of(x.person_id for x in found), _lesson_count(course)
    heading = (_("学员"), _("报名编号"), _("报名日期"), _("最近学习"), _("学完课数"), _("总课数"), _("学完日期"))
    return _("学员"), heading, [
        (accounts.mask_name(names.get(x.person_id, "")), x.enrolment_id, _day(x.enrolled_at), _day(x.studied_at), x.done,
         lessons, _day(x.completed_at)) for x in found]


def _watching_table(course: courses.Course) -> tuple:
    return _("观看"), (_("课"), _("从（秒）"), _("到（秒）"), _("看过的人"), _("停在这里的人")), [
        (c.lesson.title, s.from_ms / 1000, s.to_ms / 1000, s.watched, s.stopped)
        for c in learning.list_curves(course) for s in c.stretches]


def _question_table(course: courses.Course) -> tuple:
    heading = (_("题号"), _("题干"), _("答卷数"), _("没有答"), _("平均得分率（%）"), _("区分度"), _("选的是什么"))
    return _("题目"), heading, [
        (n, x.question.stem, x.handed_in, x.blank, x.permille / 10, x.separates,
         "；".join(f"{'✓' if c.is_right else ''}{c.text} {c.count}" for c in x.chosen)) for n, x in _items(course)]
