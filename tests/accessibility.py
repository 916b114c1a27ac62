"""The accessibility walk: pages of every role in every language, light and dark, in every state we know, read by axe-core.

`make axe` walks all of it and writes docs/accessibility.md; the suite walks a selection that covers every page once.
Every rule of axe-core is on that says something about WCAG 2.2 A and AA, best practice, or is still an experiment; of the
AAA rules none. A finding is a violation at one element; what axe-core cannot decide by itself is counted beside.
"""

from __future__ import annotations

import re
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import axe_playwright_python
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy import text
from tests import walks
from tests.accounts.test_second_factor import set_up
from tests.clients import Learner
from tests.conftest import make_app, prepare
from tests.factories import GIFT, TEXT, make_course, make_person
from tests.journeys import site as sites
from werkzeug.serving import WSGIRequestHandler, make_server

from guanxue import accounts, courses, creditbank, demonstration, learning, media, search, tracks
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import db, session, writing
from guanxue.core.i18n import FIRST, languages
from guanxue.core.web import throttle
from guanxue.learning.models import Check
from guanxue.learning.presence import add_step, lock_presence
from guanxue.media.service import fail_asset

REPORT = Path(__file__).parents[1] / "docs" / "accessibility.md"
LANGUAGES = list(languages(Path(__file__).parents[1] / "translations"))
THEMES = ("light", "dark")
TALLEST = 12_000
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
RUN = """async (onlyColours) => {
  const rules = {};
  for (const rule of axe.getRules()) {
    const isOurs = !rule.tags.includes('wcag2aaa') && (!onlyColours || rule.tags.includes('cat.color'));
    rules[rule.ruleId] = { enabled: isOurs };
  }
  const told = await axe.run(document, { rules, resultTypes: ['violations', 'incomplete'] });
  const nodes = (results) => results.flatMap((r) => r.nodes.map((n) => [r.id, String(n.target), n.html.slice(0, 240), n.failureSummary]));
  return { violations: nodes(told.violations), incomplete: nodes(told.incomplete) };
}"""
# What axe-core does not look at, measured at 320 px, at 200 % text and as it stands: nothing is cut off or runs out of the
# window (1.4.4, 1.4.10), nothing moves where motion is reduced (2.3.3), help stands where it always stands (3.2.6), fields
# say what they are for, and a password may be pasted (1.3.5, 3.3.8).
ROOM = """() => {
  const said = (e) => e.outerHTML.slice(0, 160), shown = (e) => e.getClientRects().length && getComputedStyle(e).visibility !== 'hidden';
  const all = [...document.querySelectorAll('body *')].filter(shown), told = [];
  if (document.documentElement.scrollWidth > innerWidth) {
    const out = all.filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.map-window, pre, table'));
    (out.length ? out.slice(-2) : [document.body]).forEach((e) => told.push(['runs out of the window', said(e)]));
  }
  const ownName = '.top .who a';  // a name of thirty characters is cut beside the brand and whole on its own page
  const skipped = `.visually-hidden, .skip, svg, option, select, textarea, input, video, progress, .stage, ${ownName}`;
  for (const e of all) {
    const style = getComputedStyle(e), hides = (way) => way === 'hidden' || way === 'clip';
    if (e.closest(skipped) || ![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())) continue;
    if ((hides(style.overflowX) && e.scrollWidth > e.clientWidth + 1) || (hides(style.overflowY) && e.scrollHeight > e.clientHeight + 3)) {
      told.push(['is cut off', said(e)]);
    }
  }
  return told;
}"""
ONCE = """() => {
  const said = (e) => e.outerHTML.slice(0, 160), told = [];
  for (const e of document.querySelectorAll('body *')) {
    const style = getComputedStyle(e), lasts = (times) => times.split(',').some((t) => parseFloat(t) > 0.01);
    if ((style.animationName !== 'none' && lasts(style.animationDuration)) || lasts(style.transitionDuration)) told.push(['moves', said(e)]);
  }
  const links = [...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href').split('?')[0]);
  const order = ['/help', '/verify', '/accessibility'].map((path) => links.lastIndexOf(path));
  if (order.some((n) => n < 0) || order[0] > order[1] || order[1] > order[2]) told.push(['help is not where it always is', String(order)]);
  // A number of somebody else's, or an ID typed under dots, says "off".
  const purposes = { tel: /tel|username|off/, password: /current-password|new-password/, email: /email/ };
  for (const e of document.querySelectorAll('input')) {
    const purpose = e.type === 'password' && e.name === 'proof' ? null : purposes[e.type];
    if (purpose && !purpose.test(e.autocomplete)) told.push(['does not say what it is for', said(e)]);
    if (e.type === 'password' && (e.hasAttribute('onpaste') || e.readOnly)) told.push(['cannot be pasted into', said(e)]);
  }
  return told;
}"""
LONG_NAME = "阿依努尔买买提江古丽仙木阿不都热合曼买合木提吐尔逊江艾合买提"[:30]
LONG_TITLE = "数控车床与加工中心操作调整工岗前安全生产综合能力提升训练一二期"[:30]
STUDENT, LATE = "13800000021", "13800000022"


