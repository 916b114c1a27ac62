"""Study without a network, on the server's side: tickets are given, what the phone kept under them is judged and counted.

The rules are in sittings.py. What was sent is kept as a playback's rows like any other evidence, with the moments that were
known to belong to other playbacks, so that evidence.derive_spans() comes to the same.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import func, or_, select

from guanxue import accounts, audit, classes, courses, policies
from guanxue.core import clock, events
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Conflict
from guanxue.core.i18n import lazy as _
from guanxue.core.settings import settings
from guanxue.courses import RevisionLesson
from guanxue.learning import carried, days, evidence, rules, sittings
from guanxue.learning.errors import LessonNotReady, NoSuchTicket, NotEnrolled, NotYourTicket
from guanxue.learning.events import LessonCompleted
from guanxue.learning.models import BeatRow, Enrolment, Playback, Ticket
from guanxue.learning.queries import answered_t_ms, enrolment_for_lesson, lesson_progress, progress_rows
from guanxue.learning.service import complete_course
from guanxue.learning.sittings import Bounds, Entry


@dataclass(frozen=True)
class Refusal:
    """Something that does not count, in a sentence; `ms` of playing, 0 where that cannot be said."""

    code: str
    message: object
    ms: int = 0


@dataclass(frozen=True)
class Synced:
    """What a request of the phone came to: entries that are here, what it gained, where the lesson stands, what was refused."""

    acked: int
    gained_ms: int
    credited_ms: int
    coverage_permille: int
    is_complete: bool
    refused: tuple[Refusal, ...] = ()


def secret_of(code: str) -> bytes:
    """The key under which the phone chains its record: told once, with the ticket; nothing to store."""
    return hmac.new(settings().derive_key("ticket"), code.encode(), hashlib.sha256).digest()


# ---- giving


def issue_ticket(actor: Actor, lesson: RevisionLesson, device: str, phone_ms: int) -> Ticket:
    """A new ticket for the lesson on that device, whose clock says `phone_ms`. Raises NotEnrolled, LessonNotReady, Conflict."""
    enrolment = enrolment_for_lesson(actor, lesson)
    if lesson.kind == "quiz":
        raise LessonNotReady(_("考核要连网做，不能下载。"))
    if lesson.duration_ms is None:
        raise LessonNotReady(_("这节课的视频还在制作，请稍后再来。"))
    courses.must_not_rest(lesson)
    numbers = policies.get_policy(enrolment.policy_id).numbers
    if not numbers.is_offline_counted:
        raise Conflict(_("这门课的规定不计离线学习的时间。"), code="not-offline")
    now = clock.now_ms()
    ticket = Ticket(
        code=secrets.token_urlsafe(15), person_id=actor.id, enrolment_id=enrolment.id, revision_lesson_id=lesson.id,
        device=device, issued_ms=now, until_ms=now + numbers.offline_window_ms, phone_issued_ms=phone_ms,
        most_ms=lesson.duration_ms * sittings.MOST_TIMES, entries=0, head="",
        max_rate_permille=numbers.max_rate_permille if lesson.kind == "video" else 1000)
    session.add(ticket)
    session.flush()
    audit.record(actor, "learning.ticket.issued", f"ticket:{ticket.id}", {"lesson": lesson.id})
    return ticket


# ---- taking back


def find_own_ticket(actor: Actor, code: str) -> Ticket:
    """The actor's ticket. Raises NoSuchTicket, NotYourTicket, NotEnrolled after leaving."""
    ticket = session.scalar(select(Ticket).where(Ticket.code == code))
    if ticket is None:
        raise NoSuchTicket(_("没有这张离线票。"))
    if ticket.person_id != actor.id:
        if ticket.person_id in accounts.merged_into(actor.id):
            raise NotYourTicket(_("这节课是账号合并以前、用另一个账号下载的，离线学的时间不能再计入。请重新下载。"))
        raise NotYourTicket(_("这张离线票是别人的，用它学的时间不能算给你。"))
    if session.get(Enrolment, ticket.enrolment_id).left_at is not None:
        raise NotEnrolled(_("你已退出这门课。"))
    return ticket


