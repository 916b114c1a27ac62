"""Stops: why nobody new may join a course, or why a course or lesson rests. What was earned is never touched by one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from guanxue import audit, search
from guanxue.core import clock, generation
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Forbidden
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import checked_text
from guanxue.courses import rules
from guanxue.courses.errors import NotReady, Paused
from guanxue.courses.models import Course, Revision, RevisionLesson
from guanxue.courses.reviews.models import Complaint, Stop

WITHDRAWN, RIGHTS, COMPLAINT = "withdrawn", "rights", "complaint"
LONGEST_REASON = 300
# What learners are told, in this order where several hold.
SENTENCES = {
    COMPLAINT: _("这门课接到投诉，正在核实，先停下来。已得的学分不受影响。"),
    WITHDRAWN: _("这门课已下架，不再接受新的报名。已经在学的可以学完。"),
    RIGHTS: _("这门课素材的授权到期，不再接受新的报名。已经在学的可以学完。"),
}
LESSON_RESTS = _("这节课接到投诉，正在核实，先停下来。已计入的时间和学分不受影响。")
UPHELD = _("这门课的投诉成立，已经停止。已得的学分不受影响。")
LESSON_UPHELD = _("这节课的投诉成立，已经停止。已计入的时间和学分不受影响。")


def list_stops(course_id: int) -> list[Stop]:
    """The stops that hold now, oldest first."""
    return list(session.scalars(select(Stop).where(Stop.course_id == course_id, Stop.ended_at.is_(None)).order_by(Stop.id)))


def find_stop(course_id: int, kind: str) -> Stop | None:
    """The stop of that kind of the whole course, where one holds."""
    return next((s for s in list_stops(course_id) if s.kind == kind and not s.lesson_slug), None)


def stopped_ids() -> set[int]:
    """Row ids of courses that nobody new may join."""
    rows = session.execute(
        select(Stop.course_id, Stop.revision_number, Revision.number).join(Course, Course.id == Stop.course_id)
        .join(Revision, Revision.id == Course.revision_id).where(Stop.ended_at.is_(None), Stop.lesson_slug == ""))
    return {course_id for course_id, limit, number in rows if limit is None or number <= limit}


def why_closed(course: Course) -> object | None:
    """Why nobody new may join what is published now: a sentence, or None."""
    number = _number(course.revision_id)
    stops = {s.kind: s for s in list_stops(course.id) if not s.lesson_slug and _holds(s, number)}
    kind = next((k for k in SENTENCES if k in stops), None)
    return None if kind is None else _sentence(stops[kind])


def _sentence(stop: Stop) -> object:
    if stop.kind == COMPLAINT and stop.revision_number is not None:
        return LESSON_UPHELD if stop.lesson_slug else UPHELD
    return LESSON_RESTS if stop.lesson_slug else SENTENCES[stop.kind]


def _number(revision_id: int | None) -> int:
    return session.scalar(select(Revision.number).where(Revision.id == revision_id)) or 0 if revision_id else 0


def _holds(stop: Stop, revision_number: int) -> bool:
    return stop.revision_number is None or revision_number <= stop.revision_number


def resting(course_id: int, revision_id: int) -> dict[str, object]:
    """What of a revision rests for everybody: {lesson slug: sentence}, "" for all of it."""
    stops = [s for s in list_stops(course_id) if s.kind == COMPLAINT]
    number = _number(revision_id) if stops else 0
    return {s.lesson_slug: _sentence(s) for s in stops if _holds(s, number)}


def why_resting(lesson: RevisionLesson) -> object | None:
    """Why this lesson may not be studied now: a sentence, or None."""
    course_id = session.scalar(select(Revision.course_id).where(Revision.id == lesson.revision_id))
    told = resting(course_id, lesson.revision_id)
    return told.get("") or told.get(lesson.slug)


def list_rests(lesson: RevisionLesson, since: datetime) -> list[tuple[datetime, datetime | None]]:
    """When this lesson rested for everybody, after `since`, oldest first; None where it still does."""
    revision = session.get(Revision, lesson.revision_id)
    rows = session.execute(
        select(Stop, Complaint.decided_at).outerjoin(Complaint, Complaint.id == Stop.complaint_id)
        .where(Stop.course_id == revision.course_id, Stop.kind == COMPLAINT, Stop.lesson_slug.in_(("", lesson.slug)))
        .order_by(Stop.began_at, Stop.id))
    rests = [(stop.began_at, stop.ended_at if _holds(stop, revision.number) else min(filter(None, (stop.ended_at, decided_at))))
             for stop, decided_at in rows]
    return [(began_at, ended_at) for began_at, ended_at in rests if ended_at is None or ended_at > since]


def mends(course: Course, revision_number: int) -> bool:
    """Is what is published now free of a complaint that was upheld about that earlier revision?"""
    number = _number(course.revision_id)
    stops = [s for s in list_stops(course.id) if s.kind == COMPLAINT]
    was_stopped = any(s.revision_number is not None and _holds(s, revision_number) and not _holds(s, number) for s in stops)
    return was_stopped and not any(_holds(s, number) for s in stops if not s.lesson_slug)


def must_not_rest(lesson: RevisionLesson) -> None:
    """Raise Paused where the lesson or its course rests."""
    why = why_resting(lesson)
    if why is not None:
        raise Paused(why)


def begin_stop(actor: Actor, course: Course, kind: str, *, reason: str = "", lesson_slug: str = "",
               complaint: Complaint | None = None) -> Stop:
    """Begin one; what shows the course changes with it. The same twice at once is one: the course's row is the lock."""
    session.execute(select(Course.id).where(Course.id == course.id).with_for_update())
    of = complaint.id if complaint else None
    there = next((s for s in list_stops(course.id) if (s.kind, s.lesson_slug, s.complaint_id) == (kind, lesson_slug, of)), None)
    if there is not None:
        return there
    stop = Stop(course_id=course.id, lesson_slug=lesson_slug, kind=kind, reason=reason, began_by=actor.ref,
                began_at=clock.now(), complaint_id=of)
    session.add(stop)
    session.flush()
    _changed(course)
    audit.record(actor, "courses.course.stopped", f"course:{course.id}",
                 {"kind": kind, **({"lesson": lesson_slug} if lesson_slug else {}), **({"reason": reason} if reason else {})})
    return stop