@dataclass(frozen=True)
class Finding:
    """One element of one page that breaks one rule."""

    where: str
    rule: str
    element: str
    html: str
    why: str

    def __str__(self) -> str:
        return f"{self.where}\n    {self.rule}: {self.element}\n    {self.html}\n    {self.why}"


@dataclass(frozen=True)
class Visit:
    """A page as somebody sees it: `act` does on it what brings it into the wanted state."""

    rule: str
    address: str
    role: str
    language: str = FIRST
    state: str = ""
    act: Callable[[Page], None] | None = None

    def __str__(self) -> str:
        return f"{self.address} {self.role} {self.language}{' · ' + self.state if self.state else ''}"


@dataclass
class Result:
    """What a walk found. `pages` counts a page in one theme."""

    pages: int = 0
    findings: list[Finding] = field(default_factory=list)
    undecided: Counter = field(default_factory=Counter)
    visits: list[Visit] = field(default_factory=list)


def read(page: Page, where: str, result: Result, *, only_colours: bool = False) -> None:
    """Let axe-core read the page as it stands now."""
    # As tall as the page: what the bottom bar hides can be scrolled out from under it, and axe-core does not scroll.
    # What comes into sight is drawn only then and may be taller than was reckoned: so until nothing grows any more.
    for _turn in range(5):
        tall = min(page.evaluate("document.documentElement.scrollHeight") + 200, TALLEST)
        page.set_viewport_size({"width": page.viewport_size["width"], "height": tall})
        if page.evaluate("document.documentElement.scrollHeight") <= tall:
            break
    # Our only pictures behind words are woven strips at an edge; over any picture axe-core cannot tell what words stand on.
    page.evaluate("""() => { const plain = new CSSStyleSheet(); plain.replaceSync('* { background-image: none !important; }');
                             document.adoptedStyleSheets = [plain]; }""")
    page.evaluate(AXE)
    told = page.evaluate(RUN, only_colours)
    result.pages += 1
    result.findings += [Finding(where, *node) for node in told["violations"]]
    result.undecided.update(node[0] for node in told["incomplete"])


def measure(page: Page, where: str, result: Result) -> None:
    """Look at what axe-core does not look at. Leaves the page at its own size."""
    before = page.viewport_size
    found = [(*told, "") for told in page.evaluate(ONCE)]
    page.set_viewport_size({"width": 320, "height": 640})
    found += [(*told, "at 320 px") for told in page.evaluate(ROOM)]
    page.set_viewport_size({"width": 360, "height": 640})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    found += [(*told, "at 200 % text") for told in page.evaluate(ROOM)]
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.set_viewport_size(before)
    result.findings += [Finding(where, what, element, "", why) for what, element, why in found]


# ---- the site and its people


class Quiet(WSGIRequestHandler):
    """Writes no line a request."""

    def log(self, *_what: object) -> None:
        """Nothing."""


@contextmanager
def filled_site(folder: Path) -> Iterator[tuple[object, str]]:
    """An app with the catalogue, people of every role and every state, and its address while it is served."""
    app = make_app(folder)
    prepare(app)
    with app.app_context():
        demonstration.load_catalogue(SYSTEM, say=lambda _line: None)
        db.session.remove()
    walks.fill(app, is_searched=False)
    fill_more(app)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with mock.patch.object(throttle.Throttle, "check", lambda self, key: None):  # a walk asks faster than people do
            yield app, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(10)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


