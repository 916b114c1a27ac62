"""Industries, occupations and skill areas."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.db import JsonDocument, Model


class Industry(Model):
    """One of the city's industries; `sectors` are the names tables use for it."""

    __tablename__ = "standards_industry"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_en: Mapped[str]
    sectors: Mapped[list] = mapped_column(JsonDocument)
    position: Mapped[int]


class Occupation(Model):
    """A trade. `code` is the national code as far as known; `code_confidence` says how far."""

    __tablename__ = "standards_occupation"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    code: Mapped[str]
    code_confidence: Mapped[str]
    name: Mapped[str]
    name_en: Mapped[str]
    levels: Mapped[list] = mapped_column(JsonDocument)
    industry_id: Mapped[int | None] = mapped_column(ForeignKey("standards_industry.id"))


class SkillArea(Model):
    """A part of a trade's work, with the points one has to know."""

    __tablename__ = "standards_skill_area"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    occupation_id: Mapped[int] = mapped_column(ForeignKey("standards_occupation.id"), index=True)
    name: Mapped[str]
    name_en: Mapped[str]
    knowledge_points: Mapped[list] = mapped_column(JsonDocument)
