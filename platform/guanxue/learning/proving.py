"""Presence is proved, missed, made up: answers to checks, and what follows for the study that they are about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from guanxue import audit, courses, policies
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Conflict, Invalid, NotFound
from guanxue.core.i18n import lazy as _
from guanxue.learning import evidence, presence, presence_questions, rules
from guanxue.learning import presence_rules as checks
from guanxue.learning.models import BeatRow, Carry, Check, Enrolment, Playback, Presence
from guanxue.learning.presence_rules import Standing
from guanxue.learning.queries import completion_of
from guanxue.learning.service import complete_course, complete_lessons
from guanxue.policies import Policy


class NoSuchCheck(NotFound):
    """No such presence check of this person, or none that waits any more."""


class CannotProve(Conflict):
    """The check does not allow this now."""

    code = "not-possible"


@dataclass(frozen=True)
class Told:
    """One of a person's checks with what may still be done about it, for explaining it.

    `withheld_ms`: study that does not count because of it; `until_ms`: until when it can be made up, None where it cannot.
    """

    check: Check
    now: Standing
    course_id: int
    lesson: courses.RevisionLesson
    withheld_ms: int
    until_ms: int | None
    makeups: checks.MakeUps


# ---- finding and holding


def _find(actor: Actor, code: str) -> Check:
    actor.must_be_person()
    check = session.scalar(select(Check).where(Check.code == code, Check.person_id.in_(presence.owners(actor.id))))
    if check is None:
        raise NoSuchCheck(_("没有这个确认问题。"))
    return check


def _hold(check: Check) -> tuple[list[Enrolment], Presence]:
    """Lock what the check is about: enrolments first, in their order, then where its person stands, as beats do."""
    found = [evidence.lock_enrolment(i) for i in sorted(_strict_enrolments(check.person_id))]
    return found, presence.lock_presence(check.person_id)


def _strict_enrolments(person_id: int) -> set[int]:
    """The person's enrolments under policies with presence checks, and those for which their study counts."""
    rows = session.execute(select(Enrolment.id, Policy).join(Policy, Policy.id == Enrolment.policy_id)
                           .where(Enrolment.person_id == person_id))
    own = {i for i, policy in rows if policy.numbers.presence_max_ms}
    return own | set(session.scalars(select(Carry.to_enrolment_id).where(
        Carry.from_enrolment_id.in_(own), Carry.ended_at.is_(None))))


def is_missed(actor: Actor, code: str) -> bool:
    """Was one of the actor's checks missed, and not made up? Raises NoSuchCheck."""
    return presence.standing_of(_find(actor, code)).is_withheld


# ---- while it waits


def show(actor: Actor, code: str) -> None:
    """The player has it on the screen: from now on its time runs. Again is the same. Raises NoSuchCheck."""
    check = _find(actor, code)
    presence.lock_presence(check.person_id)
    now = presence.standing_of(check)
    if now.is_open and now.shown_ms is None:
        moment = clock.now_ms()
        presence.add_step(check, "shown", moment, {"expires_ms": moment + _numbers(check).presence_answer_ms, "by": "player"})


def extend(actor: Actor, code: str) -> None:
    """More time; no reason is asked. Raises NoSuchCheck, CannotProve."""
    show(actor, code)
    check = _find(actor, code)
    now, moment, numbers = presence.standing_of(check), clock.now_ms(), _numbers(check)
    if not now.is_open or now.missed_ms is not None or moment > now.expires_ms + numbers.late_after_ms:
        raise CannotProve(_("时间已经过了。点“继续学”，这一段可以补。"))
    if now.extensions >= checks.EXTENSIONS:
        raise CannotProve(_("加时间的次数用完了。请现在确认。"))
    presence.add_step(check, "extended", moment, {"expires_ms": max(moment, now.expires_ms) + numbers.presence_answer_ms})


def choose(actor: Actor, code: str, kind: str) -> None:
    """Ask it in another kind instead. Raises NoSuchCheck, CannotProve where that kind cannot be had."""
    show(actor, code)
    check = _find(actor, code)
    now = presence.standing_of(check)
    if not now.is_open or kind not in presence.list_others(now.kind, check, _numbers(check)):
        raise CannotProve(_("现在不能换成这种方式。"))
    question = presence.new_question(check) if kind == checks.QUESTION else None
    if kind == checks.QUESTION and question is None:
        raise CannotProve(_("这节课的文字太少，出不了题。"))
    presence.ask(check, kind, question, clock.now_ms())


def answer(actor: Actor, code: str, given: Any, said_ms: int | None = None) -> bool:
    """Answer it: is presence shown now? `said_ms`: when the player heard the answer, where a lost line held it up.

    A right answer after the time is a proof too, but the stretch before was missed. Raises NoSuchCheck, Invalid.
    """
    check = _find(actor, code)
    enrolments, state = _hold(check)
    now, moment = presence.standing_of(check), clock.now_ms()
    if not now.is_open:
        return True
    if now.shown_ms is None:
        show(actor, code)
        now = presence.standing_of(check)
    said = moment if said_ms is None else min(moment, said_ms)
    by = _judge(check, now, given)
    if by is None:
        _wrong(check, now, enrolments, moment)
        return False
    _prove(check, now, state, enrolments, moment, said, {"kind": now.kind, **by})
    return True