KINDS = """::1::主轴停稳以后才能测量。{TRUE}

::2::车床的纵向轴是哪一根？{~X轴 =Z轴 ~Y轴}

::3::开机前要看哪几处？{~%50%油位 ~%50%气压 ~%-100%天气}

::4::卡尺要与轴线{=垂直}

::5::一学时是几分钟？{#45:1}

::6::连一连{=G00 -> 快移 =G01 -> 直线 =G02 -> 圆弧}

::7::看图：![主轴和工件](/media/files/abcdefghijklmnopqrstuvwx-900x500-2181/a.png)主轴{=停稳}以后才能{=测量}。

::8::为什么要先停机再测量？听 [轴承的声音](/media/files/abcdefghijklmnopqrstuvwx-2s-13404/a.m4a)。{####防止卷入。}
"""


def fill_more(app) -> None:
    """Names of thirty characters, a course with a failed film, quizzes begun, passed, failed and running out, a reversed credit."""
    with app.test_request_context(), writing():
        make_person(STUDENT, LONG_NAME)
        make_person(LATE, "小赶")
        make_course("every-kind", title=LONG_TITLE, gift=KINDS, texts=1)
        make_course("to-fail", title="考不过的课", videos_ms=(1000,), gift=GIFT)
        _failed_course()
        track = tracks.create_track(SYSTEM, town_slug="humen", title=LONG_TITLE, summary="先学测量。" * 20, slug="long-track")
        for n, slug in enumerate(("every-kind", "plan-1", "done-course", "safe-measuring"), 1):
            stage = tracks.add_stage(SYSTEM, track, f"第{n}阶段：{LONG_TITLE[:12]}")
            tracks.add_course(SYSTEM, track, stage.id, slug)
        tracks.publish_track(SYSTEM, track)
    student, late = Learner(app, STUDENT), Learner(app, LATE)
    student.finish("done-course")
    student.call("PUT", "/tracks/long-track/membership", 200)
    for slug in ("every-kind", "to-fail", "failed-film", "safe-measuring"):
        student.call("PUT", f"/courses/{slug}/enrolment", 200)
    begin(student, "every-kind")
    student.call("POST", f"/attempts/{begin(student, 'to-fail')}/submit", 200)
    late.call("PUT", "/courses/every-kind/enrolment", 200)
    begin(late, "every-kind")
    with app.test_request_context(), writing():
        soon = datetime.now(UTC) + timedelta(hours=4)
        session.execute(text("UPDATE quizzes_attempt SET expires_at = :soon WHERE person_id = (SELECT id FROM accounts_person"
                             " WHERE phone = :phone)"), {"soon": soon.strftime("%Y-%m-%d %H:%M:%S.%f"), "phone": LATE})
        code = session.scalar(text("SELECT a.code FROM creditbank_award a JOIN accounts_person p ON p.id = a.person_id"
                                   " WHERE p.phone = :phone"), {"phone": STUDENT})
        creditbank.take_back(SYSTEM, code, reason="替学，核实后冲销", authority="督查组 2026-11")
    _asked(app, late)
    with app.test_request_context():
        search.rebuild()


def _asked(app, late: Learner) -> None:
    """小赶 studies for a subsidy, and is asked whether he is there."""
    with app.test_request_context(), writing():
        course = courses.create_course(SYSTEM, title="补贴的课", kind="skills-upgrading", slug="paid-course")
        course.policy_code = "subsidised"
        courses.add_lesson(SYSTEM, course, title="看布", kind="text", body=TEXT)
        courses.add_lesson(SYSTEM, course, title="考核", kind="quiz", body=GIFT)
        courses.publish_course(SYSTEM, course)
    late.call("PUT", "/courses/paid-course/enrolment", 200)
    with app.test_request_context(), writing():
        person, now = accounts.find_person_by_phone(LATE), clock.now_ms()
        course = courses.get_course("paid-course", SYSTEM)
        enrolment, lesson = learning.find_enrolment(person.id, course.id), courses.lessons_of(course.revision_id)[0]
        check = Check(code="check-of-zhao", person_id=person.id, number=1, enrolment_id=enrolment.id, revision_lesson_id=lesson.id,
                      policy_id=enrolment.policy_id, since_ms=now - 900_000, drawn_ms=now, due_ms=600_000, counted_ms=606_000, at_ms=2_000)
        session.add(check)
        session.flush()
        lock_presence(person.id).check_id = check.id
        add_step(check, "asked", now, {"kind": "tap"})


