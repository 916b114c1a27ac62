"""One person with two papers: whom an officer saw before under the same name, and when two numbers are two people.

A card and a passport of one person bear two numbers, and on two accounts nothing else joins them but the name. An account is
found by every name that it went by: whoever renames theirs, to and fro or for good, is still who was seen.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from guanxue.accounts import kinds
from guanxue.accounts.kept_numbers import needed_until
from guanxue.accounts.levels import Known, kept_accounts, list_known, list_known_of
from guanxue.accounts.models import FormerName, Person, StatedDocument
from guanxue.accounts.queries import get_person
from guanxue.core.db import session
from guanxue.policies import SEEN


def list_namesakes(document: StatedDocument) -> list[Known]:
    """Documents on other accounts that go by exactly that name or did, first those stated first: perhaps the same person's.

    Of each that was ever seen, and of each that paid credits rest on. Nobody is asked about whose numbers tell two people: most
    who share a name have each shown a card of their own, under the name they have now.
    """
    mine = _seen(list_known(document.person_id)) + [document]
    theirs: dict[int, list[Known]] = {}
    for known in list_known_of(_of_the_same_name(document.person_id)):
        theirs.setdefault(known.document.person_id, []).append(known)
    found = [k for its in theirs.values() if not are_two_people(mine, _seen(its)) for k in its
             if k.once >= SEEN or needed_until(k.document)]
    return sorted(found, key=lambda k: (k.document.stated_at, k.document.id))


def _seen(known: Iterable[Known]) -> list[StatedDocument]:
    return [k.document for k in known if k.level >= SEEN]


def _of_the_same_name(person_id: int) -> set[int]:
    """Other accounts of that name, or to which one of that name belongs; Latin letters are the same in either size."""
    name = func.lower(get_person(person_id).name)
    found = session.scalars(select(Person.id).where(func.lower(Person.name) == name).union(
        select(FormerName.person_id).where(func.lower(FormerName.name) == name)))
    return set(kept_accounts(found).values()) - {person_id}


def are_two_people(some: Iterable[StatedDocument], others: Iterable[StatedDocument]) -> bool:
    """Is there a number among each of which a person has one for life, both of one kind? Two accounts never hold the same."""
    return not kinds_for_life(some).isdisjoint(kinds_for_life(others))


def kinds_for_life(documents: Iterable[StatedDocument]) -> frozenset[str]:
    """The kinds among them of which a person has one number for life."""
    return frozenset(d.kind for d in documents if d.kind not in kinds.RENEWED)
