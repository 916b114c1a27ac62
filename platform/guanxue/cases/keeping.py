"""What this room tells a person about their cases; none of it is erased.

A merge moves nothing: a case stays with the account that it was about, and its person finds it from the account that they
sign in with (queries.list_own asks for all accounts), as does whoever asks whether a decider has a part in it.
"""

from __future__ import annotations

from sqlalchemy import select

from guanxue.accounts import Effect
from guanxue.cases import rules
from guanxue.cases.models import Case, Party
from guanxue.cases.queries import dossier
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _

# Table → where export() tells of it.
KEEPS = {"cases_party": "cases"}


def export(person_id: int) -> dict:
    """Each case that concerns the person, with what they and the office said in it; nothing of others it concerns."""
    mine = f"person:{person_id}"
    return {"cases": [{
        "code": d.case.code, "kind": d.case.kind, "opened_at": d.case.opened_at.isoformat(), "state": d.case.state,
        "text": d.case.claim,
        "case_steps": [{"step": s.step, "by_me": s.by == mine, "text": s.text, "at": s.at.isoformat()} for s in d.steps
                       if s.by == mine or s.step in rules.NEWS]} for d in _cases(person_id)]}


def _cases(person_id: int):
    ids = select(Party.case_id).where(Party.person_id == person_id)
    return [dossier(c) for c in session.scalars(select(Case).where(Case.id.in_(ids)).order_by(Case.id))]


def erase(actor: Actor, person_id: int) -> list[Effect]:
    """Nothing: what was claimed, answered and decided stays as the ground of records, under nobody's name."""
    return left(person_id)


def left(person_id: int) -> list[Effect]:
    """What stays, and why."""
    there = session.scalar(select(Party.case_id).where(Party.person_id == person_id).limit(1))
    if there is None:
        return []
    return [Effect("cases.kept", "cases", _("更正、申诉和疑点的处理经过以“已注销用户”保留：它们说明记录为什么是现在这样。"))]
