"""Pictures, sounds and attachments of a course folder: they come in, go out, and nothing of them is lost in silence."""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from tests.courses.test_commands import FACTS, write_course, zipped
from tests.factories import GIFT, TEXT, make_person

from guanxue import courses, media
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.core.enclosures import list_enclosures
from guanxue.core.errors import Problem
from guanxue.courses.enclosing import put_targets, targets_in
from guanxue.courses.models import Course, Lesson, Revision, RevisionLesson
from guanxue.media.models import File

QUIZ = "::q1::![表](files/图.png) 读数是多少？{=一 ~二}\n"
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def png(colour: str = "red", side: int = 60) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(out, "PNG")
    return out.getvalue()


def write_with_files(folder: Path, lesson: str = "", gift: str = QUIZ) -> Path:
    """A course whose text shows a picture and links a paper; its quiz shows the same picture."""
    said = lesson or f"# 先停机\n\n{TEXT}\n\n![停机按钮](../files/图.png)\n\n看[规程](../files/规程.pdf)。\n"
    write_course(folder, FACTS.replace("- lessons/01-stop.md", "- {file: lessons/01-stop.md, kind: text}"), said, gift)
    (folder / "files").mkdir()
    (folder / "files" / "图.png").write_bytes(png())
    (folder / "files" / "规程.pdf").write_bytes(PDF)
    return folder


def bodies(slug: str = "safe-work") -> list[str]:
    course = session.query(Course).filter_by(slug=slug).one()
    return [x.body for x in courses.lessons_of(course.revision_id)]


def bring(path: Path) -> Revision:
    with writing(), courses.opened(path) as root:
        return courses.import_folder(SYSTEM, root)


@pytest.mark.parametrize("form", ["folder", "package"])
def test_what_texts_and_questions_link_to_comes_in_with_the_course(bare_app, tmp_path, form):
    source = write_with_files(tmp_path / "c")
    with bare_app.test_request_context():
        bring(source if form == "folder" else zipped(source, tmp_path / "c.zip", "c/"))
        text, quiz = bodies()
        told = list_enclosures(text)
        assert [(x.kind, x.name) for x in told] == [("picture", "图.png"), ("attachment", "规程.pdf")]
        assert list_enclosures(quiz) == told[:1] and "../files" not in text and "(files" not in quiz
        assert media.find_kept(told[1])[0].read_bytes() == PDF and media.find_kept(told[0])
        assert session.query(File).count() == 2


def test_brought_in_twice_nothing_is_new_and_no_file_is_kept_twice(bare_app, tmp_path):
    source = write_with_files(tmp_path / "c")
    with bare_app.test_request_context():
        first = bring(source).id
        assert bring(source).id == first and session.query(File).count() == 2


def test_a_course_that_goes_out_takes_its_files_along_and_is_the_same_when_it_comes_back(bare_app, tmp_path):
    with bare_app.test_request_context():
        first = bring(write_with_files(tmp_path / "c")).id
        courses.export_folder("safe-work", tmp_path / "out")
        assert {p.name for p in (tmp_path / "out" / "files").iterdir()} == {"图.png", "规程.pdf"}
        assert "![停机按钮](../files/图.png)" in (tmp_path / "out" / "lessons" / "01-stop.md").read_text("utf-8")
        assert "![表](files/图.png)" in (tmp_path / "out" / "quiz.gift").read_text("utf-8")
        assert bring(tmp_path / "out").id == first
        courses.export_folder("safe-work", tmp_path / "again.zip")
        courses.export_folder("safe-work", tmp_path / "once.zip")
        assert (tmp_path / "again.zip").read_bytes() == (tmp_path / "once.zip").read_bytes()
        with courses.opened(tmp_path / "again.zip") as root:
            assert contents(root) == contents(tmp_path / "out")


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_lesson_of_slides_goes_out_and_comes_back_with_its_pictures_and_recordings(bare_app, tmp_path):
    wav = tmp_path / "voice.wav"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=440:duration=2", wav], check=True)
    with bare_app.test_request_context():
        with writing():
            shown = [media.keep_file(SYSTEM, media.prepare_file(f"{c}.png", io.BytesIO(png(c)))).address for c in ("red", "blue")]
            voice = media.keep_file(SYSTEM, media.prepare_file("voice.wav", io.BytesIO(wav.read_bytes()))).address
            pages = [courses.Page(shown[0], "先停机。\n\n再测量。"), courses.Page(shown[1], "", voice)]
            course = courses.create_course(SYSTEM, title="幻灯片课", kind="skills-upgrading", slug="slides")
            courses.add_lesson(SYSTEM, course, title="看", kind="video", body=courses.write_pages(pages), is_narrated=True)
            courses.add_lesson(SYSTEM, course, title="只听", kind="video", body=courses.write_pages(pages[1:]), is_narrated=True)
            courses.add_lesson(SYSTEM, course, title="考核", kind="quiz", body=GIFT)
            first = courses.publish_course(SYSTEM, course).id
        report = courses.export_folder("slides", tmp_path / "out.zip")
        assert report.is_balanced and report.totals["files"] == report.carried["files"] == 3 and not report.noted
        with courses.opened(tmp_path / "out.zip") as root:
            assert not courses.foresee_losses(courses.read_folder(root)).noted
        assert bring(tmp_path / "out.zip").id == first
        assert courses.read_pages(bodies("slides")[0]) == pages


