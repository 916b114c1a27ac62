"""What work the city does: industries, occupations, their skill areas and the five skill levels.

Occupation codes are mostly recalled, not checked against the printed 大典: nothing that decides money may rest on them.
"""

from guanxue.standards.models import Industry, Occupation, SkillArea
from guanxue.standards.queries import find_occupation, list_industries, list_occupations, list_skill_areas
from guanxue.standards.rules import LEVELS, level_name, level_number, level_word
from guanxue.standards.service import load_industries, load_occupations

__all__ = [
    "Industry", "Occupation", "SkillArea", "LEVELS", "level_name", "level_number", "level_word", "list_industries",
    "list_occupations", "list_skill_areas", "find_occupation", "load_industries", "load_occupations",
]
