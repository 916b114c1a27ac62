"""Signing in by browser and by program; guessing is slowed; answers tell strangers nothing."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select
from tests.clients import API, Browser, is_chinese, place, words
from tests.factories import PASSWORD, bearer, make_person

from guanxue import accounts
from guanxue.accounts.models import Person, Session, SigninFailure
from guanxue.core import clock
from guanxue.core.db import session, writing

PHONE = "13800000001"


@pytest.fixture
def somebody(any_app):
    """An app on which 林小莲 is registered."""
    with any_app.test_request_context(), writing():
        make_person()
    return any_app


def count(app, model) -> int:
    with app.app_context():
        return session.scalar(select(func.count()).select_from(model))


def sign_in(client, password, phone=PHONE):
    return client.post(f"{API}/session", json={"phone": phone, "password": password})


# ---- browsers


def test_register_signs_in_and_goes_on_to_where_one_came_from(any_app):
    browser = Browser(any_app)
    browser.see("/register?next=/courses?q=x")
    answer = browser.send("/register", phone="138 0000 0005", name="阿莲", password=PASSWORD, terms="1", next="/courses?q=x")
    assert place(answer) == "/courses?q=x"
    assert "138****0005" in browser.see("/me/settings")


WRONG = [{"phone": "12"}, {"password": "12345678"}, {"password": "short"}, {"name": ""}, {"terms": ""}, {"name": "x" * 41},
         {"password": "x" * 300}, {"password": "my13800000005"}]


def test_registering_with_something_wrong_says_so_in_chinese_and_makes_nobody(any_app):
    browser = Browser(any_app)
    browser.see("/register")
    for wrong in WRONG:
        form = {"phone": "13800000005", "name": "阿莲", "password": PASSWORD, "terms": "1", **wrong}
        answer = browser.send("/register", 422, **form)
        assert is_chinese(words(answer)) and PASSWORD not in answer.get_data(as_text=True)
    assert count(any_app, Person) == 0 and count(any_app, Session) == 0


def test_a_number_that_is_taken_is_told_once_and_changes_nothing(somebody):
    browser = Browser(somebody)
    browser.see("/register")
    answer = browser.send("/register", 409, phone=PHONE, name="别人", password="quite-another-1", terms="1")
    assert "已经注册" in words(answer)
    assert sign_in(somebody.test_client(), PASSWORD).status_code == 200


def test_login_keeps_a_cookie_that_script_cannot_read_and_logout_ends_it(somebody):
    browser = Browser(somebody)
    browser.see("/login")
    answer = browser.send("/login", phone=PHONE, password=PASSWORD)
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("session="))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    old = browser.client.get_cookie("session").value
    browser.see("/me")
    browser.send("/logout")
    browser.get("/me", 303)
    browser.client.set_cookie("session", old)  # somebody kept the cookie: its session is over on the server
    browser.get("/me", 303)


def test_login_gives_a_new_cookie_whatever_was_planted_before(somebody):
    browser = Browser(somebody)
    browser.see("/login")
    before = browser.client.get_cookie("session").value
    browser.send("/login", phone=PHONE, password=PASSWORD)
    assert browser.client.get_cookie("session").value != before
    other = somebody.test_client()
    other.set_cookie("session", before)
    assert other.get("/me").status_code == 303


def test_visitors_have_neither_cookie_nor_session_row(somebody):
    client = somebody.test_client()
    for path in ("/courses", "/verify", "/"):
        assert "Set-Cookie" not in client.get(path).headers
    assert count(somebody, Session) == 0


def test_a_cookie_that_was_tampered_with_is_nobody(somebody):
    browser = Browser(somebody, PHONE)
    value = browser.client.get_cookie("session").value
    browser.client.set_cookie("session", value[:-4] + ("AAAA" if value[-4:] != "AAAA" else "BBBB"))
    browser.get("/me", 303)


OUTSIDE = ["//evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example", "https://evil.example",
           "http:///evil.example", "/%09/evil.example", "/%5cevil.example", "/%2fevil.example", "/x%0d%0aSet-Cookie:a=b",
           "/x\r\nSet-Cookie: a=b", "javascript:alert(1)", "data:text/html,x", "@evil.example", "evil.example", "\t//evil.example",
           "///evil.example", "/\t/evil.example", "/%00", "/\0"]


@pytest.mark.parametrize("way", ["form", "query"])
def test_login_never_leads_off_the_site(bare_app, way):
    with bare_app.test_request_context(), writing():
        make_person()
    for target in OUTSIDE:
        browser = Browser(bare_app)
        browser.see("/login")
        more = {"next": target} if way == "form" else {}
        answer = browser.client.post("/login", query_string={"next": target} if way == "query" else None,
                                     data={"csrf_token": browser.token, "phone": PHONE, "password": PASSWORD, **more})
        assert answer.headers.get("Location", "/me") == "/me" and (answer.status_code == 303 or "\0" in target), target
        assert "a=b" not in str(answer.headers)
    browser = Browser(bare_app, PHONE)
    for target in OUTSIDE:  # signed in already: sent on at once
        again = browser.client.get("/login", query_string={"next": target})
        assert again.headers.get("Location", "/me") == "/me" and (again.status_code == 303 or "\0" in target), target


def test_a_page_for_people_leads_to_login_and_back(somebody):
    browser = Browser(somebody)
    answer = browser.get("/me/credits?page=2", 303)
    assert place(answer) == "/login?next=/me/credits?page%3D2" or place(answer).startswith("/login?next=")
    browser.see(place(answer))
    form = browser.client.get(place(answer)).get_data(as_text=True)
    assert 'name="next" value="/me/credits?page=2"' in form


# ---- programs


def test_a_bearer_token_comes_without_a_cookie_and_can_be_listed_and_ended(somebody):
    client = somebody.test_client()
    answer = sign_in(client, PASSWORD)
    assert "Set-Cookie" not in answer.headers
    assert answer.get_json()["person"] == {"id": "1", "name": "林小莲", "phone_masked": "138****0001"}
    first = {"Authorization": f"Bearer {answer.get_json()['token']}"}
    second = bearer(client)
    listed = client.get(f"{API}/me/sessions", headers=first).get_json()
    assert listed["total"] == 2 and [x["current"] for x in listed["items"]].count(True) == 1
    other = next(x["id"] for x in listed["items"] if not x["current"])
    assert client.delete(f"{API}/me/sessions/{other}", headers=first).status_code == 204
    assert client.get(f"{API}/me/sessions", headers=second).status_code == 401
    assert client.delete(f"{API}/session", headers=first).status_code == 204
    assert client.get(f"{API}/me/sessions", headers=first).status_code == 401


def test_the_bearer_wins_over_the_cookie(somebody):
    with somebody.test_request_context(), writing():
        make_person("13800000002", "周工")
    browser = Browser(somebody, PHONE)
    other = bearer(somebody.test_client(), "13800000002")
    own = browser.client.get(f"{API}/me/sessions").get_json()
    assert own["items"][0]["kind"] == "web"
    assert browser.client.get(f"{API}/me/sessions", headers=other).get_json()["items"][0]["kind"] == "bearer"
    assert browser.client.get(f"{API}/me/sessions", headers={"Authorization": "Bearer wrong"}).status_code == 401


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "bearer \u00a0", "Basic x", "Bearer wrong"])
def test_an_empty_or_wrong_bearer_does_not_open_the_cookies_door_without_a_token(somebody, header):
    browser = Browser(somebody, PHONE)
    answer = browser.client.delete(f"{API}/session", headers={"Authorization": header})
    assert answer.status_code in (401, 403), answer.status_code
    browser.see("/me")


def test_a_foreign_session_id_is_not_found(somebody):
    with somebody.test_request_context(), writing():
        make_person("13800000002", "周工")
    client = somebody.test_client()
    mine, theirs = bearer(client), bearer(client, "13800000002")
    wanted = client.get(f"{API}/me/sessions", headers=theirs).get_json()["items"][0]["id"]
    for id in (wanted, "0", "999", "9" * 30):
        assert client.delete(f"{API}/me/sessions/{id}", headers=mine).status_code == 404
    assert client.get(f"{API}/me/sessions", headers=theirs).status_code == 200


def test_people_register_over_the_api(any_app):
    client = any_app.test_client()
    body = {"phone": "13800000005", "password": PASSWORD, "name": "阿莲"}
    assert client.post(f"{API}/people", json=body).status_code == 201
    assert client.post(f"{API}/people", json=body).status_code == 409
    for wrong in ({**body, "phone": "1"}, {**body, "password": "x"}, {**body, "name": ""}, {"phone": "1"}, {}):
        answer = client.post(f"{API}/people", json=wrong)
        assert answer.status_code == 422 and answer.mimetype == "application/problem+json"
        assert is_chinese(answer.get_json()["detail"])
    assert count(any_app, Person) == 1


# ---- guessing


def test_an_unknown_and_a_known_number_get_the_same_answer(somebody):
    client = somebody.test_client()
    known, unknown = sign_in(client, "wrong-password"), sign_in(client, "wrong-password", "13800000099")
    assert known.status_code == unknown.status_code == 401
    a, b = known.get_json(), unknown.get_json()
    a.pop("request_id"), b.pop("request_id")
    assert a == b
    assert {k for k, _v in known.headers} == {k for k, _v in unknown.headers}


def test_a_hundred_guesses_are_slowed_down_and_the_owner_gets_in_afterwards(somebody):
    client = somebody.test_client()
    statuses = [sign_in(client, f"guess-number-{n}").status_code for n in range(100)]
    assert statuses.count(401) == 5 and statuses.count(429) == 95
    refused = sign_in(client, PASSWORD)  # the right one must wait too, or the wait would tell it
    assert refused.status_code == 429 and int(refused.headers["Retry-After"]) > 0 and is_chinese(refused.get_json()["detail"])
    with clock.advance(61):
        assert sign_in(client, PASSWORD).status_code == 200
        assert sign_in(client, "wrong-again").status_code == 401  # a success wipes the slate


def test_guesses_over_an_hour_stay_slow(somebody):
    client, tried = somebody.test_client(), 0
    for minute in range(0, 60):
        with clock.advance(minute * 60):
            tried += sum(sign_in(client, f"guess-{minute}-{n}").status_code == 401 for n in range(5))
    assert tried <= 70


def test_guesses_at_many_accounts_from_one_address_are_slowed_down(somebody):
    client = somebody.test_client()
    statuses = [sign_in(client, "wrong-password", f"139{n:08}").status_code for n in range(60)]
    assert statuses[:50] == [401] * 50 and 429 in statuses[50:]


def test_the_page_is_throttled_like_the_api(somebody):
    browser = Browser(somebody)
    browser.see("/login")
    for _n in range(5):
        browser.send("/login", 401, phone=PHONE, password="wrong-password")
    answer = browser.send("/login", 429, phone=PHONE, password=PASSWORD)
    assert "Retry-After" in answer.headers and is_chinese(words(answer))
    assert count(somebody, SigninFailure) == 10


def test_a_disabled_person_cannot_sign_in_and_sounds_like_a_wrong_password(somebody):
    browser, headers = Browser(somebody, PHONE), bearer(somebody.test_client())
    with somebody.test_request_context(), writing():
        accounts.find_person_by_phone(PHONE).disabled_at = clock.now()
    browser.get("/me", 303)
    client = somebody.test_client()
    assert client.get(f"{API}/me/courses", headers=headers).status_code == 401
    answer = sign_in(client, PASSWORD)
    assert answer.status_code == 401 and answer.get_json()["type"].endswith("wrong-credentials")


# ---- settings


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(somebody):
    browser, other = Browser(somebody, PHONE), Browser(somebody, PHONE)
    browser.see("/me/settings")
    browser.send("/me/settings/password", 422, old_password="wrong-password", password="another-good-1")
    browser.send("/me/settings/password", 422, old_password=PASSWORD, password="12345678")
    other.see("/me")
    browser.send("/me/settings/password", old_password=PASSWORD, password="another-good-1")
    browser.see("/me")
    other.get("/me", 303)
    assert sign_in(somebody.test_client(), PASSWORD).status_code == 401
    assert sign_in(somebody.test_client(), "another-good-1").status_code == 200


def test_settings_leads_to_a_page_for_each_thing_and_says_how_it_stands(somebody):
    browser = Browser(somebody, PHONE)
    page = browser.see("/me/settings")
    for path in re.findall(r'<a class="line" href="(/me/settings/[^"]+)"', page):
        assert is_chinese(browser.see(path)), path
    assert "138****0001" in page and "没有打开" in page


def test_sessions_list_my_devices_and_end_one(somebody):
    browser, other = Browser(somebody, PHONE), Browser(somebody, PHONE)
    page = browser.see("/me/settings/sessions")
    assert page.count("/end\"") == 1  # this device cannot be ended by mistake
    path = page.split('action="/me/settings/sessions/')[1].split('"')[0]
    browser.send(f"/me/settings/sessions/{path}")
    other.get("/me", 303)


def test_sessions_say_how_they_began_and_all_others_end_at_once(somebody):
    browser, others = Browser(somebody, PHONE), [Browser(somebody, PHONE) for _n in range(3)]
    assert browser.see("/me/settings/sessions").count("登录 · 密码") == 4
    browser.send("/me/settings/sessions/end-others")
    for other in others:
        other.get("/me", 303)
    browser.see("/me/settings/sessions")


def test_being_seen_keeps_the_persons_own_moment_to_the_hour(somebody):
    browser = Browser(somebody, PHONE)
    first = seen_at(somebody)
    for later_s, is_new in ((600, False), (3700, True)):
        with clock.advance(later_s):
            browser.see("/me")
        assert (seen_at(somebody) > first) is is_new


def seen_at(app):
    with app.app_context():
        return accounts.find_person_by_phone(PHONE).seen_at


def test_the_language_is_kept_in_a_cookie_and_nothing_else_is(somebody):
    browser = Browser(somebody, PHONE)
    browser.send("/language", lang="en", next="/me")
    assert browser.client.get_cookie("lang").value == "en"
    answer = browser.send("/language", lang="xx", next="//evil.example")
    assert place(answer) == "/" and browser.client.get_cookie("lang").value == "en"
