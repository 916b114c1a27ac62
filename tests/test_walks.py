"""Walks over the whole site: who may what, nothing without a token, reading changes nothing, nothing crashes, no key leaks."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text
from tests import walks
from tests.clients import API, Browser, Learner, is_chinese, words
from tests.conftest import make_app, prepare
from tests.walks import LEARNER, ROLES, Examples, Visitors, committed_table

from guanxue.core.db import db, session
from guanxue.courses import documents as course_documents
from guanxue.creditbank import api as creditbank_api

HEADERS = ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy", "X-Request-Id",
           "Cross-Origin-Opener-Policy")
MOST_PAGES = 160  # a role; beyond that a crawl only meets more of the same


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """One filled site for all walks; none of them changes it."""
    app = make_app(tmp_path_factory.mktemp("walks"))
    prepare(app)
    walks.fill(app)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def examples(filled):
    """Addresses' values."""
    return Examples.of(filled)


@pytest.fixture(scope="module")
def visitors(filled, examples):
    """A browser of every role."""
    return Visitors(filled)


@pytest.fixture(autouse=True)
def no_throttle(monkeypatch):
    """A walk asks faster than people do."""
    monkeypatch.setattr(creditbank_api._checks, "check", lambda key: None)


# What strangers may send without changing a row; the steps of a code lead back to the first where nothing was asked.
UNDONE_FOR_STRANGERS = ("/language", "/logout", "/look", "/register/code/enter", "/forgot/code", "/forgot/password")


def test_every_route_answers_every_role_as_the_table_says(filled, examples, visitors):
    wanted, wrong = committed_table(), []
    for route in walks.routes(filled, examples):
        cells = [visitors.decision(role, route) for role in ROLES]
        if wanted.pop((route.method, route.rule), None) != cells:
            wrong.append(f"{route.method} {route.rule}: {dict(zip(ROLES, cells, strict=True))}")
    wrong += [f"{method} {rule}: is in the table, not on the site" for method, rule in wanted]
    assert not wrong, "not as in tests/route_rights.csv (python -m tests.walks prints it anew):\n" + "\n".join(wrong)


def test_no_cell_of_the_table_is_a_crash_and_nobody_signed_out_changes_anything():
    for (method, route), cells in committed_table().items():
        assert "500" not in cells, route
        if method != "GET":
            assert cells[0] in ("401", "403", "404", "422", "login") or route in UNDONE_FOR_STRANGERS, route


def test_a_writing_request_without_its_token_is_refused_and_changes_nothing(filled, examples, visitors):
    before = walks.fingerprint(filled, without=set())
    for route in walks.routes(filled, examples):
        if route.method == "GET":
            continue
        for role in ROLES:
            if role == "anonymous" and (route.is_api or route.rule in ("/language", "/look", "/verify/<code>/holder")):
                continue  # without a session there is nothing a stranger could abuse (those three look at the origin instead)
            answer = visitors.ask(role, route, token=False)
            assert answer.status_code == 403, (role, route, answer.status_code)
            told = answer.get_json()["detail"] if answer.is_json else words(answer)
            assert "过期" in told, (role, route)
    assert walks.fingerprint(filled, without=set()) == before


def test_a_token_of_another_session_does_not_do(filled, visitors):
    other = Browser(filled, LEARNER)
    answer = other.client.post("/language", data={"csrf_token": visitors.browsers["reviewer"].token, "lang": "en"})
    assert answer.status_code == 403 and other.client.get_cookie("lang") is None


def crawl(app, role: str, seeds: list[str]) -> dict[str, int]:
    """The status of every address that can be reached by links, as that role."""
    browser, seen, waiting = Browser(app, ROLES[role]), {}, list(seeds)
    kinds: dict[str, int] = {}
    while waiting and len(seen) < MOST_PAGES:
        address = waiting.pop(0)
        kind = re.sub(r"=[^&]*", "=", address)
        if address in seen or kinds.get(kind, 0) >= 4:  # the same facet with other values is the same page
            continue
        kinds[kind] = kinds.get(kind, 0) + 1
        answer = browser.client.get(address)
        seen[address] = answer.status_code
        assert all(name in answer.headers for name in HEADERS), address
        if answer.mimetype == "text/html" and address != "/styleguide":  # its examples lead nowhere
            waiting += sorted(walks.links(answer.get_data(as_text=True), address) - seen.keys())
        elif answer.status_code in (301, 302, 303, 308):
            waiting.append(answer.headers["Location"])
    return seen


