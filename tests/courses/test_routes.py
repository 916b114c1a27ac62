"""Pages of the catalogue, of instructors and of reviewers: it works, strangers are refused, wrong input changes nothing."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import func, select
from tests.clients import API, Browser, Learner, is_chinese, place, words
from tests.factories import GIFT, TEXT, make_course, make_person

from guanxue import courses, jobs, search
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.courses.models import Course, Lesson
from guanxue.media.models import Asset
from guanxue.media.service import finish_asset, note_progress

AUTHOR, OTHER, REVIEWER, LEARNER = "13800000002", "13800000003", "13800000007", "13800000001"


@pytest.fixture
def school(bare_app):
    """A learner, two teachers, a reviewer, a course, a plan."""
    with bare_app.test_request_context(), writing():
        make_person(LEARNER)
        make_person(AUTHOR, "陈志强", "instructor")
        make_person(OTHER, "周工", "instructor")
        make_person(REVIEWER, "何静", "reviewer")
        make_course()
        courses.load_plans(SYSTEM, [{
            "course_id": "plan-1", "title_zh": "筹备中的课", "title_en": "", "kind": "技能提升", "level": "", "occupation_id": "",
            "category_path": "x", "delivery": "online", "hours": "32", "syllabus": "一;二", "town_ids": ""}])
    return bare_app


def count(app, model) -> int:
    with app.app_context():
        return session.scalar(select(func.count()).select_from(model))


@pytest.fixture
def author(school):
    """The author's browser on a new draft: (browser, slug)."""
    browser = Browser(school, AUTHOR)
    browser.see("/teach/new")
    slug = place(browser.send("/teach/new", title="针织布检验", kind="skills-upgrading", summary="看布。")).rsplit("/", 1)[1]
    return browser, slug


# ---- everybody's pages


def test_catalogue_and_course_pages_say_what_can_be_studied(school):
    client = school.test_client()
    listed = words(client.get("/courses"))
    assert "安全测量" in listed and listed.index("安全测量") < listed.index("筹备中的课")
    page = words(client.get("/courses/safe-measuring"))
    assert "停机" in page and "第1课" in page
    planned = words(client.get("/courses/plan-1"))
    assert "筹备中" in planned and "报名，开始学" not in planned


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=²", "page=99999999999999999999", "page=x", "kind=%00", "town=x&level=99",
                                   "q=" + "很" * 500, "q=%ff%fe", "sort=x", "q=%00", "hours=1&hours=2"])
def test_absurd_catalogue_queries_are_answered_without_a_fault(school, query):
    for path in ("/courses", f"{API}/courses", "/suggest"):
        assert school.test_client().get(f"{path}?{query}").status_code in (200, 404)


def test_enrolling_leads_to_the_first_lesson_and_a_plan_cannot_be_joined(school):
    browser = Browser(school, LEARNER)
    browser.see("/courses/safe-measuring")
    assert place(browser.send("/courses/safe-measuring/enrol")) == "/learn/safe-measuring/lesson-1"
    answer = browser.send("/courses/plan-1/enrol", 409)
    assert "筹备" in words(answer)
    browser.send("/courses/nothing/enrol", 404)


def test_wishes_are_counted_on_the_page_of_the_plan(school):
    browser = Browser(school, LEARNER)
    browser.send("/courses/plan-1/wish")
    browser.send("/courses/plan-1/wish")
    with school.test_request_context():
        assert courses.count_wishes(courses.get_course("plan-1", SYSTEM).id) == 1
    browser.send("/courses/safe-measuring/wish", 409)
    browser.send("/courses/plan-1/wish", withdraw="1")


def test_a_page_kept_for_visitors_is_never_stale(school):
    client = school.test_client()
    client.get("/courses/plan-1"), client.get("/courses")
    Browser(school, LEARNER).send("/courses/plan-1/wish")
    assert "1" in words(client.get("/courses/plan-1"))
    with school.test_request_context(), writing():
        make_course("fresh", title="刚刚上架的课")
    assert "刚刚上架的课" in words(client.get("/courses"))


# ---- an instructor's


