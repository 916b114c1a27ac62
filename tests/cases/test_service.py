"""Cases: who opens them, who is heard, who decides, who looks again, and that all of it stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.factories import make_person

from guanxue import accounts, audit, cases, jobs
from guanxue.core import clock, events
from guanxue.core.actor import SYSTEM
from guanxue.core.db import begin_writing, end_work, session
from guanxue.core.errors import Forbidden, Invalid, TooMany

DAY = 86_400


@pytest.fixture
def cast(any_app):
    """Two learners, three inspectors; a writing transaction open, on both databases."""
    with any_app.test_request_context():
        begin_writing()
        yield [make_person(f"1380000000{n}", f"人{n}", "inspector" if n > 2 else None) for n in range(1, 6)]
        end_work(commit=False)


def fraud(cast, **more):
    return cases.open_case(SYSTEM, kind="fraud", subject=f"person:{cast[0].id}", claim="两台设备同时在播放。",
                           evidence=["playback:1", ("playback:2", "另一台设备")], person_ids=[cast[0].id], **more)


def again(case):
    return cases.dossier(case)


def test_a_case_has_its_evidence_its_clock_and_its_people(cast):
    found = again(fraud(cast))
    assert [(x.ref, x.note) for x in found.exhibits] == [("playback:1", ""), ("playback:2", "另一台设备")]
    assert found.person_ids == (cast[0].id,) and found.case.state == "open"
    assert found.case.due_on == cases.add_workdays(clock.today(), 15)
    assert found.case.hear_until_on == cases.add_workdays(clock.today(), 5)
    assert [s.step for s in found.steps] == ["opened"]
    assert audit.list_lines(action="cases.case.opened")[0].detail["people"] == [cast[0].id]


def test_the_same_occasion_is_one_case_and_new_evidence_is_added_to_it(cast):
    first = fraud(cast, key="finding:1")
    again_ = cases.open_case(SYSTEM, kind="fraud", subject="x", claim="又一次", evidence=["playback:2", "playback:3"],
                             person_ids=[cast[0].id], key="finding:1")
    assert again_.id == first.id and [x.ref for x in again(first).exhibits] == ["playback:1", "playback:2", "playback:3"]


def test_a_learner_opens_only_what_is_about_themselves(cast):
    lin, other = cast[:2]
    mine = cases.open_case(lin, kind="correction", subject="award:X", claim="少算了十分钟", person_ids=[lin.id])
    assert mine.opened_by == lin.ref and mine.due_on == cases.add_workdays(clock.today(), 3)
    for kind, people in (("correction", [other.id]), ("fraud", [lin.id]), ("identity-dispute", [lin.id]), ("correction", [lin.id, other.id])):
        with pytest.raises(Forbidden):
            cases.open_case(lin, kind=kind, subject="award:X", claim="他的学分是假的", person_ids=people)
    with pytest.raises(Invalid):
        cases.open_case(lin, kind="correction", subject="award:Y", claim=" ", person_ids=[lin.id])
    with pytest.raises(Invalid):
        cases.open_case(lin, kind="gossip", subject="award:Y", claim="x", person_ids=[lin.id])


def test_asking_again_about_the_same_thing_goes_on_in_the_same_case(cast):
    lin = cast[0]
    one = cases.open_case(lin, kind="correction", subject="award:X", claim="少算了", person_ids=[lin.id])
    two = cases.open_case(lin, kind="correction", subject="award:X", claim="还少算了第二课", person_ids=[lin.id])
    assert one.id == two.id and [s.step for s in again(one).steps] == ["opened", "said"]
    for n in range(4):
        cases.open_case(lin, kind="correction", subject=f"award:{n}", claim="少算了", person_ids=[lin.id])
    with pytest.raises(TooMany):
        cases.open_case(lin, kind="correction", subject="award:Z", claim="少算了", person_ids=[lin.id])


def test_nobody_is_found_at_fault_unheard(cast):
    lin, _other, inspector = cast[:3]
    case = fraud(cast)
    with pytest.raises(cases.NotNow):
        cases.decide(inspector, again(case), result="upheld", text="两台设备同时在播放。")
    cases.say(lin, again(case), "我换了手机。")
    assert cases.may_uphold(again(case))
    cases.decide(inspector, again(case), result="upheld", text="两台设备同时在播放。")


def test_silence_is_not_waited_for_longer_than_the_term(cast):
    case, inspector = fraud(cast), cast[2]
    days = (case.hear_until_on - clock.today()).days
    with clock.advance(days * DAY), pytest.raises(cases.NotNow):
        cases.decide(inspector, again(case), result="partly", text="有疑点。")
    with clock.advance((days + 1) * DAY):
        cases.decide(inspector, again(case), result="partly", text="有疑点。")


def test_who_decides_has_no_part_in_it_and_is_somebody(cast):
    lin, other, first = cast[:3]
    case = cases.open_case(first, kind="fraud", subject=lin.ref, claim="有疑点", person_ids=[lin.id])
    for actor in (first, lin, other, SYSTEM):
        with pytest.raises(Forbidden):
            cases.decide(actor, again(case), result="refused", text="没有问题。")
    about_himself = cases.open_case(SYSTEM, kind="fraud", subject=first.ref, claim="有疑点", person_ids=[first.id])
    with pytest.raises(Forbidden):
        cases.decide(first, again(about_himself), result="refused", text="没有问题。")


def test_under_another_account_it_is_still_oneself(cast):
    first, kept = cast[2:4]
    case = cases.open_case(SYSTEM, kind="fraud", subject=first.ref, claim="有疑点", person_ids=[first.id])
    accounts.merge_accounts(SYSTEM, kept.id, first.id, reason="同一个人的两个账号")
    with pytest.raises(Forbidden):
        cases.decide(kept, again(case), result="refused", text="没有问题。")
    assert [d.case.id for d in cases.list_own(kept.id)] == [case.id] == [cases.get_own(kept, case.code).case.id]
    cases.say(kept, again(case), "是我。")


def test_an_appeal_is_decided_by_somebody_else_and_never_makes_it_worse(cast):
    lin, _other, first, second, _third = cast
    case = fraud(cast)
    cases.say(lin, again(case), "我换了手机。")
    effect = {"what": "reverse-award", "ref": "award:K7", "words": "收回 1 学分。"}
    cases.decide(first, again(case), result="partly", text="有疑点。", effects=[effect])
    cases.appeal(lin, again(case), "那天我在医院。")
    assert case.state == "appealed" and case.due_on == cases.add_workdays(clock.today(), 10)
    with pytest.raises(Forbidden):
        cases.decide(first, again(case), result="refused", text="没有问题。")
    with pytest.raises(Invalid):
        cases.decide(second, again(case), result="upheld", text="更重。")
    with pytest.raises(Invalid):
        cases.decide(second, again(case), result="partly", text="更重。", effects=[effect, {**effect, "ref": "award:OTHER"}])
    cases.decide(second, again(case), result="refused", text="医院的证明是真的。")
    assert case.state == "closed" and again(case).final.detail["result"] == "refused"
    with pytest.raises(cases.NotNow):
        cases.appeal(lin, again(case), "还是不服")


def test_nothing_follows_before_the_decision_stands(cast):
    lin, _other, inspector = cast[:3]
    closed = []
    events.listen(cases.CaseClosed, lambda event: closed.append(event.case_id))
    case = fraud(cast)
    cases.say(lin, again(case), "我换了手机。")
    cases.decide(inspector, again(case), result="upheld", text="有疑点。")
    last = case.appeal_until_on
    assert last == cases.add_workdays(clock.today(), 10)
    with clock.advance((last - clock.today()).days * DAY):
        assert cases.close_over() == 0 and closed == []
    with clock.advance(((last - clock.today()).days + 1) * DAY):
        with pytest.raises(cases.NotNow):
            cases.appeal(lin, again(case), "太晚了")
        assert cases.close_over() == 1 and closed == [case.id] and cases.close_over() == 0


def test_accepting_closes_it_once_all_have(cast):
    lin, other, inspector = cast[:3]
    case = cases.open_case(SYSTEM, kind="fraud", subject="paper:1", claim="错得一样。", person_ids=[lin.id, other.id])
    cases.say(lin, again(case), "一起做的。")
    with pytest.raises(cases.NotNow):
        cases.decide(inspector, again(case), result="upheld", text="错得一样。")
    cases.say(other, again(case), "一起做的。")
    cases.decide(inspector, again(case), result="upheld", text="错得一样。")
    cases.accept(lin, again(case))
    assert case.state == "decided"
    cases.accept(other, again(case))
    assert case.state == "closed"


def test_who_asked_may_withdraw_and_nobody_else_speaks(cast):
    lin, other = cast[:2]
    case = cases.open_case(lin, kind="correction", subject="award:X", claim="少算了", person_ids=[lin.id])
    for verb in (lambda: cases.say(other, again(case), "x"), lambda: cases.withdraw(other, again(case)), lambda: cases.appeal(other, again(case), "x"),
                 lambda: cases.get_own(other, case.code)):
        with pytest.raises((Forbidden, cases.NoSuchCase)):
            verb()
    cases.withdraw(lin, again(case))
    assert case.state == "closed" and again(case).final is None
    with pytest.raises(Forbidden):
        cases.withdraw(lin, again(fraud(cast)))


def test_news_are_told_until_they_are_read(cast):
    lin, _other, inspector = cast[:3]
    case = fraud(cast)
    assert [d.case.id for d in cases.list_news(lin.id)] == [case.id]
    cases.see(lin, again(case))
    cases.see(lin, again(case))
    assert cases.list_news(lin.id) == [] and [s.step for s in again(case).steps] == ["opened", "seen"]
    cases.ask(inspector, again(case), "那天你在哪里？")
    assert len(cases.list_news(lin.id)) == 1
    cases.say(lin, again(case), "在医院。")
    assert cases.list_news(lin.id) == []


def test_the_letter_says_what_was_found_on_what_evidence_and_until_when(cast):
    lin, other, inspector = cast[:3]
    cases.register_opener("thing", lambda key: cases.Shown(f"thing:{key}", f"第 {key} 件", "/x", {"1": lin.id, "2": other.id}.get(key)))
    case = cases.open_case(SYSTEM, kind="fraud", subject="paper:1", claim="错得一样。", evidence=["thing:1", "thing:2"], person_ids=[lin.id])
    cases.say(lin, again(case), "一起做的。")
    cases.decide(inspector, again(case), result="partly", text="七处错得一样。", follows="请以后自己做。")
    found = again(case)
    plain = cases.plain_letter(cases.letter(found, found.final, lin.id))
    for words in ("人1", case.code, "错得一样", "七处错得一样", "第 1 件", "你自己的说明", "部分成立", "请以后自己做", case.appeal_until_on.isoformat()):
        assert words in plain
    assert "第 2 件" not in plain and "人2" not in plain and inspector.name not in plain


def test_evidence_after_the_decision_is_not_in_its_letter(cast):
    lin, _other, inspector = cast[:3]
    case = fraud(cast)
    cases.say(lin, again(case), "x")
    cases.decide(inspector, again(case), result="refused", text="没有问题。")
    with pytest.raises(cases.NotNow):
        cases.add_evidence(inspector, again(case), ["playback:9"], "还有一段。")
    cases.appeal(lin, again(case), "x")
    cases.add_evidence(inspector, again(case), ["playback:9"], "还有一段。")
    assert "playback:9" not in cases.plain_letter(cases.letter(again(case), again(case).final, lin.id))


def test_all_of_it_stays(cast):
    case = fraud(cast)
    cases.say(cast[0], again(case), "我换了手机。")
    for statement in ("UPDATE cases_case SET claim = 'x'", "UPDATE cases_step SET text = 'x'", "DELETE FROM cases_exhibit", "DELETE FROM cases_party",
                      "DELETE FROM cases_case"):
        with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
            session.execute(text(statement))


def test_the_next_round_is_asked_for_and_closes_what_is_over(cast):
    cases.watch_terms()
    cases.watch_terms()
    assert session.scalar(text("SELECT count(*) FROM jobs_job WHERE name = 'cases.close'")) == 1
    assert jobs.service.tasks()["cases.close"].fn.__name__ == "close_over"
    assert timedelta(0) < timedelta(days=1)


def test_two_accounts_with_one_document_are_one_case_however_often_they_say_so(cast):
    holder, claimant = cast[:2]
    for one, other in ((holder, claimant), (holder, claimant), (claimant, holder)):
        events.emit(accounts.IdentityDisputed(one.id, other.id, "D1", "citizen-id"))
    (found,) = cases.list_own(holder.id)
    assert found.case.kind == "identity-dispute" and found.person_ids == (holder.id, claimant.id)
    assert [d.case.id for d in cases.list_own(claimant.id)] == [found.case.id]
