"""A zip whose end says one name and whose longer end says sixty thousand: judged by what zipfile would read."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from tests.media import decks

from guanxue import media, quizzes
from guanxue.core.zips import listing_of
from guanxue.courses import packages
from guanxue.courses.errors import BadFolder

MANY = 60_000


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


def two_ends(*names: str, moved: int = 0) -> bytes:
    """The short end says one name in 100 bytes; `moved`: by how much the long end lies about its place."""
    whole = zipped(*names)
    at = whole.rfind(b"PK\x05\x06")
    begin = struct.unpack_from("<I", whole, at + 16)[0]
    one = whole[begin:begin + 46 + len(names[0])]
    listing = whole[begin:at] + one * MANY
    long = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, MANY + 1, MANY + 1, len(listing), begin)
    place = struct.pack("<4sLQL", b"PK\x06\x07", 0, begin + len(listing) + moved, 1)
    return whole[:begin] + listing + long + place + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 100, begin, 0)


@pytest.mark.parametrize("remark", [b"", b"a remark"])
def test_an_honest_zip_is_told_as_it_is_in_either_form(monkeypatch, remark):
    names = [f"{n}.txt" for n in range(9)]
    for most in (zipfile.ZIP_FILECOUNT_LIMIT, 3):
        monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", most)
        whole = bytearray(zipped(*names))
        whole[-2:] = struct.pack("<H", len(remark))
        with zipfile.ZipFile(io.BytesIO(whole + remark)) as archive:
            assert len(archive.namelist()) == 9
        assert listing_of(io.BytesIO(whole + remark)) == (9, 9 * (46 + 5))


def test_the_longer_end_is_what_counts_because_zipfile_believes_it():
    whole = two_ends("course.yaml")
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert len(archive.infolist()) == MANY + 1
    assert listing_of(io.BytesIO(whole))[0] == MANY + 1


@pytest.mark.parametrize("whole", [b"", b"PK\x03\x04", b"PK\x05\x06 too short", two_ends("a", moved=-46)])
def test_what_has_no_end_or_two_places_for_it_is_no_zip(whole):
    with pytest.raises(zipfile.BadZipFile):
        listing_of(io.BytesIO(whole))


def test_no_reader_of_zips_takes_a_list_of_names_that_hides_behind_a_short_end(bare_app, tmp_path):
    package = tmp_path / "c.zip"
    package.write_bytes(two_ends("course.yaml"))
    with pytest.raises(BadFolder, match="太多"), packages.opened(package):
        pass
    attachment = two_ends("word/document.xml", "[Content_Types].xml")
    with bare_app.app_context(), pytest.raises(media.BadFile, match="读不出来"):
        media.prepare_file("a.docx", io.BytesIO(attachment))
    with pytest.raises(quizzes.Unreadable):
        quizzes.read_file(attachment)


@pytest.mark.parametrize("part", ["word/document.xml", "xl/workbook.xml"])
def test_questions_packed_by_a_strange_method_are_refused_with_a_sentence(part):
    with pytest.raises(quizzes.Unreadable):
        quizzes.read_file(decks.packed_otherwise(zipped(part, "[Content_Types].xml", "xl/styles.xml")))
