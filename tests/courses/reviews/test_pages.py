"""The pages of review: readers', authors', the administrator's list. Each works, refuses strangers, names bad input."""

from __future__ import annotations

import pytest
from tests.clients import Browser, words
from tests.factories import GIFT, TEXT, make_person

from guanxue import courses
from guanxue.core.actor import SYSTEM
from guanxue.core.db import writing
from guanxue.courses.routes.review import _second

LEARNER, AUTHOR, READER, SECOND, ADMINISTRATOR, OTHER = (f"1380000000{n}" for n in range(1, 7))


@pytest.fixture
def school(bare_app):
    """An author with a draft, two readers, an administrator, a learner, another instructor."""
    with bare_app.test_request_context(), writing():
        make_person(LEARNER, "林小莲")
        author = make_person(AUTHOR, "陈志强", "instructor")
        make_person(READER, "何静", "reviewer")
        make_person(SECOND, "苏敏", "reviewer")
        make_person(ADMINISTRATOR, "梁伟", "administrator")
        make_person(OTHER, "周工", "instructor")
        course = courses.create_course(author, title="针织布检验", kind="skills-upgrading", slug="cloth")
        courses.add_lesson(author, course, title="看布", kind="text", body=TEXT)
        courses.add_lesson(author, course, title="考核", kind="quiz", body=GIFT)
    return bare_app


def hand_in(app, **more) -> Browser:
    author = Browser(app, AUTHOR)
    author.see("/teach/cloth")
    author.send("/teach/cloth/submit", **{"basis": "own", "people": "nobody", **more})
    return author


def test_the_page_of_a_draft_asks_for_rights_and_says_what_is_missing(school):
    author = Browser(school, AUTHOR)
    page = author.see("/teach/cloth")
    assert "自己制作的" in page and "出镜的人都已同意" in page
    assert "请说明素材是谁的" in words(author.send("/teach/cloth/submit", 422))
    assert "由谁授权" in words(author.send("/teach/cloth/submit", 422, basis="licensed", people="agreed", licensor="", until="x"))
    author.send("/teach/cloth/submit", basis="licensed", people="agreed", licensor="厂里", until="2099-12-31", note="第二节是新的。")
    reader = Browser(school, READER).see("/oversight/reviews/cloth")
    assert "由厂里授权，到 2099-12-31 为止" in reader and "第二节是新的。" in reader


def test_a_reader_remarks_at_a_place_and_the_author_answers_there(school):
    author, reader = hand_in(school), Browser(school, READER)
    assert "等你看" in reader.see("/oversight/reviews")
    page = reader.see("/oversight/reviews/cloth")
    assert "卷入" in page and "主轴停稳以后再伸手" in page and "（答案）" in page
    reader.send("/oversight/reviews/cloth/remarks", 422, lesson="lesson-1", kind="paragraph", place="2", text="")
    reader.send("/oversight/reviews/cloth/remarks", 422, lesson="lesson-1", kind="paragraph", place="77", text="没有这段")
    answer = reader.send("/oversight/reviews/cloth/remarks", lesson="lesson-1", kind="paragraph", place="2", text="说明停几秒")
    assert answer.headers["Location"].endswith("/oversight/reviews/cloth#remark-1")
    reader.send("/oversight/reviews/cloth/remarks", lesson="quiz", kind="question", place="q2", text="选项太短")
    assert "说明停几秒" in reader.see("/oversight/reviews/cloth")
    reader.send("/oversight/reviews/cloth", decision="return", remarks="")  # the remarks at their places are enough
    assert "还有 2 条意见没了结" in author.see("/teach/cloth")
    mine = author.see("/teach/cloth/review")
    assert "看布 · 第 2 段" in words(author.get("/teach/cloth/review"))
    assert "说明停几秒" in mine and "第 2 段" in mine and "题目 q2" in mine
    author.send("/teach/cloth/remarks/1", 422, step="answered", text="")
    author.send("/teach/cloth/remarks/1", step="answered", text="停稳即可，不用数秒。")
    author.send("/teach/cloth/remarks/2", step="settled")
    author.send("/teach/cloth/submit")
    again = reader.see("/oversight/reviews/cloth")
    assert "停稳即可" in again and "作者答复了" in again and "已了结" in again and "1 条意见没了结" in again
    reader.send("/oversight/reviews/cloth/remarks/2", step="reopened")
    reader.send("/oversight/reviews/cloth/remarks/1", step="settled")
    assert "1 条意见没了结" in reader.see("/oversight/reviews/cloth")


def test_a_second_of_the_film_may_be_written_as_people_do(school):

    assert [_second(x) for x in ("95", "1:35", "1：35", "1:00:05", "abc", "-3")] == ["95", "95", "95", "3605", "abc", "-3"]


