"""Taking back: what is foreseen is what is done, in one transaction; told to its person; an appeal restores it."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.factories import make_person

from guanxue import accounts, cases, creditbank, ledger, oversight
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, writing
from guanxue.core.errors import Forbidden
from guanxue.creditbank import NeedsSecond, NotAsShown, consequences, sources
from guanxue.creditbank.models import Award, CreditPolicy
from guanxue.creditbank.outcomes import Outcome

LIVES = int(os.environ.get("GUANXUE_CASES", "5"))
DAY = datetime(2026, 3, 2, 4, tzinfo=UTC)
LAWS = {"year_month": 3, "semester_month": 9, "near_permille": 1000, "near_sources": ["study"], "warn_days": 30,
        "caps": [{"code": "year", "period": "year", "most_milli": 20_000}]}


@pytest.fixture
def asking():
    """Two sources whose evidence is a list: study, once a subject; badges, which upgrade."""
    lists: dict[str, list[Outcome]] = {"study": [], "badge": []}
    for name, its in lists.items():
        creditbank.register_source(creditbank.Source(
            name, kind=name, mint=f"mint:{name}", is_once=name == "study", derive=lambda o: creditbank.Derived(0, 0, o.asked_milli),
            list_outcomes=lambda person_id, its=its: [o for o in its if person_id in (None, o.person_id)]))
    yield lists
    for name in lists:
        sources._sources.pop(name)


@pytest.fixture
def desk(any_app, asking):
    """A learner, two inspectors, rules with one cap of 20 a year; a writing transaction open, on both databases."""
    with any_app.test_request_context(), writing():
        session.add(CreditPolicy(version=2, title="试", document=LAWS, effective_on=date(2026, 1, 1), published_at=DAY))
        session.flush()
        yield [make_person("13800000001", "林小莲"), *(make_person(f"1380000000{n}", f"督查{n}", "inspector") for n in (2, 3))]


def ask(asking, person: int, source: str, number: int, asked: int, title: str = "") -> Outcome:
    """An outcome that asks, in its list."""
    made = Outcome(source, f"{person}:{number}:{asked}", person, f"{source}:{number}", title or f"{source}课{number}", asked, 0,
                   "skills-upgrading", "a", None, clock.now(), is_online=True)
    if all(o.key != made.key for o in asking[source]):
        asking[source].append(made)
    return made


def give(asking, *facts) -> creditbank.Decision:
    return creditbank.credit(SYSTEM, ask(asking, *facts))


def take(code: str, actor=SYSTEM, **more) -> creditbank.Plan:
    return creditbank.take_back(actor, code, **{"reason": "冒名学习，已查实。", "authority": "莞人社〔2026〕1号", **more})


def held(person_id: int) -> list[tuple[str, int]]:
    return [(h.subject, h.millicredits) for h in creditbank.list_holdings(person_id)]


def is_sound(*person_ids: int) -> None:
    for person_id in person_ids:
        assert creditbank.recompute(person_id)[1] == []


def test_what_is_foreseen_is_what_is_done_whatever_was_before(desk, asking):
    lian, first, _second = desk
    for seed in range(LIVES):
        dice, person = random.Random(seed), make_person(f"1390000{seed:04}", "黄小明").id
        for step in range(8):
            with clock.travel(DAY + timedelta(hours=step)):
                if dice.random() < 0.7 or not creditbank.list_holdings(person):
                    source = dice.choice(["study", "badge"])
                    asked = dice.randrange(1, 5) * 4000 if source == "badge" else dice.randrange(3000, 15_000)
                    give(asking, person, source, dice.randrange(3 if source == "study" else 2), asked)
                    continue
                plan = creditbank.foresee(dice.choice(creditbank.list_holdings(person)).code)
                before = creditbank.balance(person)
                assert creditbank.balance(person) == before, "looking changes nothing"
                done = take(plan.awards[0].code, foreseen=plan.digest)
                assert done.digest == plan.digest
                assert [(h.subject, h.millicredits) for h in plan.taking.after] == held(person), seed
                assert creditbank.balance(person) == plan.balance, seed
                if dice.random() < 0.5:
                    award = plan.awards[0]
                    given = creditbank.credit_again(SYSTEM, *creditbank.root_of(award), person, reason="查错了", authority="二号")
                    assert creditbank.balance(person) == plan.balance + given.given_milli <= 20_000
        is_sound(person)
    ledger.seal()
    assert ledger.verify().faults == []
    assert lian.id != first.id


def test_an_upgrade_gets_back_what_was_taken_off_for_the_lower_level(desk, asking):
    person = desk[0].id
    with clock.travel(DAY):
        lower = give(asking, person, "badge", 1, 4000, "车工五级")
        upper = give(asking, person, "badge", 1, 8000, "车工四级")
        assert (lower.given_milli, upper.given_milli) == (4000, 4000)
        plan = take(lower.code)
        assert any("《车工四级》以前没有记满，现在补记 4.000 学分" in c.words for c in plan.consequences)
        assert creditbank.balance(person) == 8000
        is_sound(person)
        plan = take(upper.code)
        assert len(plan.awards) == 2 and creditbank.balance(person) == 0, "what only added to it goes with it"


def test_room_under_a_cap_goes_to_what_was_refused_and_an_appeal_never_counts_twice(desk, asking):
    person = desk[0].id
    with clock.travel(DAY):
        big = give(asking, person, "study", 1, 20_000)
        assert give(asking, person, "study", 2, 6000).given_milli == 0
        plan = take(big.code)
        assert "《study课2》以前没有记入，现在有了余地，记入 6.000 学分。" in [c.words for c in plan.consequences]
        again = creditbank.credit_again(SYSTEM, "study", f"{person}:1:20000", person, reason="查错了", authority="二号")
        assert (again.given_milli, creditbank.balance(person)) == (14_000, 20_000)
        is_sound(person)
        ledger.seal()
        assert ledger.verify().faults == []


def test_the_letter_says_each_consequence_and_an_appeal_restores(desk, asking):
    lian, first, second = desk
    with clock.travel(DAY):
        big, _small = give(asking, lian.id, "study", 1, 20_000), give(asking, lian.id, "study", 2, 6000)
        is_sound(lian.id)
        plan = take(big.code, Actor("person", first.id, first.name, frozenset({"administer", "inspect"})))
        is_sound(lian.id)
        found = cases.list_news(lian.id)[0]
        assert (found.case.kind, found.case.state, found.case.subject) == ("take-back", "decided", f"award:{big.code}")
        text = cases.plain_letter(cases.letter(found, found.final, lian.id))
        for part in ("冒名学习，已查实。", "莞人社〔2026〕1号", "已经执行", "可以申诉，到 2026-03-16 为止", *(c.words for c in plan.consequences)):
            assert part in text, text
        cases.appeal(lian, found, "那天我在培训室，老师可以证明。")
        found = cases.dossier(found.case)
        with pytest.raises(Forbidden):
            cases.decide(first, found, result="refused", text="x")
        cases.decide(second, found, result="refused", text="老师证明了，是本人。")
        assert creditbank.balance(lian.id) == 20_000
        found = cases.dossier(found.case)
        assert [s.text for s in found.steps if s.detail.get("what") == "give-back"] == ["《study课1》重新记入 14.000 学分，有一个新的编号。"]
        assert "学分重新记入" in cases.plain_letter(cases.letter(found, found.final, lian.id))
        is_sound(lian.id)


def test_who_decided_beside_the_system_does_not_look_again(desk, asking):
    lian, first, second = desk
    with clock.travel(DAY):
        take(give(asking, lian.id, "study", 1, 5000).code, deciders=[first.ref])
        found = cases.list_news(lian.id)[0]
        cases.appeal(lian, found, "不对。")
        found = cases.dossier(found.case)
        assert cases.why_not_decider(first, found) is not None and cases.why_not_decider(second, found) is None


def test_a_failure_in_the_middle_leaves_nothing(any_app, asking, monkeypatch):
    with any_app.test_request_context(), writing():
        person = make_person("13800000001", "林小莲").id
        code = give(asking, person, "study", 1, 5000).code
    size = 0
    for broken in ("carry_out", "settle_person"):
        where = consequences if broken == "carry_out" else creditbank.taking_back

        def fail(*_facts):
            raise OSError("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(where, broken, fail)
            with any_app.test_request_context(), pytest.raises(OSError), writing():
                take(code)
        with any_app.test_request_context():
            size = ledger.size()
            assert (size, creditbank.balance(person), cases.list_own(person)) == (1, 5000, [])
            assert accounts.get_person(person) is not None
    with any_app.test_request_context(), writing():
        take(code)
        assert (creditbank.balance(person), ledger.size()) == (0, 2)


def test_what_changed_since_it_was_shown_is_shown_again(desk, asking):
    person = desk[0].id
    with clock.travel(DAY):
        big = give(asking, person, "study", 1, 20_000)
        plan = creditbank.foresee(big.code)
        ask(asking, person, "study", 2, 6000)
        with pytest.raises(NotAsShown):
            take(big.code, foreseen=plan.digest)
        assert creditbank.balance(person) == 20_000


def test_what_was_rewarded_needs_two(desk, asking):
    lian, first, second = desk
    money = creditbank.Consequence("reward", "reward:1", "用过。", 1, is_money=True)
    creditbank.register_rest(creditbank.Rest("money", lambda taking: [money]))
    try:
        with clock.travel(DAY):
            code = give(asking, lian.id, "study", 1, 5000).code
            for deciders in ([], [first.ref], [first.ref, first.ref]):
                with pytest.raises(NeedsSecond):
                    take(code, deciders=deciders)
            take(code, deciders=[first.ref, second.ref])
            assert creditbank.balance(lian.id) == 0
    finally:
        consequences._rests.pop("money")


def test_what_was_refused_wrongly_is_credited_by_a_case(desk, asking):
    lian, first, _second = desk
    with clock.travel(DAY):
        give(asking, lian.id, "study", 1, 5000, "安全测量")
        twin = replace(ask(asking, lian.id, "study", 2, 4000, "安全 测量"))
        assert creditbank.credit(SYSTEM, twin).rule == "same-title"
        ref = f"outcome:study:{lian.id}:{twin.key}"
        made = cases.open_case(lian, kind="appeal", subject=ref, claim="这是另一门课。", evidence=[ref], person_ids=[lian.id])
        missing = oversight.list_missing(cases.dossier(made))
        assert [(m.title, m.given) for m in missing] == [("安全 测量", 4000)]
        cases.decide(first, cases.dossier(made), result="upheld", text="大纲不同，是两门课。", effects=[missing[0].effect])
        assert creditbank.balance(lian.id) == 5000, "nothing before it stands"
        cases.accept(lian, cases.dossier(made))
        assert creditbank.balance(lian.id) == 9000 and oversight.list_missing(cases.dossier(made)) == []
        is_sound(lian.id)
        assert session.query(Award).count() == 2