def _judge(check: Check, now: Standing, given: Any) -> dict | None:
    """What shows presence, for the step; None where the answer does not."""
    if now.kind == checks.TAP:
        return {} if given in (True, "true") else None
    if now.kind == checks.QUESTION:
        if not str(given).isdecimal():
            raise Invalid(_("请选一个答案。"), fields=[{"field": "answer", "message": _("请选一个答案。")}])
        return {} if int(given) == now.question["key"] else None
    if now.kind == checks.CODE:
        room = presence.find_room_by_code(str(given)[:20])
        if room is None or room.person_id == check.person_id:
            return None
        presence.take_seat(room, check.person_id)
        return {"room": room.id}
    if now.kind == checks.FACE and (service := presence.face_service()) is not None:
        return {"service": service.name} if service.result(check.code) else None
    return None  # an officer's roll is answered by the officer


def _wrong(check: Check, now: Standing, enrolments: list[Enrolment], moment: int) -> None:
    """A wrong answer; after the last the check is missed. Nothing tells which would have been right."""
    if now.kind not in (checks.QUESTION, checks.CODE):
        return
    presence.add_step(check, "wrong", moment, {"kind": now.kind})
    if now.wrong + 1 >= checks.TRIES and now.missed_ms is None:
        _miss(check, enrolments, moment, is_silent=False)
    if now.kind == checks.QUESTION and (question := presence.new_question(check)) is not None:
        presence.ask(check, checks.QUESTION, question, moment)


def give_up(actor: Actor, code: str) -> None:
    """The player says that the time ran out while it was shown. Too early, or again: nothing. Raises NoSuchCheck."""
    check = _find(actor, code)
    enrolments, _state = _hold(check)
    now, moment = presence.standing_of(check), clock.now_ms()
    if now.is_open and now.missed_ms is None and now.expires_ms is not None and moment >= now.expires_ms:
        _miss(check, enrolments, moment, is_silent=False)


def prove_by_roll(actor: Actor, check: Check, room_id: int) -> bool:
    """An officer saw the person in a training room; False where nothing waits any more. The caller knows that they may."""
    enrolments, state = _hold(check)
    now, moment = presence.standing_of(check), clock.now_ms()
    if not now.is_open:
        return False
    _prove(check, now, state, enrolments, moment, moment, {"kind": checks.ROLL, "room": room_id, "by": actor.ref})
    return True


# ---- what follows


def _prove(check: Check, now: Standing, state: Presence, enrolments: list[Enrolment], moment: int, said: int, by: dict) -> None:
    """Presence is shown: the next check is drawn from here; what was missed stays missed."""
    numbers = _numbers(check)
    is_late = now.missed_ms is None and now.expires_ms is not None and not checks.is_in_time(
        now.expires_ms, moment, said, numbers.late_after_ms)
    if is_late:
        presence.add_step(check, "missed", moment, {"silent": not _was_playing(check, now.expires_ms)})
    counts_from = checks.counts_from(moment, _heard_until(check.person_id))
    presence.add_step(check, "proved", moment, {"counts_from_ms": counts_from, **by})
    state.number, state.since_ms, state.counted_ms, state.check_id = state.number + 1, moment, 0, None
    session.flush()
    _settle(enrolments, rebuild=is_late or now.missed_ms is not None)


def _miss(check: Check, enrolments: list[Enrolment], moment: int, *, is_silent: bool) -> None:
    presence.add_step(check, "missed", moment, {"silent": is_silent})
    _settle(enrolments, rebuild=True)


def _heard_until(person_id: int) -> int:
    """The latest moment that a player of the person told of, with a network."""
    return session.scalar(select(func.coalesce(func.max(Playback.opened_ms + Playback.acked_t_ms), 0)).where(
        Playback.person_id == person_id, Playback.ticket_id.is_(None)))


def _was_playing(check: Check, after_ms: int) -> bool:
    """Did a player of the person go on playing after that moment? Then it was there to see the check, and silent it was not."""
    rows = session.execute(
        select(Playback.opened_ms, BeatRow.claims).join(Playback, Playback.id == BeatRow.playback_id)
        .where(Playback.person_id == check.person_id, BeatRow.received_ms > after_ms))
    return any(row.opened_ms + beat.t_ms > after_ms + rules.DRIFT_MS for row in rows for beat in rules.read_beats(row.claims))


def _settle(enrolments: Iterable[Enrolment], *, rebuild: bool) -> None:
    """See that lessons and courses are complete where they are now. `rebuild`: what counts became less or more."""
    for enrolment in enrolments:
        if completion_of(enrolment) is not None:
            continue  # it rests on the checks that it names
        if rebuild:
            evidence.rebuild_progress(enrolment)
        if enrolment.left_at is None and not presence.is_asking(enrolment):
            complete_lessons(enrolment)
            complete_course(enrolment)


