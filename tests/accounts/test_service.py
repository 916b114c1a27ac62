"""People, roles, sessions and towns, on both databases."""

from __future__ import annotations

import argon2
import pytest
from sqlalchemy import func, select
from tests import factories, sparing
from tests.factories import PASSWORD, make_person, town_row

from guanxue import accounts, audit
from guanxue.accounts.models import Person, Role, Session
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session
from guanxue.core.errors import Forbidden, Invalid, NotFound, Unauthenticated

TOWN = factories.town_row()


def test_one_number_is_one_person(any_db):
    make_person()
    with pytest.raises(accounts.service.PhoneTaken):
        accounts.register_person(SYSTEM, phone="+86 138-0000-0001", name="别人", password_hash="x")
    assert session.scalar(select(func.count()).select_from(Person)) == 1


@pytest.mark.parametrize("name", ["", "   ", "很" * 41, "坏\0名", "坏\x1b名"])
def test_a_name_must_be_there_and_printable(any_db, name):
    with pytest.raises(Invalid):
        accounts.register_person(SYSTEM, phone="13800000009", name=name, password_hash="x")


def test_passwords_are_kept_as_argon2id_and_never_in_the_audit_trail(any_db):
    person = accounts.get_person(make_person().id)
    assert person.password_hash.startswith("$argon2id$")
    lines = audit.list_lines()
    assert "accounts.person.registered" in [x.action for x in lines]
    assert not any("argon2" in str(x.detail) or PASSWORD in str(x.detail) for x in lines)


def test_a_password_costs_whoever_guesses_it_what_owasp_asks_at_least():
    told = argon2.extract_parameters(sparing.HASHER.hash(PASSWORD))  # tests themselves hash more quickly
    assert told.type is argon2.Type.ID and told.memory_cost >= 19 * 1024 and told.time_cost >= 2


def test_roles_become_capabilities_within_their_organisation(any_db):
    accounts.load_towns(SYSTEM, [TOWN])
    person = accounts.get_person(make_person(role="curator", organisation="humen").id)
    accounts.grant_role(SYSTEM, person, "instructor")
    accounts.grant_role(SYSTEM, person, "instructor")
    assert accounts.capabilities_of(person.id) == {"curate:humen", "teach"}
    assert session.scalar(select(func.count()).select_from(Role)) == 2
    actor = Actor("person", person.id, "", accounts.capabilities_of(person.id))
    assert actor.may("curate", "humen") and not actor.may("curate", "dalang") and not actor.may("administer")


def test_only_an_administrator_grants_roles_and_only_ones_that_exist(any_db):
    person = accounts.get_person(make_person().id)
    for nobody in (factories.learner(), factories.instructor(), factories.reviewer(), Actor("person", person.id)):
        with pytest.raises(Forbidden):
            accounts.grant_role(nobody, person, "administrator")
    with pytest.raises(Invalid):
        accounts.grant_role(SYSTEM, person, "emperor")
    with pytest.raises(NotFound):
        accounts.grant_role(SYSTEM, person, "curator", "atlantis")
    assert accounts.capabilities_of(person.id) == frozenset()


def test_a_session_holds_until_it_is_ended_expires_or_its_person_is_disabled(any_db):
    actor = make_person()
    person = accounts.get_person(actor.id)
    keys = [accounts.start_session(person, "bearer", f"device {n}") for n in range(3)]
    rows = {s.device: s for s in accounts.list_sessions(person.id)}
    accounts.end_session(actor, rows["device 0"].id)
    assert [accounts.find_session(k) is not None for k in keys] == [False, True, True]
    accounts.end_session_by_key(actor, keys[1])
    assert len(accounts.list_sessions(person.id)) == 1
    with clock.advance(31 * 86400):
        assert accounts.find_session(keys[2]) is None and accounts.list_sessions(person.id) == []
    person.disabled_at = clock.now()
    session.flush()
    assert accounts.find_session(keys[2]) is None


def test_a_key_is_kept_only_as_its_hash(any_db):
    key = accounts.start_session(accounts.get_person(make_person().id), "web")
    row = session.scalar(select(Session))
    assert key not in (row.key_hash, row.device) and len(row.key_hash) == 64
    assert accounts.find_session(row.key_hash) is None


def test_using_a_session_prolongs_it(any_db):
    person = accounts.get_person(make_person().id)
    key = accounts.start_session(person, "web")
    found = accounts.find_session(key)
    with clock.advance(20 * 86400):
        accounts.see(found.session_id)
    session.expire_all()
    with clock.advance(40 * 86400):
        assert accounts.find_session(key) is not None


def test_a_session_tells_every_role_of_its_person_in_one_question(any_db):
    accounts.load_towns(SYSTEM, [town_row()])
    who = make_person(role="instructor")
    person = accounts.get_person(who.id)
    accounts.grant_role(SYSTEM, person, "curator", "humen")
    key = accounts.start_session(person, "web")
    session.flush()
    found = accounts.find_session(key)
    assert (found.id, found.name, found.phone) == (person.id, person.name, person.phone)
    assert found.capabilities == {"teach", "curate:humen"} == accounts.capabilities_of(person.id)


def test_nobody_ends_somebody_elses_session(any_db):
    mine, other = make_person(), make_person("13800000002", "周工")
    accounts.start_session(accounts.get_person(mine.id), "web")
    row = accounts.list_sessions(mine.id)[0]
    with pytest.raises(NotFound):
        accounts.end_session(other, row.id)
    assert accounts.list_sessions(mine.id)


def test_a_new_password_ends_every_other_session(any_db):
    actor = make_person()
    person = accounts.get_person(actor.id)
    for n in range(3):
        accounts.start_session(person, "web", str(n))
    kept = next(s for s in accounts.list_sessions(person.id) if s.device == "1")
    accounts.change_password(actor, person, accounts.hash_password("another-good-one"), keep_session_id=kept.id)
    assert [s.device for s in accounts.list_sessions(person.id)] == ["1"]
    accounts.reset_password(SYSTEM, person.phone, accounts.hash_password("a-third-good-one"))
    assert accounts.list_sessions(person.id) == []


def test_only_an_administrator_resets_a_password(any_db):
    actor = make_person()
    before = accounts.get_person(actor.id).password_hash
    with pytest.raises(Forbidden):
        accounts.reset_password(actor, "13800000001", "x")
    with pytest.raises(Unauthenticated):
        accounts.reset_password(Actor("anonymous"), "13800000001", "x")
    assert accounts.get_person(actor.id).password_hash == before


def test_towns_loaded_twice_are_the_same_towns(any_db):
    rows = [TOWN, {**TOWN, "town_id": "dalang", "name_zh": "大朗镇"}]
    accounts.load_towns(SYSTEM, rows)
    accounts.load_towns(SYSTEM, [{**TOWN, "name_zh": "虎门"}, rows[1]])
    assert [(t.slug, t.name, t.industries) for t in accounts.list_towns()] == [
        ("humen", "虎门", ["服装", "电子信息"]), ("dalang", "大朗镇", ["服装", "电子信息"])]
    with pytest.raises(Forbidden):
        accounts.load_towns(factories.learner(), rows)


def test_the_demonstrations_people_are_made_once(any_db):
    accounts.load_towns(SYSTEM, [TOWN, {**TOWN, "town_id": "dalang"}])
    for _n in range(2):
        accounts.create_demo_people(SYSTEM, "x")
    assert session.scalar(select(func.count()).select_from(Person)) == len(accounts.DEMO_PEOPLE)
    assert accounts.capabilities_of(accounts.find_person_by_phone("13900000003").id) == {"curate:humen"}
