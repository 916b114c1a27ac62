"""Pure rules of what watching counts: spans, bounds, completion. No database, no clock. All times are whole milliseconds.

The protocol is the player's (docs/decisions/0002-evidence.md): a beat says "at t_ms since opening I had played from…to at
this rate". What it earns is bounded by the beat's own time, by the server's clock, and over the whole playback.
"""

from __future__ import annotations

import hmac
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

SLACK_MS = 250  # a beat may claim this much more than its time: players measure in ticks
DRIFT_PERMILLE, DRIFT_MS = 1001, 2000  # a client's clock may run this much ahead of ours
SILENCE_ENDS_MS = 24 * 3_600_000
GRACE_MS = 24 * 3_600_000
MOST_BEATS = 500


@dataclass(frozen=True)
class Beat:
    """A claim: played [from_ms, to_ms) and was done at t_ms after opening, at rate_permille of real time."""

    t_ms: int
    from_ms: int
    to_ms: int
    rate_permille: int


@dataclass(frozen=True)
class Sitting:
    """Where a playback stands: fixed bounds, what was acknowledged, what was granted so far (repeats included)."""

    opened_ms: int
    ended_ms: int | None
    max_rate_permille: int
    acked_t_ms: int = 0
    granted_ms: int = 0


@dataclass(frozen=True)
class Terms:
    """What the pinned policy and lesson say: the lesson's length; for how long a claim is on time, and how much of what is
    late counts; how often players tell.

    No beat is on time for longer than that, or than two that players tell, however short ago it ended: else a dead line told
    as one long beat would count for what it does not count for told as many.
    """

    duration_ms: int
    late_after_ms: int
    late_cap_ms: int
    beat_ms: int = 0

    @property
    def longest_ms(self) -> int:
        """For so much of its time a beat is on time."""
        return max(self.late_after_ms, 2 * self.beat_ms)


@dataclass(frozen=True)
class Grant:
    """A span that counts, of the beat that was done at `t_ms`; `late_ms` of it came long after its moment."""

    from_ms: int
    to_ms: int
    late_ms: int
    t_ms: int


@dataclass(frozen=True)
class Outcome:
    """What one request earned: the sitting after it, the grants, late time used so far, how many beats qualified."""

    sitting: Sitting
    grants: tuple[Grant, ...]
    late_ms: int
    qualified: int


def judge(
    sitting: Sitting, beats: Iterable[Beat], received_ms: int, terms: Terms, late_ms: int,
    busy: Sequence[tuple[int, int]] = (),
) -> Outcome:
    """Judge the beats of one request in their order. `late_ms` is the late time granted in the course before.

    `busy`: when the same person was playing elsewhere (epoch milliseconds, sorted, disjoint); those moments earn nothing here.
    """
    grants: list[Grant] = []
    acked, granted = sitting.acked_t_ms, sitting.granted_ms
    elapsed = received_ms - sitting.opened_ms
    latest = elapsed * DRIFT_PERMILLE // 1000 + DRIFT_MS
    window = max(0, min(received_ms, sitting.ended_ms or received_ms) - sitting.opened_ms)
    qualified = 0
    for beat in beats:
        if beat.t_ms > latest or (sitting.ended_ms is not None and sitting.opened_ms + beat.t_ms > sitting.ended_ms):
            continue  # not its time yet, or after the end: neither counted nor acknowledged
        qualified += 1
        if beat.t_ms <= acked:
            continue
        rate = min(beat.rate_permille, sitting.max_rate_permille)
        time = beat.t_ms - acked
        if busy:
            time = free_ms(sitting.opened_ms + acked, sitting.opened_ms + beat.t_ms, busy)
        budget = time * rate // 1000 + (SLACK_MS if time == beat.t_ms - acked else 0)
        left = window * sitting.max_rate_permille // 1000 - granted
        length = min(min(beat.to_ms, terms.duration_ms) - beat.from_ms, budget, left)
        late = max(0, length - _on_time_ms(sitting.opened_ms, acked, beat.t_ms, rate, budget, received_ms, terms, busy))
        excess = max(0, late - max(0, terms.late_cap_ms - late_ms))
        length, late = max(0, length - excess), late - excess
        acked, granted = beat.t_ms, granted + length
        if length:
            late_ms += late
            grants.append(Grant(beat.from_ms, beat.from_ms + length, late, beat.t_ms))
    return Outcome(replace(sitting, acked_t_ms=acked, granted_ms=granted), tuple(grants), late_ms, qualified)


