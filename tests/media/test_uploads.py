"""Files on their way in: what a size, a name and a turn are worth, when nobody goes on, when the disk is full."""

from __future__ import annotations

import hashlib
import io
import os
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from tests.factories import learner, make_person

from guanxue import jobs, media
from guanxue.core import clock
from guanxue.core.db import db, session, writing
from guanxue.core.errors import Forbidden, Invalid, TooLarge, TooMany
from guanxue.media import arriving, keeping, rules, uploads
from guanxue.media.errors import (
    BadHeader,
    NoRoom,
    NoSuchUpload,
    NotWhole,
    TurnTaken,
    UploadGone,
    WrongChecksum,
    WrongKind,
    WrongOffset,
)
from guanxue.media.models import OPEN, WHOLE, Upload

GB = 1024**3


@pytest.fixture
def teacher(any_db):
    return make_person("13800000002", "陈师傅", "instructor")


def begin(actor, size=10, name="film.mp4", **more):
    return uploads.begin_upload(actor, rules.Announced(size, name, **more))


def take(code, size, offset, data, **more):
    return uploads.receive(code, size, offset, io.BytesIO(data).read, len(data), **more)


def part(code):
    return arriving.folder() / f"{code}.part"


# ---- beginning


def test_only_who_teaches_may_begin(any_db):
    with pytest.raises(Forbidden):
        begin(learner())


def test_a_begun_upload_waits_seven_days_with_nothing_of_it_here(teacher):
    upload = begin(teacher, aim="lesson:12", modified_ms=5, metadata="filename Zg==")
    assert (upload.state, upload.arrived_bytes, arriving.arrived_bytes(upload.code)) == (OPEN, 0, 0)
    assert upload.expires_at - upload.created_at == rules.UPLOAD_HOLDS and part(upload.code).stat().st_size == 0
    assert [(w.code, w.aim, w.modified_ms, w.is_whole) for w in media.list_waiting(teacher)] == [(upload.code, "lesson:12", 5, False)]


@pytest.mark.parametrize(("size", "name", "kind", "error", "told"), [
    (0, "film.mp4", "", Invalid, "空"), (8 * GB + 1, "film.mp4", "", TooLarge, "8 GB"), (5, "工资表.xlsx", "", WrongKind, "工资表.xlsx"),
    (5, "photo.jpg", "image/jpeg", WrongKind, "不是视频"), (5, "list.m3u8", "application/vnd.apple.mpegurl", WrongKind, "不是视频"),
    (5, "", "text/html", WrongKind, "text/html")])
def test_what_can_never_be_a_video_is_refused_before_a_byte(size, name, kind, error, told):
    with pytest.raises(error, match=told):
        rules.must_be_welcome(rules.Announced(size, name, kind))


@pytest.mark.parametrize(("name", "kind"), [("VID.MP4", ""), ("机床.mov", "video/quicktime"), ("wx_camera_1", "video/mp4"), ("a.b.mkv", ""), ("", "")])
def test_what_may_be_a_video_is_welcome(name, kind):
    rules.must_be_welcome(rules.Announced(8 * GB, name, kind))


def test_unfinished_bytes_and_files_a_day_have_a_limit(teacher, monkeypatch):
    monkeypatch.setattr(rules, "MOST_UNFINISHED_BYTES", 25)
    monkeypatch.setattr(rules, "MOST_FILES_A_DAY", 3)
    first = begin(teacher)
    begin(teacher)
    with pytest.raises(TooLarge, match="没传完"):
        begin(teacher)
    uploads.drop_upload(teacher, first.code)
    begin(teacher)
    with pytest.raises(TooMany, match="3 个"):
        begin(teacher, size=1)
    with clock.advance(24 * 3600 + 1):
        begin(teacher, size=1)


def test_other_teachers_uploads_do_not_count(teacher, monkeypatch):
    monkeypatch.setattr(rules, "MOST_UNFINISHED_BYTES", 15)
    begin(teacher)
    begin(make_person("13800000012", "李师傅", "instructor"))


def test_the_disk_must_hold_the_file_what_is_made_of_it_and_what_others_were_promised():
    room = 2 * 10 + rules.SPARE_BYTES
    rules.must_have_room(10, room, 0)
    with pytest.raises(NoRoom, match="磁盘"):
        rules.must_have_room(10, room - 1, 0)
    with pytest.raises(NoRoom):
        rules.must_have_room(10, room, 1)


def test_a_promise_shrinks_as_the_file_arrives(teacher):
    upload = begin(teacher, size=100)
    assert uploads._promised_bytes(clock.now()) == 100
    uploads.note_arrived(teacher, upload.code, 40)
    assert uploads._promised_bytes(clock.now()) == 60


