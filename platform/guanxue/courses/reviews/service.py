"""From draft to published revision: handing in a frozen candidate, one to three readers in order, verdicts by a checklist.

draft → submitted → (each reader: passed, or returned with remarks) → published. What readers read is the candidate, and what
is published is exactly that: the draft rests meanwhile, and its digest is compared once more before it is frozen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from guanxue import accounts, audit
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Forbidden, Invalid
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import checked_text, invalid_field, plain_text
from guanxue.courses import rules
from guanxue.courses.errors import CandidateMoved, NotReady
from guanxue.courses.models import DRAFT, RETURNED, SUBMITTED, Course, Lesson, ReviewLine, Revision
from guanxue.courses.queries import list_lessons, may_review_course
from guanxue.courses.reviews import checklists, rights, stopping
from guanxue.courses.reviews.models import Candidate, Checklist, Remark, RemarkLine, Verdict
from guanxue.courses.service import freeze_course, frozen_content, must_be_publishable

PASSED = "passed"
LONGEST_NOTE, LONGEST_REMARKS, LONGEST_POINT = 500, 2000, 300


@dataclass(frozen=True)
class Judged:
    """What a reader says about one point of the list: passed or not (None: not looked at), and why."""

    is_passed: bool | None
    remark: str = ""


@dataclass(frozen=True)
class Reading:
    """Where a submission stands: the candidate, its list, the verdicts so far, and which reader comes next (from 1)."""

    candidate: Candidate
    checklist: Checklist
    verdicts: tuple[Verdict, ...]

    @property
    def place(self) -> int:
        """Whose turn it is."""
        return len(self.verdicts) + 1


# ---- handing in


def submit_course(actor: Actor, course: Course, *, claims: Iterable[rights.Claim] = (), note: str = "") -> Candidate:
    """Hand the draft to readers, with what is declared about rights. Raises Invalid when something is missing."""
    actor.require("teach")
    if not rules.may_edit_course(actor, course):
        raise Forbidden(_("这门课由别的老师负责。"))
    _lock(course)
    if course.state == SUBMITTED:
        raise NotReady(_("课程正在审核，暂时不能修改。"))
    lessons = must_be_publishable(course)
    claims = list(claims)
    if claims:
        rights.declare_rights(actor, course, claims)
    rights.must_be_declared(actor, course)
    note = checked_text("note", note, LONGEST_NOTE, may_be_empty=True)
    candidate = _made_candidate(course, lessons, actor.ref, note)
    session.add(candidate)
    course.state = SUBMITTED
    _say(actor, course, "submitted", note)
    return candidate


def _made_candidate(course: Course, lessons: list[Lesson], by: str, note: str = "", at: datetime | None = None) -> Candidate:
    facts, content = frozen_content(course, lessons)
    number = session.scalar(select(func.max(Candidate.number)).where(Candidate.course_id == course.id)) or 0
    return Candidate(
        course_id=course.id, number=number + 1, digest=rules.content_digest(facts, content), note=note, submitted_by=by,
        document={"course": facts, "lessons": content, "assets": {x.slug: x.asset_id for x in lessons if x.asset_id}},
        checklist_id=checklists.current_checklist().id, submitted_at=at or clock.now())


def draw_back(actor: Actor, course: Course) -> None:
    """An author takes a submission back before the first verdict. Raises NotReady."""
    actor.require("teach")
    if not rules.may_edit_course(actor, course):
        raise Forbidden(_("这门课由别的老师负责。"))
    _lock(course)
    if course.state != SUBMITTED:
        raise NotReady(_("这门课没有在等待审核。"))
    if reading_of(course).verdicts:
        raise NotReady(_("已有审核员看过，不能撤回了，请等结果。"))
    course.state = DRAFT
    _say(actor, course, "drawn_back", "")


# ---- reading


def find_candidate(course_id: int) -> Candidate | None:
    """What was handed in last."""
    return session.scalar(select(Candidate).where(Candidate.course_id == course_id).order_by(Candidate.number.desc()).limit(1))


def get_candidate(course_id: int, number: int) -> Candidate | None:
    """The course's candidate of that number."""
    return session.scalar(select(Candidate).where(Candidate.course_id == course_id, Candidate.number == number))


def reading_of(course: Course) -> Reading:
    """Where the submission stands. One handed in before there were candidates is read as its draft stands, which rests."""
    candidate = find_candidate(course.id)
    if candidate is None:
        line = session.scalar(select(ReviewLine).where(ReviewLine.course_id == course.id, ReviewLine.step == "submitted")
                              .order_by(ReviewLine.id.desc()).limit(1))
        by, at = (line.by, line.at) if line else ("", course.updated_at)
        candidate = _made_candidate(course, list_lessons(course.id), by, at=at)
    return Reading(candidate, session.get(Checklist, candidate.checklist_id), tuple(verdicts_of(candidate)))


def verdicts_of(candidate: Candidate) -> list[Verdict]:
    """What readers said about it, in order."""
    if candidate.id is None:
        return []
    return list(session.scalars(select(Verdict).where(Verdict.candidate_id == candidate.id).order_by(Verdict.place)))


def why_not_reader(actor: Actor, course: Course, reading: Reading) -> object | None:
    """Why the actor does not read this one now: a sentence, or None where it is their turn."""
    if not actor.may("review"):
        return _("只有课程审核员能审核。")
    if not may_review_course(actor, course) or _handed_in(actor, reading):
        return _("不能审核自己的课。")
    if course.state != SUBMITTED:
        return _("这门课没有在等待审核。")
    if accounts.is_same_person(actor, (v.by for v in reading.verdicts)):
        return _("你已经看过这一稿，等下一位审核员。")
    return None


