"""Finding industries and occupations."""

from __future__ import annotations

from sqlalchemy import select

from guanxue.core.db import session
from guanxue.standards.models import Industry, Occupation, SkillArea


def list_industries() -> list[Industry]:
    """All of them, in the city's order."""
    return list(session.scalars(select(Industry).order_by(Industry.position)))


def list_occupations() -> list[Occupation]:
    """All of them, by name."""
    return list(session.scalars(select(Occupation).order_by(Occupation.name, Occupation.id)))


def find_occupation(slug: str) -> Occupation | None:
    """The occupation of that slug."""
    return session.scalar(select(Occupation).where(Occupation.slug == slug))


def list_skill_areas(occupation_id: int) -> list[SkillArea]:
    """The occupation's skill areas."""
    return list(session.scalars(
        select(SkillArea).where(SkillArea.occupation_id == occupation_id).order_by(SkillArea.id)))
