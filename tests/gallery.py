"""Every page of the product, photographed: `make gallery` writes docs/gallery.

The pages are those of the route table, seen by the first role that is given one there, and every state the accessibility
walk knows (names of thirty characters, nothing, one thing, a thousand, a film that failed, a reversed credit); what only
comes after a form is walked to. A page that is nowhere in docs/gallery/index.md fails tests/test_gallery.py.
"""

from __future__ import annotations

import io
import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import text
from tests import accessibility, walks
from tests.accessibility import STATES, Visit, Walker
from tests.clients import Learner
from tests.factories import PASSWORD
from tests.journeys.site import COURSE, DESKTOP, PHONE, SLUG, TEXT, VIDEO, chromium, play, watch_to

from guanxue import accounts, courses, jobs, search
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "gallery"
INDEX = FOLDER / "index.md"
SIZES = (("360", PHONE, "light"), ("360-dark", PHONE, "dark"), ("1280", DESKTOP, "light"))
MOST_BYTES = 24_000
# Routes that are no pages: files, data for programs and operators, an address that only leads on.
NO_PAGES = ("/api/v1/", "/static/", "/media/", "/covers/", "/healthz", "/readyz", "/metrics", "/suggest", "/sw.js", "/manifest.webmanifest",
            "/.well-known/", "/credentials/", "/verify/guanxue-check.html",
            "/admin/policies/new", "/office/programmes/new")
NO_PAGE_ENDS = ("/files/<proof>", "/pending/<proof>", "/office/recognition/find", ".json", ".svg", ".vtt", ".srt", ".xlsx", ".<form>", ".zip", ".txt", ".pdf", ".jwt", "/questions/export")
ROLES = {
    "anonymous": "A visitor", "learner": "A learner", "instructor": "An instructor", "reviewer": "A course reviewer",
    "curator": "A town's curator", "enterprise manager": "An enterprise's manager", "inspector": "An inspector",
    "support agent": "A support agent", "credit officer": "A credit officer", "administrator": "An administrator",
}
SAME_ROLE = {"student": "learner", "late": "learner", "other instructor": "instructor"}


def watch(page: Page) -> None:
    """Let the film play to its fourth second."""
    play(page)
    watch_to(page, 4)


MORE = [
    ("/learn/<course>/<lesson>", f"/learn/{SLUG}/{VIDEO}", "student", "a film before it is played", None),
    ("/learn/<course>/<lesson>", f"/learn/{SLUG}/{VIDEO}", "student", "a film that plays", watch),
    ("/learn/<course>/<lesson>", f"/learn/{SLUG}/{TEXT}", "student", "a text is read", None),
    ("/", "/", "student", "of somebody who studies", None),
    ("/courses", "/courses?kind=general-literacy&level=1", "anonymous", "one thing or nothing left", None),
    ("/courses", "/courses?q=xqzwvk", "anonymous", "nothing like it", None),
    ("/courses", "/courses?q=急救", "anonymous", "found by a word", None),
    ("/courses/<slug>", "/courses/cpr-first-aid", "anonymous", "one of the complete courses", None),
    ("/towns/<slug>", "/towns/changan", "anonymous", "a town without a track of the curator's", None),
    ("/me", "/me", "late", "of somebody who begins", None),
    ("/rules/<code>/<version>", "/rules/light/1", "anonymous", "a version that was replaced", None),
    ("/rules/credits/<version>", "/rules/credits/1", "anonymous", "", None),
    ("/admin/policies/<code>", "/admin/policies/subsidised", "administrator", "", None),
    ("/office/programmes/<code>", "/office/programmes/dual-certificate", "administrator", "with parts and caps", None),
    ("/me/goals/<code>", "/me/goals/dual-certificate", "student", "with parts and caps", None),
    ("/verify", "/verify?code=AAAA-BBBB-CCCC", "anonymous", "a code that is not known", None),
]


@dataclass(frozen=True)
class Picture:
    """One page in one state: where its three files begin, whose it is and what one sees."""

    name: str
    rule: str
    role: str
    words: str


def is_page(rule: str) -> bool:
    """Does this route of the table show a page?"""
    return not rule.startswith(NO_PAGES) and not rule.endswith(NO_PAGE_ENDS)


