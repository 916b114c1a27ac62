"""What this room tells a person about their certificates, and forgets when they go."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from guanxue import accounts, creditbank
from guanxue.accounts import Effect
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.recognition import earning, queries, rules
from guanxue.recognition.models import Filing, Proof
from guanxue.recognition.proofs import delete_proofs
from guanxue.recognition.queries import open_filing
from guanxue.recognition.service import lock, note, years_later

YEARS_TRACEABLE = 10  # as long as the shipped training policy that is paid for (policies.defaults.SUBSIDISED_1)
# Table → where export() tells of it.
KEEPS = {"recognition_filing": "filings", "recognition_proof": "filings"}


def export(person_id: int) -> dict:
    """Each certificate as it was filed, with every step and who opened its pictures when and why; nobody's name."""
    return {"filings": [_filing(f) for f in _filings(person_id)]}


def _filings(person_id: int) -> list[Filing]:
    return list(session.scalars(select(Filing).where(Filing.person_id == person_id).order_by(Filing.id)))


def _filing(f: Filing) -> dict:
    file = open_filing(f)
    return {
        "code": f.code, "kind": f"filing.{f.kind}", "title": queries.title_of(f), "certificate_number": queries.number_of(f),
        "issuer": f.issuer, "issued_on": f.issued_on.isoformat(), "filed_at": f.filed_at.isoformat(),
        "state": f"filing.{f.state}",
        "pictures": [{"form": p.form, "added_at": p.added_at.isoformat()} for p in file.proofs],
        "filing_steps": [{
            "step": f"filing.{s.step}", "at": s.at.isoformat(), "what": f"filing.{s.source}" if s.source else "",
            "looked_on": s.looked_on.isoformat() if s.looked_on else "", "answer": f"filing.{s.found}" if s.found else "",
            "reference": s.reference, "text": s.text} for s in file.steps],
        "openings": [{"at": x.at.isoformat(), "what": f"filing.{x.reason}"} for x in queries.list_looks(f.id)],
    }


def erase(actor: Actor, person_id: int) -> list[Effect]:
    """Delete pictures and numbers, withdraw what waits. A number that has earned credit stays as its hash: it works once."""
    delete_proofs(person_id)
    for filing in _filings(person_id):
        lock(filing)
        if filing.state in (rules.WAITING, rules.CHECKED):
            filing.state = rules.WITHDRAWN
            note(actor, filing, "withdrawn")
        filing.number_sealed = None
        if filing.state != rules.APPROVED:
            filing.number_hash = None
    session.flush()
    return left(person_id)


def left(person_id: int) -> list[Effect]:
    """What stays, and why; also told before."""
    there = session.scalar(select(Filing.id).where(Filing.person_id == person_id).limit(1))
    pictured = session.scalar(select(Proof.id).where(Proof.person_id == person_id).limit(1))
    if there is None and pictured is None:
        return []
    return [Effect("filings.kept", "recognition", _(
        "交过的证书以“已注销用户”保留种类、等级和经过：学分凭它们核查。图片和编号会删掉；换过学分的编号只留一个算不回去的记号，别人不能再用。"))]


def kept_until(person_id: int, since: datetime) -> date | None:
    """To which city day it has to be traceable whose the credits since that moment are, of tables that ask who it is."""
    days = [years_later(clock.city_day(award.awarded_at), YEARS_TRACEABLE)
            for award in creditbank.list_awards(accounts.all_accounts_of(person_id))
            if award.awarded_at >= since and _asks_who(award.code)]
    return max(days, default=None)


def _asks_who(code: str) -> bool:
    filing = earning.filing_of_award(code)
    return filing is not None and queries.conversion_of(filing).table.identity_level > 0