def end_stop(actor: Actor, course: Course, stop: Stop) -> None:
    """End one; again is the same."""
    ended = session.execute(update(Stop).where(Stop.id == stop.id, Stop.ended_at.is_(None))
                            .values(ended_by=actor.ref, ended_at=clock.now()).execution_options(synchronize_session="fetch"))
    if ended.rowcount:
        _changed(course)
        audit.record(actor, "courses.course.reopened", f"course:{course.id}", {"kind": stop.kind})


def limit_stop(course: Course, stop: Stop, revision_number: int) -> None:
    """Let a decided stop hold for what is published up to that revision; one that is mended later is free of it."""
    session.execute(update(Stop).where(Stop.id == stop.id).values(revision_number=revision_number)
                    .execution_options(synchronize_session="fetch"))
    _changed(course)


def _changed(course: Course) -> None:
    generation.bump("catalogue")
    search.touch("course", course.slug)


# ---- withdrawing


def withdraw_course(actor: Actor, course: Course, reason: str = "") -> None:
    """Take a published course out of the catalogue; who studies it may finish. An administrator says why. Raises NotReady."""
    if not rules.may_edit_course(actor, course):
        raise Forbidden(_("这门课由别的老师负责。"))
    if course.revision_id is None or find_stop(course.id, WITHDRAWN) is not None:
        raise NotReady(_("这门课没有上架。"))
    reason = checked_text("reason", reason, LONGEST_REASON, may_be_empty=actor.id in course.author_ids)
    begin_stop(actor, course, WITHDRAWN, reason=reason)


def restore_course(actor: Actor, course: Course) -> None:
    """Put a withdrawn course back as it was. What an administrator took out only an administrator puts back."""
    if not rules.may_edit_course(actor, course):
        raise Forbidden(_("这门课由别的老师负责。"))
    stop = find_stop(course.id, WITHDRAWN)
    if stop is None:
        raise NotReady(_("这门课没有下架。"))
    if not may_restore(actor, course):
        raise Forbidden(_("这门课由管理员下架，要由管理员恢复。"))
    end_stop(actor, course, stop)


def find_withdrawal(course: Course) -> Stop | None:
    """The stop by which the course is out of the catalogue, where its author or an administrator took it out."""
    return find_stop(course.id, WITHDRAWN)


def may_restore(actor: Actor, course: Course) -> bool:
    """May the actor put a withdrawn course back: an administrator always, an author what an author took out?"""
    stop = find_withdrawal(course)
    return stop is not None and (actor.may("administer") or _is_by_author(stop, course))


def end_own_withdrawal(actor: Actor, course: Course) -> None:
    """A new revision of a course that its author had taken out is listed again."""
    stop = find_stop(course.id, WITHDRAWN)
    if stop is not None and _is_by_author(stop, course):
        end_stop(actor, course, stop)


def _is_by_author(stop: Stop, course: Course) -> bool:
    return stop.began_by in {f"person:{person_id}" for person_id in course.author_ids}
