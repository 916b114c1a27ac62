"""A real server, lines that break and phones that vanish: what arrives is the same file, and nobody else has to wait for it."""

from __future__ import annotations

import hashlib
import http.client
import io
import random
import threading
import time

import pytest
from bench.lines import Line, Plan, Served, Tus, free_port, sign_in
from tests.conftest import make_app
from tests.factories import PASSWORD, make_person

from guanxue.core.db import db, session, writing
from guanxue.core.web.turnstile import STREAMS
from guanxue.media.models import Upload

TEACHER, SECRET = "13800000002", "test-secret-test-secret-test-secret-0123"
MB = 1024**2


class Place:
    """A served site with a teacher, and what it knows of uploads."""

    def __init__(self, folder, workers):
        self.app = make_app(folder)
        with self.app.test_request_context(), writing():
            make_person(TEACHER, "陈师傅", "instructor")
        self.server = Served({"GUANXUE_DATA": str(folder), "GUANXUE_SECRET_KEY": SECRET}, free_port(), workers)
        self.server.start()
        self.account = sign_in(self.server.port, TEACHER, PASSWORD)
        self.tus = Tus(self.server.port, self.account)

    def by(self, line):
        """A client behind that line."""
        return Tus(line.port, self.account)

    def digest(self, path):
        """What the site says it has of that upload, from the original's own bytes."""
        with self.app.app_context():
            upload = session.query(Upload).filter_by(code=path.rsplit("/", 1)[1]).one()
            found = upload.state, upload.asset_id
            originals = list((self.app.extensions["guanxue.settings"].media_dir / "originals").iterdir())
            assert found[0] == "whole" and found[1]
        return {hashlib.sha256(p.read_bytes()).hexdigest() for p in originals if hashlib.sha256(p.read_bytes()).hexdigest() == p.name}

    def close(self):
        self.server.stop()
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def place(site):
    made = Place(site, 2)
    yield made
    made.close()


@pytest.fixture
def small_place(site):
    """With one worker, so that everybody meets in it."""
    made = Place(site, 1)
    yield made
    made.close()


def film(size, seed=1):
    return random.Random(seed).randbytes(size)


def test_a_line_that_is_cut_anywhere_delivers_the_same_file(place):
    chance, data = random.Random(3), film(3 * MB)
    plans = [Plan(cut_after=40), Plan(cut_after=300), Plan(swallow_answer=True), *(
        Plan(cut_after=chance.randrange(1, MB), abruptly=chance.random() < 0.5, swallow_answer=chance.random() < 0.2) for _n in range(12))]
    line = Line(place.server.port, lambda: plans.pop(0) if plans else Plan())
    path = place.tus.create(len(data))
    place.by(line).send(path, io.BytesIO(data), len(data), piece=MB)
    line.close()
    assert not plans and hashlib.sha256(data).hexdigest() in place.digest(path)


