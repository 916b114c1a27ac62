"""Ratings after finishing, questions to the teacher, reporting and removal."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from tests.clients import Browser, Learner, words
from tests.factories import make_course, make_person

from guanxue import accounts, courses, discussions
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.discussions import rules

LEARNER, OTHER, TEACHER, REVIEWER, STRANGER = (f"1380000000{n}" for n in range(1, 6))


@pytest.fixture
def site(bare_app):
    """A course with its teacher, two who study it (the first has finished), a reviewer and somebody who is not in it."""
    with bare_app.test_request_context(), writing():
        make_person(LEARNER, "林小莲")
        make_person(OTHER, "周小明")
        teacher = make_person(TEACHER, "陈志强", "instructor")
        make_person(REVIEWER, "何静", "reviewer")
        make_person(STRANGER, "许路人")
        course = make_course()
        course.owner_id = teacher.id
    Learner(bare_app, LEARNER).finish()
    Learner(bare_app, OTHER).call("PUT", "/courses/safe-measuring/enrolment", 200)
    return bare_app


def ask(who: Browser, text: str = "卡尺读数怎么看？", **form) -> int:
    """Ask; the question's id."""
    who.see("/courses/safe-measuring/questions")
    return int(who.send("/courses/safe-measuring/questions", text=text, **form).headers["Location"].rsplit("#q", 1)[1])


def test_only_who_finished_rates_and_rating_again_replaces(site):
    done, other = Browser(site, LEARNER), Browser(site, OTHER)
    other.see("/courses/safe-measuring/ratings")
    other.send("/courses/safe-measuring/rating", 403, stars="5")
    done.see("/courses/safe-measuring/ratings")
    assert "请选一到五星" in words(done.send("/courses/safe-measuring/rating", 422, stars="6", text="留着"))
    done.send("/courses/safe-measuring/rating", stars="4", text="讲得慢，听得懂")
    done.send("/courses/safe-measuring/rating", stars="5", text="第二遍更明白")
    page = Browser(site).see("/courses/safe-measuring/ratings")
    assert "1 人评价" in page and "第二遍更明白" in page and "听得懂" not in page
    assert "林**" in page and "林小莲" not in page and "满 3 人才显示平均分" in page


@pytest.mark.parametrize(("stars", "tenths"), [([], None), ([5, 4], None), ([5, 4, 4], 43), ([1, 1, 2], 13), ([5] * 9, 50)])
def test_an_average_tells_about_a_course_not_about_two_persons(stars, tenths):
    assert rules.average_tenths(stars) == tenths


def test_a_question_is_answered_by_the_teacher_under_their_name(site):
    learner, teacher = Browser(site, OTHER), Browser(site, TEACHER)
    with site.app_context():
        lesson = courses.lessons_of(courses.find_item("safe-measuring").revision_id)[0].slug
    asked = ask(learner, lesson=lesson, at="15000")
    page = teacher.see("/courses/safe-measuring/questions")
    assert "卡尺读数怎么看？" in page and "周**" in page and f"/learn/safe-measuring/{lesson}?t=15" in page
    teacher.send(f"/courses/safe-measuring/questions/{asked}/answers", text="视线与刻线垂直。")
    seen = Browser(site).see("/courses/safe-measuring/questions")
    assert "视线与刻线垂直。" in seen and "陈志强" in seen and "老师" in seen
    with site.app_context():
        assert discussions.count_unanswered([courses.find_item("safe-measuring").id]) == {}


def test_somebody_outside_the_course_reads_but_does_not_speak(site):
    stranger = Browser(site, STRANGER)
    assert "报名这门课以后" in stranger.see("/courses/safe-measuring/questions")
    stranger.send("/courses/safe-measuring/questions", 403, text="我也问")
    asked = ask(Browser(site, OTHER))
    stranger.send(f"/courses/safe-measuring/questions/{asked}/answers", 403, text="我来答")


def test_an_empty_answer_keeps_the_place_and_says_what_is_wrong(site):
    who = Browser(site, OTHER)
    asked = ask(who)
    answer = who.send(f"/courses/safe-measuring/questions/{asked}/answers", 422, text="  ", question=str(asked))
    assert "请写一点内容" in words(answer) and "卡尺读数怎么看？" in words(answer)


def test_a_report_waits_for_a_reviewer_and_a_removed_post_is_gone_but_not_forgotten(site):
    asked = ask(Browser(site, OTHER), "加微信买答案")
    reporter, reviewer = Browser(site, LEARNER), Browser(site, REVIEWER)
    reporter.see(f"/posts/question/{asked}")
    assert "请写一点内容" in words(reporter.send(f"/posts/question/{asked}/report", 422, reason=" "))
    reporter.send(f"/posts/question/{asked}/report", reason="广告")
    reporter.send(f"/posts/question/{asked}/report", 409, reason="又一次")
    assert "加微信买答案" in reporter.see("/courses/safe-measuring/questions")
    page = reviewer.see("/oversight/reports")
    assert "加微信买答案" in page and "广告" in page
    reviewer.send(f"/posts/question/{asked}/remove", why="广告", **{"from": "reports"})
    assert "没有等待处理的举报" in reviewer.see("/oversight/reports")
    assert "加微信买答案" not in reporter.see("/courses/safe-measuring/questions")
    reporter.see(f"/posts/question/{asked}", 404)
    with site.app_context():
        kept = session.scalar(select(discussions.Question))
        assert kept.text == "加微信买答案" and kept.hidden_why == "广告"


