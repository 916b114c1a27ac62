"""What a certificate is worth: numbers with a version and a day from which they hold, and the same in plain words.

The shipped figures are our proposal (domain.md §2), shaped after published examples; no office has set them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from guanxue.core.i18n import gettext as _
from guanxue.core.i18n import ngettext
from guanxue.policies import MATCHED, PHONE, SEEN, STATED
from guanxue.recognition import rules
from guanxue.standards import level_name

MOST_MILLI = 100_000  # a hundred credits: more than any programme's half

SHIPPED = (1, "2026-01-01", {
    "levels": {"5": 4000, "4": 8000, "3": 12000, "2": 16000, "1": 20000, "0": 20000},
    "specific_ability": 2000,
    "contests": {"city": [2000, 1500, 1000], "province": [4000, 3000, 2000], "national": [8000, 6000, 4000]},
    "window_years": 8, "identity_level": SEEN, "is_team_shared": True,
})


@dataclass(frozen=True)
class Table:
    """Millicredits by level (5…1, 0 for 特级技师), for a specific ability, by scope and rank of a contest.

    `window_years`: how old a certificate may be when it is filed, 0 for any age. `identity_level`: how far its holder must be
    known before it is approved (policies.LEVELS). `is_team_shared`: a team's result is divided by its members.
    """

    levels: Mapping[int, int]
    specific_ability: int
    contests: Mapping[str, tuple[int, ...]]
    window_years: int
    identity_level: int
    is_team_shared: bool

    @classmethod
    def from_document(cls, document: dict) -> Table:
        """The table of a document such as SHIPPED's. Raises ValueError with what is wrong."""
        try:
            levels = {int(level): _amount(milli) for level, milli in document["levels"].items()}
            contests = {scope: tuple(_amount(m) for m in document["contests"][scope]) for scope in rules.SCOPE_WORDS}
            found = cls(MappingProxyType(levels), _amount(document["specific_ability"]), MappingProxyType(contests),
                        _whole(document["window_years"], 60), _whole(document["identity_level"], MATCHED),
                        bool(document["is_team_shared"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"the table lacks or misreads {error}") from None
        if set(levels) != set(rules.LEVELS) or any(len(row) != len(rules.RANKS) for row in contests.values()):
            raise ValueError("a level or a rank is missing")
        # Only a rising table lets an upgrade add a difference, and only a falling one ranks prizes.
        amounts = [levels[level] for level in rules.LEVELS]
        if amounts != sorted(amounts) or any(list(row) != sorted(row, reverse=True) for row in contests.values()):
            raise ValueError("a higher level or prize is worth less than a lower one")
        return found


def _amount(value: object) -> int:
    return _whole(value, MOST_MILLI)


def _whole(value: object, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise ValueError(f"{value!r} is no whole number from 0 to {most}")
    return value


def worth_milli(table: Table, kind: str, *, level: int | None = None, scope: str = "", rank: int | None = None,
                team_size: int = 1) -> int:
    """Millicredits before any bound, rounded down once where a team shares them."""
    if kind == rules.CONTEST:
        whole = table.contests[scope][rank - 1]
        return whole // team_size if table.is_team_shared else whole
    return table.specific_ability if kind == rules.ABILITY else table.levels[level]


def level_text(level: int | None) -> str:
    """A level's name for people, that of 特级技师 too; "" where none applies."""
    return str(rules.SPECIAL_WORD) if level == rules.SPECIAL else str(level_name(level))


def credits_text(milli: int) -> str:
    """Millicredits as this table's sentences say them: 1500 is 1.5."""
    return f"{milli / 1000:.3f}".rstrip("0").rstrip(".")


def told(table: Table) -> dict:
    """The table in the reader's language: `levels` [(name, credits)], `ability`, `contests` [(scope, [credits])], `notes`."""
    return {
        "levels": [(level_text(level), credits_text(table.levels[level])) for level in rules.LEVELS],
        "ability": credits_text(table.specific_ability),
        "contests": [(str(words), [credits_text(m) for m in table.contests[scope]])
                     for scope, words in rules.SCOPE_WORDS.items()],
        "notes": _notes(table),
    }


def _notes(table: Table) -> list[str]:
    found = [_("同一个职业只算最高的一级：先换过低一级的，升级以后只补差额；换过高级的，低级的不再加。"),
             _("同一项竞赛同一年只算一次。一个证书编号在全市只能用一次。")]
    if table.is_team_shared:
        found.append(_("团体项目的学分由队员平分。"))
    if table.window_years:
        found.append(ngettext("证书要在发证以后 %(n)s 年里来换。", "证书要在发证以后 %(n)s 年里来换。", table.window_years,
                              n=table.window_years))
    asked = {STATED: _("认定以前，你要填过自己的证件。"), SEEN: _("认定以前，要有工作人员看过你的证件，知道证书是你本人的。"),
             MATCHED: _("认定以前，你的证件要看过，也和数据核对过。")}.get(table.identity_level, "")
    return [*found, *([asked] if table.identity_level != PHONE else [])]
