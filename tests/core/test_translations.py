"""The English of the site is whole: every message has a text, and a page in English carries no Chinese of ours.

The test site is filled with content in English, so whatever Chinese a page shows is a word nobody translated.
"""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import opencc
import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from tests.clients import Browser, Learner
from tests.factories import make_person, town_row

from guanxue import accounts, courses, media, standards, tracks
from guanxue.core.actor import SYSTEM
from guanxue.core.db import writing
from guanxue.core.i18n import languages
from guanxue.media.service import finish_asset

ROOT = Path(__file__).resolve().parents[2]
# Han, kana, and the full-width marks that go with them.
CHINESE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")
# Words that are data in any language: a course folder writes its level so, and a language is offered in its own name.
DATA = {"四级/中级工", *(name for code, name in languages(ROOT / "translations").items() if code != "en")}


def chinese_of_ours(text: str) -> set[str]:
    """The Chinese in a text but for the data."""
    for word in DATA:
        text = text.replace(word, "")
    return set(CHINESE.findall(text))


def forms(words) -> tuple[str, ...]:
    """A message's one text, or its forms by number."""
    return (words,) if isinstance(words, str) else tuple(words)


@pytest.fixture(scope="module")
def collected(tmp_path_factory) -> Catalog:
    """The messages of pages and code as they stand now."""
    out = tmp_path_factory.mktemp("words") / "messages.pot"
    subprocess.run([sys.executable, "-m", "babel.messages.frontend", "-q", "extract", "-F", "translations/babel.cfg", "-k", "_", "-k",
                    "lazy", "-k", "gettext", "-k", "lazy_ngettext:1,2", "-o", str(out), "."], cwd=ROOT, check=True)
    with out.open("rb") as f:
        return read_po(f)


@pytest.fixture(scope="module")
def english() -> Catalog:
    """The English catalogue that people edit."""
    with (ROOT / "translations/en/LC_MESSAGES/messages.po").open("rb") as f:
        return read_po(f, locale="en")


def test_every_message_has_an_english_text(collected, english):
    assert len(collected) > 600
    left = [m.id for m in collected if m.id and not (m.id in english and all(forms(english[m.id].string)) and not english[m.id].fuzzy)]
    assert not left, "run `make messages`, then translate in translations/en/LC_MESSAGES/messages.po"


def test_the_catalogue_keeps_no_message_that_is_gone(collected, english):
    assert not [m.id for m in english if m.id and m.id not in collected]


def test_placeholders_are_the_same_on_both_sides(english):
    wrong = []
    for message in english:
        wanted = sorted(PLACEHOLDER.findall(forms(message.id)[-1]))
        given = [sorted(PLACEHOLDER.findall(form)) for form in forms(message.string) if form]  # empty ones are told above
        if message.id and any(g != wanted for g in given):
            wrong.append((message.id, message.string))
    assert not wrong


CONVERTED = sorted(ROOT.glob("translations/*/glossary.csv"))


@pytest.fixture(scope="module")
def conversion():
    """scripts/convert-words as a module."""
    loader = SourceFileLoader("convert_words", str(ROOT / "scripts" / "convert-words"))
    module = module_from_spec(spec_from_loader("convert_words", loader))
    loader.exec_module(module)
    return module


@pytest.mark.parametrize("glossary", CONVERTED, ids=lambda p: p.parent.name)
def test_a_converted_language_says_everything_and_nothing_else(collected, conversion, glossary):
    with (glossary.parent / "LC_MESSAGES" / "messages.po").open("rb") as f:
        kept = read_po(f, locale=glossary.parent.name)
    wanted = conversion.made(collected, glossary.parent.name, conversion.converter(glossary))
    assert kept.num_plurals == 1
    assert {m.id: m.string for m in kept if m.id} == {m.id: m.string for m in wanted if m.id}, "run `make messages`"
    wrong = [m.id for m in kept if m.id and sorted(PLACEHOLDER.findall(forms(m.id)[-1])) != sorted(PLACEHOLDER.findall(forms(m.string)[0]))]
    assert not wrong


@pytest.mark.parametrize("glossary", CONVERTED, ids=lambda p: p.parent.name)
def test_no_character_of_the_first_language_is_left_in_a_converted_one(glossary):
    convert = opencc.OpenCC(glossary.read_text("utf-8").split("\n")[0].partition(",")[2]).convert
    with (glossary.parent / "LC_MESSAGES" / "messages.po").open("rb") as f:
        said = {form for m in read_po(f, locale=glossary.parent.name) if m.id for form in forms(m.string)}
    assert [text for text in said if convert(text) != text] == []


def test_a_correction_goes_before_what_was_converted_and_is_not_corrected_again(conversion, tmp_path):
    (tmp_path / "glossary.csv").write_text("OpenCC,s2hk\n視頻,影片\n影片,錄像\n視頻文件,檔案\n", "utf-8")
    say = conversion.converter(tmp_path / "glossary.csv")
    assert (say("看视频"), say("视频文件")) == ("看影片", "檔案")


def test_no_english_text_has_chinese_in_it(english):
    assert not [m.string for m in english if m.id and any(chinese_of_ours(form) for form in forms(m.string))]


GIFT = """::q1::The spindle must stop before you measure.{TRUE####You could be caught.}

::q2::Which is the longitudinal axis?{ ~X =Z ~Y }
"""
PLAN = {"course_id": "plan-1", "title_zh": "Planned course", "title_en": "", "kind": "技能提升", "level": "四级/中级工",
        "occupation_id": "", "category_path": "Machines/x", "delivery": "online", "hours": "16", "syllabus": "",
        "knowledge_point_ids": "", "town_ids": "humen"}


