"""Credits in any order: random deeds of several people against a plain oracle that knows nothing of ledgers.

Sums are zero, balances are what a replay gives, bounds hold, nothing counts twice, and everything derives again.
`GUANXUE_CASES=2000 pytest tests/creditbank/test_any_order.py` tries that many lives on each database; the suite a few. A life
that fails names its seed.
"""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from tests.factories import make_person

from guanxue import accounts, creditbank, ledger
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.core.errors import Invalid
from guanxue.creditbank import sources
from guanxue.creditbank.models import Award, CreditPolicy
from guanxue.creditbank.outcomes import Outcome
from guanxue.ledger.errors import AlreadyReversed

CASES = int(os.environ.get("GUANXUE_CASES", "2"))
FIRST_SEED = int(os.environ.get("GUANXUE_SEED", "1"))
STEPS, PEOPLE = 24, 3
BEGINNING = datetime(2026, 3, 1, 4, tzinfo=UTC)
YEAR, SEMESTER, PROVIDER, MONTHS, MARK = 40_000, 24_000, 60_000, 12, 60
LAWS = {
    "year_month": 3, "semester_month": 9, "near_permille": 1000, "near_sources": ["study"], "warn_days": 30,
    "valid_months": [["general-literacy", MONTHS]], "floors": [{"source": "study", "component": "mark", "least": MARK}],
    "caps": [{"code": "year", "period": "year", "most_milli": YEAR}, {"code": "semester", "period": "semester", "most_milli": SEMESTER},
             {"code": "provider", "period": "ever", "most_milli": PROVIDER, "each_provider": True}],
}


@pytest.fixture
def asking():
    """Two sources whose evidence is a list: study, once a subject; badges, which upgrade."""
    lists: dict[str, list[Outcome]] = {"study": [], "badge": []}

    def of(name):
        return (lambda person_id: [o for o in lists[name] if person_id in (None, o.person_id)],
                lambda o: creditbank.Derived(0, o.hours_milli, o.asked_milli))

    for name in lists:
        listed, derived = of(name)
        creditbank.register_source(creditbank.Source(name, kind=name, mint=f"mint:{name}", list_outcomes=listed, derive=derived,
                                                     is_once=name == "study"))
    yield lists
    for name in lists:
        sources._sources.pop(name)


# ---- the oracle


@dataclass
class Credit:
    """One credit that was given: what it was for, how much, whose it was first, and what became of it."""

    outcome: Outcome
    amount: int
    at: int  # whose account it is on
    is_over: bool = False  # expired
    is_gone: bool = False  # reversed, or refused by the merge that stands
    root: Credit | None = None  # what it adds to: a bound had cut that off


@dataclass
class Oracle:
    """Who holds what, in lists and sums; periods by hand."""

    credits: list[Credit] = field(default_factory=list)
    merged: dict[int, int] = field(default_factory=dict)  # account → the one that it went into
    refused: dict[int, list[Credit]] = field(default_factory=dict)  # by the account that went in

    def counted(self, person: int) -> list[Credit]:
        return [c for c in self.credits if c.at == person and not c.is_gone]

    def balance(self, person: int) -> int:
        return sum(c.amount for c in self.counted(person) if not c.is_over)

    def worth(self, person: int, o: Outcome, asked: int, *, full: int | None = None) -> int:
        """What it may give that account."""
        held, until = self.counted(person), _ends(o)
        if full is None and until and until < clock.today():
            return 0  # it would be over before it was given
        if o.source == "study" and full is None and o.measure()["mark"] < MARK:
            return 0
        if o.source == "study":
            own = {c.outcome.subject for c in self.credits if c.outcome.person_id == person and c.outcome.source == "study"}
            if o.subject in own | {c.outcome.subject for c in held}:
                return 0
            if o.title.replace(" ", "") in {c.outcome.title.replace(" ", "") for c in held if c.outcome.subject.startswith("study")}:
                return 0
        else:
            had = sum(c.amount for c in held if c.outcome.subject == o.subject)
            if full is None:
                asked = max(0, asked - had)
            elif had + asked > full:
                return 0
        for bound, same in ((YEAR, lambda x: _year(x) == _year(o)), (SEMESTER, lambda x: _half(x) == _half(o)),
                            (PROVIDER, lambda x: x.provider == o.provider)):
            asked = min(asked, max(0, bound - sum(c.amount for c in held if same(c.outcome))))
        return asked


