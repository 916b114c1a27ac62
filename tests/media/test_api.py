"""The tus protocol, header by header."""

from __future__ import annotations

import base64
import hashlib
import os
import threading

import pytest
from tests.clients import Browser, is_chinese
from tests.factories import make_person

from guanxue import media
from guanxue.core import clock
from guanxue.core.db import session, writing
from guanxue.media import api, arriving, rules
from guanxue.media.models import Upload

TEACHER, OTHER, LEARNER = "13800000002", "13800000012", "13800000001"
PIECE = "application/offset+octet-stream"
NAMED = "filename " + base64.b64encode("机床.mp4".encode()).decode()


class Tus:
    """Somebody's browser that speaks tus."""

    def __init__(self, app, phone):
        self.browser = Browser(app, phone)

    def ask(self, method, path, status, data=None, *, version="1.0.0", kind=None, **headers):
        sent = {"X-CSRF-Token": self.browser.token, **{k.replace("_", "-"): v for k, v in headers.items()}}
        if version:
            sent["Tus-Resumable"] = version
        answer = self.browser.client.open(path, method=method, headers=sent, data=data, content_type=kind)
        assert answer.status_code == status, (answer.status_code, answer.get_data(as_text=True)[:400])
        return answer

    def create(self, size=10, status=201, named=NAMED, **more):
        answer = self.ask("POST", "/upload/", status, Upload_Length=str(size), Upload_Metadata=named, **more)
        return answer.headers.get("Location") if status == 201 else answer

    def append(self, path, offset, data, status=204, **more):
        return self.ask("PATCH", path, status, data, kind=PIECE, Upload_Offset=str(offset), **more)

    def offset(self, path):
        return int(self.ask("HEAD", path, 200).headers["Upload-Offset"])


@pytest.fixture
def filled(bare_app):
    with bare_app.test_request_context(), writing():
        make_person(TEACHER, "陈师傅", "instructor")
        make_person(OTHER, "李师傅", "instructor")
        make_person(LEARNER)
    return bare_app


@pytest.fixture
def tus(filled):
    return Tus(filled, TEACHER)


def part(app, path):
    with app.app_context():
        return arriving.folder() / f"{path.rsplit('/', 1)[1]}.part"


def detail(answer):
    told = answer.get_json()
    assert answer.mimetype == "application/problem+json" and is_chinese(told["detail"]), told
    return told["detail"]


# ---- what the server speaks


def test_options_list_exactly_what_there_is(filled):
    answer = filled.test_client().options("/upload/")
    assert answer.status_code == 204 and answer.headers["Tus-Version"] == "1.0.0" == answer.headers["Tus-Resumable"]
    assert answer.headers["Tus-Extension"].split(",") == ["creation", "creation-with-upload", "checksum", "expiration", "termination"]
    assert answer.headers["Tus-Max-Size"] == str(8 * 1024**3) and answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"


@pytest.mark.parametrize("version", [None, "", "0.2.2", "1.0", "2.0.0"])
def test_another_version_is_412_and_says_which_is_spoken(tus, version):
    path = tus.create()
    for method, address in (("POST", "/upload/"), ("HEAD", path), ("PATCH", path), ("DELETE", path)):
        answer = tus.ask(method, address, 412, version=version)
        assert answer.headers["Tus-Version"] == "1.0.0" == answer.headers["Tus-Resumable"]


def test_every_answer_says_the_version_and_is_kept_nowhere(tus):
    path = tus.create()
    answers = [tus.ask("HEAD", path, 200), tus.append(path, 0, b"0"), tus.append(path, 5, b"0", 409), tus.ask("HEAD", "/upload/" + "0" * 32, 404),
               tus.ask("DELETE", path, 204)]
    assert all(a.headers["Tus-Resumable"] == "1.0.0" and a.headers["Cache-Control"] == "no-store" for a in answers)


# ---- who may


def test_strangers_learners_and_forms_without_a_token_are_refused(filled, tus):
    path = tus.create()
    assert filled.test_client().head(path, headers={"Tus-Resumable": "1.0.0"}).status_code == 401
    learner = Tus(filled, LEARNER)
    learner.ask("POST", "/upload/", 403, Upload_Length="5")
    learner.ask("HEAD", path, 403)
    tus.browser.token = ""
    assert "过期" in detail(tus.append(path, 0, b"0", 403))
    assert "过期" in detail(tus.create(status=403))


