"""The rules in plain words for anybody, and the administrator's page of versions."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import escape, unescape

import pytest
from tests.clients import Browser, words
from tests.factories import make_person

from guanxue import policies
from guanxue.core import clock
from guanxue.core.db import writing
from guanxue.policies import form
from guanxue.policies.wording import span, told

ADMIN, LEARNER = "13800000009", "13800000001"


@pytest.fixture
def site(bare_app):
    with bare_app.test_request_context(), writing():
        make_person()
        make_person(ADMIN, role="administrator")
    return bare_app


def sent(code="subsidised", **change):
    """The form of a policy's next version as a browser sends it, with other words in some fields."""
    policy = policies.newest(code)
    return {"title": policy.title, "effective_on": clock.today().isoformat(), **form.fields_of(policy.numbers), **change}


def test_everybody_reads_the_rules_that_hold(site):
    page = site.test_client().get("/rules")
    assert page.status_code == 200
    for said in ("自愿学习（宽松）", "45 分钟是 1 学时", "不用刷脸", "一天最多算 6 小时", "第一次就考到 80 分"):
        assert said in page.text


def test_a_version_that_was_replaced_says_so(site):
    old = site.test_client().get("/rules/light/1")
    assert old.status_code == 200 and "现在报名的人按第 2 版" in old.text
    assert "超过 15 分钟，算 0.5 学时。" in site.test_client().get("/rules/half-hour-steps/1").text
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


def test_an_administrator_publishes_the_next_version(site):
    who = Browser(site, ADMIN)
    assert "第 1 版" in who.get("/admin/policies").text
    who.see("/admin/policies/subsidised")
    with site.test_request_context():
        fields = sent(pass_mark="75", presence_kinds=["tap"], lesson_steps="超过 0 分钟 0.5")
    who.send("/admin/policies/subsidised", 303, **fields)
    with site.test_request_context():
        now = policies.current_policy("subsidised")
    assert now.version == 2 and now.numbers.pass_mark == 75 and now.numbers.lesson_steps == ((1, 500),)


def test_the_form_speaks_of_the_units_of_people_and_names_no_number_as_programs_do(site):
    answer = Browser(site, ADMIN).get("/admin/policies/half-hour-steps")
    said = words(answer)
    assert "补贴培训（30 分钟一学时，分档计） half-hour-steps" in said and "1 学时是几分钟" in said and "超过 15 分钟 0.5" in said
    assert "_" not in said and "毫秒" not in said and "千分之" not in said
    assert 'name="class_hour_ms" type="text" value="30"' in answer.text and 'name="offline_share_permille" type="text" value="30"' in answer.text
    assert 'value="2" selected' in answer.text and 'value="claim" selected' in answer.text and 'value="roll" checked' in answer.text
    assert 'value="face">' in answer.text


@pytest.mark.parametrize("code", ["light", "subsidised", "whole-hours", "half-hour-steps"])
@pytest.mark.parametrize("language", ["zh_Hans", "en"])
def test_what_is_opened_and_published_unchanged_stays_as_it_is(site, code, language):
    who = Browser(site, ADMIN)
    who.client.set_cookie("lang", language)
    shown = who.see(f"/admin/policies/{code}")
    assert ("Minutes in a class hour" in shown) == (language == "en")
    with site.test_request_context():
        before = policies.newest(code)
    who.send(f"/admin/policies/{code}", 303, **filled_in(shown))
    with site.test_request_context():
        after = policies.newest(code)
    assert after.version == before.version + 1 and after.title == before.title
    assert json.dumps(after.document) == json.dumps(policies.numbers_document(before.numbers))


def filled_in(text: str) -> dict[str, list[str]]:
    """What a browser sends of a page's form that nobody touched."""
    found: dict[str, list[str]] = {}
    text = text[text.index('<form method="post" class="stack-l">'):]
    for tag, select, its, area, inside in re.findall(
            r'<input ([^>]+)>|<select id="f-(\w+)"[^>]*>(.*?)</select>|<textarea id="f-(\w+)"[^>]*>(.*?)</textarea>', text, re.S):
        if select:
            found[select] = [re.search(r'value="([^"]*)" selected', its)[1]]
        elif area:
            found[area] = [unescape(inside)]
        elif "checkbox" not in tag or "checked" in tag:
            found.setdefault(re.search('name="([^"]+)"', tag)[1], []).append(unescape(re.search('value="([^"]*)"', tag)[1]))
    found.pop("csrf_token")
    return found


