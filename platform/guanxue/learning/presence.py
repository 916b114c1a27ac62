"""Presence checks: where a person stands between two proofs of being there, drawing a check, what is asked, what it keeps back.

A check is drawn over what somebody studies in all courses whose policy asks for it. What became of it is append-only; the
moments that it shuts out follow from that alone (presence_rules.shut_span). Answers come in by proving.py. The reasons stand
in docs/decisions/0022-presence.md.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from guanxue import accounts, courses, policies
from guanxue.core import clock
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.courses import RevisionLesson
from guanxue.learning import carried, presence_questions, rules
from guanxue.learning import presence_rules as checks
from guanxue.learning.models import Check, CheckStep, Completion, Enrolment, Presence, RoomSeat, TrainingRoom
from guanxue.learning.presence_questions import Line
from guanxue.learning.presence_rules import Standing
from guanxue.policies import Numbers

ROOM_LASTS = timedelta(hours=12)
Spans = list[tuple[int, int]]


class FaceService(Protocol):
    """An outside service that compares faces. It keeps no picture here: we ask it for a result, yes, no or not yet.

    None is shipped, none is ever drawn: a learner may choose it beside the other kinds (docs/decisions/0022-presence.md).
    """

    name: str

    def address(self, code: str) -> str:
        """Where the learner goes with the check's code."""

    def result(self, code: str) -> bool | None:
        """What came out; None while nothing did."""


_face: list[FaceService] = []


def plug_face_service(service: FaceService | None) -> None:
    """Let learners choose that service (None: none) where a policy names the kind "face"."""
    _face[:] = [service] if service else []


def face_service() -> FaceService | None:
    """The service that is plugged in."""
    return _face[0] if _face else None


# ---- what is kept


def lock_presence(person_id: int, begin_ms: int | None = None) -> Presence:
    """Where the person stands, locked; where it never was it begins now, or at `begin_ms`. Lock enrolments before this."""
    found = session.get(Presence, person_id, with_for_update=True, populate_existing=True)
    if found is None:
        try:
            with session.begin_nested():
                session.add(Presence(person_id=person_id, seed=secrets.token_bytes(32), number=1, counted_ms=0,
                                     since_ms=clock.now_ms() if begin_ms is None else begin_ms))
        except IntegrityError:  # a parallel request was first
            pass
        found = session.get(Presence, person_id, with_for_update=True, populate_existing=True)
    return found


def find_open_check(person_id: int) -> Check | None:
    """The check that waits for this person's answer."""
    return session.scalar(select(Check).join(Presence, Presence.check_id == Check.id).where(Presence.person_id == person_id))


def steps_of(check_ids: Iterable[int]) -> dict[int, list[checks.Step]]:
    """The steps of checks, in order."""
    ids = list(check_ids)
    found: dict[int, list[checks.Step]] = {i: [] for i in ids}
    rows = session.execute(select(CheckStep.check_id, CheckStep.at_ms, CheckStep.what, CheckStep.document)
                           .where(CheckStep.check_id.in_(ids)).order_by(CheckStep.check_id, CheckStep.number))
    for row in rows:
        found[row.check_id].append(checks.Step(row.at_ms, row.what, row.document))
    return found


def standings_of(found: Iterable[Check]) -> dict[int, Standing]:
    """How checks stand, by row id."""
    return {i: checks.standing_of(steps) for i, steps in steps_of([c.id for c in found]).items()}


def standing_of(check: Check) -> Standing:
    """How a check stands."""
    return standings_of([check])[check.id]


def add_step(check: Check, what: str, at_ms: int, document: dict | None = None) -> None:
    """Keep what happened to a check. Its person's Presence has to be locked."""
    number = session.scalar(select(func.count()).select_from(CheckStep).where(CheckStep.check_id == check.id)) + 1
    session.add(CheckStep(check_id=check.id, number=number, at_ms=at_ms, what=what, document=document or {}))
    session.flush()


