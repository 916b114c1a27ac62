"""What takes turns leaves nothing out: a few commits later everything was tried."""

from __future__ import annotations

from tests import turns

NAMES = [f"tests/somewhere.py::test_{n}" for n in range(200)]
PAIR = ["sqlite", "postgresql"]


def test_two_turns_try_every_story_on_both_databases(monkeypatch):
    tried = set()
    for now in (7, 8):
        monkeypatch.setenv("GUANXUE_TURN", str(now))
        this = {(name, on) for name in NAMES for on in PAIR if turns.has_its_turn(name, PAIR, on)}
        assert len(this) == len(NAMES) and len({on for _name, on in this}) == 2
        tried |= this
    assert len(tried) == 2 * len(NAMES)


def test_three_turns_read_every_page_once(monkeypatch):
    read = []
    for now in (7, 8, 9):
        monkeypatch.setenv("GUANXUE_TURN", str(now))
        read += turns.part(NAMES, 3)
    assert sorted(read) == sorted(NAMES)


def test_without_a_turn_everything_runs(monkeypatch):
    monkeypatch.delenv("GUANXUE_TURN", raising=False)
    assert turns.part(NAMES, 3) == NAMES and all(turns.has_its_turn(name, PAIR, on) for name in NAMES for on in PAIR)


def test_files_that_wait_are_spread_among_the_others_and_stay_whole():
    found = [(f"tests/a/test_{n}.py", t) for n in range(20) for t in range(10)]
    found += [(f"tests/journeys/test_{n}.py", t) for n in range(5) for t in range(3)]
    spread = turns.spread(found, lambda test: test[0])
    assert sorted(spread) == sorted(found)
    files = list(dict.fromkeys(name for name, _t in spread))
    assert [name for name, _t in spread] == [name for name, _t in sorted(spread, key=lambda test: files.index(test[0]))]
    waiting = [n for n, name in enumerate(files) if "journeys" in name]
    assert waiting[0] < 2 and waiting[-1] < len(files) - 3
    assert {later - earlier for earlier, later in zip(waiting, waiting[1:], strict=False)} <= {4, 5}
    assert turns.spread([], str) == []