def _year(o: Outcome) -> int:
    day = clock.city_day(o.finished_at)
    return day.year if day.month >= 3 else day.year - 1


def _half(o: Outcome) -> tuple[int, bool]:
    return _year(o), 3 <= clock.city_day(o.finished_at).month <= 8


def _ends(o: Outcome) -> date | None:
    day = clock.city_day(o.finished_at)
    return date(day.year + 1, day.month, day.day) if o.category == "general-literacy" else None


# ---- one life


class Life:
    """The deeds, each done to the site and to the oracle."""

    def __init__(self, seed: int, lists: dict, people: list) -> None:
        self.dice, self.lists, self.people, self.oracle = random.Random(seed), lists, people, Oracle()
        self.merges: list[tuple[str, int, int]] = []
        self.asked: dict[tuple[str, str], Outcome] = {}
        self.marks: dict[str, int] = {}

    def outcome(self) -> Outcome:
        dice, person = self.dice, self.dice.choice([p.id for p in self.people if p.id not in self.oracle.merged])
        source = dice.choice(["study", "study", "badge"])
        number = dice.randrange(7)
        finished = clock.now()  # a course asks when it is finished; a badge may be brought in later
        if source == "badge":
            finished -= timedelta(days=dice.randrange(400))
        if (clock.city_day(finished).month, clock.city_day(finished).day) == (2, 29):
            finished += timedelta(days=1)
        if source == "study":
            subject, title, asked = f"study:{number}", f"课 程{number // 2}" if number % 2 else f"课程{number // 2}", dice.randrange(3000, 26_000)
            key = f"{person}:{number}"
        else:
            number %= 2
            level = dice.randrange(1, 5)
            subject, title, asked, key = f"occupation:{number}", f"工种{number}", level * 4000, f"{person}:{number}:{level}"
        if (source, key) in self.asked:
            return self.asked[source, key]
        made = Outcome(source, key, person, subject, title, asked, 0, dice.choice(["skills-upgrading", "general-literacy"]),
                       dice.choice(["a", "b"]), None, finished, is_online=True, measure=lambda: {"mark": self.marks[key]})
        self.marks[key] = dice.choice([MARK - 1, MARK, 100])
        self.asked[source, key] = made
        self.lists[source].append(made)
        return made

    def settle(self, person: int) -> None:
        """What is open is credited as soon as there is room: the site does so after each taking back; so does the oracle."""
        creditbank.settle_person(person)
        if person in self.oracle.merged:
            return
        for source in ("study", "badge"):
            for one in [o for o in self.lists[source] if o.person_id == person]:
                self._give(one)

    def _give(self, one: Outcome) -> int:
        if any(c.outcome is one for c in self.oracle.credits):
            return next(c.amount for c in self.oracle.credits if c.outcome is one)
        amount = self.oracle.worth(one.person_id, one, one.asked_milli)
        if amount:
            self.oracle.credits.append(Credit(one, amount, one.person_id))
        return amount

    def credit(self) -> None:
        one = self.outcome()  # nobody learns under an account that went into another
        foretold = creditbank.preview(one)
        decision = creditbank.credit(SYSTEM, one)
        assert decision.given_milli == foretold.given_milli == self._give(one), (decision, one)
        assert [str(s) for s in decision.sentences] and (decision.code is None) == (decision.given_milli == 0)

    def raise_mark(self) -> None:
        low = [o for o in self.lists["study"] if self.marks[o.key] < MARK]
        if low:
            one = self.dice.choice(low)
            self.marks[one.key] = MARK
            self.settle(one.person_id)

    def take_back(self) -> None:
        if not self.oracle.credits:
            return
        one = self.dice.choice(self.oracle.credits)
        award = session.query(Award).filter_by(source=one.outcome.source, key=one.outcome.key).one()
        was_gone = ledger.is_reversed(award.entry_number)
        if was_gone or one.is_over:
            with pytest.raises((AlreadyReversed, Invalid)):
                creditbank.take_back(SYSTEM, award.code, reason="冒名", authority="一号")
            return
        holder = self.oracle.merged.get(one.outcome.person_id, one.outcome.person_id) if one.at is not None else one.outcome.person_id
        creditbank.take_back(SYSTEM, award.code, reason="冒名", authority="一号")
        for gone in [c for c in self.oracle.credits if c is one or (c.root is one and not c.is_over)]:
            gone.is_gone, gone.at = True, one.outcome.person_id
            for refused in self.oracle.refused.values():
                if gone in refused:
                    refused.remove(gone)
        self._fill_up(holder, one.root or one)
        self.settle(holder)

    def _fill_up(self, person: int, taken: Credit) -> None:
        """What a bound gave less than it asked for gets the rest as far as there is room now, the first that came first."""
        rows = list(session.query(Award).filter_by(source="rejudged").order_by(Award.id))
        known = {c.outcome.key for c in self.oracle.credits if c.outcome.source == "rejudged"}
        new = iter([r for r in rows if r.key not in known and r.person_id == person])
        standing = sorted([c for c in self.oracle.counted(person) if not c.is_over], key=self._entry)
        roots = {id(c.root or c): c.root or c for c in standing if c.amount < c.outcome.asked_milli}
        for root in [r for r in roots.values() if r is not taken]:
            asks = replace(root.outcome, source="rejudged", person_id=person)
            if amount := self.oracle.worth(person, asks, asks.asked_milli):
                self.oracle.credits.append(Credit(replace(asks, key=next(new).key), amount, person, root=root))
        assert next(new, None) is None

    def _entry(self, credit: Credit) -> int:
        return next(n for n, h in enumerate(creditbank.list_holdings(credit.at)) if h.code == self._award(credit).code)

    def _award(self, credit: Credit) -> Award:
        return session.query(Award).filter_by(source=credit.outcome.source, key=credit.outcome.key).one()

    def expire(self) -> None:
        for person in self.people:
            ended = creditbank.expire(person.id)
            for c in self.oracle.counted(person.id):
                until = _ends(c.outcome)
                if until and until < clock.today() and not c.is_over:
                    c.is_over, c.at = True, c.outcome.person_id
                    ended -= 1
            assert ended == 0
            self.settle(person.id)

    def merge(self) -> None:
        kept, merged = self.dice.sample(self.people, 2)
        if kept.id in self.oracle.merged or merged.id in self.oracle.merged or merged.id in self.oracle.merged.values():
            return
        # What is finished and open is posted first, on both; the site's own lists name the same outcomes.
        self.settle(merged.id)
        self.settle(kept.id)
        foreseen = accounts.foresee_merge(kept, kept.id, merged.id)
        made = accounts.merge_accounts(kept, kept.id, merged.id, reason="同一个人", foreseen=foreseen.digest)
        self.merges.append((made.code, kept.id, merged.id))
        self.oracle.merged[merged.id], self.oracle.refused[merged.id] = kept.id, []
        completed = {o.subject for o in self.lists["study"] if o.person_id == kept.id}
        filled = [c.outcome for c in self.oracle.credits if c.outcome.source == "rejudged"]
        for outcomes in (filled, self.lists["study"], self.lists["badge"]):
            for o in [x for x in outcomes if x.person_id == merged.id]:
                for c in [c for c in self.oracle.counted(merged.id) if c.outcome is o and not c.is_over]:
                    fits = self.oracle.worth(kept.id, o, c.amount, full=o.asked_milli) == c.amount
                    c.at = kept.id
                    if not fits or (o.source == "study" and o.subject in completed):
                        c.is_gone = True
                        self.oracle.refused[merged.id].append(c)

    def part(self) -> None:
        if not self.merges:
            return
        code, kept, merged = self.merges[-1]
        if accounts.get_merge(code).merged_at + timedelta(days=30) < clock.now():
            return
        self.merges.pop()
        foreseen = accounts.foresee_part(SYSTEM, accounts.get_merge(code))
        accounts.part_accounts(SYSTEM, code, reason="分开", foreseen=foreseen.digest)
        for c in self.oracle.refused.pop(merged):
            c.is_gone = False
        for c in self.oracle.credits:
            if c.at == kept and c.outcome.person_id == merged:
                c.at = merged
        del self.oracle.merged[merged]
        self.settle(kept)
        self.settle(merged)

    def check(self) -> None:
        for person in self.people:
            held = creditbank.list_holdings(person.id)
            assert creditbank.balance(person.id) == sum(h.millicredits for h in held) == self.oracle.balance(person.id)
            assert len({h.entry_number for h in held}) == len(held)
            studied = [h.subject for h in held if creditbank.find_award(h.code).source == "study"]
            assert len(set(studied)) == len(studied)
            for bound, group in ((YEAR, _year), (SEMESTER, _half)):
                sums: Counter = Counter()
                for h in held:
                    sums[group(h)] += h.millicredits
                assert max(sums.values(), default=0) <= bound
            by_provider: Counter = Counter()
            for h in held:
                by_provider[h.provider] += h.millicredits
            assert max(by_provider.values(), default=0) <= PROVIDER


