"""Remarks at the very place they are about: made by readers, answered or settled by authors, kept over new submissions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import select

from guanxue import audit
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Forbidden
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import checked_text, invalid_field
from guanxue.courses import rules
from guanxue.courses.errors import NoSuchRemark, NotReady
from guanxue.courses.models import Course
from guanxue.courses.queries import list_lessons
from guanxue.courses.reviews import comparing, service
from guanxue.courses.reviews.models import Candidate, Remark, RemarkLine
from guanxue.courses.service import frozen_content

OPEN, ANSWERED, SETTLED = "open", "answered", "settled"
REOPENED = "reopened"
KINDS = ("fact", "lesson", "paragraph", "question", "second")
LONGEST = 1000
MOST_OPEN = 300


@dataclass(frozen=True)
class Said:
    """A remark with what became of it. state: open, answered, settled; `change` of its place: same, changed, removed.

    `number` is the candidate it was made on, `place` where its place stands now.
    """

    remark: Remark
    lines: tuple[RemarkLine, ...]
    state: str
    change: str
    number: int
    place: str


def add_remark(actor: Actor, course: Course, *, lesson_slug: str, kind: str, place: str, text: str) -> Remark:
    """A reader's words at a place of the candidate. Raises Invalid, NotReady, Forbidden."""
    reading = service.take_turn(actor, course)
    text = checked_text("text", text, LONGEST)
    place = place.strip()
    quote = comparing.quote_at(reading.candidate.document, lesson_slug, kind, place) if kind in KINDS else None
    if quote is None:
        raise invalid_field("place", _("没有这个位置，请重新选。"))
    if len(_states(course.id)) >= MOST_OPEN:
        raise NotReady(_("意见已经很多了，请先退回修改。"))
    remark = Remark(course_id=course.id, candidate_id=reading.candidate.id, lesson_slug=lesson_slug, kind=kind, place=place,
                    quote=quote, text=text, by=actor.ref, by_name=actor.name, at=clock.now())
    session.add(remark)
    session.flush()
    audit.record(actor, "courses.remark.made", f"course:{course.id}", {
        "remark": remark.id, "lesson": lesson_slug, "place": place})
    return remark


def get_remark(course: Course, remark_id: int) -> Remark:
    """A remark of this course. Raises NoSuchRemark."""
    remark = session.get(Remark, remark_id)
    if remark is None or remark.course_id != course.id:
        raise NoSuchRemark(_("没有这条意见。"))
    return remark


def answer_remark(actor: Actor, course: Course, remark_id: int, *, text: str = "", is_settled: bool = False) -> None:
    """An author answers a remark, or says that it is settled; only an answer needs words. Raises Invalid, Forbidden."""
    if not rules.may_edit_course(actor, course):
        raise Forbidden(_("这门课由别的老师负责。"))
    _add(actor, get_remark(course, remark_id), SETTLED if is_settled else ANSWERED, text, may_be_empty=is_settled)


def decide_remark(actor: Actor, course: Course, remark_id: int, *, text: str = "", is_settled: bool) -> None:
    """A reader settles a remark, or opens it again. Raises NotReady, Forbidden."""
    service.take_turn(actor, course)
    _add(actor, get_remark(course, remark_id), SETTLED if is_settled else REOPENED, text, may_be_empty=True)


def _add(actor: Actor, remark: Remark, step: str, text: str, *, may_be_empty: bool) -> None:
    text = checked_text("text", text, LONGEST, may_be_empty=may_be_empty)
    if step == SETTLED and _states(remark.course_id).get(remark.id) == SETTLED:
        return
    session.add(RemarkLine(remark_id=remark.id, step=step, text=text, by=actor.ref, by_name=actor.name, at=clock.now()))
    session.flush()
    audit.record(actor, f"courses.remark.{step}", f"course:{remark.course_id}", {"remark": remark.id})


def _lines(course_id: int) -> dict[int, list[RemarkLine]]:
    rows = session.scalars(select(RemarkLine).join(Remark, Remark.id == RemarkLine.remark_id)
                           .where(Remark.course_id == course_id).order_by(RemarkLine.id))
    lines: dict[int, list[RemarkLine]] = defaultdict(list)
    for row in rows:
        lines[row.remark_id].append(row)
    return lines


def _state(lines: list[RemarkLine]) -> str:
    return OPEN if not lines or lines[-1].step == REOPENED else lines[-1].step


def _states(course_id: int) -> dict[int, str]:
    """State by remark id."""
    lines = _lines(course_id)
    return {i: _state(lines[i]) for i in session.scalars(select(Remark.id).where(Remark.course_id == course_id))}


def list_remarks(course: Course, content: dict | None = None) -> list[Said]:
    """The course's remarks in the order they were made; `content` is what their places are looked up in (the draft)."""
    remarks = session.execute(select(Remark, Candidate.number).join(Candidate, Candidate.id == Remark.candidate_id)
                              .where(Remark.course_id == course.id).order_by(Remark.id)).all()
    if not remarks:
        return []
    lines, content = _lines(course.id), content or draft_content(course)
    return [Said(r, tuple(lines[r.id]), _state(lines[r.id]),
                 comparing.change_at(content, r.lesson_slug, r.kind, r.place, r.quote), number,
                 comparing.place_now(content, r.lesson_slug, r.kind, r.place, r.quote)) for r, number in remarks]


def draft_content(course: Course) -> dict:
    """The draft as comparisons take it."""
    facts, lessons = frozen_content(course, list_lessons(course.id))
    return {"course": facts, "lessons": lessons}


def count_unsettled(course_id: int) -> int:
    """How many remarks are not settled."""
    return sum(state != SETTLED for state in _states(course_id).values())


def remarks_here(course: Course, lesson_slug: str | None = None) -> list[dict]:
    """What is not settled, as plain values for the builder (templates/courses/remarks_here.html); of one lesson where given.

    Each: id, lesson, kind, place, quote, text, by, at, state, change, and its lines {step, text, by, at}.
    """
    return [shown(x) for x in list_remarks(course) if x.state != SETTLED and lesson_slug in (None, x.remark.lesson_slug)]


def shown(said: Said) -> dict:
    """A remark as templates take it."""
    r = said.remark
    return {"id": r.id, "lesson": r.lesson_slug, "kind": r.kind, "place": said.place, "quote": r.quote, "text": r.text,
            "by": r.by_name, "at": r.at, "state": said.state, "change": said.change, "number": said.number,
            "lines": [{"step": x.step, "text": x.text, "by": x.by_name, "at": x.at} for x in said.lines]}
