"""The takedown desk: complaint → hold → counter-statement → decision. What learners earned stays, whatever is decided.

Anybody files one, with or without an account, and follows it by its code. An officer is a reviewer or administrator who is
neither an author of the course nor the complainant. Before a complaint may be upheld the author has spoken, or had the time to.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from guanxue import accounts, audit
from guanxue.core import clock, events
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Forbidden, TooMany
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import checked_text, invalid_field, plain_text
from guanxue.core.sealing import keyed_hash
from guanxue.courses import rules
from guanxue.courses.errors import NoSuchComplaint, NotReady
from guanxue.courses.events import RestEnded
from guanxue.courses.models import Course, Revision
from guanxue.courses.queries import lessons_of, may_review_course
from guanxue.courses.reviews import stopping
from guanxue.courses.reviews.models import Complaint, ComplaintLine, Stop

OPEN, ASKED, DECIDED = STATES = ("open", "asked", "decided")
UPHELD, REJECTED = "upheld", "rejected"
TOPICS = {
    "rights": _("侵犯著作权或其他权利"),
    "people": _("拍到了人，没有经过同意"),
    "facts": _("内容有错，会误导或伤人"),
}
COMPLAINANT = "complainant"
COUNTER_WITHIN = timedelta(days=10)
LONGEST, LONGEST_CONTACT = 2000, 80
ADDRESS_A_DAY, PERSON_A_DAY, COURSE_OPEN = 5, 5, 20


@dataclass(frozen=True)
class Case:
    """A complaint with its course, its steps in order, and the stop that holds for it now."""

    complaint: Complaint
    course: Course
    lines: tuple[ComplaintLine, ...]
    stop: Stop | None
    lesson_title: str = ""


def complain(actor: Actor, course: Course, *, topic: str, text: str, lesson_slug: str = "", contact: str = "",
             address: str = "") -> Complaint:
    """File a complaint about what is published; `address` is the network's. Raises Invalid, NotReady, TooMany."""
    if course.revision_id is None:
        raise NotReady(_("这门课还没有发布，不用投诉。"))
    if topic not in TOPICS:
        raise invalid_field("topic", _("请选一种情况。"))
    text = checked_text("text", text, LONGEST)
    if lesson_slug and lesson_slug not in {x.slug for x in lessons_of(course.revision_id)}:
        raise invalid_field("lesson", _("没有这节课。"))
    hashed = keyed_hash("complaint-address", address)
    _must_not_be_too_many(actor, course, hashed)
    complaint = Complaint(code=secrets.token_urlsafe(12), course_id=course.id, revision_id=course.revision_id,
                          lesson_slug=lesson_slug, topic=topic, text=text, contact=plain_text(contact)[:LONGEST_CONTACT],
                          person_id=actor.id if actor.is_person else None, address_hash=hashed, state=OPEN,
                          filed_at=clock.now())
    session.add(complaint)
    session.flush()
    audit.record(actor, "courses.complaint.filed", f"complaint:{complaint.id}", {"course": course.slug, "topic": topic})
    return complaint


def _must_not_be_too_many(actor: Actor, course: Course, hashed: str) -> None:
    whose = Complaint.person_id == actor.id if actor.is_person else Complaint.address_hash == hashed
    limit = PERSON_A_DAY if actor.is_person else ADDRESS_A_DAY
    if _count(whose, Complaint.filed_at > clock.now() - timedelta(days=1)) >= limit:
        raise TooMany(_("今天投诉得很多了，请等处理，或明天再来。"), retry_after_s=3600)
    if _count(Complaint.course_id == course.id, Complaint.state != DECIDED) >= COURSE_OPEN:
        raise TooMany(_("这门课已有很多投诉在处理，请过几天再来。"), retry_after_s=86_400)


def _count(*conditions) -> int:
    return session.scalar(select(func.count()).select_from(Complaint).where(*conditions)) or 0


# ---- finding


def get_case(code: str) -> Case:
    """The case of that code: whoever holds the code may read it. Raises NoSuchComplaint."""
    complaint = session.scalar(select(Complaint).where(Complaint.code == code))
    if complaint is None:
        raise NoSuchComplaint(_("没有这份投诉，可能是网址写错了。"))
    return _case(complaint, session.get(Course, complaint.course_id))


