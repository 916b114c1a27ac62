"""Decision tables of credit, as a bureau officer reads them: what was held, what is asked, what is given, by which rule.

Amounts are whole credits unless a name ends in _milli; days are days of the city. Nothing here asks a database.
"""

from __future__ import annotations

from datetime import date, datetime

import pytest
from tests.creditbank.korean_rules import KOREA

from guanxue.core import clock
from guanxue.creditbank import judging, past
from guanxue.creditbank.credit_rules import CreditRules
from guanxue.creditbank.defaults import CITY_1
from guanxue.creditbank.models import CreditPolicy
from guanxue.creditbank.outcomes import Outcome
from guanxue.creditbank.past import Past
from guanxue.creditbank.sources import Derived, Source, get_source, register_source

CREDIT = 1000
SKILLS, GENERAL, SCHOOL, FURTHER = "skills-upgrading", "general-literacy", "secondary-vocational", "continuing-education"
NOW = datetime.fromisoformat("2026-12-01T12:00:00+08:00")


@pytest.fixture(autouse=True)
def certificates():
    """A source that upgrades, as the room of recognition registers one."""
    try:
        get_source("certificate")
    except KeyError:
        register_source(Source("certificate", kind="certificate", mint="mint:certificates", list_outcomes=lambda _person: [],
                               derive=lambda _outcome: Derived(0, 0, 0)))


@pytest.fixture
def under(monkeypatch):
    """Puts a document of rules in force."""
    def put(document):
        version = CreditPolicy(version=1, title="试", document=document, effective_on=date(2020, 1, 1), published_at=NOW)
        monkeypatch.setattr(judging, "rules_for", lambda _finished, _at: version)
    return put


def course(title="机床安全", *, credits=1, on="2026-05-01", category=SKILLS, provider="city", online=True, level=None, slug="",
           content=(), **components) -> Outcome:
    finished = datetime.fromisoformat(f"{on}T10:00:00+08:00")
    document = {"content": list(content)}
    return Outcome("course", f"1:{slug or title}", 1, f"course:{slug or title}", title, credits * CREDIT, 0, category, provider, level,
                   finished, online, document, measure=lambda: components)


def certificate(credits, *, occupation="6-18-01-01", on="2026-05-01", level=None) -> Outcome:
    finished = datetime.fromisoformat(f"{on}T10:00:00+08:00")
    return Outcome("certificate", f"{occupation}:{credits}", 1, f"occupation:{occupation}", "车工", credits * CREDIT, 0, SKILLS, "city",
                   level, finished, False, {})


def after(*outcomes) -> Past:
    """The past of somebody who was given all of these."""
    held = Past()
    for one in outcomes:
        held = held.with_outcome(one)
    return held


def decide(asked: Outcome, *held: Outcome, at=NOW) -> tuple[int, str]:
    """(whole credits given, rule)."""
    verdict = judging.judge(asked, after(*held), at)
    return verdict.given.credits_milli // CREDIT, verdict.rule


# ---- caps


@pytest.mark.parametrize(("held", "asked", "given", "rule"), [
    # what was credited before                                    what is asked                     gives  by which rule
    ([],                                                          course(credits=60),               60, ""),
    ([],                                                          course(credits=61),               60, "cap:year-online"),
    ([course("甲", credits=60, on="2026-01-01")],                  course("乙", credits=1),           0, "cap:year-online"),
    ([course("甲", credits=59, on="2026-01-01")],                  course("乙", credits=3),           1, "cap:year-online"),
    ([course("甲", credits=60, on="2025-12-31")],                  course("乙", credits=5, on="2026-01-01"), 5, ""),
    ([course("甲", credits=60, online=False)],                     course("乙", credits=5),           5, ""),
    ([course("甲", credits=60)],                                   course("乙", credits=5, online=False), 5, ""),
    ([course("甲", credits=60)],                                   certificate(8),                   8, ""),
])
def test_the_citys_cap_on_online_study(under, held, asked, given, rule):
    under(CITY_1)
    assert decide(asked, *held) == (given, rule)


