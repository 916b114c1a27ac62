"""A beat: one question, a pure judgement, three changes. The city sends these all day, so nothing here loads an object.

The rules are rules.judge(); the words and the order of refusals are the player's protocol (docs/decisions/0002-evidence.md).

Two roads lead here (docs/decisions/0027-beats.md). The usual one, record_beats(), is a request of the API like all others:
it refuses, completes lessons and may do whatever a policy asks for. The quick one, record_quickly(), is taken before Flask
looks at a request, and shares its transaction with others. It takes only what is plain: see _is_plain(). Both ask, judge
and write by the same functions.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Text, and_, bindparam, func, insert, select, type_coerce, update

from guanxue import audit, policies
from guanxue.config import Settings
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Conflict
from guanxue.core.i18n import lazy as _
from guanxue.core.prepared import Lent, Prepared, PreparedChange, here
from guanxue.core.settings import settings
from guanxue.courses import RevisionLesson
from guanxue.learning import days, evidence, presence, rules, traces
from guanxue.learning.aside import set_aside
from guanxue.learning.errors import NoSuchPlayback, NotEnrolled
from guanxue.learning.evidence import Answer
from guanxue.learning.models import BeatRow, Enrolment, Playback, Progress
from guanxue.policies import Numbers, Policy

STUDIED_EVERY = timedelta(minutes=1)  # what was studied last is told by the minute

_playback, _progress, _enrolment = Playback.__table__, Progress.__table__, Enrolment.__table__
_MINE = (Playback.code == bindparam("code"), Playback.person_id == bindparam("person_id"))
# Requests of one enrolment queue up here. Apart from what is read then: PostgreSQL would give the row that was waited for as
# it is now, joined with others as they were before.
_QUEUE = Prepared(select(Playback.id).join(Enrolment, Enrolment.id == Playback.enrolment_id).where(*_MINE)
                  .with_for_update(of=(Playback, Enrolment)))
# Everything a beat is judged by.
_STANDING = Prepared(
    select(
        Playback.id, Playback.code, Playback.person_id, Playback.opened_ms, Playback.ended_ms, Playback.contact_ms,
        Playback.max_rate_permille, Playback.last_seq, Playback.acked_t_ms, Playback.granted_ms, Playback.chain,
        Playback.enrolment_id, Playback.revision_lesson_id, Playback.ticket_id, Enrolment.left_at, Enrolment.studied_at,
        RevisionLesson.duration_ms,
        Enrolment.revision_id.label("pinned_id"), RevisionLesson.revision_id.label("played_id"),
        type_coerce(Policy.document, Text).label("policy"), Progress.enrolment_id.label("has_progress"), Progress.spans,
        Progress.credited_ms, Progress.late_ms, Progress.is_complete)
    .join(Enrolment, Enrolment.id == Playback.enrolment_id)
    .join(RevisionLesson, RevisionLesson.id == Playback.revision_lesson_id)
    .join(Policy, Policy.id == Enrolment.policy_id)
    .outerjoin(Progress, and_(Progress.enrolment_id == Playback.enrolment_id,
                              Progress.revision_lesson_id == Playback.revision_lesson_id))
    .where(*_MINE))
_KEEP = PreparedChange(insert(BeatRow.__table__), ["playback_id", "seq", "received_ms", "ended_ms", "room_ms", "claims"])


def _moving(*columns: str) -> PreparedChange:
    return PreparedChange(update(_playback).where(_playback.c.id == bindparam("playback_id")).values(
        {name: bindparam(f"new_{name}") for name in columns}))


# While it is open its end is not touched: that column is in an index.
_MOVE_ON = _moving("last_seq", "contact_ms", "acked_t_ms", "granted_ms", "chain")
_MOVE_ENDED = _moving("last_seq", "ended_ms", "acked_t_ms", "granted_ms", "chain")
_ADD = PreparedChange(update(_progress).where(
    _progress.c.enrolment_id == bindparam("of_enrolment"), _progress.c.revision_lesson_id == bindparam("of_lesson")).values(
    {name: bindparam(f"new_{name}") for name in ("spans", "credited_ms", "late_ms", "resume_ms")}))
_STUDIED = PreparedChange(
    update(_enrolment).where(_enrolment.c.id == bindparam("of_enrolment")).values(studied_at=bindparam("now")))
_LATE = Prepared(select(func.coalesce(func.sum(Progress.late_ms), 0)).where(Progress.enrolment_id == bindparam("of_enrolment")))
_NEWEST_ELSEWHERE = Prepared(
    select(func.max(BeatRow.received_ms))
    .join(Playback, and_(Playback.id == BeatRow.playback_id, Playback.last_seq == BeatRow.seq))
    .where(Playback.enrolment_id == bindparam("of_enrolment"), Playback.id != bindparam("but")))


@dataclass(frozen=True, slots=True)
class Keys:
    """The site's keys for the words of playbacks and for the chain of what was claimed."""

    playback: bytes
    evidence: bytes

    @classmethod
    def of(cls, site: Settings) -> Keys:
        """Those of that site."""
        return cls(site.derive_key("playback"), site.derive_key("evidence"))


