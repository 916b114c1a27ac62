"""What this room tells a person about their credits; none of it is ever erased."""

from __future__ import annotations

from sqlalchemy import or_, select

from guanxue.accounts import Effect
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.creditbank import queries
from guanxue.creditbank.models import Move, Rejudgement

# Table → where export() tells of it.
KEEPS = {"creditbank_award": "entries", "creditbank_move": "moves", "creditbank_rejudgement": "judged_again"}


def export(person_id: int) -> dict:
    """The balance and every entry, with the code by which anybody can check it."""
    return {
        "balance_millicredits": queries.balance(person_id),
        "entries": [{"number": x.number, "at": x.at.isoformat(), "kind": x.kind, "amount_millicredits": x.amount,
                     "title": x.title, "reason": x.reason, "policy": x.policy or "", "content_ms": x.content_ms,
                     "code": x.code or "", "is_reversed": x.is_reversed} for x in queries.all_lines(person_id)],
        "moves": [{"code": m.merge_code, "step": m.step, "came": m.to_person_id == person_id, "at": m.moved_at.isoformat()}
                  for m in _moves(person_id)],
        "judged_again": [{"source": r.source, "why": r.why, "reason": r.reason, "authority": r.authority,
                          "at": r.decided_at.isoformat()} for r in session.scalars(
                              select(Rejudgement).where(Rejudgement.person_id == person_id).order_by(Rejudgement.id))],
    }


def _moves(person_id: int) -> list[Move]:
    """Awards that came from another account of the person, or went to one."""
    return list(session.scalars(
        select(Move).where(or_(Move.from_person_id == person_id, Move.to_person_id == person_id)).order_by(Move.id)))


def erase(actor: Actor, person_id: int) -> list[Effect]:
    """Nothing goes: the ledger is only ever added to, and names nobody but "person:17"."""
    return left(person_id)


def left(person_id: int) -> list[Effect]:
    """What stays, and why; also told before."""
    return [Effect("ledger.kept", "creditbank", _(
        "学分流水和证明编号以“已注销用户”保留：账本只增不改。别人用编号核验时，只看到“已注销用户”。"))]
