"""Lessons and quizzes as pages, and answers no question can have: right status, a Chinese sentence, nothing changed."""

from __future__ import annotations

import json
import re
from datetime import datetime
from html import unescape
from itertools import pairwise

import pytest
from sqlalchemy import func, select
from tests.clients import API, Browser, Learner, is_chinese, place, words
from tests.factories import make_course, make_person
from werkzeug.datastructures import MultiDict

from guanxue import courses, policies
from guanxue.audit.models import AuditLine
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.learning import derive_completion
from guanxue.learning.models import Completion
from guanxue.learning.routes.study import answers_from_form
from guanxue.policies.defaults import LIGHT_2
from guanxue.quizzes.models import Attempt, Extension, Submission

GIFT = """::q1::主轴停稳以后才能测量工件。{TRUE####防止卷入。}

::q2::车床的纵向轴是哪一根？{=Z轴 ~X轴 ~Y轴}

::q3::一学时是几分钟？{#45:1}

::q4::卡尺要与轴线{=垂直 =竖直}

::q5::连一连{=G00 -> 快移 =G01 -> 直线 =G02 -> 圆弧}
"""
ORDER = {"id": "q", "kind": "ordering", "options": [{"id": "a"}, {"id": "b"}, {"id": "c"}]}
LEARNER, OTHER = "13800000001", "13800000002"


@pytest.fixture
def school(bare_app):
    """Two learners in one course with a quiz of every common kind."""
    with bare_app.test_request_context(), writing():
        make_person(LEARNER)
        make_person(OTHER, "周工")
        make_course(gift=GIFT, texts=1)
        make_course("another", title="别的课")
    for phone in (LEARNER, OTHER):
        Learner(bare_app, phone).call("PUT", "/courses/safe-measuring/enrolment", 200)
    return bare_app


@pytest.fixture
def browser(school):
    """The learner's browser before the begun quiz; its `attempt` is the form's."""
    made = Browser(school, LEARNER)
    made.send("/learn/safe-measuring/quiz/start")
    made.attempt = re.search(r'name="attempt" value="([^"]+)"', made.see("/learn/safe-measuring/quiz"))[1]
    return made


def save(browser, status=200, **answers) -> None:
    """What the page saves by itself: the same device as the form, for another would have to take the quiz over first."""
    answer = browser.client.put(f"/api/v1/attempts/{browser.attempt}/answers", json=answers, headers={"X-CSRF-Token": browser.token})
    assert answer.status_code == status, answer.get_json()


def kept(app) -> tuple[int, list]:
    """How many were handed in, and what every attempt holds."""
    with app.app_context():
        return (session.scalar(select(func.count()).select_from(Submission)),
                [a.answers for a in session.scalars(select(Attempt).order_by(Attempt.started_at, Attempt.id))])


# ---- pages


def test_a_lesson_is_shown_to_who_is_in_the_course_and_others_are_led_to_it(school):
    assert "先停机" in Browser(school, LEARNER).see("/learn/safe-measuring/lesson-2")
    stranger = Browser(school, LEARNER)
    assert place(stranger.get("/learn/another/lesson-1", 303)) == "/courses/another"
    assert place(Browser(school).get("/learn/safe-measuring/lesson-1", 303)).startswith("/login?next=")
    for path in ("/learn/nothing/lesson-1", "/learn/safe-measuring/nothing", "/learn/safe-measuring/%00", "/learn/plan/x"):
        stranger.get(path, 404)
    assert "第1课" in words(stranger.get("/learn/safe-measuring/lesson-1?player=nonsense"))


def test_film_and_text_promise_of_a_broken_network_what_the_policy_keeps(school):
    with school.test_request_context(), writing():
        policies.publish_policy(SYSTEM, code="light", title="不补报", effective_on=clock.today(), numbers=LIGHT_2 | {"late_cap_ms": 0})
        make_person("13800000003", "新来的")
    Learner(school, "13800000003").call("PUT", "/courses/safe-measuring/enrolment", 200)
    with school.test_request_context():
        places = [f"/learn/safe-measuring/{x.slug}" for x in courses.lessons_of(courses.get_course("safe-measuring", SYSTEM).revision_id)[:2]]
    for phone, is_made_up in ((LEARNER, True), ("13800000003", False)):
        for address in places:
            holder = re.search(r'id="(?:player|reader)"[^>]*? data-words=\'([^\']+)\'', Browser(school, phone).see(address))
            said = json.loads(unescape(holder[1]))["offline"]
            assert ("连上后补报" in said) is is_made_up, (phone, address)
            assert ("断网超过 2 分钟的那一段不算；要断网学，请先下载。" in said) is not is_made_up


