"""Who decided before does not look again, by whichever form the person asks."""

from __future__ import annotations

import pytest
from tests.factories import make_person

from guanxue import cases
from guanxue.core.actor import SYSTEM
from guanxue.core.db import begin_writing, end_work
from guanxue.core.errors import Forbidden

TAKE = {"what": "reverse-award", "ref": "award:K7", "words": "收回 1 学分。"}


@pytest.fixture
def cast(any_app):
    """Two learners and four inspectors; a writing transaction open, on both databases."""
    with any_app.test_request_context():
        begin_writing()
        yield [make_person(f"1380000000{n}", f"人{n}", "inspector" if n > 2 else None) for n in range(1, 7)]
        end_work(commit=False)


def again(case):
    return cases.dossier(case)


def may_decide(actor, case) -> bool:
    return cases.why_not_decider(actor, again(case)) is None


def ask(lin, subject="award:K7", kind="appeal"):
    return cases.open_case(lin, kind=kind, subject=subject, claim="不对。", person_ids=[lin.id])


def test_who_refused_a_correction_does_not_decide_the_next_about_the_same(cast):
    lin, _other, first, second, *_rest = cast
    cases.decide(first, again(ask(lin, kind="correction")), result="refused", text="没有少。")
    case = ask(lin, kind="appeal")
    assert not may_decide(first, case) and may_decide(second, case)
    with pytest.raises(Forbidden):
        cases.decide(first, again(case), result="refused", text="还是没有少。")


def test_who_took_a_credit_back_does_not_hear_a_new_request_about_it(cast):
    lin, _other, first, second, third, fourth = cast
    case = cases.open_case(first, kind="fraud", subject="finding:1", claim="有疑点。", person_ids=[lin.id])
    cases.say(lin, again(case), "我自己学的。")
    cases.decide(second, again(case), result="upheld", text="属实。", effects=[TAKE])
    cases.appeal(lin, again(case), "不是。")
    cases.decide(third, again(case), result="upheld", text="属实。", effects=[TAKE])
    mine = ask(lin)
    assert [may_decide(one, mine) for one in (first, second, third, fourth)] == [False, False, False, True]


def test_what_was_decided_beside_the_system_counts_too(cast):
    lin, _other, first, second, third, _fourth = cast
    cases.open_decided(first, kind="take-back", subject="award:K7", claim="收回了。", text="查错了。", follows="", effects=[TAKE],
                       person_ids=[lin.id], deciders=[second.ref])
    assert [may_decide(one, ask(lin)) for one in (first, second, third)] == [False, False, True]


def test_a_room_may_name_who_had_a_part_in_a_thing(cast):
    lin, _other, first, second, *_rest = cast
    cases.register_opener("deed", lambda key: cases.Shown(f"deed:{key}", "一件事", "", lin.id), deciders=lambda key: {first.ref} if key == "1" else set())
    case = ask(lin, "deed:1")
    assert not may_decide(first, case) and may_decide(second, case) and may_decide(first, ask(lin, "deed:2"))


def test_who_took_it_back_does_not_hear_a_request_that_names_it_only_in_its_evidence(cast):
    lin, _other, first, second, *_rest = cast
    case = cases.open_case(SYSTEM, kind="fraud", subject="finding:1", claim="有疑点。", person_ids=[lin.id])
    cases.say(lin, again(case), "我自己学的。")
    cases.decide(first, again(case), result="upheld", text="属实。", effects=[TAKE])
    mine = ask(lin, lin.ref)
    assert may_decide(first, mine), "nothing says yet that it is about that"
    cases.add_evidence(second, again(mine), ["award:K7"])
    assert not may_decide(first, mine) and may_decide(second, mine)


def test_other_matters_and_other_people_are_no_hindrance(cast):
    lin, other, first, *_rest = cast
    cases.decide(first, again(ask(lin, lin.ref)), result="refused", text="没有错。")
    cases.decide(first, again(ask(other, "course:safe-measuring")), result="refused", text="没有错。")
    for subject in (lin.ref, "course:safe-measuring", "award:OTHER"):
        assert may_decide(first, ask(lin, subject))
    fraud = cases.open_case(SYSTEM, kind="fraud", subject="award:K7", claim="有疑点。", person_ids=[lin.id])
    assert may_decide(first, fraud)
