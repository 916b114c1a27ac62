"""More time for one person, granted before they begin: who reads slowly need not ask for it in the middle of an exam.

A reason is kept for those who check, and no diagnosis is asked for. It adds to what everybody may ask for without one.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from guanxue import audit
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Invalid, NotFound
from guanxue.core.i18n import lazy as _
from guanxue.quizzes.models import Allowance

SHARES = (250, 500, 1000)  # of what an attempt lasts, permille
LONGEST_REASON = 200


def grant_time(actor: Actor, person_id: int, subject: str, *, permille: int, reason: str) -> Allowance:
    """Grant it; what was granted there before ends. Who may is decided by the room above. Raises Invalid."""
    faults = []
    if permille not in SHARES:
        faults.append({"field": "permille", "message": _("请选加多少时间。")})
    if not 2 <= len(reason.strip()) <= LONGEST_REASON:
        faults.append({"field": "reason", "message": _("请写一句原因（2 到 %(n)s 个字），不用写病情。", n=LONGEST_REASON)})
    if faults:
        raise Invalid(faults[0]["message"], fields=faults)
    there = list_allowances(subject, [person_id])
    if there and (there[-1].permille, there[-1].reason) == (permille, reason.strip()):
        return there[-1]
    for before in there:
        _end(actor, before)
    granted = Allowance(person_id=person_id, subject=subject, permille=permille, reason=reason.strip(), by=actor.ref,
                        at=clock.now())
    session.add(granted)
    session.flush()
    audit.record(actor, "quizzes.time.granted", f"person:{person_id}", {"subject": subject, "permille": permille})
    return granted


def end_allowance(actor: Actor, subject: str, allowance_id: int) -> None:
    """Take it back for attempts that are begun from now on; again is the same. Raises NotFound."""
    found = session.get(Allowance, allowance_id)
    if found is None or found.subject != subject:
        raise NotFound(_("没有这条加时。"))
    if found.ended_at is None:
        _end(actor, found)


def _end(actor: Actor, allowance: Allowance) -> None:
    allowance.ended_at, allowance.ended_by = clock.now(), actor.ref
    session.flush()
    audit.record(actor, "quizzes.time.withdrawn", f"person:{allowance.person_id}", {"subject": allowance.subject})


def list_allowances(subject: str, person_ids: Iterable[int] | None = None) -> list[Allowance]:
    """What is granted there now (to these people, where given), oldest first."""
    query = select(Allowance).where(Allowance.subject == subject, Allowance.ended_at.is_(None)).order_by(Allowance.id)
    return list(session.scalars(query if person_ids is None else query.where(Allowance.person_id.in_(list(person_ids)))))


def extra_permille(subject: str, person_ids: Iterable[int]) -> int:
    """How much more time somebody has there, under any of their accounts."""
    return max((x.permille for x in list_allowances(subject, person_ids)), default=0)
