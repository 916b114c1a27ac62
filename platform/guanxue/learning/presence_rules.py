"""Pure rules of presence checks: when one is due, how it stands, which stretch it keeps from counting. Whole milliseconds.

Everything is decided from what was drawn and from what happened since (docs/decisions/0022-presence.md). No database, no clock.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from guanxue.learning.rules import DRIFT_MS, free_ms

EXTENSIONS = 20  # WCAG 2.2.1: at least ten times, without a reason
TRIES = 3  # wrong answers to one check, then it is missed
MAKEUP_TRIES = 3  # wrong answers to a make-up, then only watching again is left
SENTENCE_MS = 15_000  # a check waits no longer than this for the end of a sentence
CODE_EVERY_MS = 60_000  # a room's number holds for this long, and for as long again for those who are slow
ENDLESS = 2**62
TAP, QUESTION, CODE, ROLL, FACE = "tap", "question", "code", "roll", "face"


# ---- when, and which


def draw(seed: bytes, number: int, of: str = "due") -> int:
    """A number of 64 bits that nobody can tell without the seed; the same for ever with it."""
    return int.from_bytes(hmac.new(seed, f"{of}/{number}".encode(), hashlib.sha256).digest()[:8], "big")


def due_ms(seed: bytes, number: int, min_ms: int, max_ms: int) -> int:
    """After how much study since the last proof the check with that number is due: from min to max, both included."""
    return min_ms + draw(seed, number) % (max_ms - min_ms + 1)


def kind_of(seed: bytes, number: int, kinds: Sequence[str]) -> str:
    """Which of the kinds that can be asked here the check with that number is."""
    return kinds[draw(seed, number, "kind") % len(kinds)]


def end_of_sentence(cues: Iterable[tuple[int, int]], at_ms: int) -> int:
    """The moment of the lesson at which the sentence that runs at `at_ms` has ended; `at_ms` where none does."""
    ends = [end for begin, end in cues if begin <= at_ms < end]
    return min(max(ends), at_ms + SENTENCE_MS) if ends else at_ms


def room_code(secret: bytes, now_ms: int, back: int = 0) -> str:
    """A training room's number at that moment (`back`: so many turns before)."""
    turn = now_ms // CODE_EVERY_MS - back
    return f"{int.from_bytes(hmac.new(secret, str(turn).encode(), hashlib.sha256).digest()[:8], 'big') % 10**6:06}"


# ---- how a check stands


@dataclass(frozen=True)
class Step:
    """One thing that happened to a check."""

    at_ms: int
    what: str
    document: dict


@dataclass(frozen=True)
class Standing:
    """A check after its steps. `expires_ms`: until when it waits, None before anybody was there to see it.

    `proved_ms`: when presence was shown, late or not; from `counts_from_ms` on study counts again. `is_silent`: it was missed
    while nothing was heard of the player. `question`, `makeup`: what was asked last, with its key.
    """

    kind: str = TAP
    question: dict | None = None
    shown_ms: int | None = None
    expires_ms: int | None = None
    extensions: int = 0
    wrong: int = 0
    missed_ms: int | None = None
    is_silent: bool = False
    proved_ms: int | None = None
    counts_from_ms: int | None = None
    proved_by: str = ""
    makeup: dict | None = None
    failed: int = 0
    made_up_ms: int | None = None

    @property
    def is_open(self) -> bool:
        """Does it still wait for proof?"""
        return self.proved_ms is None

    @property
    def is_withheld(self) -> bool:
        """Was it missed, and not made up?"""
        return self.missed_ms is not None and self.made_up_ms is None

    @property
    def outcome(self) -> str:
        """waiting, passed, missed or made_up."""
        if self.missed_ms is not None:
            return "made_up" if self.made_up_ms is not None else "missed"
        return "waiting" if self.is_open else "passed"


def standing_of(steps: Iterable[Step]) -> Standing:
    """How a check stands after its steps, in their order."""
    now = Standing()
    for step in steps:
        now = _after(now, step)
    return now


def _after(now: Standing, step: Step) -> Standing:
    told = step.document
    if step.what == "asked":
        return replace(now, kind=told["kind"], question=told.get("question"))
    if step.what == "shown" and now.shown_ms is None:
        return replace(now, shown_ms=step.at_ms, expires_ms=told["expires_ms"])
    if step.what == "extended":
        return replace(now, extensions=now.extensions + 1, expires_ms=told["expires_ms"])
    if step.what == "wrong":
        return replace(now, wrong=now.wrong + 1)
    if step.what == "missed":
        return replace(now, missed_ms=step.at_ms, is_silent=told["silent"])
    if step.what == "proved" and now.proved_ms is None:
        return replace(now, proved_ms=step.at_ms, counts_from_ms=told["counts_from_ms"], proved_by=told["kind"])
    if step.what == "question":
        return replace(now, makeup=told["question"])
    if step.what == "failed":
        return replace(now, failed=now.failed + 1)
    if step.what == "made_up":
        return replace(now, made_up_ms=step.at_ms)
    return now


def is_in_time(expires_ms: int, received_ms: int, said_ms: int, late_after_ms: int) -> bool:
    """Does an answer come in time? One that a lost line held up does: it says when it was given (`said_ms`), as beats do, and
    as for beats no more than `late_after_ms` is forgiven."""
    return received_ms <= expires_ms or (said_ms <= expires_ms and received_ms <= expires_ms + late_after_ms)


def shut_span(since_ms: int, now: Standing) -> tuple[int, int] | None:
    """The moments that earn nothing because of a check: [begin, end) in epoch milliseconds, None where it shuts out none.

    Once it was seen, everything until proof is given; where it was missed and not made up, also the stretch before.
    Players count from the answer that reached them, so both ends give way by as much as clocks may differ (counts_from()).
    """
    end = ENDLESS if now.counts_from_ms is None else now.counts_from_ms
    if now.is_withheld:
        return since_ms, max(since_ms, end)
    if now.shown_ms is None or now.shown_ms + DRIFT_MS >= end:
        return None
    return now.shown_ms + DRIFT_MS, end


def counts_from(proved_ms: int, heard_ms: int) -> int:
    """From when on study counts again after a proof. What was heard of the player until then (up to `heard_ms`) was judged
    while the check waited: it stays as it was judged."""
    return max(proved_ms - DRIFT_MS, heard_ms)


def withheld_ms(begin_ms: int, end_ms: int, shut: Sequence[tuple[int, int]]) -> int:
    """How much of [begin, end) is shut out."""
    return end_ms - begin_ms - free_ms(begin_ms, end_ms, shut)


# ---- making up


@dataclass(frozen=True)
class MakeUps:
    """How many missed checks of a course may still be made up. Those missed in silence (a dead battery, a lost line) have a
    number of their own, as large: they cost none of the others."""

    left: int
    left_silent: int

    def allows(self, now: Standing) -> bool:
        """Is there one left for such a check?"""
        return now.is_withheld and (self.left_silent > 0 or self.left > 0 if now.is_silent else self.left > 0)


def makeups_of(misses: int, checks: Iterable[Standing]) -> MakeUps:
    """What is left of `misses` after the checks of a course that were made up: silent ones spend their own number first."""
    made = [c.is_silent for c in checks if c.made_up_ms is not None]
    silent = sum(made)
    return MakeUps(max(0, misses - (len(made) - silent) - max(0, silent - misses)), max(0, misses - silent))


def until_ms(now: Standing, makeup_ms: int) -> int:
    """Until when a missed check may be made up."""
    return (now.missed_ms or 0) + makeup_ms
