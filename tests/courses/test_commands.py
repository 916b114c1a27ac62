"""`guanxue import-course`, `export-course` and `check`, with real folders, packages, videos and hostile files."""

from __future__ import annotations

import json
import os
import shutil
import stat
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from tests import turns
from tests.clients import is_chinese
from tests.factories import GIFT, TEXT, make_course, make_person

from guanxue import courses, demonstration, jobs, ledger, media
from guanxue.cli import main
from guanxue.config import ROOT
from guanxue.core.actor import ANONYMOUS, SYSTEM
from guanxue.core.command import Application
from guanxue.core.db import db, session, writing
from guanxue.courses.commands import check, export_course, import_course
from guanxue.courses.folders import read_folder
from guanxue.courses.models import Course

SHIPPED = sorted(p.parent for p in (ROOT / "courses").glob("*/course.yaml"))
FACTS = "slug: safe-work\ntitle: 安全操作\nkind: 技能提升\nlessons:\n  - lessons/01-stop.md\nquiz: quiz.gift\n"


@pytest.fixture
def run(bare_app):
    """Run a command on the fresh site."""
    return lambda command, *args: CliRunner().invoke(command, [str(a) for a in args], obj=Application(lambda: bare_app))


@pytest.fixture(scope="session")
def video(tmp_path_factory) -> Path:
    """Six seconds of moving picture with sound, its index in front."""
    path = tmp_path_factory.mktemp("video") / "lesson.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=6", "-f", "lavfi", "-i", "sine=d=6",
                    "-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-movflags", "+faststart", str(path)], check=True)
    return path


def write_course(folder: Path, facts: str = FACTS, lesson: str = f"# 先停机\n\n{TEXT}\n", gift: str = GIFT) -> Path:
    (folder / "lessons").mkdir(parents=True)
    (folder / "course.yaml").write_text(facts, "utf-8")
    (folder / "lessons" / "01-stop.md").write_text(lesson, "utf-8")
    (folder / "quiz.gift").write_text(gift, "utf-8")
    return folder


def write_filmed(folder: Path, video: Path) -> Path:
    write_course(folder, FACTS.replace("- lessons/01-stop.md", "- {file: lessons/01-stop.md, section: 一, video: videos/stop.MP4}"),
                 lesson="# 先停机\n")
    (folder / "videos").mkdir()
    shutil.copy(video, folder / "videos" / "stop.MP4")
    return folder


