"""Pure rules of classes: when somebody was there, what counts of it, codes that change. No database, no clock.

Times are whole epoch milliseconds, spans half-open, sorted and disjoint.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from guanxue.core.actor import Actor
from guanxue.core.i18n import lazy as _

RULE = "class/1"  # how attendance becomes class hours; named in every ledger entry that rests on it
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
SCAN_STEP_MS, TYPED_STEP_MS = 10_000, 30_000  # typing six digits with cold hands takes longer than scanning
EARLY_MS, AFTER_MS = 30 * MINUTE_MS, 30 * MINUTE_MS  # codes are shown from so long before to so long after a meeting
STAMP_MS = 10 * MINUTE_MS  # signing in to the site may take so long after scanning
ROLL_MS = 7 * DAY_MS  # so long after a meeting who teaches the class may still call its roll
LONGEST_MEETING_MS = 14 * HOUR_MS
UNDERTAKING = "1"
PROMISES = (
    _("我用自己的身份报名和签到，不替别人签到，也不请别人替我签。"),
    _("我按时到课，遵守现场的安全规定。"),
    _("我知道签到记录是计学时的依据，可能被抽查；弄虚作假的学时不算。"),
)
KINDS = {"theory": _("理论课"), "practice": _("实操课")}
STATES = {"invited": _("待本人确认"), "enrolled": _("已入班"), "waiting": _("候补"), "withdrawn": _("已退班"),
          "completed": _("已结业")}
CLASS_STATES = {"draft": _("准备中"), "open": _("开班中"), "closed": _("已结班"), "cancelled": _("已取消")}

Span = tuple[int, int]


# ---- who may what


def may_make(actor: Actor) -> bool:
    """May they make classes at all: teachers, curators, managers of enterprises?"""
    return actor.may("teach") or bool(scopes_of(actor))


def scopes_of(actor: Actor) -> set[str]:
    """Slugs of the organisations for which the actor runs classes by their role."""
    return {c.partition(":")[2] for c in actor.capabilities if c.startswith(("curate:", "enterprise:"))}


def may_lead(actor: Actor, *, manager_ids: Iterable[int], institution: str) -> bool:
    """May they change the class, its roster and its meetings?"""
    return (actor.may("administer") or (actor.is_person and actor.id in set(manager_ids))
            or bool(institution and institution in scopes_of(actor)))


# ---- when somebody was there


@dataclass(frozen=True)
class Entry:
    """One line of attendance: in, out or roll."""

    kind: str
    from_ms: int | None
    to_ms: int | None


@dataclass(frozen=True)
class Presence:
    """When somebody was at a meeting: (from, to) of each stay in order, `to` None while they have not signed out of it.

    `is_told`: a roll said until when; codes say no more.
    """

    stays: tuple[tuple[int, int | None], ...] = ()
    is_told: bool = False

    @property
    def is_in(self) -> bool:
        """Signed in, and not out yet?"""
        return any(to_ms is None for _from_ms, to_ms in self.stays)

    @property
    def since_ms(self) -> int | None:
        """When they came first; None where they never did."""
        return min((from_ms for from_ms, _to_ms in self.stays), default=None)

    @property
    def until_ms(self) -> int | None:
        """When they left last; None while they are in."""
        return None if self.is_in else max((to_ms for _from_ms, to_ms in self.stays), default=None)


def presence_of(entries: Iterable[Entry]) -> Presence:
    """What the lines of one place say, in the order in which they were written: a sign-in begins a stay, a sign-out ends it,
    and a roll says it all anew. A stay that was never ended (its sign-out was set aside) is none once the next one begins.

    A sign-out where no stay was open was taken once (none is any more): it moved the end of the last one, as it was told then.
    """
    stays: list[tuple[int, int | None]] = []
    is_told = False
    for entry in entries:
        if entry.kind == "roll":
            stays = [(entry.from_ms, entry.to_ms)] if entry.from_ms is not None else []
            is_told = entry.to_ms is not None
        elif entry.kind == "out":
            stays[-1:] = [(from_ms, entry.to_ms) for from_ms, _to_ms in stays[-1:]]
        else:
            stays = [*(stay for stay in stays if stay[1] is not None), (entry.from_ms, None)]
    return Presence(tuple(stays), is_told)


def together(presences: Iterable[Presence]) -> Presence:
    """The places of one person as one: whoever was there under two accounts was there once."""
    kept = list(presences)
    stays = tuple(sorted((stay for one in kept for stay in one.stays), key=lambda stay: stay[0]))
    return Presence(stays, any(one.is_told for one in kept) and not any(one.is_in for one in kept))


def attended_spans(presence: Presence, begins_ms: int, ends_ms: int, breaks: Sequence[Sequence[int]]) -> list[Span]:
    """When teaching was attended: in the meeting, between signing in and out, without breaks. Nothing without a sign-out."""
    there = [(max(from_ms, begins_ms), min(to_ms, ends_ms)) for from_ms, to_ms in presence.stays if to_ms is not None]
    return without(there, [(a, b) for a, b in breaks])


def teaching_spans(begins_ms: int, ends_ms: int, breaks: Sequence[Sequence[int]]) -> list[Span]:
    """The meeting without its breaks."""
    return without([(begins_ms, ends_ms)], [(a, b) for a, b in breaks])


def joined(spans: Iterable[Span]) -> list[Span]:
    """The union, sorted and disjoint."""
    found: list[Span] = []
    for begin, end in sorted(s for s in spans if s[1] > s[0]):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """What of the spans lies in none of those that are taken."""
    left = joined(spans)
    for begin, end in joined(taken):
        left = [piece for a, b in left for piece in ((a, min(b, begin)), (max(a, end), b)) if piece[1] > piece[0]]
    return left


def length_ms(spans: Iterable[Span]) -> int:
    """How many milliseconds."""
    return sum(end - begin for begin, end in spans)


def is_enough(attended_ms: int, taught_ms: int, share_permille: int) -> bool:
    """Was enough attended of what was taught?"""
    return taught_ms > 0 and attended_ms * 1000 >= taught_ms * share_permille


# ---- codes


def step_of(now_ms: int, step_ms: int) -> int:
    """Which code is shown at that moment."""
    return now_ms // step_ms


def scan_word(key: bytes, meeting_id: int, way: str, step: int) -> str:
    """What the QR code of a step proves: 20 hex digits."""
    return _mac(key, f"scan/{meeting_id}/{way}/{step}")[:20]


def typed_digits(key: bytes, meeting_id: int, way: str, step: int) -> str:
    """The six digits that stand beside it."""
    return f"{int(_mac(key, f'typed/{meeting_id}/{way}/{step}')[:12], 16) % 1_000_000:06}"


def is_shown(step: int, now_ms: int, step_ms: int) -> bool:
    """Is that step's code the present one, or the one before? A photo of it is worth nothing after twice the step."""
    return 0 <= step_of(now_ms, step_ms) - step <= 1


def _mac(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def is_window(now_ms: int, begins_ms: int, ends_ms: int, way: str) -> bool:
    """May one sign in (from half an hour before, to the end) or out (from the beginning, to half an hour after) now?"""
    if way == "in":
        return begins_ms - EARLY_MS <= now_ms < ends_ms
    return begins_ms <= now_ms < ends_ms + AFTER_MS