def is_asked(page: Page) -> None:
    """Study until the question stands on the screen."""
    expect(page.get_by_role("alertdialog")).to_be_visible()


def begin(learner: Learner, slug: str) -> str:
    """Begin the course's quiz; the attempt's id."""
    return learner.call("POST", f"/quizzes/{learner.lessons(slug)[-1]['id']}/attempts", 200)["attempt_id"]


def _failed_course() -> None:
    course = courses.create_course(SYSTEM, title="视频没有做成的课", kind="skills-upgrading", slug="failed-film")
    lesson = courses.add_lesson(SYSTEM, course, title="看布", kind="video", body=TEXT)
    asset = media.create_narrated(SYSTEM, media.NarrationSpec("failed-1", "看布", "", [media.SlideSpec("停机", ["先停机。"])]))
    courses.attach_video(SYSTEM, course, lesson.id, asset)
    courses.add_lesson(SYSTEM, course, title="考核", kind="quiz", body=GIFT)
    courses.publish_course(SYSTEM, course)
    fail_asset(asset.id, "视频讲解没有合成成功，请稍后再试一次。")


# ---- what is visited


def open_everything(page: Page) -> None:
    """Unfold all that can be unfolded."""
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")


def submit_empty(page: Page) -> None:
    """Send the page's own form with nothing in it."""
    page.evaluate("""() => { const form = [...document.querySelectorAll('main form')].find((f) => f.method === 'post');
        form.noValidate = true;
        form.querySelectorAll('input:not([type=hidden]):not([type=checkbox]):not([type=radio]), textarea').forEach((x) => {
          x.removeAttribute('required'); if (x.type !== 'file') x.value = ''; });
        (form.querySelector('button:not([type=button])') || form).click(); }""")
    page.wait_for_load_state()
    page.wait_for_selector("main [role=alert], main .error, main h1")


def type_in_search(page: Page) -> None:
    """Let the search box suggest something."""
    page.locator("input[type=search]").first.press_sequentially("数控")
    expect(page.locator(".suggestions a, .suggestions [role=option]").first).to_be_visible()
    page.keyboard.press("ArrowDown")


def answer_one(page: Page) -> None:
    """Be in the middle of a quiz."""
    page.locator(".question:not([hidden]) input").first.check()
    page.locator("#after").click()


def nearly_over(page: Page) -> None:
    """The warning that time runs out."""
    page.evaluate("document.getElementById('quiz').dataset.left = 1")
    expect(page.locator("main")).to_be_visible()


def question(n: int) -> Callable[[Page], None]:
    """Go to the quiz's n-th question."""
    return lambda page: page.locator("#dots button").nth(n - 1).click()


