"""Pages of presence: mine without script, making up, training rooms, the schedule drawn again, what is exported, merged accounts."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from tests.clients import Browser, words
from tests.factories import make_person
from tests.learning.presence_school import Student, Time, strict_course, strict_policy

from guanxue import accounts, learning
from guanxue.audit.models import AuditLine
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.command import Application
from guanxue.core.db import session, writing
from guanxue.learning import commands, keeping, merging, proving
from guanxue.learning.models import Check, CheckStep, Presence

LEARNER, TEACHER, INSPECTOR, OTHER = (f"1380000000{n}" for n in range(1, 5))


@pytest.fixture
def time():
    with Time() as passing:
        yield passing


@pytest.fixture
def school(bare_app):
    with bare_app.test_request_context(), writing():
        make_person(LEARNER)
        make_person(TEACHER, "陈师傅", "instructor")
        make_person(INSPECTOR, "周督导", "inspector")
        make_person(OTHER, "阿强")
        strict_policy(presence_kinds=["tap", "code", "roll"])
        strict_course(videos_ms=(200_000, 200_000))
    return bare_app


@pytest.fixture
def student(school, time):
    who = Student(school, time, LEARNER)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    who.open(who.lessons()[0]["id"])
    return who


def actor(phone):
    person = accounts.find_person_by_phone(phone)
    return Actor("person", person.id, person.name, accounts.capabilities_of(person.id))


def miss(student):
    """A check that was seen and not answered; its challenge."""
    challenge = student.play_until_asked()
    student.say(challenge, do="shown")
    student.wait(61)
    student.say(challenge, do="expired")
    return challenge


def test_a_check_that_nobody_has_seen_keeps_the_course_open_and_the_pages_say_so(school, student):
    """Whoever ends the sitting before telling what was played completes nothing without an answer."""
    with school.test_request_context(), writing():
        strict_course("short", videos_ms=(100_000,))
    student.call("PUT", "/courses/short/enrolment", 200)
    film, quiz = student.lessons("short")
    student.pass_quiz(quiz["id"])
    student.open(film["id"])
    student.time.go(100)
    student.call("POST", f"/playbacks/{student.playback['playback_id']}/close", 200)
    student.beat(student.playback, *((n * 10_000, (n - 1) * 10, n * 10, 1) for n in range(1, 11)))
    browser = Browser(school, LEARNER)
    page = browser.see("/courses/short")
    assert "有一次“你还在吗”等你回答" in page and "已学完" not in page
    assert "有一次“你还在吗”等你回答" in browser.see("/me")
    with school.app_context():
        (check,) = session.scalars(select(Check))
    browser.send(f"/me/presence/{check.code}", 303, answer="true")
    assert "已学完" in browser.see("/courses/short") and "等你回答" not in browser.see("/me")


def test_a_check_that_waits_is_answered_without_script(school, student):
    challenge = student.play_until_asked()
    browser = Browser(school, LEARNER)
    assert "你还在学吗" in browser.see("/me/presence")
    browser.send(f"/me/presence/{challenge['id']}", 303, kind="code")
    assert "不对" in browser.see(browser.send(f"/me/presence/{challenge['id']}", 303, answer="000000").headers["Location"])
    with school.app_context():
        assert "wrong" in session.scalars(select(CheckStep.what)).all()
    browser.send(f"/me/presence/{challenge['id']}", 303, kind="tap")
    browser.send(f"/me/presence/{challenge['id']}", 303, answer="true")
    assert "已确认" in browser.see("/me/presence")
    assert student.play(10)["challenge"] is None


def test_my_presence_says_what_is_withheld_until_when_and_how_many_chances_are_left(school, student):
    challenge = miss(student)
    student.tap(challenge)
    browser = Browser(school, LEARNER)
    text = " ".join(browser.see("/me/presence").split())
    assert "先不计入" in text and "前可以补" in text and "还可以补 2 次" in text
    page = f"/me/presence/{challenge['id']}"
    assert "出题" in browser.see(page)
    browser.send(page + "/make-up", 303)
    assert browser.see(page).count('name="answer"') == 4
    assert "请选" in words(browser.send(page + "/make-up", 422, answer="x"))
    with school.app_context():
        key = session.scalars(select(CheckStep.document).where(CheckStep.what == "question")).one()["question"]["key"]
    assert "不对" in browser.see(browser.send(page + "/make-up", 303, answer=str((key + 1) % 4)).headers["Location"])
    with school.app_context():
        key = session.scalars(select(CheckStep.document).where(CheckStep.what == "question")
                              .order_by(CheckStep.number)).all()[-1]["question"]["key"]
    browser.send(page + "/make-up", 303, answer=str(key))
    assert "补上了" in browser.see(page)
    assert student.call("GET", f"/lessons/{student.lessons()[0]['id']}", 200)["coverage"] > 0.25


def test_after_three_wrong_answers_only_watching_again_is_left(school, student):
    challenge = miss(student)
    browser, page = Browser(school, LEARNER), f"/me/presence/{challenge['id']}"
    browser.see(page)
    browser.send(page + "/make-up", 303)
    for _n in range(3):
        with school.app_context():
            key = session.scalars(select(CheckStep.document).where(CheckStep.what == "question")
                                  .order_by(CheckStep.number)).all()[-1]["question"]["key"]
        browser.send(page + "/make-up", 303, answer=str((key + 1) % 4))
    assert "重新看" in browser.see(page) and "出题" not in browser.see(page)
    assert "不能再补" in words(browser.send(page + "/make-up", 409))


def test_my_presence_is_mine(school, student):
    challenge = miss(student)
    assert "/login" in Browser(school).client.get("/me/presence").headers["Location"]
    other = Browser(school, OTHER)
    assert "还没有问过你" in other.see("/me/presence")
    other.get(f"/me/presence/{challenge['id']}", 404)
    other.send(f"/me/presence/{challenge['id']}", 404, answer="true")
    other.send(f"/me/presence/{challenge['id']}/make-up", 404)
    other.get(f"/me/presence/{challenge['id']}/make-up", 405)
    other.get("/me/presence/no-such", 404)


def test_a_training_room_from_its_number_to_the_roll(school, student):
    teacher = Browser(school, TEACHER)
    teacher.see("/rooms")
    assert "请写" in words(teacher.send("/rooms", 422, name=" "))
    place = teacher.send("/rooms", 303, name="虎门三楼").headers["Location"]
    text = teacher.see(place)
    number = text.split('id="number">')[1][:7]
    mine = Browser(school, LEARNER)
    mine.see("/me/presence")
    assert "没有哪个课堂" in words(mine.send("/me/presence/join", 422, code="12 34"))
    mine.send("/me/presence/join", 303, code=number)
    assert "虎门三楼" in mine.see("/me/presence")
    student.play_until_asked()
    with school.app_context():
        person_id = accounts.find_person_by_phone(LEARNER).id
    assert "林小莲" in teacher.see(place)
    teacher.send(place + "/roll", 303, person=[str(person_id), "x", "999999"])
    assert student.play(10)["challenge"] is None
    Browser(school, OTHER).get("/rooms", 403)
    with school.test_request_context(), writing():
        make_person("13800000009", "别的老师", "instructor")
    second = Browser(school, "13800000009")
    second.get(place, 404)
    second.send(place + "/roll", 404, person=str(person_id))
    second.get("/rooms/999", 404)
    second.get("/rooms/1/roll", 405)
    teacher.send(place + "/close", 303)
    assert "已经关了" in teacher.see(place)
    assert "已经关了" in words(teacher.send(place + "/roll", 422, person=str(person_id)))
    assert "没有哪个课堂" in words(mine.send("/me/presence/join", 422, code=number))


def test_an_officer_does_not_sit_in_their_own_room(school):
    teacher = Browser(school, TEACHER)
    teacher.see("/rooms")
    place = teacher.send("/rooms", 303, name="一室").headers["Location"]
    number = teacher.see(place).split('id="number">')[1][:7]
    assert "你自己" in words(teacher.send("/me/presence/join", 422, code=number))


def test_an_inspector_draws_the_schedule_again_and_leaves_a_trace(school, student):
    student.tap(student.play_until_asked())
    inspector = Browser(school, INSPECTOR)
    inspector.see("/oversight/presence")
    text = words(inspector.send("/oversight/presence", 200, phone=LEARNER))
    assert "1 次全部和种子抽出来的一样" in text
    inspector.send("/oversight/presence", 404, phone="13899999999")
    inspector.send("/oversight/presence", 422, phone="12")
    Browser(school, OTHER).get("/oversight/presence", 403)
    with school.app_context():
        assert session.scalar(select(AuditLine).where(AuditLine.action == "learning.presence.looked"))
        seed = session.scalar(select(Presence.seed))
        assert seed.hex() not in text
    done = CliRunner().invoke(commands.group, ["schedule", LEARNER], obj=Application(lambda: school))
    assert done.exit_code == 0 and "相符" in done.output and seed.hex() not in done.output
    assert CliRunner().invoke(commands.group, ["schedule", "13899999999"], obj=Application(lambda: school)).exit_code == 1


def test_a_seed_that_was_changed_is_seen(school, student):
    student.tap(student.play_until_asked())
    with school.test_request_context(), writing():
        session.scalar(select(Presence)).seed = bytes(32)
        session.flush()
        assert not all(d.agrees for d in learning.list_schedule(accounts.find_person_by_phone(LEARNER).id))


def test_checks_are_told_to_their_person_without_what_tells_an_answer_or_the_next(school, student):
    challenge = miss(student)
    with school.test_request_context(), writing():
        learning.ask_make_up(actor(LEARNER), challenge["id"])
        person_id = accounts.find_person_by_phone(LEARNER).id
        told = keeping.export(person_id)
        assert [s["what"] for s in told["checks"][0]["steps"]] == ["asked", "shown", "missed", "question"]
        assert "due_ms" not in str(told) and "key" not in str(told["checks"]) and "seed" not in str(told)
        keeping.erase(SYSTEM, person_id)
        assert session.scalar(select(Check.id)) and session.scalar(select(Presence.seed))  # credits rest on them


def test_what_waited_when_accounts_became_one_is_made_up_from_the_account_that_stays(school, student, monkeypatch):
    challenge = student.play_until_asked()
    with school.test_request_context(), writing():
        mine, theirs = accounts.find_person_by_phone(OTHER).id, accounts.find_person_by_phone(LEARNER).id
        plan = merging.plan_merge(mine, theirs)
        assert any(e.what == "presence.unanswered" for e in plan.effects)
        proving.end_silently(theirs)
        proving.end_silently(theirs)
        monkeypatch.setattr(accounts, "merged_into", lambda person_id: [theirs] if person_id == mine else [])
        told = learning.get_told(actor(OTHER), challenge["id"])
        assert told.now.is_silent and told.until_ms and told.withheld_ms
        learning.ask_make_up(actor(OTHER), challenge["id"])
        assert learning.make_up(actor(OTHER), challenge["id"], learning.get_told(actor(OTHER), challenge["id"]).now.makeup["key"])
