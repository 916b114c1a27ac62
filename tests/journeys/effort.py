"""How much a road asks of somebody: screens that come up, fields filled or chosen, taps. Held against a committed table."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page


class Effort:
    """One person before one page; `steps` maps each step to [screens, fields, taps]."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.steps: dict[str, list[int]] = {}
        self._now = [0, 0, 0]
        page.on("framenavigated", self._note)

    def _note(self, frame) -> None:
        if frame == self.page.main_frame:
            self._now[0] += 1

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Everything done inside is counted to this step."""
        self._now = self.steps.setdefault(name, [0, 0, 0])
        yield

    def fill(self, field: Locator, words: str) -> None:
        """Type words, or paste them: one field."""
        field.fill(words)
        self._now[1] += 1

    def choose(self, field: Locator, **what: str) -> None:
        """Choose from a list: one field."""
        field.select_option(**what)
        self._now[1] += 1

    def give(self, field: Locator, *files: Path) -> None:
        """Choose files: one field."""
        field.set_input_files(list(files))
        self._now[1] += 1

    def tap(self, thing: Locator) -> None:
        """A link, a button, a box."""
        thing.click()
        self._now[2] += 1

    def compared(self, table: Path) -> list[str]:
        """What goes beyond the table, in sentences; a step that is missing on either side is one too."""
        with table.open(encoding="utf-8", newline="") as f:
            most = {row["step"]: [int(row[name]) for name in ("screens", "fields", "taps")] for row in csv.DictReader(f)}
        told = [f"{name}: in one of the two only" for name in most.keys() ^ self.steps.keys()]
        for name in most.keys() & self.steps.keys():
            told += [f"{name}: {now} {what}, at most {bound}" for what, now, bound in
                     zip(("screens", "fields", "taps"), self.steps[name], most[name], strict=True) if now > bound]
        return told
