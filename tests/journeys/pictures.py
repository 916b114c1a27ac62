"""Pictures of a journey, for who was not there: GUANXUE_PICTURES names the folder they go to; without it nothing is taken."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from playwright.sync_api import Locator, Page
from tests.gallery import keep

from guanxue.config import ROOT

A_ROW = 4  # pictures beside one another


class Album:
    """The pictures of one journey, numbered as they are taken, and a page that shows them. `journey` is its file."""

    def __init__(self, title: str, journey: str) -> None:
        self.folder = Path(os.environ["GUANXUE_PICTURES"]) if os.environ.get("GUANXUE_PICTURES") else None
        self.title, self._journey, self._taken = title, Path(journey).relative_to(ROOT), []

    def take(self, page: Page, words: str, at: Locator | None = None) -> None:
        """What a phone or a desk shows, from the top or with `at` just below it."""
        if self.folder is None:
            return
        if at is None:
            page.evaluate("scrollTo(0, 0)")
        else:
            at.evaluate("(e) => scrollTo(0, e.getBoundingClientRect().top + scrollY - 12)")
        page.wait_for_timeout(400)  # pictures arrive, what moves comes to rest
        self._keep(page.screenshot(), words)

    def take_paper(self, pdf: Path, words: str) -> None:
        """The first sheet of a PDF."""
        if self.folder is None:
            return
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["pdftoppm", "-png", "-r", "80", "-f", "1", "-singlefile", str(pdf), f"{folder}/sheet"], check=True)
            self._keep(Path(folder, "sheet.png").read_bytes(), words)

    def _keep(self, png: bytes, words: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{len(self._taken) + 1:02}.webp"
        keep(png, self.folder / name)
        self._taken.append((name, words))

    def bind(self) -> None:
        """Write the page that shows them in their order; pictures of an earlier run that are not among them go."""
        if self.folder is None:
            return
        kept = {name for name, _words in self._taken}
        for old in self.folder.glob("*.webp"):
            if old.name not in kept:
                old.unlink()
        lines = [f"# {self.title}", "", f"What people saw in one run of `{self._journey}`; with `GUANXUE_PICTURES` set to this folder it"
                 " takes them anew.", ""]
        for n in range(0, len(self._taken), A_ROW):
            row = self._taken[n:n + A_ROW]
            lines += ["| " + " | ".join(words for _name, words in row) + " |", "| --- " * len(row) + "|",
                      "| " + " | ".join(f"![{words}]({name})" for name, words in row) + " |", ""]
        (self.folder / "README.md").write_text("\n".join(lines), "utf-8")