@dataclass(frozen=True, slots=True)
class Step:
    """One request, judged but not written yet. `standing`: where the playback stood before."""

    standing: Any
    numbers: Numbers
    seq: int
    received_ms: int
    ended_ms: int | None
    beats: Sequence[rules.Beat]
    outcome: rules.Outcome
    spans: list[tuple[int, int]]
    credited_ms: int
    room_ms: int | None = None

    @property
    def completes(self) -> bool:
        """Is the lesson complete only now?"""
        return not self.standing.is_complete and rules.is_complete(
            self.credited_ms, self.standing.duration_ms or 0, self.numbers.share_watched_permille)


# ---- the usual road


def record_beats(actor: Actor, code: str, seq: int, nonce: str, beats: Sequence[rules.Beat]) -> tuple[Answer, Any, bool]:
    """Apply a request's beats. Gives the answer, where the playback stood before, and whether the lesson is complete only now.

    Raises NoSuchPlayback, NotEnrolled and the conflicts of the protocol.
    """
    session.flush()
    on, keys = here(), Keys.of(settings())
    standing = _standing(on, actor.id, code)
    if not fits(keys, code, seq, nonce):
        _refuse_forged(actor, standing, seq)
    if seq <= standing.last_seq:  # sent again after a lost answer: the present state heals it
        if seq < standing.last_seq:
            traces.replayed(actor, standing.id, seq, standing.last_seq)
        return _asking(_present(keys, standing), standing), standing, False
    if seq > standing.last_seq + 1:
        raise Conflict(_("服务器恢复过备份，请从这里重新接上。"), code="sequence-gap", extra={
            "nonce": rules.nonce_of(keys.playback, code, standing.last_seq), "next_seq": standing.last_seq + 1,
            "acked_t_ms": standing.acked_t_ms})
    if standing.has_progress is None:
        evidence.make_progress(standing.enrolment_id, standing.revision_lesson_id)
        standing = _standing(on, actor.id, code)
    step = _judge(on, standing, seq, beats, _moment(on, standing, beats))
    _write(on, keys, step)
    if traces.is_ahead(beats, step.received_ms - standing.opened_ms):
        traces.ahead(actor, standing.id, beats, step.received_ms - standing.opened_ms)
    if step.room_ms is not None:
        days.count(standing.person_id, step.received_ms, step.credited_ms - standing.credited_ms)
    if step.numbers.presence_max_ms:
        _count_towards_check(step)
    return _asking(_answer(keys, step), standing), standing, step.completes


def _moment(on: Lent, standing: Any, beats: Sequence[rules.Beat]) -> int:
    """When the request came. Claims are judged again in the order of these moments, so where its place decides what a request
    earns (late time, a day's room), none of the course's other playbacks has told anything at the same one."""
    now, numbers = clock.now_ms(), policies.numbers_of_text(standing.policy)
    if not numbers.daily_cap_ms and not _is_any_late(standing, beats, now, evidence.terms_of(standing.duration_ms, numbers)):
        return now
    newest = _NEWEST_ELSEWHERE.value(on, of_enrolment=standing.enrolment_id, but=standing.id)
    return now if newest is None else max(now, newest + 1)


def _asking(answer: Answer, standing: Any) -> Answer:
    """With the presence check that waits for the person, where the policy has any."""
    if not policies.numbers_of_text(standing.policy).presence_max_ms:
        return answer
    return replace(answer, challenge=presence.find_challenge(standing.person_id))


def _count_towards_check(step: Step) -> None:
    """What was granted brings the next presence check nearer. Told after the end it does too: else who closes first is never
    asked. Nobody sees that one before the next opening, and nothing completes until then."""
    standing, granted = step.standing, step.outcome.sitting.granted_ms - step.standing.granted_ms
    at = step.beats[-1].to_ms if step.beats else 0
    presence.count_study(standing.person_id, standing.enrolment_id, standing.revision_lesson_id, step.numbers, granted,
                         min(at, standing.duration_ms or 0), step.received_ms)