def get_case_of(course: Course, complaint_id: int) -> Case:
    """The case of that row id about the course, for its authors, who never learn the code: with it they could speak as the
    complainant. Raises NoSuchComplaint.
    """
    complaint = session.get(Complaint, complaint_id)
    if complaint is None or complaint.course_id != course.id:
        raise NoSuchComplaint(_("没有这份投诉，可能是网址写错了。"))
    return _case(complaint, course)


def get_case_at_desk(actor: Actor, complaint_id: int) -> Case:
    """The case of that row id, for reviewers, who never learn the code either. Raises Forbidden, NoSuchComplaint."""
    actor.require("review")
    complaint = session.get(Complaint, complaint_id)
    if complaint is None:
        raise NoSuchComplaint(_("没有这份投诉，可能是网址写错了。"))
    return _case(complaint, session.get(Course, complaint.course_id))


def _case(complaint: Complaint, course: Course) -> Case:
    lines = session.scalars(select(ComplaintLine).where(ComplaintLine.complaint_id == complaint.id).order_by(ComplaintLine.id))
    stop = _stop_of(complaint)
    title = next((x.title for x in lessons_of(complaint.revision_id) if x.slug == complaint.lesson_slug), "")
    return Case(complaint, course, tuple(lines), stop, title)


def _stop_of(complaint: Complaint) -> Stop | None:
    return session.scalar(select(Stop).where(Stop.complaint_id == complaint.id, Stop.ended_at.is_(None)).limit(1))


def list_cases(state: str = "") -> list[Case]:
    """Cases that are not decided, longest waiting first; or the decided ones, newest first, at most 100."""
    query = select(Complaint, Course).join(Course, Course.id == Complaint.course_id)
    if state == DECIDED:
        query = query.where(Complaint.state == DECIDED).order_by(Complaint.decided_at.desc(), Complaint.id.desc()).limit(100)
    else:
        query = query.where(Complaint.state != DECIDED).order_by(Complaint.filed_at, Complaint.id)
    return [_case(complaint, course) for complaint, course in session.execute(query)]


def cases_of(course: Course) -> list[Case]:
    """Every case about a course its author has to know of: those in which they were asked, or that are decided."""
    rows = session.scalars(select(Complaint).where(Complaint.course_id == course.id).order_by(Complaint.id.desc()))
    found = [_case(c, course) for c in rows]
    return [x for x in found if x.complaint.state != OPEN or x.stop is not None]


def count_waiting() -> int:
    """How many cases wait for an officer: new ones, answered ones, and those whose author let the time pass."""
    return sum(is_waiting(c, clock.now()) for c in session.scalars(select(Complaint).where(Complaint.state != DECIDED)))


def is_waiting(complaint: Complaint, now: datetime) -> bool:
    """Is it an officer's turn?"""
    if complaint.state == ASKED:
        return complaint.counter_due_at <= now or _has_countered(complaint)
    return complaint.state == OPEN


def _has_countered(complaint: Complaint) -> bool:
    return session.scalar(select(ComplaintLine.id).where(
        ComplaintLine.complaint_id == complaint.id, ComplaintLine.step == "countered").limit(1)) is not None


def may_uphold(complaint: Complaint) -> bool:
    """Has the author spoken, or had the time to?"""
    return complaint.state == ASKED and is_waiting(complaint, clock.now())


def why_not_officer(actor: Actor, case: Case) -> object | None:
    """Why the actor does not decide this case: a sentence, or None."""
    if not actor.may("review"):
        return _("只有课程审核员能处理投诉。")
    if not may_review_course(actor, case.course):
        return _("不能处理对自己课程的投诉。")
    if case.complaint.person_id and accounts.is_same_person(actor, [f"person:{case.complaint.person_id}"]):
        return _("不能处理自己的投诉。")
    if accounts.is_same_person(actor, [x.by for x in case.lines if x.step == "countered"]):  # an administrator, for the author
        return _("不能处理自己说明过的投诉。")
    return None


# ---- what officers do


def hold(actor: Actor, case: Case, text: str = "") -> None:
    """Let the lesson, or the whole course, rest while the case is looked into. Raises NotReady, Forbidden."""
    _must_decide(actor, case)
    if _stop_of(case.complaint) is not None:
        raise NotReady(_("已经停下来了。"))
    _begin(actor, case)
    _say(actor, case, "held", text)


