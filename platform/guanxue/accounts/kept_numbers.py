"""What stays of an erased person's document numbers: a keyed hash and the first characters, where credits that are paid for
rest on them, until the day to which their policy wants them to be traceable. No name, and not the number.

By it the same person, under a new account, does not earn the same once more, and whoever has the paper in hand finds the
account whose credits it were. (docs/decisions/0021-identity.md)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, func, select

from guanxue import audit
from guanxue.accounts.levels import list_known
from guanxue.accounts.models import KeptNumber, StatedDocument
from guanxue.accounts.queries import all_accounts_of
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session
from guanxue.policies import SEEN


@dataclass(frozen=True)
class Retainer:
    """What a room has to do with kept numbers.

    `until`: to which city day a person has to be found by a number, for what was recorded since that moment; None where nothing
    was that asks for it. `refuses`: was the person, known as far as that level, refused anything since an erased account had it
    under the same number?
    """

    until: Callable[[int, datetime], date | None]
    refuses: Callable[[int, int], bool] = lambda _person_id, _level: False


_retainers: dict[str, Retainer] = {}


def register_retainer(room: str, retainer: Retainer) -> None:
    """Ask the room too."""
    _retainers[room] = retainer


def kept_until(person_id: int) -> date | None:
    """The last day of what is kept of an erased person's numbers, or would be kept, were they erased now; None for nothing."""
    there = session.scalar(select(func.max(KeptNumber.until_on)).where(KeptNumber.person_id == person_id))
    if there is not None:
        return there
    return max((day for _document, day in _to_keep(person_id)), default=None)


def _to_keep(person_id: int) -> Iterator[tuple[StatedDocument, date]]:
    """Documents on which such a record rests, with the last of its days; and where there are such records, every other that the
    person was ever seen with, for any of them would do for earning the same again."""
    needed = [(known, needed_until(known.document)) for known in list_known(person_id)]
    last = max((day for _known, day in needed if day is not None), default=None)
    for known, own in needed:
        day = last if known.once >= SEEN else own
        if day is not None:
            yield known.document, day


def needed_until(document: StatedDocument) -> date | None:
    """The last day of the records that rest on it, as on each that stood by then; None where none does."""
    days = (r.until(document.person_id, document.stated_at) for r in _retainers.values())
    return max((day for day in days if day is not None), default=None)


def keep_numbers(person_id: int) -> None:
    """Keep what has to be kept, before the documents go."""
    session.add_all([KeptNumber(person_id=person_id, kind=d.kind, number_hash=d.number_hash, masked=d.masked, until_on=day)
                     for d, day in _to_keep(person_id)])
    session.flush()


def list_erased_before(person_id: int) -> list[int]:
    """Erased accounts under whose numbers the person is known now: they were this person's."""
    mine = select(StatedDocument.number_hash).where(StatedDocument.person_id.in_(all_accounts_of(person_id)))
    return list(session.scalars(select(KeptNumber.person_id).where(KeptNumber.number_hash.in_(mine))
                                .distinct().order_by(KeptNumber.person_id)))


def list_come_back(erased_id: int) -> list[int]:
    """Accounts that state a number under which that erased account is found: the same person's."""
    numbers = select(KeptNumber.number_hash).where(KeptNumber.person_id == erased_id)
    return list(session.scalars(select(StatedDocument.person_id).where(StatedDocument.number_hash.in_(numbers))
                                .distinct().order_by(StatedDocument.person_id)))


def is_held(document: StatedDocument) -> bool:
    """Was its holder refused something by what is kept, so that without the number they would earn it once more?"""
    kept = session.scalar(select(KeptNumber.id).where(
        KeptNumber.number_hash == document.number_hash, KeptNumber.until_on >= clock.today()).limit(1))
    return kept is not None and _has_refused(document)


def _has_refused(document: StatedDocument) -> bool:
    known = next(k for k in list_known(document.person_id) if k.document.id == document.id)
    return any(r.refuses(document.person_id, known.once) for r in _retainers.values())


def let_numbers_go() -> int:
    """Delete what was kept long enough; of how many accounts. Again is the same.

    Not while an account states the same number that was refused something by it: it holds all of it anyway, and the refusal has
    to stay explained.
    """
    over = KeptNumber.until_on < clock.today()
    stated = session.scalars(select(StatedDocument).where(StatedDocument.number_hash.in_(
        select(KeptNumber.number_hash).where(over)))).all()
    over &= KeptNumber.number_hash.not_in([d.number_hash for d in stated if _has_refused(d)])
    people = list(session.scalars(select(KeptNumber.person_id).where(over).distinct().order_by(KeptNumber.person_id)))
    session.execute(delete(KeptNumber).where(over))
    for one in people:
        audit.record(SYSTEM, "accounts.number.lapsed", f"person:{one}")
    return len(people)