def test_whose_session_ended_in_the_middle_is_told_to_sign_in(filled, tus):
    path = tus.create(size=4_000_000)
    tus.browser.client._cookies.clear()
    assert "登录" in detail(tus.append(path, 0, b"0" * 3_000_000, 401))


def test_somebody_elses_upload_is_404_for_every_method(filled, tus):
    path, other = tus.create(), Tus(filled, OTHER)
    for method in ("HEAD", "PATCH", "DELETE"):
        other.ask(method, path, 404, kind=PIECE, Upload_Offset="0")
    assert tus.offset(path) == 0


# ---- creation


def test_creation_names_its_address_and_how_long_it_waits(tus):
    answer = tus.ask("POST", "/upload/", 201, Upload_Length="10", Upload_Metadata=NAMED)
    assert answer.headers["Location"].startswith("/upload/") and answer.headers["Upload-Offset"] == "0"
    assert answer.headers["Upload-Expires"].endswith("GMT")
    head = tus.ask("HEAD", answer.headers["Location"], 200)
    assert (head.headers["Upload-Length"], head.headers["Upload-Metadata"]) == ("10", NAMED) and head.headers["Upload-Expires"]


@pytest.mark.parametrize("length", ["", "-1", "1.5", "abc", "9223372036854775808", "1e3"])
def test_a_length_that_is_no_number_is_400(tus, length):
    detail(tus.ask("POST", "/upload/", 400, Upload_Length=length, Upload_Metadata=NAMED))


def test_no_length_or_one_to_be_said_later_is_400(tus):
    tus.ask("POST", "/upload/", 400)
    tus.ask("POST", "/upload/", 400, Upload_Defer_Length="1")


@pytest.mark.parametrize("named", ["filename !!!", "filename Zg==,filename Zg==", ",", "filename " + base64.b64encode(b"a\r\nX: y").decode()])
def test_metadata_that_cannot_be_read_or_would_break_a_line_is_400(tus, named):
    detail(tus.create(status=400, named=named))


@pytest.mark.parametrize(("size", "name", "status", "told"), [
    (8 * 1024**3 + 1, "film.mp4", 413, "最大 8 GB"), (2**63 - 1, "film.mp4", 413, "最大 8 GB"), (5, "题目.docx", 415, "不是视频"),
    (0, "film.mp4", 422, "空")])
def test_size_and_kind_are_refused_with_a_sentence_before_a_byte(filled, tus, size, name, status, told):
    answer = tus.create(size, status, "filename " + base64.b64encode(name.encode()).decode())
    assert told in detail(answer)
    with filled.app_context():
        assert session.query(Upload).count() == 0 and not arriving.folder().exists()


def test_a_disk_without_room_is_507_before_a_byte(tus, monkeypatch):
    monkeypatch.setattr(rules, "SPARE_BYTES", 2**62)
    assert "磁盘" in detail(tus.create(status=507))


def test_quotas_are_413_and_429(tus, monkeypatch):
    monkeypatch.setattr(rules, "MOST_UNFINISHED_BYTES", 15)
    tus.create()
    assert "没传完" in detail(tus.create(status=413))
    monkeypatch.setattr(rules, "MOST_FILES_A_DAY", 1)
    answer = tus.create(status=429)
    assert "明天" in detail(answer) and answer.headers["Retry-After"]


def test_creation_may_bring_the_first_piece_or_all(filled, tus):
    begun = tus.ask("POST", "/upload/", 201, b"01234", kind=PIECE, Upload_Length="10", Upload_Metadata=NAMED)
    assert begun.headers["Upload-Offset"] == "5" and tus.offset(begun.headers["Location"]) == 5
    whole = tus.ask("POST", "/upload/", 201, b"0123456789", kind=PIECE, Upload_Length="10", Upload_Metadata=NAMED)
    assert whole.headers["Upload-Offset"] == "10" and tus.offset(whole.headers["Location"]) == 10
    tus.ask("POST", "/upload/", 415, b"01234", kind="text/plain", Upload_Length="10", Upload_Metadata=NAMED)
    tus.ask("POST", "/upload/", 413, b"01234", kind=PIECE, Upload_Length="4", Upload_Metadata=NAMED)
    with filled.app_context():
        assert session.query(Upload).count() == 2


# ---- pieces


