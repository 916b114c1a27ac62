"""Judging an outcome once more: what an appeal restores, and what a taking back left room for.

It earns by the same rules as any other, but as an award of its own source: what its subject was given before and still has is
taken off, and a source's own "once ever" does not stand against it. Entries that were taken back stay taken back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import select

from guanxue import accounts, ledger
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.core.i18n import marked as N_
from guanxue.creditbank.models import Award, Rejudgement
from guanxue.creditbank.outcomes import Outcome
from guanxue.creditbank.queries import posted_at
from guanxue.creditbank.sources import Derived, Source, get_source, register_source

REJUDGED = "rejudged"
APPEAL, ROOM = "appeal", "room"
TAKEN_BACK = "taken-back"
REASONS = {APPEAL: N_("申诉成立，重新认定"), ROOM: N_("另一笔学分收回后，补上以前没有记入的部分")}


def root_award(source: str, key: str) -> Award | None:
    """The award of the outcome itself; None where it never had one."""
    return session.scalar(select(Award).where(Award.source == source, Award.key == key))


def root_of(award: Award) -> tuple[str, str]:
    """(source, key) of the outcome that an award was given for, however often it was judged."""
    if award.source != REJUDGED:
        return award.source, award.key
    row = session.get(Rejudgement, int(award.key))
    return row.source, row.key


def find_outcome(source: str, key: str, person_id: int) -> Outcome | None:
    """The outcome of that key, of the account that earned it or else of that person; None where there is none."""
    award = root_award(source, key)
    its = get_source(source).list_outcomes(award.person_id if award else person_id)
    return next((o for o in its if o.key == key), None)


def outcome_of(row: Rejudgement, key: str | None = None) -> Outcome | None:
    """The outcome as it asks again, for all of its worth; None where what it rests on is not there."""
    found = find_outcome(row.source, row.key, row.person_id)
    if found is None:
        return None
    award = root_award(row.source, row.key)
    told = {"first_source": row.source, "of_key": row.key, "of_award": award.code if award else "", "again": row.why,
            "reason": REASONS[row.why]}
    key = str(row.id) if key is None else key
    return replace(found, source=REJUDGED, key=key, person_id=row.person_id, document=found.document | told,
                   ref=f"rejudgement:{key}")


def awards_again(roots: Iterable[tuple[str, str]]) -> list[Award]:
    """Awards by which these outcomes were judged once more, oldest first."""
    found: list[Award] = []
    for source, key in roots:
        rows = session.scalars(select(Rejudgement.id).where(Rejudgement.source == source, Rejudgement.key == key))
        keys = [str(one) for one in rows]
        found += session.scalars(select(Award).where(Award.source == REJUDGED, Award.key.in_(keys))) if keys else []
    return sorted(found, key=lambda a: a.id)


def stands_for(award: Award) -> list[str]:
    """Codes of what was taken back and that the award took the place of: what they were used for, it was used for."""
    if award.source != REJUDGED:
        return []
    root = root_of(award)
    others = [one for one in (root_award(*root), *awards_again([root])) if one is not None and one.id < award.id]
    return [one.code for one in others if ledger.is_reversed(one.entry_number)]


def grown_from(award: Award) -> list[Award]:
    """Awards that only add to it and cannot stand without it: what a bound had cut off."""
    row = session.get(Rejudgement, int(award.key)) if award.source == REJUDGED else None
    if row is not None and row.why == ROOM:
        return []
    later = (a for a in awards_again([root_of(award)]) if a.id > award.id)
    return [a for a in later if session.get(Rejudgement, int(a.key)).why == ROOM]


def stands(award: Award) -> bool:
    """Does the credit of an award's outcome stand, be it by that award or by one that took its place?"""
    root = root_of(award)
    return any(one is not None and not ledger.is_reversed(one.entry_number)
               for one in (root_award(*root), *awards_again([root])))


def ref_of(outcome: Outcome) -> str:
    """How a case names an outcome that earned nothing: "outcome:course:5:5:12", of the outcome itself where it asks again."""
    source, key = outcome.document.get("first_source", outcome.source), outcome.document.get("of_key", outcome.key)
    return f"outcome:{source}:{outcome.person_id}:{key}"


def stood_for(codes: Iterable[str]) -> dict[str, list[str]]:
    """The same by code, of those of many credits that took the place of others."""
    again = session.scalars(select(Award).where(Award.source == REJUDGED, Award.code.in_(list(codes)))).all()
    return {award.code: stands_for(award) for award in again}


def add(actor: Actor, source: str, key: str, person_id: int, why: str, *, reason: str, authority: str) -> Outcome:
    """Write down that it is judged again; its outcome, which may then be credited."""
    row = Rejudgement(source=source, key=key, person_id=person_id, why=why, reason=reason, authority=authority, by=actor.ref,
                      decided_at=clock.now())
    session.add(row)
    session.flush()
    return outcome_of(row)


def asking_again(source: str, key: str, person_id: int, why: str) -> Outcome | None:
    """What add() would give, nothing written."""
    return outcome_of(Rejudgement(source=source, key=key, person_id=person_id, why=why), key="")


def current_account(person_id: int) -> int:
    """The account that the person behind an account signs in with."""
    return accounts.all_accounts_of(person_id)[-1]


# ---- as a source


def _list(person_id: int | None) -> list[Outcome]:
    query = select(Rejudgement).order_by(Rejudgement.id)
    rows = session.scalars(query if person_id is None else query.where(Rejudgement.person_id == person_id))
    return [outcome for row in rows if (outcome := outcome_of(row)) is not None]


def _derive(outcome: Outcome) -> Derived:
    row = session.get(Rejudgement, int(outcome.key))
    if not row.reason or not row.authority:
        return Derived(0, 0, 0, (_("没有写明凭什么重新认定。"),))
    return get_source(row.source).derive(find_outcome(row.source, row.key, row.person_id))


def _why_not(outcome: Outcome) -> str:
    source, key = outcome.document["first_source"], outcome.document["of_key"]
    award = root_award(source, key)
    if award is None:
        return get_source(source).why_not(find_outcome(source, key, outcome.person_id))
    is_over = not stands(award) if outcome.document["again"] == ROOM else outcome.key and _is_void(int(outcome.key), award)
    return TAKEN_BACK if is_over else ""


def _is_void(row_id: int, award: Award) -> bool:
    """Was a credit of its outcome taken back after that was decided? Then it decides nothing any more."""
    row, root = session.get(Rejudgement, row_id), root_of(award)
    for one in (award, *awards_again([root])):
        contra = ledger.find_entry_by_key(f"reversal:{one.entry_number}")
        is_later = one.source == REJUDGED and int(one.key) > row_id
        if contra is not None and (is_later or posted_at(contra) > row.decided_at):
            return True
    return False


register_source(Source(REJUDGED, kind=REJUDGED, mint="mint:rejudged", list_outcomes=_list, derive=_derive, why_not=_why_not))