def _on_time_ms(opened_ms: int, acked: int, t_ms: int, rate: int, budget: int, received_ms: int, terms: Terms,
                busy: Sequence[tuple[int, int]]) -> int:
    """How much of a beat's budget is on time: none where its end is late, of a long one what was played last."""
    if received_ms - (opened_ms + t_ms) > terms.late_after_ms:
        return 0
    if t_ms - acked <= terms.longest_ms:
        return budget
    return free_ms(opened_ms + t_ms - terms.longest_ms, opened_ms + t_ms, busy) * rate // 1000


def is_any_late(opened_ms: int, acked_t_ms: int, beats: Iterable[Beat], received_ms: int, terms: Terms) -> bool:
    """Does any of a request's beats tell of something long after its moment?"""
    for beat in beats:
        if received_ms - (opened_ms + beat.t_ms) > terms.late_after_ms or beat.t_ms - acked_t_ms > terms.longest_ms:
            return True
        acked_t_ms = max(acked_t_ms, beat.t_ms)
    return False


def free_ms(begin_ms: int, end_ms: int, busy: Sequence[tuple[int, int]]) -> int:
    """How much of [begin, end) lies outside the busy spans."""
    free = end_ms - begin_ms
    for n in range(bisect_right(busy, begin_ms, key=lambda span: span[1]), len(busy)):
        begin, end = busy[n]
        if begin >= end_ms:
            break
        free -= min(end, end_ms) - max(begin, begin_ms)
    return free


