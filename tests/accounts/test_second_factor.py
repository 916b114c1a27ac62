"""The second factor: RFC 6238, one use of each code, asked for at sign-in and before sensitive pages."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime
from threading import Barrier, Thread

import pytest
from sqlalchemy import select
from tests.clients import API, Browser, place, words
from tests.factories import PASSWORD, make_person

from guanxue import accounts
from guanxue.accounts import totp
from guanxue.accounts.errors import WrongCode
from guanxue.accounts.models import SecondFactor
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, writing
from guanxue.core.errors import Conflict, Forbidden, NotFound, SecondFactorNeeded, TooMany, Unauthenticated

PHONE = "13800000001"
SECRET = b"12345678901234567890"  # the key of RFC 6238's appendix B


@pytest.mark.parametrize(("moment", "code"), [(59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"),
                                              (1234567890, "89005924"), (2000000000, "69279037"), (20000000000, "65353130")])
def test_codes_are_those_of_the_standards_own_table(moment, code):
    step = totp.step_of(datetime.fromtimestamp(moment, UTC))
    assert totp.code_of(SECRET, step, digits=8) == code
    assert totp.code_of(SECRET, step) == code[2:]


def test_one_step_early_or_late_is_taken_and_two_are_not():
    taken = [n for n in range(96, 105) if totp.matching_step(SECRET, totp.code_of(SECRET, n), 100, 0)]
    assert taken == [99, 100, 101]


def test_a_step_that_was_taken_or_lies_before_one_is_not_taken_again():
    assert totp.matching_step(SECRET, totp.code_of(SECRET, 99), 100, 100) is None
    assert totp.matching_step(SECRET, totp.code_of(SECRET, 100), 100, 100) is None
    assert totp.matching_step(SECRET, totp.code_of(SECRET, 101), 100, 100) == 101


def test_nothing_but_six_digits_matches():
    assert all(totp.matching_step(SECRET, typed, 100, 0) is None for typed in ("", "12345", "１２３４５６", "abcdef", "0" * 400))


def app_code(secret: str, later: int = 0) -> str:
    """What an authenticator app with that base32 secret shows, so many steps later."""
    return totp.code_of(base64.b32decode(secret.replace(" ", "")), totp.step_of(clock.now()) + later)


def set_up(actor: Actor) -> tuple[str, list[str]]:
    """Turn the person's second factor on; its secret and the codes on paper. Inside a writing transaction."""
    accounts.begin_second_factor(actor)
    secret = accounts.pending_secret(actor.id)
    return secret, accounts.confirm_second_factor(actor, app_code(secret))


def test_a_factor_counts_from_its_confirmation_on_and_its_secret_is_sealed(app):
    actor = make_person()
    accounts.begin_second_factor(actor)
    secret = accounts.pending_secret(actor.id)
    assert not accounts.has_second_factor(actor.id)
    with pytest.raises(WrongCode):
        accounts.confirm_second_factor(actor, "000000" if app_code(secret) != "000000" else "000001")
    accounts.confirm_second_factor(actor, app_code(secret))
    assert accounts.has_second_factor(actor.id)
    sealed = session.scalar(select(SecondFactor.secret_sealed))
    assert secret.encode() not in sealed and base64.b32decode(secret) not in sealed
    with pytest.raises(Conflict):
        accounts.begin_second_factor(actor)


def test_a_secret_that_is_not_confirmed_in_half_an_hour_is_shown_no_more(app):
    actor = make_person()
    accounts.begin_second_factor(actor)
    secret = accounts.pending_secret(actor.id)
    with clock.advance(1801):
        assert not accounts.factor_state(actor.id).is_pending
        with pytest.raises(NotFound):
            accounts.confirm_second_factor(actor, app_code(secret))
        accounts.begin_second_factor(actor)
        assert accounts.pending_secret(actor.id) != secret


def test_a_secret_sealed_with_another_key_opens_nothing_and_breaks_nothing(app):
    actor = make_person()
    secret, _paper = set_up(actor)
    app.extensions["guanxue.settings"] = replace(app.extensions["guanxue.settings"], secret_key=b"another" * 8)
    with clock.advance(60), pytest.raises(WrongCode):
        accounts.show_second_factor(actor, actor.id, app_code(secret))


def test_a_code_is_taken_once_and_the_next_one_again(app):
    actor = make_person()
    secret, _paper = set_up(actor)
    with pytest.raises(WrongCode):
        accounts.show_second_factor(actor, actor.id, app_code(secret))  # the one that confirmed it
    accounts.show_second_factor(actor, actor.id, f"{app_code(secret, 1)[:3]} {app_code(secret, 1)[3:]}")
    with pytest.raises(WrongCode):
        accounts.show_second_factor(actor, actor.id, app_code(secret, 1))
    with clock.advance(60):
        accounts.show_second_factor(actor, actor.id, app_code(secret))


