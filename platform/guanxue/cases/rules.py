"""Pure rules of cases: their kinds and terms, whose turn it is, who may decide."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from guanxue.core.i18n import lazy as _
from guanxue.core.i18n import marked as N_  # noqa: N812 gettext's own name for it

OPEN, DECIDED, APPEALED, CLOSED = STATES = ("open", "decided", "appealed", "closed")
UPHELD, PARTLY, REFUSED = RESULTS = ("upheld", "partly", "refused")
CORRECTION, APPEAL, FRAUD, IDENTITY, CERTIFICATE, TAKE_BACK = KINDS = (
    "correction", "appeal", "fraud", "identity-dispute", "certificate-dispute", "take-back")
OWN_KINDS = (CORRECTION, APPEAL)  # what people ask for themselves; the others are held against somebody, who is heard first
LONGEST = 2000
WORDS_A_CASE, OWN_A_DAY = 20, 5

KIND_WORDS = {
    CORRECTION: _("请求更正记录"),
    APPEAL: _("对一个决定不服"),
    FRAUD: _("学习记录有疑点"),
    IDENTITY: _("证件号有争议"),
    CERTIFICATE: _("证书编号有争议"),
    TAKE_BACK: _("收回学分"),
}
# Claims of the system, kept in Chinese and spoken in the reader's language.
SAME_DOCUMENT = N_("两个账号填了同一个证件号。一个证件只能属于一个人，要查明是谁的。")
RESULT_WORDS = {UPHELD: _("成立"), PARTLY: _("部分成立"), REFUSED: _("不成立")}
STATE_WORDS = {OPEN: _("在处理"), DECIDED: _("已有决定"), APPEALED: _("在复核"), CLOSED: _("已办结")}
CREDIT_AGAIN, SET_ASIDE, COUNT_AGAIN = "credit-again", "set-aside", "count-again"
GIVING = frozenset({CREDIT_AGAIN, COUNT_AGAIN})  # effects that give something to the person; every other takes
CONCERNED = _("这件事和你有关，要由别人决定。")
# Steps that say something to the person concerned, and those by which they show that they have read it.
NEWS = frozenset({"opened", "asked", "added", "decided", "carried-out"})
OWN_STEPS = frozenset({"said", "appealed", "accepted", "seen", "withdrawn"})


@dataclass(frozen=True)
class Terms:
    """Working days: to be heard before a decision, for the decision, to appeal against it, for the decision on the appeal."""

    hear: int
    decide: int
    appeal: int
    review: int


# A correction is what a help desk must have settled in three working days. Who is suspected of something has five to answer,
# and whoever looks into it has the time to read the evidence. An appeal can be written after a week of night shifts.
TERMS = {
    CORRECTION: Terms(0, 3, 10, 5),
    APPEAL: Terms(0, 5, 10, 5),
    IDENTITY: Terms(3, 5, 10, 5),
    CERTIFICATE: Terms(3, 5, 10, 5),
    FRAUD: Terms(5, 15, 10, 10),
    TAKE_BACK: Terms(5, 15, 10, 10),
}


@dataclass(frozen=True)
class Part:
    """Which parts somebody has in a case: is it about them, did they open it, did they decide it first?"""

    is_concerned: bool = False
    is_opener: bool = False
    is_first_decider: bool = False


def why_not_decider(part: Part) -> object | None:
    """Why somebody with these parts in a case does not decide it: a sentence, or None."""
    if part.is_concerned:
        return CONCERNED
    if part.is_opener:
        return _("这件事是你提出的，要由别人决定。")
    if part.is_first_decider:
        return _("第一次是你决定的，申诉要由别人复核。")
    return None


def is_against(kind: str) -> bool:
    """Is something held against the person concerned, so that they are heard before it may be upheld?"""
    return kind not in OWN_KINDS


def is_worse(kind: str, result: str, first: str, effects: Iterable[dict], first_effects: Iterable[dict]) -> bool:
    """Is a second decision harder on the person than the first: a heavier finding, more taken, or less given?

    Then nobody would dare to appeal. To give more is what an appeal may be for.
    """
    weight = RESULTS.index(first) - RESULTS.index(result)  # upheld comes first
    now, then = _sorted_out(effects), _sorted_out(first_effects)
    return (weight if is_against(kind) else -weight) > 0 or not now[False] <= then[False] or not then[True] <= now[True]


def _sorted_out(effects: Iterable[dict]) -> dict[bool, set[str]]:
    """References by: does the effect give something?"""
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for one in effects:
        found[one["what"] in GIVING].add(one["ref"])
    return found