def list_checks(person_ids: Sequence[int], *, near: tuple[int, int] | None = None) -> list[Check]:
    """The checks of people, oldest first; those alone whose moments may touch `near` (epoch milliseconds) where given."""
    query = select(Check).where(Check.person_id.in_(list(person_ids))).order_by(Check.id)
    if near is None:
        return list(session.scalars(query))
    begin, end = near
    # One that was drawn before may still shut out what came after it: the last before `begin` belongs to it.
    before = (select(func.coalesce(func.max(Check.id), 0)).where(Check.person_id.in_(list(person_ids)), Check.drawn_ms < begin)
              .scalar_subquery())
    return list(session.scalars(query.where(Check.id >= before, Check.since_ms < end)))


def shut_spans(person_id: int, *, near: tuple[int, int] | None = None) -> Spans:
    """The moments of a person that earn nothing because of checks, sorted and disjoint."""
    found = list_checks([person_id], near=near)
    standings = standings_of(found)
    return rules.merge_spans([], [span for c in found if (span := checks.shut_span(c.since_ms, standings[c.id]))])


def is_asking(enrolment: Enrolment) -> bool:
    """Does a check wait for an answer, so that nothing of the enrolment completes before?"""
    return _has_checks(enrolment) and find_open_check(enrolment.person_id) is not None


# ---- what completions name


def names_of(enrolment: Enrolment) -> list[list]:
    """[[check, outcome, begin, end]] of the checks that touch the enrolment's evidence, with the moments each shuts out."""
    if not _has_checks(enrolment):
        return []
    found: dict[int, Check] = {}
    for source in carried.sources_of(enrolment):
        for playback in carried.list_evidence(source.enrolment_id):
            near = (playback.opened_ms, playback.opened_ms + playback.acked_t_ms)
            found |= {c.id: c for c in list_checks([source.person_id], near=near)}
    standings = standings_of(found.values())
    return [[i, standings[i].outcome, *(checks.shut_span(found[i].since_ms, standings[i]) or (0, 0))] for i in sorted(found)]


def shut_by_names(names: Sequence[Sequence], faults: list[object]) -> dict[int, Spans]:
    """{person: moments that earn nothing} as a completion names them; a check that is no longer what it was is a fault.

    One that was missed then may have been made up since: for this completion it stays what it was.
    """
    known = {c.id: c for c in session.scalars(select(Check).where(Check.id.in_([n[0] for n in names])))}
    standings, shut = standings_of(known.values()), {}
    for check_id, outcome, begin, end in names:
        check, now = known.get(check_id), standings.get(check_id)
        span = (checks.shut_span(check.since_ms, now) or (0, 0)) if check else None
        if check is None or (outcome != "missed" and (now.outcome, *span) != (outcome, begin, end)) or (
                outcome == "missed" and (now.missed_ms is None or begin != check.since_ms)):
            faults.append(_("结业记录依据的在场确认被改动过。"))
            continue
        if begin < end:
            shut[check.person_id] = rules.merge_spans(shut.get(check.person_id, []), [(begin, end)])
    return shut


def shut_of(enrolment: Enrolment, person_ids: Iterable[int]) -> dict[int, Spans]:
    """{person: moments that earn nothing} for an enrolment as it stands now; where it is complete, as its completion says."""
    if not _has_checks(enrolment):
        return {}
    completion = session.scalar(select(Completion).where(Completion.enrolment_id == enrolment.id))
    if completion is not None:
        return shut_by_names(completion.evidence.get("checks", []), [])
    return {person_id: shut_spans(person_id) for person_id in set(person_ids)}


def _has_checks(enrolment: Enrolment) -> bool:
    return bool(policies.get_policy(enrolment.policy_id).numbers.presence_max_ms)


# ---- a beat


