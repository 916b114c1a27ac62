"""What this room tells a person about what they uploaded, and forgets when they go."""

from __future__ import annotations

from sqlalchemy import delete, select

from guanxue.accounts import Effect
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.media.models import Upload

# Table → where export() tells of it.
KEEPS = {"media_upload": "uploads"}


def export(person_id: int) -> dict:
    """What the person uploaded of late."""
    rows = session.scalars(select(Upload).where(Upload.person_id == person_id).order_by(Upload.id))
    return {"uploads": [{"title": u.filename, "state": u.state, "created_at": u.created_at.isoformat(),
                         "until_at": u.expires_at.isoformat()} for u in rows]}


def erase(actor: Actor, person_id: int) -> list[Effect]:
    """Forget uploads; what had arrived of unfinished ones the next sweep removes. Finished videos are their courses'."""
    session.execute(delete(Upload).where(Upload.person_id == person_id))
    return left(person_id)


def left(person_id: int) -> list[Effect]:
    """Nothing of the person stays here."""
    return []