def busy_spans(
    sitting: Sitting, beats: Iterable[Beat], received_ms: int, terms: Terms, busy: Sequence[tuple[int, int]] = (),
) -> tuple[Sitting, list[tuple[int, int]]]:
    """(the sitting after a request, when its beats were really playing): each grant, at its rate, up to its beat's moment.

    `busy`: as judge() takes it; those moments belong to others.
    """
    found = []
    for beat in beats:
        outcome = judge(sitting, [beat], received_ms, terms, 0, busy)
        rate = max(1, min(beat.rate_permille, sitting.max_rate_permille))
        played = sum(-(-(g.to_ms - g.from_ms) * 1000 // rate) for g in outcome.grants)
        begin, until = sitting.opened_ms + sitting.acked_t_ms, sitting.opened_ms + beat.t_ms
        found += _last_of(gaps(list(busy), begin, until) if busy else [(begin, until)], played)
        sitting = outcome.sitting
    return sitting, found


def _last_of(spans: list[tuple[int, int]], length_ms: int) -> list[tuple[int, int]]:
    """The end of the spans that is that long, or all of them."""
    found = []
    for begin, end in reversed(spans):
        taken = min(length_ms, end - begin)
        if taken > 0:
            found.append((end - taken, end))
            length_ms -= taken
    return found[::-1]


def within_room(spans: list[tuple[int, int]], grants: Iterable[Grant], room_ms: int) -> tuple[Grant, ...]:
    """The grants, in their order, until they have added `room_ms` of new milliseconds to the spans; repeats cost nothing."""
    kept: list[Grant] = []
    for grant in grants:
        for begin, end in gaps(spans, grant.from_ms, grant.to_ms):
            if end - begin > room_ms:  # the room ends inside what is new
                if begin + room_ms > grant.from_ms:
                    late = min(grant.late_ms, begin + room_ms - grant.from_ms)  # what was played first is what came late
                    kept.append(replace(grant, to_ms=begin + room_ms, late_ms=late))
                return tuple(kept)
            room_ms -= end - begin
        kept.append(grant)
        spans = merge_spans(spans, [(grant.from_ms, grant.to_ms)])
    return tuple(kept)


def gaps(spans: Sequence[tuple[int, int]], begin: int, end: int) -> list[tuple[int, int]]:
    """The parts of [begin, end) that no span covers; spans sorted and disjoint."""
    found = []
    for a, b in spans:
        if b <= begin or a >= end:
            continue
        if a > begin:
            found.append((begin, a))
        begin = max(begin, b)
    return [*found, (begin, end)] if begin < end else found


def end_of(opened_ms: int, ended_ms: int | None, contact_ms: int, now_ms: int) -> int | None:
    """When the playback ended: when it was ended, or a day after it was last heard; None while it is open."""
    if ended_ms is not None:
        return ended_ms
    return contact_ms + SILENCE_ENDS_MS if now_ms - contact_ms > SILENCE_ENDS_MS else None


# ---- spans: sorted, disjoint, half-open


def merge_spans(spans: list[tuple[int, int]], new: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The union, sorted and disjoint; touching spans become one."""
    merged: list[tuple[int, int]] = []
    for begin, end in sorted([*spans, *((a, b) for a, b in new if b > a)]):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged


def covered_ms(spans: Iterable[tuple[int, int]]) -> int:
    """How many distinct milliseconds."""
    return sum(end - begin for begin, end in spans)


def is_complete(credited_ms: int, duration_ms: int, share_permille: int) -> bool:
    """Does enough of the lesson count? An empty lesson never completes by itself."""
    return duration_ms > 0 and credited_ms * 1000 >= duration_ms * share_permille


def needed_ms(duration_ms: int, share_permille: int) -> int:
    """How much of a lesson completes it."""
    return -(-duration_ms * share_permille // 1000)


# ---- one person, two accounts


@dataclass(frozen=True)
class Standing:
    """How one account stands in a course: left, studied, complete."""

    is_complete: bool
    has_study: bool
    is_left: bool


KEEP, REFUSE, FINISHED, STUDY, PLACE = "keep", "refuse", "finished", "study", "place"


def join(theirs: Standing, mine: Standing | None, *, holds: bool) -> str:
    """What the merged account's enrolment becomes beside the one that stays: `holds` says whether its completion still
    stands without the moments in which the other account played too.

    KEEP: nothing is carried over; REFUSE: its completion does not stand; FINISHED: its completion counts; STUDY: what was
    studied counts; PLACE: only the place in the course.
    """
    if mine is not None and mine.is_complete:
        return KEEP
    if theirs.is_complete:
        return FINISHED if holds else REFUSE
    if theirs.has_study:
        return STUDY
    return PLACE if mine is None or (mine.is_left and not theirs.is_left) else KEEP


# ---- packing


def pack(numbers: Iterable[int]) -> bytes:
    """Whole numbers ≥ 0 in as few bytes as they need (LEB128)."""
    out = bytearray()
    for number in numbers:
        while number > 127:
            out.append(number & 127 | 128)
            number >>= 7
        out.append(number)
    return bytes(out)


def unpack(data: bytes) -> list[int]:
    """What pack() packed."""
    numbers, number, shift = [], 0, 0
    for byte in data:
        number |= (byte & 127) << shift
        if byte & 128:
            shift += 7
        else:
            numbers.append(number)
            number, shift = 0, 0
    return numbers


def pack_beats(beats: Iterable[Beat]) -> bytes:
    """Claims as they came, about ten bytes each."""
    return pack(n for b in beats for n in (b.t_ms, b.from_ms, b.to_ms - b.from_ms, b.rate_permille))


def unpack_beats(data: bytes) -> list[Beat]:
    """What pack_beats() packed."""
    numbers = unpack(data)
    return [Beat(t, begin, begin + length, rate) for t, begin, length, rate in zip(*[iter(numbers)] * 4, strict=True)]


def end_with_rests(
    began: datetime, end: datetime, rests: Iterable[tuple[datetime, datetime | None]], now: datetime,
) -> datetime:
    """When something that was to run from `began` to `end` ends, where it stands still in rests (in order, None: goes on)."""
    heard = began
    for rest_began, rest_ended in rests:
        from_at, to_at = max(rest_began, heard), min(rest_ended or now, now)
        if from_at >= end:
            break
        if to_at > from_at:
            end, heard = end + (to_at - from_at), to_at
    return end


def read_beats(data: bytes) -> list[Beat]:
    """What pack_beats() packed; nothing where the bytes were spoiled, which the chain tells."""
    try:
        return unpack_beats(data)
    except ValueError:
        return []


def pack_spans(spans: Iterable[tuple[int, int]]) -> bytes:
    """Sorted disjoint spans as gaps and lengths."""
    numbers, last = [], 0
    for begin, end in spans:
        numbers += [begin - last, end - begin]
        last = end
    return pack(numbers)


def unpack_spans(data: bytes) -> list[tuple[int, int]]:
    """What pack_spans() packed."""
    spans, last = [], 0
    numbers = unpack(data)
    for gap, length in zip(numbers[::2], numbers[1::2], strict=True):
        spans.append((last + gap, last + gap + length))
        last += gap + length
    return spans


def first_link(key: bytes, code: str, person_id: int, revision_lesson_id: int, opened_ms: int, max_rate_permille: int) -> bytes:
    """The beginning of a playback's chain: what was fixed when it opened, under the server's key."""
    fixed = f"{code}/{person_id}/{revision_lesson_id}/{opened_ms}/{max_rate_permille}"
    return hmac.digest(key, fixed.encode(), "sha256")


def next_link(key: bytes, chain: bytes, seq: int, received_ms: int, ended_ms: int | None, claims: bytes,
              room_ms: int | None = None) -> bytes:
    """The chain after one more row: no row can be changed, dropped or put in without breaking it."""
    room = "" if room_ms is None else f":{room_ms}"
    return hmac.digest(key, chain + f"{seq}/{received_ms}/{ended_ms or 0}{room}/".encode() + claims, "sha256")


def nonce_of(key: bytes, code: str, n: int) -> str:
    """The word that the request of seq n+1 of that playback must carry; nothing to store."""
    return hmac.digest(key, f"{code}/{n}".encode(), "sha256").hex()[:32]