def shut_for(person_id: int, from_ms: int, received_ms: int, answered_ms: int, answer_ms: int) -> Spans:
    """What is shut out of a beat's time that begins at `from_ms` (epoch milliseconds).

    Who beats anew holds the nonce of the answer before (given at `answered_ms`), and so had the check that stood in it: from
    here on, or from the end of the sentence that it waits for, it counts as shown.
    """
    state = lock_presence(person_id, from_ms)
    if state.check_id is None and from_ms >= state.since_ms:
        return []
    if state.check_id is not None:
        check = session.get(Check, state.check_id)
        if answered_ms >= check.drawn_ms and standing_of(check).shown_ms is None:
            seen_ms = max(received_ms, check.drawn_ms + checks.SENTENCE_MS)
            add_step(check, "shown", seen_ms, {"expires_ms": seen_ms + answer_ms, "by": "beat"})
    return shut_spans(person_id, near=(from_ms, received_ms + rules.DRIFT_MS))


def count_study(person_id: int, enrolment_id: int, lesson_id: int, numbers: Numbers, granted_ms: int, at_ms: int,
                received_ms: int) -> None:
    """Add what a beat was granted to the study since the last proof; draw the check where it is due.

    `at_ms`: where in the lesson the player is. An enrolment that is complete neither counts nor is asked.
    """
    state = lock_presence(person_id)
    if state.check_id is not None or granted_ms <= 0 or _is_complete(enrolment_id):
        return
    state.counted_ms += granted_ms
    due = checks.due_ms(state.seed, state.number, numbers.presence_min_ms, numbers.presence_max_ms)
    if state.counted_ms >= due:
        _draw(state, session.get(Enrolment, enrolment_id), lesson_id, due, at_ms, received_ms)
    session.flush()


def _is_complete(enrolment_id: int) -> bool:
    return session.scalar(select(Completion.id).where(Completion.enrolment_id == enrolment_id)) is not None


def _draw(state: Presence, enrolment: Enrolment, lesson_id: int, due_ms: int, at_ms: int, now_ms: int) -> None:
    lesson = courses.get_revision_lesson(lesson_id)
    lines = lines_of(lesson)
    at = checks.end_of_sentence([(x.start_ms, x.end_ms) for x in lines] if lesson.kind == "video" else (), at_ms)
    check = Check(code=secrets.token_urlsafe(9), person_id=state.person_id, number=state.number, enrolment_id=enrolment.id,
                  revision_lesson_id=lesson.id, policy_id=enrolment.policy_id, since_ms=state.since_ms, drawn_ms=now_ms,
                  due_ms=due_ms, counted_ms=state.counted_ms, at_ms=at)
    session.add(check)
    session.flush()
    state.check_id = check.id
    question = presence_questions.make_question(lines, at, checks.draw(state.seed, check.number, "question"))
    kinds = list_kinds(check, policies.get_policy(check.policy_id).numbers, has_question=question is not None)
    ask(check, checks.kind_of(state.seed, check.number, kinds), question, now_ms)


def ask(check: Check, kind: str, question: dict | None, now_ms: int) -> None:
    """Ask the check in that kind."""
    told = {"kind": kind, "question": question} if kind == checks.QUESTION else {"kind": kind}
    add_step(check, "asked", now_ms, told)


def new_question(check: Check) -> dict | None:
    """Another question on what was said before the check; each time another."""
    seed = session.get(Presence, check.person_id).seed
    turn = len(steps_of([check.id])[check.id])
    lines = lines_of(courses.get_revision_lesson(check.revision_lesson_id))
    return presence_questions.make_question(lines, check.at_ms, checks.draw(seed, check.number, f"question/{turn}"))


def lines_of(lesson: RevisionLesson) -> list[Line]:
    """What a lesson says and when: its subtitles, else its text at the pace at which it is read or spoken."""
    if lesson.kind == "video" and (cues := courses.words_of(lesson)):
        return [Line(c.start_ms, c.end_ms, c.text) for c in cues]
    return presence_questions.lines_of_text(courses.spoken_text(lesson.body), lesson.duration_ms or 0)


def list_kinds(check: Check, numbers: Numbers, *, has_question: bool) -> list[str]:
    """The kinds that may be drawn: those of the policy that can be answered where the learner is; never a face."""
    in_room = find_room_of(check.person_id) is not None
    can = {checks.TAP: True, checks.QUESTION: has_question, checks.CODE: in_room, checks.ROLL: in_room}
    found = [kind for kind in numbers.presence_kinds if can.get(kind)]
    if found:
        return found
    asks_officer = [kind for kind in numbers.presence_kinds if kind in (checks.CODE, checks.ROLL)]
    return [checks.TAP] if checks.QUESTION in numbers.presence_kinds or not asks_officer else asks_officer[:1]


