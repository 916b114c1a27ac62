"""A lesson of slides: from a PDF with notes to a film that plays, with subtitles; its pages, its rights, its words."""

from __future__ import annotations

import io
import re
import subprocess
from types import SimpleNamespace

import pytest
from PIL import Image
from tests.clients import Browser, place, words
from tests.conftest import make_app, prepare
from tests.factories import TEXT, make_film, make_person
from tests.media import decks

from guanxue import courses, jobs, media
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import db, session, writing
from guanxue.core.enclosures import Enclosure, read_address
from guanxue.courses import rules, slidetext
from guanxue.courses.slidetext import Page
from guanxue.media import narration, tasks

TEACHER, OTHER = "13800000002", "13800000003"
PICTURE, LARGER = (Enclosure("a" * 24, "picture", f"{n}.png", 1000, 960, 540).address for n in ("one", "two"))
SOUND = Enclosure("b" * 24, "sound", "voice.m4a", 1000, duration_s=12).address
QUIET = {"Accept": "application/json"}


# ---- the text


def test_pages_are_written_and_read_back_the_same():
    pages = [Page(PICTURE, "先停机。\n\n再测量。"), Page(LARGER, "", SOUND), Page(PICTURE, "记录。", SOUND)]
    assert slidetext.read_pages(slidetext.write_pages(pages)) == pages


def test_a_text_that_does_not_begin_with_a_picture_is_no_slides():
    assert slidetext.read_pages(TEXT) == [] == slidetext.read_pages(f"先看图。\n\n![图]({PICTURE})")
    assert slidetext.read_pages("") == []


def test_words_typed_beside_a_slide_never_become_a_page():
    page = Page(PICTURE, f"看这里。\n\n![又一页]({LARGER})\n\n  \n[录音]({SOUND})")
    assert slidetext.read_pages(slidetext.write_pages([page])) == [Page(PICTURE, "看这里。\n\n录音")]


def test_each_line_of_notes_is_a_sentence_of_its_own_and_headings_are_not_said():
    assert Page(PICTURE, "# 第一步\n\n先停机\n\n再测量。记录").sentences == ["先停机", "再测量。", "记录"]


def test_a_recordings_name_is_not_read_out():
    assert rules.spoken_text(slidetext.write_pages([Page(PICTURE, "先停机。", SOUND)])) == "先停机。"


def test_how_long_a_page_takes_is_told_before_it_is_spoken():
    said = ["测量之前先停机，主轴停稳以后再伸手。", "卡尺要垂直于轴线。"]
    assert Page(PICTURE, "").lasts_ms == narration.SILENT_MS + narration.SLIDE_PAUSE_MS
    assert Page(PICTURE, "", SOUND).lasts_ms == 12_000 + narration.SLIDE_PAUSE_MS
    assert 6_000 < Page(PICTURE, "".join(said)).lasts_ms < 10_000


def test_films_made_before_slides_had_pictures_keep_their_digest():
    spec = media.NarrationSpec("t", "c", "", [media.SlideSpec("停机", ["先停机。"])])
    assert spec.to_document()["slides"] == [{"headline": "停机", "sentences": ["先停机。"]}]
    assert media.NarrationSpec.from_document(spec.to_document()) == spec


# ---- the real road


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A teacher's lesson from a PDF of three pages, a .pptx with notes for two of them and a recording: made into a film."""
    folder = tmp_path_factory.mktemp("slides")
    app = make_app(folder)
    prepare(app)
    with app.test_request_context(), writing():
        teacher = make_person(TEACHER, "陈师傅", "instructor")
        make_person(OTHER, "周工", "instructor")
        courses.create_course(teacher, title="安全测量", kind="skills-upgrading", slug="measuring")
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=440:duration=3", folder / "tone.wav"], check=True)
    browser = Browser(app, TEACHER)
    answer = browser.send("/teach/measuring/slides", 303, multipart=True, title="先停机", section="", form_key="k1", files=[
        (io.BytesIO(decks.pdf((960, 540), (720, 540), (960, 540))), "安全.pdf"),
        (io.BytesIO(decks.pptx(["先停机，再测量。主轴停稳以后再伸手。", "卡尺要垂直于轴线。", ""])), "安全.pptx")])
    page = place(answer)
    lesson = page.split("/")[4]
    before = pages_of(app, lesson)
    form = {"title": "先停机", "version": "2", "picture": [x.picture for x in before], "text": [x.text for x in before[:2]] + ["听一听主轴的声音。"],
            "recording": ["", "", ""], "do": "make", "sound-2": (io.BytesIO((folder / "tone.wav").read_bytes()), "主轴.wav")}
    browser.send(page, 303, multipart=True, **form)
    jobs.run_waiting(app)
    yield SimpleNamespace(app=app, browser=browser, page=page, lesson=int(lesson), before=before, form=form)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def pages_of(app, lesson) -> list[Page]:
    with app.test_request_context():
        return courses.read_pages(courses.get_lesson(courses.get_course("measuring", SYSTEM), int(lesson)).body)


