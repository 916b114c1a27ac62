"""bench/RESULTS.md: one section a measurement, each written anew by its own run; the others stay."""

from __future__ import annotations

import os
import platform
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from measure import Figures

FILE = Path(__file__).resolve().parent / "RESULTS.md"
HEAD = """# Results

Written by `make bench`; see README.md for how to read it. Ratios within one run count; absolute figures are this machine's.
"""


@dataclass(frozen=True)
class Verdict:
    """One goal: what was measured, the goal, and whether smaller (or larger) is better."""

    what: str
    ours: str
    yardstick: str
    value: float
    goal: float
    is_most: bool = True  # the goal is the most it may be; else the least
    unit: str = "×"

    @property
    def is_met(self) -> bool:
        """Is it within the goal?"""
        return self.value <= self.goal if self.is_most else self.value >= self.goal

    def line(self) -> str:
        """A row of the table."""
        far = abs(self.value - self.goal) / self.goal * 100 if self.goal else 0
        verdict = "met" if self.is_met else f"**missed** by {far:.0f} %" if self.goal else "**missed**"
        sign = "≤" if self.is_most else "≥"
        return f"| {self.what} | {self.ours} | {self.yardstick} | {self.value:.4g} {self.unit} | {sign} {self.goal:g} {self.unit} | {verdict} |"


def verdicts(rows: list[Verdict]) -> str:
    """The table of goals."""
    return "\n".join(["| goal | ours | yardstick | figure | goal | verdict |", "|---|---|---|---|---|---|", *(r.line() for r in rows)])


def load_table(rows: list[Figures]) -> str:
    """What the rounds saw."""
    lines = ["| who | server CPU ms a request | spread | requests/s | spread | p50 ms | p95 ms | p99 ms | bytes | errors | rounds |",
             "|---|---|---|---|---|---|---|---|---|---|---|"]
    lines += [f"| {f.name} | {f.cpu_ms:.3f} | {f.cpu_spread:.0%} | {f.rate:,.0f} | {f.rate_spread:.0%} | {f.p50:.1f} | {f.p95:.1f} "
              f"| {f.p99:.1f} | {f.bytes:,.0f} | {f.errors} | {f.rounds} |" for f in rows]
    return "\n".join(lines)


def write(title: str, body: str) -> None:
    """Put the section of that title into RESULTS.md, in place of what it was."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    machine = (f"{os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}, Python {platform.python_version()}, "
               f"SQLite {sqlite3.sqlite_version}")
    sections = _sections()
    sections[title] = f"## {title}\n\n{now}; {machine}.\n\n{body.strip()}\n"
    FILE.write_text("\n".join([HEAD, *(sections[t] for t in sorted(sections))]), "utf-8")


def _sections() -> dict[str, str]:
    if not FILE.exists():
        return {}
    found: dict[str, str] = {}
    for part in FILE.read_text("utf-8").split("\n## ")[1:]:
        found[part.splitlines()[0]] = "## " + part.rstrip() + "\n"
    return found
