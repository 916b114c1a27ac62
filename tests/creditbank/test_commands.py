"""`guanxue credits …`."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from tests.clients import Learner, is_chinese
from tests.factories import make_course, make_person

from guanxue.core.command import Application
from guanxue.core.db import session, writing
from guanxue.creditbank.commands import group


@pytest.fixture
def site_with_credit(bare_app):
    """A site on which 林小莲 holds a credit, and how to run a command on it."""
    with bare_app.test_request_context(), writing():
        make_person()
        make_course(videos_ms=(3_000_000,))
    Learner(bare_app).finish()
    return bare_app, lambda *args: CliRunner().invoke(group, args, obj=Application(lambda: bare_app))


def test_recompute_agrees_and_exits_zero(site_with_credit):
    _app, run = site_with_credit
    for args in (("recompute",), ("recompute", "--learner", "13800000001")):
        assert run(*args).exit_code == 0 and "全部相符" in run(*args).stdout
    missing = run("recompute", "--learner", "13800000099")
    assert missing.exit_code == 1 and is_chinese(missing.stderr)


def test_recompute_names_person_and_course_and_exits_one(site_with_credit):
    app, run = site_with_credit
    with app.test_request_context(), writing():
        session.execute(text("DROP TRIGGER guard_learning_beat_update"))
        session.execute(text("UPDATE learning_beat SET claims = x'00'"))
    result = run("recompute")
    assert result.exit_code == 1
    assert "林小莲" in result.stdout and "安全测量" in result.stdout and "0.072" in result.stdout


def test_reverse_needs_a_code_a_reason_and_an_authority(site_with_credit):
    app, run = site_with_credit
    code = Learner(app).call("GET", "/me/credits", 200)["items"][0]["verify_code"]
    assert run("reverse", code).exit_code == 2
    unknown = run("reverse", "NOSUCHCODE", "--reason", "x", "--authority", "y")
    assert unknown.exit_code == 1 and is_chinese(unknown.stderr)
    assert run("reverse", code, "--reason", "冒名", "--authority", "1号").exit_code == 0
    assert run("reverse", code, "--reason", "冒名", "--authority", "1号").exit_code == 1
