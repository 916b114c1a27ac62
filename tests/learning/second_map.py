"""The player's protocol once more, in the plainest words: a map of every millisecond of every lesson, and no cleverness.

An oracle for tests. It knows the rules from docs/decisions/0002-evidence.md alone and imports nothing of ours, so that a
fault in the code is not its fault as well. All times are whole milliseconds, rates are permille.
"""

from __future__ import annotations

from dataclasses import dataclass, field

DAY = 24 * 3_600_000


@dataclass
class Rules:
    """What a policy says."""

    max_rate: int
    late_after: int
    late_cap: int
    share: int


@dataclass
class Lesson:
    """A lesson as one person knows it: which of its milliseconds they have seen."""

    duration: int
    max_rate: int
    seen: bytearray = field(default_factory=bytearray)
    late: int = 0
    is_complete: bool = False

    def __post_init__(self) -> None:
        self.seen = bytearray(self.duration)


@dataclass
class Playback:
    """A sitting before a lesson."""

    lesson: int
    key: str | None
    opened: int
    contact: int
    ended: int | None = None
    acked: int = 0
    granted: int = 0
    last_seq: int = 0
    heard: int = 0  # when its newest beat came


@dataclass
class Told:
    """What the server has to answer."""

    status: int
    word: str = ""
    gained: int = 0
    credited: int = 0
    acked: int = 0
    next_seq: int = 0
    is_complete: bool = False


class Person:
    """One learner in one course."""

    def __init__(self, rules: Rules, durations: list[int], rates: list[int]) -> None:
        self.rules = rules
        self.lessons = [Lesson(d, r) for d, r in zip(durations, rates, strict=True)]
        self.playbacks: list[Playback] = []
        self.is_in = True

    def open(self, lesson: int, key: str | None, now: int) -> tuple[int, bool]:
        """(number of the playback, is it new)."""
        for n, p in enumerate(self.playbacks):
            if key is not None and p.key == key and p.lesson == lesson:
                return n, False
        self._end_all(now)
        self.playbacks.append(Playback(lesson, key, now, now))
        return len(self.playbacks) - 1, True

    def _end_all(self, now: int) -> None:
        for p in self.playbacks:
            if p.ended is None:
                p.ended = min(now, p.contact + DAY)

    def leave(self, now: int) -> None:
        """Out of the course; what was seen stays."""
        self.is_in = False
        self._end_all(now)

    def end_of(self, p: Playback, now: int) -> int | None:
        """When it ended; None while it is open."""
        if p.ended is not None:
            return p.ended
        return p.contact + DAY if now > p.contact + DAY else None

    def close(self, number: int, now: int) -> None:
        """End it now."""
        p = self.playbacks[number]
        if self.end_of(p, now) is None:
            p.ended = p.contact = now

    def beat(self, number: int, seq: int, beats: list[tuple[int, int, int, int]], now: int, *, is_genuine: bool = True) -> Told:
        """One request of (t, from, to, rate) beats."""
        p = self.playbacks[number]
        if not self.is_in:
            return Told(403)
        if not is_genuine:
            return Told(409, "forged-beat")
        if seq <= p.last_seq:
            return self._state(p, 0)
        if self._is_any_late(p, beats, now):  # late time is one budget: no two come at once
            now = max(now, *(other.heard + 1 for other in self.playbacks if other is not p), 0)
        ended = self.end_of(p, now)
        if ended is not None and now > ended + DAY:
            return Told(409, "playback-expired")
        latest = (now - p.opened) * 1001 // 1000 + 2000
        due = [b for b in beats if b[0] <= latest and (ended is None or p.opened + b[0] <= ended)]
        if ended is not None and not due:
            return Told(409, "playback-superseded")
        before = sum(self.lessons[p.lesson].seen)
        for b in due:
            self._count(p, b, now, ended)
        p.last_seq, p.heard = seq, now
        if ended is None:
            p.contact = now
        else:
            p.ended = ended
        lesson = self.lessons[p.lesson]
        if sum(lesson.seen) * 1000 >= lesson.duration * self.rules.share:
            lesson.is_complete = True
        return self._state(p, sum(lesson.seen) - before)

    def _is_any_late(self, p: Playback, beats: list[tuple[int, int, int, int]], now: int) -> bool:
        last = p.acked
        for t, _begin, _end, _rate in beats:
            if now - (p.opened + t) > self.rules.late_after or t - last > self.rules.late_after:
                return True
            last = max(last, t)
        return False

    def _count(self, p: Playback, beat: tuple[int, int, int, int], now: int, ended: int | None) -> None:
        t, begin, end, rate = beat
        if t <= p.acked:
            return
        lesson = self.lessons[p.lesson]
        played = (t - p.acked) * min(rate, lesson.max_rate) // 1000 + 250
        window = max(0, (now if ended is None else min(now, ended)) - p.opened)
        left = window * lesson.max_rate // 1000 - p.granted
        length = max(0, min(min(end, lesson.duration) - begin, played, left))
        on_time = length
        if now - (p.opened + t) > self.rules.late_after:
            on_time = 0
        elif t - p.acked > self.rules.late_after:  # of a long beat only what was played last is on time
            on_time = min(length, self.rules.late_after * min(rate, lesson.max_rate) // 1000)
        late = min(length - on_time, self.rules.late_cap - sum(x.late for x in self.lessons))
        lesson.late += late
        length = on_time + late
        for ms in range(begin, begin + length):
            lesson.seen[ms] = 1
        p.granted += length
        p.acked = t

    def _state(self, p: Playback, gained: int) -> Told:
        lesson = self.lessons[p.lesson]
        return Told(200, "", gained, sum(lesson.seen), p.acked, p.last_seq + 1, lesson.is_complete)