def test_a_quiz_handed_in_by_form_is_graded_and_a_second_time_is_the_first_answer(school, browser):
    page = browser.see("/learn/safe-measuring/quiz")
    assert "防止卷入" not in page
    form = {"attempt": browser.attempt, "q-q1": "true", "q-q3": "45", "q-q4": "竖直"}
    assert place(browser.send("/learn/safe-measuring/quiz/submit", **form)) == "/learn/safe-measuring/quiz"
    count, (answers,) = kept(school)
    assert count == 1 and answers == {"q1": True, "q3": 45.0, "q4": "竖直"}
    browser.send("/learn/safe-measuring/quiz/submit", **{**form, "q-q3": "1"})
    assert kept(school) == (1, [answers])
    assert "60" in words(browser.get("/learn/safe-measuring/quiz"))  # three of five


@pytest.mark.parametrize("form, saved", [
    ({"q-q3": "四十五"}, {"q1": True}), ({"q-q3": "1e999"}, {"q1": True}), ({"q-q3": "nan"}, {"q1": True}),
    ({"q-q2": "foreign-option"}, {}), ({"q-q4": "很" * 600}, {}),  # no page of ours sends these
])
def test_an_impossible_answer_is_told_and_hands_nothing_in(school, browser, form, saved):
    answer = browser.send("/learn/safe-measuring/quiz/submit", 422, attempt=browser.attempt, **{"q-q1": "true", **form})
    assert is_chinese(words(answer))
    assert kept(school) == (0, [saved])


def test_another_persons_attempt_cannot_be_handed_in(school, browser):
    thief = Browser(school, OTHER)
    for attempt in (browser.attempt, "", "nothing", "x" * 500):
        thief.send("/learn/safe-measuring/quiz/submit", 404, attempt=attempt, **{"q-q1": "true"})
    assert kept(school) == (0, [{}])


def test_a_quiz_out_of_time_is_handed_in_as_it_was_saved_in_time(school, browser):
    save(browser, q1=True)
    with clock.advance(3600):
        save(browser, 409, q1=False)
        browser.send("/learn/safe-measuring/quiz/submit", attempt=browser.attempt, **{"q-q1": "false", "q-q3": "45"})
    assert kept(school) == (1, [{"q1": True}])


# ---- over the API

IMPOSSIBLE = [
    {"q1": "true"}, {"q1": 1}, {"q1": []}, {"q2": "foreign"}, {"q2": 1}, {"q2": ["x"]}, {"q2": True}, {"q3": "45"}, {"q3": True},
    {"q3": 10**40}, {"q3": {}}, {"q4": 5}, {"q4": "很" * 501}, {"q5": "x"}, {"q5": {"x": "y"}}, {"q5": [1]}, {"q9": True}, {"": 1},
    {"q1": {"deep": [[[]]]}}, {"q1": True, "q2": "foreign"},
]


def test_impossible_answers_are_422_name_the_question_and_keep_nothing(school, browser):
    learner = Learner(school)
    for answers in IMPOSSIBLE:
        told = learner.call("PUT", f"/attempts/{browser.attempt}/answers", 422, **answers)
        assert told["errors"] and all(is_chinese(e["message"]) for e in told["errors"]), answers
        assert kept(school) == (0, [{}])
    for body in ("[]", "1", '{"q3": NaN}', '{"q3": 1e999}', "{", '{"q4": "\\ud800"}'):
        answer = learner.client.put(f"{API}/attempts/{browser.attempt}/answers", headers=learner.headers, data=body, content_type="application/json")
        assert answer.status_code == 422, body
    wrong_type = learner.client.put(f"{API}/attempts/{browser.attempt}/answers", headers=learner.headers, data={"q1": "true"})
    assert wrong_type.status_code == 415
    assert kept(school) == (0, [{}])


