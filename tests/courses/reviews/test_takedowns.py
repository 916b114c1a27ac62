"""Complaints: anybody files one, an officer holds and decides, the author is heard, and no learner loses anything earned."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.clients import Browser, Learner, place, words
from tests.factories import GIFT, OWN_WORK, TEXT, make_person

from guanxue import accounts, audit, courses, creditbank, learning, ledger
from guanxue.accounts.keepers import list_keepers
from guanxue.core import clock
from guanxue.core.actor import ANONYMOUS, SYSTEM
from guanxue.core.db import session, writing
from guanxue.core.errors import Forbidden, Invalid, TooMany
from guanxue.courses.reviews import takedowns

LEARNER, AUTHOR, OFFICER, SECOND, STRANGER = (f"1380000000{n}" for n in range(1, 6))


@pytest.fixture
def people(any_db):
    """A learner, an author, two reviewers, somebody else."""
    roles = {"learner": None, "author": "instructor", "officer": "reviewer", "second": "reviewer", "stranger": None}
    return {name: make_person(f"1380000000{n}", f"人{n}", role) for n, (name, role) in enumerate(roles.items(), 1)}


def published(people, slug="safe-measuring"):
    course = courses.create_course(people["author"], title="安全测量", kind="skills-upgrading", slug=slug)
    courses.add_lesson(people["author"], course, title="先停机", kind="text", body=TEXT)
    courses.add_lesson(people["author"], course, title="再读数", kind="text", body=TEXT + "\n\n再读一遍。")
    courses.add_lesson(people["author"], course, title="考核", kind="quiz", body=GIFT)
    courses.submit_course(people["author"], course, claims=OWN_WORK)
    courses.approve_course(people["officer"], course)
    return course


def filed(people, course, **more):
    made = courses.complain(ANONYMOUS, course, **{"topic": "rights", "text": "这段是我拍的。", "address": "10.0.0.1", **more})
    return courses.get_case(made.code)


def again(case):
    return courses.get_case(case.complaint.code)


def test_a_visitor_files_one_and_follows_it_by_its_code(people):
    course = published(people)
    case = filed(people, course, lesson_slug="lesson-1", contact="李 13900000000")
    assert (case.complaint.state, case.lesson_title, case.complaint.person_id) == ("open", "先停机", None)
    assert "10.0.0.1" not in case.complaint.address_hash and len(case.complaint.code) >= 16
    courses.add_words(ANONYMOUS, case, "附上原片。")
    assert [x.by for x in again(case).lines] == ["complainant"]
    with pytest.raises(courses.NoSuchComplaint):
        courses.get_case("nobody-knows")


def test_a_bad_complaint_is_named_and_writes_nothing(people):
    course = published(people)
    for bad in ({"topic": "mood"}, {"text": "  "}, {"lesson_slug": "lesson-9"}, {"text": "长" * 2001}):
        with pytest.raises(Invalid):
            filed(people, course, **bad)
    draft = courses.create_course(people["author"], title="草稿", kind="skills-upgrading")
    with pytest.raises(courses.NotReady):
        filed(people, draft)
    assert session.scalar(text("SELECT count(*) FROM courses_complaint")) == 0


def test_complaints_are_limited_by_address_and_by_person(people):
    course = published(people)
    for _n in range(takedowns.ADDRESS_A_DAY):
        filed(people, course)
    with pytest.raises(TooMany):
        filed(people, course)
    assert filed(people, course, address="10.0.0.2")
    for _n in range(takedowns.PERSON_A_DAY):
        courses.complain(people["stranger"], course, topic="facts", text="读数错了")
    with pytest.raises(TooMany):
        courses.complain(people["stranger"], course, topic="facts", text="读数错了")
    with clock.advance(25 * 3600):
        assert courses.complain(people["stranger"], course, topic="facts", text="读数错了")


def test_a_held_lesson_rests_for_everybody_and_the_rest_goes_on(people):
    course = published(people)
    learning.enrol(people["learner"], course)
    first, second, quiz = courses.lessons_of(course.revision_id)
    case = filed(people, course, lesson_slug=first.slug)
    courses.hold(people["officer"], case)
    with pytest.raises(courses.Paused):
        learning.open_playback(people["learner"], first, "a")
    assert learning.open_playback(people["learner"], second, "b")[1] and learning.start_attempt(people["learner"], quiz)
    assert courses.why_closed(course) is None  # the course itself goes on
    with pytest.raises(courses.NotReady):
        courses.hold(people["officer"], again(case))
    courses.release(people["officer"], again(case))
    assert learning.open_playback(people["learner"], first, "a")[1]


def test_a_held_course_takes_nobody_and_plays_nothing(people):
    course = published(people)
    learning.enrol(people["learner"], course)
    first, _second, quiz = courses.lessons_of(course.revision_id)
    courses.hold(people["officer"], filed(people, course))
    with pytest.raises(learning.CannotEnrol):
        learning.enrol(people["stranger"], course)
    with pytest.raises(courses.Paused):
        learning.open_playback(people["learner"], first, "a")
    with pytest.raises(courses.Paused):
        learning.start_attempt(people["learner"], quiz)
    assert course.slug not in [i.slug for i in courses.browse(courses.Query()).items]


def test_nothing_is_upheld_before_the_author_was_heard_or_had_the_time(people):
    course = published(people)
    case, late = filed(people, course), filed(people, course, topic="facts")
    with pytest.raises(courses.NotReady):
        courses.decide(people["officer"], case, "upheld", "是别人的。")
    courses.ask_author(people["officer"], case, "请写来源。")
    courses.ask_author(people["officer"], late)
    with pytest.raises(courses.NotReady):
        courses.decide(people["officer"], again(case), "upheld", "是别人的。")
    courses.counter(people["author"], again(case), "有授权书。")
    with pytest.raises(Invalid):
        courses.decide(people["officer"], again(case), "upheld", " ")
    courses.decide(people["officer"], again(case), "upheld", "授权书不对。")
    with clock.advance(timedelta(days=11).total_seconds()):
        courses.decide(people["officer"], again(late), "upheld", "十天没有说明。")
    done = again(case)
    assert [x.step for x in done.lines] == ["asked", "countered", "decided"] and done.complaint.outcome == "upheld"
    with pytest.raises(courses.NotReady):
        courses.decide(people["officer"], done, "rejected", "改主意")


def test_an_upheld_one_stops_what_was_published_and_frees_what_is_mended(people):
    course = published(people)
    case = filed(people, course, contact="13900000000")
    courses.hold(people["officer"], case)
    courses.ask_author(people["officer"], again(case))
    courses.counter(people["author"], again(case), "确实用错了。")
    courses.decide(people["officer"], again(case), "upheld", "素材没有授权。")
    assert "成立" in str(courses.why_closed(course)) and again(case).complaint.contact == ""
    courses.edit_lesson(people["author"], course, courses.list_lessons(course.id)[0].id, title="重拍", body=TEXT)
    courses.submit_course(people["author"], course)
    courses.approve_course(people["second"], course)
    assert courses.why_closed(course) is None and learning.enrol(people["stranger"], course)


def test_a_rejected_one_lets_the_course_go_on(people):
    course = published(people)
    case = filed(people, course)
    courses.hold(people["officer"], case)
    courses.decide(people["officer"], again(case), "rejected", "来源写得清楚。")
    assert courses.why_closed(course) is None and again(case).stop is None


def test_neither_author_nor_complainant_decides(people):
    course = published(people)
    mine = courses.complain(people["second"], course, topic="facts", text="读数错了")
    case = courses.get_case(mine.code)
    both = type(people["author"])("person", people["author"].id, "人", frozenset({"teach", "review"}))
    for actor in (both, people["second"], people["learner"], people["author"]):
        with pytest.raises(Forbidden):
            courses.hold(actor, case)
    with pytest.raises(Forbidden):
        courses.counter(people["stranger"], case, "我来说")
    courses.hold(people["officer"], case)
    assert {"courses.complaint.filed", "courses.complaint.held"} <= {
        x.action for x in audit.list_lines(subject=f"complaint:{case.complaint.id}")}


def test_who_complained_under_an_account_that_was_merged_into_theirs_does_not_decide(people):
    course = published(people)
    case = courses.get_case(courses.complain(people["stranger"], course, topic="facts", text="读数错了").code)
    session.execute(text("UPDATE accounts_person SET merged_into_id = :kept WHERE id = :merged"),
                    {"kept": people["second"].id, "merged": people["stranger"].id})
    with pytest.raises(Forbidden):
        courses.hold(people["second"], case)
    courses.hold(people["officer"], case)


def test_what_is_kept_of_a_complainant_is_told_and_let_go(people):
    course = published(people)
    case = courses.get_case(courses.complain(people["stranger"], course, topic="people", text="拍到了我", contact="微信 x").code)
    keeper = next(k for k in list_keepers() if k.room == "courses")
    told = keeper.export(people["stranger"].id)["complaints"]
    assert [(c["text"], c["contact"]) for c in told] == [("拍到了我", "微信 x")]
    effects = keeper.erase(SYSTEM, people["stranger"].id)
    assert "complaints.kept" in [e.what for e in effects]
    session.expire_all()
    assert (again(case).complaint.person_id, again(case).complaint.contact) == (None, "")
    assert keeper.export(people["stranger"].id)["complaints"] == []


def test_earned_credit_stays_whatever_is_decided(any_app):
    with any_app.test_request_context(), writing():
        cast = {name: make_person(phone, name, role) for name, phone, role in (
            ("learner", LEARNER, None), ("author", AUTHOR, "instructor"), ("officer", OFFICER, "reviewer"), ("second", SECOND, "reviewer"))}
        course = published(cast)
        course_id = course.id
    learner = Learner(any_app, LEARNER)
    learner.finish()

    def state():
        with any_app.app_context():
            person = accounts.find_person_by_phone(LEARNER)
            assert ledger.verify().is_sound and not creditbank.recompute()[1]
            return creditbank.balance(person.id), learning.completed_course_ids(person.id)

    before = state()
    assert before[0] > 0 and before[1] == {course_id}
    with any_app.test_request_context(), writing():
        course = courses.get_course("safe-measuring", SYSTEM)
        case = filed(cast, course)
        courses.hold(cast["officer"], case)
        courses.ask_author(cast["officer"], again(case))
        courses.counter(cast["author"], again(case), "没有授权。")
        courses.decide(cast["officer"], again(case), "upheld", "素材没有授权。")
    assert state() == before
    with any_app.test_request_context(), writing():
        courses.withdraw_course(cast["author"], courses.get_course("safe-measuring", SYSTEM))
    assert state() == before


# ---- pages


@pytest.fixture
def desk_site(bare_app):
    """The same people and the course, behind browsers."""
    with bare_app.test_request_context(), writing():
        cast = {name: make_person(phone, name, role) for name, phone, role in (
            ("learner", LEARNER, None), ("author", AUTHOR, "instructor"), ("officer", OFFICER, "reviewer"), ("second", SECOND, "reviewer"))}
        published(cast)
    Learner(bare_app, LEARNER).call("PUT", "/courses/safe-measuring/enrolment", 200)
    return bare_app


def test_the_whole_way_of_a_complaint_over_the_pages(desk_site):
    visitor = Browser(desk_site)
    assert "投诉这门课" in visitor.see("/courses/safe-measuring")
    visitor.see("/courses/safe-measuring/complain")
    visitor.send("/courses/safe-measuring/complain", 422, topic="rights", text="")
    way = place(visitor.send("/courses/safe-measuring/complain", topic="rights", text="这段是我拍的。", lesson="lesson-1", contact="李 139"))
    assert "等审核员看" in visitor.see(way)
    code = way.rpartition("/")[2]
    author, officer, learner = Browser(desk_site, AUTHOR), Browser(desk_site, OFFICER), Browser(desk_site, LEARNER)
    assert "这段是我拍的" not in author.see("/teach/safe-measuring/review")  # nobody has looked at it yet
    desk = officer.see("/oversight/takedowns")
    assert "先停机" in desk and "等你处理" in desk
    desk_page = re.search(r"/oversight/takedowns/\d+", officer.get("/oversight/takedowns").get_data(as_text=True))[0]
    for officers in ("/oversight/takedowns", desk_page):
        assert code not in officer.get(officers).get_data(as_text=True)  # nor could an officer speak so
    assert "李 139" in officer.see(desk_page)
    officer.send(desk_page, step="hold")
    officer.send(desk_page, 409, step="upheld", text="是别人的")
    officer.send(desk_page, step="ask", text="请写来源")
    page = learner.see("/learn/safe-measuring/lesson-1")
    assert "先停下来" in page and "主轴停稳" not in page
    learner_api = Learner(desk_site, LEARNER)
    assert learner_api.call("GET", f"/lessons/{learner_api.lessons()[0]['id']}", 409)["type"].endswith("paused")
    mine, mine_raw = author.see("/teach/safe-measuring/review"), author.get("/teach/safe-measuring/review").get_data(as_text=True)
    assert "这段是我拍的" in mine and "李 139" not in mine and "请你说明" in mine
    assert code not in mine_raw  # with it an author could speak as the complainant
    author.send(re.search(r"/teach/safe-measuring/complaints/\d+", mine_raw)[0], text="有授权书。")
    assert "有授权书" in visitor.see(way)
    officer.send(desk_page, 422, step="rejected", text="")
    officer.send(desk_page, step="rejected", text="授权书有效。")
    told = visitor.see(way)
    assert "投诉不成立" in told and "授权书有效" in told and "李 139" not in officer.see(desk_page)
    assert "主轴停稳" in learner.see("/learn/safe-measuring/lesson-1")
    assert "没有要处理的投诉" in officer.see("/oversight/takedowns") and "安全测量" in officer.see("/oversight/takedowns?state=decided")


def test_a_withdrawn_course_says_so_to_everybody(desk_site):
    author = Browser(desk_site, AUTHOR)
    author.see("/teach/safe-measuring/review")
    author.send("/teach/safe-measuring/withdraw", step="withdraw")
    assert "已下架" in words(Browser(desk_site).get("/courses/safe-measuring"))
    learner = Browser(desk_site, LEARNER)
    assert "已下架" in learner.see("/courses/safe-measuring") and "主轴停稳" in learner.see("/learn/safe-measuring/lesson-1")
    assert Learner(desk_site, LEARNER).call("GET", "/courses/safe-measuring", 200)["closed"]
    author.send("/teach/safe-measuring/withdraw", step="restore")
    assert "已下架" not in words(Browser(desk_site).get("/courses/safe-measuring"))
    Browser(desk_site, LEARNER).send("/teach/safe-measuring/withdraw", 403)


def test_strangers_and_wrong_codes_get_nowhere(desk_site):
    for path, status in (("/complaints/none", 404), ("/courses/none/complain", 404), ("/oversight/takedowns", 303)):
        Browser(desk_site).get(path, status)
    learner = Browser(desk_site, LEARNER)
    learner.get("/oversight/takedowns", 403)
    for wrong in ("none", "999"):
        Browser(desk_site, OFFICER).get(f"/oversight/takedowns/{wrong}", 404)
    Browser(desk_site, AUTHOR).see("/teach/safe-measuring/review")


def test_logs_do_not_tell_the_code_by_which_a_complaint_is_followed(desk_site, caplog):
    with desk_site.test_request_context(), writing():
        code = courses.complain(ANONYMOUS, courses.get_course("safe-measuring", SYSTEM), topic="facts", text="读数错了").code
    with caplog.at_level("INFO"):
        Browser(desk_site).see(f"/complaints/{code}")
        Browser(desk_site).get("/complaints/not-a-code", 404)
    told = [r.fields["path"] for r in caplog.records if r.getMessage() == "request"]
    assert told == ["/complaints/…", "/complaints/…"]
    assert code not in caplog.text


def at_once(app, *works) -> list:
    """Each in a thread and a transaction of its own, all begun before the first may commit; what went wrong."""
    ready, faults = threading.Barrier(len(works)), []

    def run(work):
        try:
            with app.test_request_context(), writing():
                work(ready.wait)
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return faults


def test_two_who_hold_or_withdraw_at_once_make_one_stop(postgresql_app):
    app = postgresql_app
    with app.test_request_context(), writing():
        cast = {name: make_person(phone, name, role) for name, phone, role in (
            ("author", AUTHOR, "instructor"), ("officer", OFFICER, "reviewer"), ("second", SECOND, "reviewer"))}
        complaint_id = filed(cast, published(cast)).complaint.id

    def held_by(who):
        def work(wait):
            case = courses.get_case_at_desk(who, complaint_id)  # both saw that nothing is stopped
            wait(10)
            courses.hold(who, case)
        return work

    def withdrawn(wait):
        course = courses.get_course("safe-measuring", SYSTEM)
        assert courses.find_withdrawal(course) is None
        wait(10)
        courses.withdraw_course(cast["author"], course)

    faults = at_once(app, held_by(cast["officer"]), held_by(cast["second"]))
    assert [type(f).__name__ for f in faults] == ["NotReady"]
    at_once(app, withdrawn, withdrawn)
    with app.app_context():
        assert session.execute(text("SELECT kind, count(*) FROM courses_stop WHERE ended_at IS NULL GROUP BY kind ORDER BY kind")).all() == [
            ("complaint", 1), ("withdrawn", 1)]


def test_an_administrator_who_spoke_for_the_author_does_not_decide(people):
    course = published(people)
    case = filed(people, course)
    courses.ask_author(people["officer"], case)
    administrator = make_person("13800000009", "梁工", "administrator")
    accounts.grant_role(SYSTEM, accounts.find_person_by_phone("13800000009"), "reviewer", None)
    administrator = type(administrator)("person", administrator.id, "梁工", accounts.capabilities_of(administrator.id))
    courses.counter(administrator, again(case), "作者委托我说明。")
    with pytest.raises(Forbidden):
        courses.decide(administrator, again(case), "upheld", "成立。")
    courses.decide(people["officer"], again(case), "upheld", "成立。")