@pytest.mark.parametrize(("held", "asked", "given", "rule"), [
    # 42 a year, from 1 March to the end of February; 24 a semester, by the day on which the course ended
    ([],                                                                       {"credits": 25, "on": "2026-03-01"}, 24, "cap:semester"),
    ([("甲", 20, "2026-03-01", "a")],                                           {"credits": 5, "on": "2026-08-31"}, 4, "cap:semester"),
    ([("甲", 20, "2026-03-01", "a")],                                           {"credits": 5, "on": "2026-09-01"}, 5, ""),
    ([("甲", 24, "2026-03-01", "a"), ("乙", 17, "2026-09-01", "a")],             {"credits": 2, "on": "2027-02-28"}, 1, "cap:year"),
    ([("甲", 24, "2026-03-01", "a"), ("乙", 18, "2026-09-01", "a")],             {"credits": 2, "on": "2027-02-28"}, 0, "cap:year"),
    ([("甲", 24, "2026-03-01", "a"), ("乙", 18, "2026-09-01", "a")],             {"credits": 2, "on": "2027-03-01"}, 2, ""),
    # 105 of one institution, 60 where it is a two-year one
    ([(f"课{n}", 20, f"{2020 + n}-03-01", "big-university") for n in range(5)],   {"credits": 6, "provider": "big-university"}, 5, "cap:institution"),
    ([(f"课{n}", 20, f"{2020 + n}-03-01", "big-university") for n in range(5)],   {"credits": 6, "provider": "another"}, 6, ""),
    ([(f"课{n}", 20, f"{2020 + n}-03-01", "small-college") for n in range(3)],    {"credits": 6, "provider": "small-college"}, 0, "cap:two-year-institution"),
])
def test_korean_caps(under, held, asked, given, rule):
    under(KOREA)
    fine = {"attendance": 900, "mark": 80}
    before = [course(t, credits=c, on=on, provider=p, **fine) for t, c, on, p in held]
    assert decide(course("新课", **{"on": "2026-05-01", **asked}, **fine), *before) == (given, rule)


@pytest.mark.parametrize(("day", "year", "semester"), [
    ("2026-02-28", (2025, 3), (2025, 9)), ("2026-03-01", (2026, 3), (2026, 3)), ("2026-08-31", (2026, 3), (2026, 3)),
    ("2026-09-01", (2026, 3), (2026, 9)), ("2026-12-31", (2026, 3), (2026, 9)), ("2027-01-01", (2026, 3), (2026, 9)),
    ("2028-02-29", (2027, 3), (2027, 9)),
])
def test_a_korean_year_begins_in_march(day, year, semester):
    laws = CreditRules.from_document(KOREA)
    assert laws.period_of("year", date.fromisoformat(day)) == year and laws.period_of("semester", date.fromisoformat(day)) == semester


def test_a_period_is_that_of_the_city_not_of_the_server(under):
    under(CITY_1)
    eve = datetime.fromisoformat("2025-12-31T16:30:00+00:00")  # half past midnight in the city, 2026
    full = course("甲", credits=60, on="2026-06-01")
    asked = Outcome("course", "1:x", 1, "course:x", "乙", CREDIT, 0, SKILLS, "city", None, eve, True, {})
    assert clock.city_day(eve).year == 2026 and decide(asked, full) == (0, "cap:year-online")


def test_class_hours_are_cut_in_the_same_measure(under):
    under(CITY_1)
    asked = Outcome("course", "1:x", 1, "course:x", "乙", 4000, 64_000, SKILLS, "city", None, NOW, True, {})
    given = judging.judge(asked, after(course("甲", credits=57)), NOW).given
    assert (given.credits_milli, given.hours_milli) == (3000, 48_000)


# ---- floors: a conjunction of minimums


@pytest.mark.parametrize(("components", "given"), [
    ({"attendance": 800, "mark": 60}, 3), ({"attendance": 799, "mark": 100}, 0), ({"attendance": 1000, "mark": 59}, 0),
    ({"attendance": 1000}, 0), ({}, 0),
])
def test_each_minimum_has_to_be_met(under, components, given):
    under(KOREA)
    assert decide(course(credits=3, **components)) == (given, "" if given else "floor")


# ---- duplicates