STATES = [
    ("/", "/", "anonymous", "suggestions", type_in_search),
    ("/courses", "/courses?kind=skills-upgrading&level=4&sort=title", "anonymous", "narrowed", open_everything),
    ("/courses", "/courses?q=囧囧囧", "learner", "nothing found", None),
    ("/courses", "/courses?q=celiang", "student", "found by pinyin", type_in_search),
    ("/courses/<slug>", "/courses/failed-film", "student", "a failed film", None),
    ("/courses/<slug>", "/courses/done-course", "student", "completed", None),
    ("/courses/<slug>", "/courses/plan-1", "instructor", "planned", None),
    ("/courses/<slug>", "/courses/every-kind", "student", "a long name", None),
    ("/courses/<slug>", "/courses/no-such-course", "anonymous", "not found", None),
    ("/teach", "/teach", "learner", "not allowed", None),
    ("/tracks/<slug>", "/tracks/long-track", "student", "joined", None),
    ("/learn/<course>/<lesson>", "/learn/every-kind/quiz", "student", "in the middle of a quiz", answer_one),
    ("/learn/<course>/<lesson>", "/learn/every-kind/quiz", "student", "a picture and several gaps", question(7)),
    ("/learn/<course>/<lesson>", "/learn/every-kind/quiz", "student", "a short answer", question(8)),
    ("/learn/<course>/<lesson>", "/learn/asked-course/quiz", "learner", "waits for a teacher", None),
    ("/learn/<course>/<lesson>", "/learn/every-kind/quiz", "late", "time runs out", None),
    ("/learn/<course>/<lesson>", "/learn/to-fail/quiz", "student", "not passed", None),
    ("/learn/<course>/<lesson>", "/learn/done-course/quiz", "student", "passed", None),
    ("/learn/<course>/<lesson>", "/learn/every-kind/lesson-2", "student", "a text", None),
    ("/learn/<course>/<lesson>", "/learn/paid-course/lesson-1", "late", "is asked who is there", is_asked),
    ("/me/presence", "/me/presence", "late", "a check that waits", None),
    ("/learn/<course>/<lesson>/why", "/learn/done-course/lesson-1/why", "learner", "what counted", open_everything),
    ("/office/identity", "/office/identity", "administrator", "somebody waits", None),
    ("/me/goals/<code>", "/me/goals/dual-certificate", "learner", "unfolded", open_everything),
    ("/office/programmes/<code>", "/office/programmes/dual-certificate", "administrator", "unfolded", open_everything),
    ("/office/recognition", "/office/recognition?tab=checked", "administrator", "somebody waits", None),
    ("/office/recognition/<code>", f"/office/recognition/{walks.FILING}", "administrator", "unfolded", open_everything),
    ("/office/recognition/batches", "/office/recognition/batches", "administrator", "one was brought", None),
    ("/office/recognition/batches/<code>", f"/office/recognition/batches/{walks.BATCH}", "administrator", "waits to be checked", None),
    ("/me/recognition/new", "/me/recognition/new?kind=skill-level", "learner", "errors", submit_empty),
    ("/me/recognition/new", "/me/recognition/new?kind=competition", "learner", "of a contest", None),
    ("/office/identity/<int:person_id>", "/office/identity/1", "administrator", "unfolded", open_everything),
    ("/learn/<course>/<lesson>", "/learn/failed-film/lesson-1", "student", "a failed film", None),
    ("/me/credits", "/me/credits", "student", "a refused credit", open_everything),
    ("/me/credits", "/me/credits", "enterprise manager", "none", None),
    ("/me/certificates", "/me/certificates", "student", "a reversed one", None),
    ("/me/certificates", "/me/certificates", "learner", "unfolded", open_everything),
    ("/me/certificates", "/me/certificates", "enterprise manager", "none", None),
    ("/me", "/me", "student", "a long name", None),
    ("/login", "/login", "anonymous", "errors", submit_empty),
    ("/register", "/register", "anonymous", "errors", submit_empty),
    ("/teach/new", "/teach/new", "instructor", "errors", submit_empty),
    ("/teach/<slug>/lessons/new", "/teach/own-draft/lessons/new?kind=text", "instructor", "errors", submit_empty),
    ("/curate/new", "/curate/new", "curator", "errors", submit_empty),
    ("/curate/<slug>", "/curate/draft-track", "curator", "unfolded", open_everything),
    ("/help", "/help", "learner", "errors", submit_empty),
    ("/classes", "/classes", "anonymous", "nobody's own", None),
    ("/classes/<code>", f"/classes/{walks.CLASS}", "student", "may join", open_everything),
    ("/classes/<code>/sign", f"/classes/{walks.CLASS}/sign?c=1.in.1.x", "learner", "an old code", None),
    ("/classes/<code>/sign", f"/classes/{walks.CLASS}/sign?done=1", "learner", "where I stand", None),
    ("/teach/classes/new", "/teach/classes/new", "instructor", "errors", submit_empty),
    ("/teach/classes/<code>/meetings/new", f"/teach/classes/{walks.CLASS}/meetings/new", "instructor", "errors", submit_empty),
    ("/teach/classes/<code>/roster", f"/teach/classes/{walks.CLASS}/roster", "instructor", "unfolded", open_everything),
    ("/oversight/reviews/<slug>", "/oversight/reviews/handed-in", "reviewer", "unfolded", open_everything),
]
PEOPLE = {**walks.ROLES, "student": STUDENT, "late": LATE}


def _prove(app, phone: str) -> None:
    """Turn that person's second factor on and show it, so that the pages behind it open."""
    with app.test_request_context(), writing():
        person = accounts.find_person_by_phone(phone)
        set_up(Actor("person", person.id, person.name))
        for one in accounts.list_sessions(person.id):
            accounts.prove_session(one.id)


