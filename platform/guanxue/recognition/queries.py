"""Finding certificates, what was done about them, and what holds for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from guanxue import accounts, standards
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import NotFound
from guanxue.core.i18n import lazy as _
from guanxue.core.paging import Page
from guanxue.core.sealing import keyed_hash, unseal
from guanxue.recognition import conversion, rules
from guanxue.recognition.errors import NoSuchBatch, NoSuchFiling
from guanxue.recognition.models import Batch, Contest, Conversion, Filing, Look, Proof, Step
from guanxue.recognition.proofs import list_proofs

OFFICE = "identify"  # what the role credit_officer may
PER_PAGE = 30
LOOK_HOLDS = timedelta(minutes=30)
NUMBER = "certificate-number"
# Steps that say something to the holder; "seen" is their answer.
NEWS = frozenset({"disputed", "looked-up", "approved", "refused", "reopened", "restored", "taken-back"})


@dataclass(frozen=True)
class File:
    """A certificate with everything in it, in order."""

    filing: Filing
    steps: tuple[Step, ...]
    proofs: tuple[Proof, ...]

    @property
    def round_(self) -> tuple[Step, ...]:
        """The steps since it was filed, or since an appeal opened it again."""
        begins = max((n for n, s in enumerate(self.steps) if s.step == "reopened"), default=0)
        return self.steps[begins:]

    @property
    def lookup(self) -> Step | None:
        """The newest look-up of this round."""
        return next((s for s in reversed(self.round_) if s.step == "looked-up"), None)

    @property
    def decision(self) -> Step | None:
        """The approval or refusal of this round."""
        return next((s for s in reversed(self.round_) if s.step in ("approved", "refused")), None)

    @property
    def take_back(self) -> Step | None:
        """That one officer asked to take it back, while no second one has answered."""
        told = [s for s in self.steps if s.step in ("take-back-asked", "take-back-dropped", "taken-back")]
        return told[-1] if told and told[-1].step == "take-back-asked" else None


def open_filing(filing: Filing) -> File:
    """The certificate with everything in it."""
    steps = session.scalars(select(Step).where(Step.filing_id == filing.id).order_by(Step.id))
    return File(filing, tuple(steps), tuple(list_proofs(filing.id)))


def find_filing(code: str) -> Filing | None:
    """The certificate of that code."""
    return session.scalar(select(Filing).where(Filing.code == code.strip().upper()))


def get_own(actor: Actor, code: str) -> File:
    """The actor's own, under whichever account it was filed. Raises NoSuchFiling, also for anybody else's."""
    actor.must_be_person()
    found = find_filing(code)
    if found is None or found.person_id not in accounts.accounts_of(actor.id):
        raise NoSuchFiling(_("没有这张证书，可能是网址写错了。"))
    return open_filing(found)


def get_filing(actor: Actor, code: str) -> File:
    """Any certificate, at the office. Raises Forbidden, NoSuchFiling."""
    actor.require(OFFICE)
    found = find_filing(code)
    if found is None:
        raise NoSuchFiling(_("没有这张证书，可能是网址写错了。"))
    return open_filing(found)


def list_own(person_id: int) -> list[File]:
    """The person's certificates under all their accounts, the newest first."""
    rows = session.scalars(select(Filing).where(Filing.person_id.in_(accounts.accounts_of(person_id)))
                           .order_by(Filing.id.desc()).limit(100))
    return [open_filing(one) for one in rows]


def has_news(file: File) -> bool:
    """Is there a step that the holder has not said they have read?"""
    told = max((s.id for s in file.steps if s.step in NEWS), default=0)
    return told > max((s.id for s in file.steps if s.step in ("seen", "withdrawn")), default=0)


def list_news(person_id: int) -> list[File]:
    """The person's certificates with something new in them."""
    return [f for f in list_own(person_id) if has_news(f)]


TABS = {"waiting": (rules.WAITING,), "checked": (rules.CHECKED,),
        "done": (rules.APPROVED, rules.REFUSED, rules.WITHDRAWN, rules.TAKEN_BACK)}


def list_queue(actor: Actor, tab: str, page: int = 1) -> Page[Filing]:
    """What waits for a look-up or for a decision, the longest first; or what is done, the newest first. Needs the office."""
    actor.require(OFFICE)
    query = select(Filing).where(Filing.state.in_(TABS[tab]))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = Filing.id.desc() if tab == "done" else Filing.id
    rows = session.scalars(query.order_by(order).offset((page - 1) * PER_PAGE).limit(PER_PAGE))
    return Page(list(rows), total, page, PER_PAGE)


def count_waiting() -> int:
    """How many wait for an officer, for either pair of eyes."""
    return session.scalar(select(func.count()).select_from(Filing).where(
        Filing.state.in_((rules.WAITING, rules.CHECKED)))) or 0


# ---- numbers


def hash_of(kind: str, number: str) -> str | None:
    """How a number is found; None where there is none. The old and the new kind are two spaces."""
    return keyed_hash(f"{NUMBER}:{kind}", number) if number else None


