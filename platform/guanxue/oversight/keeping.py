"""What oversight keeps of a person, tells them and forgets.

A merge moves nothing: detectors ask who is behind an account (queries.Owners), and what was found stays with the accounts that
it was found on. What nobody has answered yet is not told: it is a question that no person has looked at.
"""

from __future__ import annotations

from sqlalchemy import delete, select

from guanxue.accounts import Effect
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.oversight.models import Finding, FindingPerson, Sighting

# Table → where export() tells of it.
KEEPS = {"oversight_sighting": "sightings", "oversight_finding_person": "findings"}


def export(person_id: int) -> dict:
    """When something was opened from which browser and network, as the hashes that are kept; findings that were answered."""
    seen = session.scalars(select(Sighting).where(Sighting.person_id == person_id).order_by(Sighting.id))
    found = session.scalars(select(Finding).join(FindingPerson, FindingPerson.finding_id == Finding.id)
                            .where(FindingPerson.person_id == person_id, Finding.answer.is_not(None)).order_by(Finding.id))
    return {
        "sightings": [{"what": s.ref, "device": s.device, "network": s.network, "at": s.at.isoformat()} for s in seen],
        "findings": [{"kind": f.kind, "at": f.found_at.isoformat(), "answer": f.answer, "reason": f.reason or ""}
                     for f in found],
    }


def erase(actor: Actor, person_id: int) -> list[Effect]:
    """Forget from where the person studied. What was found and answered stays under nobody's name."""
    session.execute(delete(Sighting).where(Sighting.person_id == person_id))
    return left(person_id)


def left(person_id: int) -> list[Effect]:
    """What stays, and why."""
    there = session.scalar(select(FindingPerson.finding_id).where(FindingPerson.person_id == person_id).limit(1))
    if there is None:
        return []
    return [Effect("findings.kept", "oversight", _("学习记录的疑点和处理结果以“已注销用户”保留：它们说明学分查过什么。"))]