def test_six_points_in_one_tap_then_adjusted(school):
    hand_in(school)
    reader = Browser(school, READER)
    reader.see("/oversight/reviews/cloth")
    assert "还没有选" in words(reader.send("/oversight/reviews/cloth", 422, decision="approve"))
    told = words(reader.send("/oversight/reviews/cloth", 422, decision="approve", all="1", **{"point-form": "no", "why-form": "太短"}))
    assert "“形式”不通过" in told
    reader.send("/oversight/reviews/cloth", decision="approve", all="1", candidate="1")
    assert "没有等待审核的课" in reader.see("/oversight/reviews")
    assert "针织布检验" in Browser(school).see("/courses/cloth")


def test_with_two_readers_the_first_hands_it_on(school):
    administrator = Browser(school, ADMINISTRATOR)
    page = administrator.see("/admin/checklist")
    assert "思想导向" in page and "清单第 1 版" in page
    administrator.send("/admin/checklist", 422, readers="9")
    points = [("content", "内容", "对不对"), ("", "安全", "没有危险动作"), ("", "", "")]
    form = {name: [p[n] for p in points] for n, name in enumerate(("key", "title", "hint"))}
    administrator.send("/admin/checklist", readers="2", **form)
    assert "清单第 2 版" in administrator.see("/admin/checklist") and "思想导向" in administrator.see("/admin/checklist")
    author, first, second = hand_in(school), Browser(school, READER), Browser(school, SECOND)
    assert "通过，交给下一位" in first.see("/oversight/reviews/cloth")
    first.send("/oversight/reviews/cloth", decision="approve", all="1")
    assert "你已经看过这一稿" in first.see("/oversight/reviews")
    assert "轮到第 2 位" in author.see("/teach/cloth/review") and "撤回" not in words(author.get("/teach/cloth/review"))
    page = second.see("/oversight/reviews/cloth")
    assert "何静" in page and "通过并上架" in page
    second.send("/oversight/reviews/cloth", decision="approve", all="1")
    with school.app_context():
        assert courses.get_course("cloth", SYSTEM).revision_id


def test_an_author_draws_back_and_compares(school):
    author = hand_in(school)
    author.see("/teach/cloth/review")
    author.send("/teach/cloth/draw-back")
    author.send("/teach/cloth/draw-back", 409)
    lesson = courses_lesson(school)
    author.see("/teach/cloth")
    with school.test_request_context(), writing():
        course = courses.get_course("cloth", SYSTEM)
        courses.edit_lesson(SYSTEM, course, lesson, title="看布", body=TEXT.replace("停稳", "完全停稳"))
    page = author.see("/teach/cloth/changes")
    assert "<ins>" in page and "完全" in page and "送审的第 1 稿" in page
    author.get("/teach/cloth/changes?from=r9&to=draft", 404)
    assert "两个版本一样" in author.see("/teach/cloth/changes?from=c1&to=c1")
    Browser(school, READER).get("/oversight/reviews/cloth/changes", 404)  # a draft is its author's own


def courses_lesson(app) -> int:
    with app.app_context():
        return courses.list_lessons(courses.get_course("cloth", SYSTEM).id)[0].id


def test_readers_see_what_changed_since_it_was_published(school):
    hand_in(school)
    reader = Browser(school, READER)
    reader.see("/oversight/reviews/cloth")
    reader.send("/oversight/reviews/cloth", decision="approve", all="1")
    lesson = courses_lesson(school)
    with school.test_request_context(), writing():
        course = courses.get_course("cloth", SYSTEM)
        courses.edit_lesson(SYSTEM, course, lesson, title="看布", body=TEXT.replace("卡尺", "游标卡尺"))
    hand_in(school)
    assert "和已上架的比一比" in reader.see("/oversight/reviews/cloth")
    page = reader.see("/oversight/reviews/cloth/changes")
    assert '<ins><span class="visually-hidden">（加）</span>游标</ins>' in page and "看布" in page


def test_the_pages_of_review_are_shut_to_others(school):
    hand_in(school)
    for phone, paths, status in ((LEARNER, ("/oversight/reviews", "/oversight/reviews/cloth", "/teach/cloth/review", "/admin/checklist"), 403),
                                 (OTHER, ("/teach/cloth/review", "/teach/cloth/changes"), 404), (READER, ("/admin/checklist",), 403),
                                 (AUTHOR, ("/oversight/reviews/cloth", "/admin/checklist"), 403)):
        browser = Browser(school, phone)
        for path in paths:
            browser.get(path, status)
    stranger = Browser(school)
    for path in ("/oversight/reviews", "/teach/cloth/review", "/admin/checklist"):
        stranger.get(path, 303)
    reader = Browser(school, READER)
    reader.see("/oversight/reviews")
    reader.get("/oversight/reviews/none", 404)
    reader.send("/oversight/reviews/cloth/remarks/9", 404, step="settled")
    assert reader.client.put("/oversight/reviews/cloth").status_code == 405
    Browser(school, OTHER).send("/teach/cloth/remarks/1", 404, step="settled")