@pytest.mark.parametrize("role", ROLES)
def test_a_crawl_of_everything_that_can_be_read_changes_nothing_and_meets_no_fault(filled, examples, role):
    seeds = [r.address for r in walks.routes(filled, examples) if r.method == "GET" and r.address != "/logout"]
    Browser(filled, ROLES[role])
    before = walks.fingerprint(filled)
    seen = crawl(filled, role, [*seeds, "/courses?q=测量", "/suggest?q=ce", "/learn/safe-measuring/quiz", "/learn/done-course/quiz"])
    assert walks.fingerprint(filled) == before
    assert len(seen) > 45
    assert {a: s for a, s in seen.items() if s >= 500} == {}
    linked = {a for a in seen if a not in seeds}
    assert {a for a in linked if seen[a] == 404 and not a.startswith("/media/")} == set(), "a page links to what is not there"


def test_links_of_a_page_are_open_to_whoever_sees_them(filled):
    for role in ("anonymous", "learner", "instructor", "reviewer", "curator"):
        browser = Browser(filled, ROLES[role])
        for page in ("/", "/courses", "/me", "/teach", "/oversight/reviews", "/curate", "/towns/humen", "/tracks/open-track"):
            answer = browser.client.get(page)
            if answer.status_code != 200:
                continue
            for link in walks.links(answer.get_data(as_text=True), page):
                assert browser.client.get(link).status_code != 403, (role, page, link)


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/nothing-here", 404), ("POST", "/courses", 405), ("DELETE", "/me", 405), ("GET", f"{API}/nothing", 404),
    ("POST", f"{API}/courses", 405), ("GET", f"{API}/session", 405), ("GET", "/media/x/1/v/a.mp4", 403), ("GET", "/static/../app.py", 404),
    ("GET", "/static/%2e%2e/%2e%2e/pyproject.toml", 404), ("GET", f"{API}/me/courses", 401), ("POST", "/login", 403),
    ("GET", "/courses/%00", 404), ("GET", "/%ff%fe", 404), ("GET", "/teach/x/lessons/99999999999999999999", 404),
    ("TRACE", "/", 405), ("PATCH", f"{API}/session", 405),
])
def test_errors_are_designed_carry_the_headers_and_speak_chinese(filled, method, path, status):
    answer = filled.test_client().open(path, method=method)
    assert answer.status_code == status
    assert all(name in answer.headers for name in HEADERS) and "unsafe-inline" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    if path.startswith(API):
        told = answer.get_json()
        assert answer.mimetype == "application/problem+json" and told["status"] == status and is_chinese(told["detail"])
        assert set(told) >= {"type", "title", "status", "detail", "errors"}
    else:
        assert is_chinese(words(answer)) and 'href="/"' in answer.get_data(as_text=True)  # a way on
    assert status != 405 or "Allow" in answer.headers


def test_a_crash_is_a_designed_page_without_a_trace(filled, monkeypatch):
    for path in ("/verify/AAAABBBBCCCC", f"{API}/verify/AAAABBBBCCCC"):
        with monkeypatch.context() as m:
            m.setattr("guanxue.creditbank.verify", lambda code: 1 / 0)
            answer = filled.test_client().get(path)
        assert answer.status_code == 500 and all(name in answer.headers for name in HEADERS)
        said = answer.get_data(as_text=True)
        assert is_chinese(said) and "ZeroDivision" not in said and "Traceback" not in said and "guanxue/" not in said


