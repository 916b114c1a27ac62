"""A lesson's subtitles from the editor to the learner: forms without a script, two people at once, publication, finding."""

from __future__ import annotations

import io
import re

import pytest
from sqlalchemy import text as sql
from tests.clients import Browser, Learner
from tests.factories import GIFT, TEXT, make_film, make_person

from guanxue import courses, jobs, media, search
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.core.errors import Invalid

CUES = [media.Cue(1000, 3000, "先停机。"), media.Cue(3000, 6000, "用卡尺夹住梭子，读三遍。"), media.Cue(7000, 9000, "记在本子上。")]
SRT = "1\n00:00:01,000 --> 00:00:03,000\n<i>先停机。</i>\n\n2\n00:00:05,000 --> 00:00:04,000\n倒着\n\n3\n00:00:05,000 --> 00:00:06,000\n再测量。\n"


MORE = "".join(f"\n::more{n}::第{n}句对。{{TRUE}}\n" for n in range(4))


def film_course(slug: str = "filmed", **facts) -> tuple[courses.Course, courses.Lesson]:
    """A draft with a film of a minute and a quiz; call inside a writing transaction."""
    course = courses.create_course(SYSTEM, title="量具实操", kind="skills-upgrading", slug=slug, **facts)
    lesson = courses.add_lesson(SYSTEM, course, title="现场录像", kind="video", body=TEXT)
    courses.attach_video(SYSTEM, course, lesson.id, make_film(slug))
    quiz = courses.add_lesson(SYSTEM, course, title="考核", kind="quiz", body=GIFT + MORE)
    courses.set_draw(SYSTEM, course, quiz.id, {"": 2})  # a subsidised course holds three times what it draws
    return course, lesson


@pytest.fixture
def desk(any_app):
    """An instructor's browser with such a draft of their own; `.path` is the editor's address."""
    with any_app.test_request_context(), writing():
        person = make_person("13800000002", "陈志强", "instructor")
        make_person("13800000003", "周工", "instructor")
        course, lesson = film_course()
        course.owner_id = person.id
        courses.write_subtitles(SYSTEM, course, lesson.id, CUES, base="")
    browser = Browser(any_app, "13800000002")
    browser.app, browser.lesson_id, browser.path = any_app, lesson.id, f"/teach/filmed/lessons/{lesson.id}/subtitles"
    return browser