class Photographer:
    """Takes the pictures and remembers them."""

    def __init__(self, app, address: str, walker: Walker) -> None:
        self.app, self.address, self.walker = app, address, walker
        self.taken: list[Picture] = []
        self._texts = {r.rule: _first_line(app.view_functions[r.endpoint]) for r in app.url_map.iter_rules() if "GET" in r.methods}

    def visit(self, rule: str, address: str, role: str, state: str, act: Callable[[Page], None] | None) -> None:
        """Go there as that role and photograph it."""
        page = self.walker._context(Visit(rule, address, role)).new_page()
        try:
            page.goto(self.address + address)
            if act:
                act(page)
            self.shoot(page, rule, role, state)
        finally:
            page.close()

    def shoot(self, page: Page, rule: str, role: str, state: str = "") -> None:
        """The page as it stands, three times."""
        role = SAME_ROLE.get(role, role)
        words = " · ".join(filter(None, (self._texts[rule], state)))
        stem = re.sub(r"[^a-z0-9]+", "-", f"{role} {re.sub('<[^>]*:', '', rule).replace('<', '')} {state}".lower()).strip("-")
        stem = stem if rule != "/" else f"{stem}-home"
        name = f"{stem}-{1 + sum(p.name.startswith(stem + '-') or p.name == stem for p in self.taken)}" if any(
            p.name == stem for p in self.taken) else stem
        before = page.viewport_size
        page.wait_for_timeout(300)  # scripts have begun
        for suffix, size, scheme in SIZES:
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.wait_for_timeout(150)  # pictures arrive and are drawn
            keep(page.screenshot(), FOLDER / f"{name}-{suffix}.webp")
        page.set_viewport_size(before)
        self.taken.append(Picture(name, rule, role, words))
        print(f"\r{len(self.taken)} {name[:60]:60}", end="", file=sys.stderr, flush=True)


def _first_line(view: Callable) -> str:
    return (view.__doc__ or "").strip().splitlines()[0].rstrip(".") if view.__doc__ else ""


def keep(png: bytes, path: Path) -> None:
    """A small file of the picture: as good as fits."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for quality, scale in ((55, 1), (40, 1), (28, 1), (40, 0.75), (28, 0.6)):
        packed = io.BytesIO()
        size = (round(picture.width * scale), round(picture.height * scale))
        picture.resize(size, Image.Resampling.LANCZOS).save(packed, "WEBP", quality=quality, method=4)
        if packed.tell() <= MOST_BYTES:
            break
    path.write_bytes(packed.getvalue())


# ---- what only comes after a form


class Messages:
    """The text messages that the site sent."""

    def __init__(self, app, path: Path) -> None:
        self.app, self.path = app, path
        app.extensions["guanxue.settings"] = replace(app.extensions["guanxue.settings"], sms=f"file://{path}")

    def code(self, phone: str) -> str:
        """The newest code that came to the number."""
        jobs.run_waiting(self.app)
        lines = [json.loads(line) for line in self.path.read_text("utf-8").splitlines()]
        return [m for m in lines if m["phone"] == phone and "code" in m["params"]][-1]["params"]["code"]


def fill_in(page: Page, **fields: str) -> None:
    """Fill the fields of the page's form in and send it."""
    for name, value in fields.items():
        page.locator(f"main form [name={name}]").first.fill(value)
    page.locator("main form", has=page.locator(f"[name={next(iter(fields))}]")).locator("button.button").first.click()
    page.wait_for_load_state()


def after_forms(take: Photographer, messages: Messages) -> Iterator[tuple[str, Callable[[Page], None]]]:
    """(whose browser, what they do and photograph)."""

    def forgotten(page: Page) -> None:
        page.goto(take.address + "/forgot")
        fill_in(page, phone=walks.LEARNER)
        take.shoot(page, "/forgot/code", "anonymous")
        fill_in(page, code=messages.code(walks.LEARNER))
        take.shoot(page, "/forgot/password", "anonymous")

    def compared(page: Page) -> None:
        page.goto(take.address + f"/verify/{code_of(take.app, walks.LEARNER)}")
        fill_in(page, typed="周工")
        take.shoot(page, "/verify/<code>", "anonymous", "a name was compared")

    def by_code(page: Page) -> None:
        page.goto(take.address + "/login/code")
        take.shoot(page, "/login/code", "anonymous")
        fill_in(page, phone=walks.OTHER)
        take.shoot(page, "/login/code/enter", "anonymous")
        fill_in(page, code="000000")
        take.shoot(page, "/login/code/enter", "anonymous", "a wrong code")
        fill_in(page, code=messages.code(walks.OTHER))
        take.shoot(page, "/login/whose", "anonymous", "the number was quiet for long")

    def new_here(page: Page) -> None:
        page.goto(take.address + "/register")
        take.shoot(page, "/register", "anonymous", "where codes can be sent")
        fill_in(page, phone="13800000099")
        take.shoot(page, "/register/code/enter", "anonymous")
        fill_in(page, code=messages.code("13800000099"))
        take.shoot(page, "/register", "anonymous", "the number is proved")

    def two_steps(page: Page) -> None:
        page.goto(take.address + "/login")
        fill_in(page, phone=walks.ADMINISTRATOR, password=PASSWORD)
        take.shoot(page, "/login/second-factor", "administrator")

    def another_number(page: Page) -> None:
        page.goto(take.address + "/me/settings/phone")
        fields = {n: v for n, v in (("phone", "13800000098"), ("password", PASSWORD)) if page.locator(f"main form [name={n}]").count()}
        fill_in(page, **fields)
        take.shoot(page, "/me/settings/phone/code", "learner")

    def two_accounts(page: Page) -> None:
        page.goto(take.address + "/me/settings/merge")
        fill_in(page, phone=walks.LEARNER, password=PASSWORD)
        take.shoot(page, "/me/settings/merge/preview", "learner")
        page.locator("main form[action$='confirm'] button.button").first.click()
        page.wait_for_load_state()
        page.goto(take.address + "/me/credits")
        take.shoot(page, "/me/credits", "learner", "a refused credit of a merged account")
        page.goto(take.address + "/me/settings/merge")
        take.shoot(page, "/me/settings/merge", "learner", "two accounts became one")
        page.locator("main a[href*='/me/settings/merge/']").first.click()
        page.wait_for_load_state()
        take.shoot(page, "/me/settings/merge/<code>", "learner")
        code = page.url.rpartition("/")[2]
        take.visit("/admin/merges/<code>", f"/admin/merges/{code}", "administrator", "", None)

    yield "anonymous", forgotten
    yield "anonymous", by_code
    yield "anonymous", compared
    yield "anonymous", new_here
    yield "anonymous", two_steps
    yield "late", another_number
    yield "student", two_accounts


