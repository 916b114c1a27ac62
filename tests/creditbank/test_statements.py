"""Statements add up, whatever form they are asked for; a long account is told in as few questions as a short one."""

from __future__ import annotations

import io
import itertools
import json
import re
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import event
from tests.clients import Browser, Learner, words
from tests.factories import make_course, make_person

from guanxue import creditbank, ledger, programmes
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import db, session, writing
from guanxue.creditbank import expiring, rules, sources
from guanxue.creditbank.models import Award
from guanxue.creditbank.outcomes import Outcome

PHONE = "13800000001"


@pytest.fixture
def outcomes():
    """A source whose evidence is a list; of badges, which are upgraded."""
    found: list[Outcome] = []
    creditbank.register_source(creditbank.Source(
        "badge", kind="badge", mint="mint:badges", list_outcomes=lambda p: [o for o in found if p in (None, o.person_id)],
        derive=lambda o: creditbank.Derived(0, o.hours_milli, o.asked_milli)))
    yield found
    sources._sources.pop("badge")


def earn(outcomes, person_id, key, milli, *, category="skills-upgrading", hours=0) -> str:
    """A credit for something of its own; its code."""
    asked = Outcome("badge", key, person_id, f"badge:{key}", f"手艺 {key}", milli, hours, category, "city", None, clock.now(), False,
                    {"reason": "核对过"})
    outcomes.append(asked)
    return creditbank.credit(SYSTEM, asked).code


def fill(person_id: int, count: int) -> None:
    """So many entries, as old accounts have them."""
    for n in range(count):
        ledger.post(SYSTEM, key=f"old:{person_id}:{n}", kind="completion", postings=[("mint:courses", -10), (f"person:{person_id}", 10)],
                    document={"title": f"旧课 {n}", "course": f"old-{n}", "revision": 1, "content_ms": 270_000, "code": f"OLD{n:09}",
                              "class_hour_ms": 2_700_000, "class_hours_per_credit": 16, "policy": "light/2"})


def year_of(n: int, month: int = 6) -> datetime:
    return datetime(n, month, 1, 4, tzinfo=UTC)


def lived(outcomes, person_id) -> dict[str, str]:
    """Three years: two credits, one of them taken back in the next year, a third with hours, one of another kind. Their codes."""
    codes = {}
    with clock.travel(year_of(2024)):
        codes["kept"] = earn(outcomes, person_id, "kept", 1500, hours=24_000)
        codes["lost"] = earn(outcomes, person_id, "lost", 700, hours=11_200)
    with clock.travel(year_of(2025)):
        ledger.reverse(SYSTEM, session.query(Award).filter_by(code=codes["lost"]).one().entry_number, reason="证书是假的",
                       authority="莞人社〔2025〕9号")
        codes["other"] = earn(outcomes, person_id, "other", 2000, category="general-literacy")
    with clock.travel(year_of(2026, 3)):
        codes["new"] = earn(outcomes, person_id, "new", 250, hours=4000)
    return codes


# ---- the account


def test_years_follow_one_another_and_end_with_the_balance(app, outcomes):
    person = make_person()
    lived(outcomes, person.id)
    account = creditbank.read_account(person.id)
    assert account.years == [2026, 2025, 2024]
    years = [account.statement(n) for n in (2024, 2025, 2026)]
    assert [(s.opening, s.given, s.taken, s.closing) for s in years] == [(0, 2200, 0, 2200), (2200, 2000, -700, 3500), (3500, 250, 0, 3750)]
    assert creditbank.balance(person.id) == account.balance == 3750
    for its in [*years, account.statement()]:
        moved = its.closing - its.opening
        assert sum(its.by_category().values()) == sum(its.by_source().values()) == moved == sum(r.amount for r in its.rows)
    assert years[1].by_category() == {"general-literacy": 2000, "skills-upgrading": -700}, "taken from the kind that it was given to"
    assert account.hours_milli == creditbank.study_hours_milli(person.id) == 28_000 == sum(s.hours_milli for s in years)
    assert account.statement(2020).rows == () and account.statement(2027).opening == account.statement(2027).closing == 3750