def test_metadata_is_read_and_a_path_in_it_is_a_name():
    told = media.announced(5, "filename L2V0Yy/mnLrluoouTVA0,filetype dmlkZW8vbXA0,for bGVzc29uOjEy,modified MTcwMDAwMDAwMDAwMA==,empty ")
    assert (told.filename, told.kind, told.aim, told.modified_ms) == ("机床.MP4", "video/mp4", "lesson:12", 1700000000000)


@pytest.mark.parametrize("text", ["filename !!!", "filename Zg", "filename Zg==,filename Zg==", "file\tname Zg==", "filename //79", ", ,",
                                  "filename YQ0KYg==", "filename YQBi", "modified LTE=", "filename " + "A" * 2400])
def test_metadata_that_is_damaged_or_breaks_lines_is_refused(text):
    with pytest.raises(BadHeader):
        media.announced(5, text)


@given(st.text(max_size=40))
def test_no_metadata_crashes(text):
    try:
        assert len(media.announced(5, text).filename) <= rules.LONGEST_NAME
    except BadHeader:
        pass


@pytest.mark.parametrize("text", [None, "", "-1", "+5", "1.0", "0x10", "1e3", " 5", "٥", "9223372036854775808", "9" * 40])
def test_a_header_that_is_no_number_from_zero_to_the_largest_is_refused(text):
    with pytest.raises(BadHeader, match="Upload-Offset"):
        media.whole_number(text, "Upload-Offset")
    assert media.whole_number("9223372036854775807", "Upload-Offset") == 2**63 - 1


# ---- pieces


def test_pieces_make_a_file_and_the_file_an_original_with_one_job(teacher):
    upload = begin(teacher)
    assert take(upload.code, 10, 0, b"01234") == 5 and take(upload.code, 10, 5, b"56789") == 10
    digest = uploads.keep_upload(upload.code, 10)
    assert digest == hashlib.sha256(b"0123456789").hexdigest() == uploads.keep_upload(upload.code, 10)
    asset = uploads.finish_upload(teacher, upload.code, digest)
    assert media.original_path(asset).read_bytes() == b"0123456789" and not part(upload.code).exists()
    assert uploads.finish_upload(teacher, upload.code, digest) is asset and upload.state == WHOLE
    assert list(session.scalars(select(jobs.Job.name).where(jobs.Job.name == "media.make"))) == ["media.make"]


def test_a_piece_must_begin_where_the_file_ends(teacher):
    upload = begin(teacher)
    take(upload.code, 10, 0, b"01234")
    for offset in (0, 4, 6):
        with pytest.raises(WrongOffset, match="5") as caught:
            take(upload.code, 10, offset, b"x")
        assert caught.value.extra == {"offset": 5}
    assert part(upload.code).read_bytes() == b"01234"


def test_a_piece_beyond_the_end_is_not_written_said_or_not(teacher):
    upload = begin(teacher)
    take(upload.code, 10, 0, b"01234")
    with pytest.raises(TooLarge):
        take(upload.code, 10, 5, b"567890")
    with pytest.raises(TooLarge):
        uploads.receive(upload.code, 10, 5, io.BytesIO(b"567890").read, None)
    assert part(upload.code).read_bytes() == b"01234"
    assert uploads.receive(upload.code, 10, 5, io.BytesIO(b"56789").read, None) == 10


def test_what_came_before_a_line_broke_is_kept(teacher):
    upload = begin(teacher)
    assert uploads.receive(upload.code, 10, 0, io.BytesIO(b"012").read, 8) == 3
    assert uploads.take_turn(upload.code, 10) == 3


def test_whoever_is_newer_writes_and_the_older_is_out_at_once(teacher):
    upload = begin(teacher)
    with arriving.Writer(upload.code, 0) as old:
        old.append(b"012")
        with arriving.Writer(upload.code, 3) as new:
            new.append(b"34")
            with pytest.raises(TurnTaken):
                old.append(b"xxx")
            assert uploads.take_turn(upload.code, 10) == 5
            with pytest.raises(TurnTaken):
                new.append(b"56")
    assert part(upload.code).read_bytes() == b"01234"


def test_whoever_comes_back_waits_for_what_had_come_but_not_for_one_who_hangs(teacher, monkeypatch):
    monkeypatch.setattr(arriving, "QUIET_S", 1.0)
    upload = begin(teacher, size=100)
    with arriving.Writer(upload.code, 0) as old:
        busy = threading.Thread(target=lambda: [old.append(b"x") or time.sleep(0.02) for _n in range(30)])
        busy.start()
        here = uploads.take_turn(upload.code, 100)
        busy.join()
        assert here == 30  # and then nothing came: the turn is taken although the old one never went away
        with pytest.raises(TurnTaken):
            old.append(b"x")