def test_from_nothing_to_the_catalogue_by_two_people(school, author):
    browser, slug = author
    for form in ({"kind": "text", "title": "看布", "body": TEXT}, {"kind": "quiz", "title": "考核", "body": GIFT}):
        browser.send(f"/teach/{slug}/lessons", **form)
    school.test_client().get(f"/courses/{slug}").status_code == 404
    browser.send(f"/teach/{slug}/submit", basis="own", people="nobody")
    reviewer = Browser(school, REVIEWER)
    assert "针织布检验" in reviewer.see("/oversight/reviews")
    assert "卷入" in reviewer.see(f"/oversight/reviews/{slug}")  # a reviewer reads explanations
    reviewer.send(f"/oversight/reviews/{slug}", 422, decision="return", remarks="")
    reviewer.send(f"/oversight/reviews/{slug}", 422, decision="approve")  # the list is not looked at yet
    reviewer.send(f"/oversight/reviews/{slug}", decision="approve", all="1")
    jobs.run_waiting(school)
    client = school.test_client()
    assert "针织布检验" in words(client.get("/courses?q=针织布"))
    assert words(client.get(f"/courses/{slug}"))
    reviewer.send(f"/oversight/reviews/{slug}", 409, decision="approve", all="1")


def test_a_draft_is_seen_by_nobody_else(school, author):
    _browser, slug = author
    for phone in (None, LEARNER, OTHER, REVIEWER):
        Browser(school, phone).get(f"/courses/{slug}", 404)
    Browser(school, OTHER).get(f"/teach/{slug}", 404)
    Browser(school, LEARNER).get("/teach", 403)
    Browser(school, None).get("/teach", 303)
    Browser(school, AUTHOR).get("/oversight/reviews", 403)


def test_another_teacher_reaches_neither_lesson_nor_course(school, author):
    browser, slug = author
    browser.send(f"/teach/{slug}/lessons", kind="text", title="看布", body=TEXT)
    with school.app_context():
        lesson = session.scalar(select(Lesson.id).where(Lesson.title == "看布"))
    other = Browser(school, OTHER)
    other.see("/teach/new")
    own = place(other.send("/teach/new", title="别人的课", kind="skills-upgrading")).rsplit("/", 1)[1]
    for path, form in ((f"/teach/{slug}/facts", {"title": "占了"}), (f"/teach/{slug}/lessons", {"kind": "text", "title": "x", "body": "y"}),
                       (f"/teach/{slug}/lessons/{lesson}/remove", {}), (f"/teach/{own}/lessons/{lesson}/remove", {}),
                       (f"/teach/{own}/lessons/{lesson}/move", {"way": "up"}), (f"/teach/{slug}/submit", {}),
                       (f"/teach/{own}/lessons", {"id": str(lesson), "kind": "text", "title": "占了", "body": "y"})):
        other.send(path, 404, **form)
    other.get(f"/teach/{own}/lessons/{lesson}", 404)
    with school.app_context():
        assert session.get(Lesson, lesson).title == "看布"


@pytest.mark.parametrize("form", [
    {"title": "x"}, {"kind": "magic"}, {"level": "99"}, {"level": "²"}, {"level": "9" * 40}, {"industry": "astrology"}, {"title": "很" * 100},
])
def test_wrong_facts_are_answered_in_chinese_and_make_nothing(school, form):
    browser = Browser(school, AUTHOR)
    before = count(school, Course)
    answer = browser.client.post("/teach/new", data={"csrf_token": browser.token, "title": "好名字", "kind": "skills-upgrading", **form})
    if form.get("level") in ("²", "9" * 40):  # no number at all: as if no level were chosen
        assert answer.status_code in (303, 422)
        return
    assert answer.status_code == 422 and is_chinese(words(answer))
    assert count(school, Course) == before


@pytest.mark.parametrize("form", [
    {"kind": "quiz", "title": "考核", "body": "::好::对{TRUE}\n\n::坏::错{=对 ~"}, {"kind": "quiz", "title": "考核", "body": ""},
    {"kind": "text", "title": "", "body": "x"}, {"kind": "magic", "title": "x", "body": "x"}, {"kind": "text", "title": "很" * 200, "body": ""},
])
def test_a_lesson_with_something_wrong_is_shown_again_and_not_saved(school, author, form):
    browser, slug = author
    answer = browser.send(f"/teach/{slug}/lessons", 422, **form)
    assert is_chinese(words(answer))
    if form["kind"] == "quiz" and form["body"]:
        assert "第 3 行" in words(answer) and "::坏::" in answer.get_data(as_text=True)  # what was typed is not lost
    assert courses.list_lessons and count(school, Lesson) == 2  # those of the published course


