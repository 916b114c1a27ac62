"""Slides as teachers bring them: pages of PDFs, pictures, notes of a .pptx; what is refused, how soon, in which words."""

from __future__ import annotations

import io
import time

import pytest
from PIL import Image
from tests.clients import is_chinese
from tests.media import decks

from guanxue import media
from guanxue.core.enclosures import read_address
from guanxue.core.errors import Problem
from guanxue.media import decks as reading
from guanxue.media import slides
from guanxue.media.programs import run

SLIDE = (960, 540)


def read(app, *given: tuple[str, bytes], **more) -> media.Deck:
    with app.app_context():
        return media.read_deck([(name, io.BytesIO(body)) for name, body in given], **more)


def refused(app, name: str, body: bytes) -> str:
    begun = time.monotonic()
    with pytest.raises(Problem) as caught:
        read(app, (name, body))
    assert time.monotonic() - begun < 30 and is_chinese(str(caught.value.message))
    assert not list((app.extensions["guanxue.settings"].media_dir / "work").glob("deck-*"))  # nothing is left behind
    return str(caught.value.message)


def shown(app, prepared: media.Prepared) -> Image.Image:
    with app.app_context():
        return Image.open(media.find_kept(read_address(prepared.enclosure.address))[0]).convert("RGB")


# ---- what is read