class Walker:
    """Walks over the served site as anybody."""

    def __init__(self, app, address: str, chromium: Browser) -> None:
        self.app, self.address, self.chromium = app, address, chromium
        self.examples = walks.Examples.of(app)
        self.visitors = walks.Visitors(app)
        for name in PEOPLE.keys() - self.visitors.browsers.keys():
            self.visitors.browsers[name] = walks.Browser(app, PEOPLE[name])
        for phone in (walks.INSPECTOR, walks.ADMINISTRATOR):
            _prove(app, phone)
        self._contexts: dict[tuple[str, str], BrowserContext] = {}
        self._pages: dict[str, tuple[str, list[str]]] = {}

    def pages(self) -> dict[str, tuple[str, list[str]]]:
        """By rule: an example of its address, and the roles that are given a page there."""
        if not self._pages:
            self._pages = self._ask_for_pages()
        return self._pages

    def _ask_for_pages(self) -> dict[str, tuple[str, list[str]]]:
        # Who may see what is in the table of rights; who is asked for a second factor there has shown it here.
        found, table = {}, walks.committed_table()
        for route in walks.routes(self.app, self.examples):
            if route.method != "GET" or route.is_api:
                continue
            cells = dict(zip(walks.ROLES, table["GET", route.rule], strict=True))
            sure = [role for role, cell in cells.items() if cell == "200"]
            asked = {role: self._is_page(role, route.address) for role, cell in cells.items() if cell == "303" or role in sure[:1]}
            roles = [role for role in cells if asked.get(role, role in sure and asked[sure[0]])]
            if roles:
                found[route.rule] = (route.address, roles)
        return found

    def _is_page(self, role: str, address: str) -> bool:
        answer = self.visitors.browsers[role].client.get(address)
        return (answer.status_code == 200 and answer.mimetype == "text/html"
                and "attachment" not in answer.headers.get("Content-Disposition", ""))

    def everything(self) -> tuple[list[Visit], int]:
        """Every page for every role that may see it, and every state, in every language; and how many page × role × language

        these stand for: a page that is the same for another role but for name and token is read once.
        """
        found, covered, seen = [], 0, set()
        for rule, (address, roles) in self.pages().items():
            for role in roles:
                for language in LANGUAGES:
                    covered += 1
                    look = (rule, language, self._looks(role, language, address))
                    if look not in seen:
                        seen.add(look)
                        found.append(Visit(rule, address, role, language, "unfolded", open_everything))
        states = [Visit(rule, address, role, language, state, act) for rule, address, role, state, act in STATES for language in LANGUAGES]
        return found + states, covered + len(states)

    def _looks(self, role: str, language: str, address: str) -> str:
        """The page's text without what is anybody's own: name, tokens, numbers of rows."""
        client = self.visitors.browsers[role].client
        client.set_cookie("lang", language)
        page = client.get(address).get_data(as_text=True)
        client.delete_cookie("lang")
        page = re.sub(r'(value|data-csrf|data-person)="[^"]{20,}"|data-person="\d+"|<title>.*?</title>', "", page)
        return re.sub(r'<div class="who">.*?</div>', "", page, flags=re.S)

    def selection(self) -> list[Visit]:
        """Every page and every state once; roles and languages take turns."""
        found, turns = [], Counter()
        for n, (rule, (address, roles)) in enumerate(self.pages().items()):
            role = min(roles, key=lambda r: turns[r])
            turns[role] += 1
            found.append(Visit(rule, address, role, LANGUAGES[n % len(LANGUAGES)], "unfolded", open_everything))
        return found + [Visit(rule, address, role, LANGUAGES[n % len(LANGUAGES)], state, act)
                        for n, (rule, address, role, state, act) in enumerate(STATES)]

    def walk(self, visits: Iterable[Visit], *, thorough: bool) -> Result:
        """Read every page in both themes; not `thorough`: every second one in the dark, and of it what depends on colours."""
        result = Result()
        for n, visit in enumerate(visits):
            page = self._page(visit)
            page.goto(self.address + visit.address)
            if visit.act:
                visit.act(page)
            for theme in THEMES if thorough or n % 2 else THEMES[:1]:
                page.emulate_media(color_scheme=theme)
                read(page, f"{visit} {theme}", result, only_colours=theme == "dark" and not thorough)
            measure(page, str(visit), result)
            result.visits.append(visit)
        return result

    def _page(self, visit: Visit) -> Page:
        """A window of that person in that language, as wide as a phone; used for one page after another."""
        context = self._context(visit)
        page = context.pages[0] if context.pages else context.new_page()
        page.set_viewport_size(sites.PHONE)
        return page

    def _context(self, visit: Visit) -> BrowserContext:
        key = (visit.role, visit.language)
        if key not in self._contexts:
            context = self.chromium.new_context(viewport=sites.PHONE, locale="zh-CN", reduced_motion="reduce",
                                                service_workers="block")
            context.set_default_timeout(sites.PATIENCE_MS)
            cookies = [{"name": "lang", "value": visit.language, "url": self.address}]
            kept = self.visitors.browsers[visit.role].client.get_cookie("session") if PEOPLE[visit.role] else None
            if kept:
                cookies.append({"name": "session", "value": kept.value, "url": self.address})
            context.add_cookies(cookies)
            self._contexts[key] = context
        return self._contexts[key]

    def close(self) -> None:
        """Close its windows."""
        for context in self._contexts.values():
            context.close()