def test_the_notes_stand_beside_their_pages(made):
    assert [x.text for x in made.before] == ["先停机，再测量。主轴停稳以后再伸手。", "卡尺要垂直于轴线。", ""]
    assert "先停机，再测量。" in words(made.browser.get(made.page))


def test_the_film_plays_as_long_as_it_is_spoken_and_says_so_in_subtitles(made, tmp_path):
    with made.app.test_request_context():
        asset = media.get_asset(1)
        assert asset.state == "ready", asset.failure
        folder, facts, duration_ms = media.folder_of(1, asset.version), asset.facts, asset.duration_ms
        assert media.playable(asset)["is_synthetic"] and media.playable(asset)["subtitles"]
    foreseen = sum(x.lasts_ms for x in pages_of(made.app, made.lesson))
    assert abs(duration_ms - foreseen) < 0.15 * duration_ms + 1600  # before and after the speech it is quiet for 1.6 s
    told = (folder / "zh-Hans.vtt").read_text()
    assert [c[2] for c in facts["cues"]] == ["先停机，再测量。", "主轴停稳以后再伸手。", "卡尺要垂直于轴线。", "听一听主轴的声音。"]
    assert "听一听主轴的声音。" in told and facts["cues"][-1][1] - facts["cues"][-1][0] in range(2_900, 3_100)
    assert facts["companions"]["pictures"]["starts_ms"] == facts["slide_starts_ms"]
    for n, start in enumerate(facts["slide_starts_ms"]):
        frame = tmp_path / f"{n}.png"
        subprocess.run(["ffmpeg", "-v", "error", "-ss", str(start / 1000 + 0.6), "-i", folder / "video.mp4", "-frames:v", "1", frame], check=True)
        seen, wanted = Image.open(frame).convert("RGB"), Image.new("RGB", (1, 1), decks.COLOURS[n]).getpixel((0, 0))
        assert seen.size == (1280, 720)
        assert max(abs(a - b) for a, b in zip(seen.getpixel((640, 360)), wanted, strict=True)) < 16, n


def test_the_page_shows_the_film_and_that_it_is_current(made):
    text = words(made.browser.get(made.page))
    assert "视频已经做好。" in text and "合成语音" in made.browser.see("/teach/measuring/slides/new")
    assert "hidden" in made.browser.see(made.page).partition('id="behind"')[2][:9]


def test_a_change_keeps_the_film_until_the_next_one_is_whole(made):
    version = made.browser.see(made.page).partition('name="version" value="')[2].partition('"')[0]
    form = {**made.form, "version": version, "text": ["换了一句话。", "", ""], "recording": [x.recording for x in pages_of(made.app, made.lesson)]}
    form.pop("sound-2")
    made.browser.send(made.page, 303, multipart=True, **form)
    with made.app.test_request_context():
        lesson = courses.get_lesson(courses.get_course("measuring", SYSTEM), made.lesson)
        assert (lesson.asset_id, lesson.next_asset_id) == (1, 2)
    assert "新的视频做好以后自动换上" in words(made.browser.get(made.page))
    made.browser.send(made.page.replace("/slides", "/video/cancel"), 303)
    with made.app.test_request_context():
        lesson = courses.get_lesson(courses.get_course("measuring", SYSTEM), made.lesson)
        assert (lesson.asset_id, media.get_asset(1).state, media.get_asset(2).state) == (1, "ready", "failed")
    with made.app.test_request_context(), writing():
        from_media = SimpleNamespace(asset_id=2, duration_ms=1)
        courses.take_film(from_media)
        lesson = courses.get_lesson(courses.get_course("measuring", SYSTEM), made.lesson)
        assert (lesson.asset_id, lesson.next_asset_id) == (2, None)
        lesson.asset_id = 1


# ---- the form


@pytest.fixture
def draft(bare_app):
    """(the teacher's browser, the page, ids of a draft's lesson): a course with three pictures."""
    with bare_app.test_request_context(), writing():
        teacher = make_person(TEACHER, "陈师傅", "instructor")
        other = make_person(OTHER, "周工", "instructor")
        course = courses.create_course(teacher, title="安全测量", kind="skills-upgrading", slug="measuring")
        courses.invite_author(teacher, course, OTHER)
        courses.answer_invitation(other, course.id, accepts=True)
        lesson = courses.add_lesson(teacher, course, title="先停机", kind="video", is_narrated=True).id
        session.flush()
        kept = [media.prepare_file(f"{n}.png", io.BytesIO(decks.png(n))) for n in range(3)]
        courses.put_pages(teacher, course, lesson, media.Deck(kept))
    return Browser(bare_app, TEACHER), f"/teach/measuring/lessons/{lesson}/slides", lesson