def test_a_line_says_what_was_taken_back_why_and_by_whom(app, outcomes):
    person = make_person()
    codes = lived(outcomes, person.id)
    [contra] = [x for x in creditbank.read_account(person.id).statement(2025).lines() if x.kind == "reversal"]
    assert (contra.title, contra.reason, contra.authority) == ("手艺 lost", "证书是假的", "莞人社〔2025〕9号")
    assert contra.about == codes["lost"] and contra.code is None and contra.hours_milli == -11_200 and contra.balance == 1500


def test_what_expired_goes_off_the_balance_and_what_was_learned_stays(app, outcomes):
    person = make_person()
    document = creditbank.current_credit_policy().document | {"valid_months": [["general-literacy", 12]], "warn_days": 30}
    version = creditbank.publish_credit_policy(SYSTEM, title="会到期", document=document, effective_on=clock.today())
    assert version.version == 2
    earn(outcomes, person.id, "short", 900, category="general-literacy", hours=14_400)
    account = creditbank.read_account(person.id)
    assert [h.title for h in account.ending] == ["手艺 short"] and account.statement().lines()[0].valid_until
    with clock.travel(clock.now() + timedelta(days=500)):
        assert expiring.expire(person.id) == 1
        account = creditbank.read_account(person.id)
        assert account.balance == 0 and account.hours_milli == creditbank.study_hours_milli(person.id) == 14_400
        assert account.ending == [] and account.statement().lines()[-1].kind == "expiry"


def test_an_empty_account_has_an_empty_statement(app):
    its = creditbank.read_account(make_person().id).statement(2026)
    assert (its.opening, its.closing, its.rows, its.by_source()) == (0, 0, (), {})


# ---- the same figures everywhere


@pytest.fixture
def holder(bare_app, outcomes, monkeypatch):
    """(app, codes) of somebody who lived through three years; their codes are as wide as codes can be."""
    made = itertools.count(2)
    monkeypatch.setattr(rules, "new_code", lambda: f"{'W' * 11}{next(made)}")
    with bare_app.test_request_context(), writing():
        codes = lived(outcomes, make_person().id)
    return bare_app, codes


def pdf_text(pdf: bytes) -> str:
    return subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()


@pytest.mark.parametrize("year", [None, 2025])
def test_page_paper_table_and_file_have_the_same_figures(holder, year):
    app, codes = holder
    browser, asked = Browser(app, PHONE), f"?year={year}" if year else ""
    told = json.loads(browser.get(f"/me/credits.json{asked}").data)
    amounts = [x["millicredits"] for x in told["lines"]]
    assert told["format"] == "guanxue-credit-statement/1" and told["closing_millicredits"] == (3500 if year else 3750)
    assert told["opening_millicredits"] + sum(amounts) == told["closing_millicredits"] == told["lines"][-1]["balance_millicredits"]
    assert sum(told["by_category"].values()) == sum(told["by_source"].values()) == sum(amounts)
    with app.test_request_context():
        assert told["head"]["size"] == ledger.size()

    book = load_workbook(io.BytesIO(browser.get(f"/me/credits.xlsx{asked}").data))
    rows = list(book.worksheets[1].iter_rows(min_row=2, values_only=True))
    assert [(r[0], round(r[7] * 1000), round(r[8] * 1000)) for r in rows] == [
        (x["number"], x["millicredits"], x["balance_millicredits"]) for x in told["lines"]]
    sums = dict(book.worksheets[0].iter_rows(min_row=2, values_only=True))
    assert round(sums["期末余额"] * 1000) == told["closing_millicredits"] and sums["账本指纹"] == told["head"]["root"]

    paper = pdf_text(browser.get(f"/me/credits.pdf{asked}").data)
    flat = re.sub(r"\s", "", paper)
    closing = creditbank.decimal_text(told["closing_millicredits"])
    assert f"期末{closing}学分" in flat and told["head"]["root"] in flat
    for line in told["lines"]:
        assert f"{creditbank.decimal_text(line['millicredits'], signed=True)}" in paper
        assert creditbank.spaced_code(line["code"] or line["about"]) in paper
    assert ("手艺kept" in flat) == (year is None) and "收回：手艺lost" in flat

    page = words(browser.get(f"/me/credits/statement?year={year or 2026}"))
    for milli in ([told["opening_millicredits"], told["closing_millicredits"]] if year else [3500, 3750]):
        assert creditbank.decimal_text(milli) in page
    assert codes["new"] not in page or not year


