"""The rules of crediting as a form: nothing is lost on the way there and back, and whatever changes is told in a sentence."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date

import pytest
from tests.creditbank.korean_rules import KOREA

from guanxue.core.errors import Invalid
from guanxue.creditbank import rule_form, wording
from guanxue.creditbank.credit_rules import Cap, CreditRules, Floor
from guanxue.creditbank.defaults import CITY_1
from guanxue.creditbank.models import CreditPolicy

FULL = {**CITY_1, **KOREA, "near_permille": 905, "content_permille": 800, "counts_as": [["skills-upgrading", "general-literacy"]],
        "valid_months": [["skills-upgrading", 60]], "window_months": [["certificate", 96]], "warn_days": 30}
FULL["caps"] = [*KOREA["caps"], {"code": "c", "period": "year", "most_milli": 1500, "category": "skills-upgrading", "online": True}]
CHANGES = {
    "year_month": 4, "semester_month": 10, "near_permille": 910, "tell_permille": 700, "near_sources": ("course", "class"),
    "content_permille": 755, "abbreviations": (("plc", "可编程控制器"),), "counts_as": (), "valid_months": (), "warn_days": 31,
    "window_months": (("certificate", 95),), "floors": (Floor("course", "attendance", 805),),
    "provider_kinds": (("other-college", "two-year"),), "caps": (Cap("year", "year", 1),),
}


def written(document: dict, **change) -> dict[str, list[str]]:
    """The form of a document as a browser sends it, with other words in some fields."""
    found = rule_form.fields_of(CreditRules.from_document(document))
    found |= {"title": ["莞学学分规则"], "effective_on": ["2030-01-01"], "reason": ["会议决定"]}
    return found | {name: value if isinstance(value, list) else [value] for name, value in change.items()}


def read(form) -> CreditRules:
    return CreditRules.from_document(rule_form.read(form, {"small-college"}).document)


def policy(rules: CreditRules, title="规则") -> CreditPolicy:
    made = CreditPolicy(version=1, title=title, document={}, effective_on=date(2030, 1, 1))
    made.__dict__["rules"] = rules
    return made


@pytest.mark.parametrize("document", [CITY_1, KOREA, FULL, {}], ids=["city", "korea", "full", "nothing"])
def test_a_document_comes_back_from_its_form_as_it_was(document):
    before, after = CreditRules.from_document(document), read(written(document))
    assert replace(after, counts_as=()) == replace(before, counts_as=()) and set(after.counts_as) == set(before.counts_as)
    assert rule_form.is_same(before, rule_form.read(written(document), {"small-college"}).document)


@pytest.mark.parametrize("field", [f.name for f in fields(CreditRules)])
def test_whatever_changes_is_told_old_beside_new(app, field):
    rules = CreditRules.from_document(FULL)
    changed = replace(rules, **{field: CHANGES[field]})
    with app.test_request_context():
        found = wording.differences(policy(rules), policy(changed))
        back = wording.differences(policy(changed), policy(rules))
    assert len(found) == 1 and found[0][1] + found[0][2]
    assert [(q, new, old) for q, old, new in found] == back


def test_the_same_rules_have_no_differences_and_a_name_is_one(app):
    rules = CreditRules.from_document(FULL)
    with app.test_request_context():
        assert wording.differences(policy(rules), policy(rules)) == []
        assert wording.differences(policy(rules), policy(rules, "新的")) == [("名称", ["规则"], ["新的"])]


@pytest.mark.parametrize(("cap", "words"), [
    (Cap("a", "year", 1), "全部学分"), (Cap("a", "year", 1, online=True), "在线学习的学分"),
    (Cap("a", "year", 1, category="skills-upgrading", online=True), "在线学习的“技能提升”学分"),
    (Cap("a", "year", 1, each_provider=True), "同一个机构的学分"),
    (Cap("a", "year", 1, each_provider=True, category="skills-upgrading"), "同一个机构，“技能提升”的学分")])
def test_a_cap_says_all_that_it_bounds(app, cap, words):
    with app.test_request_context():
        assert str(wording.scope_text(cap)) == words


def test_rows_are_added_and_taken_away(app):
    form = written(CITY_1, **{"caps-1-period": "ever", "caps-1-most": "12.5", "caps-1-category": "skills-upgrading",
                              "caps-1-providers": "each", "caps-0-off": "1", "floors-0-source": "course",
                              "floors-0-component": "attendance", "floors-0-least": "８０.５%"})
    found = read(form)
    assert found.caps == (Cap("ever-each-skills-upgrading", "ever", 12_500, each_provider=True, category="skills-upgrading"),)
    assert found.floors == (Floor("course", "attendance", 805),)


def test_two_caps_on_the_same_have_codes_of_their_own():
    rows = {f"caps-{i}-{part}": value for i in (1, 2) for part, value in (("period", "year"), ("most", "1"), ("reach", "online"))}
    assert [c.code for c in read(written(CITY_1, **rows)).caps] == ["year-online", "year-online-2", "year-online-3"]


def test_words_are_kept_as_titles_are_compared():
    found = read(written({}, **{"abbreviations-0-short": "ＰＬＣ", "abbreviations-0-whole": "可编程控制器"}))
    assert found.nearness("PLC 编程", "可编程控制器编程") == 1000


def test_there_is_one_empty_row_more_and_another_when_asked_for():
    form = written(CITY_1)
    assert [rule_form.rows_shown(form, name) for name in rule_form.LISTS] == [2, 1, 4, 1]
    sent = form | {f"caps-1-{part}": [""] for part in rule_form.LISTS["caps"]}
    assert rule_form.rows_shown(sent, "caps") == 2 and rule_form.rows_shown(sent, "caps", more=True) == 3


WRONG = [
    ("title", ""), ("title", "长" * 41), ("effective_on", ""), ("effective_on", "2030-02-30"), ("reason", ""), ("reason", "长" * 201),
    ("year_month", "0"), ("year_month", "13"), ("year_month", ""), ("year_month", "x"), ("semester_month", "1"), ("content", "101"),
    ("content", "-1"), ("near", "99.95"), ("tell", "1e1"), ("warn_days", "367"), ("valid-skills-upgrading", "1.5"),
    ("valid-skills-upgrading", "1201"), ("window-certificate", "-1"), ("caps-0-most", ""), ("caps-0-most", "-1"), ("caps-0-most", "1.2345"),
    ("caps-0-most", "nan"), ("caps-0-period", ""), ("caps-0-period", "day"), ("caps-0-category", "x"), ("caps-0-kind", "two-year"),
    ("caps-0-reach", "x"), ("caps-0-providers", "x"), ("caps-1-category", "skills-upgrading"), ("floors-0-source", "x"),
    ("floors-0-least", "5"), ("abbreviations-0-short", ""), ("abbreviations-0-whole", "长" * 41), ("abbreviations-3-short", "plc"),
    ("kinds-0-kind", "two-year"), ("kinds-0-provider", "nobody"), ("caps-0-most", "9" * 400), ("year_month", "1x"),
]
BESIDE = {("caps-1-category", "skills-upgrading"): "caps-1-most", ("floors-0-least", "5"): "floors-0-source",
          ("kinds-0-kind", "two-year"): "kinds-0-provider"}


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_what_cannot_be_is_named_at_its_field(app, name, value):
    with pytest.raises(Invalid) as told:
        read(written(CITY_1, **{name: value}))
    assert BESIDE.get((name, value), name) in {f["field"] for f in told.value.fields}


def test_all_that_is_wrong_is_named_at_once(app):
    with pytest.raises(Invalid) as told:
        read(written(CITY_1, title="", reason="", near="x", **{"caps-0-most": "x"}))
    assert {f["field"] for f in told.value.fields} == {"title", "reason", "near", "caps-0-most"}