def zipped(folder: Path, target: Path, top: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.write(path, top + str(path.relative_to(folder)))
    return target


def rows(app) -> dict[str, list]:
    """Every row of every table."""
    with app.test_request_context():
        return {name: session.execute(text(f'SELECT * FROM "{name}"')).all() for name in db.metadata.tables}


def files(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*")}


def digest(app, slug: str) -> str:
    with app.test_request_context():
        return courses.get_revision(courses.get_course(slug, ANONYMOUS).revision_id).digest


# ---- import


@pytest.mark.parametrize("form", ["folder", "package", "package with a top folder"])
def test_a_course_imported_twice_changes_nothing_the_second_time(bare_app, run, tmp_path, video, form):
    source = write_filmed(tmp_path / "c", video)
    if form != "folder":
        source = zipped(source, tmp_path / "c.zip", "safe-work/" if "top" in form else "")
    first = run(import_course, source)
    assert first.exit_code == 0, first.output
    assert first.stdout == "safe-work：第 1 版，2 节。\n" and first.stderr == ""
    before = rows(bare_app)
    assert len(before["courses_revision_lesson"]) == 2 and len(before["media_asset"]) == 1 and len(before["jobs_job"]) >= 1
    second = run(import_course, source)
    assert second.exit_code == 0 and second.stdout == first.stdout and "没有新版本" in second.stderr
    assert rows(bare_app) == before


def test_a_changed_lesson_is_the_next_revision(bare_app, run, tmp_path):
    folder = write_course(tmp_path / "c")
    run(import_course, folder)
    (folder / "lessons" / "01-stop.md").write_text(f"# 先停机\n\n{TEXT}\n\n再看一遍。\n", "utf-8")
    assert run(import_course, folder).stdout == "safe-work：第 2 版，2 节。\n"


def test_a_broken_folder_names_every_fault_and_leaves_nothing(bare_app, run, tmp_path, site):
    folder = write_course(tmp_path / "c", FACTS.replace("技能提升", "魔法") + "pass_mark: 200\n", lesson="没有标题\n", gift="::q::题{")
    (folder / "course.yaml").write_text((folder / "course.yaml").read_text("utf-8").replace(
        "lessons:\n", "lessons:\n  - {file: lessons/01-stop.md, video: videos/fake.mp4}\n  - lessons/none.md\n"), "utf-8")
    before, there = rows(bare_app), files(site)
    result = run(import_course, folder)
    assert result.exit_code == 1 and result.stdout == "" and is_chinese(result.stderr)
    for where in ("course.yaml：kind", "course.yaml：pass_mark", "lessons/01-stop.md：", "lessons/none.md：", "quiz.gift："):
        assert where in result.stderr, where
    assert rows(bare_app) == before
    assert {f for f in files(site) - there if not f.startswith("guanxue.db")} == set()


@pytest.mark.parametrize("mark", ["0", "''", "false", "[]"])
def test_a_pass_mark_that_everybody_reaches_is_no_pass_mark(tmp_path, mark):
    folder = read_folder(write_course(tmp_path / "c", f"{FACTS}pass_mark: {mark}\n"))
    assert ["pass_mark" in str(x) for x in folder.faults] == [True]



def test_a_folder_with_a_text_named_mp4_is_refused(bare_app, run, tmp_path, site, video):
    folder = write_filmed(tmp_path / "c", video)
    (folder / "videos" / "stop.MP4").write_text("这不是视频" * 100, "utf-8")
    result = run(import_course, folder)
    assert result.exit_code == 1 and "videos/stop.MP4" in result.stderr and "不是视频" in result.stderr
    assert not (site / "media" / "originals").exists()


@pytest.mark.parametrize("facts", [
    "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\ntitle: [*b,*b,*b]\n", "[" * 5000, "slug: [", "- 1", "a: 2026-99-99",
    "slug: x\nlessons: [{file: \"a\\0b\"}, {file: ../../../../etc/passwd}, {file: /etc/passwd}]\n", "slug: " + "x" * 300_000,
    f"lessons: [{{file: {'x' * 5000}}}]\n",
], ids=["aliases", "deep", "yaml", "list", "date", "paths", "long", "long name"])
def test_a_hostile_course_yaml_ends_in_a_sentence(bare_app, run, tmp_path, facts):
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "course.yaml").write_text(facts, "utf-8")
    result = run(import_course, tmp_path / "c")
    assert result.exit_code == 1 and is_chinese(result.stderr) and "root:" not in result.stderr
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("changed", [
    {"facts": FACTS.replace("安全操作", '"安全\\0操作"')}, {"facts": FACTS.replace("安全操作", '"安全\\ud800操作"')},
    {"facts": FACTS + 'towns: ["\\0"]\n'}, {"facts": FACTS + '"\\udc00": 1\n'},
    {"lesson": "# 先停机\n\n先\0停机。\n"}, {"gift": GIFT.replace("卷入", "卷\0入")}, {"facts": FACTS + f"occupation: {'x' * 5000}\n"},
    {"facts": FACTS + f"quiz_title: {'x' * 5000}\n"}, {"facts": FACTS + f"sections: [{'x' * 5000}]\n"}])
def test_signs_that_no_database_keeps_and_words_without_end_are_faults(run, tmp_path, changed):
    result = run(import_course, write_course(tmp_path / "c", **changed))
    assert result.exit_code == 1 and isinstance(result.exception, SystemExit) and is_chinese(result.stderr)


def test_a_link_out_of_the_folder_is_no_lesson(run, tmp_path):
    folder = write_course(tmp_path / "c")
    (folder / "lessons" / "01-stop.md").unlink()
    (tmp_path / "secret.md").write_text("# 秘密\n\n秘密。\n", "utf-8")
    (folder / "lessons" / "01-stop.md").symlink_to(tmp_path / "secret.md")
    result = run(import_course, folder)
    assert result.exit_code == 1 and "lessons/01-stop.md：没有这个文件" in result.stderr


# ---- packages that mean harm


def member(name: str, mode: int = 0o644 | stat.S_IFREG) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("x")
    info.filename, info.external_attr, info.compress_type = name, mode << 16, zipfile.ZIP_DEFLATED
    return info


HARM = {
    "parent": [("../evil.md", "x")], "absolute": [("/tmp/evil.md", "x")], "deep parent": [("lessons/../../evil.md", "x")],
    "backslash": [("..\\evil.md", "x")], "drive": [("C:evil.md", "x")], "case": [("lessons/A.md", "x"), ("lessons/a.md", "y")],
    "full width": [("lessons/é.md", "x"), ("lessons/é.md", "y")], "twice": [("a.md", "x"), ("a.md", "y")],
    "file and folder": [("lessons", "x"), ("lessons/a.md", "y")], "bomb": [("lessons/a.md", "0" * 40_000_000)],
    "many": [(f"f{n}", "") for n in range(2100)], "control": [("a\nb.md", "x")], "long": [("a" * 300, "x")],
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("harm", HARM)
def test_a_harmful_package_is_refused_and_nothing_is_written(run, tmp_path, harm):
    package = tmp_path / "in" / "evil.zip"
    package.parent.mkdir()
    with zipfile.ZipFile(package, "w") as archive:
        for name, content in HARM[harm]:
            archive.writestr(member(name), content)
    there = files(tmp_path)
    for command in (import_course, check):
        result = run(command, package)
        assert result.exit_code == 1 and is_chinese(result.output) and isinstance(result.exception, SystemExit)
    assert {f for f in files(tmp_path) - there if "guanxue.db" not in f} == set() and not Path("/tmp/evil.md").exists()


def test_a_link_in_a_package_is_refused(run, tmp_path):
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr(member("lessons/a.md", stat.S_IFLNK | 0o777), "/etc/passwd")
    assert "链接" in run(import_course, tmp_path / "c.zip").stderr


def test_a_package_that_lies_about_its_sizes_is_refused(run, tmp_path):
    package = zipped(write_course(tmp_path / "c"), tmp_path / "c.zip")
    whole = package.read_bytes()
    at = whole.index(b"PK\x01\x02")
    lying = tmp_path / "lying.zip"
    lying.write_bytes(whole[:at + 24] + struct.pack("<I", 10) + whole[at + 28:])  # the first file's unpacked size
    for path in (lying, *cut(tmp_path, whole)):
        result = run(import_course, path)
        assert result.exit_code == 1 and is_chinese(result.stderr) and isinstance(result.exception, SystemExit)


def cut(folder: Path, whole: bytes):
    for n, size in enumerate((4, len(whole) // 2, len(whole) - 5)):
        path = folder / f"cut{n}.zip"
        path.write_bytes(whole[:size])
        yield path


def test_what_macos_adds_to_a_package_is_passed_over(run, tmp_path):
    package = zipped(write_course(tmp_path / "c"), tmp_path / "c.zip", "c/")
    with zipfile.ZipFile(package, "a") as archive:
        archive.writestr("__MACOSX/c/._course.yaml", b"\0\5")
        archive.writestr("c/.DS_Store", b"\0\0")
    assert run(import_course, package).exit_code == 0


# ---- export


@pytest.mark.parametrize("form", ["folder", "package"])
def test_every_shipped_course_comes_back_the_same(bare_app, run, tmp_path, form):
    with bare_app.test_request_context():
        demonstration.load(SYSTEM, say=lambda _line: None)
    for source in turns.part(SHIPPED, of=4):
        before = digest(bare_app, source.name)
        target = tmp_path / (source.name + (".zip" if form == "package" else ""))
        assert run(export_course, source.name, target).exit_code == 0
        result = run(import_course, target)
        assert "没有新版本" in result.stderr, (source.name, result.output)
        assert digest(bare_app, source.name) == before


def test_an_export_with_a_filmed_lesson_brings_the_original_and_is_the_same_elsewhere(bare_app, run, tmp_path, video):
    run(import_course, write_filmed(tmp_path / "c", video))
    with bare_app.test_request_context(), writing():
        teacher = make_person(role="instructor")
        course = session.query(Course).filter_by(slug="safe-work").one()
        course.owner_id, course.summary = teacher.id, "行一\r\n行二"
        lesson = courses.add_lesson(teacher, course, title="  读一读 ", kind="text", body=TEXT.replace("\n", "\r\n") + "\r\n\r\n")
        courses.edit_lesson(teacher, course, lesson.id, title="再读", body=TEXT.replace("\n", "\r\n"))
        quiz = courses.list_lessons(course.id)[-1]
        courses.edit_lesson(teacher, course, quiz.id, title="结业考核", body=GIFT.replace("\n", "\r\n"))
        courses.publish_course(SYSTEM, course)
        course.title = "还没发布的新名字"  # a draft that moved on is not what is exported
    before = digest(bare_app, "safe-work")
    for target in (tmp_path / "out", tmp_path / "out.zip"):
        assert run(export_course, "safe-work", target).stdout == f"{target}\n"
    assert (tmp_path / "out" / "videos" / "01-stop.mp4").read_bytes() == video.read_bytes()
    assert "安全操作" in (tmp_path / "out" / "course.yaml").read_text("utf-8")
    for target in (tmp_path / "out", tmp_path / "out.zip"):
        run(import_course, target)
        assert digest(bare_app, "safe-work") == before
    with bare_app.test_request_context(), writing():
        media.create_narrated(SYSTEM, media.NarrationSpec("x", "x", "", [media.SlideSpec("a", ["b。"])]))  # row numbers move on
        for table in ("courses_lesson",):
            session.execute(text(f"DELETE FROM {table}"))
        session.execute(text("UPDATE courses_course SET slug = 'old', revision_id = NULL"))
    run(import_course, tmp_path / "out.zip")
    assert digest(bare_app, "safe-work") == before


def test_the_same_course_makes_the_same_package(bare_app, run, tmp_path):
    run(import_course, write_course(tmp_path / "c"))
    for name in ("a.zip", "b.zip"):
        run(export_course, "safe-work", tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert zipfile.ZipFile(tmp_path / "a.zip").namelist()[0] == "safe-work/course.yaml"


def test_an_export_never_writes_over_what_is_there(bare_app, run, tmp_path):
    with bare_app.test_request_context(), writing():
        make_course()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("x")
    (tmp_path / "there.zip").write_text("x")
    for args in (("safe-measuring", tmp_path / "full"), ("safe-measuring", tmp_path / "there.zip"), ("none", tmp_path / "new")):
        result = run(export_course, *args)
        assert result.exit_code == 1 and result.stdout == "" and is_chinese(result.stderr)
    assert files(tmp_path / "full") == {"mine.txt"} and not (tmp_path / "new").exists()


def test_a_lost_original_stops_the_export_and_leaves_nothing(bare_app, run, tmp_path, video, site):
    run(import_course, write_filmed(tmp_path / "c", video))
    shutil.rmtree(site / "media" / "originals")
    result = run(export_course, "safe-work", tmp_path / "out")
    assert result.exit_code == 1 and "原件" in result.stderr
    assert not [f for f in files(tmp_path) if "out" in f.split("/")[0]]


# ---- check


def judged(run, path: Path) -> dict:
    result = run(check, path, "--json")
    told = json.loads(result.stdout)
    assert result.stderr == "" and result.exit_code == (0 if told["accepted"] else 1)
    assert set(told) - {"proofread"} == {"kind", "accepted", "counts", "left_out", "facts"} | (set() if told["accepted"] else {"reason"})
    plain = run(check, path)
    assert plain.exit_code == result.exit_code and is_chinese(plain.stdout) and not plain.stdout.startswith("{")
    return told


def test_check_counts_what_a_course_holds(run, tmp_path, video):
    folder = write_filmed(tmp_path / "c", video)
    (folder / "notes.txt").write_text("x")
    for path in (folder, zipped(folder, tmp_path / "c.zip")):
        told = judged(run, path)
        assert told["kind"] == "course" and told["accepted"]
        assert told["counts"] == {"lessons": 2, "videos": 1, "texts": 0, "questions": 2, "left_out": 1}
        assert told["left_out"][0]["where"] == "notes.txt" and told["facts"]["uploaded_videos"] == 1
    (folder / "quiz.gift").write_text("::q::题{", "utf-8")
    told = judged(run, folder)
    assert not told["accepted"] and told["left_out"][0]["where"] == "quiz.gift"


def test_check_agrees_with_import_on_every_shipped_course(run):
    assert len(SHIPPED) > 8 and all(judged(run, path)["accepted"] for path in turns.part(SHIPPED, of=4))


def test_check_names_the_line_of_a_broken_question(run, tmp_path):
    path = tmp_path / "quiz.gift"
    path.write_text(GIFT, "utf-8")
    told = judged(run, path)
    assert told["accepted"] and told["counts"] == {"questions": 2, "left_out": 0, "total": 2}
    path.write_text(GIFT + "\n::q3::没有答案\n", "utf-8")
    told = judged(run, path)
    assert not told["accepted"] and told["counts"] == {"questions": 2, "left_out": 1, "total": 3}
    assert told["left_out"][0]["where"] == str(GIFT.count("\n") + 2) and is_chinese(told["left_out"][0]["reason"])


def test_check_looks_into_videos_and_says_when_there_is_only_sound(run, tmp_path, video):
    told = judged(run, video)
    assert told["kind"] == "video" and told["accepted"] and 5.5 < told["facts"]["duration_s"] < 6.5 and told["facts"]["has_sound"]
    sound = tmp_path / "voice.wav"
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(video), "-vn", str(sound)], check=True)
    told = judged(run, sound)
    assert told["kind"] == "sound" and not told["accepted"] and "没有画面" in told["reason"]


@pytest.mark.parametrize(("content", "cues", "left", "accepted"), [
    ("WEBVTT\n\n1\n00:00:00.000 --> 00:00:02.000\n先停机。\n\nNOTE x\n\n00:02.000 --> 00:04.000 line:1\n再测量。\n", 2, 0, True),
    ("WEBVTT\n\n00:02.000 --> 00:01.000\n倒着\n\n00:02.000 --> 00:03.000\n\n5\nxx\n\n00:04.000 --> 00:05.000\n好\n", 1, 3, True),
    ("1\n00:00:00,000 --> 00:00:02,000\nsrt\n", 1, 0, True), ("WEBVTT\n", 0, 0, False), ("WEBVTTX\n\n00:00.000 --> 00:01.000\nx", 0, 0, False),
])
def test_check_reads_subtitles(run, tmp_path, content, cues, left, accepted):
    (tmp_path / "s.vtt").write_text(content, "utf-8")
    told = judged(run, tmp_path / "s.vtt")
    assert (told["kind"], told["accepted"]) == ("subtitles", accepted)
    assert (told["counts"]["cues"], told["counts"]["left_out"]) == (cues, left)


def test_check_verifies_a_credential(bare_app, run, tmp_path):
    with bare_app.test_request_context(), writing():
        ledger.post(SYSTEM, key="k", kind="completion", postings=[("mint:course", -32), ("person:1", 32)], document={})
        proof = ledger.proof(1)
    (tmp_path / "p.json").write_text(json.dumps(proof), "utf-8")
    told = judged(run, tmp_path / "p.json")
    assert told["kind"] == "credential" and told["accepted"] and told["facts"]["entry"] == 1
    proof["entry"]["postings"][1][1] = 3200
    proof["entry"]["postings"][0][1] = -3200
    (tmp_path / "p.json").write_text(json.dumps(proof), "utf-8")
    assert not judged(run, tmp_path / "p.json")["accepted"]


HOSTILE = {
    "zero.mp4": b"", "zero.gift": b"", "zero.zip": b"", "text.mp4": "这不是视频".encode() * 50, "G.mp4": b"G" + b"x" * 5000,
    "list.mp4": b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n/etc/passwd\n#EXT-X-ENDLIST\n",
    "concat.mp4": b"ffconcat version 1.0\nfile /etc/passwd\n", "binary.gift": bytes(range(256)) * 100, "nul.gift": b"\0" * 5000,
    "open.gift": b"::q::x{\n" + b"=a ~b\n\n" * 60_000, "number.gift": b"a {#1e9999999:1}\n", "deep.json": b"[" * 100_000,
    "huge.json": b'{"entry": "' + b"x" * 3_000_000 + b'"}', "number.json": b'{"entry": ' + b"9" * 50_000 + b"}", "bad.vtt": b"\xff\xfe\0W",
    "hours.vtt": b"WEBVTT\n\n" + b"9" * 6000 + b":00:00.000 --> 00:01.000\nx\n", "nothing": b"hello", "doc.zip": b"PK\x03\x04" + b"\0" * 100,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_a_sentence(run, tmp_path, name):
    (tmp_path / name).write_bytes(HOSTILE[name])
    told = judged(run, tmp_path / name)
    assert not told["accepted"] and is_chinese(told["reason"]) and "root:" not in json.dumps(told)


def test_a_video_that_did_not_arrive_whole_is_refused(run, tmp_path, video):
    whole = video.read_bytes()
    (tmp_path / "half.mp4").write_bytes(whole[:len(whole) // 2])  # its index is in front, so it still opens
    assert "没有传完" in judged(run, tmp_path / "half.mp4")["reason"]
    (tmp_path / "beginning.mp4").write_bytes(whole[:600])
    assert not judged(run, tmp_path / "beginning.mp4")["accepted"]


def guanxue(*args, **environ) -> subprocess.CompletedProcess:
    program = Path(sys.executable).with_name("guanxue")
    return subprocess.run([program, *map(str, args)], capture_output=True, text=True, env={**os.environ, **environ}, timeout=120)


def test_check_and_help_make_no_site_and_speak_chinese_whatever_lang_says(tmp_path):
    (tmp_path / "x.gift").write_text("::q::题{", "utf-8")
    environ = {"GUANXUE_DATA": str(tmp_path / "site"), "LANG": "en_US.UTF-8", "LC_ALL": "en_US.UTF-8"}
    result = guanxue("check", tmp_path / "x.gift", **environ)
    assert result.returncode == 1 and is_chinese(result.stdout) and result.stderr == ""
    told = guanxue("check", "--help", **environ)
    assert told.returncode == 0 and is_chinese(told.stdout)
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize("command", ["import-course", "export-course", "backup", "restore"])
def test_every_command_explains_itself_in_chinese(command):
    told = CliRunner().invoke(main, [command, "--help"])
    assert told.exit_code == 0 and is_chinese(told.output)


def test_jobs_are_asked_for_once(bare_app, run, tmp_path, video):
    source = write_filmed(tmp_path / "c", video)
    run(import_course, source)
    with bare_app.test_request_context():
        waiting = jobs.count_waiting("media.make")
    run(import_course, source)
    with bare_app.test_request_context():
        assert jobs.count_waiting("media.make") == waiting == 1


@pytest.mark.parametrize(("name", "body", "form", "questions"), [
    ("paper.txt", "1. 甲？\nA. 一  B. 二\n答案：B\n2. 乙。（√）\n", "text", 2), ("q.csv", "题干,A,B,答案\n甲？,一,二,A\n", "csv", 1),
    ("aiken", "Which?\nA. one\nB. two\nANSWER: B\n", "aiken", 1),
    ("bank.xml", '<quiz><question type="truefalse"><name><text>a</text></name><questiontext><text>甲</text></questiontext>'
     '<answer fraction="100"><text>true</text></answer></question></quiz>', "moodle", 1),
])
def test_check_judges_questions_in_every_form(run, tmp_path, name, body, form, questions):
    (tmp_path / name).write_text(body, "utf-8")
    told = judged(run, tmp_path / name)
    assert told["kind"] == "quiz" and told["accepted"] and told["facts"]["format"] == form
    assert told["counts"] == {"questions": questions, "left_out": 0, "total": questions}


def test_check_takes_what_can_be_read_of_a_paper_and_names_the_rest_and_the_doubtful(run, tmp_path):
    (tmp_path / "paper.txt").write_text("1. 甲？\nA. 一  B. 二\n答案：AB\n2. 乙？\nA. 一  B. 二\n答案：D\n", "utf-8")
    told = judged(run, tmp_path / "paper.txt")
    assert told["accepted"] and told["counts"] == {"questions": 1, "left_out": 1, "total": 2}
    assert told["left_out"][0]["where"] == "6"