def test_ten_codes_on_paper_stand_in_once_each_and_new_ones_replace_them(app):
    actor = make_person()
    _secret, paper = set_up(actor)
    assert len(set(paper)) == 10
    accounts.show_second_factor(actor, actor.id, paper[0].upper().replace("-", " "))
    with pytest.raises(WrongCode):
        accounts.show_second_factor(actor, actor.id, paper[0])
    assert accounts.factor_state(actor.id).codes_left == 9
    accounts.new_recovery_codes(actor)
    with pytest.raises(WrongCode):
        accounts.show_second_factor(actor, actor.id, paper[1])


def test_another_persons_codes_open_nothing(app):
    one, two = make_person(), make_person("13800000002", "周工")
    secret, paper = set_up(one)
    set_up(two)
    with clock.advance(60):
        for typed in (app_code(secret), paper[0]):
            with pytest.raises(WrongCode):
                accounts.show_second_factor(two, two.id, typed)


def test_only_the_person_or_an_administrator_takes_it_away(app):
    actor, other = make_person(), make_person("13800000002", "周工")
    set_up(actor)
    person = accounts.get_person(actor.id)
    with pytest.raises(Forbidden):
        accounts.remove_second_factor(other, person)
    accounts.remove_second_factor(SYSTEM, person)
    assert accounts.factor_state(actor.id) == accounts.FactorState(False, False, None, 0)


def test_of_many_who_bring_one_code_at_once_one_comes_through(any_app):
    with any_app.test_request_context(), writing():
        actor = make_person()
        secret, paper = set_up(actor)
    for typed in (app_code(secret, 1), paper[0]):
        assert sorted(race(any_app, 6, lambda typed=typed: accounts.show_second_factor(actor, actor.id, typed))) == (
            ["WrongCode"] * 5 + ["done"])