def sync_ticket(actor: Actor, code: str, device: str, lesson_id: int, phone_now_ms: int, entries: Sequence[Entry]) -> Synced:
    """Take what the phone kept under the ticket; again is the same. Entries in the order of their numbers.

    Raises what find_own_ticket() raises, and Conflict: another-revision, two-phones, phone-clock, sequence-gap, forged-chain.
    """
    accounts.lock_person(actor.id)
    ticket = find_own_ticket(actor, code)
    session.refresh(ticket, with_for_update=True)
    _lock_beside(actor.id, ticket)
    _must_fit(actor, ticket, device, lesson_id, phone_now_ms)
    new = _new_of(actor, ticket, entries)
    enrolment, lesson = session.get(Enrolment, ticket.enrolment_id), courses.get_revision_lesson(ticket.revision_lesson_id)
    before = lesson_progress(enrolment, lesson).credited_ms
    refused: list[Refusal] = []
    if new:
        until = _until(ticket, enrolment, lesson)
        bounds = Bounds(ticket.issued_ms, until, ticket.phone_issued_ms, clock.now_ms(), phone_now_ms)
        for _number, group in groupby(new, key=lambda e: e.sitting):
            refused += _take(actor, ticket, lesson, bounds, list(group))
        ticket.entries, ticket.head = new[-1].number, new[-1].mac
        session.flush()
        refused += _count(ticket.enrolment_id)
    progress = lesson_progress(session.get(Enrolment, ticket.enrolment_id), lesson)
    return Synced(ticket.entries, max(0, progress.credited_ms - before), progress.credited_ms, progress.coverage_permille,
                  progress.is_complete, tuple(refused))


def _lock_beside(person_id: int, ticket: Ticket) -> None:
    """Queue up behind the beats of whatever may have played meanwhile, in the order in which they lock."""
    session.execute(select(Playback.id).where(
        Playback.person_id.in_([person_id, *accounts.merged_into(person_id)]),
        or_(Playback.ended_ms.is_(None), Playback.ended_ms > ticket.issued_ms)).order_by(Playback.id).with_for_update())


def _must_fit(actor: Actor, ticket: Ticket, device: str, lesson_id: int, phone_now_ms: int) -> None:
    enrolment = session.get(Enrolment, ticket.enrolment_id)
    lesson = courses.get_revision_lesson(ticket.revision_lesson_id)
    if lesson_id != lesson.id or lesson.revision_id not in carried.pinned_ids(enrolment):
        raise Conflict(_("记录的是另一个版本的课，不能算到这个版本上。"), code="another-revision",
                       remember=[_remembered(actor, ticket, "another-revision", {"lesson": lesson_id})])
    if device != ticket.device:
        raise Conflict(_("这张离线票是在另一部手机上下载的：一张票只能在一部手机上用。"), code="two-phones",
                       remember=[_remembered(actor, ticket, "two-phones", {"device": device})])
    now = clock.now_ms()
    if not Bounds(ticket.issued_ms, ticket.until_ms, ticket.phone_issued_ms, now, phone_now_ms).skews:
        raise Conflict(_("手机的时间不对（和标准时间差 %(n)s）。请在手机设置里打开“自动确定时间”，再上传一次；记录还在手机上。",
                         n=_span(abs(now - phone_now_ms))), code="phone-clock",
                       remember=[_remembered(actor, ticket, "phone-clock", {"ahead_ms": phone_now_ms - now})])


