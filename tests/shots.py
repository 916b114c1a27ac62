"""Photographs of every step of the three roads, at 360 and 1280 wide, into docs/shots: `make shots`."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright
from tests.journeys import roads
from tests.journeys.site import DESKTOP, PHONE, chromium, running_site

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "shots"
# A pixel of a phone is drawn twice as fine; a desktop's picture is drawn fine and then made small again.
SIZES = (("360", PHONE, 2), ("1280", DESKTOP, 1))
LARGEST_BYTES = 60_000


def camera(road: str) -> Callable[[str, Page], None]:
    """snap(name, page): the page as it is, at both sizes; pictures are numbered in the order of the road."""
    taken: list[str] = []

    def snap(name: str, page: Page) -> None:
        taken.append(name)
        before = page.viewport_size
        for width, size, scale in SIZES:
            page.set_viewport_size(size)
            page.evaluate("document.querySelector(':target') && document.querySelector(':target').scrollIntoView()")
            page.wait_for_timeout(500)  # pictures arrive and are drawn
            keep(page.screenshot(), FOLDER / f"{road}-{len(taken):02}-{name}-{width}.webp", size["width"] * scale)
        page.set_viewport_size(before)

    return snap


def keep(png: bytes, path: Path, width: int) -> None:
    """A small file of the picture: as good as fits into LARGEST_BYTES."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture = picture.resize((width, picture.height * width // picture.width), Image.Resampling.LANCZOS)
    for quality in (84, 72, 60, 45):
        packed = io.BytesIO()
        picture.save(packed, "WEBP", quality=quality, method=6)
        if packed.tell() <= LARGEST_BYTES:
            break
    path.write_bytes(packed.getvalue())


def main() -> None:
    """Walk the roads with a camera."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.webp"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder, running_site(Path(folder), more_courses=True) as site:
        for course in sorted((site.folder / "courses").glob("*/course.yaml")):
            site.wait_until_playable(course.parent.name, within_s=600)
        with sync_playwright() as playwright:
            browser = chromium(playwright)

            def open_page(viewport=PHONE, **options) -> Page:
                context = browser.new_context(viewport=viewport, locale="zh-CN", timezone_id="Asia/Shanghai",
                                              device_scale_factor=2, **options)
                return context.new_page()

            for road in (roads.learner, roads.instructor, roads.curator):
                road(site, open_page, camera(road.__name__))
            browser.close()
    files = sorted(FOLDER.glob("*.webp"))
    print(f"{len(files)} 张，{sum(f.stat().st_size for f in files) // 1024} KB：{FOLDER}", file=sys.stderr)


if __name__ == "__main__":
    main()
