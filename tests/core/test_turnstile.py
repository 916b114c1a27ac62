"""Pages go through a few at a time; whoever waits for a slow line steps outside; those who are gone are noticed."""

from __future__ import annotations

import socket
import threading

import pytest

from guanxue import serving
from guanxue.core.errors import Crowded
from guanxue.core.web.turnstile import PAGES, STREAMS, THREADS, Turnstile, outside


class Crowd:
    """An application whose requests wait until they are let go; counts who is inside."""

    def __init__(self):
        self.inside, self.most, self.lock, self.go = 0, 0, threading.Lock(), threading.Event()
        self.entered = threading.Semaphore(0)

    def __call__(self, environ, start_response):
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.entered.release()
        if environ.get("stream"):
            with outside(environ):
                self.go.wait(10)
        else:
            self.go.wait(10)
        with self.lock:
            self.inside -= 1
        return [b"ok"]


def start(turnstile, count, **environ):
    threads = [threading.Thread(target=turnstile, args=({**environ}, None)) for _n in range(count)]
    for one in threads:
        one.start()
    return threads


def test_no_more_pages_than_there_are_places_and_nobody_is_forgotten():
    crowd = Crowd()
    threads = start(Turnstile(crowd), PAGES * 2)
    assert all(crowd.entered.acquire(timeout=10) for _n in range(PAGES)) and not crowd.entered.acquire(timeout=0.2)
    crowd.go.set()
    for one in threads:
        one.join(10)
    assert crowd.most == PAGES and crowd.inside == 0


def test_no_more_wait_outside_than_leave_threads_for_pages():
    crowd = Crowd()
    turnstile = Turnstile(crowd)
    threads = start(turnstile, STREAMS, stream=True)
    assert all(crowd.entered.acquire(timeout=10) for _n in range(STREAMS))
    with pytest.raises(Crowded) as refused:
        turnstile({"stream": True}, None)
    assert refused.value.status == 503 and refused.value.retry_after_s > 0
    crowd.go.set()
    for one in threads:
        one.join(10)
    assert turnstile({"stream": True}, None) == [b"ok"]


def test_senders_that_wait_outside_leave_pages_their_places():
    crowd = Crowd()
    turnstile = Turnstile(crowd)
    threads = start(turnstile, STREAMS, stream=True)
    assert all(crowd.entered.acquire(timeout=10) for _n in range(STREAMS))
    threads += start(turnstile, PAGES)
    assert all(crowd.entered.acquire(timeout=10) for _n in range(PAGES)) and THREADS == STREAMS + PAGES
    crowd.go.set()
    for one in threads:
        one.join(10)
    assert crowd.inside == 0


def test_a_page_that_fails_gives_its_place_back():
    def broken(_environ, _start_response):
        raise ValueError
    turnstile = Turnstile(broken)
    for _n in range(PAGES * 3):
        try:
            turnstile({}, None)
        except ValueError:
            continue


def test_outside_without_a_turnstile_is_nothing():
    with outside({}):
        pass


def test_whoever_connects_is_asked_for_signs_of_life_once_silent(tmp_path):
    with socket.socket(socket.AF_UNIX) as other, socket.create_server(("127.0.0.1", 0)) as listener:
        other.bind(str(tmp_path / "other"))
        other.listen()  # opened before: it is looked at and passed over
        port = listener.getsockname()[1]
        serving.notice_the_gone(port, within_s=5)
        with socket.create_connection(("127.0.0.1", port)):
            accepted, _address = listener.accept()
            with accepted:
                assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == serving.QUIET_S
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) == serving.PROBES
