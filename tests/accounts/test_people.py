"""Administrators find people, shut and open accounts, and leave a line for each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.clients import Browser, words
from tests.factories import PASSWORD, make_person

from guanxue import audit
from guanxue.accounts import people
from guanxue.accounts.routes import deeds
from guanxue.core.actor import Actor
from guanxue.core.db import writing
from guanxue.core.errors import Conflict, Forbidden

PHONE, ADMIN = "13800000001", "13800000008"


@pytest.fixture
def city(bare_app, monkeypatch):
    """25 learners and an administrator, whose session has shown its second factor."""
    monkeypatch.setattr("guanxue.core.actor.Actor.is_proved", True)
    with bare_app.test_request_context(), writing():
        for n in range(1, 26):
            make_person(f"138000001{n:02}", f"学员{n}号")
        make_person(PHONE)
        make_person(ADMIN, "梁伟", "administrator")
    return bare_app


def find(browser, way, text, status=200, **more):
    return words(browser.send("/admin/people", status, way=way, text=text, **more))


def test_people_are_listed_by_pages_and_linked_for_administrators_alone(city):
    admin = Browser(city, ADMIN)
    assert "共 27 人" in admin.see("/admin/people") and "学员1号" in admin.see("/admin/people?page=2")
    assert "/admin/people" in admin.see("/me") and "/admin/people" not in Browser(city, PHONE).see("/me")
    Browser(city, PHONE).get("/admin/people", 403)


def test_people_are_found_by_the_whole_number_or_a_part_of_the_name(city):
    admin = Browser(city, ADMIN)
    admin.see("/admin/people")
    assert "林小莲" in find(admin, "phone", "138 0000 0001") and "找到 1 人" in find(admin, "name", "小莲")
    assert "找到 25 人" in find(admin, "name", "学员") and "学员1号" in find(admin, "name", "学员", page="2")
    assert "没有找到" in find(admin, "name", "%") and "没有找到" in find(admin, "phone", "13999999999")
    for way, text in (("phone", "1380000"), ("number", "123"), ("shoe size", "42"), ("name", "a\0b")):
        find(admin, way, text, 422)
    with city.app_context():
        assert {str(x.detail) for x in audit.list_lines(action="accounts.people.searched")} == {"{'way': 'phone'}", "{'way': 'name'}"}


def test_a_shut_account_is_signed_out_at_once_and_opens_again_with_a_reason(city):
    admin, learner = Browser(city, ADMIN), Browser(city, PHONE)
    admin.see("/admin/people/26")
    admin.send("/admin/people/26/disable", 422, reason="")
    admin.send("/admin/people/26/disable", reason="有人冒用")
    assert learner.client.get("/me").status_code == 303 and "已停用" in admin.see("/admin/people/26")
    assert city.test_client().post("/api/v1/session", json={"phone": PHONE, "password": PASSWORD}).status_code == 401
    admin.send("/admin/people/26/enable", reason="核实是本人")
    Browser(city, PHONE).get("/me")
    with city.app_context():
        told = [(x.action, x.detail) for x in audit.list_lines(subject="person:26")[:3] if "abled" in x.action]
    assert told[:2] == [("accounts.person.enabled", {"reason": "核实是本人"}), ("accounts.person.disabled", {"reason": "有人冒用"})]


def test_opening_somebodys_file_is_kept_before_it_is_shown_and_asking_for_nobody_is_not_found(city):
    admin = Browser(city, ADMIN)
    admin.see("/admin/people/26")
    admin.get("/admin/people/999", 404)
    with city.app_context():
        line = audit.list_lines(action="accounts.person.opened")
        assert [(x.actor, x.subject) for x in line] == [("person:27", "person:26")]


def test_an_administrator_does_not_shut_themselves_out_and_others_shut_nobody(city):
    with city.test_request_context(), writing():
        admin = Actor("person", 27, "梁伟", frozenset({"administer"}))
        with pytest.raises(Conflict):
            people.disable_person(admin, 27, "试一试")
        for verb in (people.disable_person, people.enable_person, people.reset_second_factor):
            with pytest.raises(Forbidden):
                verb(Actor("person", 26), 27, "试一试")
        with pytest.raises(Conflict):
            people.reset_second_factor(admin, 26, "手机丢了")


def test_what_is_done_to_people_has_words_for_people():
    source = Path(people.__file__).parent
    said = {action for path in source.rglob("*.py") for action in re.findall(r'"(accounts\.[a-z_]+\.[a-z_]+)"', path.read_text("utf-8"))}
    assert said and said <= set(deeds.DEEDS), said - set(deeds.DEEDS)
