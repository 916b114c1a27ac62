"""The rules in plain words for anybody, and the administrator's page of versions."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tests.clients import Browser
from tests.factories import make_person

from guanxue import policies
from guanxue.core import clock
from guanxue.core.db import writing
from guanxue.policies.labels import LABELS
from guanxue.policies.wording import span, told

ADMIN, LEARNER = "13800000009", "13800000001"


@pytest.fixture
def site(bare_app):
    with bare_app.test_request_context(), writing():
        make_person()
        make_person(ADMIN, role="administrator")
    return bare_app


def form(code="subsidised", **change):
    """The form of a policy's next version as a browser sends it."""
    policy = policies.newest(code)
    numbers = policies.numbers_document(policy.numbers) | change
    return {"title": policy.title, "effective_on": clock.today().isoformat(),
            **{name: json.dumps(v) if isinstance(v, list) else str(v) for name, v in numbers.items()}}


def test_everybody_reads_the_rules_that_hold(site):
    page = site.test_client().get("/rules")
    assert page.status_code == 200
    for words in ("自愿学习（宽松）", "45 分钟是 1 学时", "不用刷脸", "一天最多算 6 小时", "第一次就考到 80 分"):
        assert words in page.text


def test_a_version_that_was_replaced_says_so(site):
    old = site.test_client().get("/rules/light/1")
    assert old.status_code == 200 and "现在报名的人按第 2 版" in old.text
    assert site.test_client().get("/rules/light/9").status_code == 404
    assert site.test_client().get("/rules/light/x").status_code == 404
    assert site.test_client().get("/rules/none/1").status_code == 404
    assert site.test_client().post("/rules").status_code == 405


def test_voluntary_rules_name_no_checks_and_no_bounds(site):
    with site.test_request_context():
        questions = [question for question, _said in told(policies.get_version("light", 1))["answers"]]
        strict = [question for question, _said in told(policies.get_version("subsidised", 1))["answers"]]
    assert "在场确认" not in questions and "一天、一年最多算多少" not in questions and "没有网络的时候" not in questions
    assert "在场确认" in strict and "一天、一年最多算多少" in strict


@pytest.mark.parametrize(("ms", "words"), [
    (45 * 60_000, "45 分钟"), (86_400_000, "1 天"), (7_200_000, "2 小时"), (1500, "1.5 秒"), (0, "0 秒"), (90_000, "90 秒")])
def test_a_span_is_told_in_the_largest_unit_that_leaves_nothing_over(site, ms, words):
    with site.test_request_context():
        assert span(ms) == words


def test_every_number_has_its_line_in_the_form(site):
    names = [name for group in LABELS.values() for name in group]
    with site.test_request_context():
        known = list(policies.numbers_document(policies.newest("light").numbers))
    assert sorted(names) == sorted(known) and len(names) == len(set(names))


def test_an_administrator_publishes_the_next_version(site):
    who = Browser(site, ADMIN)
    assert "第 1 版" in who.get("/admin/policies").text
    who.see("/admin/policies/subsidised")
    with site.test_request_context():
        sent = form(pass_mark=75, presence_kinds=["tap"], lesson_steps=[[1, 500]])
    who.send("/admin/policies/subsidised", 303, **sent)
    with site.test_request_context():
        now = policies.current_policy("subsidised")
    assert now.version == 2 and now.numbers.pass_mark == 75 and now.numbers.lesson_steps == ((1, 500),)


@pytest.mark.parametrize("change", [
    {"pass_mark": "101"}, {"pass_mark": ""}, {"pass_mark": "1.5"}, {"presence_kinds": '["face"]'}, {"lesson_steps": "x"},
    {"identity_at": "later"}, {"title": ""}, {"effective_on": "2026-13-01"}, {"effective_on": "2020-01-01"}, {"daily_cap_ms": "-1"}])
def test_what_makes_no_policy_comes_back_with_what_was_typed(site, change):
    who = Browser(site, ADMIN)
    who.see("/admin/policies/subsidised")
    with site.test_request_context():
        sent = form(share_watched_permille=873) | change
    assert 'value="873"' in who.send("/admin/policies/subsidised", 422, **sent).text
    with site.test_request_context():
        assert policies.newest("subsidised").version == 1


def test_a_new_policy_begins_with_anothers_numbers(site):
    who = Browser(site, ADMIN)
    begun = who.get("/admin/policies/new?code=safety&from=subsidised", 303)
    assert begun.location.endswith("/admin/policies/safety?from=subsidised")
    who.get("/admin/policies/new?code=light&from=subsidised", 422)
    who.get("/admin/policies/new?code=Bad Code&from=subsidised", 422)
    who.get("/admin/policies/new?code=safety&from=none", 404)
    who.get("/admin/policies/nothing", 404)
    who.see("/admin/policies/safety?from=subsidised")
    with site.test_request_context():
        sent = form() | {"title": "安全培训", "effective_on": (clock.today() + timedelta(days=1)).isoformat()}
    who.send("/admin/policies/safety?from=subsidised", 303, **sent)
    with site.test_request_context():
        assert policies.newest("safety").title == "安全培训" and policies.find_current("safety") is None
    assert "将要用" in who.get("/admin/policies").text
    assert "这一版还没有开始用" in who.get("/rules/safety/1").text


@pytest.mark.parametrize("path", ["/admin/policies", "/admin/policies/light", "/admin/policies/new"])
def test_strangers_and_learners_are_sent_away(site, path):
    assert site.test_client().get(path).status_code == 303
    Browser(site, LEARNER).get(path, 403)
