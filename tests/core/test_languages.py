"""What the data calls something is shown in the reader's language; what nobody translated says which language it is in."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner
from flask import render_template_string
from tests import walks
from tests.clients import Browser, Learner
from tests.conftest import make_app, prepare
from tests.factories import make_course, make_person, town_row

from guanxue import accounts, courses, standards, tracks
from guanxue.cli import main
from guanxue.core.actor import SYSTEM
from guanxue.core.db import db, writing
from guanxue.core.i18n import FIRST, Name, languages, tags

LEARNER, CURATOR = "13800000001", "13800000003"
# Whatever language is there beside the first and English: it is found as people's browsers would name it.
FURTHER = [code for code in languages(walks.TABLE.parents[1] / "translations") if code not in (FIRST, "en")]


def shown(app, name: Name, language: str = "") -> str:
    with app.test_request_context("/", headers={"Cookie": f"lang={language}"} if language else None):
        return render_template_string("{{ name }}|{{ name|string }}", name=name)


def test_a_name_is_said_in_the_readers_language(bare_app):
    assert shown(bare_app, Name("车工", "turner")) == "车工|车工"
    assert shown(bare_app, Name("车工", "turner"), "en") == "Turner|Turner"
    assert shown(bare_app, Name("CNC", ""), "en") == "CNC|CNC"


def test_a_name_without_english_is_marked_as_chinese_for_who_reads_english(bare_app):
    assert shown(bare_app, Name("铣工", "铣工"), "en") == '<span lang="zh-Hans">铣工</span>|铣工'
    for code in FURTHER:
        assert shown(bare_app, Name("车工", "turner"), code) == '<span lang="zh-Hans">车工</span>|车工'


def test_a_name_is_escaped_in_every_language(bare_app):
    for language in ("", "en", *FURTHER):
        assert "<b>" not in shown(bare_app, Name("<b>粗</b>", ""), language)


COURSE = {"title": "Stop, then measure", "track": "Knitting road"}


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """A site whose data has English names for some things and none for others."""
    app = make_app(tmp_path_factory.mktemp("city"))
    prepare(app)
    with app.test_request_context(), writing():
        accounts.load_towns(SYSTEM, [town_row("humen", industries_zh="服装;电子信息", industries_en="garments; electronics"),
                                     town_row("dalang", "大朗镇", map_column="2")])
        standards.load_industries(SYSTEM, [{"industry_id": "textiles", "name_zh": "纺织服装", "name_en": "Textiles", "sectors": "纺织"}])
        courses.load_plans(SYSTEM, [{
            "course_id": "plan-1", "title_zh": "筹备中的课", "title_en": "a planned course", "kind": "技能提升", "level": "四级/中级工",
            "occupation_id": "", "category_path": "纺织/x", "delivery": "online", "hours": "32", "syllabus": "看布;验布", "town_ids": "humen"}])
        make_person(LEARNER)
        make_person(CURATOR, "黄秀英", "curator", "humen")
        make_course("untitled", title="没有英文名的课")
        english = courses.create_course(SYSTEM, title="停机再测量", kind="skills-upgrading", slug="measuring", summary="停机、测量。")
        english.title_en = COURSE["title"]
        courses.add_lesson(SYSTEM, english, title="看布", kind="text", body="先停机，再测量。" * 9)
        courses.add_lesson(SYSTEM, english, title="考核", kind="quiz", body="::1::停机以后才能测量。{TRUE}")
        courses.publish_course(SYSTEM, english)
        track = tracks.create_track(SYSTEM, town_slug="humen", title="针织一条路", summary="先学测量。", slug="knitting")
        track.title_en = COURSE["track"]
        stage = tracks.add_stage(SYSTEM, track, "入门")
        for slug in ("measuring", "plan-1", "untitled"):
            tracks.add_course(SYSTEM, track, stage.id, slug)
        tracks.publish_track(SYSTEM, track)
    learner = Learner(app, LEARNER)
    learner.call("PUT", "/courses/measuring/enrolment", 200)
    learner.call("PUT", "/courses/untitled/enrolment", 200)
    learner.call("PUT", "/tracks/knitting/membership", 200)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def reader(app, language: str, phone: str | None = None) -> Browser:
    """A browser that chose a language."""
    browser = Browser(app, phone)
    browser.client.set_cookie("lang", language)
    return browser


OPEN = ["/", "/courses", "/courses?town=humen&kind=skills-upgrading", "/courses/measuring", "/courses/plan-1", "/courses/untitled", "/towns",
        "/towns/humen", "/tracks/knitting"]
OWN = ["/", "/courses/measuring", "/tracks/knitting", "/me", "/learn/measuring/lesson-1", "/learn/measuring/quiz", "/me/settings"]


def test_english_pages_show_the_english_names_of_what_has_one(city):
    browser = reader(city, "en")
    wanted = {"/": ["Stop, then measure"], "/courses": ["Stop, then measure", "A planned course", "Humen"], "/courses/plan-1": ["A planned course", "Humen"],
              "/towns": ["Humen", "Garments, Electronics"], "/towns/humen": ["Humen", "Knitting road", "Garments"],
              "/tracks/knitting": ["Knitting road", "Stop, then measure", "A planned course", "Humen"]}
    for path, names in wanted.items():
        page = browser.see(path)
        assert [n for n in names if n not in page] == [], path
        assert "停机再测量" not in page and "针织一条路" not in page and "虎门" not in page, path


@pytest.mark.parametrize("language", ["en", *FURTHER])
def test_what_is_in_chinese_on_a_page_of_another_language_says_so(city, language):
    for phone, paths in ((None, OPEN), (LEARNER, OWN)):
        browser = reader(city, language, phone)
        for path in paths:
            page = browser.see(path)
            assert f'<html lang="{language.replace("_", "-")}"' in page
            assert '<span lang="zh-Hans">' in page or "没有英文名" not in page, path
            outside = re.sub(r"<title>.*?</title>|<textarea.*?</textarea>|<script.*?</script>|<span lang=\"zh-Hans\">[^<]*</span>|<[^>]*>", " ", page, flags=re.S)
            for written in ("没有英文名的课", "看布", "入门", "停机、测量"):
                assert written not in outside, (path, written)


@pytest.mark.parametrize("language", ["en", *FURTHER])
def test_no_attribute_title_option_or_drawing_holds_a_mark_of_language(city, language):
    for phone, paths in ((None, OPEN), (LEARNER, OWN), (CURATOR, ["/curate", "/curate/new", "/curate/knitting"])):
        browser = reader(city, language, phone)
        for path in paths:
            page = browser.see(path)
            assert not re.search(r'="[^"<>]*<span|&lt;span|<title>[^<]*<span|<option[^>]*>[^<]*<span|<text[^>]*>[^<]*<span', page), path


def test_what_a_curator_edits_is_what_is_written(city):
    page = reader(city, "en", CURATOR).see("/curate/knitting")
    assert 'value="针织一条路"' in page and "Knitting road" not in page


def test_the_api_tells_what_is_written(city):
    client = city.test_client()
    for language in ("en", "zh-CN"):
        headers = {"Accept-Language": language}
        told = client.get("/api/v1/tracks/knitting", headers=headers).get_json()
        assert told["title"] == "针织一条路" and told["stages"][0]["courses"][0]["title"] == "停机再测量"
        assert client.get("/api/v1/towns", headers=headers).get_json()["items"][0]["tracks"][0]["title"] == "针织一条路"


def test_a_program_is_answered_in_the_language_of_where_it_is():
    known = {FIRST: "", "en": "", **{code: "" for code in FURTHER}}
    found = tags(known)
    assert found["zh"] == found["zh-CN"] == FIRST and found["en"] == "en"
    for code in FURTHER:
        assert found[code.replace("_", "-")] == code
    assert tags({FIRST: "", "zh_Hant": ""})["zh-TW"] == tags({FIRST: "", "zh_Hant": ""})["zh-HK"] == "zh_Hant"


def commands(group, name=()):
    yield name, group
    for word, below in getattr(group, "commands", {}).items():
        yield from commands(below, (*name, word))


def test_commands_explain_themselves_and_complain_in_chinese():
    english = re.compile(r"Usage|Options|Commands|Show this|Error|Missing|No such|Invalid|required|default:|Try ")
    runner = CliRunner()
    for name, _command in commands(main):
        told = runner.invoke(main, [*name, "--help"])
        assert told.exit_code == 0 and not english.search(told.output), (name, told.output)
    for words in (["nothing"], ["search"], ["search", "--nothing", "x"], ["search", "--limit", "x", "y"], ["verify", "/no/such/file"], ["init", "extra"]):
        told = runner.invoke(main, words)
        assert told.exit_code == 2 and not english.search(told.output), (words, told.output)


def test_scripts_take_every_word_from_their_page():
    for path in walks.TABLE.parents[1].glob("static/*/*.js"):
        if path.parent.name != "vendor":
            code = re.sub(r"//.*|/\*.*?\*/", "", path.read_text("utf-8"))
            assert not re.search("[\u4e00-\u9fff]", code), path