def values(page: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}"[^>]* value="([^"]*)"', page)


def texts(page: str) -> list[str]:
    return re.findall(r"<textarea[^>]*>([^<]*)</textarea>", page)


def form_of(page: str) -> dict:
    """The lines' form as a browser would send it."""
    return {"base": values(page, "base")[0], "first": values(page, "first")[0], "count": values(page, "count")[0],
            "start": values(page, "start"), "end": values(page, "end"), "text": texts(page)}


def lines_now(browser) -> list[str]:
    with browser.app.test_request_context():
        lesson = courses.get_lesson(courses.get_course("filmed", SYSTEM), browser.lesson_id)
        return [c.text for c in courses.subtitling_of(lesson).lines]


def test_the_editor_shows_each_line_with_its_times_and_marks_what_wants_a_look(desk):
    page = desk.see(desk.path)
    assert values(page, "start") == ["0:01.0", "0:03.0", "0:07.0"] and texts(page)[0] == "先停机。"
    form = form_of(page)
    form["start"][1], form["text"][0] = "0:02.5", "字" * 40
    desk.send(desk.path, 303, do="save", **form)
    page = desk.see(desk.path)
    assert "和上一行的时间重叠" in page and "太长" in page and "太快" in page and "2 行要看一下" in page


@pytest.mark.parametrize(("do", "more", "expected"), [
    ("split:1", {}, ["先停机。", "用卡尺夹住梭子，", "读三遍。", "记在本子上。"]), ("split:1", {"at": "4"}, ["先停机。", "用卡尺夹", "住梭子，读三遍。", "记在本子上。"]),
    ("join:0", {}, ["先停机。用卡尺夹住梭子，读三遍。", "记在本子上。"]), ("delete:1", {}, ["先停机。", "记在本子上。"]),
    ("add:1", {}, ["先停机。", "用卡尺夹住梭子，读三遍。", "", "记在本子上。"]), ("add:top", {}, ["", "先停机。", "用卡尺夹住梭子，读三遍。", "记在本子上。"]),
    ("delete:99", {}, ["用卡尺夹住梭子，读三遍。", "记在本子上。"]), ("nonsense", {}, [c.text for c in CUES]),
])
def test_every_button_of_a_line_works_as_a_plain_form(desk, do, more, expected):
    sent = desk.send(desk.path, 303, do=do, **form_of(desk.see(desk.path)), **more)
    assert lines_now(desk) == expected
    assert re.search(r"\?line=\d+#line-\d+$", sent.headers["Location"])
    desk.see(sent.headers["Location"].partition("#")[0])


def test_all_lines_move_together_and_are_put_in_order(desk):
    desk.send(desk.path, 303, do="shift", by="-1，5", **form_of(desk.see(desk.path)))
    page = desk.see(desk.path)
    assert values(page, "start") == ["0:00.0", "0:01.5", "0:05.5"]
    form = form_of(page)
    form["start"][0], form["end"][0] = "0:08.0", "0:09.0"
    desk.send(desk.path, 303, do="sort", **form)
    assert values(desk.see(desk.path), "start") == ["0:01.5", "0:05.5", "0:08.0"]
    for by in ("", "x", "nan", "1e9"):
        assert "移动几秒" in desk.send(desk.path, 422, do="shift", by=by, **form_of(desk.see(desk.path))).get_data(as_text=True)


def test_a_line_whose_times_make_no_sense_is_named_and_nothing_is_lost(desk):
    form = form_of(desk.see(desk.path))
    form["start"][1], form["text"][1], form["end"][2] = "一分半", "我改了很多字", "0:06.0"
    page = desk.send(desk.path, 422, do="save", **form).get_data(as_text=True)
    assert "第 2 行时间看不懂" in page and "结束应在开始之后" in page and "我改了很多字" in page and "一分半" in page
    assert lines_now(desk) == [c.text for c in CUES]


def test_a_form_that_is_none_of_ours_is_refused(desk):
    desk.see(desk.path)
    desk.send(desk.path, 422)
    desk.send(desk.path, 422, base="", first="0", count="1", start=["0:01", "0:02"], end=["0:02"], text=["x"])
    desk.send(desk.path, 409, base="f" * 64, first="0", count="0")


def test_two_people_see_both_texts_and_nothing_is_overwritten(desk):
    form = form_of(desk.see(desk.path))
    hers = {**form, "text": ["先停机！", *form["text"][1:]]}
    desk.send(desk.path, 303, do="save", **hers)
    mine = {**form, "text": [*form["text"][:2], "记在<本子>里。"]}
    page = desk.send(desk.path, 409, do="save", **mine).get_data(as_text=True)
    assert "先停机！" in page and "记在&lt;本子&gt;里。" in page and "陈志强" in page
    assert lines_now(desk)[0] == "先停机！"
    shown = values(page, "shown")[0]
    desk.send(f"{desk.path}/mine", 303, shown=shown, **mine)
    assert lines_now(desk) == ["先停机。", "用卡尺夹住梭子，读三遍。", "记在<本子>里。"]
    assert desk.send(f"{desk.path}/mine", 409, shown=shown, **{**mine, "text": ["x", "y", "z"]}).status_code == 409


def quietly(browser, form: dict):
    return browser.client.post(browser.path, data={"csrf_token": browser.token, **form}, headers={"Accept": "application/json"})


def test_a_script_saves_quietly_and_is_told_what_stands(desk):
    form = form_of(desk.see(desk.path))
    form["text"][0] = "字" * 40
    answer = quietly(desk, form)
    told = answer.get_json()
    assert answer.status_code == 200 and told["base"] != form["base"] and told["count"] == 3 and len(told["problems"][0]) == 2
    assert quietly(desk, {**form, "text": ["别的", *form["text"][1:]]}).status_code == 409
    again = quietly(desk, {**form, "base": told["base"]}).get_json()
    assert again["base"] == told["base"]
    assert quietly(desk, {**form, "base": told["base"], "end": ["x"] * 3}).get_json()["faults"].keys() == {"0", "1", "2"}


def test_a_long_film_is_edited_some_lines_at_a_time(desk):
    many = [media.Cue(n * 100, n * 100 + 90, f"第{n}句") for n in range(120)]
    with desk.app.test_request_context(), writing():
        course = courses.get_course("filmed", SYSTEM)
        lesson = courses.get_lesson(course, desk.lesson_id)
        courses.write_subtitles(SYSTEM, course, lesson.id, many, base=courses.subtitling_of(lesson).version)
    page = desk.see(f"{desk.path}?page=2")
    assert texts(page)[0] == "第50句" and len(texts(page)) == 50 and 'id="line-51"' in page
    form = form_of(page)
    form["text"][0] = "改过的一句"
    sent = desk.send(desk.path, 303, do="delete:49", **form)
    now = lines_now(desk)
    assert len(now) == 119 and now[50] == "改过的一句" and now[49] == "第49句" and now[99] == "第100句" and "line=100" in sent.headers["Location"]
    assert len(texts(desk.see(f"{desk.path}?page=99"))) == 19


def version_now(browser) -> str:
    with browser.app.test_request_context():
        return courses.subtitling_of(courses.get_lesson(courses.get_course("filmed", SYSTEM), browser.lesson_id)).version


def is_kept(app, version: str) -> bool:
    with app.app_context():
        return media.find_subtitles(version) is not None


def tidy(app) -> int:
    with app.app_context(), writing():
        return courses.tidy_drafts()


def test_of_one_persons_quiet_saves_the_last_stays_and_a_button_keeps_its_version(desk):
    form = form_of(desk.see(desk.path))
    versions = [form["base"]]
    for text in ("一", "二", "三"):
        versions.append(quietly(desk, {**form, "base": versions[-1], "text": [text, *form["text"][1:]]}).get_json()["base"])
    desk.send(desk.path, 303, do="save", **form_of(desk.see(desk.path)))
    for text in ("四", "五"):
        versions.append(quietly(desk, {**form, "base": versions[-1], "text": [text, *form["text"][1:]]}).get_json()["base"])
    assert tidy(desk.app) == 0 and all(is_kept(desk.app, v) for v in versions)  # a page may still have one of them open
    with clock.advance(25 * 3600):
        assert tidy(desk.app) == 3 and tidy(desk.app) == 0
    assert [is_kept(desk.app, v) for v in versions] == [True, False, False, True, False, True]


def test_a_quiet_save_in_anothers_place_folds_nothing_of_theirs(desk):
    form = form_of(desk.see(desk.path))
    with desk.app.test_request_context(), writing():
        course = courses.get_course("filmed", SYSTEM)
        hers = courses.write_subtitles(SYSTEM, course, desk.lesson_id, [media.Cue(0, 1000, "她的")], base=form["base"], is_quiet=True)
    assert quietly(desk, {**form, "text": ["我的", *form["text"][1:]]}).status_code == 409
    mine = quietly(desk, {**form_of(desk.see(desk.path)), "text": ["我的"]}).get_json()["base"]
    with clock.advance(25 * 3600):
        tidy(desk.app)
    assert is_kept(desk.app, hers) and is_kept(desk.app, mine)


def test_what_was_published_stays_though_it_was_saved_quietly(desk):
    form = form_of(desk.see(desk.path))
    first = quietly(desk, {**form, "text": ["甲", *form["text"][1:]]}).get_json()["base"]
    with desk.app.test_request_context(), writing():
        courses.publish_course(SYSTEM, courses.get_course("filmed", SYSTEM))
    second = quietly(desk, {**form, "base": first, "text": ["乙", *form["text"][1:]]}).get_json()["base"]
    quietly(desk, {**form, "base": second, "text": ["丙", *form["text"][1:]]})
    with clock.advance(25 * 3600):
        assert tidy(desk.app) == 1
    assert is_kept(desk.app, first) and not is_kept(desk.app, second)


def test_who_comes_back_to_a_page_whose_version_is_folded_sees_both_texts(desk):
    form = form_of(desk.see(desk.path))
    old = quietly(desk, {**form, "text": ["甲", *form["text"][1:]]}).get_json()["base"]
    quietly(desk, {**form, "base": old, "text": ["乙", *form["text"][1:]]})
    with clock.advance(25 * 3600):
        tidy(desk.app)
    mine = {**form, "base": old, "text": ["写了很久", *form["text"][1:]]}
    page = desk.send(desk.path, 409, do="save", **mine).get_data(as_text=True)
    assert "写了很久" in page and "乙" in page and lines_now(desk)[0] == "乙"
    desk.send(f"{desk.path}/mine", 303, shown=values(page, "shown")[0], **mine)
    assert lines_now(desk) == ["写了很久", *form["text"][1:]]


def test_the_nightly_rounds_do_their_work_and_ask_for_the_next(desk):
    form = form_of(desk.see(desk.path))
    first = quietly(desk, {**form, "text": ["甲", *form["text"][1:]]}).get_json()["base"]
    quietly(desk, {**form, "base": first, "text": ["乙", *form["text"][1:]]})
    with desk.app.test_request_context(), writing():
        courses.watch_drafts()
        media.watch_files()
    with clock.advance(3 * 86_400):
        jobs.run_waiting(desk.app)
        assert not is_kept(desk.app, first)
    with desk.app.app_context():
        waiting = set(session.scalars(sql("SELECT name FROM jobs_job WHERE pending_key LIKE '%daily'")))
    assert {"courses.tidy", "media.sweep_files"} <= waiting


# ---- another film


def new_film(desk, name: str) -> None:
    with desk.app.test_request_context(), writing():
        courses.attach_video(SYSTEM, courses.get_course("filmed", SYSTEM), desk.lesson_id, make_film(name))


def missing(desk) -> list[str]:
    with desk.app.test_request_context():
        return [str(f["message"]) for f in courses.list_missing(courses.get_course("filmed", SYSTEM))]


def test_after_another_film_its_teacher_says_whether_the_subtitles_fit_before_anything_is_handed_in(desk):
    new_film(desk, "second")
    assert len(missing(desk)) == 1 and "旧视频" in missing(desk)[0]
    page = desk.see(desk.path)
    assert "视频换过了" in page and "视频换过了" in desk.see(desk.path.rpartition("/")[0])
    quietly(desk, {**form_of(page), "text": ["改一行", "还没看完", "记。"]})
    assert missing(desk)  # a line that was mended says nothing of the others
    desk.send(f"{desk.path}/fit", 409, base=values(page, "base")[0])
    desk.send(f"{desk.path}/fit", 303, base=version_now(desk))
    assert missing(desk) == [] and "视频换过了" not in desk.see(desk.path)
    desk.send(f"{desk.path}/fit", 303, base=version_now(desk))


@pytest.mark.parametrize("way", ["the film before", "a file", "none"])
def test_other_ways_out_are_the_old_film_a_file_and_taking_them_off(desk, way):
    new_film(desk, "second")
    page = desk.see(desk.path)
    if way == "the film before":
        new_film(desk, "filmed")
    elif way == "a file":
        looked = upload(desk, SRT.encode())
        desk.send(f"{desk.path}/take", 303, version=values(looked, "version")[0], base=values(looked, "base")[0])
    else:
        desk.send(f"{desk.path}/off", 303, base=values(page, "base")[0])
    assert missing(desk) == []


def test_a_third_film_still_asks_about_the_subtitles_of_the_first(desk):
    new_film(desk, "second")
    new_film(desk, "third")
    assert missing(desk)
    new_film(desk, "filmed")
    assert missing(desk) == []


def test_what_is_published_keeps_film_and_subtitles_whatever_becomes_of_the_draft(desk):
    with desk.app.test_request_context(), writing():
        course = courses.get_course("filmed", SYSTEM)
        frozen = courses.lessons_of(courses.publish_course(SYSTEM, course).id)[0]
        before = (frozen.asset_id, frozen.subtitles_id)
    new_film(desk, "second")
    with desk.app.test_request_context():
        frozen = courses.lessons_of(courses.get_course("filmed", SYSTEM).revision_id)[0]
        assert (frozen.asset_id, frozen.subtitles_id) == before


# ---- files


def upload(browser, data: bytes, status: int = 200, name: str = "s.srt"):
    return browser.send(f"{browser.path}/file", status, multipart=True, file=(io.BytesIO(data), name)).get_data(as_text=True)


def test_a_file_is_shown_with_its_losses_before_it_replaces_anything(desk):
    desk.see(desk.path)
    page = upload(desk, SRT.encode("gb18030"))
    assert "GB18030" in page and "结束时间不在开始时间之后" in page and "样式（斜体" in page and "第 6 行" in page
    assert lines_now(desk) == [c.text for c in CUES]
    desk.send(f"{desk.path}/take", 303, version=values(page, "version")[0], base=values(page, "base")[0])
    assert lines_now(desk) == ["先停机。", "再测量。"]
    assert "先停机" in desk.get(f"{desk.path}.srt").get_data(as_text=True) and desk.get(f"{desk.path}.vtt").data.startswith(b"WEBVTT")


def test_a_file_that_was_looked_at_does_not_replace_what_was_written_meanwhile(desk):
    desk.see(desk.path)
    page = upload(desk, SRT.encode())
    desk.send(desk.path, 303, do="delete:0", **form_of(desk.see(desk.path)))
    desk.send(f"{desk.path}/take", 409, version=values(page, "version")[0], base=values(page, "base")[0])
    desk.send(f"{desk.path}/take", 422, version="nothing", base="")
    assert lines_now(desk) == [c.text for c in CUES[1:]]


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n\0\0\0", b"hello"])
def test_a_file_that_holds_no_subtitles_is_refused(desk, data):
    desk.see(desk.path)
    upload(desk, data, 422)
    assert lines_now(desk) == [c.text for c in CUES]


def test_subtitles_can_be_taken_off_and_begun_from_nothing_or_from_the_script(desk):
    base = values(desk.see(desk.path), "base")[0]
    desk.send(f"{desk.path}/off", 409, base="x")
    desk.send(f"{desk.path}/off", 303, base=base)
    page = desk.see(desk.path)
    assert "一行也没有" in page
    desk.send(desk.path, 303, do="script", **form_of(page))
    assert lines_now(desk)[0] == "测量之前先停机。"


def test_who_may_not_edit_the_course_does_not_find_its_subtitles(desk):
    stranger = Browser(desk.app, "13800000003")
    stranger.get(desk.path, 404)
    stranger.get(f"{desk.path}.vtt", 404)
    stranger.send(desk.path, 404)
    desk.get(f"/teach/filmed/lessons/{desk.lesson_id + 1}/subtitles", 404)
    desk.client.put(desk.path).status_code == 405


# ---- publication


def publish(app, course_slug: str = "filmed") -> courses.Revision:
    with app.test_request_context(), writing():
        return courses.publish_course(SYSTEM, courses.get_course(course_slug, SYSTEM))


def test_learners_see_what_was_published_until_a_correction_is_published_too(desk):
    publish(desk.app)
    with desk.app.test_request_context(), writing():
        make_person()
    learner = Learner(desk.app)
    learner.call("PUT", "/courses/filmed/enrolment", 200)
    lesson = learner.call("GET", f"/lessons/{learner.lessons('filmed')[0]['id']}", 200)
    assert "先停机。" in learner.client.get(lesson["subtitles"][0]["url"]).get_data(as_text=True)
    page = Browser(desk.app, "13800000001").see("/learn/filmed/lesson-1")
    assert 'data-at="1000" data-to="3000">先停机。</button>' in page and lesson["subtitles"][0]["url"] in page
    desk.send(desk.path, 303, do="delete:0", **form_of(desk.see(desk.path)))
    assert learner.call("GET", f"/lessons/{lesson['id']}", 200)["subtitles"] == lesson["subtitles"]
    assert publish(desk.app).number == 2


def test_a_course_without_subtitles_keeps_its_digest(app):
    course, lesson = film_course()
    first = courses.publish_course(SYSTEM, course)
    version = courses.write_subtitles(SYSTEM, course, lesson.id, CUES, base="")
    assert courses.publish_course(SYSTEM, course).number == 2
    courses.take_subtitles_off(SYSTEM, course, lesson.id, base=version)
    again = courses.publish_course(SYSTEM, course)
    assert (again.number, again.digest) == (3, first.digest)


def test_a_subsidised_course_is_published_only_with_subtitles_that_somebody_checked(any_db):
    course, lesson = film_course(is_subsidised=True)
    with pytest.raises(Invalid, match="现场录像"):
        courses.publish_course(SYSTEM, course)
    heard = courses.write_subtitles(SYSTEM, course, lesson.id, CUES, base="", origin="transcribed")
    with pytest.raises(Invalid, match="没有人核对"):
        courses.publish_course(SYSTEM, course)
    courses.write_subtitles(SYSTEM, course, lesson.id, CUES, base=heard)
    assert courses.publish_course(SYSTEM, course).document["is_subsidised"] is True
    plain, _lesson = film_course("plain")
    assert "is_subsidised" not in courses.publish_course(SYSTEM, plain).document


def test_what_a_machine_heard_becomes_subtitles_only_where_nobody_wrote_any(app):
    course, lesson = film_course()
    heard = media.keep_subtitles(SYSTEM, CUES[:1], origin="transcribed")
    media.finish_transcript(lesson.asset_id, heard)
    assert courses.subtitling_of(lesson).origin == "transcribed"
    courses.write_subtitles(SYSTEM, course, lesson.id, CUES, base=heard.digest)
    media.finish_transcript(lesson.asset_id, media.keep_subtitles(SYSTEM, CUES[1:], origin="transcribed"))
    assert courses.subtitling_of(lesson).lines == CUES


def test_other_words_of_a_narrated_lesson_bring_their_own_subtitles(app):
    course = courses.create_course(SYSTEM, title="朗读的课", kind="skills-upgrading", slug="spoken")
    lesson = courses.add_lesson(SYSTEM, course, title="一", kind="video", body=TEXT)
    courses.add_lesson(SYSTEM, course, title="考核", kind="quiz", body=GIFT)
    courses.publish_course(SYSTEM, course)
    courses.write_subtitles(SYSTEM, course, lesson.id, CUES, base="")
    courses.edit_lesson(SYSTEM, course, lesson.id, title="一（改名）", body=lesson.body)
    assert lesson.subtitles_id is not None
    courses.edit_lesson(SYSTEM, course, lesson.id, title="一", body="## 新\n\n别的话。")
    assert lesson.subtitles_id is None


def test_a_folder_carries_subtitles_out_and_in_and_changes_nothing(app, tmp_path):
    course, lesson = film_course(is_subsidised=True)
    asset = media.get_asset(lesson.asset_id)
    media.original_path(asset).parent.mkdir(parents=True, exist_ok=True)
    asset.kind = "narrated"  # the film's file is not what is tried here
    lesson.is_narrated = True
    courses.write_subtitles(SYSTEM, course, lesson.id, CUES, base="")
    first = courses.publish_course(SYSTEM, course)
    courses.export_folder("filmed", tmp_path / "out")
    assert "subsidised: true" in (tmp_path / "out" / "course.yaml").read_text() and (tmp_path / "out" / "subtitles" / "lesson-1.vtt").is_file()
    again = courses.import_folder(SYSTEM, tmp_path / "out")
    assert (again.id, again.digest) == (first.id, first.digest)
    (tmp_path / "out" / "subtitles" / "lesson-1.vtt").write_text("WEBVTT\n\n00:02.000 --> 00:01.000\n倒着\n\n00:03.000 --> 00:04.000\n好\n")
    with pytest.raises(courses.BadFolder, match="结束时间"):
        courses.import_folder(SYSTEM, tmp_path / "out")


# ---- finding


def test_a_learner_finds_a_lesson_by_a_word_of_its_subtitles_and_plays_from_there(desk):
    publish(desk.app)
    with desk.app.test_request_context():
        search.rebuild()
    jobs.run_waiting(desk.app)
    page = Browser(desk.app).see("/courses?q=梭子")
    assert "量具实操" in page and 'href="/learn/filmed/lesson-1?t=3"' in page and "用卡尺夹住梭子" in page
    assert "said-at" not in Browser(desk.app).see("/courses?q=量具")


def test_words_are_found_in_what_is_published_alone(app):
    course, lesson = film_course()
    courses.write_subtitles(SYSTEM, course, lesson.id, CUES, base="")
    revision = courses.publish_course(SYSTEM, course)
    said = courses.where_said({revision.id: course.id}, ["没有的词", "梭子"])[revision.id]
    assert (said.lesson_slug, said.at_ms, said.text) == ("lesson-1", 3000, CUES[1].text)
    courses.write_subtitles(SYSTEM, course, lesson.id, CUES[:1], base=courses.subtitling_of(lesson).version)
    assert courses.where_said({revision.id: course.id}, ["梭子", '"', "%"]) and not courses.where_said({revision.id: course.id}, ["%%", "__"])
