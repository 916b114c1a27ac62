"""What a course folder carries is the whole course, or the report says what is missing: field by field, count by count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import turns
from tests.courses.test_commands import FACTS, write_course, zipped
from tests.courses.test_folder_files import bring, contents
from tests.factories import GIFT, TEXT, make_film

from guanxue import courses, demonstration, media
from guanxue.config import ROOT
from guanxue.core.actor import SYSTEM
from guanxue.core.command import Application
from guanxue.core.db import db, session, writing
from guanxue.courses import losses
from guanxue.courses.commands import check, export_course, import_course
from guanxue.courses.folders import FolderLesson, read_folder
from guanxue.courses.models import Course, Lesson
from guanxue.courses.writing import write_folder

SHIPPED = sorted(p.parent for p in (ROOT / "courses").glob("*/course.yaml"))


def test_every_column_of_a_course_is_carried_or_is_named_with_the_reason_why_not():
    tables = {name: t for name, t in db.metadata.tables.items() if name.startswith("courses_")}
    assert set(tables) == set(losses.CARRIED) | set(losses.LEFT_TABLES)
    for name in losses.CARRIED:
        carried, left = set(losses.CARRIED[name]), set(losses.LEFT_BEHIND.get(name, {}))
        assert carried | left == {c.name for c in tables[name].columns}, name
        assert not carried & left
    reasons = {*losses.LEFT_TABLES.values(), *(r for left in losses.LEFT_BEHIND.values() for r in left.values())}
    assert reasons <= set(losses.STAYS)


def rich_course(app) -> str:
    """A course that uses everything a folder can say."""
    with app.test_request_context(), writing():
        course = courses.create_course(SYSTEM, title="安全测量", kind="skills-upgrading", slug="rich", summary="停机。", level=4,
                                       is_subsidised=True)
        course.title_en, course.occupation, course.category_path = "Safe measuring", "turner", "机械/车工"
        course.syllabus, course.planned_hours_milli, course.pass_mark = ["停机", "测量"], 12_000, 70
        course.language, course.delivery, course.sections = "yue-CN", "blended", ["一", "空的", "二"]
        film = courses.add_lesson(SYSTEM, course, title="看", kind="video", section="一", body="旁边的字。")
        courses.attach_video(SYSTEM, course, film.id, make_film())
        film.subtitles_id = media.keep_subtitles(SYSTEM, [media.Cue(0, 900, "先停机。"), media.Cue(900, 1000, "")],
                                                 origin="written").id
        courses.add_lesson(SYSTEM, course, title="读", kind="text", section="二", body=TEXT)
        quiz = courses.add_lesson(SYSTEM, course, title="结业", kind="quiz",
                                  body=GIFT.replace("::q1::", "$CATEGORY: 甲\n\n::q1::") + "\n::q3::再来？{T}\n")
        courses.set_draw(SYSTEM, course, quiz.id, {"甲": 1})
        (media.original_path(media.get_asset(film.asset_id))).parent.mkdir(parents=True)
        media.original_path(media.get_asset(film.asset_id)).write_bytes(b"a film")
    return "rich"


def test_everything_a_draft_says_goes_out_and_what_says_nothing_is_counted(bare_app, tmp_path):
    rich_course(bare_app)
    with bare_app.test_request_context():
        parcel = courses.parcel_of(courses.get_course("rich", SYSTEM), of_draft=True)
        report = courses.write_package(parcel, tmp_path / "rich.zip")
        assert report.is_balanced and report.totals == {"lessons": 3, "films": 1, "questions": 3, "cues": 2, "files": 0}
        assert [(x.kind, x.count) for x in report.left_out] == [("cues", 1)] and report.noted == []
        with courses.opened(tmp_path / "rich.zip") as root:
            told = read_folder(root, is_own=True)
    assert (told.title_en, told.occupation, told.category, told.syllabus) == ("Safe measuring", "turner", "机械/车工", ["停机", "测量"])
    assert (told.planned_hours_milli, told.pass_mark, told.language, told.delivery) == (12_000, 70, "yue-CN", "blended")
    assert told.sections == ["一", "空的", "二"] and told.is_subsidised and told.level == 4
    assert [x.section for x in told.lessons] == ["一", "二", ""] and told.lessons[-1].draw == {"甲": 1}


def test_films_left_out_by_choice_are_named_and_the_folder_says_so(bare_app, tmp_path):
    rich_course(bare_app)
    with bare_app.test_request_context():
        parcel = courses.parcel_of(courses.get_course("rich", SYSTEM), of_draft=True, with_films=False)
        report = courses.write_package(parcel, tmp_path / "rich.zip")
        assert report.is_balanced and report.totals["films"] == 1 and report.carried["films"] == 0 and parcel.size_bytes == 0
        with courses.opened(tmp_path / "rich.zip") as root:
            told = read_folder(root)
        assert told.faults == [] and [str(x["message"]) for x in told.unready] == ["视频没有一起带来，要另外上传。"]


def test_what_no_machine_listened_to_again_stays_unchecked_on_its_way(bare_app, tmp_path):
    with bare_app.test_request_context():
        rich_course(bare_app)
        with writing():
            lesson = session.query(Lesson).filter_by(title="看").one()
            lesson.subtitles_id = media.keep_subtitles(SYSTEM, [media.Cue(0, 900, "听写的。")], origin="transcribed").id
        parcel = courses.parcel_of(courses.get_course("rich", SYSTEM), of_draft=True)
        courses.write_package(parcel, tmp_path / "rich.zip")
        with courses.opened(tmp_path / "rich.zip") as root:
            assert not read_folder(root, is_own=True).lessons[0].is_checked


def test_subtitles_of_another_film_are_not_taken_for_checked_on_their_way(bare_app):
    with bare_app.test_request_context():
        rich_course(bare_app)
        with writing():
            session.query(Lesson).filter_by(title="看").one().other_film_id = 0
        parcel = courses.parcel_of(courses.get_course("rich", SYSTEM), of_draft=True)
        assert [x.is_checked for x in parcel.lessons if x.cues] == [False]


def test_what_nobody_knows_in_a_folder_is_named_and_the_counts_hold(tmp_path):
    folder = write_course(tmp_path / "c", FACTS.replace(
        "- lessons/01-stop.md", "- {file: lessons/01-stop.md, kind: text, video: x.mp4, length: 5}") + "price: 9\ntowns: [humen]\n")
    (folder / "notes.txt").write_text("x")
    (folder / "away").symlink_to(tmp_path)
    told = courses.look_at(folder)
    assert told.faults == told.unready == [] and told.report.is_balanced
    assert [(x.kind, x.where) for x in told.report.left_out] == [
        ("facts", "course.yaml：price"), ("facts", "lessons/01-stop.md：length"), ("facts", "lessons/01-stop.md：video"),
        ("files", "away"), ("files", "notes.txt")]
    assert told.report.totals == {"facts": 11, "lessons": 2, "questions": 2, "links": 0, "files": 5}


def test_what_macos_adds_is_counted_and_named(tmp_path):
    folder = write_course(tmp_path / "c")
    (folder / ".DS_Store").write_bytes(b"\0")
    told = courses.look_at(zipped(folder, tmp_path / "c.zip", "c/"))
    assert told.report.is_balanced and told.report.totals["files"] == 4
    assert [x.where for x in told.report.left_out] == ["c/.DS_Store"]


def run(app, command, *args):
    return CliRunner().invoke(command, [str(a) for a in args], obj=Application(lambda: app))


def test_the_commands_tell_their_losses_and_keep_their_answer_clean(bare_app, tmp_path):
    folder = write_course(tmp_path / "c", FACTS + "towns: [nowhere]\nindustry: none\nprice: 9\n")
    brought = run(bare_app, import_course, folder)
    assert brought.exit_code == 0 and brought.stdout == "safe-work：第 1 版，2 节。\n"
    for said in ("课程信息：共 9，带入 6，没有带 3。", "course.yaml：price：", "towns：nowhere：平台没有这个镇街", "industry：none：平台没有这个行业"):
        assert said in brought.stderr, brought.stderr
    told = json.loads(run(bare_app, check, folder, "--json").stdout)
    assert told["facts"]["report"]["facts"] == {"total": 9, "carried": 8, "left_out": 1}
    rich_course(bare_app)
    with bare_app.test_request_context(), writing():
        courses.publish_course(SYSTEM, courses.get_course("rich", SYSTEM))
    taken = run(bare_app, export_course, "rich", tmp_path / "out", "--without-films")
    assert taken.exit_code == 0 and taken.stdout == f"{tmp_path / 'out'}\n" and not (tmp_path / "out" / "videos").exists()
    assert "上传的视频：共 1，带入 0，没有带 1。" in taken.stderr and "看：按你的选择" in taken.stderr


def test_every_shipped_course_goes_round_byte_for_byte_with_nothing_lost(bare_app, tmp_path):
    with bare_app.test_request_context():
        demonstration.load(SYSTEM, say=lambda _line: None)
        for source in turns.part(SHIPPED, of=4):
            report = courses.export_folder(source.name, tmp_path / source.name)
            assert report.is_balanced and report.left_out == report.noted == [], source.name
            before = session.query(Course.revision_id).filter_by(slug=source.name).scalar()
            assert bring(tmp_path / source.name).id == before
            courses.export_folder(source.name, tmp_path / "again" / source.name)
            assert contents(tmp_path / "again" / source.name) == contents(tmp_path / source.name)
            read, written = courses.read_folder(source), courses.read_folder(tmp_path / source.name)
            assert [(x.slug, x.title, x.body) for x in written.lessons] == [(x.slug, x.title, x.body) for x in read.lessons]
            for name, body in contents(source).items():
                if name != "course.yaml" and not name.startswith("drawings/") and b"```part" not in body:  # those stand in the text now
                    assert contents(tmp_path / source.name)[name].strip() == body.replace(b"\r\n", b"\n").strip(), (source, name)


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=20).map(
    lambda t: " ".join(t.split())).filter(bool)
BODIES = st.lists(st.one_of(WORDS, st.sampled_from(["## 停", "- 一", "> 说", "```", "![x](/media/files/gone/x.png)", "|a|", "\\", "[a]: b"])),
                  min_size=1, max_size=5).map(lambda lines: "\n\n".join(lines).strip()).filter(bool)
QUESTIONS = ["::{n}::主轴停稳以后？{{TRUE####防止卷入。}}", "::{n}::哪根轴？{{~X ~%50%Y =Z}}", "::{n}::选几个？{{~%50%a ~%50%b ~%-100%c}}",
             "::{n}::转速____。{{=G50 =%80%g 50}}", "::{n}::长多少？{{#637:5}}", "::{n}::连。{{=甲 -> 一 =乙 -> 二}}",
             "::{n}::排。{{>2 ALL VERTICAL ABSOLUTE_POSITION\n停机\n测量\n}}", "::{n}::为什么？{{####会卷。}}", "$CATEGORY: 甲\n\n::{n}::有库。{{F}}",
             "// guanxue: whole\n::{n}::都选。{{~%50%a ~%50%b ~c}}"]
QUIZZES = st.lists(st.sampled_from(QUESTIONS), min_size=1, max_size=6).map(
    lambda qs: "\n\n".join(q.format(n=f"q{n}") for n, q in enumerate(qs)))
CUES = st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 10**5), WORDS), max_size=4).map(
    lambda cs: tuple(media.tidied(sorted((media.Cue(a, a + n, t) for a, n, t in cs), key=lambda c: (c.start_ms, c.end_ms)))))


@st.composite
def lessons(draw):
    made = []
    for n in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["video", "text"]))
        cues = tuple(c for c in draw(CUES) if c.text.strip()) if kind == "video" else ()
        made.append(FolderLesson(f"lesson-{n}", draw(WORDS), kind, draw(BODIES), draw(st.one_of(st.just(""), WORDS)), cues=cues))
    return [*made, FolderLesson("quiz", draw(WORDS), "quiz", draw(QUIZZES))]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(course=lessons(), title=WORDS, summary=WORDS, syllabus=st.lists(WORDS, max_size=3))
def test_whatever_a_folder_says_is_read_back_and_written_again_the_same(tmp_path_factory, course, title, summary, syllabus):
    first, second = (tmp_path_factory.mktemp("round") / name for name in ("a", "b"))
    facts = {"slug": "round", "title": title, "kind": "技能提升", "summary": summary, "syllabus": syllabus}
    write_folder(first, facts, course)
    told = read_folder(first)
    assert told.faults == [] and told.report.is_balanced, told.faults
    assert [(x.slug, x.title, x.kind, x.body, x.section, x.cues) for x in told.lessons] == [
        (x.slug, x.title, x.kind, x.body, x.section, x.cues) for x in course]
    assert (told.title, told.summary, told.syllabus or []) == (title, summary, syllabus)
    write_folder(second, facts, told.lessons)
    assert contents(second) == contents(first)


@pytest.mark.parametrize("facts", ["towns: nowhere\n", "syllabus: {a: 1}\n", "sections: [[1]]\n", f"title_en: {'x' * 200}\n", f"summary: {'长' * 501}\n"])
def test_a_list_that_is_none_or_words_too_long_are_faults_and_not_cut_in_silence(tmp_path, facts):
    told = courses.look_at(write_course(Path(tmp_path / "c"), FACTS + facts))
    assert len(told.faults) == 1 and told.faults[0]["field"] == "course.yaml"
