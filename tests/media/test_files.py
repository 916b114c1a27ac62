"""Pictures, sounds and attachments beside lessons: what is kept of them, what is refused and how, how they are fetched."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import zipfile

import pytest
from flask import Request
from PIL import Image
from tests.clients import Browser, is_chinese
from tests.factories import instructor, learner, make_person

from guanxue import media
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import writing
from guanxue.core.enclosures import Enclosure, list_enclosures, plain_name, read_address, without_enclosures
from guanxue.core.errors import Forbidden, TooLarge
from guanxue.core.markup import inline_html, markdown_html
from guanxue.courses.routes import files as sending
from guanxue.media import files, leftovers, pictures, tasks

TEACHER = "13800000002"


def jpeg(width: int = 3000, height: int = 2000, **more) -> bytes:
    """A photograph with a camera's remarks: where it was taken, which way up."""
    remarks = Image.Exif()
    remarks[0x010F], remarks[0x0112] = "Workshop Camera", 6
    remarks.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    Image.radial_gradient("L").resize((width, height)).convert("RGB").save(out, "JPEG", exif=remarks, **more)
    return out.getvalue()


def office(part: str, *more: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in ("[Content_Types].xml", part, *more):
            made.writestr(name, "<x/>")
    return out.getvalue()


@pytest.fixture(scope="module")
def tone(tmp_path_factory) -> bytes:
    """Two seconds of a tone, as WAV with a remark."""
    path = tmp_path_factory.mktemp("tone") / "tone.wav"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=440:duration=2", "-metadata", "title=secret", path], check=True)
    return path.read_bytes()


def take(app, name: str, body: bytes) -> Enclosure:
    with app.app_context():
        return media.prepare_file(name, io.BytesIO(body)).enclosure


def sweep(app) -> None:
    """What the nightly job removes; the test stays inside its own transaction."""
    now_s = clock.now().timestamp()
    leftovers.remove(leftovers.list_old(now_s), leftovers.list_marks(), now_s)


def body_of(app, told: Enclosure, **more) -> bytes:
    with app.app_context():
        return media.find_kept(told, **more)[0].read_bytes()


# ---- what becomes of a file


def test_a_photograph_stands_upright_becomes_small_and_forgets_where_it_was_taken(app):
    told = take(app, "车间 照片(1).JPG", jpeg())
    assert (told.kind, told.width, told.height, told.name) == ("picture", 1067, 1600, "车间-照片-1.jpg")
    for made in (body_of(app, told), body_of(app, told, takes_webp=True)):
        assert b"Workshop" not in made and b"Exif" not in made
        with Image.open(io.BytesIO(made)) as opened:
            assert opened.size == (1067, 1600) and not opened.getexif()


def test_what_is_hidden_behind_a_picture_does_not_stay(app):
    assert b"<script>" not in body_of(app, take(app, "a.jpg", jpeg(300, 200) + b"<script>alert(1)</script>"))


def test_lines_on_nothing_stand_on_white_so_that_the_dark_does_not_swallow_them(app):
    drawing = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    out = io.BytesIO()
    drawing.save(out, "PNG")
    told = take(app, "线.png", out.getvalue())
    with Image.open(io.BytesIO(body_of(app, told))) as made:
        assert told.extension == "png" and made.convert("RGB").getpixel((5, 5)) == (255, 255, 255)


def test_the_same_picture_twice_is_one_file(app):
    assert take(app, "a.jpg", jpeg(300, 200)) == take(app, "a.jpg", jpeg(300, 200))


def test_a_moving_picture_stands_still(app):
    out = io.BytesIO()
    frames = [Image.new("RGB", (40, 30), c) for c in ("red", "blue")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    with Image.open(io.BytesIO(body_of(app, take(app, "a.gif", out.getvalue())))) as made:
        assert getattr(made, "n_frames", 1) == 1


def test_a_sound_becomes_small_says_how_long_it_is_and_loses_its_remarks(app, tone):
    told = take(app, "异响.wav", tone)
    assert (told.kind, told.duration_s, told.name) == ("sound", 2, "异响.m4a")
    made = body_of(app, told)
    assert b"secret" not in made and len(made) < 30_000 and made[4:8] == b"ftyp"


@pytest.mark.parametrize(("body", "extension"), [
    (b"%PDF-1.7 x", "pdf"), (office("word/document.xml"), "docx"), (office("xl/workbook.xml"), "xlsx"), (office("ppt/presentation.xml"), "pptx")])
def test_an_attachment_is_known_by_what_it_holds_whatever_it_is_called(app, body, extension):
    told = take(app, "图纸.exe", body)
    assert told.name == f"图纸.{extension}" and body_of(app, told) == body


# ---- what is refused


@pytest.mark.parametrize(("name", "body", "says"), [
    ("a.jpg", b"", "空的"), ("a.jpg", b"just words", "不能收"), ("a.jpg", b"\xff\xd8\xff broken", "读不出来"),
    ("a.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 20, "读不出来"), ("a.jpg", b"\0\0\0\x18ftypheic0000", "兼容性最佳"),
    ("a.doc", b"\xd0\xcf\x11\xe0" + b"\0" * 50, "另存为"), ("a.zip", office("a.txt"), "解开"), ("a.docx", b"PK\x03\x04 broken", "读不出来"),
    ("a.docm", office("word/document.xml", "word/vbaProject.bin"), "宏"), ("a.svg", b"<svg onload='x'/>", "不能收"),
    ("a.m3u8", b"#EXTM3U\nfile:///etc/passwd", "不能收"), ("a.mp3", b"ID3 broken", "读不出来")])
def test_what_cannot_be_used_is_refused_with_what_to_do(app, name, body, says):
    with app.app_context(), pytest.raises(media.BadFile) as refused:
        media.prepare_file(name, io.BytesIO(body))
    assert says in str(refused.value) and is_chinese(str(refused.value))
    with app.app_context():
        assert not list((files.settings().media_dir / "files").glob(".*"))


def test_a_picture_of_a_quarter_of_a_milliard_points_is_refused_before_it_is_drawn(app):
    small = io.BytesIO()
    Image.new("1", (1, 1)).save(small, "PNG")
    head = bytearray(small.getvalue())
    head[16:24] = (16000).to_bytes(4, "big") * 2
    with app.app_context(), pytest.raises(media.BadFile, match="太大|读不出来"):
        media.prepare_file("a.png", io.BytesIO(bytes(head)))


GROWTH = """
import re, sys
from pathlib import Path
from PIL import Image
from guanxue.media import pictures
Image.init()

def most_kb():  # of this process alone: what getrusage says includes the parent's
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

before = most_kb()
drawn = pictures.redraw(Path(sys.argv[1]))
print(drawn.width, drawn.height, (most_kb() - before) // 1024)
"""


def test_a_long_panorama_is_read_small_from_the_start(tmp_path):
    path = tmp_path / "panorama.jpg"
    Image.new("RGB", (26000, 1700), "grey").save(path, "JPEG")  # 126 MB where it is read whole
    told = subprocess.run([sys.executable, "-c", GROWTH, path], check=True, capture_output=True, text=True).stdout.split()
    assert told[:2] == ["1600", "105"] and int(told[2]) < 60


@pytest.mark.parametrize("size", [(40_000, 10_000), (65_000, 200)])
def test_a_picture_larger_than_any_phone_takes_is_refused_by_its_header(tmp_path, size):
    small = io.BytesIO()
    Image.new("RGB", (16, 16)).save(small, "JPEG")
    body = bytearray(small.getvalue())
    at = body.index(b"\xff\xc0")
    body[at + 5:at + 9] = size[1].to_bytes(2, "big") + size[0].to_bytes(2, "big")
    path = tmp_path / "bomb.jpg"
    path.write_bytes(bytes(body))
    with pytest.raises(media.BadFile, match="尺寸太大"):
        pictures.redraw(path)


def test_a_large_picture_that_can_only_be_read_whole_is_refused_with_what_to_do(app):
    out = io.BytesIO()
    Image.new("RGB", (6100, 4000), "grey").save(out, "JPEG", progressive=True)
    with app.app_context(), pytest.raises(media.BadFile, match="尺寸太大.*截图"):
        media.prepare_file("a.jpg", io.BytesIO(out.getvalue()))


def test_colours_in_scans_of_their_own_are_read_whole_too():
    frame = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08\x00\x10\x00\x10\x03abc"
    assert pictures.is_in_one_scan(frame + b"\xff\xda\x00\x05\x03ab") is True
    for rest in (b"\xff\xda\x00\x05\x01ab", b"", b"\xff", b"\xff\xda", b"\xff\xfe\x00\x00", b"\x00\x00\x00\x00"):
        assert pictures.is_in_one_scan(frame + rest) is False


def test_too_many_bytes_are_refused_in_the_middle(app, monkeypatch):
    monkeypatch.setitem(files.MOST_BYTES, "picture", 4500)
    with app.app_context(), pytest.raises(TooLarge, match="文件太大"):
        media.prepare_file("a.jpg", io.BytesIO(jpeg()))


def test_a_teacher_who_has_filled_the_room_is_told_so_and_the_others_go_on(app, monkeypatch):
    monkeypatch.setattr(files, "MOST_OF_A_TEACHER_BYTES", 20_000)
    one, two = (media.prepare_file("a.pdf", io.BytesIO(b"%PDF-" + n * 15_000)) for n in (b"1", b"2"))
    media.keep_file(instructor(2), one)
    media.keep_file(instructor(2), one)  # again costs nothing
    with pytest.raises(TooLarge, match="放满"):
        media.keep_file(instructor(2), two)
    assert media.keep_file(instructor(3), two) == two.enclosure
    with pytest.raises(Forbidden):
        media.keep_file(learner(), two)


def test_what_a_refused_form_left_behind_counts_until_it_is_swept(app, monkeypatch):
    monkeypatch.setattr(files, "MOST_OF_A_TEACHER_BYTES", 20_000)
    left, kept, small = (media.note_prepared(instructor(2), media.prepare_file("a.pdf", io.BytesIO(b"%PDF-" + n * size)))
                         for n, size in ((b"1", 12_000), (b"2", 7000), (b"3", 12_000)))
    with pytest.raises(TooLarge, match="放满"):
        media.keep_file(instructor(2), kept)
    sweep(app)
    media.keep_file(instructor(3), small)  # its own note of another's is no row yet
    with clock.advance(25 * 3600):
        sweep(app)
        assert [media.find_kept(x.enclosure) is not None for x in (left, kept, small)] == [False, False, True]
        media.keep_file(instructor(2), media.prepare_file("a.pdf", io.BytesIO(b"%PDF-" + b"2" * 7000)))


def test_a_picture_that_is_sent_again_is_not_swept_before_its_row_comes(app):
    told = take(app, "a.png", body_of(app, take(app, "a.jpg", jpeg(300, 200))))
    folder = files.settings().media_dir / "files"
    for path in folder.rglob(f"{told.mark}.*"):
        os.utime(path, (1, 1))
    (folder / ".dead.part").write_bytes(b"x")
    os.utime(folder / ".dead.part", (1, 1))
    take(app, "a.jpg", body_of(app, told))
    sweep(app)
    assert media.find_kept(told) is not None and not (folder / ".dead.part").exists()


def test_an_original_goes_only_when_no_video_is_made_from_it_and_no_upload_can_still_ask_for_it(bare_app):
    with bare_app.app_context():
        with writing():
            named = media.create_from_upload(SYSTEM, "a.mp4", io.BytesIO(b"named")).digest
        lost = media.keep_original(io.BytesIO(b"lost"))
        folder, work = files.settings().media_dir / "originals", files.settings().media_dir / "work"
        (folder / ".dead.part").write_bytes(b"x")
        (work / "deck-dead").mkdir(parents=True)
        for days, there in ((7, {named, lost, ".dead.part", "deck-dead"}), (9, {named})):
            with clock.advance(days * 24 * 3600):
                tasks.sweep_files(None)
            assert {x.name for place in (folder, work) for x in place.iterdir()} == there


# ---- addresses


def test_an_address_says_what_lies_there_and_nothing_else_is_one():
    for told in (Enclosure("a" * 24, "picture", "图.jpg", 9, 16, 9), Enclosure("b" * 24, "sound", "响.m4a", 9, duration_s=95),
                 Enclosure("c" * 24, "attachment", "图纸.pdf", 9)):
        assert read_address(told.address) == told
    for wrong in ("", "/media/files/", "/media/files/x/y.jpg", f"/media/files/{'a' * 24}-9/x.exe", f"/media/files/{'a' * 24}-9/../x.pdf",
                  f"/media/files/{'a' * 24}-9/x.jpg", f"/media/files/{'a' * 24}-16x9-9/x.pdf", f"//evil/media/files/{'a' * 24}-9/x.pdf",
                  f"/media/files/{'a' * 24}-9/a%2fb.pdf"):
        assert read_address(wrong) is None, wrong


@pytest.mark.parametrize(("name", "made"), [("a b(1).JPG", "a-b-1.jpg"), ("../../etc/passwd", "passwd.jpg"), ("C:\\x\\图.png", "图.jpg"),
                                            ("<>.png", "file.jpg"), ("好" * 200 + ".png", "好" * 80 + ".jpg")])
def test_a_name_becomes_one_that_an_address_and_a_line_of_markdown_can_bear(name, made):
    assert plain_name(name, "jpg") == made


# ---- over the wire


@pytest.fixture
def teacher(bare_app):
    """A browser of 陈志强, who teaches."""
    with bare_app.test_request_context(), writing():
        make_person(TEACHER, "陈志强", "instructor")
    return Browser(bare_app, TEACHER)


def sent(teacher, name: str, body: bytes, status: int = 200) -> dict:
    return teacher.send("/teach/files", status, multipart=True, file=(io.BytesIO(body), name)).get_json()


def test_a_picture_sent_is_fetched_again_in_the_form_the_browser_reads(teacher):
    told = sent(teacher, "图.jpg", jpeg())
    assert told["markdown"] == f"![图]({told['address']})"
    plain = teacher.get(told["address"])
    assert plain.mimetype == "image/jpeg" and "immutable" in plain.headers["Cache-Control"] and "Accept" in plain.headers["Vary"]
    smaller = teacher.client.get(told["address"], headers={"Accept": "image/webp,*/*"})
    assert smaller.mimetype == "image/webp" and len(smaller.data) < len(plain.data)
    assert smaller.headers["ETag"] != plain.headers["ETag"]


def test_part_of_a_sound_may_be_fetched(teacher, tone):
    told = sent(teacher, "异响.wav", tone)
    part = teacher.client.get(told["address"], headers={"Range": "bytes=4-7"})
    assert told["markdown"].startswith("[异响](") and (part.status_code, part.data, part.mimetype) == (206, b"ftyp", "audio/mp4")


def test_an_attachment_is_only_ever_taken_along(teacher):
    answer = teacher.get(sent(teacher, "图纸.pdf", b"%PDF-1.7 <script>")["address"])
    assert answer.headers["Content-Disposition"].startswith("attachment") and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "%E5%9B%BE%E7%BA%B8.pdf" in answer.headers["Content-Disposition"]


def test_a_refusal_is_a_sentence_and_keeps_nothing(teacher):
    assert "不能收" in sent(teacher, "a.txt", b"words", 422)["message"]
    assert sent(teacher, "", b"", 422)["message"]


class Door:
    """Stands for the turnstile: remembers what was done while somebody had stepped out."""

    def __init__(self):
        self.is_out, self.seen = False, []

    @contextlib.contextmanager
    def stepped_out(self):
        self.is_out = True
        yield
        self.is_out = False

    def watch(self, monkeypatch, owner, name):
        real = getattr(owner, name)

        def watched(*given, **more):
            self.seen.append((name, self.is_out))
            return real(*given, **more)
        monkeypatch.setattr(owner, name, watched)


def test_a_sound_in_the_making_holds_no_page_up_and_a_picture_is_drawn_in_its_turn(teacher, tone, monkeypatch):
    door = Door()
    for owner, name in ((files.sounds, "convert"), (files.pictures, "redraw")):
        door.watch(monkeypatch, owner, name)
    for name, body in (("响.wav", tone), ("图.jpg", jpeg(300, 200))):
        teacher.client.post("/teach/files", data={"csrf_token": teacher.token, "file": (io.BytesIO(body), name)},
                            environ_overrides={"guanxue.turnstile": door})
    assert door.seen == [("convert", True), ("redraw", False)] and door.is_out is False


def test_who_comes_while_enough_sounds_are_in_the_making_is_told_to_come_again(teacher, tone, monkeypatch):
    monkeypatch.setattr(sending, "PATIENCE_S", 0.01)
    for _n in range(sending.MOST_AT_ONCE):
        sending.making.acquire()
    try:
        assert "再试" in sent(teacher, "响.wav", tone, 503)["message"]
    finally:
        for _n in range(sending.MOST_AT_ONCE):
            sending.making.release()
    assert sent(teacher, "响.wav", tone)["kind"] == "sound"


def test_a_large_form_comes_in_without_holding_a_page_up(teacher, monkeypatch):
    door = Door()
    door.watch(monkeypatch, Request, "_load_form_data")
    for size in (10, 3_000_000):
        teacher.client.post("/teach/files", data={"csrf_token": teacher.token, "file": (io.BytesIO(b"%PDF-" + b"x" * size), "a.pdf")},
                            environ_overrides={"guanxue.turnstile": door})
    assert [is_out for _name, is_out in door.seen] == [False, True]


# ---- in texts

PICTURE = Enclosure("a" * 24, "picture", "图.jpg", 240_000, 1600, 900)
SOUND = Enclosure("b" * 24, "sound", "响.m4a", 570_000, duration_s=95)
PAPER = Enclosure("c" * 24, "attachment", "图纸.pdf", 2_200_000)


def test_a_text_shows_pictures_sounds_and_attachments_with_their_measures():
    made = markdown_html(f"![看这里]({PICTURE.address})\n\n[听]({SOUND.address})\n\n[图纸]({PAPER.address})")
    assert 'alt="看这里" width="1600" height="900" loading="lazy"' in made
    assert '<audio controls="" preload="none" src="/media/files/' in made and "1:35" in made
    assert 'class="attachment"' in made and "PDF · 2.1 MB" in made
    assert inline_html(f"![看]({PICTURE.address})").startswith("<img src=")


def test_where_data_is_saved_a_picture_is_a_link_that_says_its_size(app):
    made = markdown_html(f"![看这里]({PICTURE.address})", is_saving=True)
    assert "<img" not in made and 'class="picture"' in made and "看这里 · 234 KB" in made


@pytest.mark.parametrize("text", ["![x](https://evil.example/x.png)", "![x](/media/files/no/x.jpg)", "![x](/static/x.png)",
                                  f"![x]({PAPER.address})", "<img src=/media/files/x>", "<audio src=//evil>"])
def test_what_is_not_a_picture_of_ours_is_not_shown(text):
    made = markdown_html(text)
    assert "<img" not in made and "<audio" not in made


def test_what_lies_beside_a_text_is_neither_read_out_nor_counted_as_reading():
    text = f"先停机。![图]({PICTURE.address})看[图纸]({PAPER.address})。"
    assert without_enclosures(text) == "先停机。看图纸。"
    assert list_enclosures(text + text) == [PICTURE, PAPER]