def test_what_is_drawn_or_converted_anew_is_named(bare_app, tmp_path):
    with bare_app.test_request_context():
        folder = courses.read_folder(write_with_files(tmp_path / "c"))
        assert [(where, "重新画过" in str(what)) for where, what in courses.foresee_losses(folder).noted] == [("files × 1", True)]


def test_two_files_of_one_name_stay_two_and_keep_their_name(bare_app, tmp_path):
    source = write_with_files(tmp_path / "c", f"# 先停机\n\n{TEXT}\n\n![甲](../files/图.png) ![乙](../files/two/图.png)\n")
    (source / "files" / "two").mkdir()
    (source / "files" / "two" / "图.png").write_bytes(png("blue"))
    with bare_app.test_request_context():
        first = bring(source).id
        courses.export_folder("safe-work", tmp_path / "out")
        assert set(contents(tmp_path / "out" / "files")) == {"图.png", "2/图.png"}
        assert bring(tmp_path / "out").id == first


def test_one_file_under_two_names_lies_on_the_disk_once(bare_app, tmp_path):
    source = write_with_files(tmp_path / "c", f"# 先停机\n\n{TEXT}\n\n[甲](../files/规程.pdf) [乙](../files/again.pdf)\n")
    (source / "files" / "again.pdf").write_bytes(PDF)
    with bare_app.test_request_context():
        bring(source)
        assert {x.mark for x in list_enclosures(bodies()[0])} == {list_enclosures(bodies()[0])[0].mark}
        assert session.query(File).count() == 2  # the paper, and the quiz's picture


HARM = {
    "out": ("![x](../../secret.png)", "文件夹外面"), "far out": ("![x](../../../../../../etc/passwd)", "文件夹外面"),
    "coded": ("![x](..%2F..%2Fsecret.png)", "文件夹外面"), "link": ("![x](../files/link.png)", "链接"),
    "a link's folder": ("![x](../files/away/secret.png)", "链接"),
    "page": ("[x](../files/page.html)", "不能收"), "script": ("[x](../files/run.pdf)", "不能收"),
    "broken": ("![x](../files/broken.png)", "读不出来"), "huge": ("![x](../files/huge.png)", "太大"),
    "bomb": ("![x](../files/bomb.png)", "尺寸太大"), "macro": ("[x](../files/macro.docx)", "宏"),
}


def harm(folder: Path) -> None:
    (folder.parent / "secret.png").write_bytes(png())
    files = folder / "files"
    (files / "link.png").symlink_to(folder.parent / "secret.png")
    (files / "away").symlink_to(folder.parent)
    (files / "page.html").write_text("<script>alert(1)</script>")
    (files / "run.pdf").write_text("#!/bin/sh\nrm -rf /\n")
    (files / "broken.png").write_bytes(png(side=400)[:200])
    (files / "huge.png").write_bytes(png() + b"\0" * (20 * 1024**2 + 1))
    out = io.BytesIO()
    Image.new("1", (8000, 8000)).save(out, "PNG")
    (files / "bomb.png").write_bytes(out.getvalue())
    with zipfile.ZipFile(files / "macro.docx", "w") as made:
        for name in ("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"):
            made.writestr(name, "x")