def form_of(app, lesson, **more) -> dict:
    pages = pages_of(app, lesson)
    return {"title": "先停机", "version": "2", "picture": [x.picture for x in pages], "text": ["甲。", "乙。", "丙。"],
            "recording": ["", "", ""], **more}


@pytest.mark.parametrize(("step", "order", "texts"), [
    ("up-1", [1, 0, 2], ["乙。", "甲。", "丙。"]), ("down-1", [0, 2, 1], ["甲。", "丙。", "乙。"]),
    ("remove-0", [1, 2], ["乙。", "丙。"]), ("up-0", [0, 1, 2], ["甲。", "乙。", "丙。"]), ("remove-9", [0, 1, 2], ["甲。", "乙。", "丙。"]),
])
def test_every_button_saves_what_was_written_and_does_its_step(draft, bare_app, step, order, texts):
    browser, page, lesson = draft
    before = pages_of(bare_app, lesson)
    browser.send(page, 303, **form_of(bare_app, lesson, do=step))
    assert [(x.picture, x.text) for x in pages_of(bare_app, lesson)] == [
        (before[n].picture, said) for n, said in zip(order, texts, strict=True)]


def test_quiet_saving_tells_the_version_and_how_long_each_page_takes(draft, bare_app):
    browser, page, lesson = draft
    answer = browser.client.post(page, data={"csrf_token": browser.token, **form_of(bare_app, lesson, text=["甲。", "", ""])}, headers=QUIET)
    told = answer.get_json()
    assert answer.status_code == 200 and told["version"] == 3 and not told["is_current"] and told["takes"][1] == "没有讲稿，停 5 秒"


def test_newer_words_of_another_are_not_overwritten(draft, bare_app):
    browser, page, lesson = draft
    Browser(bare_app, OTHER).send(page, 303, **form_of(bare_app, lesson, text=["周工写的。", "", ""]))
    answer = browser.client.post(page, data={"csrf_token": browser.token, **form_of(bare_app, lesson)}, headers=QUIET)
    assert answer.status_code == 409 and answer.get_json()["by"] == "周工"
    assert "周工写的。" in words(browser.send(page, 409, **form_of(bare_app, lesson))) and pages_of(bare_app, lesson)[0].text == "周工写的。"


def test_a_recording_that_came_with_words_that_were_too_late_stays_when_they_are_saved_after_all(draft, bare_app, tmp_path):
    browser, page, lesson = draft
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=duration=1", tmp_path / "tone.wav"], check=True)
    form = form_of(bare_app, lesson)
    Browser(bare_app, OTHER).send(page, 303, **form_of(bare_app, lesson, text=["周工写的。", "", ""]))
    came = {"sound-0": (io.BytesIO((tmp_path / "tone.wav").read_bytes()), "主轴.wav")}
    both = browser.send(page, 409, multipart=True, **form, **came).get_data(as_text=True)
    address = re.search(r"/media/files/[^()\s]+\.m4a", both)[0]
    browser.send(page, 303, **{**form, "recording": [address, "", ""], "version": "3"})
    with bare_app.app_context(), clock.advance(25 * 3600):
        tasks.sweep_files(None)
        assert media.find_kept(read_address(address)) is not None
    assert pages_of(bare_app, lesson)[0].recording == address


@pytest.mark.parametrize("address", ["https://example.com/a.png", PICTURE, "/media/files/x/y.png", ""])
def test_a_page_is_only_ever_a_picture_of_ours(draft, bare_app, address):
    browser, page, lesson = draft
    form = form_of(bare_app, lesson)
    answer = browser.send(page, 422, **{**form, "picture": [address, *form["picture"][1:]]})
    assert "图片或录音不在了" in words(answer) and pages_of(bare_app, lesson)[0].text == ""


def test_a_film_needs_something_to_say(draft, bare_app):
    browser, page, lesson = draft
    assert "没有讲稿，也没有录音" in words(browser.send(page, 422, **form_of(bare_app, lesson, text=["", "", ""], do="make")))


def test_only_a_pptx_says_where_the_export_stands_in_the_menu(draft, bare_app):
    browser, _page, _lesson = draft
    given = {"title": "第二课", "form_key": "k2", "files": (io.BytesIO(decks.pptx(["先停机。"])), "a.pptx")}
    told = words(browser.send("/teach/measuring/slides", 422, multipart=True, **given))
    assert "文件 → 输出为 PDF" in told and "第二课" not in words(browser.get("/teach/measuring"))