@pytest.mark.parametrize(("held", "asked", "rule"), [
    ("机床安全", "机床安全", "same-title"), ("机床安全", "机床 安全", "same-title"), ("机床安全", "《机床安全》！", "same-title"),
    ("焊接（一）", "焊接1", "same-title"), ("焊接Ⅱ", "焊接（二）", "same-title"), ("PLC编程", "ＰＬＣ 编程", "same-title"),
    ("英语第一册", "英语 第1册", "same-title"), ("PLC编程", "可编程控制器编程", "same-title"),
    ("焊接（一）", "焊接（二）", ""), ("机床安全", "机床保养", ""), ("英语第一册", "英语第二册", ""), ("一次成型", "1次成型", ""),
])
def test_near_same_titles_are_one_course(under, held, asked, rule):
    under(CITY_1)
    assert decide(course(asked, slug="new"), course(held, slug="old")) == (0 if rule else 1, rule)


@pytest.mark.parametrize(("held", "asked", "rule"), [
    (5, 5, "same-title"), (5, 4, ""), (None, 5, ""), (None, None, "same-title"),
])
def test_levels_tell_courses_of_one_name_apart(under, held, asked, rule):
    under(CITY_1)
    assert decide(course("车工", slug="new", level=asked), course("车工", slug="old", level=held))[1] == rule


@pytest.mark.parametrize(("mine", "theirs", "rule"), [
    (["film:1", "film:2"], ["film:1", "film:2"], "same-content"), (["film:1", "film:2"], ["film:2", "film:3"], ""),
    (["a", "b", "c", "d", "e"], ["a", "b", "c", "d"], "same-content"), (["a", "b", "c", "d"], ["a", "b", "c"], ""), ([], ["a"], ""),
    ([], [], ""),
])
def test_the_same_content_counts_once(under, mine, theirs, rule):
    under(CITY_1)
    assert decide(course("新", content=mine), course("旧", content=theirs))[1] == rule


@pytest.mark.parametrize(("one", "other", "permille"), [
    ("机床安全", "机床安全", 1000), ("数控车床编程", "数控车床操作", 600), ("茶艺", "焊接", 0), ("a", "b", 0), ("数控机床安全操作规程", "数控机床安全操作规范", 888),
])
def test_how_near_two_titles_are(one, other, permille):
    assert CreditRules.from_document(CITY_1).nearness(one, other) == permille == CreditRules.from_document(CITY_1).nearness(other, one)


def test_a_title_that_is_near_but_not_the_same_is_told(under):
    under(CITY_1)
    verdict = judging.judge(course("数控机床安全操作规程"), after(course("数控机床安全操作规范")), NOW)
    assert verdict.rule == "" and verdict.facts["near"][:2] == ["数控机床安全操作规范", 888]


def test_the_same_subject_counts_once_also_without_any_rules(monkeypatch):
    monkeypatch.setattr(judging, "rules_for", lambda _finished, _at: None)
    assert decide(course("甲"), course("甲")) == (0, "once")


# ---- upgrades


