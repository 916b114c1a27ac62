"""Finding targets, goals, what somebody holds towards them, and what schemes rewarded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from guanxue import accounts, courses, creditbank, ledger
from guanxue.accounts import Person
from guanxue.core import clock
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.creditbank import Holding
from guanxue.programmes import rules
from guanxue.programmes.errors import NoSuchProgramme
from guanxue.programmes.models import Goal, Programme, Reward, Use
from guanxue.programmes.rules import Piece, Progress

PEOPLE_AT_ONCE = 500


def list_programmes() -> list[Programme]:
    """All versions, by code and version."""
    return list(session.scalars(select(Programme).order_by(Programme.code, Programme.version)))


def list_current(on: date | None = None) -> list[Programme]:
    """Of each code the version that holds on a city day (today by default), where it is open; schemes first, smallest first."""
    day = on or clock.today()
    holding = {p.code: p for p in sorted(list_programmes(), key=lambda p: (p.effective_on, p.version)) if p.effective_on <= day}
    return sorted((p for p in holding.values() if p.target.is_open),
                  key=lambda p: (p.kind != rules.SCHEME, p.target.total, p.code))


def get_current(code: str) -> Programme:
    """The open version of that code that holds today. Raises NoSuchProgramme."""
    found = next((p for p in list_current() if p.code == code), None)
    if found is None:
        raise NoSuchProgramme(_("没有这个目标，或者它现在不开放。"))
    return found


def get_newest(code: str) -> Programme:
    """The newest version of that code, whether it holds yet or not. Raises NoSuchProgramme."""
    found = session.scalar(select(Programme).where(Programme.code == code).order_by(Programme.version.desc()).limit(1))
    if found is None:
        raise NoSuchProgramme(_("没有这个目标。"))
    return found


# ---- what somebody holds


def occupation_of(subject: str) -> str:
    """The occupation that a credit is about: a certificate's own, a course's by the catalogue, "" otherwise."""
    kind, _colon, rest = subject.partition(":")
    if kind == "occupation":
        return rest
    item = courses.find_item(rest) if kind == "course" else None
    return item.occupation if item else ""


def pieces_of(person_id: int) -> list[Piece]:
    """The person's standing credits as targets see them."""
    return pieces_from(creditbank.list_holdings(person_id))


def pieces_from(holdings: Iterable[Holding]) -> list[Piece]:
    """Credits as targets see them."""
    return [_piece(h) for h in holdings]


def _piece(holding: Holding) -> Piece:
    category = holding.category
    if not category and holding.subject.startswith("course:"):  # entries of the first years name none
        item = courses.find_item(holding.subject.partition(":")[2])
        category = item.kind if item else ""
    return Piece(holding.code, holding.title, holding.source, category, holding.provider, occupation_of(holding.subject),
                 holding.level, holding.is_online, holding.millicredits, clock.city_day(holding.finished_at))


def used_by(code: str, credit_codes: Iterable[str]) -> dict[str, int]:
    """{credit code: millicredits} of these that the scheme rewarded, in whatever window and under whichever account.

    What an appeal restored was rewarded as what it took the place of: no scheme pays twice for it.
    """
    credit_codes = list(credit_codes)
    before = creditbank.stood_for(credit_codes)
    former = {c: [c, *before.get(c, ())] for c in credit_codes}
    codes = {x for its in former.values() for x in its}
    rows = dict(session.execute(
        select(Use.credit_code, func.sum(Use.millicredits)).join(Reward, Reward.id == Use.reward_id)
        .where(Reward.code == code, Use.credit_code.in_(codes)).group_by(Use.credit_code)).all())
    return {c: sum(int(rows.get(x, 0)) for x in its) for c, its in former.items() if any(x in rows for x in its)}


def progress_of(programme: Programme, person_id: int) -> Progress:
    """How far the person is today; of a scheme, towards the next reward."""
    return progress_with(programme, pieces_of(person_id))


def progress_with(programme: Programme, pieces: list[Piece]) -> Progress:
    """How far these credits of somebody carry today."""
    used = used_by(programme.code, (p.key for p in pieces)) if programme.kind == rules.SCHEME else {}
    return rules.measure(programme.target, pieces, clock.today(), used)


# ---- goals


def find_goal(person_id: int, code: str) -> Goal | None:
    """The person's goal of that code, left or not."""
    return session.get(Goal, (person_id, code))


def list_goals(person_id: int) -> list[str]:
    """Codes of the targets that the person chose, the oldest choice first."""
    return list(session.scalars(select(Goal.code).where(Goal.person_id == person_id, Goal.left_at.is_(None))
                                .order_by(Goal.chosen_at, Goal.code)))


# ---- rewards


def list_rewards(person_id: int, code: str | None = None) -> list[Reward]:
    """What schemes (or that one) rewarded the person with, under any of their accounts, oldest first."""
    query = select(Reward).where(Reward.person_id.in_(accounts.all_accounts_of(person_id))).order_by(Reward.id)
    return list(session.scalars(query if code is None else query.where(Reward.code == code)))


def uses_of(reward_ids: Iterable[int]) -> dict[int, list[Use]]:
    """By reward: what it rests on."""
    found: dict[int, list[Use]] = {i: [] for i in reward_ids}
    for use in session.scalars(select(Use).where(Use.reward_id.in_(list(found))).order_by(Use.id)):
        found[use.reward_id].append(use)
    return found


def is_over(programme: Programme, person_id: int) -> bool:
    """Was the person rewarded as often by this scheme as one may be in the present window?"""
    target, window = programme.target, programme.target.window(clock.today())
    had = sum(r.window == window for r in list_rewards(person_id, programme.code))
    return programme.kind == rules.SCHEME and 0 < target.times <= had


def is_due(programme: Programme, person_id: int, progress: Progress) -> bool:
    """Has the person reached the scheme, and may they be rewarded for it now?"""
    return progress.is_reached and not is_over(programme, person_id)


@dataclass(frozen=True)
class Reached:
    """Somebody who reached a target, and how far they are."""

    person: Person
    progress: Progress


def list_reached(programme: Programme) -> list[Reached]:
    """Everybody who reached it and, of a scheme, may be rewarded now; by row id."""
    found = []
    for person in _people_with(programme.target.total):
        progress = progress_of(programme, person.id)
        if is_due(programme, person.id, progress) if programme.kind == rules.SCHEME else progress.is_reached:
            found.append(Reached(person, progress))
    return found


def count_reached(target: rules.Target, *, is_scheme: bool, code: str) -> int:
    """How many would have reached such a target today; what that scheme rewarded before does not count again."""
    count, today = 0, clock.today()
    for person in _people_with(target.total):
        pieces = pieces_of(person.id)
        used = used_by(code, (p.key for p in pieces)) if is_scheme else {}
        count += rules.measure(target, pieces, today, used).is_reached
    return count


def _people_with(milli: int) -> Iterator[Person]:
    """People, not accounts that went into others, with at least that balance: only they can have reached anything."""
    last = 0
    while people := list(session.scalars(
            select(Person).where(Person.id > last, Person.merged_into_id.is_(None)).order_by(Person.id).limit(PEOPLE_AT_ONCE))):
        last = people[-1].id
        balances = ledger.balances(f"person:{p.id}" for p in people)
        yield from (p for p in people if balances.get(f"person:{p.id}", 0) >= milli)


def list_rewarded(code: str) -> list[Reward]:
    """What a scheme rewarded, newest first."""
    return list(session.scalars(select(Reward).where(Reward.code == code).order_by(Reward.id.desc())))
