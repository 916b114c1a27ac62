"""Codes by message: who gets one, how many, how often one may try, and that nobody is told which numbers are known."""

from __future__ import annotations

import http.server
import json
import re
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from tests.accounts.test_second_factor import app_code, race, set_up
from tests.clients import API, Browser, is_chinese, place, words
from tests.factories import PASSWORD, make_person

from guanxue import accounts, jobs
from guanxue.accounts import gateway, rules
from guanxue.accounts.errors import WrongCode
from guanxue.accounts.models import Person, Session, SmsCode, StatedDocument
from guanxue.audit import AuditLine
from guanxue.config import Settings, UnsafeSettings
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.core.errors import NotFound, TooMany
from guanxue.core.sealing import keyed_hash, seal
from guanxue.jobs import Job

PHONE, OTHER, NEW = "13800000001", "13800000002", "13800000005"
ID_NUMBER = "990000199001010012"


class Phones:
    """The site's messages, as the worker handed them over."""

    def __init__(self, app, path) -> None:
        self.app, self.path = app, path

    def messages(self, phone: str | None = None) -> list[dict]:
        """All that were sent so far, to that number."""
        jobs.run_waiting(self.app)
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return [m for m in map(json.loads, lines) if phone in (None, m["phone"])]

    def code(self, phone: str) -> str:
        """The newest code that came to the number."""
        return [m for m in self.messages(phone) if "code" in m["params"]][-1]["params"]["code"]


@pytest.fixture
def sms_app(any_app, tmp_path):
    """An app that sends messages into a file, with 林小莲 and 周工."""
    path = tmp_path / "messages.jsonl"
    any_app.extensions["guanxue.settings"] = replace(any_app.extensions["guanxue.settings"], sms=f"file://{path}")
    any_app.phones = Phones(any_app, path)
    with any_app.test_request_context(), writing():
        make_person()
        make_person(OTHER, "周工")
    return any_app


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def change(app, phone=PHONE, **values) -> None:
    with app.test_request_context(), writing():
        session.execute(update(Person).where(Person.phone == phone).values(**values))


def quiet(app, phone=PHONE) -> None:
    """Nobody was seen with that number for 91 days."""
    change(app, phone, seen_at=clock.now() - timedelta(days=91))


def state_id(app, phone=PHONE) -> None:
    with app.test_request_context(), writing():
        person = accounts.find_person_by_phone(phone)
        session.add(StatedDocument(
            code=f"code-of-{person.id}", person_id=person.id, kind="citizen-id", country="", masked="990***12",
            number_sealed=seal("citizen-id", person.ref, ID_NUMBER), number_hash=keyed_hash("citizen-id", ID_NUMBER),
            stated_at=clock.now()))


def with_code(app, phone=PHONE, start="/login/code", enter="/login/code/enter") -> tuple[Browser, object]:
    """A browser that asked for a code to the number and typed it; what was answered."""
    browser = Browser(app)
    page = browser.see(start)
    page = browser.see(place(browser.send(action(page), phone=phone)))
    assert action(page) == enter
    return browser, browser.send(action(page), code=app.phones.code(phone))


def action(page: str) -> str:
    """Where the page's own form goes."""
    return re.search(r'<main.*?<form method="post" action="([^"]+)"', page, re.S)[1]


# ---- rules


def test_a_code_alone_opens_an_account_unless_it_states_an_id_and_was_quiet_or_is_disputed():
    facts = {"has_identity": False, "has_factor": False, "is_quiet": False, "is_disputed": False, "is_trusted": False}
    assert rules.proofs_for_signing_in(**facts) == ()
    assert rules.proofs_for_signing_in(**{**facts, "is_quiet": True}) == ()
    assert rules.proofs_for_signing_in(**{**facts, "has_identity": True}) == ()
    assert rules.proofs_for_signing_in(**{**facts, "has_identity": True, "is_quiet": True}) == ("password", "identity")
    assert rules.proofs_for_signing_in(**{**facts, "is_disputed": True, "has_factor": True}) == ("password", "factor")
    assert rules.proofs_for_signing_in(**{**facts, "is_trusted": True, "has_identity": True}) == ("password",)
    assert rules.proofs_for_signing_in(**{**facts, "is_trusted": True, "has_factor": True}) == ()  # the factor is asked next


