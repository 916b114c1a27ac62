"""Facets and counts against counting by hand; what can be studied always stands first."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import select
from tests.factories import make_course, town_row

from guanxue import accounts, courses, standards
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session
from guanxue.courses.models import Course, CourseTown

TOWNS = ["humen", "dalang", "changan"]
LEVELS = ["", "五级/初级工", "四级/中级工", "三级/高级工"]
KINDS = ["中等职业教育", "继续教育", "技能提升", "素质教育"]


@pytest.fixture
def full(app):
    """A catalogue of 150 plans and 5 courses, by chance but always the same."""
    chance = random.Random(7)
    accounts.load_towns(SYSTEM, [town_row(t) for t in TOWNS])
    standards.load_industries(SYSTEM, [{"industry_id": i, "name_zh": i, "name_en": i, "sectors": s} for i, s in
                                       (("equipment", "装备"), ("textiles", "纺织"))])
    standards.load_occupations(SYSTEM, [{"occupation_id": "turner", "code": "1", "code_confidence": "low", "name_zh": "车工",
                                         "name_en": "Turner", "levels": "", "sector_path": "装备/x"}], [])
    courses.load_plans(SYSTEM, [{
        "course_id": f"plan-{n}", "title_zh": f"计划{n:03}", "title_en": "", "kind": chance.choice(KINDS), "level": chance.choice(LEVELS),
        "occupation_id": chance.choice(["", "turner"]), "category_path": chance.choice(["装备/x", "纺织/y", "别的/z"]),
        "delivery": "online", "hours": str(chance.choice([1, 8, 16, 20, 32, 60])), "syllabus": "",
        "town_ids": ";".join(t for t in TOWNS if chance.random() < 0.4)} for n in range(150)])
    for n in range(5):
        make_course(f"open-{n}", title=f"能学的课{n}", videos_ms=(60_000 * (n + 1) * 30,))
    return app


def by_hand() -> list[dict]:
    """Every listed course's facts, straight from the tables."""
    towns = {t.id: t.slug for t in accounts.list_towns()}
    rows = []
    for course in session.scalars(select(Course)):
        hours = course.planned_hours_milli
        if course.revision_id:
            hours = sum(x.duration_ms for x in courses.lessons_of(course.revision_id)) * 1000 // 2_700_000
        band = "1" if hours <= 1000 else "16" if hours <= 16_000 else "32" if hours <= 32_000 else "more"
        rows.append({"slug": course.slug, "kind": [course.kind], "level": [str(course.level)] if course.level else [],
                     "industry": [course.industry] if course.industry else [], "hours": [band],
                     "occupation": [course.occupation] if course.occupation else [],
                     "status": ["open" if course.revision_id else "planned"],
                     "town": [towns[t] for t in session.scalars(select(CourseTown.town_id).where(CourseTown.course_id == course.id))]})
    return rows


ASKED = [{}, {"kind": "skills-upgrading"}, {"town": "humen"}, {"town": "humen", "level": "4"}, {"status": "open"},
         {"industry": "equipment", "occupation": "turner"}, {"hours": "16", "kind": "continuing-education", "town": "dalang"},
         {"kind": "nonsense"}, {"town": "humen", "status": "planned", "level": "5", "hours": "1"}]


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_totals_and_facet_counts_equal_counting_by_hand(full, asked):
    rows, listing = by_hand(), courses.browse(courses.Query(**asked, per_page=1000))

    def left(without=None):
        return [r for r in rows if all(v in r[k] for k, v in asked.items() if k != without)]

    assert {i.slug for i in listing.items} == {r["slug"] for r in left()} and listing.total == len(left())
    for name, values in listing.facets.items():
        counted = {}
        for row in left(without=name):
            for value in row[name]:
                counted[value] = counted.get(value, 0) + 1
        assert {v.value: v.count for v in values if v.count} == counted, name
        assert [v.value for v in values if v.is_chosen] == ([asked[name]] if asked.get(name) in {x.value for x in values} else [])


@pytest.mark.parametrize("sort", ["", "title", "new", "hours", "nonsense"])
def test_what_can_be_studied_stands_before_what_is_planned(full, sort):
    statuses = [i.status for i in courses.browse(courses.Query(sort=sort, per_page=1000)).items]
    assert statuses == sorted(statuses) and statuses.count("open") == 5


def test_also_in_search_a_plan_never_ranks_above_a_course(full):
    courses.create_course  # noqa: B018 the words below match both kinds
    statuses = [i.status for i in courses.browse(courses.Query(q="课", per_page=1000)).items]
    assert statuses == sorted(statuses)


def test_pages_hold_every_course_once(full):
    first = courses.browse(courses.Query())
    seen = [i.slug for n in range(1, first.pages + 1) for i in courses.browse(courses.Query(page=n)).items]
    assert len(seen) == len(set(seen)) == first.total == 155
    assert courses.browse(courses.Query(page=10**6)).page == first.pages


def test_planned_hours_are_never_hours_or_credits(full):
    for item in courses.snapshot().items:
        if item.status == "planned":
            assert (item.hours_milli, item.credits_milli, item.content_ms) == (0, 0, 0) and item.planned_hours_milli > 0


def test_a_change_is_seen_at_once(full):
    make_course("fresh", title="刚上架")
    assert courses.find_item("fresh").status == "open"
    assert courses.browse(courses.Query()).total == 156
