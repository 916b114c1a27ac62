"""Reading credentials: one's own, by code, what a list says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from guanxue import accounts, creditbank, ledger
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.core.paging import Page
from guanxue.credentials.errors import NoSuchCredential
from guanxue.credentials.models import Credential, CredentialFile, Look, Revocation
from guanxue.credentials.rules import KINDS
from guanxue.credentials.status_list import BITS

LOOKS_SHOWN = PER_PAGE = 20


@dataclass(frozen=True)
class Issued:
    """A credential as it stands. `state`: valid, replaced, revoked, reversed, expired. `newest` is the edition that counts."""

    credential: Credential
    state: str
    newest: str
    reason: str

    @property
    def is_valid(self) -> bool:
        """Does it count now?"""
        return self.state == "valid"


@dataclass(frozen=True)
class Award:
    """A credit on the person's account for which a credential can be issued, with the newest one where there is one.

    Millicredits. `code` is the award's own.
    """

    code: str
    kind: str
    title: str
    credits_milli: int
    at: datetime
    is_reversed: bool
    issued: Issued | None


def list_awards(person_id: int) -> list[Award]:
    """What the person can show somebody, newest first: of courses and classes, once each, and what came with a merge."""
    return _awards(_lines_by_code(person_id))


def page_of_awards(person_id: int, number: int) -> Page[Award]:
    """The same, a page of them."""
    found = _lines_by_code(person_id)
    codes = list(found)[(number - 1) * PER_PAGE:number * PER_PAGE]
    return Page(_awards({code: found[code] for code in codes}), len(found), number, PER_PAGE)


def _lines_by_code(person_id: int) -> dict[str, creditbank.Line]:
    found: dict[str, creditbank.Line] = {}
    for line in creditbank.all_lines(person_id):
        if line.code and _kind_of(line):
            found.setdefault(line.code, line)
    return found


def _awards(found: dict[str, creditbank.Line]) -> list[Award]:
    issued = newest_of(found)
    return [Award(code, _kind_of(line), line.title, abs(line.amount), line.at, line.is_reversed, issued.get(code))
            for code, line in found.items()]


def _kind_of(line: creditbank.Line) -> str:
    """course or class; "" for a credit that another certificate stands behind. One that came with a merge is looked up."""
    return KINDS.get(creditbank.verify(line.code).line.kind if line.kind == "merge" else line.kind, "")


def must_hold(person_id: int, code: str) -> Award:
    """The award of that code on the person's account. Raises NoSuchCredential."""
    line = _lines_by_code(person_id).get(creditbank.normal_code(code))
    if line is None:
        raise NoSuchCredential(_("你没有这个编号的证书。"))
    return _awards({line.code: line})[0]


def list_statements(person_id: int) -> list[Issued]:
    """Statements that were issued to the person, newest first."""
    rows = session.scalars(select(Credential).where(Credential.person_id.in_(accounts.accounts_of(person_id)),
                                                    Credential.kind == "statement").order_by(Credential.id.desc()))
    return states_of(list(rows))


def newest_of(codes: Iterable[str]) -> dict[str, Issued]:
    """The newest edition of each code that has one."""
    rows = session.scalars(select(Credential).where(Credential.code.in_(list(codes))).order_by(Credential.edition)).all()
    return {i.credential.code: i for i in states_of(list({r.code: r for r in rows}.values()))}


def find_issued(code: str, edition: int | None = None) -> Issued | None:
    """The newest edition of the code, or the one that is asked for."""
    query = select(Credential).where(Credential.code == code).order_by(Credential.edition.desc()).limit(1)
    row = session.scalar(query if edition is None else query.where(Credential.edition == edition))
    return states_of([row])[0] if row else None


def get_own(actor: Actor, code: str) -> Issued:
    """The newest credential of one of the actor's codes. Raises NoSuchCredential."""
    found = find_issued(creditbank.normal_code(code))
    is_own = found and (found.credential.person_id in accounts.accounts_of(actor.id) or _holds(actor.id, found.credential.code))
    if not is_own:
        raise NoSuchCredential(_("你没有这个编号的证书。"))
    return found


def _holds(person_id: int, code: str) -> bool:
    return any(line.code == code for line in creditbank.all_lines(person_id))


def file_of(credential: Credential) -> str:
    """The signed file. Raises NoSuchCredential where it went with its person."""
    row = session.get(CredentialFile, credential.id)
    if row is None:
        raise NoSuchCredential(_("这份证书的文件已经随账号注销删除。"))
    return row.token


def states_of(rows: list[Credential]) -> list[Issued]:
    """How each of these stands now."""
    newest = dict(session.execute(select(Credential.code, func.max(Credential.edition)).where(
        Credential.code.in_({r.code for r in rows})).group_by(Credential.code)).all())
    revoked = {r.credential_id: r for r in session.scalars(select(Revocation).where(
        Revocation.credential_id.in_([r.id for r in rows])))}
    undone = ledger.reversed_among([r.entry_number for r in rows if r.entry_number])
    return [_issued(r, newest[r.code], revoked.get(r.id), r.entry_number in undone) for r in rows]


def _issued(row: Credential, edition: int, revoked: Revocation | None, is_reversed: bool) -> Issued:
    is_over = row.expires_at is not None and row.expires_at < clock.now()
    state = ("reversed" if is_reversed else "revoked" if revoked else "replaced" if edition > row.edition else
             "expired" if is_over else "valid")
    return Issued(row, state, f"{row.code}-{edition}", revoked.reason if revoked else "")


# ---- lists


def count_lists() -> int:
    """How many lists there are: at least one."""
    last = session.scalar(select(func.max(Credential.status_index)))
    return 1 if last is None else last // BITS + 1


def listed(number: int) -> tuple[list[int], list[int]]:
    """(bits that are set, those of them that a newer edition replaced) in the list of that number, from 1."""
    low = (number - 1) * BITS
    here = select(Credential.status_index).where(Credential.status_index >= low, Credential.status_index < low + BITS)
    contra, newer = aliased(ledger.Entry), aliased(Credential)
    revoked = set(session.scalars(here.join(Revocation, Revocation.credential_id == Credential.id)))
    revoked |= set(session.scalars(here.join(contra, contra.reverses == Credential.entry_number)))
    replaced = set(session.scalars(here.join(
        newer, (newer.code == Credential.code) & (newer.edition > Credential.edition)))) - revoked
    return sorted(i - low for i in revoked | replaced), sorted(i - low for i in replaced)


# ---- who looked


def list_looks(person_id: int, since: datetime | None = None) -> list[Look]:
    """When somebody compared a name or digits with the person's, newest first."""
    query = select(Look).where(Look.person_id.in_(accounts.accounts_of(person_id))).order_by(Look.id.desc())
    query = query.where(Look.looked_at >= since) if since else query
    return list(session.scalars(query.limit(LOOKS_SHOWN)))
