"""Loading the tables of industries, occupations and skill areas; safe to repeat."""

from __future__ import annotations

from sqlalchemy import select

from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.standards.models import Industry, Occupation, SkillArea


def _listed(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def load_industries(actor: Actor, rows: list[dict]) -> None:
    """From the catalogue's industries.csv."""
    actor.require("administer")
    known = {i.slug: i for i in session.scalars(select(Industry))}
    for position, row in enumerate(rows):
        industry = known.get(row["industry_id"]) or Industry(slug=row["industry_id"])
        industry.name, industry.name_en = row["name_zh"], row["name_en"]
        industry.sectors, industry.position = _listed(row["sectors"]), position
        session.add(industry)
    session.flush()


def load_occupations(actor: Actor, rows: list[dict], skill_rows: list[dict]) -> None:
    """From the catalogue's occupations.csv and occupation_skills.csv. Industries must be loaded before."""
    actor.require("administer")
    industry_of = {sector: i.id for i in session.scalars(select(Industry)) for sector in i.sectors}
    known = {o.slug: o for o in session.scalars(select(Occupation))}
    for row in rows:
        occupation = known.setdefault(row["occupation_id"], Occupation(slug=row["occupation_id"]))
        occupation.code, occupation.code_confidence = row["code"], row["code_confidence"]
        occupation.name, occupation.name_en = row["name_zh"], row["name_en"]
        occupation.levels = _listed(row["levels"])
        occupation.industry_id = industry_of.get(row["sector_path"].split("/")[0])
        session.add(occupation)
    session.flush()
    areas = {a.slug: a for a in session.scalars(select(SkillArea))}
    for row in skill_rows:
        area = areas.get(row["skill_id"]) or SkillArea(slug=row["skill_id"])
        area.occupation_id = known[row["occupation_id"]].id
        area.name, area.name_en = row["area_zh"], row["area_en"]
        area.knowledge_points = _listed(row["knowledge_points"])
        session.add(area)
    session.flush()