def main() -> int:
    """Walk over everything, say what was found, write the report; 1 when something was."""
    with tempfile.TemporaryDirectory() as folder, filled_site(Path(folder)) as (app, address), sync_playwright() as playwright:
        chromium = sites.chromium(playwright)
        walker = Walker(app, address, chromium)
        visits, covered = walker.everything()
        print(f"{covered} page × role × language × state, {len(visits)} of them different", file=sys.stderr)
        result = walker.walk(visits, thorough=True)
        chromium.close()
    for finding in result.findings:
        print(finding)
    rules = {v.rule for v in result.visits}
    print(f"{result.pages} pages, {len(result.findings)} findings")
    REPORT.write_text(report(result, len(rules), covered), "utf-8")
    return int(bool(result.findings))


def report(result: Result, rules: int, covered: int) -> str:
    """The report as Markdown."""
    undecided = "\n".join(f"| {rule} | {n} |" for rule, n in result.undecided.most_common()) or "| – | 0 |"
    found = "\n".join(f"| {rule} | {n} |" for rule, n in Counter(f.rule for f in result.findings).most_common()) or "| – | 0 |"
    return TEMPLATE.format(day=datetime.now(UTC).date(), pages=result.pages, visits=len(result.visits), rules=rules,
                           covered=covered, findings=len(result.findings), found=found, undecided=undecided,
                           languages=", ".join(LANGUAGES), roles=", ".join(walks.ROLES))


TEMPLATE = """# Accessibility

The measure is WCAG 2.2 AA. `make axe` walks over every page that a role may open, as every role, in every language, light and dark,
unfolded, and over every state we know (errors, suggestions, a quiz begun, passed, failed and running out, a failed film, a refused credit,
none, one, many); axe-core reads each with every rule of its own but the AAA ones, and what it does not look at is measured beside: room at
320 px and at 200 % text, motion where less is asked, where help stands, what fields say they are for. The last walk, {day}:

| | |
|---|---|
| page × role × language × state | {covered} |
| of them different (but for name and token) | {visits} |
| pages read (each in both themes) | {pages} |
| routes | {rules} |
| findings | **{findings}** |

Languages: {languages}.
Roles: {roles}; and a student with a name of thirty characters, a refused credit, a failed film and quizzes begun, passed and failed.
A page with ten planted faults yields ten (`tests/journeys/planted.html`), so the walk does see.

| rule | findings |
|---|---|
{found}

What axe-core cannot decide by itself. Of colours: words under an open list of suggestions or scrolled out of a row of chips, which are read
uncovered on other pages. Of hidden content: what is folded away for eyes and ears alike until it is wanted. Of targets and captions: links
under the open list, and the player, whose subtitles are our own. Of labels: the file field, which has its name and our words. A person
looked at a sample of them:

| rule | elements |
|---|---|
{undecided}

What no program sees is held by `tests/journeys/test_keyboard.py` and `tests/journeys/test_everyone.py`: every journey by keys alone, focus that is
seen and never hidden, names and announcements, 320 px and 200 % text without loss, targets, reduced motion, forced colours, time limits.
"""


if __name__ == "__main__":
    sys.exit(main())