def test_my_credits_unfold_and_can_be_chosen_by_year_and_kind(holder):
    app, codes = holder
    with app.test_request_context(), writing():
        fill(1, 25)
    browser = Browser(app, PHONE)
    page = browser.see("/me/credits?year=2025")
    assert "证书是假的" in page and "莞人社〔2025〕9号" in page and "手艺 new" not in page and f"about=award:{codes['lost']}" in page
    assert "手艺 other" in browser.see("/me/credits?year=2025&category=general-literacy")
    assert "手艺 lost" not in browser.see("/me/credits?year=2025&category=general-literacy")
    for absurd in ("?year=x", "?year=0", "?year=99999", "?category=x", "?year=2025&page=99", "?year=1999"):
        browser.see(f"/me/credits{absurd}")
        browser.see(f"/me/credits/statement{absurd}")


def test_files_are_their_owner_s_alone(holder):
    app, codes = holder
    with app.test_request_context(), writing():
        make_person("13800000002", "周工")
    other = Browser(app, "13800000002")
    assert json.loads(other.get("/me/credits.json").data)["lines"] == [] and "还没有学分" in other.see("/me/credits")
    assert "没有可以打印的" in words(other.get("/me/credits.pdf?year=2025", 409)) and "这一年没有学分" in other.see("/me/credits/statement")
    for path in ("/me/credits.json", "/me/credits.xlsx", "/me/credits.pdf", "/me/credits/statement"):
        assert app.test_client().get(path).status_code == 303
    answer = other.get("/me/credits.xlsx")
    assert answer.headers["Cache-Control"] == "private, no-store" and answer.headers["Content-Disposition"].startswith("attachment")


@contextmanager
def counted(app):
    """How many questions the database is asked meanwhile."""
    asked: list[str] = []

    def note(_connection, _cursor, statement, *_more):
        asked.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def test_a_long_account_is_told_in_as_few_questions_as_a_short_one(bare_app, outcomes):
    with bare_app.test_request_context(), writing():
        fill(make_person().id, 20)
        fill(make_person("13800000002", "周工").id, 1000)
    few, many = Browser(bare_app, PHONE), Browser(bare_app, "13800000002")
    for path in ("/me/credits", "/me/credits/statement"):
        few.see(path)
        many.see(path)
        with counted(bare_app) as short:
            few.see(path)
        with counted(bare_app) as long:
            many.see(path)
        assert len(long) <= len(short) + 2 < 60, (path, len(short), len(long))
    assert json.loads(many.get("/me/credits.json").data)["closing_millicredits"] == 10_000
    assert "Pages:           26" in subprocess.run(
        ["pdfinfo", "-"], input=many.get("/me/credits.pdf").data, capture_output=True, check=True).stdout.decode()


def test_a_long_name_is_whole_on_paper_and_takes_its_room(bare_app, outcomes):
    with bare_app.test_request_context(), writing():
        person = make_person()
        for n in range(30):
            earn(outcomes, person.id, f"车工 五级/初级工（职业技能等级证书）之{n}", 10)
    pdf = Browser(bare_app, PHONE).get("/me/credits.pdf").data
    text = re.sub(r"[ ]+", "", pdf_text(pdf))
    assert "…" not in text and all(f"证书）之{n}\n" in text for n in range(30))
    assert "Pages:           3" in subprocess.run(["pdfinfo", "-"], input=pdf, capture_output=True, check=True).stdout.decode()


