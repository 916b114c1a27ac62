"""为什么这样算: where every minute of a lesson went, for the person it belongs to."""

from __future__ import annotations

from flask import Response, redirect, url_for

from guanxue import learning, policies
from guanxue.core.errors import NotFound
from guanxue.core.i18n import Name, gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.web.pages import page, personal
from guanxue.learning.explaining import ABSENT, ASIDE, CLASS, DAY, FAST, LATE, OFFLINE, TICKS_MS, UNANSWERED
from guanxue.learning.routes import blueprint
from guanxue.learning.routes.study import find_lesson

REASONS = {
    FAST: _("比实际过去的时间多：放得太快、跳着报，或者同一段时间报了两次"),
    LATE: _("断网太久才报上来，超过了可以补报的时间"),
    CLASS: _("当时你在培训班上课，那段时间已经按到课算了学时"),
    ABSENT: _("等你确认还在不在的时候，或者没有确认的那一段"),
    DAY: _("这一天能计的学时已经计满"),
    UNANSWERED: _("没有网络时学的，问“你还在学吗？”以后没有点“我在学”"),
    OFFLINE: _("没有网络时学的，超过了下载时说好的范围"),
    ASIDE: _("查过以后，决定这一次不算"),
}
SHOWN = 30


@blueprint.get("/learn/<course>/<lesson>/why")
def why(course: str, lesson: str) -> Response:
    """A film's or a text's account: what counts, what is still missing, each sitting with what did not count and why."""
    found, enrolment, row = find_lesson(course, lesson)
    if enrolment is None:
        return redirect(url_for("courses.course", slug=course), 303)
    if row.kind == "quiz":
        raise NotFound(_("考核不按时间算。"))
    told = learning.explain_lesson(enrolment, row)
    policy = policies.get_policy(enrolment.policy_id)
    return personal(page(
        "learning/why.html", course={"slug": found.slug, "title": Name(found.title, found.title_en)},
        lesson={"id": row.id, "slug": row.slug, "title": Name(row.title), "is_film": row.kind == "video"},
        duration_ms=told.duration_ms, credited_ms=told.credited_ms, needed_ms=told.needed_ms,
        missing_ms=max(0, told.needed_ms - told.credited_ms), bands=_bands(told),
        gaps=[(a, b) for a, b in told.gaps if b - a >= TICKS_MS] if row.kind == "video" else [],
        sittings=[_sitting(x) for x in told.sittings[:SHOWN]], more=max(0, len(told.sittings) - SHOWN),
        rule={"code": policy.code, "version": policy.version, "title": gettext(policy.title)}))


def _bands(told: learning.LessonTold) -> list[tuple[int, int]]:
    """(where, how wide) of what counts, in thousandths of the lesson, for drawing."""
    whole = max(1, told.duration_ms)
    return [(a * 1000 // whole, max(2, (b - a) * 1000 // whole)) for a, b in told.spans]


def _sitting(told: learning.SittingTold) -> dict:
    return {"at": told.opened_at, "new_ms": told.new_ms, "repeated_ms": told.repeated_ms, "is_offline": told.is_offline,
            "case": told.case, "ref": told.ref,
            "reasons": [(str(REASONS[why]), ms) for why, ms in told.reasons]}
