"""The decision tables of targets as an officer reads them: what counts, what fills which part, what a cap cuts, and why."""

from datetime import date

import pytest

from guanxue.programmes import rules
from guanxue.programmes.defaults import SHIPPED
from guanxue.programmes.rules import Piece, measure, read_milli, read_target, to_mark

TODAY = date(2026, 11, 26)
# Like 学历+技能 in small: 20 credits, public ≥ 6, skill ≥ 8, online ≤ 5, recognised ≤ 50 %, finished in the last 8 years.
SMALL = {
    "total_milli": 20_000, "valid_years": 8,
    "needs": [{"title": "公共", "at_least_milli": 6000, "takes": {"categories": ["secondary-vocational", "general-literacy"]}},
              {"title": "技能", "at_least_milli": 8000, "takes": {"categories": ["skills-upgrading"]}}],
    "caps": [{"title": "线上", "at_most_milli": 5000, "takes": {"sources": ["course"], "online": 1}},
             {"title": "认定", "at_most_permille": 500, "takes": {"sources": ["certificate", "competition"]}}],
}
KINDS = {"公共": "general-literacy", "中职": "secondary-vocational", "技能": "skills-upgrading", "继续": "continuing-education"}


def piece(key, source, kind, credits, on="2026-03-01", **more):
    """A credit: 证书, 网课, 培训班 or 竞赛 of a kind, worth so many credits."""
    name = {"证书": "certificate", "网课": "course", "培训班": "class", "竞赛": "competition"}[source]
    facts = {"provider": "city", "occupation": "", "level": None} | more
    return Piece(key, key, name, KINDS[kind], is_online=source == "网课", milli=round(credits * 1000),
                 finished_on=date.fromisoformat(on), **facts)


# what one has → what counts in all, towards 公共 and 技能, and per credit (counts, why not all)
TABLE = {
    "nothing": ([], 0, 0, 0, {}),
    "a class fills the part of its kind": ([piece("a", "培训班", "公共", 4)], 4, 4, 0, {"a": (4, "")}),
    "vocational school counts as public": ([piece("a", "培训班", "中职", 4)], 4, 4, 0, {"a": (4, "")}),
    "what fills no part still counts towards the rest": ([piece("a", "培训班", "继续", 4)], 4, 0, 0, {"a": (4, "")}),
    "the rest has an end": ([piece("a", "培训班", "继续", 9)], 6, 0, 0, {"a": (6, "enough")}),
    "more than a part needs counts towards the rest": ([piece("a", "培训班", "公共", 9)], 9, 6, 0, {"a": (9, "")}),
    "then no more": ([piece("a", "培训班", "公共", 15)], 12, 6, 0, {"a": (12, "enough")}),
    "online up to its cap": ([piece("a", "网课", "公共", 3), piece("b", "网课", "技能", 3)], 5, 3, 2,
                             {"a": (3, ""), "b": (2, "cap")}),
    "online at its cap adds nothing": ([piece("a", "网课", "公共", 5), piece("b", "网课", "技能", 1)], 5, 5, 0,
                                       {"a": (5, ""), "b": (0, "cap")}),
    "half of the programme may be recognised": ([piece("a", "证书", "技能", 8), piece("b", "证书", "技能", 12)], 10, 0, 8,
                                                {"a": (8, ""), "b": (2, "cap")}),
    "a competition is recognised as well": ([piece("a", "竞赛", "技能", 12)], 10, 0, 8, {"a": (10, "cap")}),
    "eight years and a day ago does not count": ([piece("a", "培训班", "公共", 4, "2018-11-25")], 0, 0, 0, {"a": (0, "expired")}),
    "eight years ago does": ([piece("a", "培训班", "公共", 4, "2018-11-26")], 4, 4, 0, {"a": (4, "")}),
    "all of it": ([piece("a", "培训班", "公共", 6), piece("b", "证书", "技能", 10), piece("c", "网课", "继续", 4)], 20, 6, 8,
                  {"a": (6, ""), "b": (10, ""), "c": (4, "")}),
    "parts come first: public alone does not make up for skill": (
        [piece("a", "培训班", "公共", 12), piece("b", "网课", "技能", 8)], 17, 6, 5, {"a": (12, ""), "b": (5, "cap")}),
}


@pytest.mark.parametrize("case", TABLE)
def test_what_counts_towards_a_programme(case):
    pieces, total, public, skill, lines = TABLE[case]
    found = measure(read_target(SMALL), pieces, TODAY)
    assert found.reach == total * 1000
    assert found.needs == (public * 1000, skill * 1000)
    assert {x.piece.key: (x.milli / 1000, x.reason) for x in found.lines} == lines
    assert found.is_reached == (total == 20)
    assert found.missing == 20_000 - total * 1000