def test_notes_that_come_later_fill_only_what_is_empty(draft, bare_app):
    browser, page, lesson = draft
    browser.send(page, 303, **form_of(bare_app, lesson, text=["我写的。", "", ""]))
    answer = browser.send("/teach/measuring/slides", 303, multipart=True, lesson=lesson, way="add",
                          files=(io.BytesIO(decks.pptx(["一。", "二。"])), "a.pptx"))
    assert [x.text for x in pages_of(bare_app, lesson)] == ["我写的。", "二。", ""]
    assert ".pptx 有 2 页，图片有 3 页" in words(browser.get(place(answer)))


def test_a_new_deck_takes_the_pages_place_and_leaves_what_is_said(draft, bare_app):
    browser, page, lesson = draft
    browser.send(page, 303, **form_of(bare_app, lesson))
    before = pages_of(bare_app, lesson)
    answer = browser.send("/teach/measuring/slides", 303, multipart=True, lesson=lesson, way="replace",
                          files=[(io.BytesIO(decks.png(3, (800, 600))), "1.png"), (io.BytesIO(decks.png(1, (800, 600))), "2.png")])
    after = pages_of(bare_app, lesson)
    assert [x.text for x in after] == ["甲。", "乙。"] and not {x.picture for x in after} & {x.picture for x in before}
    assert "原来有 3 页，现在 2 页" in words(browser.get(place(answer)))


def test_a_film_that_was_uploaded_is_never_taken_for_slides(draft, bare_app):
    browser, page, lesson = draft
    with bare_app.test_request_context(), writing():
        courses.attach_video(SYSTEM, courses.get_course("measuring", SYSTEM), lesson, make_film())
    assert place(browser.get(page, 303)) == page.removesuffix("/slides")
    browser.get(page.removesuffix("/slides"))
    assert "已经有视频或讲稿" in words(browser.send(page, 409, **form_of(bare_app, lesson)))


def test_a_subsidised_course_wants_words_for_recordings(draft, bare_app):
    browser, page, lesson = draft
    with bare_app.test_request_context():
        row = courses.get_lesson(courses.get_course("measuring", SYSTEM), lesson)
        assert not rules.subtitle_faults([row], set())
        row.body = slidetext.write_pages([Page(PICTURE, "", SOUND)])
        assert rules.subtitle_faults([row], set())
        session.rollback()


def test_a_published_course_makes_the_same_film_of_the_same_pages(draft, bare_app):
    browser, page, lesson = draft
    browser.send(page, 303, **form_of(bare_app, lesson, do="make"))
    with bare_app.test_request_context(), writing():
        course = courses.get_course("measuring", SYSTEM)
        courses.add_lesson(SYSTEM, course, title="考核", kind="quiz", body="::q::先停机。{TRUE}")
        revision = courses.publish_course(SYSTEM, course)
        frozen = courses.lessons_of(revision.id)[0]
        assert frozen.asset_id == courses.film_of(courses.get_lesson(course, lesson)).id


def test_whoever_reads_the_course_sees_the_film_that_will_be_published(draft, bare_app):
    browser, page, lesson = draft
    browser.send(page, 303, **form_of(bare_app, lesson))
    with bare_app.test_request_context(), writing():
        course = courses.get_course("measuring", SYSTEM)
        courses.add_lesson(SYSTEM, course, title="考核", kind="quiz", body="::q::先停机。{TRUE}")
    browser.see("/teach/measuring")
    answer = browser.send("/teach/measuring/submit", 303, basis="own", people="nobody")
    with bare_app.test_request_context():
        course = courses.get_course("measuring", SYSTEM)
        assert course.state == "submitted" and courses.is_film_current(courses.get_lesson(course, lesson)), words(answer)


def test_slides_go_into_a_course_folder_as_text_and_come_back_as_the_same_film(draft, bare_app, tmp_path):
    browser, page, lesson = draft
    browser.send(page, 303, **form_of(bare_app, lesson))
    with bare_app.test_request_context(), writing():
        course = courses.get_course("measuring", SYSTEM)
        courses.add_lesson(SYSTEM, course, title="考核", kind="quiz", body="::q::先停机。{TRUE}")
        before = courses.lessons_of(courses.publish_course(SYSTEM, course).id)[0]
        courses.export_folder("measuring", tmp_path / "out")
    told = (tmp_path / "out" / "lessons" / "lesson-1.md").read_text("utf-8")
    assert told.count("](../files/") == 3 and "甲。" in told and not (tmp_path / "out" / "videos").exists()
    facts = tmp_path / "out" / "course.yaml"
    facts.write_text(facts.read_text("utf-8").replace("slug: measuring", "slug: elsewhere"), "utf-8")
    with bare_app.test_request_context(), writing():
        after = courses.lessons_of(courses.import_folder(SYSTEM, tmp_path / "out").id)[0]
        assert (after.body, after.asset_id) == (before.body, before.asset_id)
