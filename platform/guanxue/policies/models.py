"""Published versions of policies."""

from __future__ import annotations

from datetime import date, datetime
from functools import cached_property

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.append_only import append_only
from guanxue.core.db import JsonDocument, Model, UtcMoment
from guanxue.policies.rules import Numbers


class Policy(Model):
    """Version `version` of the policy `code`, holding from the city day `effective_on`."""

    __tablename__ = "policies_policy"
    __table_args__ = (UniqueConstraint("code", "version"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    version: Mapped[int]
    title: Mapped[str]
    document: Mapped[dict] = mapped_column(JsonDocument)
    effective_on: Mapped[date]
    published_at: Mapped[datetime] = mapped_column(UtcMoment)

    @cached_property
    def numbers(self) -> Numbers:
        """The numbers as integers with names."""
        return Numbers.from_document(self.document)

    @property
    def name(self) -> str:
        """"light/1": how entries and pages name it."""
        return f"{self.code}/{self.version}"


append_only(Policy)