def test_an_earlier_capped_credit_never_stands_in_the_way_of_a_later_one():
    """6 credits of recognised public study and 10 of recognised skill: the cap of 10 is filled, whichever came first."""
    for first, second in (("2026-01-01", "2026-02-01"), ("2026-02-01", "2026-01-01")):
        found = measure(read_target(SMALL), [piece("a", "证书", "公共", 6, first), piece("b", "证书", "技能", 10, second)], TODAY)
        assert found.reach == 10_000


SCHEME = {"total_milli": 10_000, "needs": [{"title": "技能", "at_least_milli": 5000, "takes": {"categories": ["skills-upgrading"]}}]}


def test_a_reward_uses_exactly_the_threshold_and_what_is_over_stays_for_the_next():
    pieces = [piece("a", "证书", "技能", 8, "2026-01-01"), piece("b", "培训班", "公共", 7, "2026-02-01")]
    first = measure(read_target(SCHEME), pieces, TODAY)
    marks = dict(to_mark(first))
    assert marks == {"a": 8000, "b": 2000} and sum(marks.values()) == 10_000
    second = measure(read_target(SCHEME), pieces, TODAY, marks)
    assert {x.piece.key: (x.milli, x.reason) for x in second.lines} == {"a": (0, "used"), "b": (5000, "used")}
    assert not second.is_reached


def test_a_yearly_scheme_counts_this_year_alone():
    target = read_target({"total_milli": 1000, "period": "year"})
    found = measure(target, [piece("a", "网课", "公共", 1, "2025-12-31"), piece("b", "网课", "公共", .4, "2026-01-01")], TODAY)
    assert {x.piece.key: (x.milli, x.reason) for x in found.lines} == {"a": (0, "period"), "b": (400, "")}
    assert target.window(TODAY) == "2026"


@pytest.mark.parametrize(("takes", "expected"), [
    ({}, True), ({"sources": ["certificate"]}, True), ({"sources": ["course"]}, False), ({"online": 0}, True), ({"online": 1}, False),
    ({"providers": ["city"]}, True), ({"providers": ["nobody"]}, False), ({"occupations": ["6-18-01-01"]}, True),
    ({"occupations": ["other"]}, False), ({"levels": [4]}, True), ({"levels": [3]}, False),
    ({"categories": ["skills-upgrading"], "levels": [4]}, True), ({"categories": ["general-literacy"], "levels": [4]}, False),
])
def test_a_selection_takes_what_all_its_facets_name(takes, expected):
    target = read_target({"total_milli": 1000, "takes": takes})
    mine = piece("a", "证书", "技能", 1, occupation="6-18-01-01", level=4)
    assert (target.why_not(mine, TODAY) == "") is expected


def faulty(**change):
    return rules.faults(read_target(SMALL | change))


def test_a_version_that_cannot_be_is_told_why():
    assert not faulty()
    assert "大于 0" in str(faulty(total_milli=0, needs=[])[0])
    assert "不能超过" in str(faulty(total_milli=13_999)[0])
    both = [{"title": "甲", "at_least_milli": 1, "takes": {"sources": ["course"]}},
            {"title": "乙", "at_least_milli": 1, "takes": {"categories": ["skills-upgrading"]}}]
    assert "甲" in str(faulty(needs=both)[0]) and "只能算进一个部分" in str(faulty(needs=both)[0])
    assert "只能归一个上限" in str(faulty(caps=[{"title": "甲", "at_most_milli": 1, "takes": {}}] * 2)[0])
    assert faulty(needs=[{"title": "", "at_least_milli": 1, "takes": {}}])
    for broken in ({}, {"total_milli": 1, "period": "week"}, {"total_milli": 1, "needs": [{}]}):
        with pytest.raises(ValueError):
            read_target(broken)


def test_the_shipped_targets_can_be_published_and_say_that_they_are_ours():
    assert len({(code, version) for code, version, *_rest in SHIPPED}) == len(SHIPPED)
    for _code, _version, _kind, _title, document, on in SHIPPED:
        target = read_target(document)
        assert not rules.faults(target) and "建议" in target.basis and date.fromisoformat(on) <= TODAY


@pytest.mark.parametrize(("text", "expected"), [("12", 12_000), ("0.5", 500), ("0.05", 50), ("１", 1000), ("42.125", 42_125)])
def test_credits_are_read_as_people_type_them(text, expected):
    assert read_milli(text) == expected


@pytest.mark.parametrize("text", ["", "-1", "1,5", "1.2345", "x", "1e3"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError):
        read_milli(text)
