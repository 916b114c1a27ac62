"""Finding cases: a person's own, and those that wait at the desk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, count

from sqlalchemy import func, select

from guanxue import accounts
from guanxue.cases import rules
from guanxue.cases.errors import NoSuchCase
from guanxue.cases.models import Case, Exhibit, Party, Step
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.core.paging import Page

PER_PAGE = 30
WAITING = (rules.OPEN, rules.APPEALED)


@dataclass(frozen=True)
class Dossier:
    """A case with everything in it, in order."""

    case: Case
    person_ids: tuple[int, ...]
    exhibits: tuple[Exhibit, ...]
    steps: tuple[Step, ...]

    @property
    def decisions(self) -> list[Step]:
        """What was decided, at most twice."""
        return [s for s in self.steps if s.step == "decided"]

    @property
    def final(self) -> Step | None:
        """The newest decision."""
        return next(reversed(self.decisions), None)

    @property
    def added(self) -> Step | None:
        """When evidence was laid into it last, after it was opened."""
        return next((s for s in reversed(self.steps) if s.step == "added"), None)

    @property
    def hear_until_on(self) -> date:
        """Until then those concerned are waited for: what was added is answered anew."""
        return date.fromisoformat(self.added.detail["hear_until"]) if self.added else self.case.hear_until_on

    @property
    def deciders(self) -> set[str]:
        """Who decided in it, also beside the system ("person:17")."""
        return {ref for s in self.decisions for ref in (s.by, *s.detail.get("deciders", []))}

    @property
    def refs(self) -> set[str]:
        """What it is about, and what its decisions do something to."""
        return {self.case.subject, *(x["ref"] for s in self.decisions for x in s.detail["effects"])}

    @property
    def at_issue(self) -> set[str]:
        """What may be done something to in it: what it is about and what it rests on, but no person as such."""
        return {x for x in (self.case.subject, *(x.ref for x in self.exhibits)) if not x.startswith("person:")}

    def has_spoken(self, refs: Iterable[str], since: Step | None = None) -> bool:
        """Did one of these say something in it, after that step?"""
        return any(s.step in ("said", "appealed") and s.by in set(refs) and (since is None or s.id > since.id)
                   for s in self.steps)


def refs_of(person_id: int) -> set[str]:
    """"person:17" of every account of the person behind one of them."""
    return {f"person:{one}" for one in accounts.all_accounts_of(person_id)}


def dossier(case: Case) -> Dossier:
    """The case with everything in it."""
    parts = {
        table: tuple(session.scalars(select(table).where(table.case_id == case.id).order_by(table.id)))
        for table in (Exhibit, Step)}
    people = session.scalars(select(Party.person_id).where(Party.case_id == case.id).order_by(Party.person_id))
    return Dossier(case, tuple(people), parts[Exhibit], parts[Step])


def get_own(actor: Actor, code: str) -> Dossier:
    """The actor's own case by its code, under whichever account. Raises NoSuchCase, also for anybody else's."""
    actor.must_be_person()
    case = session.scalar(select(Case).where(Case.code == code.strip().upper()))
    found = dossier(case) if case is not None else None
    if found is None or set(found.person_ids).isdisjoint(accounts.accounts_of(actor.id)):
        raise NoSuchCase(_("没有这件事，可能是网址写错了。"))
    return found


def get_case(actor: Actor, case_id: int) -> Dossier:
    """Any case, at the desk. Raises Forbidden, NoSuchCase."""
    actor.require("inspect")
    case = session.get(Case, case_id)
    if case is None:
        raise NoSuchCase(_("没有这件事，可能是网址写错了。"))
    return dossier(case)


def find_by_key(key: str) -> Case | None:
    """The case of that occasion."""
    return session.scalar(select(Case).where(Case.key == key))


def key_of_waiting(key: str) -> str:
    """`key`, or where what it named is decided "key:2", "key:3" and so on: so a new reason never goes into an old decision."""
    keys = chain([key], (f"{key}:{n}" for n in count(2)))
    return next(one for one in keys if (there := find_by_key(one)) is None or there.state in WAITING)


def find_waiting(kind: str, subject: str, person_id: int) -> Case | None:
    """A case of that kind about the same thing in which the person may still say something."""
    return session.scalar(
        select(Case).join(Party, Party.case_id == Case.id)
        .where(Case.kind == kind, Case.subject == subject, Case.state.in_(WAITING),
               Party.person_id.in_(accounts.all_accounts_of(person_id))).order_by(Case.id.desc()).limit(1))


def has_unclosed(person_ids: Iterable[int]) -> bool:
    """Is a case about one of these accounts still open, decided but open to appeal, or appealed?"""
    return session.scalar(select(Case.id).join(Party, Party.case_id == Case.id)
                          .where(Case.state != rules.CLOSED, Party.person_id.in_(list(person_ids))).limit(1)) is not None


def list_before(found: Dossier) -> list[Dossier]:
    """Earlier cases of its people which were about, or did something to, what is at issue in it."""
    ids = select(Party.case_id).where(Party.person_id.in_(
        [one for person_id in found.person_ids for one in accounts.all_accounts_of(person_id)]))
    earlier = session.scalars(select(Case).where(Case.id.in_(ids), Case.id < found.case.id).order_by(Case.id))
    return [one for one in map(dossier, earlier) if found.at_issue & one.refs]


def list_set_aside(person_ids: Iterable[int]) -> dict[str, str]:
    """What of these people's study counts no more, by reference: the code of the case that carried it out, unless a later one
    lifted it. The steps are append-only, and nothing is deleted: rooms below leave it out of what is not complete yet.

    A case names the account that its person has then: what it set aside of another stays so when the accounts part.
    """
    rows = session.execute(
        select(Step.detail, Case.code).join(Case, Case.id == Step.case_id).join(Party, Party.case_id == Case.id)
        .where(Party.person_id.in_(accounts.ever_one_with(person_ids)), Step.step == "carried-out").order_by(Step.id))
    found: dict[str, str] = {}
    for detail, code in rows:
        if detail.get("what") == rules.SET_ASIDE and not detail.get("is_void"):  # it came too late to change anything
            found[detail["ref"]] = code
        elif detail.get("what") == rules.COUNT_AGAIN:
            found.pop(detail["ref"], None)
    return found


def list_own(person_id: int) -> list[Dossier]:
    """The person's cases under all their accounts, the newest first."""
    ids = select(Party.case_id).where(Party.person_id.in_(accounts.accounts_of(person_id)))
    return [dossier(c) for c in session.scalars(select(Case).where(Case.id.in_(ids)).order_by(Case.id.desc()).limit(50))]


