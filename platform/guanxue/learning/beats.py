"""A beat: one read, a pure judgement, three writes. The city sends these all day, so nothing here loads an object.

The rules are rules.judge(); the words and the order of refusals are the player's protocol (docs/decisions/0002-evidence.md).
"""

from __future__ import annotations

import hmac
from datetime import timedelta

from sqlalchemy import Row, Text, and_, bindparam, func, insert, select, type_coerce, update

from guanxue import audit, policies
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Conflict
from guanxue.core.i18n import lazy as _
from guanxue.courses import RevisionLesson
from guanxue.learning import evidence, rules
from guanxue.learning.errors import NoSuchPlayback, NotEnrolled
from guanxue.learning.evidence import Answer
from guanxue.learning.models import BeatRow, Enrolment, Playback, Progress
from guanxue.policies import Policy

STUDIED_EVERY = timedelta(minutes=1)  # what was studied last is told by the minute

_playback, _progress, _enrolment = Playback.__table__, Progress.__table__, Enrolment.__table__
_MINE = (Playback.code == bindparam("code"), Playback.person_id == bindparam("person_id"))
# Requests of one enrolment queue up here. Apart from what is read then: PostgreSQL would give the row that was waited for as
# it is now, joined with others as they were before.
_QUEUE = (select(Playback.id).join(Enrolment, Enrolment.id == Playback.enrolment_id).where(*_MINE)
          .with_for_update(of=(Playback, Enrolment)))
# Everything a beat is judged by.
_STANDING = (
    select(
        Playback.id, Playback.code, Playback.opened_ms, Playback.ended_ms, Playback.contact_ms, Playback.max_rate_permille,
        Playback.last_seq, Playback.acked_t_ms, Playback.granted_ms, Playback.chain, Playback.enrolment_id,
        Playback.revision_lesson_id, Enrolment.left_at, Enrolment.studied_at, RevisionLesson.duration_ms,
        Enrolment.revision_id.label("pinned_id"), RevisionLesson.revision_id.label("played_id"),
        type_coerce(Policy.document, Text).label("policy"), Progress.enrolment_id.label("has_progress"), Progress.spans,
        Progress.credited_ms, Progress.late_ms, Progress.is_complete)
    .join(Enrolment, Enrolment.id == Playback.enrolment_id)
    .join(RevisionLesson, RevisionLesson.id == Playback.revision_lesson_id)
    .join(Policy, Policy.id == Enrolment.policy_id)
    .outerjoin(Progress, and_(Progress.enrolment_id == Playback.enrolment_id,
                              Progress.revision_lesson_id == Playback.revision_lesson_id))
    .where(*_MINE))
_KEEP = insert(BeatRow.__table__)
_MOVE_ON = update(_playback).where(_playback.c.id == bindparam("playback_id")).values(
    {name: bindparam(f"new_{name}") for name in ("last_seq", "ended_ms", "contact_ms", "acked_t_ms", "granted_ms", "chain")})
_ADD = update(_progress).where(
    _progress.c.enrolment_id == bindparam("of_enrolment"), _progress.c.revision_lesson_id == bindparam("of_lesson")).values(
    {name: bindparam(f"new_{name}") for name in ("spans", "credited_ms", "late_ms", "resume_ms")})
_STUDIED = update(_enrolment).where(_enrolment.c.id == bindparam("of_enrolment")).values(studied_at=bindparam("now"))
_LATE = select(func.coalesce(func.sum(Progress.late_ms), 0)).where(Progress.enrolment_id == bindparam("of_enrolment"))


def record_beats(actor: Actor, code: str, seq: int, nonce: str, beats: list[rules.Beat]) -> tuple[Answer, Row, bool]:
    """Apply a request's beats. Gives the answer, where the playback stood before, and whether the lesson is complete only now.

    Raises NoSuchPlayback, NotEnrolled and the conflicts of the protocol.
    """
    standing = _standing(actor, code)
    _check_nonce(actor, standing, seq, nonce)
    if seq <= standing.last_seq:  # sent again after a lost answer: the present state heals it
        return _answer(standing, standing.last_seq, standing.acked_t_ms, 0, standing.credited_ms or 0), standing, False
    if seq > standing.last_seq + 1:
        raise Conflict(_("服务器恢复过备份，请从这里重新接上。"), code="sequence-gap", extra={
            "nonce": evidence.nonce_of(code, standing.last_seq), "next_seq": standing.last_seq + 1,
            "acked_t_ms": standing.acked_t_ms})
    if standing.has_progress is None:
        evidence.make_progress(standing.enrolment_id, standing.revision_lesson_id)
        standing = _standing(actor, code)
    return _apply(standing, seq, beats)