def test_a_new_password_takes_the_strongest_second_proof_there_is():
    facts = {"has_identity": False, "has_factor": False, "is_quiet": False, "is_disputed": False, "is_trusted": False}
    assert rules.proofs_for_new_password(**facts) == ()
    assert rules.proofs_for_new_password(**{**facts, "is_quiet": True}) is None
    assert rules.proofs_for_new_password(**{**facts, "is_disputed": True}) is None
    assert rules.proofs_for_new_password(**{**facts, "has_identity": True}) == ("identity",)
    assert rules.proofs_for_new_password(**{**facts, "has_identity": True, "is_trusted": True}) is None
    assert rules.proofs_for_new_password(**{**facts, "has_identity": True, "has_factor": True, "is_quiet": True}) == ("factor",)


def test_quiet_is_ninety_days_from_the_last_sign_or_from_the_beginning():
    now = clock.now()
    assert not rules.is_quiet(now - timedelta(days=89), now - timedelta(days=900), now)
    assert rules.is_quiet(now - timedelta(days=90), now, now) and rules.is_quiet(None, now - timedelta(days=90), now)


def test_an_updated_browser_is_the_same_device():
    old = "Mozilla/5.0 (Linux; Android 9; V1901A) AppleWebKit/537.36 Chrome/60.0 Mobile Safari/537.36"
    assert rules.device_of(old) == rules.device_of(old.replace("60.0", "61.5").replace("Android 9", "Android 10"))
    assert rules.device_of(old) != rules.device_of(old + " MicroMessenger/8.0") and rules.device_of("curl/8") == "curl/8"


# ---- the gateway


@pytest.mark.parametrize("url", ["sms", "http://token@example.com/", "ftp://x/y", "file://host/x", "file:x", "https://"])
def test_a_gateway_that_is_neither_file_nor_https_stops_the_start(url, tmp_path):
    with pytest.raises(UnsafeSettings, match="GUANXUE_SMS"):
        Settings.from_env({"GUANXUE_DATA": str(tmp_path), "GUANXUE_SMS": url})


@pytest.fixture
def provider():
    """A provider on this machine that keeps what it was sent and answers as it is told."""
    came, answer = [], {"status": 200}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):  # noqa: N802 the name http.server looks for
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            came.append((self.headers["Authorization"], self.headers["Idempotency-Key"], body))
            self.send_response(answer["status"])
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://geheim%2Fs@127.0.0.1:{server.server_port}/send", came, answer
    server.shutdown()


def test_a_provider_gets_template_and_values_with_the_token_and_any_other_answer_is_a_failure(provider):
    url, came, answer = provider
    gateway.HttpGateway(url).send("code:1", PHONE, "signin", {"code": "123456"})
    assert came == [("Bearer geheim/s", "code:1", {"phone": PHONE, "template": "signin", "params": {"code": "123456"}})]
    for answer["status"] in (500, 403, 302):  # noqa: B007 the handler reads it
        with pytest.raises(gateway.CannotSend) as failure:
            gateway.HttpGateway(url).send("code:2", PHONE, "signin", {"code": "123456"})
        assert PHONE not in str(failure.value) and "123456" not in str(failure.value)
    assert len(came) == 4, "a redirect is not followed: the token is for one address"
    with pytest.raises(gateway.CannotSend):
        gateway.HttpGateway("http://127.0.0.1:9/").send("code:3", PHONE, "signin", {})


def test_every_template_can_be_filled_in():
    for text in gateway.TEMPLATES.values():
        assert "【莞学】" in text and "{" not in text.format(code="123456", minutes="5", phone="138****0001")


