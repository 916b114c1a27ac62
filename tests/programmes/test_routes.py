"""Pages and calls of goals and of the office that keeps them."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook
from tests.clients import Browser, Learner, words
from tests.factories import make_course, make_person

from guanxue import programmes
from guanxue.core import clock
from guanxue.core.db import writing

LEARNER, OFFICER, ADMIN, INSPECTOR = "13800000001", "13800000009", "13800000008", "13800000007"


@pytest.fixture
def site(bare_app, monkeypatch):
    """A learner with 0.12 credits and one course that is open, an officer, an administrator, an inspector; second factors shown."""
    monkeypatch.setattr("guanxue.core.actor.Actor.is_proved", True)
    with bare_app.test_request_context(), writing():
        make_person()
        make_person(OFFICER, "何主任", role="credit_officer")
        make_person(ADMIN, "方管理", role="administrator")
        make_person(INSPECTOR, "许督查", role="inspector")
        for slug in ("one", "two", "three"):
            make_course(slug, videos_ms=(2_500_000,), title=f"课程 {slug}")
    who = Learner(bare_app)
    for n, slug in enumerate(("one", "two")):
        with clock.advance(n * 7200):
            who.finish(slug)
    return bare_app


def test_my_goals_show_how_far_i_am_and_the_next_step_on_top(site):
    me = Browser(site, LEARNER)
    assert "学分能做什么" in me.see("/me") and "学分能做什么" in me.see("/me/credits")
    everything = me.see("/me/goals")
    assert "学历+技能双证" in everything and "已达到 0.1 学分" in everything
    page = me.see("/me/goals/one-credit-a-year")
    assert "还差 0.88 学分" in page and "课程 three" in page and "开始学" in page and 'href="/courses/three"' in page
    assert "平台的建议" in page
    me.send("/me/goals/one-credit-a-year")
    assert "我的目标" in me.see("/me/goals") and "不再作为目标" in me.see("/me/goals/one-credit-a-year")
    me.send("/me/goals/one-credit-a-year/leave")
    assert "选一个目标" in me.see("/me/goals")
    reached = me.see("/me/goals/first-step")
    assert "要求都达到了" in reached and "还差" not in reached


def test_goals_and_certificates_have_their_place_under_credits(site):
    me = Browser(site, LEARNER)
    for path in ("/me/credits", "/me/goals", "/me/goals/first-step", "/me/recognition"):
        assert '<a href="/me/credits" aria-current=page>' in me.see(path)
        assert '<a href="/me" aria-current=page>' not in me.see(path)


def test_goals_are_the_person_s_own(site):
    stranger = site.test_client()
    assert stranger.get("/me/goals").status_code in (302, 303, 401)
    me = Browser(site, LEARNER)
    me.get("/me/goals/none", 404)
    me.see("/me/goals/first-step")
    me.send("/me/goals/none", 404)
    me.send("/me/goals/first-step", 403, token=False)
    assert me.client.delete("/me/goals/first-step").status_code == 405


def test_the_api_tells_the_same(site):
    who = Learner(site)
    items = {x["code"]: x for x in who.call("GET", "/me/goals", 200)["items"]}
    assert items["first-step"]["reached"] and not items["dual-certificate"]["reached"]
    assert who.call("PUT", "/me/goals/ten-credits", 200)["chosen"]
    told = who.call("GET", "/me/goals/ten-credits", 200)
    assert told["chosen"] and told["have"] == 0.12 and [s["title"] for s in told["way"]["steps"]] == ["课程 three"]
    assert told["way"]["steps"][0]["credits"] == 0.06 and told["way"]["minutes"] == 44 and not told["way"]["reached"]
    assert not who.call("DELETE", "/me/goals/ten-credits", 200)["chosen"]
    who.call("GET", "/me/goals/none", 404)


def test_the_office_sees_who_reached_a_scheme_masked_and_marks_it_once(site):
    officer = Browser(site, OFFICER)
    page = officer.see("/office/programmes/first-step/reached")
    assert "林*" in page and "林小莲" not in page and LEARNER not in page
    table = officer.get("/office/programmes/first-step/reached.xlsx").data
    cells = [str(c) for row in load_workbook(io.BytesIO(table)).active.iter_rows(values_only=True) for c in row]
    assert any(c.startswith("林*") for c in cells) and not {"林小莲", LEARNER} & set(cells)
    with site.test_request_context():
        person_id = programmes.list_reached(programmes.get_current("first-step"))[0].person.id
    officer.send("/office/programmes/first-step/reached", 303, person=person_id)
    officer.send("/office/programmes/first-step/reached", 409, person=person_id)
    officer.send("/office/programmes/first-step/reached", 403, person="x")
    officer.send("/office/programmes/first-step/reached", 404, person=99999)
    assert "已经标记的" in officer.see("/office/programmes/first-step/reached")
    told = Browser(site, LEARNER).see("/me/goals/first-step")
    assert "标记了一次奖励" in told and "不再重复算" in told
    assert "奖励你已经拿到了" in told and "还差" not in told, "who cannot have it again is not sent on a way to it"


def test_an_inspector_reads_and_does_not_mark_and_a_learner_does_neither(site):
    inspector = Browser(site, INSPECTOR)
    assert "标记已奖励" not in inspector.see("/office/programmes/first-step/reached")
    inspector.see("/office/programmes")
    inspector.send("/office/programmes/first-step/reached", 403, person=1)
    inspector.get("/office/programmes/first-step", 403)
    Browser(site, LEARNER).get("/office/programmes", 403)


def form_of(page_fields, **change):
    return {**{name: values[0] if len(values) == 1 else values for name, values in page_fields.items() if values}, **change}


def fields(site, code):
    from guanxue.programmes import forms
    with site.test_request_context():
        return forms.fields_of(programmes.get_newest(code)) | {"effective_on": [clock.today().isoformat()]}


def test_an_administrator_sees_whom_a_version_affects_before_it_is_published(site):
    admin = Browser(site, ADMIN)
    admin.see("/office/programmes/one-credit-a-year")
    form = form_of(fields(site, "one-credit-a-year"), total="0.12")
    told = words(admin.send("/office/programmes/one-credit-a-year", 200, preview="yes", **form))
    assert "按现在的一版有 0 人达到，按这一版有 1 人达到" in told
    with site.test_request_context():
        assert programmes.get_newest("one-credit-a-year").version == 1
    admin.send("/office/programmes/one-credit-a-year", 303, **form)
    with site.test_request_context():
        assert programmes.get_current("one-credit-a-year").target.total == 120


@pytest.mark.parametrize(("change", "why"), [
    ({"total": "abc"}, "这样的数字"), ({"total": "0"}, "大于 0"), ({"title": ""}, "名称"), ({"effective_on": ""}, "从哪一天"),
    ({"effective_on": "2020-01-01"}, "不能倒回去"), ({"valid_years": "x"}, "整数"), ({"t-levels": "x"}, "等级"),
    ({"n0-title": "甲", "n0-milli": "9", "n1-title": "乙", "n1-milli": "9"}, "不能超过"),
    ({"n0-title": "甲", "n0-milli": "0.1", "n1-title": "乙", "n1-milli": "0.1"}, "只能算进一个部分"), ({"period": "week"}, "有误"),
])
def test_a_form_that_cannot_be_comes_back_with_the_reason_and_what_was_typed(site, change, why):
    admin = Browser(site, ADMIN)
    admin.see("/office/programmes/one-credit-a-year")
    answer = admin.send("/office/programmes/one-credit-a-year", 422, **form_of(fields(site, "one-credit-a-year"), **change))
    assert why in words(answer)


def test_a_new_one_begins_with_another_s_numbers(site):
    admin = Browser(site, ADMIN)
    admin.see("/office/programmes")
    page = admin.see("/office/programmes/night-school?from=dual-certificate")
    assert "公共学科" in page
    admin.send("/office/programmes/night-school?from=dual-certificate", 303, **form_of(fields(site, "dual-certificate"), title="夜校"))
    assert "夜校" in admin.see("/office/programmes")
    assert admin.get("/office/programmes/new?code=evening&from=first-step", 303).location.endswith("evening?from=first-step")
    admin.get("/office/programmes/new?code=first-step&from=first-step", 422)
