"""What would make every run too long takes turns from commit to commit.

`make test` names the turn (GUANXUE_TURN: how many commits there are), so that one commit is always tried alike and the next one
tries the rest. Without that setting everything runs: `make test GUANXUE_TURN=`, or pytest on a file.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
BOTH = "both_databases"  # the mark of a story that runs on each database in every run: what happens at one moment


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