@pytest.mark.parametrize("id", ["0", "999999", "9" * 30, "²", "-1", "x", "1"])
def test_a_lesson_id_that_is_not_mine_is_refused(school, author, id):
    browser, slug = author
    if id == "1":  # a lesson of another course
        assert browser.client.get(f"/teach/{slug}/lessons/1").status_code == 404
    answer = browser.client.post(f"/teach/{slug}/lessons", data={"csrf_token": browser.token, "id": id, "kind": "text", "title": "x", "body": ""})
    assert answer.status_code in (303, 404)
    with school.app_context():
        assert session.get(Lesson, 1).title != "x"


def test_a_text_file_named_mp4_fails_with_a_sentence_and_is_never_served(school, author):
    browser, slug = author
    browser.see(f"/teach/{slug}/lessons/new?kind=video")
    browser.send(f"/teach/{slug}/lessons", multipart=True, kind="video", title="假视频", body="",
                 video=(io.BytesIO("我不是视频。".encode() * 100), "lesson.mp4"))
    jobs.run_waiting(school)
    with school.app_context():
        asset = session.scalar(select(Asset).order_by(Asset.id.desc()))
        assert (asset.state, asset.version) == ("failed", "") and "不是视频" in asset.failure
        lesson = session.scalar(select(Lesson.id).where(Lesson.title == "假视频"))
    assert "不是视频" in words(browser.get(f"/teach/{slug}/lessons/{lesson}")) or "不是视频" in browser.see(f"/teach/{slug}")
    browser.send(f"/teach/{slug}/lessons", kind="quiz", title="考核", body=GIFT)
    assert "没有做成" in words(browser.send(f"/teach/{slug}/submit", 422))


def test_an_empty_file_is_refused_at_once(school, author):
    browser, slug = author
    before = count(school, Lesson)
    answer = browser.send(f"/teach/{slug}/lessons", 422, multipart=True, kind="video", title="空", body="", video=(io.BytesIO(b""), "a.mp4"))
    assert "空" in words(answer) and count(school, Lesson) == before and count(school, Asset) == 1


def test_a_video_larger_than_a_form_is_taken_but_not_from_strangers(school, author):
    browser, slug = author
    big = b"\0\0\0\x18ftypmp42" + b"x" * 3_000_000
    browser.send(f"/teach/{slug}/lessons", multipart=True, kind="video", title="大", body="", video=(io.BytesIO(big), "a.mp4"))
    assert count(school, Asset) == 2
    stranger = Browser(school)
    stranger.see("/login")
    for path in (f"/teach/{slug}/lessons", "/login"):
        stranger.send(path, 413, multipart=True, video=(io.BytesIO(big), "a.mp4"))
    browser.send("/teach/new", 413, multipart=True, video=(io.BytesIO(big), "a.mp4"))


def test_a_plan_is_taken_on_once(school):
    first, second = Browser(school, AUTHOR), Browser(school, OTHER)
    assert place(first.send("/teach/take/plan-1")) == "/teach/plan-1"
    assert is_chinese(words(second.send("/teach/take/plan-1", 409)))
    Browser(school, LEARNER).send("/teach/take/plan-1", 403)


# ---- a course's page is kept, and shows everybody their own and the present


def test_a_kept_course_page_shows_an_edit_at_once(school):
    browsers = [Browser(school, LEARNER), Browser(school, None)]
    for browser in browsers:
        assert "停机" in browser.see("/courses/safe-measuring")
    with school.test_request_context(), writing():
        course = courses.get_course("safe-measuring", SYSTEM)
        courses.edit_course(SYSTEM, course, title="新的名字", kind=course.kind, summary="", level=None, industry="")
        courses.publish_course(SYSTEM, course)
        plan = courses.get_course("plan-1", SYSTEM)
        courses.edit_course(SYSTEM, plan, title="改了名的计划", kind=plan.kind, summary="", level=None, industry="")
    for browser in browsers:
        assert "新的名字" in browser.see("/courses/safe-measuring")
        assert "改了名的计划" in browser.see("/courses") and "改了名的计划" in browser.see("/courses/plan-1")


