"""How far it is known who somebody is: PHONE, STATED, SEEN, MATCHED, worked out anew from what was done, step by step.

A level is a person's, under whichever of their accounts; it is that of the document that is known best. Two things make one
MATCHED: a service that knows names and numbers agrees, and somebody (an officer, or the service itself) saw the person with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from guanxue.accounts.errors import IdentityNeeded
from guanxue.accounts.models import IdentityCheck, Person, StatedDocument
from guanxue.accounts.rules import are_one_name
from guanxue.core.db import session
from guanxue.policies import MATCHED, PHONE, SEEN, STATED, Numbers

MOMENTS = ("enrol", "exam", "claim")
DATA, IN_PERSON = "data", "person"  # what a service compared: name and number, or the living person as well


@dataclass(frozen=True)
class Known:
    """A document with what was done about it, oldest first, and what follows: its level, and which checks stand."""

    document: StatedDocument
    steps: tuple[IdentityCheck, ...]
    level: int
    standing: tuple[IdentityCheck, ...]

    @property
    def refused(self) -> IdentityCheck | None:
        """An officer's refusal, while nothing came after it."""
        told = [s for s in self.steps if s.step in ("asked", "seen", "refused", "corrected")]
        return told[-1] if told and told[-1].step == "refused" else None

    @property
    def once(self) -> int:
        """The level by every check that nobody said was wrong, whatever the person is called by now."""
        return fold(s for s in self.steps if s.step != "lapsed")[0]

    @property
    def is_data_matched(self) -> bool:
        """Did a service say that name and number belong together, so that only the look at the paper is missing?"""
        return self.level < MATCHED and any(s.step == "matched" for s in self.standing)

    @property
    def is_disputed(self) -> bool:
        """Did somebody else state the same number, and no officer has looked since?"""
        told = [s.step for s in self.steps if s.step in ("disputed", "seen")]
        return bool(told) and told[-1] == "disputed"


def fold(steps: Iterable[IdentityCheck]) -> tuple[int, tuple[IdentityCheck, ...]]:
    """(level, the checks that stand) of a document with these steps, oldest first. Pure."""
    standing: dict[int, IdentityCheck] = {}
    for step in steps:
        if step.step in ("seen", "matched"):
            standing[step.id] = step
        elif step.step == "withdrawn":
            standing.pop(step.of_id, None)
        elif step.step == "lapsed":
            standing.clear()
    is_seen = any(s.step == "seen" for s in standing.values())
    matches = [s for s in standing.values() if s.step == "matched"]
    if matches and (is_seen or any(s.what == IN_PERSON for s in matches)):
        return MATCHED, tuple(standing.values())
    return (SEEN if is_seen else STATED), tuple(standing.values())


def level_of(person_id: int) -> int:
    """How far it is known who the person is; of a merged account, who is behind it."""
    return list_levels([person_id])[person_id]


def list_levels(person_ids: Iterable[int]) -> dict[int, int]:
    """Levels by person, for many at once."""
    kept = kept_accounts(person_ids)
    best: dict[int, int] = defaultdict(lambda: PHONE)
    for known in list_known_of(kept.values()):
        owner = known.document.person_id
        best[owner] = max(best[owner], known.level)
    return {person_id: best[owner] for person_id, owner in kept.items()}


def list_known(person_id: int) -> list[Known]:
    """The documents of the person's account, the one that counts first: known best, then stated first.

    So whoever states one more, perhaps at somebody else's screen, changes nothing about which document proves the account.
    """
    return sorted(list_known_of([person_id]), key=lambda k: (-k.level, k.document.stated_at, k.document.id))


def kept_accounts(person_ids: Iterable[int]) -> dict[int, int]:
    """{account: the account that it was merged into, or itself}."""
    onward = {one: one for one in person_ids}
    ahead = set(onward)
    while ahead:
        rows = dict(session.execute(select(Person.id, Person.merged_into_id).where(
            Person.id.in_(ahead), Person.merged_into_id.is_not(None))).all())
        onward = {one: rows.get(at, at) for one, at in onward.items()}
        ahead = set(rows.values())
    return onward


def list_known_of(person_ids: Iterable[int]) -> list[Known]:
    """The documents of these accounts, in no order."""
    documents = session.scalars(select(StatedDocument).where(StatedDocument.person_id.in_(set(person_ids)))).all()
    steps = defaultdict(list)
    for step in session.scalars(select(IdentityCheck).where(
            IdentityCheck.document_code.in_([d.code for d in documents])).order_by(IdentityCheck.id)):
        steps[step.document_code].append(step)
    return [Known(d, tuple(steps[d.code]), *fold(steps[d.code])) for d in documents]


# ---- what a policy asks


def level_asked(numbers: Numbers, moment: str) -> int:
    """The level that a policy asks for at a moment ("enrol", "exam", "claim"); what it asks for early it asks for later, too.

    Who was known when they joined, and is not any more since a check was wrong, is asked again before anything is earned.
    """
    at = numbers.identity_at
    return numbers.identity_level if at and MOMENTS.index(at) <= MOMENTS.index(moment) else PHONE


def is_known_for(person_id: int, numbers: Numbers, moment: str) -> bool:
    """Is the person known as well as the policy asks for at that moment?"""
    asked = level_asked(numbers, moment)
    return asked == PHONE or level_of(person_id) >= asked


def must_be_known(person_id: int, numbers: Numbers, moment: str) -> None:
    """Raise IdentityNeeded unless is_known_for()."""
    if not is_known_for(person_id, numbers, moment):
        raise IdentityNeeded(level_asked(numbers, moment), level_of(person_id), moment)


def level_after_merge(kept_id: int, merged_id: int) -> int:
    """How far the person would be known after a merge: documents go along, checks only under the same name."""
    names = session.scalars(select(Person.name).where(Person.id.in_((kept_id, merged_id))))
    merged = list_levels([merged_id])[merged_id]
    return max(level_of(kept_id), merged if are_one_name(*names) else min(merged, STATED))
