"""Pure rules of targets: what a version says, which credits it takes, how far somebody is, why a credit does not count.

Amounts are millicredits. A target is a programme (学历+技能) or a reward scheme (奖励资助): a scheme marks what it rewarded as
used, so that it never rewards the same credit twice. Nothing is ever deducted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from guanxue.core.i18n import lazy as _
from guanxue.programmes.filling import Place, Shape

PROGRAMME, SCHEME = "programme", "scheme"
EVER, YEAR = "ever", "year"
SOURCES = ("course", "class", "certificate", "competition")
MOST_NEEDS, MOST_CAPS, LONGEST_TITLE, LONGEST_TEXT = 4, 3, 40, 400
MOST_MILLI = 10_000_000
FACETS = {"sources": "source", "categories": "category", "providers": "provider", "occupations": "occupation",
          "levels": "level"}


@dataclass(frozen=True)
class Piece:
    """A credit that somebody holds or could get: what selections ask of it. `key` is the code it is verified by."""

    key: str
    title: str
    source: str
    category: str
    provider: str
    occupation: str
    level: int | None
    is_online: bool
    milli: int
    finished_on: date


@dataclass(frozen=True)
class Selection:
    """Which credits are meant; an empty facet takes any."""

    sources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    occupations: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    is_online: bool | None = None

    def takes(self, piece: Piece) -> bool:
        """Is that credit meant?"""
        if self.is_online is not None and piece.is_online != self.is_online:
            return False
        return all(not getattr(self, name) or getattr(piece, of) in getattr(self, name) for name, of in FACETS.items())

    def excludes(self, other: Selection) -> bool:
        """Can no credit be meant by both?"""
        if None not in (self.is_online, other.is_online) and self.is_online != other.is_online:
            return True
        return any(getattr(self, name) and getattr(other, name) and not set(getattr(self, name)) & set(getattr(other, name))
                   for name in FACETS)


@dataclass(frozen=True)
class Bucket:
    """A need (`milli` at least) or a cap (`milli` at most), and which credits it is about."""

    title: str
    milli: int
    takes: Selection = Selection()


@dataclass(frozen=True)
class Target:
    """A version of a programme or scheme, read from its document.

    `period` "year": only what was finished in the present city year counts; `valid_years`: nor what was finished longer ago
    (0: no bound). `times`: how often in a period a scheme may be reached (0: as often as it is).
    """

    total: int
    takes: Selection = Selection()
    needs: tuple[Bucket, ...] = ()
    caps: tuple[Bucket, ...] = ()
    period: str = EVER
    valid_years: int = 0
    times: int = 1
    summary: str = ""
    basis: str = ""
    is_open: bool = True
    shape: Shape = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        shape = Shape(self.total, tuple(n.milli for n in self.needs), tuple(c.milli for c in self.caps))
        object.__setattr__(self, "shape", shape)

    def place(self, piece: Piece) -> Place:
        """Which need and which cap a credit falls under."""
        return (next((i for i, n in enumerate(self.needs) if n.takes.takes(piece)), -1),
                next((i for i, c in enumerate(self.caps) if c.takes.takes(piece)), -1))

    def window(self, today: date) -> str:
        """The name of the period that a city day is in: "2026", or "ever"."""
        return str(today.year) if self.period == YEAR else EVER

    def why_not(self, piece: Piece, today: date) -> str:
        """Why a credit does not count at all: "other", "expired" or "period"; "" where it may."""
        if not self.takes.takes(piece):
            return "other"
        if self.valid_years and piece.finished_on < _years_before(today, self.valid_years):
            return "expired"
        return "period" if self.period == YEAR and piece.finished_on.year != today.year else ""


def _years_before(day: date, years: int) -> date:
    """That day so many years earlier; 28 February where there is no 29th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


# ---- documents


def read_target(document: Mapping) -> Target:
    """A stored document as a target. ValueError where a part is missing or has a shape it cannot have."""
    try:
        total = document["total_milli"]
        target = Target(
            total, _selection(document.get("takes", {})),
            tuple(Bucket(n["title"], n["at_least_milli"], _selection(n["takes"])) for n in document.get("needs", [])),
            tuple(Bucket(c["title"], _most(c, total), _selection(c["takes"])) for c in document.get("caps", [])),
            document.get("period", EVER), document.get("valid_years", 0), document.get("times", 1),
            document.get("summary", ""), document.get("basis", ""), bool(document.get("is_open", 1)))
    except (KeyError, TypeError, AttributeError):
        raise ValueError("shape") from None
    if target.period not in (EVER, YEAR):
        raise ValueError("period")
    return target


def _most(cap: Mapping, total: int) -> int:
    """A cap in millicredits: as written, or as a share of the programme's credits, rounded down."""
    return cap["at_most_milli"] if "at_most_milli" in cap else total * cap["at_most_permille"] // 1000


