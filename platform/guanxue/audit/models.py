"""The audit trail's one table."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.append_only import append_only
from guanxue.core.db import JsonDocument, Model, UtcMoment


class AuditLine(Model):
    """One deed: `action` is dotted ("courses.course.published"), `subject` a reference ("course:12")."""

    __tablename__ = "audit_line"
    __table_args__ = (Index("ix_audit_line_subject", "subject", "id"), Index("ix_audit_line_action", "action", "id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcMoment)
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[dict] = mapped_column(JsonDocument)


append_only(AuditLine)
