"""Several teachers of one course: asked in without telling who has an account, four eyes, handed over; institutions."""

from __future__ import annotations

import pytest
from tests.clients import Browser, words
from tests.factories import GIFT, OWN_WORK, TEXT, make_person, town_row

from guanxue import accounts, courses
from guanxue.accounts.erasure import erase_person
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, writing
from guanxue.core.errors import Conflict, Forbidden, Invalid
from guanxue.courses import keeping
from guanxue.courses.models import Author

OWNER, OTHER, REVIEWER, LEARNER = "13800000002", "13800000003", "13800000007", "13800000001"


@pytest.fixture
def team(app):
    """陈志强 with a draft, 周工 who teaches, 林小莲 who does not: (owner, other, learner, course)."""
    accounts.load_towns(SYSTEM, [town_row(), town_row("dalang", "大朗镇")])
    owner, other = make_person(OWNER, "陈志强", "instructor", "humen"), make_person(OTHER, "周工", "instructor", "humen")
    learner = make_person(LEARNER)
    course = courses.create_course(owner, title="看布", kind="skills-upgrading", slug="kanbu")
    courses.add_lesson(owner, course, title="甲", kind="text", body=TEXT)
    courses.add_lesson(owner, course, title="考核", kind="quiz", body=GIFT)
    return owner, other, learner, course


def joined(team):
    owner, other, learner, course = team
    courses.invite_author(owner, course, OTHER)
    courses.answer_invitation(other, course.id, accepts=True)
    return team


def test_who_says_yes_writes_the_course_and_sees_it_among_their_own(team):
    owner, other, _learner, course = team
    courses.invite_author(owner, course, OTHER)
    assert not courses.may_edit_course(other, course) and courses.list_own_courses(other) == []
    assert [(c.slug, by) for c, by in courses.list_invitations(other)] == [("kanbu", "陈志强")]
    assert courses.answer_invitation(other, course.id, accepts=True) is course
    assert courses.may_edit_course(other, course) and courses.list_own_courses(other) == [course]
    assert courses.list_invitations(other) == [] and not courses.may_lead_course(other, course)


def test_who_says_no_is_nobody_and_an_answer_nobody_asked_for_does_nothing(team):
    owner, other, _learner, course = team
    courses.invite_author(owner, course, OTHER)
    assert courses.answer_invitation(other, course.id, accepts=False) is None
    assert session.get(Author, (course.id, other.id)) is None
    assert courses.answer_invitation(other, course.id, accepts=True) is None
    assert not courses.may_edit_course(other, course)


def test_an_invitation_never_tells_whether_a_number_is_somebodys(bare_app):
    with bare_app.test_request_context(), writing():
        make_person(OWNER, "陈志强", "instructor")
        make_person(OTHER, "周工", "instructor")
        make_person(LEARNER)
        courses.create_course(Actor("person", 1, "陈志强", frozenset({"teach"})), title="看布", kind="skills-upgrading", slug="kanbu")
    browser, told = Browser(bare_app, OWNER), set()
    for phone in (OTHER, LEARNER, "13999999999"):
        browser.see("/teach/kanbu/team")
        answer = browser.send("/teach/kanbu/team/invite", phone=phone)
        told.add((answer.headers["Location"], words(browser.client.get(answer.headers["Location"]))))
    assert len(told) == 1 and "周工" not in str(told)
    assert "手机号" in words(browser.send("/teach/kanbu/team/invite", 422, phone="12"))
    other = Browser(bare_app, OTHER)
    assert "请你合写" in words(other.client.get("/teach"))
    other.see("/teach")
    other.send("/teach/invitations/1", answer="yes")
    assert "看布" in other.see("/teach/kanbu")


def test_only_the_owner_asks_in_sends_away_and_hands_over(team):
    owner, other, learner, course = joined(team)
    for forbidden in (lambda: courses.invite_author(other, course, LEARNER), lambda: courses.remove_author(other, course, owner.id),
                      lambda: courses.hand_over(other, course, other.id), lambda: courses.set_institution(other, course, "humen")):
        with pytest.raises(Forbidden):
            forbidden()
    with pytest.raises(Conflict):
        courses.hand_over(owner, course, learner.id)


