"""A course that a complaint stopped, its people and its officers: the cast of stories about holds and mended versions."""

from __future__ import annotations

import pytest
from tests.clients import Browser, Learner
from tests.factories import GIFT, TEXT, make_person

from guanxue import accounts, courses, creditbank, learning, ledger
from guanxue.core.actor import ANONYMOUS, SYSTEM
from guanxue.core.db import writing

LEARNER, AUTHOR, OFFICER, SECOND, OTHER = (f"1380000000{n}" for n in range(1, 6))
SLUG = "safe-measuring"


@pytest.fixture
def school(any_app):
    """A course of two texts and a quiz, its author, two reviewers, a learner who is in it."""
    with any_app.test_request_context(), writing():
        for name, phone, role in (("林小莲", LEARNER, None), ("陈师傅", AUTHOR, "instructor"), ("何静", OFFICER, "reviewer"),
                                  ("梁工", SECOND, "reviewer")):
            make_person(phone, name, role)
        course = courses.create_course(who(AUTHOR), title="安全测量", kind="skills-upgrading", slug=SLUG)
        courses.add_lesson(who(AUTHOR), course, title="先停机", kind="text", body=TEXT)
        courses.add_lesson(who(AUTHOR), course, title="再读数", kind="text", body=TEXT + "\n\n再读一遍。")
        courses.add_lesson(who(AUTHOR), course, title="考核", kind="quiz", body=GIFT)
        courses.publish_course(SYSTEM, course)
    Learner(any_app, LEARNER).call("PUT", f"/courses/{SLUG}/enrolment", 200)
    return any_app


def who(phone):
    person = accounts.find_person_by_phone(phone)
    return type(SYSTEM)("person", person.id, person.name, accounts.capabilities_of(person.id))


def the_course():
    return courses.get_course(SLUG, SYSTEM)


def file_case(lesson_slug=""):
    return courses.complain(ANONYMOUS, the_course(), topic="rights", text="这段是我拍的。", lesson_slug=lesson_slug).id


def case(complaint_id):
    return courses.get_case_at_desk(SYSTEM, complaint_id)


def uphold(complaint_id):
    courses.ask_author(who(OFFICER), case(complaint_id))
    courses.counter(who(AUTHOR), case(complaint_id), "确实用错了。")
    courses.decide(who(OFFICER), case(complaint_id), "upheld", "素材没有授权。")


def mend(lesson=0):
    """A new revision, in which one lesson has other words."""
    found = courses.list_lessons(the_course().id)[lesson]
    courses.edit_lesson(who(AUTHOR), the_course(), found.id, title=found.title, body=TEXT + "\n\n自己拍的。")
    courses.publish_course(SYSTEM, the_course())


def do(app, work, *args):
    with app.test_request_context(), writing():
        return work(*args)


def done(learner) -> list[bool]:
    """Which lessons of their course are complete, in order."""
    return [learner.call("GET", f"/lessons/{x['id']}", 200)["completed"] for x in learner.lessons()]


def worth(app):
    """(balance, how many completions), and everything can be derived again."""
    with app.test_request_context():
        assert ledger.verify().is_sound and not creditbank.recompute()[1]
        person_id = accounts.find_person_by_phone(LEARNER).id
        return creditbank.balance(person_id), len(learning.list_completions(person_id))


def go_on(app):
    """The learner's revision is stopped for good, mended (its first lesson has other words), and they go on in that one."""
    do(app, lambda: uphold(file_case()))
    do(app, mend)
    browser = Browser(app, LEARNER)
    browser.see(f"/courses/{SLUG}")
    browser.send(f"/learn/{SLUG}/move")
    return browser