def test_without_a_gateway_no_page_offers_codes_and_a_forgotten_password_leads_to_people(any_app):
    browser = Browser(any_app)
    assert "验证码" not in browser.see("/login") and "/register/code" not in browser.see("/register")
    assert "管理员" in words(browser.get("/forgot"))
    for path in ("/login/code", "/login/code/enter", "/register/code/enter", "/forgot/code", "/forgot/password",
                 "/login/whose"):
        answer = browser.client.get(path)
        assert answer.status_code in (303, 404), path
    browser.send("/login/code", 404, phone=PHONE)
    with any_app.test_request_context(), pytest.raises(NotFound):
        accounts.ask_code(PHONE, "signin", "1.2.3.4")


# ---- codes


def test_neither_code_nor_number_lies_open_in_code_table_or_job(sms_app):
    browser = Browser(sms_app)
    browser.see("/login/code")
    browser.send("/login/code", phone=PHONE)
    code = sms_app.phones.code(PHONE)
    with sms_app.test_request_context():
        job = session.scalar(select(Job).where(Job.name == "accounts.send_message"))
        row = session.scalar(select(SmsCode))
        assert code not in json.dumps(job.payload) and PHONE not in json.dumps(job.payload)
        assert code not in row.code_hash and len(row.code_hash) == 64


def ask(app, phone=PHONE, purpose="signin", address="1.2.3.4") -> None:
    with app.test_request_context(), writing():
        accounts.ask_code(phone, purpose, address)


def test_a_number_gets_one_code_a_minute_five_an_hour_and_ten_a_day(sms_app):
    ask(sms_app)
    with pytest.raises(TooMany) as refusal:
        ask(sms_app, purpose="reset")  # whatever it is for
    assert 0 < refusal.value.retry_after_s <= 60 and is_chinese(str(refusal.value.message.__str__()))
    for n in range(1, 5):
        with clock.advance(61 * n):
            ask(sms_app)
    with clock.advance(600), pytest.raises(TooMany):
        ask(sms_app)
    for n in range(5):
        with clock.advance(4000 + 61 * n):
            ask(sms_app)
    with clock.advance(20_000), pytest.raises(TooMany):
        ask(sms_app)
    with clock.advance(100_000):
        ask(sms_app)


def test_rows_of_codes_are_dropped_when_no_limit_needs_them(sms_app):
    ask(sms_app)
    with clock.advance(3 * 86_400):
        ask(sms_app, OTHER)
    with sms_app.test_request_context():
        assert session.scalars(select(SmsCode.phone)).all() == [OTHER]


def test_an_address_gets_sixty_codes_an_hour_and_another_goes_on(sms_app):
    for n in range(60):
        ask(sms_app, f"139000001{n:02}")
    with pytest.raises(TooMany):
        ask(sms_app, "13900000199")
    ask(sms_app, "13900000199", address="1.2.3.5")


def test_a_line_with_many_addresses_of_the_new_kind_is_limited_as_one(sms_app, monkeypatch):
    monkeypatch.setattr(rules, "CODES_AN_ADDRESS", ((2, 3600),))
    for n in range(2):
        ask(sms_app, f"139000001{n:02}", address=f"2001:db8:1:2::{n}")
    with pytest.raises(TooMany):
        ask(sms_app, "13900000199", address="2001:db8:1:2:ffff::9")
    ask(sms_app, "13900000199", address="2001:db8:1:3::")


def test_the_site_sends_no_more_a_day_than_its_setting_says(sms_app):
    sms_app.extensions["guanxue.settings"] = replace(sms_app.extensions["guanxue.settings"], sms_a_day=2)
    ask(sms_app)
    ask(sms_app, OTHER, address="9.9.9.9")
    with pytest.raises(TooMany):
        ask(sms_app, NEW, address="8.8.8.8")


def test_limits_hold_for_many_who_ask_at_once(sms_app):
    came = race(sms_app, 8, lambda: accounts.ask_code(PHONE, "signin", "1.2.3.4"))
    assert sorted(came) == ["TooMany"] * 7 + ["done"]


