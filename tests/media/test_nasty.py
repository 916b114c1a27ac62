"""A folder of nasty inputs: each ends as the table says, soon, in a sentence; nothing beside it is opened, nothing fetched."""

from __future__ import annotations

import errno
import os
import socket
import threading
import time

import pytest
from tests.clients import is_chinese
from tests.media import nasty

from guanxue import media
from guanxue.media import encoder, making, probing
from guanxue.media.errors import BadVideo

ROWS = {row["name"]: row for row in nasty.rows()}
LONGEST_S = 60  # of a look; far above what any takes on a busy machine, far below a hang


class Watch:
    """A named pipe that tells whether anybody opened it, and a socket that tells whether anybody called."""

    def __init__(self, folder) -> None:
        self.pipe, self.opened = folder / "canary.mp4", False
        os.mkfifo(self.pipe)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.address = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._ends.wait(0.002):
            try:
                os.close(os.open(self.pipe, os.O_WRONLY | os.O_NONBLOCK))
                self.opened = True
            except OSError as error:
                assert error.errno == errno.ENXIO  # nobody reads it

    def was_called(self) -> bool:
        try:
            self.socket.accept()[0].close()
            return True
        except BlockingIOError:
            return False

    def end(self) -> None:
        self._ends.set()
        self._thread.join(5)
        self.socket.close()


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Every nasty input by its name, and what watches over them."""
    folder = tmp_path_factory.mktemp("nasty")
    watch = Watch(folder)
    yield nasty.make_all(folder, watch.address, watch.pipe), watch
    watch.end()


def test_the_table_has_a_line_for_each_input_and_there_are_many():
    assert sorted(ROWS) == sorted(nasty.MAKERS) and len(ROWS) >= 60
    assert {row["verdict"] for row in ROWS.values()} == {"taken", "refused"}


def test_the_watch_notices_who_opens_and_who_calls(tmp_path):
    watch = Watch(tmp_path)
    fd = os.open(watch.pipe, os.O_RDONLY | os.O_NONBLOCK)
    deadline = time.monotonic() + 5
    while not watch.opened and time.monotonic() < deadline:
        time.sleep(0.01)
    os.close(fd)
    socket.create_connection(watch.socket.getsockname()).close()
    time.sleep(0.05)
    assert watch.opened and watch.was_called()
    watch.end()


@pytest.mark.parametrize("name", sorted(ROWS))
def test_an_input_ends_as_the_table_says(inputs, tmp_path, name):
    files, watch = inputs
    row, before, began = ROWS[name], sorted(files[name].parent.iterdir()), time.monotonic()
    found = media.examine(files[name])
    assert time.monotonic() - began < LONGEST_S
    job = _job(files[name], tmp_path / "out")
    if row["verdict"] == "refused":
        sentence = str(found.fault)
        assert row["says"] in sentence and is_chinese(sentence) and "请" in sentence, sentence
        assert str(files[name].parent) not in sentence and isinstance(job, str)
        assert row["says"] in job, "the job says something else than the look before"
    else:
        assert found.fault is None, str(found.fault)
        assert isinstance(job, dict), job
        assert set(row["says"].split()) <= set(job["done"]) | {"-"}, job["done"]
        made = probing.scanned_duration_ms(tmp_path / "out" / "video.mp4")
        assert abs(made - found.facts["duration_s"] * 1000) <= 260, (made, found.facts)
    assert not watch.opened and not watch.was_called(), "it reached beyond its own file"
    assert sorted(files[name].parent.iterdir()) == before


def _job(path, out) -> dict | str:
    """What the worker makes of it: facts, or the sentence it fails with."""
    out.mkdir()
    try:
        return making.begin(path, out, lambda _stage, _fraction: None, lambda: False)
    except BadVideo as problem:
        return str(problem)


def test_a_film_that_is_refused_costs_no_encoding(inputs, monkeypatch, tmp_path):
    files, _watch = inputs
    monkeypatch.setattr(encoder, "encode", lambda *_a, **_k: pytest.fail("it was encoded"))
    for name in ("apart", "five-hours", "huge-header", "many-streams"):
        began = time.monotonic()
        assert isinstance(_job(files[name], tmp_path / name), str)
        assert time.monotonic() - began < LONGEST_S