def is_heard(found: Dossier, person_id: int) -> bool:
    """Has the person said something to all that the case rests on now?"""
    return found.has_spoken(refs_of(person_id), since=found.added)


def is_wanted(found: Dossier, person_id: int) -> bool:
    """Is the person's word waited for: is something held against them that they have not answered yet?"""
    is_time = found.case.state == rules.OPEN or clock.today() <= found.hear_until_on
    return (found.case.state in WAITING and rules.is_against(found.case.kind) and is_time
            and not is_heard(found, person_id))


def has_news(found: Dossier, person_id: int) -> bool:
    """Is there something in it that the person has not answered, and not said they have read?"""
    mine = refs_of(person_id)
    told = max((s.id for s in found.steps if s.step in rules.NEWS and s.by not in mine), default=0)
    own = max((s.id for s in found.steps if s.by in mine and s.step in rules.OWN_STEPS | {"opened"}), default=0)
    return told > own


def list_news(person_id: int) -> list[Dossier]:
    """The person's cases with something new in them."""
    return [d for d in list_own(person_id) if has_news(d, person_id)]


def list_cases(state: str, page: int = 1) -> Page[Case]:
    """Cases that wait ("waiting": those due first), may still be appealed against ("decided"), or are over ("closed")."""
    states = WAITING if state == "waiting" else (state,)
    total = session.scalar(select(func.count()).select_from(Case).where(Case.state.in_(states))) or 0
    order = (Case.due_on, Case.id) if state == "waiting" else (Case.id.desc(),)
    rows = session.scalars(select(Case).where(Case.state.in_(states)).order_by(*order)
                           .offset((page - 1) * PER_PAGE).limit(PER_PAGE))
    return Page(list(rows), total, page, PER_PAGE)


def count_waiting() -> int:
    """How many wait for a decision."""
    return session.scalar(select(func.count()).select_from(Case).where(Case.state.in_(WAITING))) or 0


def count_opened_since(actor: Actor, moment: datetime) -> int:
    """How many cases the actor has opened since."""
    return session.scalar(select(func.count()).select_from(Case).where(
        Case.opened_by == actor.ref, Case.opened_at > moment)) or 0


def list_over(today: date) -> list[Case]:
    """Decided cases whose last day to appeal is past."""
    return list(session.scalars(select(Case).where(Case.state == rules.DECIDED, Case.appeal_until_on < today)
                                .order_by(Case.id)))


def parties_of(case_ids: Iterable[int]) -> dict[int, list[int]]:
    """Person ids by case id."""
    found: dict[int, list[int]] = {}
    for case_id, person_id in session.execute(
            select(Party.case_id, Party.person_id).where(Party.case_id.in_(list(case_ids))).order_by(Party.person_id)):
        found.setdefault(case_id, []).append(person_id)
    return found