def list_others(kind: str, check: Check, numbers: Numbers) -> list[str]:
    """What the learner may choose instead: the policy's other kinds, and a tap where there is none beside a question."""
    in_room = find_room_of(check.person_id) is not None
    can = {checks.TAP: True, checks.QUESTION: True, checks.CODE: True, checks.ROLL: in_room,
           checks.FACE: face_service() is not None}
    others = [k for k in numbers.presence_kinds if k != kind and can.get(k)]
    return others or ([checks.TAP] if kind == checks.QUESTION else [])


# ---- training rooms


def _open_rooms():
    return TrainingRoom.closed_at.is_(None) & (TrainingRoom.opened_at > clock.now() - ROOM_LASTS)


def find_room_of(person_id: int) -> TrainingRoom | None:
    """The open training room in which the person sits."""
    return session.scalar(select(TrainingRoom).join(RoomSeat, RoomSeat.room_id == TrainingRoom.id)
                          .where(RoomSeat.person_id == person_id, _open_rooms()).order_by(TrainingRoom.id.desc()).limit(1))


def find_room_by_code(code: str) -> TrainingRoom | None:
    """The open training room that shows this number, or showed it a turn ago."""
    now, wanted = clock.now_ms(), "".join(c for c in code if c.isdigit())
    rooms = session.scalars(select(TrainingRoom).where(_open_rooms()).order_by(TrainingRoom.id))
    return next((r for r in rooms if wanted in (checks.room_code(r.secret, now), checks.room_code(r.secret, now, 1))), None)


def take_seat(room: TrainingRoom, person_id: int) -> None:
    """The person is in the room; again is the same."""
    if session.get(RoomSeat, (room.id, person_id)) is None:
        session.add(RoomSeat(room_id=room.id, person_id=person_id, joined_at=clock.now()))
        session.flush()


# ---- what the learner is told


@dataclass(frozen=True)
class Challenge:
    """An open check as its person may know it: nothing that tells an answer, nothing about the next one.

    `expires_ms`, `left_ms`: until when it waits, from the moment it is seen. `others`: what may be chosen instead.
    """

    code: str
    kind: str
    text: str
    options: tuple[str, ...]
    at_ms: int
    lesson_id: int
    expires_ms: int
    left_ms: int
    extensions_left: int
    extension_ms: int
    tries_left: int
    others: tuple[str, ...]
    is_missed: bool
    address: str = ""


def challenge_of(check: Check) -> Challenge:
    """What its person may know of an open check."""
    now, numbers = standing_of(check), policies.get_policy(check.policy_id).numbers
    moment = clock.now_ms()
    expires = moment + numbers.presence_answer_ms if now.expires_ms is None else now.expires_ms
    question = now.question if now.kind == checks.QUESTION and now.question else {}
    face = face_service() if now.kind == checks.FACE else None
    return Challenge(
        check.code, now.kind, question.get("text", ""), tuple(question.get("options", ())), check.at_ms,
        check.revision_lesson_id, expires, max(0, expires - moment), max(0, checks.EXTENSIONS - now.extensions),
        numbers.presence_answer_ms, max(0, checks.TRIES - now.wrong), tuple(list_others(now.kind, check, numbers)),
        now.missed_ms is not None, face.address(check.code) if face else "")


def find_challenge(person_id: int, enrolment: Enrolment | None = None) -> Challenge | None:
    """What waits for the person's answer now; in an enrolment (where given) whose policy asks, and nowhere else."""
    if enrolment is not None and not _has_checks(enrolment):
        return None
    check = find_open_check(person_id)
    return challenge_of(check) if check is not None else None


def owners(person_id: int) -> list[int]:
    """Whose checks a person answers for: their own, and those of accounts that were merged into theirs."""
    return [person_id, *accounts.merged_into(person_id)]