def test_saving_merges_and_null_clears(school, browser):
    learner = Learner(school)
    page = learner.call("POST", f"/quizzes/{learner.lessons()[-1]['id']}/attempts", 200)
    assert page["attempt_id"] == browser.attempt  # the open attempt, not a new one
    matching = next(q for q in page["questions"] if q["id"] == "q5")
    pairs = {matching["options"][0]["id"]: matching["choices"][0]["id"]}
    for answers in ({"q1": True}, {"q3": 45.5, "q5": pairs}, {"q1": None}):
        learner.call("PUT", f"/attempts/{browser.attempt}/answers", 200, **answers)
    assert kept(school) == (0, [{"q3": 45.5, "q5": pairs}])


def test_foreign_and_closed_attempts_are_refused(school, browser):
    learner, thief = Learner(school), Learner(school, OTHER)
    for call in (("PUT", "answers"), ("POST", "submit")):
        for attempt in (browser.attempt, "nothing"):
            thief.call(call[0], f"/attempts/{attempt}/{call[1]}", 404, q1=True)
    first = learner.call("POST", f"/attempts/{browser.attempt}/submit", 200)
    assert learner.call("PUT", f"/attempts/{browser.attempt}/answers", 409, q1=True)["type"].endswith("#attempt-closed")
    again = learner.call("POST", f"/attempts/{browser.attempt}/submit", 200)
    assert {k: again[k] for k in ("score", "passed", "feedback")} == {k: first[k] for k in ("score", "passed", "feedback")}
    learner.call("DELETE", "/courses/safe-measuring/enrolment", 204)
    learner.call("POST", f"/attempts/{browser.attempt}/submit", 403)


def test_a_lesson_is_no_quiz_and_a_quiz_is_no_video(school):
    learner = Learner(school)
    video, _text, quiz = learner.lessons()
    learner.call("POST", f"/quizzes/{video['id']}/attempts", 409)
    learner.call("POST", f"/lessons/{quiz['id']}/playback", 409)
    other = Learner(school, OTHER)
    other.call("PUT", "/courses/another/enrolment", 200)
    learner.call("GET", f"/lessons/{other.lessons('another')[0]['id']}", 403)


# ---- more time


def ends_at(learner, browser) -> tuple[float, int]:
    """When the attempt ends, in seconds from now, and how often it may still be extended."""
    told = learner.call("POST", f"/quizzes/{learner.lessons()[-1]['id']}/attempts", 200)
    assert told["attempt_id"] == browser.attempt
    return (datetime.fromisoformat(told["expires_at"]) - clock.now()).total_seconds(), told["extensions_left"]


def test_more_time_is_given_ten_times_for_the_asking_and_kept_on_record(school, browser):
    learner = Learner(school)
    first, left = ends_at(learner, browser)
    assert left == 10
    for n in range(1, 11):
        told = learner.call("POST", f"/attempts/{browser.attempt}/extension", 200)
        assert told["extensions_left"] == 10 - n and told["extension_s"] == 1800
    now, _left = ends_at(learner, browser)
    assert abs(now - first - 10 * 1800) < 30
    refused = learner.call("POST", f"/attempts/{browser.attempt}/extension", 409)
    assert refused["type"].endswith("#no-more-time") and is_chinese(refused["detail"])
    with school.app_context():
        rows = session.scalars(select(Extension).order_by(Extension.number)).all()
        assert [x.number for x in rows] == list(range(1, 11))
        assert all(b.ended_at == a.expires_at for a, b in pairwise(rows))
        assert session.scalar(select(func.count()).select_from(AuditLine).where(AuditLine.action == "quizzes.attempt.extended")) == 10