def test_the_line_of_a_course_leads_to_its_minutes(bare_app):
    with bare_app.test_request_context(), writing():
        make_person()
        make_course(videos_ms=(3_000_000,))
    learner = Learner(bare_app)
    learner.finish()
    page = Browser(bare_app, PHONE).see("/me/credits")
    assert "/learn/safe-measuring/lesson-1/why" in page and "每节课的时间从哪里来" in page and 'id="ahead"' in page
    [item] = learner.call("GET", "/me/credits", 200)["items"]
    assert item["title"] == "安全测量" and item["source"] == "course" and item["category"] == "skills-upgrading"


def test_the_minutes_of_a_line_add_up_to_what_it_says_of_the_course(bare_app):
    with bare_app.test_request_context(), writing():
        make_person()
        make_course(videos_ms=(3_000_000, 600_000))
    Learner(bare_app).finish()
    page = Browser(bare_app, PHONE).see("/me/credits")
    whole = re.search(r"<dt>课程内容</dt><dd>([\d:]+)", page)[1]
    parts = re.findall(r'class="line".*?<span class="num muted">([\d:]+)</span>', page.split("每节课的时间从哪里来")[1].split("</details>")[0])
    assert len(parts) == 3, "two films and the questions"

    def seconds(text: str) -> int:
        return sum(int(n) * 60**place for place, n in enumerate(reversed(text.split(":"))))

    assert sum(map(seconds, parts)) == seconds(whole)


def test_the_next_step_to_my_goal_stands_at_the_top(bare_app):
    with bare_app.test_request_context(), writing():
        person = make_person()
        make_course()
        make_course("turning", videos_ms=(5_000_000,), title="车床入门")
    browser = Browser(bare_app, PHONE)

    def ahead() -> str:
        found = re.search(r'id="ahead">(.*?)</div>', browser.see("/me/credits"), re.S)
        return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split()) + found[1]

    assert "还差 0.100 学分" in ahead() and "/courses/turning" not in ahead(), "nobody is pressed who chose no goal"
    with bare_app.test_request_context(), writing():
        programmes.choose_goal(person, "first-step")
    assert "还差 0.100 学分" in ahead() and "开始学：车床入门" in ahead().replace(" ： ", "：") and 'href="/courses/turning"' in ahead()
    with bare_app.test_request_context(), writing():
        fill(person.id, 12)
    assert "要求都达到了" in ahead() and "还差" not in ahead()


def test_a_class_has_its_name_on_the_page_and_for_programs_and_hours_that_leave_are_below_zero(bare_app):
    document = {"title": "数控车工五级班", "class": "ABCDEFGH", "institution": "市技师学院", "policy": "light/2", "class_hours_milli": 4000,
                "content_ms": 10_800_000, "class_hour_ms": 2_700_000, "class_hours_per_credit": 16, "reason": "培训班结业"}
    with bare_app.test_request_context(), writing():
        person = make_person()
        for kind, amount in (("class", 250), ("class-merge", -250)):
            ledger.post(SYSTEM, key=kind, kind=kind, document=document, postings=[("mint:classes", -amount), (f"person:{person.id}", amount)])
    learner = Learner(bare_app)
    gone, came = learner.call("GET", "/me/credits", 200)["items"]
    assert (came["title"], came["class"], came["course"], came["source"]) == ("数控车工五级班", "ABCDEFGH", None, "class")
    assert (came["class_hours"], gone["class_hours"], gone["amount"]) == (4, -4, -0.25)
    page = Browser(bare_app, PHONE).see("/me/credits")
    assert 'href="/classes/ABCDEFGH"' in page and "市技师学院" in page and "转走" in page and "3:00:00" in page
    schema = bare_app.test_client().get("/api/v1/openapi.json").get_json()["components"]["schemas"]["CreditLine"]
    assert {"class", "title", "authority", "about_code"} <= schema["properties"].keys()