def make_english_course() -> courses.Course:
    """A published course of a video, a text and a quiz, all in English."""
    course = courses.create_course(SYSTEM, title="Measuring", kind="skills-upgrading", slug="measuring", summary="Stop, measure, note.")
    video = courses.add_lesson(SYSTEM, course, title="Stop first", kind="video", body="## Stop\n\nStop the machine.")
    asset = media.create_narrated(SYSTEM, media.NarrationSpec("m-1", "Measuring", "", [media.SlideSpec("Stop", ["Stop the machine."])]))
    courses.attach_video(SYSTEM, course, video.id, asset)
    finish_asset(asset.id, version="test", duration_ms=60_000, facts={"has_sound": True, "bytes": {"360p": 1, "mp4": 1, "audio": 1}})
    courses.add_lesson(SYSTEM, course, title="Then measure", kind="text", body="Hold the caliper square to the axis. " * 9)
    courses.add_lesson(SYSTEM, course, title="Check", kind="quiz", body=GIFT)
    courses.publish_course(SYSTEM, course)
    return course


@pytest.fixture
def abroad(bare_app):
    """A site whose every content is in English: a course, a plan, a town with a track, a learner, an instructor, a curator."""
    with bare_app.test_request_context(), writing():
        accounts.load_towns(SYSTEM, [town_row(name="Humen", industries_zh="Garments;Electronics")])
        standards.load_industries(SYSTEM, [{"industry_id": "machines", "name_zh": "Machines", "name_en": "Machines", "sectors": "Machines"}])
        courses.load_plans(SYSTEM, [PLAN])
        make_english_course()
        make_person(name="Lian")
        make_person("13800000002", "Chen", "instructor")
        curator = make_person("13800000003", "Huang", "curator", "humen")
        make_person("13800000007", "He", "reviewer")
        track = tracks.create_track(curator, town_slug="humen", title="Garments")
        track.slug = "garments"
        tracks.add_course(curator, track, tracks.add_stage(curator, track, "First").id, "measuring")
        tracks.publish_track(curator, track)
    return bare_app


def foreigner(app, phone: str | None = None) -> Browser:
    """A browser that chose English; signed in where a phone is given."""
    browser = Browser(app, phone)
    browser.client.set_cookie("lang", "en")
    return browser


OPEN_PAGES = ["/", "/courses", "/courses?q=nothing-like-it", "/courses?kind=skills-upgrading&level=4", "/courses/measuring",
              "/courses/plan-1", "/login", "/register", "/terms", "/privacy", "/accessibility", "/verify", "/towns", "/towns/humen", "/tracks/garments", "/api/docs"]


@pytest.mark.parametrize("path", OPEN_PAGES)
def test_a_visitors_page_in_english_has_no_chinese_of_ours(abroad, path):
    page = foreigner(abroad).see(path)
    assert '<html lang="en">' in page and not chinese_of_ours(page)


@pytest.mark.parametrize("path", ["/no-such-page", "/courses/none", "/tracks/none", "/verify/ABCD-EFGH-JKLM"])
def test_what_is_not_found_is_told_in_english(abroad, path):
    page = foreigner(abroad).see(path, 404)
    assert "Home" in page and not chinese_of_ours(page)


def test_a_learners_pages_in_english_have_no_chinese_of_ours(abroad):
    learner = Learner(abroad)
    browser = foreigner(abroad, "13800000001")
    for path in ("/", "/courses/measuring", "/tracks/garments", "/me", "/me/credits", "/me/certificates", "/me/settings", "/me/settings/privacy",
                 "/me/settings/name", "/me/settings/identity", "/me/settings/leave"):
        assert (path, chinese_of_ours(browser.see(path))) == (path, set())
    learner.finish("measuring")
    code = learner.call("GET", "/me/credits", 200)["items"][0]["verify_code"]
    lessons = sorted(set(re.findall(r'href="(/learn/measuring/[^"]+)"', browser.see("/courses/measuring"))))
    assert len(lessons) == 3
    for path in (*lessons, "/courses/measuring", "/me", "/me/credits", "/me/certificates", f"/verify/{code}"):
        assert (path, chinese_of_ours(browser.see(path))) == (path, set())


def test_the_working_pages_in_english_have_no_chinese_of_ours(abroad):
    for phone, paths in {
        "13800000002": ["/teach", "/teach/new"],
        "13800000003": ["/curate", "/curate/new", "/curate/garments"],
        "13800000007": ["/oversight/reviews"],
    }.items():
        browser = foreigner(abroad, phone)
        for path in paths:
            assert (path, chinese_of_ours(browser.see(path))) == (path, set())


def test_a_refused_form_says_why_in_english(abroad):
    browser = foreigner(abroad)
    browser.see("/login")
    answer = browser.send("/login", 401, phone="13800000001", password="not-the-password")
    page = answer.get_data(as_text=True)
    assert "The mobile number or password is wrong." in page and not chinese_of_ours(page)


def test_the_api_speaks_the_language_it_is_asked_for(abroad):
    client = abroad.test_client()
    told = {wanted: client.get("/api/v1/courses/none", headers={"Accept-Language": wanted}).get_json()["detail"]
            for wanted in ("en-US,en;q=0.9", "zh-CN", "")}
    assert told["en-US,en;q=0.9"] == "There is no such course." and told["zh-CN"] == told[""] == "没有这门课。"


def test_one_is_not_many(abroad):
    page = foreigner(abroad).see("/tracks/garments")
    assert "1 stage<" in page and "1 course<" in page and "2 lessons<" in page