def _handed_in(actor: Actor, reading: Reading) -> bool:
    return accounts.is_same_person(actor, [reading.candidate.submitted_by])


def take_turn(actor: Actor, course: Course, number: int | None = None) -> Reading:
    """What the actor reads now; holds the course's row. Raises Forbidden, NotReady, CandidateMoved (`number` is old)."""
    actor.require("review")
    if not may_review_course(actor, course):
        raise Forbidden(_("不能审核自己的课。"))
    _lock(course)
    if course.state != SUBMITTED:
        raise NotReady(_("这门课没有在等待审核。"))
    reading = reading_of(course)
    if number is not None and number != reading.candidate.number:
        raise CandidateMoved(_("作者换了新的一稿，请重新看过再决定。"))
    why = why_not_reader(actor, course, reading) if actor.kind != "system" else None
    if why is not None:
        raise (Forbidden if _handed_in(actor, reading) else NotReady)(why)
    session.add(reading.candidate)  # one that was handed in before there were candidates becomes one now
    session.flush()
    return reading


def _lock(course: Course) -> None:
    session.refresh(course, with_for_update=True)


# ---- verdicts


def return_course(actor: Actor, course: Course, remarks: str = "", *, points: Mapping[str, Judged] | None = None,
                  candidate: int | None = None) -> Verdict:
    """Give it back to its author: with words, or with remarks made at their places. Raises Invalid, NotReady, Forbidden."""
    reading = take_turn(actor, course, candidate)
    remarks = plain_text(remarks)[:LONGEST_REMARKS]
    said = session.scalar(select(func.count()).select_from(Remark).where(
        Remark.candidate_id == reading.candidate.id, Remark.by == actor.ref))
    if not remarks and not said:
        raise invalid_field("remarks", _("请写明要修改什么。"))
    verdict = _decide(actor, reading, RETURNED, points or {}, remarks)
    course.state = RETURNED
    _say(actor, course, "returned", remarks)
    return verdict


def approve_course(actor: Actor, course: Course, *, points: Mapping[str, Judged] | None = None, remarks: str = "",
                   candidate: int | None = None) -> Revision | None:
    """Pass it; the last reader's word publishes it. `points` None says that every point passed.

    The revision, or None while other readers are still to come. Raises Invalid where a point is open or did not pass.
    """
    reading = take_turn(actor, course, candidate)
    wanted = [p["key"] for p in reading.checklist.points]
    points = {key: Judged(True) for key in wanted} if points is None else points
    _must_pass_all(reading.checklist, points)
    _decide(actor, reading, PASSED, points, plain_text(remarks)[:LONGEST_REMARKS])
    if reading.place < reading.checklist.readers:
        _say(actor, course, "passed", "")
        return None
    _say(actor, course, "approved", "")
    facts, content = frozen_content(course, must_be_publishable(course))
    if rules.content_digest(facts, content) != reading.candidate.digest:
        raise CandidateMoved(_("课程内容和送审的一稿不一样，没有发布。请让作者撤回重新提交。"))
    revision = freeze_course(actor, course)
    _settle_remarks(actor, course)
    stopping.end_own_withdrawal(actor, course)
    rights.settle_course(actor, course)
    return revision


def _settle_remarks(actor: Actor, course: Course) -> None:
    """What is published settles what was still open about it."""
    rows = session.execute(select(Remark.id, RemarkLine.step).outerjoin(RemarkLine, RemarkLine.remark_id == Remark.id)
                           .where(Remark.course_id == course.id).order_by(RemarkLine.id))
    last = dict(rows.all())  # the newest step by remark
    session.add_all(RemarkLine(remark_id=i, step="settled", by=actor.ref, by_name=actor.name, at=clock.now())
                    for i, step in sorted(last.items()) if step != "settled")
    session.flush()


def _must_pass_all(checklist: Checklist, points: Mapping[str, Judged]) -> None:
    faults = []
    for point in checklist.points:
        judged = points.get(point["key"])
        if judged is None or judged.is_passed is None:
            faults.append(_fault(point, _("“%(title)s”还没有选。", title=point["title"])))
        elif not judged.is_passed:
            faults.append(_fault(point, _("“%(title)s”不通过，请退回修改。", title=point["title"])))
    if faults:
        raise Invalid(_("清单上每一项都通过，课程才能通过。"), fields=faults)


def _fault(point: dict, message: object) -> dict:
    return {"field": f"point-{point['key']}", "message": message}


def _decide(actor: Actor, reading: Reading, outcome: str, points: Mapping[str, Judged], remarks: str) -> Verdict:
    judged = [(p["key"], points[p["key"]]) for p in reading.checklist.points if p["key"] in points]
    kept = [{"key": key, "is_passed": x.is_passed, "remark": plain_text(x.remark)[:LONGEST_POINT]} for key, x in judged]
    verdict = Verdict(candidate_id=reading.candidate.id, place=reading.place, outcome=outcome, points=kept, remarks=remarks,
                      by=actor.ref, by_name=actor.name, at=clock.now())
    session.add(verdict)
    session.flush()
    audit.record(actor, "courses.candidate.judged", f"candidate:{reading.candidate.id}", {
        "outcome": outcome, "place": reading.place, "checklist": reading.checklist.number, "digest": reading.candidate.digest,
        "failed": [p["key"] for p in kept if p["is_passed"] is False]})
    return verdict


def _say(actor: Actor, course: Course, step: str, remarks: str) -> None:
    course.updated_at = clock.now()
    session.add(ReviewLine(course_id=course.id, step=step, remarks=remarks, by=actor.ref, by_name=actor.name, at=clock.now()))
    session.flush()
    audit.record(actor, f"courses.course.{step}", f"course:{course.id}", {"remarks": remarks} if remarks else None)