def test_personal_pages_are_kept_by_no_cache(filled):
    browser = Browser(filled, LEARNER)
    for path in ("/me", "/me/credits", "/me/settings", "/me/certificates", "/learn/safe-measuring/lesson-1", f"{API}/me/courses", "/"):
        assert "no-store" in browser.get(path).headers["Cache-Control"], path
    for path in ("/", "/courses", "/courses/safe-measuring"):
        answer = filled.test_client().get(path)
        assert "林小莲" not in answer.get_data(as_text=True) and "csrf_token" not in answer.get_data(as_text=True)


SHARED = ["/", "/courses", "/courses?q=测量", "/courses/safe-measuring", "/courses/plan-1", "/courses/done-course", "/towns", "/towns/humen",
          "/tracks/open-track", "/verify"]


def test_no_page_carries_another_persons_name_token_or_progress(filled):
    """林小莲 is in the course and has a credit; 许明, who reads the same pages in turn, is not."""
    one, other, visitor = Browser(filled, LEARNER), Browser(filled, ROLES["inspector"]), Browser(filled)
    for _round in range(2):
        for path in SHARED:
            first, second, third = one.see(path), other.see(path), visitor.see(path)
            assert "林小莲" not in second + third and "许明" not in first + third, path
            tokens = [set(re.findall(r'name="csrf_token" value="([^"]+)"', page)) for page in (first, second, third)]
            assert not (tokens[0] & tokens[1] or tokens[2]), path
            if path.startswith("/courses/safe"):
                assert "退出这门课" in first and "退出这门课" not in second + third
            for browser, found in ((one, tokens[0]), (other, tokens[1])):
                for token in found:  # each page's token is its reader's own, and works
                    assert browser.client.post("/language", data={"csrf_token": token, "lang": "zh_Hans"}).status_code == 303, path


def test_whoever_signs_out_is_shown_nothing_of_theirs_any_more(filled):
    browser = Browser(filled, LEARNER)
    for path in SHARED:
        browser.see(path)
    browser.send("/logout")
    for path in SHARED:
        assert "林小莲" not in browser.see(path) and "退出这门课" not in browser.see(path), path
    browser.get("/me", 303)


KEY = ("卷入", "与主轴平行", "permille", '"truth"', "is_right", "explanation", "right_html")


def test_nothing_tells_the_key_before_it_is_handed_in(filled, examples):
    learner, browser = Learner(filled, LEARNER), Browser(filled, LEARNER)
    answers = [
        learner.client.get(f"{API}/courses/safe-measuring", headers=learner.headers),
        learner.client.get(f"{API}/lessons/{examples.quiz}", headers=learner.headers),
        learner.client.post(f"{API}/quizzes/{examples.quiz}/attempts", headers=learner.headers),
        browser.get("/learn/safe-measuring/quiz"), browser.get("/courses/safe-measuring"), browser.get("/learn/safe-measuring/lesson-1"),
    ]
    for answer in answers:
        said = answer.get_data(as_text=True)
        assert answer.status_code == 200 and not [k for k in KEY if k in said], answer.request.path
    with filled.test_request_context():
        found = course_documents.load("safe-measuring")
        assert not [k for k in KEY if k in str(found)], "search would find a course by its answers"


def test_options_stand_in_another_order_and_under_other_ids_in_each_attempt(filled, examples):
    with filled.app_context():
        seeds = session.scalars(text("SELECT seed FROM quizzes_attempt")).all()
    assert len(set(seeds)) == len(seeds) >= 2


def test_the_description_of_the_api_is_whole(filled):
    document = filled.test_client().get(f"{API}/openapi.json").get_json()
    assert document["openapi"] == "3.1.0"
    described = {(m.upper(), API + p) for p, methods in document["paths"].items() for m in methods}
    served = {(m, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", r.rule)) for r in filled.url_map.iter_rules() if r.rule.startswith(API)
              for m in r.methods - {"HEAD", "OPTIONS"}} - {("GET", f"{API}/openapi.json")}
    assert described == served
    assert words(filled.test_client().get("/api/docs")).replace(" ", "").count("/api/v1/") >= len(served)