def _span(ms: int) -> object:
    minutes = ms // 60_000
    if minutes < 120:
        return _("%(n)s 分钟", n=minutes)
    return _("%(n)s 小时", n=minutes // 60) if minutes < 48 * 60 else _("%(n)s 天", n=minutes // 1440)


def _new_of(actor: Actor, ticket: Ticket, entries: Sequence[Entry]) -> list[Entry]:
    """The entries that are not here yet, all of them genuine."""
    known = _marks(ticket) if entries and entries[0].number <= ticket.entries else {}
    if any(known.get(e.number, e.mark) != e.mark for e in entries):
        raise Conflict(_("另一部手机已经用这张离线票上传过别的记录：一张票只能在一部手机上用。"), code="two-phones",
                       remember=[_remembered(actor, ticket, "two-phones", {"entries": len(entries)})])
    new = [e for e in entries if e.number > ticket.entries]
    if new and new[0].number > ticket.entries + 1:
        raise Conflict(_("前面的记录还没有收到，请从这里重新上传。"), code="sequence-gap", extra={"acked": ticket.entries})
    in_order = [e.number for e in new] == list(range(ticket.entries + 1, ticket.entries + 1 + len(new)))
    if not in_order or not sittings.is_chained(secret_of(ticket.code), ticket.head, new):
        raise Conflict(_("离线学习的记录被改动过，不能计入。"), code="forged-chain",
                       remember=[_remembered(actor, ticket, "forged-chain", {"entries": len(new)})])
    return new


def _marks(ticket: Ticket) -> dict[int, int]:
    """By number: what was kept of the macs of entries that are here."""
    found: dict[int, int] = {}
    for claims in session.scalars(select(BeatRow.claims).join(Playback, Playback.id == BeatRow.playback_id)
                                  .where(Playback.ticket_id == ticket.id)):
        kept = sittings.read_row(claims)
        found |= {kept.first + n: mark for n, mark in enumerate(kept.marks)}
    return found


def _remembered(actor: Actor, ticket: Ticket, why: str, detail: dict):
    subject = f"ticket:{ticket.id}"
    return lambda: audit.record(actor, "learning.offline.refused", subject, {"why": why, **detail})


def _until(ticket: Ticket, enrolment: Enrolment, lesson: RevisionLesson) -> int:
    """Until when study under the ticket counts: also no longer than its revision was theirs."""
    moved = carried.moved_at(enrolment, lesson.revision_id) if lesson.revision_id != enrolment.revision_id else None
    return min(ticket.until_ms, int(moved.timestamp() * 1000)) if moved else ticket.until_ms


# ---- one sitting


def _take(actor: Actor, ticket: Ticket, lesson: RevisionLesson, bounds: Bounds, entries: list[Entry]) -> list[Refusal]:
    """Keep and judge one request's entries of a sitting; what of it does not count."""
    code, last_t = f"{ticket.code}.{entries[0].sitting}", max(e.beat.t_ms for e in entries)
    playback = session.scalar(select(Playback).where(Playback.code == code))
    opened = playback.opened_ms if playback else sittings.place(bounds, entries[0].began_ms, last_t)
    if isinstance(opened, str):
        played = _played(entries)
        audit.record(actor, "learning.offline.refused", f"ticket:{ticket.id}", {
            "why": opened, "began_ms": entries[0].began_ms, "phone_now_ms": bounds.phone_now_ms, "first": entries[0].number,
            "claims": [[e.beat.t_ms, e.beat.from_ms, e.beat.to_ms, e.beat.rate_permille] for e in entries]})
        return [Refusal(opened, _why(opened, bounds, last_t), played)]
    playback = playback or _open(ticket, lesson, code, opened)
    span = (opened + playback.acked_t_ms, opened + last_t)
    busy = _elsewhere(actor.id, playback, span)
    return _keep(ticket, playback, lesson, bounds, busy, entries)


def _played(entries: Sequence[Entry]) -> int:
    return _length(e.beat for e in entries)


def _length(beats: Iterable[rules.Beat]) -> int:
    return sum(b.to_ms - b.from_ms for b in beats)


def _why(code: str, bounds: Bounds, last_t: int) -> object:
    since = bounds.received_ms - bounds.issued_ms
    if code == sittings.TOO_MUCH:
        return _("下载才过了 %(a)s，却记了 %(b)s，这段不能计入。", a=_span(since), b=_span(last_t))
    if code == sittings.AHEAD:
        return _("这段学习记在将来的时间：当时手机的时间快了，不能计入。请打开“自动确定时间”。")
    return _("这段学习记在下载以前：当时手机的时间慢了，不能计入。请打开“自动确定时间”。")


def _open(ticket: Ticket, lesson: RevisionLesson, code: str, opened_ms: int) -> Playback:
    playback = Playback(
        code=code, person_id=ticket.person_id, enrolment_id=ticket.enrolment_id, revision_lesson_id=lesson.id, key=None,
        opened_ms=opened_ms, ended_ms=opened_ms, max_rate_permille=ticket.max_rate_permille, contact_ms=opened_ms,
        last_seq=0, acked_t_ms=0, granted_ms=0, ticket_id=ticket.id,
        chain=rules.first_link(evidence.chain_key(), code, ticket.person_id, lesson.id, opened_ms, ticket.max_rate_permille))
    session.add(playback)
    session.flush()
    return playback


def _elsewhere(person_id: int, playback: Playback, span: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """When the person (under any account of theirs) was heard playing something else in that span, or sat in a class that
    counts already.

    What of it was not heard yet can no longer be claimed: an open playback ends where this begins to count. One that was opened
    after the sitting began and plays now keeps those moments: the time that sending took places a sitting too late.
    """
    begin, end = span
    people = [person_id, *accounts.merged_into(person_id)]
    others = session.scalars(select(Playback).where(
        Playback.person_id.in_(people), Playback.id != playback.id, Playback.opened_ms < end,
        or_(Playback.ended_ms.is_(None), Playback.ended_ms > begin))
        .order_by(Playback.id).execution_options(populate_existing=True)).all()
    kept: list[tuple[int, int]] = []
    for other in others:
        last, ended = other.opened_ms + other.acked_t_ms, evidence.end_of(other)
        heard = max(begin, last)
        if other.ticket_id is not None or heard >= end or (ended is not None and ended <= heard):
            continue
        if other.opened_ms > playback.opened_ms and end - last <= sittings.NOW_MS:
            kept.append((heard, end if ended is None else min(ended, end)))
        else:
            other.ended_ms = heard
    session.flush()
    named = carried.names_of(others)
    spans = [(max(a, begin), min(b, end)) for a, b in carried.busy_of(named) if a < end and b > begin] if named else []
    return tuple(rules.merge_spans(spans, [*kept, *(span for _at, span in classes.counted_spans(people, begin, end))]))


def _keep(ticket: Ticket, playback: Playback, lesson: RevisionLesson, bounds: Bounds, busy: Sequence[tuple[int, int]],
          entries: list[Entry]) -> list[Refusal]:
    """Write the row, move the playback on; what does not count of it."""
    enrolment = evidence.lock_enrolment(ticket.enrolment_id)
    used = session.scalar(select(func.coalesce(func.sum(Playback.granted_ms), 0)).where(Playback.ticket_id == ticket.id))
    claims = sittings.pack_row(busy, entries)
    beats, seq, received, until = [e.beat for e in entries], playback.last_seq + 1, bounds.received_ms, bounds.until_ms
    sitting = rules.Sitting(playback.opened_ms, until, playback.max_rate_permille, playback.acked_t_ms, playback.granted_ms)
    checked, answered = evidence.share_of(enrolment).checked_ms, answered_t_ms(playback.id, seq)
    outcome = sittings.judge(sitting, beats, received, lesson.duration_ms or 0, ticket.most_ms, int(used), busy,
                             checked, answered)
    cap = policies.get_policy(enrolment.policy_id).numbers.daily_cap_ms
    room = days.room_of(ticket.person_id, playback.opened_ms, cap) if cap else None
    was_ms = _credited(enrolment) if cap else 0
    playback.chain = rules.next_link(evidence.chain_key(), playback.chain, seq, received, until, claims, room)
    session.add(BeatRow(playback_id=playback.id, seq=seq, received_ms=received, ended_ms=until, room_ms=room, claims=claims))
    before = playback.acked_t_ms
    playback.last_seq, playback.acked_t_ms, playback.granted_ms = seq, outcome.sitting.acked_t_ms, outcome.sitting.granted_ms
    playback.ended_ms = playback.contact_ms = playback.opened_ms + playback.acked_t_ms
    enrolment.studied_at = clock.now()
    session.flush()
    if room is not None:
        days.count(ticket.person_id, playback.opened_ms, gained := _credited(enrolment) - was_ms)
        if gained >= room and gained < _sum(outcome.grants):
            return [Refusal("day", _("那一天能计的学习时间满了，多的不计。"))]
    new, silent = [b for b in beats if b.t_ms > before], sittings.unanswered(beats, checked, answered)
    return _refusals(playback, bounds, busy, new, silent,
                     is_used_up=int(used) + _sum(outcome.grants) >= ticket.most_ms and _sum(outcome.grants) < _played(entries))


def _credited(enrolment: Enrolment) -> int:
    """What counts of the course by all that is kept; of one lesson would miss what counts for another in a mended revision."""
    return sum(x.credited_ms for x in evidence.derive_spans(enrolment).values())


def _sum(grants: Sequence[rules.Grant]) -> int:
    return sum(g.to_ms - g.from_ms for g in grants)


def _refusals(playback: Playback, bounds: Bounds, busy: Sequence[tuple[int, int]], beats: Sequence[rules.Beat],
              unanswered: Sequence[rules.Beat], *, is_used_up: bool) -> list[Refusal]:
    found = []
    if overlap := rules.covered_ms(busy):
        found.append(Refusal("overlap", _("有 %(n)s 和你联网学习或上课的时间重叠，只算一次。", n=_brief(overlap)), overlap))
    latest = (bounds.received_ms - playback.opened_ms) * rules.DRIFT_PERMILLE // 1000 + rules.DRIFT_MS
    late = [b for b in beats if playback.opened_ms + b.t_ms > bounds.until_ms]
    if late:
        told = _("有一段是离线票到期以后学的，不能计入。连网时请重新下载。")
        found.append(Refusal("ticket-expired", told, _length(late)))
    ahead = [b for b in beats if b.t_ms > latest and b not in late]
    if ahead:
        is_too_much = ahead[-1].t_ms > bounds.received_ms - bounds.issued_ms + rules.DRIFT_MS
        code = sittings.TOO_MUCH if is_too_much else sittings.AHEAD
        found.append(Refusal(code, _why(code, bounds, ahead[-1].t_ms), _length(ahead)))
    silent = _length(b for b in beats if b in unanswered and b not in late and b not in ahead)
    if silent:
        told = _("问“你还在学吗？”以后没有点“我在学”，%(n)s 不能计入。", n=_brief(silent))
        found.append(Refusal("unanswered", told, silent))
    if is_used_up:
        found.append(Refusal("ticket-used", _("这张离线票能计的时间用完了。连网时请重新下载。")))
    return found


def _brief(ms: int) -> object:
    return _("%(n)s 分钟", n=ms // 60_000) if ms >= 60_000 else _("%(n)s 秒", n=-(-ms // 1000))


# ---- what it adds up to


def _count(enrolment_id: int) -> list[Refusal]:
    """Make the cache anew from all evidence, and complete what is complete now."""
    enrolment = evidence.lock_enrolment(enrolment_id)
    were = {lesson_id for lesson_id, row in progress_rows(enrolment.id).items() if row.is_complete}
    evidence.rebuild_progress(enrolment)
    for lesson_id, row in progress_rows(enrolment.id).items():
        if row.is_complete and lesson_id not in were:
            events.emit(LessonCompleted(enrolment.person_id, lesson_id, enrolment.id))
    complete_course(enrolment)
    share = policies.get_policy(enrolment.policy_id).numbers.offline_share_permille
    if share < 1000 and _counted_offline(enrolment) >= evidence.share_of(enrolment).course_ms:
        return [Refusal("share", _("这门课最多 %(n)s%% 可以离线学，已经到了；其余的请联网学。", n=share // 10))]
    return []


def _counted_offline(enrolment: Enrolment) -> int:
    return sum(x.offline_ms for x in evidence.derive_spans(enrolment).values())
