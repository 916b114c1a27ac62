"""`guanxue user …` from a terminal."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from tests.accounts.test_second_factor import set_up
from tests.clients import API, is_chinese
from tests.factories import PASSWORD, bearer, make_person

from guanxue import accounts
from guanxue.accounts.commands import user
from guanxue.core.command import Application
from guanxue.core.db import writing


@pytest.fixture
def run(bare_app):
    """Run a command on the fresh site."""
    return lambda *args: CliRunner().invoke(user, args, obj=Application(lambda: bare_app))


def test_create_prints_a_password_once_that_works(bare_app, run):
    made = run("create", "13800000007", "何静")
    assert made.exit_code == 0, made.output
    answer = bare_app.test_client().post(f"{API}/session", json={"phone": "13800000007", "password": made.stdout.strip()})
    assert answer.status_code == 200
    quiet = run("create", "13800000008", "许明", "--password", PASSWORD)
    assert quiet.exit_code == 0 and quiet.stdout == ""


@pytest.mark.parametrize("args", [
    ("create", "123", "x"), ("create", "13800000001", "别人"), ("create", "13800000009", "x", "--password", "123"),
    ("role", "13800000099", "reviewer"), ("role", "13800000001", "emperor"), ("reset-password", "13800000099"),
    ("role", "13800000001", "curator", "--organisation", "atlantis"), ("set-phone", "13800000099", "13800000098"),
    ("set-phone", "person:99", "13800000098"), ("set-phone", "13800000001", "123"), ("reset-second-factor", "person:x"),
    ("release-phone", "13800000099"), ("unlock", "13800000099"),
])
def test_a_command_that_cannot_be_done_says_why_in_chinese_and_exits_not_zero(bare_app, run, args):
    with bare_app.test_request_context(), writing():
        make_person()
    result = run(*args)
    assert result.exit_code != 0 and result.stdout == ""
    assert is_chinese(result.stderr) or result.exit_code == 2, result.stderr


def test_role_gives_a_capability(bare_app, run):
    with bare_app.test_request_context(), writing():
        person = make_person()
    assert run("role", "13800000001", "reviewer").exit_code == 0
    with bare_app.test_request_context():
        assert accounts.capabilities_of(person.id) == {"review"}


def test_reset_password_ends_all_sessions(bare_app, run):
    with bare_app.test_request_context(), writing():
        make_person()
    client = bare_app.test_client()
    headers = bearer(client)
    fresh = run("reset-password", "13800000001").stdout.strip()
    assert client.get(f"{API}/me/courses", headers=headers).status_code == 401
    assert client.post(f"{API}/session", json={"phone": "13800000001", "password": PASSWORD}).status_code == 401
    assert client.post(f"{API}/session", json={"phone": "13800000001", "password": fresh}).status_code == 200


def test_erasing_asks_once_and_says_what_stays(bare_app, run):
    with bare_app.test_request_context(), writing():
        make_person()
    assert run("erase", "99", "--yes").exit_code == 1
    assert run("erase", "1").exit_code == 1
    done = run("erase", "1", "--yes")
    assert done.exit_code == 0 and "学分流水" in done.stdout
    with bare_app.app_context():
        assert accounts.get_person(1).erased_at is not None and accounts.get_person(1).phone is None


def test_set_phone_gives_a_number_to_whoever_lost_theirs_and_release_phone_takes_it(bare_app, run):
    with bare_app.test_request_context(), writing():
        make_person()
        make_person("13800000002", "周工")
    assert run("set-phone", "13800000001", "13800000002").exit_code == 1  # somebody else's
    ref = run("release-phone", "13800000001").stdout.strip()
    assert run("release-phone", ref).exit_code == 1
    assert run("set-phone", ref, "13800000007").exit_code == 0
    answer = bare_app.test_client().post(f"{API}/session", json={"phone": "13800000007", "password": PASSWORD})
    assert answer.get_json()["person"]["name"] == "林小莲"


def test_reset_second_factor_and_unlock_let_somebody_in_again(bare_app, run):
    with bare_app.test_request_context(), writing():
        actor = make_person()
        set_up(actor)
    client, body = bare_app.test_client(), {"phone": "13800000001", "password": PASSWORD}
    for _n in range(6):
        client.post(f"{API}/session", json={**body, "code": "000000"})
    assert client.post(f"{API}/session", json={**body, "code": "000000"}).status_code == 429
    assert run("unlock", "13800000001").exit_code == 0
    assert client.post(f"{API}/session", json={**body, "code": "000000"}).status_code == 422
    assert run("reset-second-factor", actor.ref).exit_code == 0
    assert client.post(f"{API}/session", json=body).status_code == 200
