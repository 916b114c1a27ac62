"""Who is heard in a case: no words are lost, nobody is silenced by others, and what is new is answered anew."""

from __future__ import annotations

import pytest
from tests.factories import make_person

from guanxue import cases
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import begin_writing, end_work
from guanxue.core.errors import Forbidden, Invalid, TooMany

DAY = 86_400


@pytest.fixture
def cast(any_app):
    """Two learners, three inspectors; a writing transaction open, on both databases."""
    with any_app.test_request_context():
        begin_writing()
        yield [make_person(f"1380000000{n}", f"人{n}", "inspector" if n > 2 else None) for n in range(1, 6)]
        end_work(commit=False)


def again(case):
    return cases.dossier(case)


def words_in(case) -> list[str]:
    return [case.claim, *(s.text for s in again(case).steps)]


def ask(lin, subject, claim):
    return cases.open_case(lin, kind="correction", subject=subject, claim=claim, person_ids=[lin.id])


def test_another_matter_about_oneself_is_another_case(cast):
    lin = cast[0]
    one, two = ask(lin, lin.ref, "少算了十分钟。"), ask(lin, lin.ref, "姓名写错了。")
    assert one.id != two.id and two.claim == "姓名写错了。"


def test_asking_again_after_the_decision_is_a_new_case(cast):
    lin, _other, first = cast[:3]
    one = ask(lin, "award:X", "少算了十分钟。")
    cases.decide(first, again(one), result="refused", text="没有少。")
    two = ask(lin, "award:X", "还有第二课也少算了。")
    assert two.id != one.id and two.state == "open" and "还有第二课也少算了。" in words_in(two)


def test_the_same_words_twice_are_said_once(cast):
    lin = cast[0]
    for _time in range(3):
        one = ask(lin, "award:X", "少算了。")
    two = ask(lin, "award:X", "第二课也是。")
    ask(lin, "award:X", "第二课也是。")
    assert one.id == two.id and words_in(one) == ["少算了。", "", "第二课也是。"]


def test_one_of_several_who_says_very_much_does_not_silence_the_others(cast):
    one, other = cast[:2]
    case = cases.open_case(SYSTEM, kind="fraud", subject="finding:1", claim="错得一样。", person_ids=[one.id, other.id])
    for n in range(20):
        cases.say(one, again(case), f"第 {n} 句")
    with pytest.raises(TooMany):
        cases.say(one, again(case), "再说一句")
    cases.say(other, again(case), "不是我。")


def test_a_new_reason_to_take_a_credit_back_is_never_dropped(cast):
    lin, _other, first, second, third = cast

    def take(actor, claim):
        return cases.open_case(actor, kind="take-back", subject="award:X", claim=claim, evidence=["award:X"], person_ids=[lin.id],
                               key="take-back:award:X")
    one = take(first, "第一次的理由。")
    assert take(third, "又一个理由。").id == one.id and "又一个理由。" in words_in(one)
    cases.say(lin, again(one), "没有的事。")
    cases.decide(second, again(one), result="refused", text="不成立。")
    two = take(third, "后来查到了新的证据。")
    assert two.id != one.id and two.state == "open" and take(first, "后来查到了新的证据。").id == two.id
    cases.decide(second, again(two), result="refused", text="不成立。")
    assert take(third, "第三次。").id not in (one.id, two.id)


def test_new_evidence_is_told_and_answered_before_anything_is_found(cast):
    lin, _other, first, second, _third = cast
    case = cases.open_case(first, kind="fraud", subject="finding:1", claim="有疑点。", evidence=["playback:1"], person_ids=[lin.id])
    cases.say(lin, again(case), "不知道。")
    assert cases.may_uphold(again(case)) and not cases.has_news(again(case), lin.id)
    cases.add_evidence(second, again(case), ["playback:9"], "同一时间还有一段。")
    found = again(case)
    assert cases.has_news(found, lin.id) and cases.is_wanted(found, lin.id) and not cases.may_uphold(found)
    assert found.hear_until_on == cases.add_workdays(clock.today(), 5)
    with pytest.raises(cases.NotNow):
        cases.decide(second, found, result="upheld", text="属实。")
    cases.say(lin, found, "那是我弟弟。")
    assert cases.may_uphold(again(case)) and not cases.is_wanted(again(case), lin.id)


def test_silence_about_new_evidence_is_not_waited_for_longer_than_the_term(cast):
    lin, _other, first, second, _third = cast
    case = cases.open_case(first, kind="fraud", subject="finding:1", claim="有疑点。", person_ids=[lin.id])
    cases.say(lin, again(case), "不知道。")
    late = cases.add_workdays(clock.today(), 14)
    with clock.advance((late - clock.today()).days * DAY):
        cases.add_evidence(second, again(case), ["playback:9"], "还有一段。")
        until = again(case).hear_until_on
        assert case.due_on > until == cases.add_workdays(late, 5)
    with clock.advance((until - clock.today()).days * DAY):
        assert not cases.may_uphold(again(case))
    with clock.advance(((until - clock.today()).days + 1) * DAY):
        cases.decide(second, again(case), result="partly", text="有疑点。")


def test_who_may_add_evidence(cast):
    lin, other, first, second, _third = cast
    case = cases.open_case(SYSTEM, kind="fraud", subject="finding:1", claim="有疑点。", evidence=["playback:1"], person_ids=[lin.id, first.id])
    for actor in (lin, other, first):
        with pytest.raises(Forbidden):
            cases.add_evidence(actor, again(case), ["playback:9"], "还有一段。")
    with pytest.raises(Invalid):
        cases.add_evidence(second, again(case), ["playback:1"], "还有一段。")