def test_known_and_unknown_numbers_get_the_same_answers_all_the_way(sms_app):
    def walk(phone: str) -> list:
        said, browser = [], Browser(sms_app)
        for start, enter in (("/login/code", "/login/code/enter"), ("/forgot", "/forgot/code")):
            with clock.advance(100 * len(said)):
                browser.see(start)
                answers = [browser.client.post(start, data={"csrf_token": browser.token, "phone": phone})]
                answers.append(browser.client.get(enter))
                answers.append(browser.client.post(start, data={"csrf_token": browser.token, "phone": phone}))  # too soon
                answers += [browser.client.post(enter, data={"csrf_token": browser.token, "code": "000000"}) for _n in range(7)]
            said += [(a.status_code, a.headers.get("Location"), re.sub(r"\d{3}\*{4}\d{4}|\d+ 秒", "", words(a)),
                      sorted(h for h, _v in a.headers)) for a in answers]
        return said

    assert walk(PHONE) == walk("13900000099")
    assert {m["phone"] for m in sms_app.phones.messages()} == {PHONE}


def test_a_code_is_bound_to_its_number_and_purpose_and_holds_five_minutes(sms_app):
    ask(sms_app)
    code = sms_app.phones.code(PHONE)
    with sms_app.test_request_context():
        for phone, purpose in ((OTHER, "signin"), (PHONE, "reset"), (PHONE, "change")):
            with pytest.raises(WrongCode):
                accounts.check_code(phone, purpose, code)
        assert accounts.check_code(PHONE, "signin", f" {code[:3]} {code[3:]}") > 0
        with clock.advance(301), pytest.raises(WrongCode):
            accounts.check_code(PHONE, "signin", code)


def test_a_newer_code_replaces_the_older(sms_app):
    ask(sms_app)
    old = sms_app.phones.code(PHONE)
    with clock.advance(61):
        ask(sms_app)
        new = sms_app.phones.code(PHONE)
        with sms_app.test_request_context():
            if old != new:
                with pytest.raises(WrongCode):
                    accounts.check_code(PHONE, "signin", old)
            assert accounts.check_code(PHONE, "signin", new)


def test_after_five_wrong_tries_the_right_code_is_worth_nothing(sms_app):
    browser = Browser(sms_app)
    browser.see("/login/code")
    browser.send("/login/code", phone=PHONE)
    code = sms_app.phones.code(PHONE)
    for _n in range(5):
        browser.send("/login/code/enter", 422, code=wrong(code))
    browser.send("/login/code/enter", 422, code=code)
    browser.get("/me", 303)


def test_of_two_uses_of_one_code_at_once_one_comes_too_late(sms_app):
    ask(sms_app)
    with sms_app.test_request_context():
        code_id = accounts.check_code(PHONE, "signin", sms_app.phones.code(PHONE))
    came = race(sms_app, 6, lambda: accounts.use_code(code_id, PHONE, "signin"))
    assert sorted(came) == ["WrongCode"] * 5 + ["done"]
    with sms_app.test_request_context(), pytest.raises(WrongCode):
        accounts.check_code(PHONE, "signin", sms_app.phones.code(PHONE))


def test_a_message_that_comes_too_late_is_not_sent(sms_app):
    ask(sms_app)
    with clock.advance(400):
        assert sms_app.phones.messages() == []


# ---- signing in


def test_login_code_opens_the_account_once(sms_app):
    browser, answer = with_code(sms_app)
    assert place(answer) == "/me"
    assert "林小莲" in browser.see("/me/settings")
    second = Browser(sms_app)
    second.see("/login/code")
    with sms_app.test_request_context():
        row = session.scalar(select(Session).order_by(Session.id.desc()))
        person = accounts.find_person_by_phone(PHONE)
        assert row.method == "code" and person.phone_proved_at is not None and person.seen_at is not None
    browser.send("/login/code/enter", 303, code=sms_app.phones.code(PHONE))  # nothing asked any more: back to the beginning
    assert "短信验证码" in browser.see("/me/settings/sessions")


def test_login_code_asks_for_the_second_factor_too(sms_app):
    with sms_app.test_request_context(), writing():
        _secret, paper = set_up(accounts_actor())
    browser, answer = with_code(sms_app)
    assert place(answer) == "/login/second-factor"
    browser.get("/me", 303)
    browser.send("/login/second-factor", code=paper[0])
    browser.see("/me")