def _standing(actor: Actor, code: str) -> Row:
    mine = {"code": code, "person_id": actor.id}
    if session.get_bind().dialect.name == "postgresql":  # SQLite's writing transactions queue up by themselves
        session.execute(_QUEUE, mine)
    row = session.execute(_STANDING, mine).first()
    if row is None:
        raise NoSuchPlayback(_("没有这次播放。"))
    if row.left_at is not None:
        raise NotEnrolled(_("你已退出这门课。"))
    return row


def _check_nonce(actor: Actor, standing: Row, seq: int, nonce: str) -> None:
    """Raise the conflict "forged-beat", which leaves an audit line behind, unless the nonce belongs to the seq."""
    if seq >= 1 and hmac.compare_digest(evidence.nonce_of(standing.code, seq - 1).encode(), nonce.encode()):
        return
    subject, detail = f"playback:{standing.id}", {"seq": seq, "last_seq": standing.last_seq}
    raise Conflict(_("播放凭证不对，这段学习没有计入。请刷新页面。"), code="forged-beat",
                   remember=[lambda: audit.record(actor, "learning.beat.forged", subject, detail)])


def _apply(standing: Row, seq: int, beats: list[rules.Beat]) -> tuple[Answer, Row, bool]:
    received = clock.now_ms()
    ended = rules.end_of(standing.opened_ms, standing.ended_ms, standing.contact_ms, received)
    if ended is not None and received > ended + rules.GRACE_MS:
        raise Conflict(_("这次播放早已结束，请重新打开这节课。"), code="playback-expired")
    numbers = policies.numbers_of_text(standing.policy)
    sitting = rules.Sitting(standing.opened_ms, ended, standing.max_rate_permille, standing.acked_t_ms, standing.granted_ms)
    terms = rules.Terms(standing.duration_ms or 0, numbers.late_after_ms, numbers.late_cap_ms)
    outcome = rules.judge(sitting, beats, received, terms, _late_used(standing, beats, received, terms))
    if ended is not None and not outcome.qualified:
        raise Conflict(_("你在别处打开了学习，这里的播放已结束。"), code="playback-superseded")
    credited = _write(standing, seq, received, ended, beats, outcome)
    answer = _answer(standing, seq, outcome.sitting.acked_t_ms, credited - standing.credited_ms, credited, ended is not None)
    is_new = not standing.is_complete and rules.is_complete(credited, terms.duration_ms, numbers.share_watched_permille)
    return answer, standing, is_new


def _late_used(standing: Row, beats: list[rules.Beat], received: int, terms: rules.Terms) -> int:
    """Late time of the whole course so far; only asked for where a beat of this request is late."""
    if all(received - (standing.opened_ms + b.t_ms) <= terms.late_after_ms for b in beats):
        return 0
    return int(session.scalar(_LATE, {"of_enrolment": standing.enrolment_id}) or 0)


def _write(standing: Row, seq: int, received: int, ended: int | None, beats: list[rules.Beat], outcome: rules.Outcome) -> int:
    """Keep the claims, move the playback on, add to the progress; the lesson's distinct milliseconds afterwards."""
    claims = rules.pack_beats(beats)
    chain = rules.next_link(evidence.chain_key(), standing.chain, seq, received, ended, claims)
    session.execute(_KEEP, {"playback_id": standing.id, "seq": seq, "received_ms": received, "ended_ms": ended,
                            "claims": claims, "chain": chain})
    session.execute(_MOVE_ON, {
        "playback_id": standing.id, "new_last_seq": seq, "new_ended_ms": ended, "new_chain": chain,
        "new_contact_ms": received if ended is None else standing.contact_ms,
        "new_acked_t_ms": outcome.sitting.acked_t_ms, "new_granted_ms": outcome.sitting.granted_ms})
    spans = rules.merge_spans(rules.unpack_spans(standing.spans), [(g.from_ms, g.to_ms) for g in outcome.grants])
    credited = rules.covered_ms(spans)
    if beats:
        session.execute(_ADD, {
            "of_enrolment": standing.enrolment_id, "of_lesson": standing.revision_lesson_id,
            "new_spans": rules.pack_spans(spans), "new_credited_ms": credited,
            "new_late_ms": standing.late_ms + sum(g.to_ms - g.from_ms for g in outcome.grants if g.is_late),
            "new_resume_ms": max(0, min(beats[-1].to_ms, standing.duration_ms or 0))})
    now = clock.now()
    if standing.studied_at is None or now - standing.studied_at > STUDIED_EVERY:
        session.execute(_STUDIED, {"of_enrolment": standing.enrolment_id, "now": now})
    return credited


def _answer(standing: Row, seq: int, acked_t_ms: int, gained_ms: int, credited_ms: int, has_ended: bool = False) -> Answer:
    coverage = credited_ms * 1000 // standing.duration_ms if standing.duration_ms else 0
    return Answer(evidence.nonce_of(standing.code, seq), seq + 1, acked_t_ms, gained_ms, credited_ms, coverage,
                  bool(standing.is_complete), has_ended)
