"""Appeals: what the second decider may give and take, so that nobody loses by asking for a second look."""

from __future__ import annotations

import pytest
from tests.factories import make_person

from guanxue import cases
from guanxue.core.actor import SYSTEM
from guanxue.core.db import begin_writing, end_work
from guanxue.core.errors import Invalid

GIVE = {"what": "credit-again", "ref": "award:K7", "words": "重新认定。"}
TAKE = {"what": "reverse-award", "ref": "award:K7", "words": "收回 1 学分。"}


@pytest.fixture
def cast(any_app):
    """A learner and three inspectors; a writing transaction open, on both databases."""
    with any_app.test_request_context():
        begin_writing()
        yield [make_person(f"1380000000{n}", f"人{n}", "inspector" if n > 1 else None) for n in range(1, 5)]
        end_work(commit=False)


def again(case):
    return cases.dossier(case)


def refused_then_appealed(lin, first, *, result="refused", effects=()):
    case = cases.open_case(lin, kind="correction", subject="award:K7", claim="少算了", person_ids=[lin.id])
    cases.decide(first, again(case), result=result, text="看过记录。", effects=effects)
    cases.appeal(lin, again(case), "真的少了。")
    return case


def test_what_was_refused_may_be_given_on_appeal(cast):
    lin, first, second, _third = cast
    case = refused_then_appealed(lin, first)
    cases.decide(second, again(case), result="upheld", text="少了。", effects=[GIVE])
    assert again(case).final.detail["effects"] == [GIVE] and case.state == "closed"


def test_an_appeal_gives_what_the_first_decision_gave_and_more_but_takes_nothing(cast):
    lin, first, second, _third = cast
    case = refused_then_appealed(lin, first, result="partly", effects=[GIVE])
    for effects in ([], [GIVE, TAKE], [TAKE]):
        with pytest.raises(Invalid):
            cases.decide(second, again(case), result="upheld", text="少了。", effects=effects)
    with pytest.raises(Invalid):
        cases.decide(second, again(case), result="refused", text="没有少。")
    cases.decide(second, again(case), result="upheld", text="少了。", effects=[GIVE, {**GIVE, "ref": "award:L8"}])


def test_what_is_held_against_somebody_grows_no_heavier_on_appeal(cast):
    lin, first, second, _third = cast
    case = cases.open_case(SYSTEM, kind="fraud", subject="finding:1", claim="x", person_ids=[lin.id])
    cases.say(lin, again(case), "我自己学的。")
    cases.decide(first, again(case), result="upheld", text="有疑点。", effects=[TAKE])
    cases.appeal(lin, again(case), "那天我在医院。")
    with pytest.raises(Invalid):
        cases.decide(second, again(case), result="upheld", text="更重。", effects=[TAKE, {**TAKE, "ref": "award:L8"}])
    cases.decide(second, again(case), result="partly", text="轻一点。")
