"""Pure rules of study without a network: the phone's chained record, where a sitting lay in time, what it may count.

A ticket is given while there is a network; what is played under it is kept on the phone, entry by entry, each bound to the one
before it by the ticket's key, and comes in late by design. No clock of a phone is believed: a sitting counts only where it
fits between the ticket and the moment it is sent, and at no moment in which the same person was heard playing something
else. All times are whole milliseconds. (docs/decisions/0024-offline.md)
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from guanxue.learning import rules
from guanxue.learning.rules import Beat, Grant, Outcome, Sitting, Terms
from guanxue.policies import Numbers

CLOCK_MS = 10 * 60_000  # a phone's clock may be wrong by this much, or by as much as it was when the ticket was given
EDGE_MS = 2_000
MOST_TIMES = 3  # a lesson may be played so often under one ticket
MOST_ENTRIES = 100  # of one request
NOW_MS = 60_000  # a player that was heard so short before a sitting's end plays now: beats come every 15 seconds
_ALWAYS = -(10**15)
_MARK_BYTES = 6

TOO_MUCH, AHEAD, BEFORE = "too-much", "clock-ahead", "before-ticket"


@dataclass(frozen=True)
class Entry:
    """One line of the phone's record: the ticket's n-th, of a sitting that began when the phone's clock said `began_ms`.

    `beat.t_ms` counts from there by a clock that nobody sets. A beat of no length at rate 0 is an answer to "still there?".
    """

    number: int
    sitting: int
    began_ms: int
    beat: Beat
    mac: str

    @property
    def mark(self) -> int:
        """What is kept of the mac: enough to tell another entry of the same number."""
        return int(self.mac[:2 * _MARK_BYTES], 16)


def mac_of(key: bytes, before: str, entry: Entry) -> str:
    """What binds an entry to the one before it ("" before the first): 32 hex digits."""
    b = entry.beat
    told = f"{before}/{entry.number}/{entry.sitting}/{entry.began_ms}/{b.t_ms}/{b.from_ms}/{b.to_ms}/{b.rate_permille}"
    return hmac.new(key, told.encode(), hashlib.sha256).hexdigest()[:32]


def is_chained(key: bytes, before: str, entries: Iterable[Entry]) -> bool:
    """Does each entry carry what follows from the one before?"""
    for entry in entries:
        if not hmac.compare_digest(mac_of(key, before, entry).encode(), entry.mac.encode()):
            return False
        before = entry.mac
    return True


# ---- where it lay in time


@dataclass(frozen=True)
class Bounds:
    """When the ticket was given and until when it holds, what the phone's clock said then, and when this was sent, by both."""

    issued_ms: int
    until_ms: int
    phone_issued_ms: int
    received_ms: int
    phone_now_ms: int

    @property
    def skews(self) -> list[int]:
        """By how much the phone's clock was behind ours: now, where it is right or as wrong as it was; and then."""
        now, then = self.received_ms - self.phone_now_ms, self.issued_ms - self.phone_issued_ms
        return [now, then] if abs(now) <= CLOCK_MS or abs(now - then) <= CLOCK_MS else []


def place(bounds: Bounds, began_ms: int, last_t_ms: int) -> int | str:
    """When a sitting began by our clock, or the word for why it cannot have been. `bounds.skews` must not be empty."""
    elapsed = bounds.received_ms - bounds.issued_ms
    if last_t_ms > elapsed * rules.DRIFT_PERMILLE // 1000 + rules.DRIFT_MS:
        return TOO_MUCH
    is_ahead = False
    for skew in bounds.skews:
        opened = began_ms + skew
        if opened + last_t_ms > bounds.received_ms + EDGE_MS:
            is_ahead = True
        elif opened >= bounds.issued_ms - EDGE_MS:
            return max(bounds.issued_ms, min(opened, bounds.received_ms - last_t_ms))
    return AHEAD if is_ahead else BEFORE


# ---- what it counts


def judge(
    sitting: Sitting, beats: Sequence[Beat], received_ms: int, duration_ms: int, most_ms: int, used_ms: int,
    busy: Sequence[tuple[int, int]], checked_ms: int = 0, answered_t_ms: int = 0,
) -> Outcome:
    """Judge a request's beats of one sitting. `used_ms` of the ticket's `most_ms` are used; `late_ms` says how many are then.

    `checked_ms`: no more than this counts after an answer to "still there?", the last of which came before this request at
    `answered_t_ms`; 0 where the policy asks none.
    """
    terms = Terms(duration_ms, _ALWAYS, most_ms)  # everything is late, and the ticket is its bound
    return rules.judge(sitting, _answered(beats, checked_ms, answered_t_ms), received_ms, terms, used_ms, busy)


def last_answer(beats: Sequence[Beat], before_t_ms: int = 0) -> int:
    """When "still there?" was answered last in the sitting, after these beats."""
    return max([before_t_ms, *(b.t_ms for b in beats if is_answer(b))])


def unanswered(beats: Sequence[Beat], checked_ms: int, answered_t_ms: int) -> list[Beat]:
    """The beats played longer than that after the last answer to "still there?"; none where the policy asks none (0)."""
    found, until = [], answered_t_ms + checked_ms
    for beat in beats:
        if is_answer(beat):
            until = beat.t_ms + checked_ms
        if checked_ms and beat.t_ms > until:
            found.append(beat)
    return found