def number_of(filing: Filing) -> str:
    """The whole number; "" where there is none (any more). Who may read it is asked before."""
    return unseal(NUMBER, filing.code, filing.number_sealed) if filing.number_sealed else ""


def list_same_number(number_hash: str | None) -> list[Filing]:
    """Certificates whose number is that one and in use, the oldest first."""
    if number_hash is None:
        return []
    return list(session.scalars(select(Filing).where(Filing.number_hash == number_hash, Filing.state.in_(rules.LIVE))
                                .order_by(Filing.id)))


def list_rivals(filing: Filing) -> list[Filing]:
    """Other people's certificates with the same number, while they are in use."""
    mine = set(accounts.all_accounts_of(filing.person_id))
    return [one for one in list_same_number(filing.number_hash) if one.person_id not in mine]


# ---- who looked at it


def may_see_whole(actor: Actor, filing: Filing) -> bool:
    """Did this officer say within the last half hour why they open it?"""
    since = clock.now() - LOOK_HOLDS
    return session.scalar(select(Look.id).where(Look.filing_id == filing.id, Look.by == actor.ref, Look.at > since)
                          .limit(1)) is not None


def list_looks(filing_id: int) -> list[Look]:
    """Every time an officer opened it, in order."""
    return list(session.scalars(select(Look).where(Look.filing_id == filing_id).order_by(Look.id)))


# ---- what it is worth


def list_conversions() -> list[Conversion]:
    """All versions, the newest first."""
    return list(session.scalars(select(Conversion).order_by(Conversion.version.desc())))


def find_conversion(version: int) -> Conversion | None:
    """That version."""
    return session.scalar(select(Conversion).where(Conversion.version == version))


def current_conversion(on: date | None = None) -> Conversion:
    """The version that holds on a day of the city, today by default. Raises NotFound before the first one."""
    found = session.scalar(select(Conversion).where(Conversion.effective_on <= (on or clock.today()))
                           .order_by(Conversion.effective_on.desc(), Conversion.version.desc()).limit(1))
    if found is None:
        raise NotFound(_("还没有转换表。"))
    return found


def conversion_of(filing: Filing) -> Conversion:
    """The version under which it was filed."""
    return session.get(Conversion, filing.conversion_id)


def worth_milli(filing: Filing) -> int:
    """Millicredits that it asks for under its version of the table."""
    return conversion.worth_milli(conversion_of(filing).table, filing.kind, level=filing.level, scope=filing.scope,
                                  rank=filing.rank, team_size=filing.team_size)


def contest_of(filing: Filing) -> Contest | None:
    """Which contest a checker said it was."""
    return session.get(Contest, filing.contest_id) if filing.contest_id else None


def list_contests() -> list[Contest]:
    """All that checkers have named."""
    return list(session.scalars(select(Contest).order_by(Contest.name)))


def title_of(filing: Filing) -> str:
    """What it is, as entries and pages name it: "车工 三级/高级工", "东莞市职业技能竞赛 2025 市级 一等奖"."""
    if filing.kind == rules.CONTEST:
        contest = contest_of(filing)
        name = rules.with_year(contest.name if contest else filing.contest, filing.issued_on.year)
        return f"{name} {rules.SCOPE_WORDS[filing.scope]} {rules.RANK_WORDS[filing.rank]}"
    occupation = session.get(standards.Occupation, filing.occupation_id)
    if filing.kind == rules.ABILITY:
        return f"{occupation.name} {rules.KIND_WORDS[filing.kind]}"
    return f"{occupation.name} {conversion.level_text(filing.level)}"


# ---- tables


def get_batch(actor: Actor, code: str) -> Batch:
    """A table: officers see all, towns their own. Raises NoSuchBatch."""
    found = session.scalar(select(Batch).where(Batch.code == code.strip().upper()))
    if found is None or not (actor.may(OFFICE) or accounts.is_same_person(actor, [found.brought_by])):
        raise NoSuchBatch(_("没有这份表格，可能是网址写错了。"))
    return found


def list_batches(actor: Actor, page: int = 1) -> Page[Batch]:
    """The newest first: all for officers, their own for towns."""
    query = select(Batch)
    if not actor.may(OFFICE):
        query = query.where(Batch.brought_by.in_([f"person:{one}" for one in accounts.all_accounts_of(actor.id)]))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = session.scalars(query.order_by(Batch.id.desc()).offset((page - 1) * PER_PAGE).limit(PER_PAGE))
    return Page(list(rows), total, page, PER_PAGE)


def list_in_batch(batch_id: int) -> list[Filing]:
    """Its certificates in the order of its lines."""
    return list(session.scalars(select(Filing).where(Filing.batch_id == batch_id).order_by(Filing.id)))


def names_behind(refs: Iterable[str]) -> dict[str, str]:
    """Names by reference ("person:17")."""
    ids = {int(ref.removeprefix("person:")) for ref in refs if ref.startswith("person:")}
    return {f"person:{one}": name for one, name in accounts.names_of(ids).items()}