def accounts_actor(phone=PHONE):
    """The person with that number as an actor."""
    return type(SYSTEM)("person", accounts.find_person_by_phone(phone).id)


def test_a_disabled_person_gets_no_code(sms_app):
    change(sms_app, disabled_at=clock.now())
    browser = Browser(sms_app)
    browser.see("/login/code")
    browser.send("/login/code", phone=PHONE)
    assert sms_app.phones.messages() == []


def test_numbers_stand_in_no_address(sms_app):
    browser, _answer = with_code(sms_app)
    browser = Browser(sms_app)
    browser.see("/register")
    answer = browser.send("/register/code", phone=NEW)
    assert NEW not in place(answer) and NEW not in browser.see("/register/code/enter")


# ---- registering


def test_registering_proves_the_number_first(sms_app):
    browser = Browser(sms_app)
    assert 'name="password"' not in browser.see("/register?next=/courses")
    form = {"phone": NEW, "name": "阿莲", "password": PASSWORD, "terms": "1"}
    assert place(browser.send("/register", **form)) == "/register"  # not without a code
    browser.send("/register/code", phone=NEW, next="/courses")
    assert place(browser.send("/register/code/enter", code=sms_app.phones.code(NEW), next="/courses")) == "/register?next=/courses"
    assert "138****0005" in browser.see("/register?next=/courses")
    browser.send("/register", 422, name="", password=PASSWORD, terms="1")
    answer = browser.send("/register", name="阿莲", password=PASSWORD, terms="1", phone=OTHER, next="/courses")
    assert place(answer) == "/courses"
    with sms_app.test_request_context():
        person = accounts.find_person_by_phone(NEW)
        assert person.name == "阿莲" and person.phone_proved_at is not None
    browser.see("/me")


def test_registering_a_known_number_tells_only_whoever_proved_it_and_lets_them_in(sms_app):
    browser, answer = with_code(sms_app, start="/register", enter="/register/code/enter")
    assert place(answer) == "/login/whose"
    page = browser.see("/login/whose")
    assert "林***" in page or "林**" in page
    assert "林小莲" not in page
    assert place(browser.send("/login/whose")) == "/me"


def test_people_register_over_the_api_with_a_code_where_codes_are_sent(sms_app):
    client = sms_app.test_client()
    body = {"phone": NEW, "password": PASSWORD, "name": "阿莲"}
    answer = client.post(f"{API}/people", json=body)
    assert answer.status_code == 422 and answer.get_json()["errors"][0]["field"] == "code"
    assert client.post(f"{API}/codes", json={"phone": NEW}).status_code == 202
    assert client.post(f"{API}/people", json={**body, "code": wrong(sms_app.phones.code(NEW))}).status_code == 422
    assert client.post(f"{API}/people", json={**body, "code": sms_app.phones.code(NEW)}).status_code == 201
    assert client.post(f"{API}/codes", json={"phone": NEW}).status_code == 429


# ---- a number is not a person


def test_a_quiet_account_without_an_id_opens_when_its_owner_says_so(sms_app):
    quiet(sms_app)
    browser, answer = with_code(sms_app)
    assert place(answer) == "/login/whose"
    assert 'name="proof"' not in browser.see("/login/whose")
    assert place(browser.send("/login/whose")) == "/me"


@pytest.mark.parametrize(("kind", "right", "bad"), [("password", PASSWORD, "wrong-password"), ("identity", "010012", "010013")])
def test_a_quiet_account_with_a_stated_id_takes_a_second_proof(sms_app, kind, right, bad):
    state_id(sms_app)
    quiet(sms_app)
    browser, answer = with_code(sms_app)
    assert place(answer) == "/login/whose"
    assert "证件号最后 6 位" in browser.see("/login/whose")
    browser.send("/login/whose", 422)
    browser.send("/login/whose", 422, kind="factor", proof="123456")  # this account has none
    browser.send("/login/whose", 422, kind=kind, proof=bad)
    browser.get("/me", 303)
    assert place(browser.send("/login/whose", kind=kind, proof=right)) == "/me"
    browser.see("/me")