def release(actor: Actor, case: Case, text: str = "") -> None:
    """Let it go on while the case is still open. Raises NotReady, Forbidden."""
    _must_decide(actor, case)
    stop = _stop_of(case.complaint)
    if stop is None:
        raise NotReady(_("现在没有停。"))
    stopping.end_stop(actor, case.course, stop)
    _say(actor, case, "released", text)
    events.emit(RestEnded(case.course.id, stop.began_at))


def ask_author(actor: Actor, case: Case, text: str = "") -> None:
    """Ask the author for a counter-statement; they have ten days. Raises NotReady, Forbidden."""
    _must_decide(actor, case)
    if case.complaint.state != OPEN:
        raise NotReady(_("已经请过作者说明。"))
    case.complaint.state, case.complaint.counter_due_at = ASKED, clock.now() + COUNTER_WITHIN
    _say(actor, case, "asked", text)


def decide(actor: Actor, case: Case, outcome: str, text: str, *, is_mended: bool = False) -> None:
    """Decide with reasons that both are told. Upheld: what is published stays stopped until it is mended; rejected: it goes on.

    `is_mended`: what is published now is another revision than the one complained about, and better.
    Raises Invalid, NotReady (the author has not been heard), Forbidden.
    """
    _must_decide(actor, case)
    if outcome not in (UPHELD, REJECTED):
        raise invalid_field("outcome", _("请选投诉成立还是不成立。"))
    text = checked_text("text", text, LONGEST)
    if outcome == UPHELD and not may_uphold(case.complaint):
        raise NotReady(_("要先请作者说明；作者说明以后，或期限过了，才能认定投诉成立。"))
    stop = _stop_of(case.complaint)
    if outcome == UPHELD:
        held_id = case.complaint.revision_id if is_mended else case.course.revision_id
        stopping.limit_stop(case.course, stop or _begin(actor, case), session.get(Revision, held_id).number)
    elif stop is not None:
        stopping.end_stop(actor, case.course, stop)
    complaint = case.complaint
    complaint.state, complaint.outcome, complaint.decided_at, complaint.contact = DECIDED, outcome, clock.now(), ""
    complaint.address_hash = ""
    _say(actor, case, "decided", text, {"outcome": outcome})
    if stop is not None:
        events.emit(RestEnded(case.course.id, stop.began_at))


def _begin(actor: Actor, case: Case) -> Stop:
    return stopping.begin_stop(actor, case.course, stopping.COMPLAINT, lesson_slug=case.complaint.lesson_slug,
                               complaint=case.complaint)


def _must_decide(actor: Actor, case: Case) -> None:
    actor.require("review")
    why = why_not_officer(actor, case)
    if why is not None and actor.kind != "system":
        raise Forbidden(why)
    session.refresh(case.complaint, with_for_update=True)  # from here on nobody else decides: read again what hangs on it
    if case.complaint.state == DECIDED:
        raise NotReady(_("这份投诉已经有决定。"))


# ---- what the two sides say


def counter(actor: Actor, case: Case, text: str) -> None:
    """The author's side of it. Raises NotReady, Invalid, Forbidden."""
    if not rules.may_edit_course(actor, case.course) or not actor.is_person:
        raise Forbidden(_("这门课由别的老师负责。"))
    if case.complaint.state != ASKED:
        raise NotReady(_("现在不用说明。"))
    _say(actor, case, "countered", checked_text("text", text, LONGEST))


def add_words(actor: Actor, case: Case, text: str) -> None:
    """The complainant (whoever holds the code) adds something; at most ten times. Raises NotReady, Invalid."""
    if case.complaint.state == DECIDED:
        raise NotReady(_("这份投诉已经有决定。"))
    if sum(x.step == "added" for x in case.lines) >= 10:
        raise TooMany(_("补充得很多了，请等处理。"), retry_after_s=86_400)
    session.add(ComplaintLine(complaint_id=case.complaint.id, step="added", text=checked_text("text", text, LONGEST),
                              by=COMPLAINANT, at=clock.now()))
    session.flush()


def _say(actor: Actor, case: Case, step: str, text: str, detail: dict | None = None) -> None:
    session.add(ComplaintLine(complaint_id=case.complaint.id, step=step, text=plain_text(text)[:LONGEST], by=actor.ref,
                              by_name=actor.name, at=clock.now()))
    session.flush()
    audit.record(actor, f"courses.complaint.{step}", f"complaint:{case.complaint.id}", {
        "course": case.course.slug, **(detail or {})})