def test_what_went_through_before_the_cut_is_not_sent_again(place):
    data = film(2 * MB)
    path = place.tus.create(len(data))
    line = Line(place.server.port, lambda: Plan(cut_after=MB + MB // 2))
    with pytest.raises((OSError, http.client.HTTPException)):
        place.by(line).append(path, 0, data)
    here = settled(place.tus, path)
    line.close()
    assert MB <= here <= line.passed[0].body <= MB + MB // 2


def settled(tus, path):
    """The offset once the cut connection's bytes have all been written."""
    deadline, before = time.monotonic() + 10, -1
    while time.monotonic() < deadline:
        here = tus.offset(path)
        if here == before:
            return here
        before = here
        time.sleep(0.2)
    raise AssertionError("the offset goes on moving")


def test_an_answer_that_never_came_means_the_file_is_here(place):
    data = film(100_000)
    path = place.tus.create(len(data))
    line = Line(place.server.port, lambda: Plan(swallow_answer=True))
    with pytest.raises((OSError, http.client.HTTPException)):
        place.by(line).append(path, 0, data)
    line.close()
    assert place.tus.offset(path) == len(data) and hashlib.sha256(data).hexdigest() in place.digest(path)


def test_a_server_that_is_killed_goes_on_where_it_was(place):
    data = film(6 * MB)
    path, line = place.tus.create(len(data)), Line(place.server.port, rate=4 * MB)
    asked, sending = [], []
    sending = threading.Thread(target=place.by(line).send, args=(path, io.BytesIO(data), len(data)), kwargs={"asked": asked.append})
    sending.start()
    for _n in range(2):
        time.sleep(0.4)
        place.server.kill()
        place.server.start()
    sending.join(60)
    line.close()
    assert not sending.is_alive() and hashlib.sha256(data).hexdigest() in place.digest(path)
    assert asked == sorted(asked) and asked[-1] > 0


def test_a_phone_that_vanished_holds_nobody_up(small_place):
    data = film(MB)
    path, line = small_place.tus.create(len(data)), Line(small_place.server.port, lambda: Plan(hang_after=MB // 2))
    vanished = threading.Thread(target=_ignore(small_place.by(line).append), args=(path, 0, data), daemon=True)
    vanished.start()
    until(lambda: line.passed and line.passed[0].is_cut)
    here = settled(small_place.tus, path)
    assert 0 < here < len(data)
    assert small_place.tus.append(path, here, data[here:]).status == 204
    assert hashlib.sha256(data).hexdigest() in small_place.digest(path)
    line.close()


def _ignore(ask):
    def asked(*args):
        try:
            ask(*args)
        except (OSError, http.client.HTTPException):
            pass
    return asked


def until(holds, within_s=20):
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_of_two_senders_at_the_same_place_one_writes(place):
    data = film(2 * MB)
    path, statuses = place.tus.create(len(data)), []
    both = [threading.Thread(target=lambda: statuses.append(Tus(place.server.port, place.account).append(path, 0, data).status)) for _n in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(30)
    place.tus.send(path, io.BytesIO(data), len(data))
    assert statuses.count(204) <= 1 and hashlib.sha256(data).hexdigest() in place.digest(path)


def test_a_body_in_chunks_without_a_length_arrives(place):
    data = film(300_000)
    path = place.tus.create(len(data))
    one = http.client.HTTPConnection("127.0.0.1", place.server.port, timeout=30)
    headers = {"Tus-Resumable": "1.0.0", "Cookie": place.account.cookie, "X-CSRF-Token": place.account.token, "Upload-Offset": "0",
               "Content-Type": "application/offset+octet-stream", "Transfer-Encoding": "chunked"}
    one.request("PATCH", path, (data[n:n + 50_000] for n in range(0, len(data), 50_000)), headers, encode_chunked=True)
    assert one.getresponse().status == 204
    one.close()
    assert hashlib.sha256(data).hexdigest() in place.digest(path)


def test_while_slow_senders_take_every_place_pages_answer_and_one_more_sender_is_told_to_wait(small_place):
    accounts = [small_place.account] + [_teacher(small_place, n) for n in range(3)]
    line, data = Line(small_place.server.port, rate=10_000), film(MB)
    senders = [(Tus(small_place.server.port, accounts[n // 3]), Tus(line.port, accounts[n // 3])) for n in range(STREAMS)]
    paths = [direct.create(MB) for direct, _slow in senders]
    for (_direct, slow), path in zip(senders, paths, strict=True):
        threading.Thread(target=_ignore(slow.append), args=(path, 0, data), daemon=True).start()
    until(lambda: sum(p.body > 0 for p in line.passed) == STREAMS)
    for _n in range(20):
        one = http.client.HTTPConnection("127.0.0.1", small_place.server.port, timeout=10)
        one.request("GET", "/courses")
        assert one.getresponse().status == 200
        one.close()
    late = Tus(small_place.server.port, accounts[3])
    refused = late.append(late.create(1000), 0, film(1000))
    assert refused.status == 503 and refused.headers["retry-after"]
    line.close()


def _teacher(place, n):
    phone = f"1380000010{n}"
    with place.app.test_request_context(), writing():
        make_person(phone, f"老师{n}", "instructor")
    return sign_in(place.server.port, phone, PASSWORD)
