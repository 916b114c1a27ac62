"""Documents by version, consents by purpose, the one question, and who looked."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text
from tests.clients import API, Browser, words
from tests.factories import PASSWORD, make_person

from guanxue import accounts
from guanxue.accounts import consent
from guanxue.config import ROOT
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing

PHONE = "13800000001"
TERMS, OLD, NEW = "2026-11-25", "2026-11-27", "2026-11-28"


@pytest.fixture
def somebody(bare_app):
    """An app on which 林小莲 is registered."""
    with bare_app.test_request_context(), writing():
        make_person()
    return bare_app


@pytest.fixture
def publish(bare_app, tmp_path, monkeypatch):
    """Put a newer privacy notice beside the documents the site has."""
    folder = tmp_path / "root" / "templates" / "accounts" / "documents"
    shutil.copytree(ROOT / "templates" / "accounts" / "documents", folder)

    def now() -> None:
        (folder / f"privacy-{NEW}.html").write_text("<p>更新的隐私说明。</p>", "utf-8")
        settings = bare_app.extensions["guanxue.settings"]
        bare_app.extensions["guanxue.settings"] = replace(settings, root=tmp_path / "root")
        bare_app.jinja_loader.searchpath.append(str(tmp_path / "root" / "templates"))
        monkeypatch.setattr(consent.clock, "today", lambda: date.fromisoformat(NEW))

    return now


def lines(app) -> list[tuple]:
    with app.app_context():
        return [(c.purpose, c.version, c.is_given, c.source) for c in consent.list_consents(1)]


def test_registering_on_a_page_keeps_what_was_agreed_to_and_in_which_version(bare_app):
    browser = Browser(bare_app)
    page = browser.see("/register")
    assert 'href="/terms"' in page and 'href="/privacy"' in page and "checked" not in page
    browser.send("/register", phone=PHONE, name="阿莲", password=PASSWORD, terms="1")
    assert lines(bare_app) == [("terms", TERMS, True, "register"), ("privacy", OLD, True, "register")]


@pytest.mark.parametrize(("said", "kept"), [(OLD, [("terms", TERMS, True, "api"), ("privacy", OLD, True, "api")]), ("1999-01-01", []), ("", [])])
def test_registering_over_the_api_keeps_a_version_that_exists_and_no_other(bare_app, said, kept):
    body = {"phone": PHONE, "password": PASSWORD, "name": "阿莲", "terms_version": said}
    assert bare_app.test_client().post(f"{API}/people", json=body).status_code == 201
    assert lines(bare_app) == kept
    asked = "看一看现在的版本" in Browser(bare_app, PHONE).see("/me")
    assert asked == (not kept)


def test_who_agreed_to_what_holds_is_not_asked(somebody):
    browser = Browser(somebody, PHONE)
    assert "看一看现在的版本" not in browser.see("/me") and "看一看现在的版本" not in browser.see("/")


def test_a_new_version_is_asked_about_once_where_one_looks_around_and_the_old_one_stays_readable(somebody, publish):
    publish()
    browser = Browser(somebody, PHONE)
    page = browser.see("/me")
    assert "看一看现在的版本" in page and f"/privacy?version={NEW}" in page and f"/terms?version={OLD}" not in page
    for quiet in ("/me/settings/privacy", "/me/settings/name", "/courses"):
        assert "以后再说" not in browser.see(quiet)
    answer = browser.send("/me/settings/privacy/answer", agrees="1", next="/me?x=1")
    assert answer.headers["Location"] == "/me?x=1"
    assert "看一看现在的版本" not in browser.see("/me")
    assert lines(somebody)[-1] == ("privacy", NEW, True, "banner")
    assert "更新的隐私说明" in browser.see("/privacy") and "这是旧版本" in browser.see(f"/privacy?version={OLD}")


def test_not_yet_is_kept_as_no_and_can_become_yes_later(somebody, publish):
    publish()
    browser = Browser(somebody, PHONE)
    browser.see("/me")
    browser.send("/me/settings/privacy/answer", agrees="0", next="/me")
    assert lines(somebody)[-1] == ("privacy", NEW, False, "banner")
    assert "看一看现在的版本" not in browser.see("/me") and "看过了，同意" in browser.see("/me/settings/privacy")
    browser.send("/me/settings/privacy/answer", agrees="1")
    assert "看过了，同意" not in browser.see("/me/settings/privacy")


def test_an_answer_leads_nowhere_but_to_this_site(somebody):
    browser = Browser(somebody, PHONE)
    answer = browser.send("/me/settings/privacy/answer", agrees="1", next="//evil.example/")
    assert answer.headers["Location"] == "/me"


def test_optional_messages_are_off_until_said_yes_to_and_can_be_taken_back(somebody):
    browser = Browser(somebody, PHONE)
    assert "没有同意" in browser.see("/me/settings/privacy")
    browser.send("/me/settings/privacy/optional", purpose="course-sms", agrees="1")
    browser.send("/me/settings/privacy/optional", purpose="course-sms", agrees="1")
    page = browser.see("/me/settings/privacy")
    assert "已同意" in page and "撤回" in page
    browser.send("/me/settings/privacy/optional", purpose="course-sms", agrees="0")
    assert lines(somebody)[2:] == [("course-sms", OLD, True, "settings"), ("course-sms", OLD, False, "settings")]
    browser.send("/me/settings/privacy/optional", 422, purpose="everything", agrees="1")


def test_consents_are_only_ever_added_to(any_app):
    with any_app.test_request_context(), writing():
        make_person()
    for change in ("UPDATE accounts_consent SET is_given = false", "DELETE FROM accounts_consent"):
        with any_app.test_request_context(), pytest.raises(Exception, match="append-only"), writing():
            session.execute(text(change))


@pytest.mark.parametrize("address", ["/terms?version=2000-01-01", "/privacy?version=../../x", "/privacy?version=terms"])
def test_a_version_that_never_was_is_not_found(client, address):
    assert client.get(address).status_code == 404


def test_the_documents_speak_both_languages_and_name_nobody_who_was_not_named(client):
    for address in ("/terms", "/privacy", "/accessibility"):
        assert "还没有填写" in words(client.get(address))
    client.set_cookie("lang", "en")
    assert "not named yet" in words(client.get("/privacy"))


def test_pages_end_with_who_runs_the_site_as_far_as_it_is_set(site):
    from tests.conftest import make_app
    plain = words(make_app(site).test_client().get("/terms"))
    assert "ICP" not in plain and "运营者 " not in plain.split("无障碍声明")[-1]
    app = make_app(site, operator="莞学试点办", contact="0769-12345", icp="粤ICP备00000000号", police_record="粤公网安备44190000000000号")
    page = app.test_client().get("/terms").get_data(as_text=True)
    for expected in ("莞学试点办", "0769-12345", "粤ICP备00000000号", "https://beian.miit.gov.cn/", "code=44190000000000", 'href="/accessibility"'):
        assert expected in page


def test_the_demonstrations_people_are_never_asked(bare_app):
    with bare_app.test_request_context(), writing():
        person = accounts.register_person(SYSTEM, phone=PHONE, password_hash="x", name="阿莲", terms_version="demo", is_demo=True)
        assert not consent.must_ask(person.terms_version) and consent.must_ask("")
    assert lines(bare_app) == []


def test_a_form_of_yesterday_agrees_to_yesterdays_version(bare_app, publish):
    browser = Browser(bare_app)
    assert f'name="edition" value="{OLD}"' in browser.see("/register")
    publish()
    browser.send("/register", phone=PHONE, name="阿莲", password=PASSWORD, terms="1", edition=OLD)
    assert ("privacy", OLD, True, "register") in lines(bare_app)
    assert f"/privacy?version={NEW}" in browser.see("/me")
    browser.send("/me/settings/privacy/answer", agrees="1", edition=OLD)
    assert len(lines(bare_app)) == 2 and f"/privacy?version={NEW}" in browser.see("/me")