def test_pages_of_a_pdf_become_pictures_in_order_and_keep_their_shape(bare_app):
    deck = read(bare_app, ("安全.pdf", decks.pdf(SLIDE, (720, 540), (595, 842))))
    assert [(x.enclosure.width, x.enclosure.height) for x in deck.pages] == [(1600, 900), (1600, 1200), (1131, 1600)]
    for n, prepared in enumerate(deck.pages):
        seen, wanted = shown(bare_app, prepared), Image.new("RGB", (1, 1), decks.COLOURS[n]).getpixel((0, 0))
        assert max(abs(a - b) for a, b in zip(seen.getpixel((seen.width // 2, seen.height // 2)), wanted, strict=True)) < 12


def test_pictures_are_put_in_the_order_of_their_names_as_people_count(bare_app):
    deck = read(bare_app, ("10.png", decks.png(0)), ("2.png", decks.png(1, (800, 600))), ("1.png", decks.png(2, (600, 800))))
    assert [x.enclosure.name for x in deck.pages] == ["1.png", "2.png", "10.png"]


def test_notes_come_in_the_order_slides_are_shown_in_whatever_their_files_are_called(bare_app):
    deck = read(bare_app, ("a.pdf", decks.pdf(SLIDE)), ("a.pptx", decks.pptx(["先停机。\n再测量。", None, "记录 A &amp; B。"], hidden=[1])))
    assert deck.all_notes == ["先停机。\n\n再测量。", "", "记录 A & B。"] and deck.notes == ["先停机。\n\n再测量。", "记录 A & B。"]
    assert len(deck.pages) == 1


def test_a_pdf_with_a_script_an_attachment_and_a_file_elsewhere_is_only_drawn(bare_app):
    root = "/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>/Names<</EmbeddedFiles<</Names[(a)<</F(/etc/passwd)>>]>>>>"
    assert len(read(bare_app, ("a.pdf", decks.plain_pdf("0 0 960 540", root=root))).pages) == 1


def test_a_page_as_large_as_a_field_costs_no_more_than_any_other(bare_app):
    page = read(bare_app, ("a.pdf", decks.plain_pdf("0 0 14400000 8100000"))).pages[0]
    assert (page.enclosure.width, page.enclosure.height) == (1600, 900)


# ---- what is refused


@pytest.mark.parametrize(("name", "body", "words"), [
    ("a.pdf", b"", "空的"),
    ("a.pdf", "这是文字。\n".encode() * 50, "这种文件不能收"),
    ("a.pdf", decks.pdf(SLIDE, SLIDE)[:-900], "不完整"),
    ("a.pdf", b"%PDF-1.4\n" + b"x" * 5000 + b"\n%%EOF", "读不出来"),
    ("a.pdf", decks.plain_pdf(), "没有页面"),
    ("a.pdf", decks.plain_pdf("0 0 960 4"), "太窄"),
    ("a.pdf", decks.plain_pdf("0 0 9600 540"), "太窄"),
    ("a.pdf", decks.plain_pdf(*["0 0 960 540"] * 101), "最多 100 页"),
    ("a.pdf", decks.plain_pdf(*["0 0 960 540"] * 10_000), "最多 100 页"),
    ("a.ppt", b"\xd0\xcf\x11\xe0" + bytes(600), "旧格式"),
    ("a.docx", decks.pptx([], parts={"word/document.xml": "<x/>"}), "docx 文件，不是幻灯片"),
    ("a.zip", decks.pptx(["x"])[:-40], "读不出来"),
    ("a.pptx", decks.pptx(["x"], parts={"ppt/vbaProject.bin": "x"}), "宏"),
    ("a.pptx", decks.pptx(["x"], parts={"ppt/presentation.xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}), "读不出来"),
    ("a.pptx", decks.pptx(["x"], parts={"ppt/notesSlides/notesSlide0.xml": decks.notes_xml(
        "&e;", before='<!DOCTYPE n [<!ENTITY e SYSTEM "file:///etc/passwd">]>')}), "读不出来"),
    ("a.pptx", decks.pptx(["x"], parts={"ppt/notesSlides/notesSlide0.xml": b" " * 40_000_000}), "太大"),
    ("a.pptx", decks.pptx(["x"], parts={"ppt/presentation.xml": "<p"}), "读不出来"),
    ("a.pptx", decks.packed_otherwise(decks.pptx(["x"])), "读不出来"),
    ("a.mp3", b"ID3" + bytes(600), "读不出来"),
])
def test_what_is_no_deck_is_refused_with_a_sentence(bare_app, name, body, words):
    assert words in refused(bare_app, name, body)


@pytest.mark.parametrize("title", ["Pages: abc", "Pages: 3", "Pages: 900", "Page    1 size: 1.2.3 x 5 pts", "Page    1 size: 9 x 9 pts"])
def test_a_title_of_several_lines_is_not_taken_for_what_is_told_of_the_pages(bare_app, title):
    titled = decks.plain_pdf("0 0 960 540", more=f"<</Title(x\\n{title}\\n)>>", trailer="/Info 4 0 R")
    assert len(read(bare_app, ("a.pdf", titled)).pages) == 1


def test_a_pdf_with_a_password_says_so(bare_app):
    encrypt = ("/Encrypt<</Filter/Standard/V 1/R 2/P -60/O(" + "o" * 32 + ")/U(" + "u" * 32 + ")>>/ID[(" + "i" * 16 + ")(" + "i" * 16 + ")]")
    assert "密码" in refused(bare_app, "a.pdf", decks.plain_pdf("0 0 960 540", trailer=encrypt))


def test_a_page_that_takes_too_long_is_named_and_its_program_is_ended(bare_app, monkeypatch):
    monkeypatch.setattr(reading, "_count", lambda path, most: 1)
    monkeypatch.setattr(reading, "run", lambda command, **more: run(["sleep", "60"], timeout_s=0.2))
    assert "第 1 页太复杂" in refused(bare_app, "a.pdf", decks.pdf(SLIDE))


def test_a_second_deck_at_the_same_time_is_asked_to_wait(bare_app, monkeypatch):
    monkeypatch.setattr(reading, "WAIT_S", 0)
    with reading._one_at_a_time, pytest.raises(media.Busy) as caught:
        read(bare_app, ("a.png", decks.png()))
    assert is_chinese(str(caught.value.message))


# ---- how pages stand in a film


@pytest.mark.parametrize(("sizes", "frame"), [
    ([(1600, 900)], (1280, 720)), ([(1600, 1200), (1600, 1200), (1600, 900)], (960, 720)),
    ([(1131, 1600)], (720, 1018)), ([(1600, 400)], (1920, 720)), ([(900, 3600)], (720, 1440)),
])
def test_the_film_has_the_shape_most_pages_have(sizes, frame):
    assert slides.frame_of(sizes) == frame


def test_a_page_of_another_shape_stands_whole_on_plain_ground(tmp_path):
    decks.picture(0, (400, 400)).save(tmp_path / "a.png")
    slides.draw_page(tmp_path / "a.png", (1280, 720), "合成语音", tmp_path / "b.png")
    drawn = Image.open(tmp_path / "b.png")
    assert drawn.size == (1280, 720) and drawn.getpixel((10, 10)) == (250, 249, 245) and drawn.getpixel((640, 5)) == (255, 255, 255)


def test_without_the_programs_nothing_else_is_said_than_that_it_cannot_be_read(bare_app, monkeypatch):
    """A site whose machine lacks Poppler refuses, it does not fall over; `guanxue doctor` names the package."""
    monkeypatch.setattr(reading, "run", lambda *a, **k: (_ for _ in ()).throw(reading.ProgramFailed("not found")))
    assert "读不出来" in refused(bare_app, "a.pdf", decks.pdf(SLIDE))