def test_nobody_is_waited_for_where_nobody_writes(teacher, monkeypatch):
    upload = begin(teacher)
    take(upload.code, 10, 0, b"01234")
    monkeypatch.setattr(arriving.time, "sleep", pytest.fail)
    assert uploads.take_turn(upload.code, 10) == 5


def test_a_wrong_offset_puts_nobody_out(teacher):
    upload = begin(teacher)
    with arriving.Writer(upload.code, 0) as writer:
        writer.append(b"012")
        with pytest.raises(WrongOffset):
            arriving.Writer(upload.code, 0)
        writer.append(b"34")


def test_two_at_the_same_place_are_one_writer(teacher):
    upload = begin(teacher)
    with arriving.Writer(upload.code, 0) as first, arriving.Writer(upload.code, 0) as second:
        second.append(b"012")
        with pytest.raises(TurnTaken):
            first.append(b"abc")
    assert part(upload.code).read_bytes() == b"012"


# ---- checksums


@pytest.mark.parametrize("algorithm", sorted(media.CHECKSUMS))
def test_a_right_checksum_is_taken_and_a_wrong_one_leaves_the_file_as_it_was(teacher, algorithm):
    upload = begin(teacher)
    take(upload.code, 10, 0, b"01234")
    right = media.Checksum(algorithm, hashlib.new(algorithm, b"567").digest())
    with pytest.raises(WrongChecksum):
        take(upload.code, 10, 5, b"56x", checksum=right)
    assert part(upload.code).read_bytes() == b"01234" and take(upload.code, 10, 5, b"567", checksum=right) == 8


def test_a_checked_piece_that_was_cut_leaves_nothing(teacher):
    upload = begin(teacher)
    right = media.Checksum("sha1", hashlib.sha1(b"01234").digest())
    assert uploads.receive(upload.code, 10, 0, io.BytesIO(b"012").read, 5, right) == 0
    assert part(upload.code).stat().st_size == 0


def test_bytes_nobody_has_compared_do_not_count_even_after_a_kill(teacher):
    upload = begin(teacher)
    take(upload.code, 10, 0, b"01")
    writer = arriving.Writer(upload.code, 2, is_checked=True)
    writer.append(b"damaged"[:5])  # and here the process dies
    assert arriving.arrived_bytes(upload.code) == 2
    assert uploads.take_turn(upload.code, 10) == 2 and part(upload.code).read_bytes() == b"01"
    with pytest.raises(TurnTaken):
        writer.accept()


# ---- the whole


def test_hashing_goes_on_where_it_stood_and_reads_what_others_took(teacher, monkeypatch):
    data = os.urandom(300_000)
    upload = begin(teacher, size=len(data))
    take(upload.code, len(data), 0, data[:100_000])
    known, arriving._hashed._kept = arriving._hashed._kept, arriving.OrderedDict()  # another process
    take(upload.code, len(data), 100_000, data[100_000:200_000])
    arriving._hashed._kept = known
    take(upload.code, len(data), 200_000, data[200_000:])
    monkeypatch.setattr(arriving, "_read_into", _only_after(200_000))
    assert uploads.keep_upload(upload.code, len(data)) == hashlib.sha256(data).hexdigest()


def _only_after(least):
    read = arriving._read_into

    def checked(hashed, part, at, end):
        assert at >= least or at == end, "read again what was hashed"
        return read(hashed, part, at, end)

    return checked


def test_a_digest_after_a_restart_is_of_the_whole_file(teacher, monkeypatch):
    monkeypatch.setattr(arriving._Hashed, "FARTHEST_BYTES", 10)
    data = os.urandom(100_000)
    upload = begin(teacher, size=len(data))
    for at in range(0, len(data), 30_000):
        arriving._hashed._kept.clear()
        take(upload.code, len(data), at, data[at:at + 30_000])
    assert uploads.keep_upload(upload.code, len(data)) == hashlib.sha256(data).hexdigest()


def test_nothing_half_becomes_a_video_and_asking_puts_nobody_out(teacher):
    upload = begin(teacher)
    with arriving.Writer(upload.code, 0) as writer:
        writer.append(b"012")
        with pytest.raises(NotWhole):
            uploads.keep_upload(upload.code, 10)
        with pytest.raises(NotWhole):
            uploads.note_used(teacher, upload.code)
        writer.append(b"3456789")
    assert uploads.keep_upload(upload.code, 10)


def test_a_process_that_dies_after_the_move_loses_nothing(teacher):
    upload = begin(teacher)
    take(upload.code, 10, 0, b"0123456789")
    digest = uploads.keep_upload(upload.code, 10)  # and the row never heard of it
    assert uploads.take_turn(upload.code, 10) == 10 and uploads.keep_upload(upload.code, 10) == digest
    with pytest.raises(WrongOffset):
        take(upload.code, 10, 10, b"")
    assert uploads.finish_upload(teacher, upload.code, digest).state == "waiting"