def test_pieces_end_in_a_video_that_waits_to_be_made(filled, tus):
    path = tus.create()
    assert tus.append(path, 0, b"01234").headers["Upload-Offset"] == "5" and tus.offset(path) == 5
    last = tus.append(path, 5, b"56789")
    assert last.headers["Upload-Offset"] == "10" and tus.offset(path) == 10
    with filled.app_context():
        upload = session.query(Upload).one()
        asset = media.get_asset(upload.asset_id)
        assert (asset.state, asset.source["filename"]) == ("waiting", "机床.mp4") and asset.digest == hashlib.sha256(b"0123456789").hexdigest()
        assert media.original_path(asset).read_bytes() == b"0123456789"
    assert tus.append(path, 10, b"", 409).get_json()["detail"] == "这个文件已经传完了。"


def test_a_piece_of_another_type_is_415(tus):
    path = tus.create()
    for kind in ("application/octet-stream", "multipart/form-data; boundary=x", None):
        detail(tus.ask("PATCH", path, 415, b"01234", kind=kind, Upload_Offset="0"))
    assert tus.offset(path) == 0


def test_a_form_as_large_as_a_film_is_refused_before_it_is_read(tus, filled):
    head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.mp4"\r\n\r\n'
    kind, body = "multipart/form-data; boundary=x", head + bytes(2 * 1024**2 + 1) + b"\r\n--x--\r\n"
    assert is_chinese(detail(tus.ask("POST", "/upload/", 413, body, kind=kind, Upload_Length="5")))
    Tus(filled, LEARNER).ask("POST", "/teach/some-course/lessons", 413, body, kind=kind)


@pytest.mark.parametrize("offset", [None, "", "-1", "1.0", "zero", "99999999999999999999"])
def test_an_offset_that_is_no_number_is_400(tus, offset):
    path = tus.create()
    detail(tus.ask("PATCH", path, 400, b"0", kind=PIECE, **({} if offset is None else {"Upload_Offset": offset})))


def test_a_wrong_offset_is_409_and_says_the_right_one(tus):
    path = tus.create()
    tus.append(path, 0, b"01234")
    for offset in (0, 4, 6, 10, 2**63 - 1):
        answer = tus.append(path, offset, b"", 409)
        assert answer.headers["Upload-Offset"] == "5" and "5" in detail(answer)
    assert tus.offset(path) == 5


def test_a_piece_beyond_the_end_is_413_and_not_written(filled, tus):
    path = tus.create()
    tus.append(path, 0, b"01234")
    detail(tus.append(path, 5, b"567890", 413))
    assert tus.offset(path) == 5 and part(filled, path).read_bytes() == b"01234"


def test_an_empty_piece_changes_nothing(tus):
    path = tus.create()
    assert tus.append(path, 0, b"").headers["Upload-Offset"] == "0"


def test_a_body_without_a_length_is_read_to_its_end_where_the_server_knows_it(filled, tus):
    path = tus.create()
    headers = {"Tus-Resumable": "1.0.0", "X-CSRF-Token": tus.browser.token, "Upload-Offset": "0", "Transfer-Encoding": "chunked"}
    class Chunks:
        left = [b"012", b"34"]
        def read(self, _size=-1):
            return self.left.pop(0) if self.left else b""
    ask = lambda known: tus.browser.client.open(path, method="PATCH", headers=headers, content_type=PIECE,
                                                environ_overrides={"wsgi.input": Chunks(), "wsgi.input_terminated": known})
    assert ask(False).status_code == 411 and ask(True).headers["Upload-Offset"] == "5"


def test_methods_may_come_as_a_post(tus):
    path = tus.create()
    over = lambda method, status, data=None, **more: tus.ask("POST", path, status, data, kind=PIECE, X_HTTP_Method_Override=method, **more)
    assert over("PATCH", 204, b"012", Upload_Offset="0").headers["Upload-Offset"] == "3"
    over("PURGE", 405)
    tus.ask("POST", path, 405)
    over("DELETE", 204)
    tus.ask("HEAD", path, 410)


# ---- checksums


def test_a_damaged_piece_is_460_and_not_kept(tus):
    path = tus.create()
    right = base64.b64encode(hashlib.sha256(b"01234").digest()).decode()
    detail(tus.append(path, 0, b"0123x", 460, Upload_Checksum=f"sha256 {right}"))
    assert tus.offset(path) == 0
    assert tus.append(path, 0, b"01234", Upload_Checksum=f"sha256 {right}").headers["Upload-Offset"] == "5"


@pytest.mark.parametrize("text", ["md5 AAAA", "sha1", "sha1 !!!", ""])
def test_a_checksum_nobody_can_compare_is_400(tus, text):
    path = tus.create()
    detail(tus.append(path, 0, b"01234", 400, Upload_Checksum=text))
    assert tus.offset(path) == 0


