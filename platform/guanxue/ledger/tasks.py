"""Sealing, by the worker."""

from __future__ import annotations

from guanxue import ledger
from guanxue.core.db import writing


def seal(_job) -> None:
    """Sign a head for what was posted since the last one."""
    with writing():
        if ledger.size() > ledger.sealed_size():
            ledger.seal()
