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