def _selection(document: Mapping) -> Selection:
    online = document.get("online")
    return Selection(*(tuple(document.get(name, ())) for name in FACETS), is_online=None if online is None else bool(online))


def faults(target: Target) -> list[object]:
    """What keeps a version from being published, in sentences; [] where nothing does."""
    found: list[object] = []
    if not 0 < target.total <= MOST_MILLI:
        found.append(_("总学分要大于 0，最多 10000。"))
    if not 0 <= target.valid_years <= 100 or not 0 <= target.times <= 100:
        found.append(_("有效年数和次数是 0 到 100 的整数。"))
    if len(target.needs) > MOST_NEEDS or len(target.caps) > MOST_CAPS:
        found.append(_("最多 %(a)s 个部分、%(b)s 个上限。", a=MOST_NEEDS, b=MOST_CAPS))
    if any(not 0 < len(b.title) <= LONGEST_TITLE for b in (*target.needs, *target.caps)):
        found.append(_("每个部分和上限都要有名称，最多 %(n)s 个字。", n=LONGEST_TITLE))
    if any(n.milli <= 0 for n in target.needs) or any(c.milli < 0 for c in target.caps):
        found.append(_("每个部分至少的学分要大于 0，上限不能小于 0。"))
    elif sum(n.milli for n in target.needs) > target.total:
        found.append(_("各部分至少的学分加起来，不能超过总学分。"))
    for buckets, words in ((target.needs, _("“%(a)s”和“%(b)s”会算到同一笔学分。一笔学分只能算进一个部分，请分开。")),
                           (target.caps, _("“%(a)s”和“%(b)s”会管到同一笔学分。一笔学分只能归一个上限管，请分开。"))):
        found += [str(words) % {"a": a.title, "b": b.title} for i, a in enumerate(buckets) for b in buckets[i + 1:]
                  if not a.takes.excludes(b.takes)]
    return found


def read_milli(text: str) -> int:
    """Credits as people type them, "1.5", as millicredits. ValueError where they are none, or finer than a thousandth."""
    found = re.fullmatch(r"(\d{1,6})(?:\.(\d{1,3}))?", text.strip())
    if found is None:
        raise ValueError(text)
    return int(found[1]) * 1000 + int((found[2] or "").ljust(3, "0"))


# ---- how far somebody is


@dataclass(frozen=True)
class Counted:
    """A credit as a target sees it: how much of it counts, under which need, and the reason where not all of it does.

    `reason`: "" all of it counts; "other" the target does not take its kind; "expired"; "period"; "used" by the scheme before;
    "cap" (`cap` names which); "enough" what it could fill is full.
    """

    piece: Piece
    milli: int
    need: int = -1
    reason: str = ""
    cap: int = -1


@dataclass(frozen=True)
class Progress:
    """How far somebody is: of all, of each need, through each cap, of the rest that may be anything; and each credit."""

    target: Target
    reach: int
    needs: tuple[int, ...]
    caps: tuple[int, ...]
    rest: int
    lines: tuple[Counted, ...]
    amounts: list[list[int]]

    @property
    def is_reached(self) -> bool:
        """Is nothing missing?"""
        return self.reach == self.target.total

    @property
    def missing(self) -> int:
        """Millicredits that are missing."""
        return self.target.total - self.reach


def measure(target: Target, pieces: Sequence[Piece], today: date, used: Mapping[str, int] | None = None) -> Progress:
    """How far these credits carry, the oldest counted first. `used`: what the scheme rewarded before, by key."""
    used, shape, amounts, lines = used or {}, target.shape, target.shape.empty(), []
    for piece in sorted(pieces, key=lambda p: (p.finished_on, p.key)):
        reason = target.why_not(piece, today)
        left = max(0, piece.milli - used.get(piece.key, 0))
        if reason or not left:
            lines.append(Counted(piece, 0, reason=reason or "used"))
            continue
        need, cap = target.place(piece)
        before = shape.reach(amounts)
        amounts[cap][need] += left
        counts = shape.reach(amounts) - before
        if counts < left:
            loose = shape.without_caps
            is_capped = cap >= 0 and loose.reach(amounts) > before + counts
            reason = "cap" if is_capped else "enough"
        elif left < piece.milli:
            reason = "used"
        lines.append(Counted(piece, counts, need, reason, cap))
    needs, caps, rest = shape.spread(amounts)
    return Progress(target, shape.reach(amounts), tuple(needs), tuple(caps), rest, tuple(lines), amounts)


def to_mark(progress: Progress) -> list[tuple[str, int]]:
    """[(key, millicredits)] that a reward uses up: what counts of each credit, exactly the target in all."""
    return [(line.piece.key, line.milli) for line in progress.lines if line.milli]