# ---- ends


def test_what_never_was_is_404_and_what_expired_or_was_deleted_is_410(tus):
    tus.ask("HEAD", "/upload/" + "0" * 32, 404)
    tus.ask("HEAD", "/upload/..%2f..%2fsecret", 404)
    deleted, expired = tus.create(), tus.create()
    tus.ask("DELETE", deleted, 204)
    with clock.advance(rules.UPLOAD_HOLDS.total_seconds() + 1):
        for path in (deleted, expired):
            for method in ("HEAD", "PATCH", "DELETE"):
                tus.ask(method, path, 410, kind=PIECE, Upload_Offset="0")


def test_deleting_in_the_middle_of_a_piece_leaves_nothing(filled, tus):
    path, began, may_go_on = tus.create(), threading.Event(), threading.Event()
    class Slow:
        parts = [b"012", b"345"]
        def read(self, _size=-1):
            if len(self.parts) == 1:
                began.set()
                may_go_on.wait(10)
            return self.parts.pop(0) if self.parts else b""
    headers = {"Tus-Resumable": "1.0.0", "X-CSRF-Token": tus.browser.token, "Upload-Offset": "0"}
    statuses, second = [], Tus(filled, TEACHER)
    sending = threading.Thread(target=lambda: statuses.append(tus.browser.client.open(
        path, method="PATCH", headers=headers, content_type=PIECE, environ_overrides={"wsgi.input": Slow(), "CONTENT_LENGTH": "6"}).status_code))
    sending.start()
    assert began.wait(10)
    second.ask("DELETE", path, 204)
    may_go_on.set()
    sending.join(10)
    assert statuses == [409] and not part(filled, path).exists()


def test_no_transaction_is_open_while_a_piece_is_read(filled, tus):
    path, seen = tus.create(), []
    class Watched:
        parts = [b"012", b"34"]
        def read(self, _size=-1):
            seen.append(session().in_transaction())
            return self.parts.pop(0) if self.parts else b""
    headers = {"Tus-Resumable": "1.0.0", "X-CSRF-Token": tus.browser.token, "Upload-Offset": "0"}
    answer = tus.browser.client.open(path, method="PATCH", headers=headers, content_type=PIECE, environ_overrides={"wsgi.input": Watched(), "CONTENT_LENGTH": "5"})
    assert answer.status_code == 204 and seen == [False, False]


def test_a_disk_that_fills_in_the_middle_is_507_and_the_upload_goes_on_later(filled, tus):
    path = tus.create()
    tus.append(path, 0, b"")
    part(filled, path).unlink()
    part(filled, path).symlink_to("/dev/full")
    assert "磁盘满了" in detail(tus.append(path, 0, b"01234", 507))
    part(filled, path).unlink()
    part(filled, path).write_bytes(b"")
    assert tus.append(path, 0, b"01234").headers["Upload-Offset"] == "5"


# ---- how many at once


def test_places_are_bounded_a_process_and_a_teacher_and_a_cut_line_takes_no_second():
    places = api.Places()
    with places.take(1, "a"), places.take(1, "a"), places.take(1, "b"), places.take(1, "c"):
        with pytest.raises(media.Busy), places.take(1, "d"):
            pass
        with places.take(2, "d"), places.take(3, "e"), places.take(4, "f"), places.take(5, "g"):
            with pytest.raises(media.Busy) as caught, places.take(6, "h"):
                pass
            assert caught.value.retry_after_s
    with places.take(1, "d"):
        assert places._all == 1
    assert places._all == 0 and not places._sending


def test_when_all_places_are_taken_the_answer_is_503_with_when_to_ask_again(tus, monkeypatch):
    monkeypatch.setattr(api, "STREAMS", 0)
    path = tus.create()
    answer = tus.append(path, 0, b"0", 503)
    assert answer.headers["Retry-After"] == "5" and "自动" in detail(answer)
    assert tus.offset(path) == 0


def test_a_large_file_in_uneven_pieces_is_the_same_file(filled, tus):
    data, at, step = os.urandom(700_001), 0, 1
    path = tus.create(len(data))
    while at < len(data):
        at = int(tus.append(path, at, data[at:at + step]).headers["Upload-Offset"])
        step = step * 7 % 300_000 + 1
    with filled.app_context():
        assert media.get_asset(session.query(Upload).one().asset_id).digest == hashlib.sha256(data).hexdigest()
