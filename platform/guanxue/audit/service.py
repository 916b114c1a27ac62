"""Writing the audit trail."""

from guanxue.audit.models import AuditLine
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session


def record(actor: Actor, action: str, subject: str, detail: dict | None = None) -> None:
    """Add a line in the present transaction. `detail` holds plain JSON values, never a password, code or ID number."""
    session.add(AuditLine(at=clock.now(), actor=actor.ref, action=action, subject=subject, detail=detail or {}))