def test_a_harmful_file_refuses_the_folder_with_a_sentence_and_leaves_nothing(bare_app, tmp_path, site):
    with bare_app.test_request_context():
        for n, (said, why) in enumerate(HARM.values()):
            source = write_with_files(tmp_path / str(n) / "c", f"# 先停机\n\n{TEXT}\n\n{said}\n", GIFT)
            harm(source)
            with pytest.raises(Problem) as refused:
                bring(source)
            assert any(why in str(f["message"]) for f in refused.value.fields), (said, [str(f["message"]) for f in refused.value.fields])
            assert not courses.check_file(source).is_accepted
        assert not session.query(File).count() and not list((site / "media").rglob("*.png"))


def test_a_link_to_a_file_that_is_not_there_is_named_and_left_as_it_is(bare_app, tmp_path):
    source = write_with_files(tmp_path / "c", f"# 先停机\n\n{TEXT}\n\n![图](../files/none.png) 和[网](https://a.cn/b.png)，[课](/courses)。\n")
    found = courses.check_file(source)
    assert found.is_accepted and [w for w, why in found.left_out if "没有这个文件" in str(why)] == ["lessons/01-stop.md：../files/none.png"]
    with bare_app.test_request_context():
        bring(source)
        assert "![图](../files/none.png) 和[网](https://a.cn/b.png)，[课](/courses)。" in bodies()[0]


def test_a_file_that_the_site_lost_is_named_when_the_course_goes_out(bare_app, tmp_path, site):
    with bare_app.test_request_context():
        bring(write_with_files(tmp_path / "c"))
        next((site / "media" / "files").rglob("*.pdf")).unlink()
        report = courses.export_folder("safe-work", tmp_path / "out")
        assert [x.where for x in report.left_out if x.kind == "files"] == ["先停机：规程.pdf"] and report.is_balanced
        assert report.totals["files"] == 2 and report.carried["files"] == 1


def test_a_course_without_files_keeps_its_digest(bare_app, tmp_path):
    with bare_app.test_request_context():
        revision = bring(write_course(tmp_path / "c"))
        lesson = session.query(RevisionLesson).filter_by(revision_id=revision.id, position=1).one()
        assert lesson.body == TEXT and not session.query(File).count()
        assert session.query(Lesson).count() == 2


def test_a_teacher_without_room_is_told_so_and_the_system_has_no_quota(bare_app, tmp_path, monkeypatch):
    monkeypatch.setattr("guanxue.media.files.MOST_OF_A_TEACHER_BYTES", 10)
    with bare_app.test_request_context():
        bring(write_with_files(tmp_path / "c"))
        with writing():
            teacher = make_person(role="instructor")
            with pytest.raises(Problem, match="放满"):
                media.keep_file(teacher, media.prepare_file("other.png", io.BytesIO(png("blue"))))


@pytest.mark.parametrize(("text", "targets"), [
    ("![a](../files/a.png)", ["../files/a.png"]), ("[a](<../files/a b.pdf>)", ["../files/a b.pdf"]),
    ("[a](files/a%20b(1).pdf \"t\")", ["files/a%20b(1).pdf"]), ("[a]: ../files/x.png", ["../files/x.png"]),
    ("[a](https://x.cn/a.png) [b](#c) [d](mailto:a@b.c) [e](/courses)", []), ("{=![a](files/a\\=b.png) ~x}", ["files/a\\=b.png"]),
    ("[a](https\\://x.cn/a)", []), ("[a](C:/a.png)", []), ("[a]()", []),
])
def test_which_links_of_a_text_lead_to_files(text, targets):
    assert list(targets_in(text)) == targets
    assert put_targets(text, {t: "/media/files/x/y.png" for t in targets}).count("/media/files/x/y.png") == len(targets)
    assert put_targets(text, {}) == text
