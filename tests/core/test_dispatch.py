"""A request is one transaction: it commits below 400, leaves nothing else, and a GET cannot write."""

from __future__ import annotations

import pytest
from flask import abort
from sqlalchemy import func, select

from guanxue import audit
from guanxue.core import generation
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session
from guanxue.core.errors import Conflict


@pytest.fixture
def site(any_app):
    """An app with views that write in every way."""

    def write(outcome):
        generation.bump("x")
        if outcome == "crash":
            raise RuntimeError("crash")
        if outcome == "problem":
            raise Conflict("不行", remember=[lambda: audit.record(SYSTEM, "tried", "x")])
        if outcome.isdigit():
            abort(int(outcome))
        return outcome

    for path, methods in (("/api/x-get/<outcome>", ["GET"]), ("/api/v1/x-post/<outcome>", ["POST"])):
        any_app.add_url_rule(path, f"x_{methods[0]}", write, methods=methods)
    return any_app


def counted(app):
    with app.app_context():
        return generation.current("x"), session.scalar(select(func.count()).select_from(audit.AuditLine).where(
            audit.AuditLine.action == "tried"))


def test_a_good_answer_commits(site):
    assert site.test_client().post("/api/v1/x-post/ok").status_code == 200
    assert counted(site) == (1, 0)


@pytest.mark.parametrize("outcome", ["crash", "404", "422"])
def test_an_error_leaves_nothing(site, outcome):
    assert site.test_client().post(f"/api/v1/x-post/{outcome}").status_code >= 400
    assert counted(site) == (0, 0)


def test_a_problem_leaves_what_must_be_remembered_and_nothing_else(site):
    answer = site.test_client().post("/api/v1/x-post/problem")
    assert answer.status_code == 409
    assert answer.json["detail"] == "不行"
    assert counted(site) == (0, 1)


def test_a_get_cannot_write(site):
    assert site.test_client().get("/api/x-get/ok").status_code == 500
    assert counted(site) == (0, 0)


def test_a_forms_type_is_refused_by_the_api(site):
    answer = site.test_client().post("/api/v1/x-post/ok", data={"a": "b"})
    assert answer.status_code == 415
    assert counted(site) == (0, 0)