def _standing(on: Lent, person_id: int, code: str) -> Any:
    if on.dialect.name == "postgresql":  # SQLite's writing transactions queue up by themselves
        _QUEUE.rows(on, code=code, person_id=person_id)
    rows = _STANDING.rows(on, code=code, person_id=person_id)
    if not rows:
        raise NoSuchPlayback(_("没有这次播放。"))
    if rows[0].left_at is not None:
        raise NotEnrolled(_("你已退出这门课。"))
    return rows[0]


def _refuse_forged(actor: Actor, standing: Any, seq: int) -> None:
    """Raise the conflict "forged-beat", which leaves an audit line behind."""
    subject, detail = f"playback:{standing.id}", {"seq": seq, "last_seq": standing.last_seq}
    raise Conflict(_("播放凭证不对，这段学习没有计入。请刷新页面。"), code="forged-beat",
                   remember=[lambda: audit.record(actor, "learning.beat.forged", subject, detail)])


# ---- the quick road


def record_quickly(on: Lent, keys: Keys, person_id: int, code: str, seq: int, beats: Sequence[rules.Beat]) -> Answer | None:
    """Apply a request's beats where everything about them is plain. None: nothing was written, the usual road has to be taken.

    Its nonce fits(). `on` is inside a writing transaction, which others share: nothing is written before all is judged.
    """
    try:
        standing = _standing(on, person_id, code)
        if not _is_plain(standing, policies.numbers_of_text(standing.policy)):
            return None
        if seq == standing.last_seq:
            return _present(keys, standing)
        if seq != standing.last_seq + 1:
            return None
        numbers, received = policies.numbers_of_text(standing.policy), clock.now_ms()
        if _is_any_late(standing, beats, received, evidence.terms_of(standing.duration_ms, numbers)):
            return None  # where the person was meanwhile is asked there
        step = _judge(on, standing, seq, beats, received)
    except (NoSuchPlayback, NotEnrolled, Conflict):
        return None  # said on the usual road, in the caller's language
    if step.completes or traces.is_ahead(beats, step.received_ms - standing.opened_ms):
        return None  # lesson, course and credit hang together there
    _write(on, keys, step)
    return _answer(keys, step)


def _is_plain(standing: Any, numbers: Numbers) -> bool:
    """May the beat take the quick road? Whatever a policy or a playback asks for beyond counting has to be named here first:
    what is not named is not done there.

    Presence checks, days that are bounded and tickets of study without a network take the usual road.
    """
    if standing.has_progress is None or standing.pinned_id != standing.played_id or standing.ticket_id is not None:
        return False
    return not (numbers.presence_max_ms or numbers.daily_cap_ms)


# ---- both roads


def fits(keys: Keys, code: str, seq: int, nonce: str) -> bool:
    """Does the nonce belong to the seq?"""
    return seq >= 1 and hmac.compare_digest(rules.nonce_of(keys.playback, code, seq - 1).encode(), nonce.encode())


def _judge(on: Lent, standing: Any, seq: int, beats: Sequence[rules.Beat], received: int) -> Step:
    """What the request earns; nothing is written. Raises the conflicts of a playback that has ended."""
    ended = rules.end_of(standing.opened_ms, standing.ended_ms, standing.contact_ms, received)
    if ended is not None and received > ended + rules.GRACE_MS:
        raise Conflict(_("这次播放早已结束，请重新打开这节课。"), code="playback-expired")
    numbers = policies.numbers_of_text(standing.policy)
    sitting = rules.Sitting(standing.opened_ms, ended, standing.max_rate_permille, standing.acked_t_ms, standing.granted_ms)
    terms = evidence.terms_of(standing.duration_ms, numbers)
    shut = _shut(standing, numbers, beats, received) if numbers.presence_max_ms else ()
    if (taught := evidence.in_class(standing.person_id, sitting, beats, received, terms)):
        shut = rules.merge_spans(list(shut), taught)
    outcome = rules.judge(sitting, beats, received, terms, _late_used(on, standing, beats, received, terms), shut)
    if ended is not None and not outcome.qualified:
        if standing.id in set_aside([standing.person_id]):
            raise Conflict(_("这次学习查过以后决定不算，请重新打开这节课。"), code="playback-expired")
        raise Conflict(_("你在别处打开了学习，这里的播放已结束。"), code="playback-superseded",
                       remember=[traces.superseded(standing.person_id, standing.id, seq)])
    # What else bounds what counts lessens outcome.grants here, behind `if numbers.…`, so that a course without it pays
    # nothing; its number belongs into _is_plain().
    spans, room = rules.unpack_spans(standing.spans), None
    if numbers.daily_cap_ms:
        room = days.room_of(standing.person_id, received, numbers.daily_cap_ms)
        outcome = replace(outcome, grants=rules.within_room(spans, outcome.grants, room))
    spans = rules.merge_spans(spans, [(g.from_ms, g.to_ms) for g in outcome.grants])
    return Step(standing, numbers, seq, received, ended, beats, outcome, spans, rules.covered_ms(spans), room)