def test_more_time_is_a_button_of_the_form_and_keeps_what_was_written(school, browser):
    page = browser.see("/learn/safe-measuring/quiz")
    assert 'formaction="/learn/safe-measuring/quiz/extend"' in page and "加 30 分钟" in page
    browser.send("/learn/safe-measuring/quiz/extend", attempt=browser.attempt, **{"q-q1": "true", "q-q3": "45"})
    assert kept(school) == (0, [{"q1": True, "q3": 45.0}])
    assert "最多再加 9 次" in browser.see("/learn/safe-measuring/quiz")
    with clock.advance(50 * 60):
        save(browser, q4="垂直")


def test_whoever_missed_the_end_is_offered_to_go_on_with_what_was_written(school, browser):
    save(browser, q1=True)
    with clock.advance(40 * 60):
        page = browser.see("/learn/safe-measuring/quiz")
        assert "已经交上来的 1 道题都在" in page and "接着答" in page
        browser.send("/learn/safe-measuring/quiz/extend", attempt=browser.attempt)
        assert f'value="{browser.attempt}"' in browser.see("/learn/safe-measuring/quiz")
    assert kept(school) == (0, [{"q1": True}])


def test_a_blank_try_that_had_all_its_time_is_sent_what_waits_on_a_phone_while_that_counts(school, browser):
    learner = Learner(school)
    for _n in range(10):
        learner.call("POST", f"/attempts/{browser.attempt}/extension", 200)
    left_s, _extensions = ends_at(learner, browser)
    for after_s, is_sent in ((60, True), (180, False)):
        with clock.advance(left_s + after_s):
            page = browser.see("/learn/safe-measuring/quiz")
            assert ('id="left"' in page) is is_sent and "就这样交卷" not in page and "开始考核" in page


def test_a_form_that_comes_a_little_late_takes_the_time_it_could_have_asked_for(school, browser):
    with clock.advance(45 * 60):
        browser.send("/learn/safe-measuring/quiz/submit", attempt=browser.attempt, **{"q-q1": "true", "q-q3": "45"})
    assert kept(school) == (1, [{"q1": True, "q3": 45.0}])
    with school.app_context():
        assert session.scalar(select(func.count()).select_from(Extension)) == 1


def test_no_time_is_added_to_what_is_handed_in_long_over_or_followed_by_another(school, browser):
    learner, thief = Learner(school), Learner(school, OTHER)
    thief.call("POST", f"/attempts/{browser.attempt}/extension", 404)
    with clock.advance(61 * 60):
        assert learner.call("POST", f"/attempts/{browser.attempt}/extension", 409)["type"].endswith("#no-more-time")
        browser.send("/learn/safe-measuring/quiz/extend", 409, attempt=browser.attempt)
    with clock.advance(31 * 60):
        browser.send("/learn/safe-measuring/quiz/start")
        learner.call("POST", f"/attempts/{browser.attempt}/extension", 409)
        newer = learner.call("POST", f"/quizzes/{learner.lessons()[-1]['id']}/attempts", 200)["attempt_id"]
        learner.call("POST", f"/attempts/{newer}/submit", 200)
        assert learner.call("POST", f"/attempts/{newer}/extension", 409)["type"].endswith("#attempt-closed")


def test_a_completion_names_the_time_that_was_added(school, browser):
    learner = Learner(school)
    learner.call("POST", f"/attempts/{browser.attempt}/extension", 200)
    for lesson in learner.lessons()[:-1]:
        learner.watch(lesson["id"], lesson["duration_s"])
    browser.send("/learn/safe-measuring/quiz/submit", attempt=browser.attempt, **{"q-q1": "true", "q-q3": "45", "q-q4": "竖直"})
    with school.app_context():
        completion = session.scalar(select(Completion))
        assert [x[:2] for x in completion.evidence["extensions"]] == [[browser.attempt, 1]]
        assert derive_completion(completion).faults == []


def test_order_is_told_by_the_place_given_to_each():
    def told(**places):
        return answers_from_form([ORDER], MultiDict({f"q-q-{option}": place for option, place in places.items()}))[0]

    assert told(a="3", b="1", c="2") == {"q": ["b", "c", "a"]}
    assert told(a="2", b="", c="1") == {"q": ["c", "a"]}
    assert told(a="1", b="1", c="x") == {"q": ["a", "b"]}
    assert told() == {}
