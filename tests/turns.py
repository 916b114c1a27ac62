"""What would make every run too long takes turns from commit to commit.

`make test` names the turn (GUANXUE_TURN: how many commits there are), so that one commit is always tried alike and the next one
tries the rest. Without that setting everything runs: `make test GUANXUE_TURN=`, or pytest on a file.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TypeVar

T = TypeVar("T")
BOTH = "both_databases"  # the mark of a story that runs on each database in every run: what happens at one moment
# Files that wait for browsers, servers or films more than they reckon.
WAIT = ("tests/journeys/", "tests/test_walks.py", "tests/test_serving.py", "tests/media/")


def turn() -> int | None:
    """The turn of this run; None where everything runs."""
    told = os.environ.get("GUANXUE_TURN", "")
    return int(told) if told.isdecimal() else None


def part(found: Sequence[T], of: int) -> list[T]:
    """Every so manieth, begun elsewhere in each turn; all of it where everything runs."""
    now = turn()
    return list(found) if now is None else list(found[now % of::of])


def has_its_turn(name: str, choices: Sequence[str], choice: str) -> bool:
    """Is it the turn of that one of the choices for what is called so? Names begin with different ones."""
    now = turn()
    return now is None or choices[(now + zlib.crc32(name.encode())) % len(choices)] == choice


def spread(found: Sequence[T], file_of: Callable[[T], str]) -> list[T]:
    """The same, file by file, those that wait spread evenly among those that reckon, the last of them well before the end.

    Dealt out in that order, films and browsers seldom wait beside each other while a core has nothing to do, and no long file
    is alone at the end.
    """
    files = [list(tests) for _name, tests in groupby(found, file_of)]
    waiting = [tests for tests in files if file_of(tests[0]).startswith(WAIT)]
    places = {id(tests): 0.85 * n / len(waiting) for n, tests in enumerate(waiting)}
    reckoning = sum(map(len, files)) - sum(map(len, waiting))
    gone = 0
    for tests in files:
        if id(tests) not in places:
            places[id(tests)] = gone / reckoning
            gone += len(tests)
    return [test for tests in sorted(files, key=lambda tests: places[id(tests)]) for test in tests]