def test_a_second_factor_is_a_second_proof_and_not_asked_twice(sms_app):
    state_id(sms_app)
    with sms_app.test_request_context(), writing():
        secret, _paper = set_up(accounts_actor())
    quiet(sms_app)
    browser, _answer = with_code(sms_app)
    assert place(browser.send("/login/whose", kind="factor", proof=app_code(secret, 1))) == "/me"


def test_guesses_at_the_end_of_an_id_are_few(sms_app):
    state_id(sms_app)
    quiet(sms_app)
    browser, _answer = with_code(sms_app)
    statuses = [browser.client.post("/login/whose", data={"csrf_token": browser.token, "kind": "identity", "proof": f"{n:06}"})
                .status_code for n in range(8)]
    assert statuses == [422] * 5 + [429] * 3


def test_a_number_that_was_somebody_elses_leaves_a_quiet_account_whose_records_stay(sms_app):
    state_id(sms_app)
    quiet(sms_app)
    old = Browser(sms_app, OTHER)
    with sms_app.test_request_context():
        person_id = accounts.find_person_by_phone(PHONE).id
    browser, _answer = with_code(sms_app)
    assert place(browser.send("/login/whose/not-mine")) == "/register"
    browser.see("/register")
    assert place(browser.send("/register", name="新主人", password=PASSWORD, terms="1")) == "/me"
    with sms_app.test_request_context():
        before, now = accounts.get_person(person_id), accounts.find_person_by_phone(PHONE)
        assert before.phone is None and before.name == "林小莲" and now.name == "新主人" and now.id != before.id
        line = session.scalar(select(AuditLine).where(AuditLine.action == "accounts.phone.released"))
        assert line.subject == before.ref and line.detail == {"phone": "138****0001"}
        assert accounts.list_sessions(before.id) == []
    old.see("/me")
    assert sms_app.test_client().post(f"{API}/session", json={"phone": PHONE, "password": PASSWORD}).status_code == 200


def test_an_account_in_use_keeps_its_number_until_an_officer_decides(sms_app):
    browser = Browser(sms_app)
    browser.see("/register")
    browser.send("/register/code", phone=PHONE)
    browser.send("/register/code/enter", code=sms_app.phones.code(PHONE))
    assert "管理员" in words(browser.send("/login/whose/not-mine", 200))
    with sms_app.test_request_context():
        person = accounts.find_person_by_phone(PHONE)
        assert person.name == "林小莲" and person.phone_disputed_at is not None
    with clock.advance(61):  # from now on a code alone does not open it
        owner, answer = with_code(sms_app)
        assert place(answer) == "/login/whose"
        owner.send("/login/whose", 422)
        owner.send("/login/whose", kind="password", proof=PASSWORD)
    with sms_app.test_request_context():
        assert accounts.find_person_by_phone(PHONE).phone_disputed_at is None


def test_staff_never_loses_a_number_by_a_code(sms_app):
    with sms_app.test_request_context(), writing():
        accounts.grant_role(SYSTEM, accounts.find_person_by_phone(PHONE), "administrator")
    quiet(sms_app)
    browser, _answer = with_code(sms_app)
    assert "管理员" in words(browser.send("/login/whose/not-mine", 200))
    with sms_app.test_request_context():
        assert accounts.find_person_by_phone(PHONE) is not None


def test_steps_of_a_code_cannot_be_skipped(sms_app):
    browser = Browser(sms_app)
    browser.see("/login")
    for path in ("/login/code/enter", "/login/whose", "/login/whose/not-mine", "/register/code/enter", "/forgot/code", "/forgot/password"):
        assert place(browser.send(path, code="000000", password="another-good-1")).split("?")[0] in (
            "/login/code", "/login", "/register", "/forgot"), path
    browser.get("/me", 303)


# ---- a forgotten password