@pytest.mark.parametrize(("name", "typed"), [
    ("pass_mark", "101"), ("pass_mark", ""), ("pass_mark", "1.5"), ("presence_kinds", ["face"]), ("lesson_steps", "x & y"),
    ("identity_at", "later"), ("title", ""), ("effective_on", "2026-13-01"), ("effective_on", "2020-01-01"), ("daily_cap_ms", "-1"),
    ("quiz_share_permille", "33.33"), ("class_hour_ms", "45.0001")])
def test_what_makes_no_policy_comes_back_as_it_was_typed_with_a_message_beside_it(site, name, typed):
    who = Browser(site, ADMIN)
    who.see("/admin/policies/subsidised")
    with site.test_request_context():
        fields = sent(share_watched_permille="87.3") | {name: typed}
    page = who.send("/admin/policies/subsidised", 422, **fields).text
    assert 'name="share_watched_permille" type="text" value="87.3"' in page and 'role="alert" tabindex="-1" autofocus' in page
    assert f'<p class="error" id="h-{name}">' in page and page.count('class="error"') == 1
    assert page.count('aria-invalid="true"') == (name != "presence_kinds"), "a group of boxes is no field"
    assert f'aria-describedby="h-{name}"' in page
    if isinstance(typed, list):
        assert 'value="face" checked' in page and 'value="tap" checked' not in page
    elif name != "identity_at":
        assert f'value="{typed}"' in page or f">{escape(typed)}</textarea>" in page
    with site.test_request_context():
        assert policies.newest("subsidised").version == 1


def test_a_form_in_which_hardly_anything_came_is_no_crash(site):
    who = Browser(site, ADMIN)
    who.see("/admin/policies/subsidised")
    assert who.send("/admin/policies/subsidised", 422, presence_kinds=["nod", "tap"]).text.count('class="error"') > 20


def test_a_new_policy_begins_with_anothers_numbers(site):
    who = Browser(site, ADMIN)
    begun = who.get("/admin/policies/new?code=safety&from=subsidised", 303)
    assert begun.location.endswith("/admin/policies/safety?from=subsidised")
    who.get("/admin/policies/new?code=light&from=subsidised", 422)
    who.get("/admin/policies/new?code=Bad Code&from=subsidised", 422)
    who.get("/admin/policies/new?code=safety&from=none", 404)
    who.get("/admin/policies/nothing", 404)
    shown = who.see("/admin/policies/safety?from=subsidised")
    assert "<h1>safety</h1>" in shown and 'name="title" type="text" value=""' in shown and "填好的是“补贴培训（严格）”第 1 版的数字" in shown
    with site.test_request_context():
        fields = sent() | {"title": "安全培训", "effective_on": (clock.today() + timedelta(days=1)).isoformat()}
    who.send("/admin/policies/safety?from=subsidised", 303, **fields)
    with site.test_request_context():
        assert policies.newest("safety").title == "安全培训" and policies.find_current("safety") is None
    assert "将要用" in who.get("/admin/policies").text
    assert "这一版还没有开始用" in who.get("/rules/safety/1").text
    bad = who.send("/admin/policies/Bad Code?from=light", 422, **fields).text
    assert "规则的代号用小写字母" in bad and 'role="alert"' in bad


@pytest.mark.parametrize("path", ["/admin/policies", "/admin/policies/light", "/admin/policies/new"])
def test_strangers_and_learners_are_sent_away(site, path):
    assert site.test_client().get(path).status_code == 303
    Browser(site, LEARNER).get(path, 403)


def test_what_a_broken_network_costs_is_said_alike_by_rules_and_player(site):
    with site.test_request_context():
        for code, numbers, rule, player in (
                ("light", {}, "连上再补报，一门课最多补 6 小时", "已记在本机，连上后补报"),
                ("subsidised", {}, "断网超过 2 分钟的那一段不算；要断网学，请先下载。", "断网超过 2 分钟的那一段不算；要断网学，请先下载。"),
                ("subsidised", {"offline_share_permille": 0}, "断网超过 2 分钟的那一段不算。", "断网超过 2 分钟的那一段不算。")):
            policy = policies.current_policy(code)
            shown = policies.Policy(code=code, version=9, title=policy.title, effective_on=clock.today(),
                                    document={**policy.document, **numbers})
            assert rule in " ".join(dict(told(shown)["answers"])["怎样算学过"])
            assert player in policies.cut_off(shown.numbers)