def test_the_same_film_twice_is_one_video(teacher):
    assets = set()
    for _n in range(2):
        upload = begin(teacher)
        take(upload.code, 10, 0, b"0123456789")
        assets.add(uploads.finish_upload(teacher, upload.code, uploads.keep_upload(upload.code, 10)).id)
    assert len(assets) == 1


def test_a_full_disk_says_so_and_keeps_what_came(teacher):
    upload = begin(teacher)
    take(upload.code, 10, 0, b"")
    part(upload.code).unlink()
    part(upload.code).symlink_to("/dev/full")  # the kernel's own full disk
    with pytest.raises(NoRoom, match="磁盘满了"):
        take(upload.code, 10, 0, b"01234")
    part(upload.code).unlink()
    part(upload.code).write_bytes(b"")
    assert uploads.get_upload(teacher, upload.code).state == OPEN and take(upload.code, 10, 0, b"01234") == 5


def test_offsets_beyond_four_gigabytes_are_right(teacher):
    size = 8 * GB
    upload = begin(teacher, size=size)
    os.truncate(part(upload.code), size - 5)  # nothing is written: the file has holes
    assert uploads.take_turn(upload.code, size) == size - 5 and take(upload.code, size, size - 5, b"abc") == size - 2
    with pytest.raises(TooLarge):
        take(upload.code, size, size - 2, b"xyz")
    assert uploads.note_arrived(teacher, upload.code, size - 2).arrived_bytes == size - 2
    assert media.list_waiting(teacher)[0].arrived_bytes == size - 2


# ---- other people, ends


def test_somebody_elses_upload_is_not_there(teacher):
    other = make_person("13800000012", "李师傅", "instructor")
    upload = begin(teacher)
    for verb in (uploads.get_upload, uploads.drop_upload, uploads.note_used):
        with pytest.raises(NoSuchUpload):
            verb(other, upload.code)
    assert media.list_waiting(other) == []


def test_a_dropped_upload_is_gone_under_its_writers_hands(teacher):
    upload = begin(teacher)
    with arriving.Writer(upload.code, 0) as writer:
        writer.append(b"012")
        uploads.drop_upload(teacher, upload.code)
        uploads.forget_arrived([upload.code])
        with pytest.raises(TurnTaken):
            writer.append(b"345")
    with pytest.raises(UploadGone):
        uploads.get_upload(teacher, upload.code)
    assert list(arriving.folder().iterdir()) == []


def test_seven_days_without_a_byte_are_the_end_and_each_byte_begins_them_anew(teacher):
    upload = begin(teacher)
    week = rules.UPLOAD_HOLDS.total_seconds()
    with clock.advance(week - 60):
        take(upload.code, 10, 0, b"0")
        uploads.note_arrived(teacher, upload.code, 1)
    with clock.advance(2 * week - 120):
        assert uploads.get_upload(teacher, upload.code)
    with clock.advance(2 * week):
        with pytest.raises(UploadGone):
            uploads.get_upload(teacher, upload.code)
        assert media.list_waiting(teacher) == []


def test_sweeping_removes_what_expired_and_nothing_else(bare_app):
    with bare_app.test_request_context():
        with writing():
            teacher = make_person("13800000002", "陈师傅", "instructor")
            old, whole = begin(teacher).code, begin(teacher).code
            take(whole, 10, 0, b"0123456789")
            uploads.finish_upload(teacher, whole, uploads.keep_upload(whole, 10))
        with clock.advance(rules.UPLOAD_HOLDS.total_seconds() + 1):
            with writing():
                young = begin(teacher).code
            jobs.run_waiting(bare_app)
            assert {p.name for p in arriving.folder().iterdir()} == {f"{young}.part", f"{young}.turn", f"{whole}.turn"}
            with pytest.raises(UploadGone):
                uploads.get_upload(teacher, old)
            db.session.rollback()
        with clock.advance(3 * rules.UPLOAD_HOLDS.total_seconds()):
            jobs.run_waiting(bare_app)
            with pytest.raises(NoSuchUpload):
                uploads.get_upload(teacher, old)
            db.session.rollback()


def test_files_nobody_knows_of_go_after_a_day(app):
    stray = "0" * 32
    arriving.make(stray)
    assert arriving.list_strays(set()) == []
    with clock.advance(arriving.STRAY_AFTER_S + 60):
        assert arriving.list_strays(set()) == [stray] and arriving.list_strays({stray}) == []


def test_who_leaves_leaves_no_upload(any_db, teacher):
    upload = begin(teacher)
    assert [u["title"] for u in keeping.export(teacher.id)["uploads"]] == ["film.mp4"]
    keeping.erase(teacher, teacher.id)
    assert session.scalar(select(Upload).where(Upload.id == upload.id)) is None
