"""What counts as a well-formed number, what certificates are worth, who may check and decide: tables an officer can read."""

from __future__ import annotations

from datetime import date

import pytest

from guanxue.recognition import conversion, rules
from guanxue.recognition.conversion import SHIPPED, Table, worth_milli
from guanxue.recognition.rules import ABILITY, CONTEST, QUALIFICATION, SKILL, SPECIAL, Part

TABLE = Table.from_document(SHIPPED[2])
GOOD = "Y000123000001195000001"  # the example of the rule: year 19, level 5


@pytest.mark.parametrize(("kind", "level", "typed", "is_well_formed"), [
    # a skill level certificate: Y or S and 21 digits
    (SKILL, 5, GOOD, True),
    (SKILL, 5, "s000123000001195000001", True),
    (SKILL, 5, " Y0001 2300 0001 1950 0000 1 ", True),
    (SKILL, 5, "Ｙ000123000001195000001", True),
    (SKILL, 5, "Y00012300000119500000", False),
    (SKILL, 5, "Y0001230000011950000011", False),
    (SKILL, 5, "X000123000001195000001", False),
    (SKILL, 5, "Y00012300000119500000A", False),
    (SKILL, 5, "Y٠٠٠١٢٣000001195000001", False),
    (SKILL, 5, "", False),
    # 特级技师: two letters and 20 digits
    (SKILL, SPECIAL, "SY00012300000119500001", True),
    (SKILL, SPECIAL, GOOD, False),
    (SKILL, 5, "SY00012300000119500001", False),
    # the old qualification certificate: 16 digits
    (QUALIFICATION, 4, "1419003014401234", True),
    (QUALIFICATION, 4, "141900301440123", False),
    (QUALIFICATION, 4, "14190030144012X4", False),
    (ABILITY, None, "44192025000123", True),
    (ABILITY, None, "12", False),
    # a contest's paper may have none
    (CONTEST, None, "", True),
    (CONTEST, None, "DGJS2025001", True),
    (CONTEST, None, "一等奖", False),
])
def test_numbers_are_judged_by_how_they_are_made(kind, level, typed, is_well_formed):
    assert (rules.number_fault(kind, level, rules.normal_number(typed)) is None) == is_well_formed


def test_what_a_number_says_beside_the_form_is_told_and_refuses_nothing():
    assert rules.unlike(SKILL, 5, GOOD, date(2019, 6, 1)) == []
    assert rules.unlike(SKILL, 5, GOOD, date(2020, 1, 20)) == [], "examined in December, printed in January"
    year, level = rules.unlike(SKILL, 3, GOOD, date(2023, 6, 1))
    assert "19" in str(year) and "2023" in str(year) and "5" in str(level) and "3" in str(level)
    assert rules.unlike(QUALIFICATION, 3, "1419003014401234", date(2023, 6, 1)) == []


def test_a_number_is_shown_by_its_ends_and_a_short_one_not_at_all():
    assert rules.mask_number(GOOD) == "Y00***************0001" and len(rules.mask_number(GOOD)) == len(GOOD)
    assert rules.mask_number("A1234567") == "********"


@pytest.mark.parametrize(("one", "other", "is_same"), [
    ("东莞市职业技能竞赛", "2025年东莞市职业技能竞赛", True),
    ("第十届 东莞市职业技能竞赛", "东莞市职业技能竞赛", True),
    ("“莞邑杯”钳工大赛", "莞邑杯钳工大赛", True),
    ("东莞市职业技能竞赛", "广东省职业技能竞赛", False),
])
def test_a_contest_is_the_same_however_it_is_written(one, other, is_same):
    assert (rules.contest_key(one) == rules.contest_key(other)) == is_same


# ---- what it is worth (domain.md §2; our proposal)


@pytest.mark.parametrize(("what", "credits"), [
    ({"kind": SKILL, "level": 5}, 4), ({"kind": SKILL, "level": 4}, 8), ({"kind": QUALIFICATION, "level": 3}, 12),
    ({"kind": SKILL, "level": 2}, 16), ({"kind": QUALIFICATION, "level": 1}, 20), ({"kind": SKILL, "level": SPECIAL}, 20),
    ({"kind": ABILITY}, 2),
    ({"kind": CONTEST, "scope": "city", "rank": 1}, 2), ({"kind": CONTEST, "scope": "city", "rank": 2}, 1.5),
    ({"kind": CONTEST, "scope": "city", "rank": 3}, 1), ({"kind": CONTEST, "scope": "province", "rank": 1}, 4),
    ({"kind": CONTEST, "scope": "province", "rank": 3}, 2), ({"kind": CONTEST, "scope": "national", "rank": 1}, 8),
    ({"kind": CONTEST, "scope": "national", "rank": 3}, 4),
    # a team shares: 8 ÷ 3 = 2.666, rounded down once
    ({"kind": CONTEST, "scope": "national", "rank": 1, "team_size": 3}, 2.666),
])
def test_the_table_converts(what, credits):
    assert worth_milli(TABLE, what.pop("kind"), **what) == round(credits * 1000)


@pytest.mark.parametrize("change", [
    {"levels": {"5": 4000}}, {"levels": {**SHIPPED[2]["levels"], "1": 3000}}, {"levels": {**SHIPPED[2]["levels"], "5": -1}},
    {"levels": {**SHIPPED[2]["levels"], "5": 4.5}}, {"specific_ability": True}, {"contests": {"city": [1, 2, 3]}},
    {"contests": {**SHIPPED[2]["contests"], "city": [1000, 2000, 3000]}}, {"window_years": -1}, {"identity_level": 9},
])
def test_an_absurd_table_is_none(change):
    with pytest.raises(ValueError):
        Table.from_document({**SHIPPED[2], **change})


def test_the_table_is_told_in_words(app):
    told = conversion.told(TABLE)
    assert told["levels"][0] == ("五级/初级工", "4") and told["levels"][-1] == ("特级技师", "20") and told["ability"] == "2"
    assert told["contests"][0] == ("市级", ["2", "1.5", "1"])
    assert any("8 年" in n for n in told["notes"]) and any("全市只能用一次" in n for n in told["notes"])


# ---- four eyes


@pytest.mark.parametrize(("part", "may_check", "may_decide"), [
    (Part(), True, True),
    (Part(is_holder=True), False, False),
    (Part(is_filer=True), False, False),
    (Part(is_holder=True, is_filer=True), False, False),
    (Part(is_checker=True), True, False),
    (Part(has_refused=True), True, False),
])
def test_who_filed_who_checks_and_who_decides_are_three(part, may_check, may_decide):
    assert (rules.why_not_checker(part) is None) == may_check
    assert (rules.why_not_decider(part) is None) == may_decide