def test_a_reviewer_may_let_a_reported_post_stand(site):
    asked = ask(Browser(site, OTHER))
    Browser(site, LEARNER).send(f"/posts/question/{asked}/report", reason="看不惯")
    reviewer = Browser(site, REVIEWER)
    reviewer.send(f"/posts/question/{asked}/keep")
    assert "没有等待处理的举报" in reviewer.see("/oversight/reports")
    assert "卡尺读数怎么看？" in reviewer.see("/courses/safe-measuring/questions")


def test_a_teacher_takes_down_questions_but_not_ratings_of_their_course(site):
    done, teacher = Browser(site, LEARNER), Browser(site, TEACHER)
    asked = ask(Browser(site, OTHER))
    done.see("/courses/safe-measuring/ratings")
    done.send("/courses/safe-measuring/rating", stars="1", text="太快")
    with site.app_context():
        rating = session.scalar(select(discussions.Rating)).id
    teacher.send(f"/posts/rating/{rating}/remove", 403, why="不好听")
    teacher.send(f"/posts/question/{asked}/remove", why="与课程无关")
    assert "太快" in done.see("/courses/safe-measuring/ratings")


def test_who_takes_their_own_rating_back_may_say_it_anew_and_who_was_removed_may_not(site):
    done, reviewer = Browser(site, LEARNER), Browser(site, REVIEWER)
    done.see("/courses/safe-measuring/ratings")
    done.send("/courses/safe-measuring/rating", stars="1", text="一")
    with site.app_context():
        rating = session.scalar(select(discussions.Rating)).id
    done.send(f"/posts/rating/{rating}/remove")
    done.send("/courses/safe-measuring/rating", stars="2", text="二")
    assert "0 人评价" not in done.see("/courses/safe-measuring/ratings")
    reviewer.send(f"/posts/rating/{rating}/remove", why="骂人")
    done.send("/courses/safe-measuring/rating", stars="3", text="三")
    page = done.see("/courses/safe-measuring/ratings")
    assert "0 人评价" in page and "已被移除" in page


def test_a_stranger_does_not_remove_and_an_author_does(site):
    asked = ask(Browser(site, OTHER))
    Browser(site, LEARNER).send(f"/posts/question/{asked}/remove", 403, why="就是不喜欢")
    Browser(site, OTHER).send(f"/posts/question/{asked}/remove")
    assert "还没有人提问" in Browser(site).see("/courses/safe-measuring/questions")


def test_questions_have_a_limit_a_day(site):
    who = Browser(site, OTHER)
    for n in range(rules.QUESTIONS_A_DAY):
        ask(who, f"问题 {n}")
    who.send("/courses/safe-measuring/questions", 429, text="再问一个")


@pytest.mark.parametrize("path", ["/posts/person/1", "/posts/question/999", "/courses/nothing/questions", "/courses/nothing/ratings"])
def test_what_is_not_there_is_not_found(site, path):
    Browser(site, LEARNER).see(path, 404)


def test_a_courses_page_shows_a_new_rating_and_question_at_once(site):
    done, visitor = Browser(site, LEARNER), Browser(site)
    assert "0 人评价" in visitor.see("/courses/safe-measuring") and "0 个提问" in done.see("/courses/safe-measuring")
    done.see("/courses/safe-measuring/ratings")
    done.send("/courses/safe-measuring/rating", stars="5")
    ask(done)
    for who in (visitor, done):
        page = who.see("/courses/safe-measuring")
        assert "1 人评价" in page and "1 个提问" in page


def test_what_an_erased_person_wrote_waits_for_no_reviewer_any_more(site):
    done, other, reviewer = Browser(site, LEARNER), Browser(site, OTHER), Browser(site, REVIEWER)
    done.see("/courses/safe-measuring/ratings")
    done.send("/courses/safe-measuring/rating", stars="1", text="骂人的话")
    asked = ask(done, "也是骂人的话")
    with site.app_context():
        rating = session.scalar(select(discussions.Rating.id))
    for path in (f"/posts/rating/{rating}", f"/posts/question/{asked}"):
        other.see(path)
        other.send(path + "/report", reason="骂人")
    with site.test_request_context(), writing():
        accounts.erase_person(SYSTEM, accounts.find_person_by_phone(LEARNER).id)
    assert "骂人" not in reviewer.see("/oversight/reports")


def test_what_was_settled_can_be_reported_again_once_it_says_something_else(site):
    done, other, reviewer = Browser(site, LEARNER), Browser(site, OTHER), Browser(site, REVIEWER)
    for text in ("第一句骂人的话", "第二句骂人的话"):
        done.see("/courses/safe-measuring/ratings")
        done.send("/courses/safe-measuring/rating", stars="1", text=text)
        with site.app_context():
            path = f"/posts/rating/{session.scalar(select(discussions.Rating.id))}"
        other.see(path)
        other.send(path + "/report", reason="骂人")
        assert text in reviewer.see("/oversight/reports")
        other.see(path)
        other.send(path + "/report", 409, reason="骂人")
        done.see(path)
        done.send(path + "/remove")  # taken back before anybody decides, and said anew