def test_a_kept_course_page_shows_each_person_their_own_progress_and_nobody_elses(school):
    learner, other = Learner(school, LEARNER), Browser(school, OTHER)
    mine, visitor = Browser(school, LEARNER), Browser(school, None)
    for browser in (mine, other):
        assert "报名，开始学" in browser.see("/courses/safe-measuring")
    learner.call("PUT", "/courses/safe-measuring/enrolment", 200)
    assert "开始第 1 课" in mine.see("/courses/safe-measuring") and "1 人在学" in mine.see("/courses/safe-measuring")
    learner.watch(learner.lessons()[0]["id"], 30)
    for _twice in range(2):
        page = mine.see("/courses/safe-measuring")
        assert "继续第 1 课" in page and "已计入" in page and "林小莲" in page
    for browser in (other, visitor):
        page = browser.see("/courses/safe-measuring")
        assert "1 人在学" in page and "已计入" not in page and "林小莲" not in page and "退出" not in page
    mine.send("/courses/safe-measuring/leave")
    for browser in (mine, other, visitor):
        page = browser.see("/courses/safe-measuring")
        assert "已计入" not in page and " 人在学" not in page


def test_a_kept_course_page_is_kept_by_no_browser(school):
    browser = Browser(school, LEARNER)
    for _twice in range(2):
        assert "no-store" in browser.get("/courses/safe-measuring").headers["Cache-Control"]


def test_a_kept_page_of_a_plan_counts_wishes_and_knows_whose_they_are(school):
    mine, other, visitor = Browser(school, LEARNER), Browser(school, OTHER), Browser(school, None)
    for browser in (mine, other, visitor):
        assert " 人想学。" not in browser.see("/courses/plan-1")
    mine.send("/courses/plan-1/wish")
    assert "已记下" in mine.see("/courses/plan-1")
    for browser in (other, visitor):
        page = browser.see("/courses/plan-1")
        assert "1 人想学" in page and "已记下" not in page
    assert "我来做这门课" in other.see("/courses/plan-1") and "我来做这门课" not in mine.see("/courses/plan-1")
    mine.send("/courses/plan-1/wish", withdraw="1")
    assert all(" 人想学。" not in browser.see("/courses/plan-1") for browser in (mine, other, visitor))


def test_a_kept_page_follows_a_video_in_the_making(school):
    with school.test_request_context(), writing():
        course = courses.create_course(SYSTEM, title="新视频", kind="skills-upgrading", slug="new-video")
        courses.add_lesson(SYSTEM, course, title="第一步", kind="video", body="## 停机\n\n等主轴停稳。")
        courses.add_lesson(SYSTEM, course, title="考核", kind="quiz", body=GIFT)
        revision = courses.publish_course(SYSTEM, course)
        asset = courses.lessons_of(revision.id)[0].asset_id
    browsers = [Browser(school, LEARNER), Browser(school, None)]
    assert all("排队" in browser.see("/courses/new-video") for browser in browsers)
    for done in (120, 700):
        with school.test_request_context(), writing():
            note_progress(asset, "slides", done)
        assert all(f"制作中 {done // 10}%" in browser.see("/courses/new-video") for browser in browsers)
    with school.test_request_context(), writing():
        finish_asset(asset, version="x", duration_ms=61_000, facts={})
    assert all("1:01" in browser.see("/courses/new-video") for browser in browsers)


def test_a_kept_course_page_speaks_the_language_its_reader_chose(school):
    browser = Browser(school, LEARNER)
    for _twice in range(2):
        browser.see("/courses/safe-measuring"), browser.see("/courses")
        browser.send("/language", lang="en", next="/courses")
        assert "Enroll and start" in browser.get("/courses/safe-measuring").get_data(as_text=True)
        assert "Courses" in browser.get("/courses?q=测量").get_data(as_text=True)
        browser.send("/language", lang="zh_Hans", next="/courses")
        assert "报名，开始学" in browser.see("/courses/safe-measuring")
        assert "筛选" in browser.see("/courses?q=测量")


def test_rows_and_facets_of_a_page_are_of_its_own_question_and_escaped(school):
    with school.test_request_context(), writing():
        make_course("odd", title="<b>车床</b> & 铣床")
        search.rebuild()
    visitor = Browser(school, None)
    for _twice in range(2):
        everything, planned = visitor.get("/courses"), visitor.get("/courses?status=planned")
        assert "技能提升 3" in words(everything) and "技能提升 1" in words(planned)
        assert 'href="/courses?status=planned&amp;kind=' in planned.get_data(as_text=True)
        found = visitor.see("/courses?q=铣床")
        assert "&lt;b&gt;车床&lt;/b&gt; &amp; 铣床" in found and "<b>车床" not in found
        assert "why-found" in visitor.see("/courses?q=主轴") and "why-found" not in visitor.see("/courses")