def make_a_film(app, folder: Path) -> None:
    """The journeys' short course, really narrated, with the student in it. Nobody makes the other films meanwhile."""
    for name, words in COURSE.items():
        path = folder / SLUG / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(words, "utf-8")
    with app.test_request_context(), writing():
        session.execute(text("DELETE FROM jobs_job"))
        courses.import_folder(SYSTEM, folder / SLUG)
    jobs.run_waiting(app)
    Learner(app, accessibility.STUDENT).call("PUT", f"/courses/{SLUG}/enrolment", 200)
    with app.test_request_context():
        search.rebuild()


def code_of(app, phone: str) -> str:
    """The code of a credit of that person's."""
    with app.test_request_context():
        return session.scalar(text("SELECT a.code FROM creditbank_award a JOIN accounts_person p ON p.id = a.person_id WHERE p.phone = :phone"),
                              {"phone": phone})


# ---- all together


def _nearest(role: str) -> int:
    """The role a page was made for comes first: an administrator may see almost everything."""
    return list(ROLES).index(SAME_ROLE.get(role, role))



def photograph(folder: Path) -> tuple[list[Picture], list[str]]:
    """Take every picture; those taken, and what could not be."""
    faults = []
    with accessibility.filled_site(folder) as (app, address), sync_playwright() as playwright:
        browser = chromium(playwright)
        make_a_film(app, folder)
        walker = Walker(app, address, browser)
        take, pages = Photographer(app, address, walker), walker.pages()
        for rule, (example, roles) in pages.items():
            if is_page(rule) and rule != "/learn/<course>/<lesson>":  # that example has no film; MORE has one
                take.visit(rule, example, min(roles, key=_nearest), "", None)
        for rule, example, role, state, act in [*STATES, *MORE]:
            take.visit(rule, example, role, state, act)
        take.visit("/verify/<code>", f"/verify/{code_of(app, walks.LEARNER)}", "anonymous", "a valid record", None)
        messages = Messages(app, folder / "messages.jsonl")
        with app.test_request_context(), writing():
            accounts.find_person_by_phone(walks.OTHER).seen_at = accounts.find_person_by_phone(walks.OTHER).seen_at.replace(year=2020)
        for role, act in after_forms(take, messages):
            page = walker.chromium.new_context(viewport=PHONE, locale="zh-CN", service_workers="block").new_page() if role == "anonymous" else (
                walker._context(Visit("", "", role)).new_page())
            page.context.set_default_timeout(8_000)
            try:
                act(page)
            except Exception as error:
                faults.append(f"{act.__name__}: {str(error).splitlines()[0]} at {page.url}")
        walker.close()
        browser.close()
    return take.taken, faults


def write_index(pictures: list[Picture]) -> None:
    """All pictures side by side, by role."""
    lines = ["# Every page", "", "On a phone (360 × 800) light and dark, and on a desk (1280 × 800). `make gallery` takes the pictures anew.", ""]
    for role, called in ROLES.items():
        mine = [p for p in pictures if p.role == role]
        if mine:
            lines += [f"## {called}", ""]
        for p in sorted(mine, key=lambda p: (p.rule, p.name)):
            lines += [f"**`{p.rule}`** {p.words}", "", "| light | dark | desk |", "| --- | --- | --- |",
                      "| " + " | ".join(f"![{p.words}]({p.name}-{suffix}.webp)" for suffix, _size, _scheme in SIZES) + " |", ""]
    INDEX.write_text("\n".join(lines), "utf-8")


def main() -> int:
    """Empty the folder, fill it, say what is there."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.webp"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        pictures, faults = photograph(Path(folder))
    write_index(pictures)
    files = sorted(FOLDER.glob("*.webp"))
    print(f"\n{len(pictures)} pages, {len(files)} pictures, {sum(f.stat().st_size for f in files) // 1024} KB: {FOLDER}", file=sys.stderr)
    print(*faults, sep="\n", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