def test_forgot_sets_a_new_password_ends_every_session_and_tells_the_number(sms_app):
    other = Browser(sms_app, PHONE)
    browser, answer = with_code(sms_app, start="/forgot", enter="/forgot/code")
    assert place(answer) == "/forgot/password"
    browser.see("/forgot/password")
    browser.send("/forgot/password", 422, password="12345678")
    assert place(browser.send("/forgot/password", password="another-good-1")) == "/me"
    browser.see("/me")
    other.get("/me", 303)
    client = sms_app.test_client()
    assert client.post(f"{API}/session", json={"phone": PHONE, "password": PASSWORD}).status_code == 401
    assert client.post(f"{API}/session", json={"phone": PHONE, "password": "another-good-1"}).status_code == 200
    assert [m["template"] for m in sms_app.phones.messages(PHONE)] == ["reset", "password-changed"]


def test_forgot_takes_the_stated_id_or_the_second_factor_too(sms_app):
    state_id(sms_app)
    browser, _answer = with_code(sms_app, start="/forgot", enter="/forgot/code")
    browser.see("/forgot/password")
    browser.send("/forgot/password", 422, password="another-good-1")
    browser.send("/forgot/password", 422, password="another-good-1", proof="999999")
    assert sms_app.test_client().post(f"{API}/session", json={"phone": PHONE, "password": PASSWORD}).status_code == 200
    with sms_app.test_request_context(), writing():
        _secret, paper = set_up(accounts_actor())
    browser.send("/forgot/password", 422, password="another-good-1", proof="010012")  # now the ID is not enough
    browser.send("/forgot/password", password="another-good-1", proof=paper[0])
    browser.see("/me")


def test_forgot_of_a_quiet_account_without_any_proof_leads_to_an_officer(sms_app):
    quiet(sms_app)
    browser, _answer = with_code(sms_app, start="/forgot", enter="/forgot/code")
    assert "管理员" in browser.see("/forgot/password")
    browser.send("/forgot/password", 200, password="another-good-1")
    assert sms_app.test_client().post(f"{API}/session", json={"phone": PHONE, "password": PASSWORD}).status_code == 200


@pytest.fixture
def administrator_app(sms_app):
    """林小莲 administers, has stated an ID and no second factor."""
    state_id(sms_app)
    with sms_app.test_request_context(), writing():
        accounts.grant_role(SYSTEM, accounts.find_person_by_phone(PHONE), "administrator")
    return sms_app


def test_a_code_alone_lets_no_administrator_in(administrator_app):
    browser, answer = with_code(administrator_app)
    assert place(answer) == "/login/whose"
    assert "光凭短信不能登录" in browser.see("/login/whose")
    browser.send("/login/whose", 422, kind="identity", proof="010012")
    browser.send("/login/whose", kind="password", proof=PASSWORD)


def test_forgot_by_an_administrator_without_a_second_factor_leads_to_another_one(administrator_app):
    browser, _answer = with_code(administrator_app, start="/forgot", enter="/forgot/code")
    assert "另一位管理员" in browser.see("/forgot/password")
    browser.send("/forgot/password", 200, password="another-good-1", proof="010012")
    answer = administrator_app.test_client().post(f"{API}/session", json={"phone": PHONE, "password": PASSWORD})
    assert answer.status_code == 200


# ---- a new number


def test_phone_changes_with_the_password_and_a_code_to_the_new_number(sms_app):
    browser, other = Browser(sms_app, PHONE), Browser(sms_app, PHONE)
    browser.see("/me/settings/phone")
    browser.send("/me/settings/phone", 422, phone=NEW, password="wrong-password")
    browser.send("/me/settings/phone", 422, phone=PHONE, password=PASSWORD)
    browser.send("/me/settings/phone", 422, phone="12", password=PASSWORD)
    assert sms_app.phones.messages() == []
    browser.send("/me/settings/phone", phone=NEW, password=PASSWORD)
    browser.see("/me/settings/phone/code")
    browser.send("/me/settings/phone/code", 422, code=wrong(sms_app.phones.code(NEW)))
    browser.send("/me/settings/phone/code", code=sms_app.phones.code(NEW))
    assert "138****0005" in browser.see("/me/settings/phone?changed=1")
    other.get("/me", 303)
    notice = sms_app.phones.messages(PHONE)[-1]
    assert notice["template"] == "number-changed" and notice["params"] == {"phone": "138****0005"}
    with sms_app.test_request_context():
        line = session.scalar(select(AuditLine).where(AuditLine.action == "accounts.phone.changed"))
        assert line.detail == {"old": "138****0001", "new": "138****0005"}
    Browser(sms_app, NEW).see("/me")


