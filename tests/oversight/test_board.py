"""The board, its evidence and the training rooms: through a browser, and the services behind it, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.cases.test_routes import inspector
from tests.clients import Browser, Learner, is_chinese, place, words
from tests.factories import make_course, make_person

from guanxue import accounts, cases, jobs, oversight
from guanxue.core import clock
from guanxue.core.actor import Actor, Where
from guanxue.core.db import session, writing
from guanxue.core.errors import Forbidden, Invalid
from guanxue.oversight import tasks
from guanxue.oversight.detectors import Found
from guanxue.oversight.models import Sighting

LIN, OTHER, FIRST, SECOND = "13800000001", "13800000002", "13800000003", "13800000004"
FACTS = {"questions": 20, "seconds_tenths": 91, "chars": 900, "chars_a_minute": 5900, "score": 100, "is_first": True}


@pytest.fixture
def town(any_app):
    """林小莲 finished a course; two inspectors; one finding about her attempt."""
    with any_app.test_request_context(), writing():
        make_course(videos_ms=(3_000_000,))
        make_person(LIN)
        make_person(OTHER, "黄小明")
        for phone, name in ((FIRST, "许明"), (SECOND, "何静")):
            make_person(phone, name, "inspector")
    Learner(any_app, LIN).finish()
    with any_app.test_request_context(), writing():
        attempt = session.scalar(text("SELECT id FROM quizzes_attempt"))
        oversight.add_findings([found(f"attempt:{attempt}")])
    return any_app


def found(*refs, key="pace:1", person=1):
    return Found("pace", key, (person,), 250, refs, FACTS)


def officer(app, phone=FIRST, **where) -> Actor:
    person = accounts.find_person_by_phone(phone)
    return Actor("person", person.id, person.name, accounts.capabilities_of(person.id), where=Where(**where))


def test_a_finding_opens_its_evidence_and_each_look_is_told_to_its_owner(town):
    first = inspector(town)
    assert "快得不像人" in first.see("/oversight/fraud") and "20 道题" in first.see("/oversight/fraud?kind=pace")
    page = first.see("/oversight/fraud/1")
    assert "《安全测量》" in page and "/oversight/evidence/attempt/" in page
    attempt = page.split("/oversight/evidence/attempt/")[1].split('"')[0]
    shown = words(first.get(f"/oversight/evidence/attempt/{attempt}"))
    assert "林小莲" in shown and "得分" in shown and "主轴停稳" in shown
    assert "播放器上报的" in first.see("/oversight/evidence/playback/1") and "从哪里学习" in first.see("/oversight/evidence/person/1")
    with town.app_context():
        looks = [(x.by, x.reason) for x in accounts.consent.list_looks(accounts.get_person(1))]
        assert len(looks) == 3 and all(by == "person:3" for by, _reason in looks)


def test_what_is_no_evidence_is_not_found(town):
    first = inspector(town)
    for path in ("/oversight/evidence/playback/99", "/oversight/evidence/playback/x", "/oversight/evidence/course/safe-measuring",
                 "/oversight/evidence/nothing/1", "/oversight/evidence/attempt/none", "/oversight/fraud/99", "/oversight/rooms/99",
                 "/oversight/evidence/attendance/1"):
        assert is_chinese(words(first.get(path, 404)))


def test_strangers_are_shown_nothing(town):
    lin = Browser(town, LIN)
    for path in ("/oversight/fraud", "/oversight/fraud/1", "/oversight/rooms", "/oversight/evidence/person/1", "/oversight/cases"):
        lin.get(path, 403)
        assert place(town.test_client().get(path)).startswith("/login")
    lin.send("/oversight/fraud/1", 403, step="dismiss", reason="x")
    lin.send("/oversight/fraud/look", 403)
    lin.send("/oversight/rooms", 403, name="x")
    assert "second-factor" in place(Browser(town, FIRST).get("/oversight/evidence/person/1", 303))


def test_a_finding_is_dismissed_with_a_reason_once(town):
    first = inspector(town)
    first.see("/oversight/fraud/1")
    first.send("/oversight/fraud/1", 422, step="dismiss", reason=" ")
    first.send("/oversight/fraud/1", 422, step="fly")
    first.send("/oversight/fraud/1", step="dismiss", reason="他是出题的老师。")
    assert "他是出题的老师。" in first.see("/oversight/fraud/1") and "没有等着看的" in first.see("/oversight/fraud")
    first.send("/oversight/fraud/1", 409, step="case", claim="x")
    assert "没有问题" in first.see("/oversight/fraud?state=dismissed")


def test_who_opens_a_case_does_not_decide_it(town):
    first, second, lin = inspector(town), inspector(town, SECOND), Browser(town, LIN)
    first.see("/oversight/fraud/1")
    assert place(first.send("/oversight/fraud/1", step="case", claim="20 道题 9.1 秒交卷。")) == "/oversight/cases/1"
    assert "要由别人决定" in first.see("/oversight/cases/1")
    code = next(iter(d.case.code for d in _own(town)))
    page = lin.see(f"/me/cases/{code}")
    assert "还没有认定什么" in page and "20 道题 9.1 秒交卷。" in page and "/oversight/" not in page
    lin.send(f"/me/cases/{code}", step="say", text="我学过两遍。")
    second.see("/oversight/cases/1")
    second.send("/oversight/cases/1", step="decide", result="refused", text="看过记录，是第二次学。")
    assert "不成立" in lin.see(f"/me/cases/{code}")


def _own(app):
    with app.app_context():
        return cases.list_own(1)


def test_nobody_answers_what_is_about_themselves(town):
    with town.test_request_context(), writing():
        first = officer(town)
        (made,) = oversight.add_findings([found("person:3", key="pace:3", person=first.id)])
        with pytest.raises(Forbidden):
            oversight.dismiss(first, made, "没有问题")
        with pytest.raises(Forbidden):
            oversight.make_case(first, made, "x")
        oversight.dismiss(officer(town, SECOND), made, "没有问题")


def test_the_same_occasion_is_found_once(town):
    with town.test_request_context(), writing():
        assert oversight.add_findings([found("attempt:x")]) == [] and oversight.count_waiting() == 1


def test_a_look_is_done_in_the_background_and_asks_for_the_next_night(town):
    first = inspector(town)
    first.see("/oversight/fraud")
    first.send("/oversight/fraud/look")
    first.send("/oversight/fraud/look")
    with town.app_context():
        waiting = session.execute(text("SELECT id, payload FROM jobs_job WHERE name = 'oversight.look' AND pending_key LIKE '%now'")).all()
        assert len(waiting) == 1
        tasks.look(jobs.worker.Running(town, waiting[0].id, "oversight.look", {"days": 30, "is_nightly": True}, 1))
        nights = session.scalar(text("SELECT count(*) FROM jobs_job WHERE name = 'oversight.look' AND pending_key LIKE '%nightly'"))
        assert nights == 1


def test_old_sightings_are_forgotten(town):
    with town.test_request_context(), writing():
        session.add(Sighting(person_id=1, ref="playback:1", device="a", network="b", at=clock.now() - timedelta(days=201)))
        session.add(Sighting(person_id=1, ref="playback:1", device="c", network="b", at=clock.now() - timedelta(days=100)))
        session.flush()
        assert oversight.forget_sightings() == 1


# ---- training rooms


def test_a_tablet_and_a_line_of_a_room_are_no_shared_device(town):
    first = inspector(town)
    first.see("/oversight/rooms")
    assert "请写一点内容" in words(first.send("/oversight/rooms", 422, name=" "))
    room = place(first.send("/oversight/rooms", name="3 号机房", place="虎门"))
    first.see(room)
    first.send(room, step="device", label="第 2 台")
    first.send(room, step="device", label="第 2 台")
    first.send(room, step="network")
    page = first.see(room)
    assert page.count("第 2 台") >= 1 and "3 号机房" in page
    first.send(room, 422, step="fly")
    first.send(room, 404, step="remove", mark="99")
    with town.app_context():
        marks = oversight.list_marks(1)
        assert [m.kind for m in marks] == ["device", "network"]
    first.send(room, step="remove", mark=str(marks[1].id))
    first.send(room, step="close")
    assert "已停用" in first.see(room)


def test_a_machine_that_cannot_be_told_apart_is_not_registered(town):
    with town.test_request_context(), writing():
        nowhere = officer(town)
        room = oversight.open_room(nowhere, name="3 号机房")
        for mark in (oversight.mark_device, oversight.mark_network):
            with pytest.raises(Invalid):
                mark(nowhere, room.id)
        with pytest.raises(Forbidden):
            oversight.open_room(Actor("person", 1, "林小莲"), name="我家")


def test_one_of_several_is_not_told_what_another_loses(town):
    """A case about two people: each reads what is taken back from them, in the case and in the letter, and nothing of the other's."""
    with town.test_request_context(), writing():
        make_course("other-course", title="别人学的课", videos_ms=(3_000_000,))
    Learner(town, OTHER).finish("other-course")
    with town.test_request_context(), writing():
        other = accounts.find_person_by_phone(OTHER).id
        (made,) = oversight.add_findings([Found("pace", "pace:two", (1, other), 250, ("person:1", f"person:{other}"), FACTS)])
        case = oversight.make_case(officer(town), made, "两个人错得一样。")
        refs = [a.effect for a in oversight.list_awards([1, other])]
        assert len(refs) == 2
        for phone in (LIN, OTHER):
            cases.say(officer(town, phone), cases.dossier(case), "我自己学的。")
        cases.decide(officer(town, SECOND), cases.dossier(case), result="upheld", text="看过两人的记录。", follows="", effects=refs)
        code = case.code
    lin, he = Browser(town, LIN), Browser(town, OTHER)
    for browser, mine, others in ((lin, "《安全测量》", "《别人学的课》"), (he, "《别人学的课》", "《安全测量》")):
        for page in (browser.see(f"/me/cases/{code}"), browser.see(f"/me/cases/{code}/letters/1"),
                     browser.get(f"/me/cases/{code}/letters/1.txt").get_data(as_text=True)):
            assert others not in page
        assert mine in page
        browser.see(f"/me/cases/{code}")
        browser.send(f"/me/cases/{code}", step="accept")
    jobs.run_waiting(town)  # both agree, so it is carried out
    for browser, mine, others in ((lin, "《安全测量》", "《别人学的课》"), (he, "《别人学的课》", "《安全测量》")):
        page = browser.see(f"/me/cases/{code}")
        assert "已执行" in page and page.count(mine) >= 2 and others not in page


def test_that_somebody_found_something_is_not_told_to_whoever_guesses_its_number(town):
    lin = Browser(town, LIN)
    lin.get("/me/cases/new?about=finding:1", 404)
    lin.see("/me/cases/new")
    lin.send("/me/cases/new", 404, about="finding:1", kind="correction", text="x")
