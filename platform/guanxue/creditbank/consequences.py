"""What follows when a credit is taken back, worked out before anything is done: what is shown is what is done.

Rooms above say what rests on a credit (register_rest, wiring.py): certificates, targets, rewards that were paid.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from guanxue import accounts, ledger
from guanxue.core import clock
from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _
from guanxue.creditbank import judging, past, rejudging, rules
from guanxue.creditbank.models import Award
from guanxue.creditbank.outcomes import Holding, Outcome
from guanxue.creditbank.past import HYPOTHETICAL, Line, Past
from guanxue.creditbank.queries import award_of, find_award, standing_move
from guanxue.creditbank.sources import list_sources


@dataclass(frozen=True)
class Consequence:
    """One thing that follows, in a plain sentence. `ref` is what it is about, `milli` millicredits; `is_money`: somebody was
    rewarded for it, so a second person agrees before it is done."""

    what: str
    ref: str
    words: str
    milli: int = 0
    is_money: bool = False


@dataclass(frozen=True)
class Taking:
    """What is taken back, and from whom: the codes, the account that holds them, its credits before and afterwards."""

    codes: tuple[str, ...]
    person_id: int
    before: tuple[Holding, ...]
    after: tuple[Holding, ...]


@dataclass(frozen=True)
class Rest:
    """What a room knows rests on credits. `foresee(taking)` lists it, `carry_out` does what does not follow by itself, and
    `give_back(code)` undoes that for a credit that an appeal restores: "" or a sentence why it cannot be."""

    name: str
    foresee: Callable[[Taking], list[Consequence]]
    carry_out: Callable[[Taking, str, str], None] | None = None
    give_back: Callable[[str, str], object] | None = None


_rests: dict[str, Rest] = {}


def register_rest(rest: Rest) -> None:
    """Take in a room that knows what rests on credits. In the order of registration it is told."""
    _rests[rest.name] = rest


def list_rests() -> list[Rest]:
    """All of them."""
    return list(_rests.values())


@dataclass(frozen=True)
class Plan:
    """Everything that taking a credit back does. `awards` are reversed, `again` are (source, key) that are judged once more
    and gain, `balance` are the millicredits on the account afterwards."""

    awards: tuple[Award, ...]
    again: tuple[tuple[str, str], ...]
    taking: Taking
    balance: int
    consequences: tuple[Consequence, ...]

    @property
    def digest(self) -> str:
        """What was shown, in a few letters: where it is another now, nobody agreed to that."""
        told = [[c.what, c.ref, c.milli] for c in self.consequences] + [self.balance]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]

    @property
    def is_money(self) -> bool:
        """Was somebody rewarded for it?"""
        return any(c.is_money for c in self.consequences)


def must_stand(code: str) -> Award:
    """The award of that code, which can be taken back. Raises NoSuchEntry, AlreadyReversed, Invalid."""
    found = find_award(code)
    if found is None:
        raise ledger.NoSuchEntry(_("没有这个编号的学分记录。"))
    if ledger.is_reversed(found.entry_number):
        raise ledger.AlreadyReversed(_("这笔学分已经冲销过，或本身就是冲销。"))
    if ledger.find_entry_by_key(f"expiry:{found.entry_number}") is not None:
        raise Invalid(_("这笔学分已经到期，账上没有了，不用再冲销。"))
    return found


def foresee(code: str) -> Plan:
    """What taking that credit back would do; nothing is done. Raises NoSuchEntry, AlreadyReversed, Invalid."""
    first = must_stand(code)
    awards = (first, *_grown_from(first))
    moved = standing_move(first.id)
    person_id = moved.to_person_id if moved is not None else first.person_id
    held = past.read(person_id)
    before, after = held.standing(), held
    lost = [(a, before[a.entry_number].millicredits) for a in awards if a.entry_number in before]
    for award, amount in lost:
        after = _without(after, award.entry_number, amount)
    codes = tuple(a.code for a in awards)
    after, gained, again = _settled(after, person_id, rejudging.root_of(first))
    taking = Taking(codes, person_id, tuple(before.values()), tuple(after.standing().values()))
    total = ledger.balance(f"person:{person_id}")
    balance = total - sum(amount for _a, amount in lost) + sum(o.asked_milli for o in gained)
    told = [*_told_lost(awards, before), *_told_gained(gained)]
    for rest in list_rests():
        told += rest.foresee(taking)
    told.append(Consequence("balance", f"person:{person_id}", str(_(
        "账上的学分从 %(a)s 变成 %(b)s。", a=rules.decimal_text(total), b=rules.decimal_text(balance))), balance))
    return Plan(awards, again, taking, balance, tuple(told))


def _grown_from(first: Award) -> list[Award]:
    return [a for a in rejudging.grown_from(first) if not ledger.is_reversed(a.entry_number)
            and ledger.find_entry_by_key(f"expiry:{a.entry_number}") is None]


def _without(held: Past, number: int, amount: int) -> Past:
    """The account as if that credit had been taken off it."""
    line = next(x for x in reversed(held.lines) if x.amount > 0 and x.document.get("entry", x.number) == number)
    off = Line(HYPOTHETICAL + len(held.lines), line.document | {"entry": number}, -amount)
    return replace(held, lines=(*held.lines, off))


# ---- what then counts


def _settled(held: Past, person_id: int, taken: tuple[str, str]) -> tuple[Past, list[Outcome], tuple[tuple[str, str], ...]]:
    """(the account once what has room is credited, that with what it is given, what is judged once more for it)."""
    gained: list[Outcome] = []
    again: list[tuple[str, str]] = []
    if accounts.get_person(person_id).merged_into_id is not None:
        return held, gained, ()
    candidates = _cut_short(held, taken)
    for source in list_sources():
        waiting = [(o, None) for o in source.list_outcomes(person_id) if award_of(o) is None and not _is_of(o, taken)
                   and not source.why_not(o)]
        if source.name == rejudging.REJUDGED:
            waiting += [(o, root) for root in candidates
                        if (o := rejudging.asking_again(*root, person_id, rejudging.ROOM)) is not None]
        for outcome, root in waiting:
            its = judging.judge(outcome, held, clock.now()).given
            if not its.credits_milli or judging.waits(outcome):
                continue
            given = replace(outcome, asked_milli=its.credits_milli, hours_milli=its.hours_milli)
            held = held.with_outcome(given)
            gained.append(given)
            again += [root] if root else []
    return held, gained, tuple(again)


def _is_of(outcome: Outcome, taken: tuple[str, str]) -> bool:
    """Is it what is taken back, asking once more?"""
    return outcome.source == rejudging.REJUDGED and (outcome.document["first_source"], outcome.document["of_key"]) == taken


def _cut_short(held: Past, taken: tuple[str, str]) -> list[tuple[str, str]]:
    """(source, key) of standing credits that a bound gave less than they asked for, in the order in which they came."""
    found: dict[tuple[str, str], None] = {}
    for holding in held.standing().values():
        award = find_award(holding.code)
        if award is not None and past.document_at(award.entry_number).get("asked_millicredits", 0) > holding.millicredits:
            found.setdefault(rejudging.root_of(award))
    return [root for root in found if root != taken]


# ---- in words


def _told_lost(awards: tuple[Award, ...], before: dict[int, Holding]) -> list[Consequence]:
    found = []
    for award in awards:
        document, held = past.document_at(award.entry_number), before.get(award.entry_number)
        amount = held.millicredits if held else 0
        words = _("收回《%(title)s》的 %(a)s 学分。原来那笔留在账本里，另记一笔冲销。", title=document["title"],
                  a=rules.decimal_text(amount))
        found.append(Consequence("reversed", f"award:{award.code}", str(words), amount))
    return found


def _told_gained(gained: list[Outcome]) -> list[Consequence]:
    found = []
    for one in gained:
        facts = {"title": one.title, "a": rules.decimal_text(one.asked_milli)}
        if one.source == rejudging.REJUDGED:
            words = _("《%(title)s》以前没有记满，现在补记 %(a)s 学分。", **facts)
        else:
            words = _("《%(title)s》以前没有记入，现在有了余地，记入 %(a)s 学分。", **facts)
        root = one.document.get("of_award", one.key)
        found.append(Consequence("credited", f"{one.source}:{root}", str(words), one.asked_milli))
    return found


def give_back_why_not(code: str, authority: str) -> object:
    """Have the rooms above take back what they did; "" or why it cannot be."""
    for rest in list_rests():
        if rest.give_back is not None and (why := rest.give_back(code, authority)):
            return why
    return ""


def carry_out(taking: Taking, reason: str, authority: str) -> None:
    """What the rooms above do beside."""
    for rest in list_rests():
        if rest.carry_out is not None:
            rest.carry_out(taking, reason, authority)
