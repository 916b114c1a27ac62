"""Credits that end: what is valid until a day goes off the account by an entry of its own, never by a deletion.

The day was told when the credit was given and stands in its entry. An expired credit goes on filling the bounds of its period.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import select

from guanxue import audit, jobs, ledger
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, wait_for_turn
from guanxue.core.i18n import marked as N_
from guanxue.creditbank import moving, past
from guanxue.creditbank.models import Award
from guanxue.creditbank.outcomes import Holding
from guanxue.creditbank.queries import find_award, list_holdings
from guanxue.creditbank.service import TURN, settle_person
from guanxue.creditbank.sources import get_source
from guanxue.creditbank.versions import list_versions

KIND, JOB = "expiry", "credits.expire"
_REASON = N_("有效期到了")


def expiry_key(entry_number: int) -> str:
    """The only-once key of the entry that ends a credit."""
    return f"{KIND}:{entry_number}"


def list_expiring(person_id: int) -> list[Holding]:
    """Credits that end soon, the next first: as many days before as their rules say."""
    days = {v.name: v.rules.warn_days for v in list_versions()}
    found = [(h, days.get(past.document_at(h.entry_number).get("rules", ""), 0)) for h in list_holdings(person_id)
             if h.valid_until is not None]
    today = clock.today()
    return sorted((h for h, warned in found if h.valid_until <= today + timedelta(days=warned)), key=lambda h: h.valid_until)


def expire(person_id: int) -> int:
    """Post the end of whatever of the person's is over; how many that were. One that followed its person goes home first."""
    wait_for_turn(TURN)
    over = [h for h in list_holdings(person_id) if h.valid_until is not None and h.valid_until < clock.today()]
    for holding in over:
        _end(find_award(holding.code), holding)
    if over:
        settle_person(person_id)  # what was another account's went home, and left its room
    return len(over)


def _end(award: Award, holding: Holding) -> None:
    moving.bring_home(SYSTEM, award)
    source, first = get_source(award.source), past.document_at(award.entry_number)
    explains = {name: first[name] for name in past.EXPLAINS if name in first and name not in past.MEASURES}
    entry = ledger.post(
        SYSTEM, key=expiry_key(award.entry_number), kind=KIND,
        postings=[(f"person:{award.person_id}", -holding.millicredits), (source.mint, holding.millicredits)],
        document={**explains, "entry": award.entry_number, "award": award.code, "rules": first.get("rules", ""),
                  "expired": holding.valid_until.isoformat(), "reason": _REASON})
    audit.record(SYSTEM, "creditbank.credit.expired", f"award:{award.code}",
                 {"millicredits": holding.millicredits, "entry": entry.number})


def expire_over() -> int:
    """The same for everybody who holds something that ends."""
    if not any(v.rules.valid_months for v in list_versions()):
        return 0
    people = session.scalars(select(Award.person_id).distinct().order_by(Award.person_id)).all()
    return sum(expire(person_id) for person_id in people)


def watch_expiry() -> None:
    """Have it looked at tonight, a little after the city's midnight; asked for again it is the same."""
    tomorrow = datetime.combine(clock.today() + timedelta(days=1), time(0, 20), clock.CITY)
    jobs.enqueue(JOB, {}, key="daily", run_at=tomorrow)
