"""Industries, occupations and levels."""

from __future__ import annotations

import pytest
from tests import factories

from guanxue import standards
from guanxue.core.actor import SYSTEM
from guanxue.core.errors import Forbidden

INDUSTRIES = [{"industry_id": "equipment", "name_zh": "装备制造", "name_en": "Equipment", "sectors": "机械; 模具"}]
OCCUPATIONS = [{"occupation_id": "turner", "code": "6-18-01-01", "code_confidence": "medium", "name_zh": "车工", "name_en": "Turner",
                "levels": "五级/初级工;四级/中级工", "sector_path": "机械/切削"}]
SKILLS = [{"skill_id": "turner-1", "occupation_id": "turner", "area_zh": "外圆", "area_en": "Outer", "knowledge_points": "装夹;对刀"}]


@pytest.mark.parametrize(("text", "number"), [("五级/初级工", 5), ("一级/高级技师", 1), ("四级", 4), ("", None), (None, None)])
def test_levels_are_read_as_tables_write_them(text, number):
    assert standards.level_number(text) == number


@pytest.mark.parametrize("text", ["六级", "5", "初级工", "五", "级五"])
def test_other_words_are_no_level(text):
    with pytest.raises(ValueError):
        standards.level_number(text)


def test_every_level_has_a_name():
    assert [str(standards.level_name(n)) for n in (5, 1, None)] == ["五级/初级工", "一级/高级技师", ""]


def test_tables_loaded_twice_are_the_same_and_joined(any_db):
    for _n in range(2):
        standards.load_industries(SYSTEM, INDUSTRIES)
        standards.load_occupations(SYSTEM, OCCUPATIONS, SKILLS)
    industry, = standards.list_industries()
    occupation, = standards.list_occupations()
    assert industry.sectors == ["机械", "模具"] and occupation.industry_id == industry.id
    area, = standards.list_skill_areas(occupation.id)
    assert (area.name, area.knowledge_points) == ("外圆", ["装夹", "对刀"])
    assert standards.find_occupation("turner") is occupation and standards.find_occupation("nobody") is None


def test_only_administrators_load_tables(any_db):
    for load in (lambda a: standards.load_industries(a, INDUSTRIES), lambda a: standards.load_occupations(a, OCCUPATIONS, [])):
        with pytest.raises(Forbidden):
            load(factories.instructor())
    assert standards.list_industries() == []