def _answered(beats: Sequence[Beat], checked_ms: int, answered_t_ms: int) -> list[Beat]:
    """The beats, those that are unanswered with nothing played: their moments pass all the same."""
    empty = unanswered(beats, checked_ms, answered_t_ms)
    return [Beat(b.t_ms, b.from_ms, b.from_ms, b.rate_permille) if b in empty else b for b in beats]


def is_answer(beat: Beat) -> bool:
    """Is it an answer to "still there?" rather than something played?"""
    return beat.rate_permille == 0 and beat.from_ms == beat.to_ms


# ---- what is kept of a request, in the place of a beat row's claims


@dataclass(frozen=True)
class Kept:
    """A row's beats, their numbers and marks, and when the person was heard playing elsewhere, as the server knew it then."""

    busy: tuple[tuple[int, int], ...] = ()
    first: int = 1
    marks: tuple[int, ...] = ()
    beats: tuple[Beat, ...] = ()


def pack_row(busy: Sequence[tuple[int, int]], entries: Sequence[Entry]) -> bytes:
    """About 18 bytes an entry, and eight for each moment elsewhere."""
    gaps, last = [], 0
    for begin, end in busy:
        gaps += [begin - last, end - begin]
        last = end
    head = [len(gaps), *gaps, entries[0].number, len(entries), *(e.mark for e in entries)]
    return rules.pack(head) + rules.pack_beats([e.beat for e in entries])


def read_row(data: bytes) -> Kept:
    """What pack_row() packed; nothing where the bytes were spoiled, which the chain tells."""
    try:
        numbers = iter(rules.unpack(data))
        gaps, last, busy = [next(numbers) for _n in range(next(numbers))], 0, []
        for gap, length in zip(gaps[::2], gaps[1::2], strict=True):
            busy.append((last + gap, last + gap + length))
            last += gap + length
        first, count = next(numbers), next(numbers)
        marks = tuple(next(numbers) for _n in range(count))
        beats = tuple(Beat(t, a, a + n, rate) for t, a, n, rate in zip(*[numbers] * 4, strict=True))
        return Kept(tuple(busy), first, marks, beats)
    except (StopIteration, RuntimeError, ValueError):
        return Kept()


# ---- many rows, one after another


def checked_ms(numbers: Numbers) -> int:
    """No more than this counts after an answer to "still there?"; 0 where the policy asks none."""
    return numbers.presence_max_ms + numbers.presence_answer_ms if numbers.presence_max_ms else 0


@dataclass(frozen=True)
class Share:
    """What an enrolment may study without a network: so much of its course, and so much after each answer (0: no end)."""

    course_ms: int
    checked_ms: int

    @classmethod
    def of(cls, numbers: Numbers, lengths_ms: Iterable[int]) -> Share:
        """By a policy's numbers, for lessons that are so long."""
        return cls(sum(lengths_ms) * numbers.offline_share_permille // 1000, checked_ms(numbers))


@dataclass(frozen=True)
class Row:
    """A kept row of a sitting: under which ticket, which may be used for `most_ms`, and what the phone told when.

    `room_ms`: what the policy left of the day on which the sitting began, where it bounds a day.
    """

    ticket_id: int
    most_ms: int
    playback_id: int
    received_ms: int
    claims: bytes
    room_ms: int | None = None


class Judging:
    """Judges rows in the order in which the server received them; remembers what each ticket and the share have left."""

    def __init__(self, share: Share) -> None:
        self.share = share
        self.counted_ms = 0
        self._used: dict[int, int] = {}
        self._answered: dict[int, int] = {}

    def judge(
        self, row: Row, sitting: Sitting, duration_ms: int, spans: list[tuple[int, int]],
        busy: Sequence[tuple[int, int]] = (), *, is_aside: bool = False,
    ) -> tuple[Sitting, tuple[Grant, ...], tuple[Beat, ...]]:
        """(the sitting afterwards, what counts, the beats). `spans`: what counts of the lesson so far; only what is new to
        them uses the share up. `busy`: further moments that belong to others. `is_aside`: nothing of it counts.
        """
        kept = read_row(row.claims)
        elsewhere = rules.merge_spans(list(kept.busy), busy)
        used, answered = self._used.get(row.ticket_id, 0), self._answered.get(row.playback_id, 0)
        outcome = judge(sitting, kept.beats, row.received_ms, duration_ms, row.most_ms, used, elsewhere,
                        self.share.checked_ms, answered)
        self._used[row.ticket_id] = outcome.late_ms
        self._answered[row.playback_id] = last_answer(kept.beats, answered)
        if is_aside:
            return outcome.sitting, (), kept.beats
        room = self.share.course_ms - self.counted_ms
        grants = rules.within_room(spans, outcome.grants, room if row.room_ms is None else min(room, row.room_ms))
        after = rules.merge_spans(spans, [(g.from_ms, g.to_ms) for g in grants])
        self.counted_ms += rules.covered_ms(after) - rules.covered_ms(spans)
        return outcome.sitting, grants, kept.beats