def live(seed: int, lists: dict) -> None:
    people = [make_person(f"139{seed % 10_000:04}{n:04}", "林小莲") for n in range(PEOPLE)]
    for outcomes in lists.values():
        outcomes.clear()
    life = Life(seed, lists, people)
    deeds = [life.credit] * 12 + [life.take_back, life.raise_mark] * 2 + [life.merge, life.part, life.expire]
    now = BEGINNING
    for step in range(STEPS):
        now += timedelta(hours=life.dice.randrange(1, 1000))
        with clock.travel(now):
            deed = life.dice.choice(deeds)
            deed()
            try:
                life.check()
            except AssertionError as problem:
                raise AssertionError(f"seed {seed}, step {step}, {deed.__name__}: {problem}") from problem
    with clock.travel(now):
        for person in people:
            assert creditbank.recompute(person.id)[1] == [], f"seed {seed}"


def put_laws() -> None:
    for version, day in ((2, date(2020, 1, 1)), (3, date(2026, 1, 1))):
        session.add(CreditPolicy(version=version, title="试", document=LAWS, effective_on=day, published_at=BEGINNING))
    session.flush()


def test_any_deeds_in_any_order_leave_what_a_plain_list_says(any_app, asking):
    with any_app.test_request_context(), writing():
        put_laws()
    for seed in range(FIRST_SEED, FIRST_SEED + CASES):
        with any_app.test_request_context(), writing():
            live(seed, asking)
    with any_app.test_request_context(), writing():
        ledger.seal()
        assert ledger.verify().faults == []
        assert session.scalar(text("SELECT coalesce(sum(amount_millicredits), 0) FROM ledger_posting")) == 0