@pytest.mark.parametrize(("held", "asked", "given", "rule"), [
    ([], 4, 4, ""), ([4], 8, 4, "highest-level"), ([4, 8], 12, 4, "highest-level"), ([8], 4, 0, "highest-level"),
    ([8], 8, 0, "highest-level"), ([4], 20, 16, "highest-level"),
])
def test_the_highest_level_counts_and_an_upgrade_adds_the_difference(under, held, asked, given, rule):
    under(CITY_1)
    past_, worth = Past(), 0
    for one in held:  # each was an upgrade, too: only its difference was given
        past_, worth = past_.with_outcome(certificate(one - worth)), one
    verdict = judging.judge(certificate(asked), past_, NOW)
    assert (verdict.given.credits_milli // CREDIT, verdict.rule) == (given, rule)


def test_another_occupation_is_another_subject(under):
    under(CITY_1)
    assert decide(certificate(4, occupation="4-10-01-05"), certificate(8)) == (4, "")


# ---- how old, how long


@pytest.mark.parametrize(("got", "brought", "given"), [
    ("2018-12-01", "2026-12-01", 4), ("2018-11-30", "2026-12-01", 0), ("2018-02-28", "2026-02-28", 4), ("2026-12-01", "2026-12-01", 4),
    ("2024-02-29", "2032-02-29", 4), ("2024-02-29", "2032-03-01", 0),
])
def test_eight_years_to_bring_a_certificate_in(under, got, brought, given):
    under(CITY_1)
    at = datetime.fromisoformat(f"{brought}T23:00:00+08:00")
    assert decide(certificate(4, on=got), at=at) == (given, "" if given else "window")


@pytest.mark.parametrize(("finished", "months", "until"), [
    ("2026-05-01", 12, "2027-05-01"), ("2026-01-31", 1, "2026-02-28"), ("2024-02-29", 12, "2025-02-28"), ("2026-12-31", 2, "2027-02-28"),
    ("2026-05-01", 0, None),
])
def test_how_long_a_credit_is_valid(finished, months, until):
    laws = CreditRules.from_document({"valid_months": [[SKILLS, months]]})
    assert laws.valid_until(SKILLS, date.fromisoformat(finished)) == (date.fromisoformat(until) if until else None)
    assert laws.valid_until(GENERAL, date.fromisoformat(finished)) is None


@pytest.mark.parametrize(("finished", "rule"), [("2025-12-01", ""), ("2025-11-30", "window")])
def test_what_would_be_over_already_is_not_given(under, finished, rule):
    under(CITY_1 | {"valid_months": [[SKILLS, 12]]})
    assert decide(course(on=finished))[1] == rule  # on 1 December 2026


def test_what_expired_goes_on_filling_its_year_and_its_subject(under):
    under(CITY_1)
    first = course("甲", credits=60, on="2026-01-01")
    first.document["code"] = "ABCD"  # as an entry of one's own has it
    held = after(first)
    number = held.lines[0].number
    ended = Past((*held.lines, past.Line(number + 1, {"entry": number, "expired": "2026-06-01"}, -60_000)))
    assert ended.standing() == {} and len(ended.credited()) == 1
    assert judging.judge(course("乙"), ended, NOW).rule == "cap:year-online"
    assert judging.judge(first, ended, NOW).rule == "once"


# ---- one-way doors between categories


@pytest.mark.parametrize(("category", "wanted", "may"), [
    (SKILLS, SKILLS, True), (SKILLS, SCHOOL, True), (SCHOOL, SKILLS, False), (GENERAL, SCHOOL, False), (GENERAL, FURTHER, False),
    (FURTHER, GENERAL, True), (SKILLS, GENERAL, False),  # no two doors in a row
])
def test_doors_between_categories_open_one_way(category, wanted, may):
    assert CreditRules.from_document(CITY_1).may_count_as(category, wanted) is may


# ---- what moves with its person


@pytest.mark.parametrize(("held", "moving", "full", "rule"), [
    ([], 4, 4, ""), ([4], 4, 8, ""), ([8], 4, 4, "highest-level"), ([8], 4, 8, "highest-level"), ([4], 8, 8, "highest-level"),
])
def test_a_difference_moves_where_both_are_no_more_than_the_level_is_worth(under, held, moving, full, rule):
    under(CITY_1)
    one = certificate(moving)
    one.document["asked_millicredits"] = full * CREDIT
    assert judging.refused_by(one, after(*(certificate(c) for c in held)), NOW) == rule


def test_nobody_asks_again_how_good_or_how_old_something_is_that_only_moves(under):
    under(CITY_1 | {"floors": [{"source": "certificate", "component": "mark", "least": 60}]})
    assert judging.refused_by(certificate(4, on="2001-01-01"), Past(), NOW) == ""


# ---- what cannot be published


@pytest.mark.parametrize("document", [
    {"year_month": 13}, {"year_month": 3, "semester_month": 3}, {"caps": [{"code": "a", "period": "month", "most_milli": 1}]},
    {"caps": [{"code": "a", "period": "year", "most_milli": 1}] * 2}, {"near_permille": 1001}, {"valid_months": [["leisure", 1]]},
    {"unknown": 1}, {"caps": [{"code": "a", "period": "year", "most_milli": -1}]}, {"caps": [{"period": "year"}]},
])
def test_rules_that_cannot_be(document):
    with pytest.raises(ValueError):
        CreditRules.from_document(document)