def _shut(standing: Any, numbers: Numbers, beats: Sequence[rules.Beat], received: int) -> presence.Spans:
    """The moments in which nothing is earned, for a presence check waits or was missed."""
    return presence.shut_for(standing.person_id, standing.opened_ms + standing.acked_t_ms, received, standing.contact_ms,
                             numbers.presence_answer_ms) if beats else []


def _is_any_late(standing: Any, beats: Sequence[rules.Beat], received: int, terms: rules.Terms) -> bool:
    return rules.is_any_late(standing.opened_ms, standing.acked_t_ms, beats, received, terms)


def _late_used(on: Lent, standing: Any, beats: Sequence[rules.Beat], received: int, terms: rules.Terms) -> int:
    """Late time of the whole course so far; only asked for where a beat of this request is late."""
    if not _is_any_late(standing, beats, received, terms):
        return 0
    return int(_LATE.value(on, of_enrolment=standing.enrolment_id) or 0)


def _write(on: Lent, keys: Keys, step: Step) -> None:
    """Keep the claims, move the playback on, add to the progress."""
    standing, received, ended = step.standing, step.received_ms, step.ended_ms
    claims = rules.pack_beats(step.beats)
    chain = rules.next_link(keys.evidence, standing.chain, step.seq, received, ended, claims, step.room_ms)
    _KEEP.make(on, playback_id=standing.id, seq=step.seq, received_ms=received, ended_ms=ended, room_ms=step.room_ms,
               claims=claims)
    moved = {"playback_id": standing.id, "new_last_seq": step.seq, "new_acked_t_ms": step.outcome.sitting.acked_t_ms,
             "new_granted_ms": step.outcome.sitting.granted_ms, "new_chain": chain}
    if ended is None:
        _MOVE_ON.make(on, **moved, new_contact_ms=received)
    else:
        _MOVE_ENDED.make(on, **moved, new_ended_ms=ended)
    if step.beats:
        late = sum(g.late_ms for g in step.outcome.grants)
        _ADD.make(on, of_enrolment=standing.enrolment_id, of_lesson=standing.revision_lesson_id,
                  new_spans=rules.pack_spans(step.spans), new_credited_ms=step.credited_ms, new_late_ms=standing.late_ms + late,
                  new_resume_ms=max(0, min(step.beats[-1].to_ms, standing.duration_ms or 0)))
    now = clock.moment_of(received)
    if standing.studied_at is None or now - standing.studied_at > STUDIED_EVERY:
        _STUDIED.make(on, of_enrolment=standing.enrolment_id, now=now)


def _present(keys: Keys, standing: Any) -> Answer:
    """How it stands."""
    return _told(keys, standing, standing.last_seq, standing.acked_t_ms, 0, standing.credited_ms or 0, False)


def _answer(keys: Keys, step: Step) -> Answer:
    standing = step.standing
    return _told(keys, standing, step.seq, step.outcome.sitting.acked_t_ms, step.credited_ms - standing.credited_ms,
                 step.credited_ms, step.ended_ms is not None, step.room_ms)


def _told(keys: Keys, standing: Any, seq: int, acked_t_ms: int, gained_ms: int, credited_ms: int, has_ended: bool,
          room_ms: int | None = None) -> Answer:
    coverage = credited_ms * 1000 // standing.duration_ms if standing.duration_ms else 0
    return Answer(rules.nonce_of(keys.playback, standing.code, seq), seq + 1, acked_t_ms, gained_ms, credited_ms, coverage,
                  bool(standing.is_complete), has_ended, day_left_ms=None if room_ms is None else room_ms - gained_ms)
