"""Reading the audit trail."""

from __future__ import annotations

from sqlalchemy import or_, select

from guanxue.audit.models import AuditLine
from guanxue.core.db import session


def list_lines(*, subject: str | None = None, action: str | None = None, limit: int = 100) -> list[AuditLine]:
    """The newest lines first, of one subject or action where given."""
    query = select(AuditLine).order_by(AuditLine.id.desc()).limit(limit)
    if subject is not None:
        query = query.where(AuditLine.subject == subject)
    if action is not None:
        query = query.where(AuditLine.action == action)
    return list(session.scalars(query))


def list_lines_about(ref: str, limit: int = 1000) -> list[AuditLine]:
    """The newest lines of what was done to a subject or by it ("person:17")."""
    query = select(AuditLine).where(or_(AuditLine.subject == ref, AuditLine.actor == ref))
    return list(session.scalars(query.order_by(AuditLine.id.desc()).limit(limit)))