def test_phone_changes_with_a_code_to_the_old_number_instead_of_the_password(sms_app):
    browser = Browser(sms_app, PHONE)
    browser.see("/me/settings/phone")
    assert place(browser.send("/me/settings/phone/old-code")) == "/me/settings/phone?by=code"
    assert 'name="password"' not in browser.see("/me/settings/phone?by=code")
    code = sms_app.phones.code(PHONE)
    browser.send("/me/settings/phone", 422, by="code", code=wrong(code), phone=NEW)
    browser.send("/me/settings/phone", by="code", code=code, phone=NEW)
    browser.send("/me/settings/phone/code", code=sms_app.phones.code(NEW))
    Browser(sms_app, NEW).see("/me")


def test_phone_of_another_account_in_use_is_not_taken(sms_app):
    browser = Browser(sms_app, PHONE)
    browser.see("/me/settings/phone")
    browser.send("/me/settings/phone", phone=OTHER, password=PASSWORD)  # nobody is told before the code
    answer = browser.send("/me/settings/phone/code", 409, code=sms_app.phones.code(OTHER))
    assert "另一个账号" in words(answer)
    assert "管理员" in words(browser.send("/me/settings/phone/not-mine", 200))
    with sms_app.test_request_context():
        assert accounts.find_person_by_phone(OTHER).name == "周工"


def test_phone_of_a_quiet_account_is_taken_over(sms_app):
    quiet(sms_app, OTHER)
    browser = Browser(sms_app, PHONE)
    browser.see("/me/settings/phone")
    browser.send("/me/settings/phone", phone=OTHER, password=PASSWORD)
    browser.send("/me/settings/phone/code", 409, code=sms_app.phones.code(OTHER))
    browser.send("/me/settings/phone/not-mine")
    with sms_app.test_request_context():
        assert accounts.find_person_by_phone(OTHER).name == "林小莲" and accounts.find_person_by_phone(PHONE) is None


def test_phone_changes_begun_by_one_person_are_not_finished_by_the_next_on_the_same_browser(sms_app):
    browser = Browser(sms_app, PHONE)
    browser.see("/me/settings/phone")
    browser.send("/me/settings/phone", phone=NEW, password=PASSWORD)
    browser.send("/logout")
    browser.see("/login")
    browser.send("/login", phone=OTHER, password=PASSWORD)
    browser.see("/me/settings/phone")
    assert place(browser.send("/me/settings/phone/code", code=sms_app.phones.code(NEW))) == "/me/settings/phone"


def test_phone_of_somebody_with_a_second_factor_changes_after_showing_it(sms_app):
    browser = Browser(sms_app, PHONE)
    with sms_app.test_request_context(), writing():
        set_up(accounts_actor())
    browser.see("/me/settings/phone")
    assert place(browser.send("/me/settings/phone", phone=NEW, password=PASSWORD)).startswith("/me/settings/second-factor")


def test_staff_is_told_of_a_sign_in_on_a_new_kind_of_device(sms_app):
    with sms_app.test_request_context(), writing():
        accounts.grant_role(SYSTEM, accounts.find_person_by_phone(PHONE), "reviewer")
    Browser(sms_app, PHONE)
    Browser(sms_app, PHONE)
    assert sms_app.phones.messages() == []
    browser = Browser(sms_app)
    browser.client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Linux; Android 9) Chrome/60.0"
    browser.see("/login")
    browser.send("/login", phone=PHONE, password=PASSWORD)
    assert [m["template"] for m in sms_app.phones.messages(PHONE)] == ["new-device"]
