"""One person with two papers: whom an officer saw before under the same name, and when two numbers are two people.

A card and a passport of one person bear two numbers, and on two accounts nothing else joins them but the name.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from guanxue.accounts import kinds
from guanxue.accounts.levels import Known, list_known, list_known_of
from guanxue.accounts.models import Person, StatedDocument
from guanxue.accounts.queries import get_person
from guanxue.core.db import session
from guanxue.policies import SEEN


def list_namesakes(document: StatedDocument) -> list[Known]:
    """Documents that were seen on other accounts of exactly that name, first those stated first: perhaps the same person's.

    Nobody is asked about whose numbers tell two people: most who share a name have each shown a card of their own.
    """
    mine = [document, *(k.document for k in list_known(document.person_id) if k.level >= SEEN)]
    theirs: dict[int, list[Known]] = {}
    for known in list_known_of(_of_the_same_name(document.person_id)):
        if known.level >= SEEN:
            theirs.setdefault(known.document.person_id, []).append(known)
    found = [k for its in theirs.values() if not are_two_people(mine, [k.document for k in its]) for k in its]
    return sorted(found, key=lambda k: (k.document.stated_at, k.document.id))


def _of_the_same_name(person_id: int) -> list[int]:
    """Other accounts of that name with a document; Latin letters are the same in either size."""
    name = get_person(person_id).name
    return list(session.scalars(select(Person.id).where(
        func.lower(Person.name) == func.lower(name), Person.id != person_id, Person.merged_into_id.is_(None),
        Person.erased_at.is_(None), Person.id.in_(select(StatedDocument.person_id)))))


def are_two_people(some: Iterable[StatedDocument], others: Iterable[StatedDocument]) -> bool:
    """Is there a number among each of which a person has one for life, both of one kind? Two accounts never hold the same."""
    return not kinds_for_life(some).isdisjoint(kinds_for_life(others))


def kinds_for_life(documents: Iterable[StatedDocument]) -> frozenset[str]:
    """The kinds among them of which a person has one number for life."""
    return frozenset(d.kind for d in documents if d.kind not in kinds.RENEWED)
