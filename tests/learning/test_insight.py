"""What became of a course: figures from evidence, each with the list behind it; only for those who teach it; on both databases."""

from __future__ import annotations

import csv
import io

import pytest
from tests.clients import Browser, Learner
from tests.factories import make_course, make_person

from guanxue import courses, learning
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import writing
from guanxue.learning.insight import stretches_of
from guanxue.quizzes.analysis import correlation

TEACHER, OTHER = "13800000098", "13800000099"
LEARNERS = [f"138000000{n:02}" for n in range(1, 5)]


@pytest.fixture
def school(any_app):
    """A published course of one film of a minute and a quiz, its teacher, another teacher, four who could learn."""
    with any_app.test_request_context(), writing():
        for n, phone in enumerate(LEARNERS):
            make_person(phone, "林小莲" if n else "=cmd")
        teacher = make_person(TEACHER, "陈师傅", "instructor")
        make_person(OTHER, "周工", "instructor")
        make_course().owner_id = teacher.id
    return any_app


def study(app, phone: str, to_s: float = 0, right: bool | None = None, times: int = 1) -> Learner:
    """Join, watch the film to that second, hand the quiz in."""
    who = Learner(app, phone)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    film, quiz = who.lessons()
    if to_s:
        who.watch(film["id"], to_s)
    for _n in range(times if right is not None else 0):
        attempt = who.call("POST", f"/quizzes/{quiz['id']}/attempts", 200)
        if right:
            who.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, **who.right_answers(attempt))
        who.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200)
    return who


def groups(app) -> dict:
    with app.test_request_context():
        return learning.count_groups(courses.get_course("safe-measuring", SYSTEM))


def test_each_number_counts_what_its_list_shows(school):
    study(school, LEARNERS[0], 60, right=True)
    study(school, LEARNERS[1], 20, right=False, times=2)
    study(school, LEARNERS[2])
    assert groups(school) == {"all": 3, "begun": 2, "finished": 1, "quiet": 0, "failing": 1}
    browser = Browser(school, TEACHER)
    for group, count in groups(school).items():
        assert f"共 {count} 人" in browser.see(f"/teach/safe-measuring/insight/learners/{group}")
    with clock.advance(8 * 86_400):
        assert groups(school)["quiet"] == 1


def test_whoever_passed_at_last_is_not_among_those_who_fail(school):
    study(school, LEARNERS[0], 20, right=False, times=2)
    assert groups(school)["failing"] == 1
    study(school, LEARNERS[0], 0, right=True)
    assert groups(school)["failing"] == 0


def test_the_curve_falls_where_people_stop(school):
    study(school, LEARNERS[0], 60)
    study(school, LEARNERS[1], 20)
    study(school, LEARNERS[2], 20)
    with school.test_request_context():
        (curve,) = learning.list_curves(courses.get_course("safe-measuring", SYSTEM))
    assert (curve.begun, curve.finished) == (3, 1)
    assert [s.watched for s in curve.stretches if s.to_ms <= 19_500] == [3] * 13
    assert [s.watched for s in curve.stretches if s.from_ms >= 21_000] == [1] * 26
    assert (curve.worst.stopped, curve.worst.from_ms <= 20_000 < curve.worst.to_ms + 1_500) == (2, True)


def test_stretches_cover_a_film_without_gap_or_overlap():
    for duration_ms in (1, 999, 1_000, 59_999, 3_600_000):
        parts = stretches_of([([(0, duration_ms)], duration_ms)], duration_ms)
        assert [p.from_ms for p in parts] == [0, *(p.to_ms for p in parts[:-1])] and parts[-1].to_ms == duration_ms
        assert {p.watched for p in parts} == {1} and sum(p.stopped for p in parts) == 1


def test_a_question_tells_how_hard_it_is_and_what_was_chosen(school):
    for phone, right in zip(LEARNERS, (True, True, False, True), strict=True):
        study(school, phone, right=right)
    with school.test_request_context():
        first, second = learning.list_items(courses.get_course("safe-measuring", SYSTEM))
    assert (first.handed_in, first.permille, first.blank, first.separates) == (4, 750, 1, None)
    assert [(str(c.text), c.count, c.is_right) for c in first.chosen] == [("对", 3, True), ("错", 0, False)]
    assert sum(c.count for c in second.chosen if c.is_right) == 3


def test_only_the_first_submission_of_each_counts(school):
    study(school, LEARNERS[0], right=False)
    study(school, LEARNERS[0], right=True)
    with school.test_request_context():
        assert [x.permille for x in learning.list_items(courses.get_course("safe-measuring", SYSTEM))] == [0, 0]


def test_correlation_is_pearsons():
    assert correlation([0, 0, 1000, 1000], [0.0, 0.0, 1.0, 1.0]) == 1
    assert correlation([1000, 0, 1000, 0], [0.0, 1.0, 0.0, 1.0]) == -1
    assert correlation([0, 1000, 0, 1000], [0.0, 0.0, 1.0, 1.0]) == 0
    assert correlation([1000, 1000], [0.0, 1.0]) is None


def test_tables_are_safe_and_name_nobody(school):
    study(school, LEARNERS[0], 30)
    browser = Browser(school, TEACHER)
    answer = browser.client.get("/teach/safe-measuring/insight/learners.csv")
    assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
    heading, row = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert heading[0] == "学员" and row[0].startswith("'=") and "cmd" not in row[0]
    for what in ("learners", "watching", "questions"):
        for form in ("csv", "xlsx"):
            assert browser.client.get(f"/teach/safe-measuring/insight/{what}.{form}").status_code == 200
    assert browser.client.get("/teach/safe-measuring/insight/nothing.csv").status_code == 404


@pytest.mark.parametrize("path", ["insight", "insight/learners/all", "insight/learners.csv"])
def test_only_those_who_teach_it_see_it(school, path):
    assert Browser(school, OTHER).client.get(f"/teach/safe-measuring/{path}").status_code == 404
    assert Browser(school, LEARNERS[0]).client.get(f"/teach/safe-measuring/{path}").status_code == 403
    assert Browser(school, TEACHER).client.get(f"/teach/safe-measuring/{path}").status_code == 200
    assert Browser(school, TEACHER).client.get("/teach/safe-measuring/insight/learners/none").status_code == 404


def test_a_draft_says_that_there_are_no_figures_yet(school):
    with school.test_request_context(), writing():
        teacher = make_person("13800000097", "何工", "instructor")
        courses.create_course(teacher, title="还没有上架", kind="skills-upgrading", slug="not-yet")
    assert "还没有上架，上架以后" in Browser(school, "13800000097").see("/teach/not-yet/insight")