def race(app, count, deed) -> list[str]:
    """What came out when so many did the deed at once, each in a transaction of its own."""
    barrier, came = Barrier(count), []

    def run() -> None:
        with app.test_request_context():
            barrier.wait()
            try:
                with writing():
                    deed()
                came.append("done")
            except Exception as problem:
                came.append(type(problem).__name__)

    threads = [Thread(target=run) for _n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


def test_many_guesses_in_one_moment_get_no_further_than_a_few(any_app):
    assert race(any_app, 12, lambda: accounts.claim_attempt("factor:1")).count("done") == 5


def test_ten_guesses_a_day_are_all_where_a_day_has_a_limit(app):
    for n in range(10):
        with clock.advance(n * 120):
            accounts.claim_attempt("identity:1", most_a_day=10)
    with clock.advance(7200), pytest.raises(TooMany):
        accounts.claim_attempt("identity:1", most_a_day=10)
    with clock.advance(90_000):
        accounts.claim_attempt("identity:1", most_a_day=10)


def test_require_proved_lets_the_system_through_and_people_for_twelve_hours():
    SYSTEM.require_proved()
    with pytest.raises(Unauthenticated):
        Actor("anonymous").require_proved()
    with pytest.raises(SecondFactorNeeded):
        Actor("person", 1).require_proved()
    proved = Actor("person", 1, proved_at=clock.now())
    proved.require_proved()
    with clock.advance(12 * 3600 + 1), pytest.raises(SecondFactorNeeded):
        proved.require_proved()


# ---- pages


@pytest.fixture
def somebody(any_app):
    """An app with 林小莲 and a page that only opens to those who showed a second factor."""
    with any_app.test_request_context(), writing():
        make_person()

    def sensitive():
        """A page with other people's money on it."""
        Actor.require_proved(any_app.view_functions["_actor"]())
        return "账目"

    any_app.view_functions["_actor"] = lambda: __import__("flask").g.actor
    any_app.add_url_rule("/sensitive", "sensitive", sensitive)
    any_app.add_url_rule("/api/v1/sensitive", "api_sensitive", sensitive)
    return any_app


def secret_on(page: str) -> str:
    return re.search(r'<p class="num">([A-Z2-7 ]+)</p>', page)[1]


def turn_on(browser: Browser, **more) -> tuple[str, list[str]]:
    """Through the pages: password, secret, first code; the secret and the codes on paper."""
    browser.see("/me/settings/second-factor")
    browser.send("/me/settings/second-factor/new", password=PASSWORD, **more)
    secret = secret_on(browser.see("/me/settings/second-factor"))
    answer = browser.send("/me/settings/second-factor/confirm", 200, code=app_code(secret), **more)
    return secret, re.findall(r"<li>([a-z2-9]{5}-[a-z2-9]{5})</li>", answer.get_data(as_text=True))


def test_second_factor_leads_from_a_sensitive_page_through_setting_up_and_back(somebody):
    browser = Browser(somebody, PHONE)
    answer = browser.get("/sensitive", 303)
    assert place(answer) == "/me/settings/second-factor?next=/sensitive"
    assert "先要通过两步验证" in browser.see(place(answer))
    _secret, paper = turn_on(browser, next="/sensitive")
    assert len(paper) == 10
    assert browser.see("/sensitive") == "账目"
    with clock.advance(13 * 3600):
        assert place(browser.get("/sensitive", 303)).startswith("/me/settings/second-factor")


def test_second_factor_is_asked_by_the_api_with_a_problem_of_its_own(somebody):
    browser = Browser(somebody, PHONE)
    answer = browser.get("/api/v1/sensitive", 403)
    assert answer.get_json()["type"].endswith("#second-factor-needed")


def test_second_factor_is_not_set_up_without_the_password(somebody):
    browser = Browser(somebody, PHONE)
    browser.see("/me/settings/second-factor")
    answer = browser.send("/me/settings/second-factor/new", 422, password="wrong-password")
    assert "密码不对" in words(answer)
    browser.see("/me/settings/second-factor")
    with somebody.test_request_context():
        assert session.scalar(select(SecondFactor)) is None


def test_sign_in_asks_for_the_second_factor_before_the_session_is_full(somebody):
    secret, paper = turn_on(Browser(somebody, PHONE))
    browser = Browser(somebody)
    browser.see("/login?next=/sensitive")
    answer = browser.send("/login", phone=PHONE, password=PASSWORD, next="/sensitive")
    assert place(answer) == "/login/second-factor?next=/sensitive"
    browser.get("/me", 303)  # nothing opens yet
    browser.see(place(answer))
    browser.send("/login/second-factor", 422, code=app_code(secret))  # it confirmed the setting up
    assert place(browser.send("/login/second-factor", code=app_code(secret, 1), next="/sensitive")) == "/sensitive"
    assert browser.see("/sensitive") == "账目"
    with_paper = Browser(somebody)
    with_paper.see("/login")
    with_paper.send("/login", phone=PHONE, password=PASSWORD)
    with_paper.send("/login/second-factor", code=paper[3])
    with_paper.see("/me")


def test_a_half_opened_door_closes_after_ten_minutes_and_with_a_new_password(somebody):
    secret, paper = turn_on(Browser(somebody, PHONE))
    late, changed = Browser(somebody), Browser(somebody)
    for browser in (late, changed):
        browser.see("/login")
        browser.send("/login", phone=PHONE, password=PASSWORD)
    with clock.advance(601):
        assert place(late.send("/login/second-factor", code=paper[0])).startswith("/login")
        late.get("/me", 303)
    with somebody.test_request_context(), writing():
        accounts.reset_password(SYSTEM, PHONE, accounts.hash_password("another-good-1"))
    assert place(changed.send("/login/second-factor", code=paper[1])) == "/login"
    changed.get("/me", 303)


def test_guesses_at_the_second_factor_are_slowed_down_like_passwords(somebody):
    secret, paper = turn_on(Browser(somebody, PHONE))
    browser = Browser(somebody)
    browser.see("/login")
    browser.send("/login", phone=PHONE, password=PASSWORD)
    for _n in range(5):
        browser.send("/login/second-factor", 422, code="abcdefgh")
    answer = browser.send("/login/second-factor", 429, code=paper[0])
    assert "秒后再试" in words(answer)
    with clock.advance(61):
        browser.send("/login/second-factor", code=paper[0])
        browser.see("/me")


def test_second_factor_is_taken_away_and_its_paper_printed_anew_with_a_code_only(somebody):
    browser = Browser(somebody, PHONE)
    secret, paper = turn_on(browser)
    browser.send("/me/settings/second-factor/codes", 422, code="123")
    answer = browser.send("/me/settings/second-factor/codes", 200, code=app_code(secret, 1))
    assert paper[0] not in words(answer)
    browser.send("/me/settings/second-factor/remove", 422, code=paper[0])
    fresh = re.findall(r"[a-z2-9]{5}-[a-z2-9]{5}", words(answer))
    browser.send("/me/settings/second-factor/remove", code=fresh[0])
    Browser(somebody, PHONE).see("/me")


# ---- programs


def test_a_program_sends_its_second_factor_with_the_password(somebody):
    secret, paper = turn_on(Browser(somebody, PHONE))
    client, body = somebody.test_client(), {"phone": PHONE, "password": PASSWORD}
    answer = client.post(f"{API}/session", json=body)
    assert answer.status_code == 403 and answer.get_json()["type"].endswith("#second-factor-needed")
    assert client.post(f"{API}/session", json={**body, "code": "000000"}).status_code == 422
    assert client.post(f"{API}/session", json={**body, "password": "wrong-password", "code": paper[0]}).status_code == 401
    answer = client.post(f"{API}/session", json={**body, "code": paper[0]})
    headers = {"Authorization": f"Bearer {answer.get_json()['token']}"}
    assert client.get(f"{API}/sensitive", headers=headers).status_code == 200
    with clock.advance(13 * 3600):
        assert client.get(f"{API}/sensitive", headers=headers).status_code == 403
        assert client.post(f"{API}/session/second-factor", json={"code": paper[0]}, headers=headers).status_code == 422
        assert client.post(f"{API}/session/second-factor", json={"code": app_code(secret)}, headers=headers).status_code == 204
        assert client.get(f"{API}/sensitive", headers=headers).status_code == 200