def _numbers(check: Check):
    return policies.get_policy(check.policy_id).numbers


def end_silently(person_id: int) -> None:
    """The account goes into another one: what waits for its answer was missed in silence, and can be made up there."""
    check = presence.find_open_check(person_id)
    if check is None:
        return
    enrolments, _state = _hold(check)
    if presence.standing_of(check).missed_ms is None:
        _miss(check, enrolments, clock.now_ms(), is_silent=True)


# ---- making up


def list_told(person_id: int) -> list[Told]:
    """The person's checks, newest first, with what each keeps back and until when that can be made up."""
    found = presence.list_checks(presence.owners(person_id))
    standings = presence.standings_of(found)
    course_of = dict(session.execute(select(Enrolment.id, Enrolment.course_id).where(
        Enrolment.id.in_({c.enrolment_id for c in found}))).all())
    return [_told(c, standings[c.id], course_of[c.enrolment_id], [
        standings[x.id] for x in found if course_of[x.enrolment_id] == course_of[c.enrolment_id]]) for c in reversed(found)]


def _told(check: Check, now: Standing, course_id: int, in_course: list[Standing]) -> Told:
    numbers = _numbers(check)
    makeups = checks.makeups_of(numbers.presence_misses, in_course)
    until = checks.until_ms(now, numbers.presence_makeup_ms)
    can = makeups.allows(now) and now.failed < checks.MAKEUP_TRIES and clock.now_ms() < until
    return Told(check, now, course_id, courses.get_revision_lesson(check.revision_lesson_id),
                check.counted_ms if now.is_withheld else 0, until if can else None, makeups)


def get_told(actor: Actor, code: str) -> Told:
    """One of the actor's checks. Raises NoSuchCheck."""
    check = _find(actor, code)
    return next(x for x in list_told(actor.id) if x.check.id == check.id)


def ask_make_up(actor: Actor, code: str) -> None:
    """Ask a question about the stretch that a missed check keeps back; the one that waits stays. Raises CannotProve."""
    check = _find(actor, code)
    presence.lock_presence(check.person_id)
    told = get_told(actor, code)
    if told.until_ms is None:
        raise CannotProve(_("这一段不能再补了。可以重新看一遍，看了照样计入。"))
    if told.now.makeup is not None:
        return
    question = _question_of_stretch(check, told.now.failed)
    if question is None:
        raise CannotProve(_("这一段的文字太少，出不了题。可以重新看一遍，看了照样计入。"))
    presence.add_step(check, "question", clock.now_ms(), {"question": question})


def _question_of_stretch(check: Check, turn: int) -> dict | None:
    """About a moment that was played in the stretch before the check, whichever lesson that was."""
    seed = session.get(Presence, check.person_id).seed
    played = _played(check)
    for n in range(min(8, len(played))):
        pick = checks.draw(seed, check.number, f"makeup/{turn}/{n}")
        lesson_id, at_ms = played[pick % len(played)]
        lines = presence.lines_of(courses.get_revision_lesson(lesson_id))
        if (question := presence_questions.make_question(lines, at_ms, pick)) is not None:
            return question
    return None


def _played(check: Check) -> list[tuple[int, int]]:
    """(lesson, moment of it) of each beat in the stretch."""
    rows = session.execute(
        select(Playback.revision_lesson_id, Playback.opened_ms, BeatRow.claims)
        .join(Playback, Playback.id == BeatRow.playback_id)
        .where(Playback.person_id == check.person_id, Playback.enrolment_id.in_(_strict_enrolments(check.person_id)),
               BeatRow.received_ms >= check.since_ms, BeatRow.received_ms <= check.drawn_ms)
        .order_by(BeatRow.received_ms, Playback.id, BeatRow.seq))
    return [(row.revision_lesson_id, beat.to_ms) for row in rows for beat in rules.read_beats(row.claims)
            if check.since_ms <= row.opened_ms + beat.t_ms <= check.drawn_ms + rules.DRIFT_MS]


def make_up(actor: Actor, code: str, given: Any) -> bool:
    """Answer the question of a make-up: does the stretch count now? Raises NoSuchCheck, CannotProve, Invalid."""
    check = _find(actor, code)
    enrolments, _state = _hold(check)
    told, moment = get_told(actor, code), clock.now_ms()
    if told.now.made_up_ms is not None:
        return True
    if told.until_ms is None or told.now.makeup is None:
        raise CannotProve(_("这一段不能再补了。可以重新看一遍，看了照样计入。"))
    if not str(given).isdecimal():
        raise Invalid(_("请选一个答案。"), fields=[{"field": "answer", "message": _("请选一个答案。")}])
    if int(given) != told.now.makeup["key"]:
        presence.add_step(check, "failed", moment)
        if told.now.failed + 1 < checks.MAKEUP_TRIES and (question := _question_of_stretch(check, told.now.failed + 1)):
            presence.add_step(check, "question", moment, {"question": question})
        return False
    presence.add_step(check, "made_up", moment)
    audit.record(actor, "learning.presence.made_up", f"check:{check.id}")
    _settle(enrolments, rebuild=True)
    return True