def test_many_at_once_share_the_room_and_nothing_is_double(any_app, asking):
    """Four workers credit the same twelve outcomes of two people, who have room for a part of them."""
    with any_app.test_request_context(), writing():
        put_laws()
        people = [make_person(f"1390000000{n}", "林小莲").id for n in range(2)]
    finished = clock.now()
    asking["study"] += [Outcome("study", f"{p}:{n}", p, f"study:{n}", f"课{n}", 5000, 0, "skills-upgrading", "a", None, finished,
                                is_online=True, measure=lambda: {"mark": MARK}) for p in people for n in range(6)]
    faults, gate = [], threading.Barrier(4)

    def work(seed: int) -> None:
        mine = random.Random(seed).sample(asking["study"], len(asking["study"]))
        gate.wait()
        for one in mine:
            try:
                with any_app.test_request_context(), writing():
                    creditbank.credit(SYSTEM, one)
            except Exception as problem:
                faults.append(problem)

    workers = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert faults == []
    with any_app.test_request_context(), writing():
        ledger.seal()
        for person in people:
            held = creditbank.list_holdings(person)
            assert sorted(h.millicredits for h in held) == [4000, 5000, 5000, 5000, 5000]
            assert creditbank.balance(person) == SEMESTER and creditbank.recompute(person)[1] == []
        assert ledger.verify().faults == []