def test_a_course_is_handed_over_and_its_owner_writes_on(team):
    owner, other, _learner, course = joined(team)
    courses.hand_over(owner, course, other.id)
    assert course.owner_id == other.id and courses.may_edit_course(owner, course) and not courses.may_lead_course(owner, course)
    assert courses.teacher_of(course.id) == "周工" and courses.list_coauthors(course) == ["陈志强"]


def test_who_leaves_writes_no_more_but_never_reviews_what_they_wrote(team):
    owner, other, _learner, course = joined(team)
    reader = Actor("person", other.id, other.name, frozenset({"teach", "review"}))
    courses.remove_author(reader, course, reader.id)
    assert not courses.may_edit_course(other, course) and courses.list_own_courses(other) == []
    assert not courses.may_review_course(reader, course) and other.id in course.writer_ids
    courses.invite_author(owner, course, OTHER)
    courses.answer_invitation(other, course.id, accepts=True)
    assert courses.may_edit_course(other, course)


def test_nobody_becomes_an_author_of_what_they_may_be_reading(team):
    owner, _other, _learner, course = team
    make_person(REVIEWER, "何静", "reviewer")
    person = accounts.find_person_by_phone(REVIEWER)
    accounts.grant_role(SYSTEM, person, "instructor")
    reader = Actor("person", person.id, "何静", accounts.capabilities_of(person.id))
    courses.invite_author(owner, course, REVIEWER)
    courses.submit_course(owner, course, claims=OWN_WORK)
    with pytest.raises(Conflict, match="正在审核"):
        courses.answer_invitation(reader, course.id, accepts=True)
    assert courses.may_review_course(reader, course)


# ---- institutions


def test_a_course_belongs_to_a_place_its_owner_teaches_for_and_says_so(team):
    owner, _other, _learner, course = team
    courses.set_institution(owner, course, "humen")
    assert courses.institution_of(course).name == "虎门镇"
    for wrong in ("dalang", "nowhere"):
        with pytest.raises(Invalid, match="任教"):
            courses.set_institution(owner, course, wrong)
    assert courses.institution_of(course).slug == "humen"
    courses.set_institution(owner, course, "")
    assert courses.institution_of(course) is None


def test_colleagues_are_asked_by_name_and_strangers_are_not(team):
    owner, other, learner, course = team
    courses.set_institution(owner, course, "humen")
    assert courses.list_colleagues(owner, course) == [(other.id, "周工")]
    with pytest.raises(Invalid):
        courses.invite_colleague(owner, course, learner.id)
    courses.invite_colleague(owner, course, other.id)
    assert courses.answer_invitation(other, course.id, accepts=True) is course
    assert courses.list_colleagues(owner, course) == []


def test_asking_a_number_does_not_tell_which_colleague_has_it(team):
    owner, other, _learner, course = team
    courses.set_institution(owner, course, "humen")
    before = courses.list_colleagues(owner, course)
    courses.invite_author(owner, course, accounts.get_person(other.id).phone)
    assert courses.list_colleagues(owner, course) == before
    assert [c for c, _by in courses.list_invitations(other)] == [course]


def test_when_the_owner_is_gone_a_colleague_takes_the_course_over_once(team):
    owner, other, _learner, course = team
    courses.set_institution(owner, course, "humen")
    third = make_person("13800000004", "梁师傅", "instructor", "humen")
    elsewhere = make_person("13800000005", "外镇", "instructor", "dalang")
    with pytest.raises(Conflict):
        courses.take_over(other, course.id)
    erase_person(SYSTEM, owner.id)
    session.expire_all()
    with pytest.raises(Conflict):
        courses.take_over(elsewhere, course.id)
    assert courses.list_left_courses(other) == [course]
    courses.take_over(other, course.id)
    assert course.owner_id == other.id and courses.list_left_courses(third) == []
    with pytest.raises(Conflict):
        courses.take_over(third, course.id)


def test_an_authorship_is_told_and_ends_with_the_account(team):
    _owner, other, _learner, course = joined(team)
    assert keeping.export(other.id)["authorships"][0]["title"] == "看布"
    assert keeping.left(other.id) != []
    erase_person(SYSTEM, other.id)
    session.expire_all()
    assert other.id not in course.author_ids and session.get(Author, (course.id, other.id)).left_at is not None
