"""Filing certificates: by their holder from a phone, or for them by who brings a table; withdrawing what is not decided."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select

from guanxue import accounts, audit, cases, standards
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, wait_for_turn
from guanxue.core.errors import Conflict, Invalid, TooMany
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import plain_text
from guanxue.core.sealing import seal
from guanxue.recognition import conversion, queries, rules
from guanxue.recognition.errors import NotNow, NumberUsed
from guanxue.recognition.models import Batch, Conversion, Filing, Step
from guanxue.recognition.proofs import take_proofs
from guanxue.recognition.queries import NUMBER, File

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
OWN_A_DAY = 20
LONGEST = {"issuer": 80, "contest": 80}
OLDEST = date(1950, 1, 1)


@dataclass(frozen=True)
class Facts:
    """What a form or a line says of a certificate, as typed: nothing is checked yet."""

    kind: str = ""
    number: str = ""
    occupation: str = ""  # slug
    level: str = ""
    issuer: str = ""
    issued_on: str = ""
    contest: str = ""
    scope: str = ""
    rank: str = ""
    team_size: str = ""


@dataclass(frozen=True)
class Checked:
    """The same, well formed."""

    kind: str
    number: str
    occupation: standards.Occupation | None
    level: int | None
    issuer: str
    issued_on: date
    contest: str
    scope: str
    rank: int | None
    team_size: int


# ---- is it well formed?


def check_facts(facts: Facts, table: conversion.Table) -> Checked:
    """The facts, well formed. Raises Invalid that names every field with a fault, not only the first."""
    faults: dict[str, object] = {}
    if facts.kind not in rules.KINDS:
        raise Invalid(_("请选证书的种类。"), fields=[{"field": "kind", "message": _("请选证书的种类。")}])
    is_contest, has_level = facts.kind == rules.CONTEST, facts.kind in (rules.SKILL, rules.QUALIFICATION)
    level = _choice(facts.level, [n for n in rules.LEVELS if n != rules.SPECIAL or facts.kind == rules.SKILL])
    if has_level and level is None:
        faults["level"] = _("请选等级。")
    occupation = None if is_contest else standards.find_occupation(facts.occupation)
    if occupation is None and not is_contest:
        faults["occupation"] = _("请选职业（工种）。")
    number = rules.normal_number(facts.number)
    likely = rules.SPECIAL if has_level and level is None and number[:2].isalpha() else level  # no level chosen: by its look
    if fault := rules.number_fault(facts.kind, likely, number):
        faults["number"] = fault
    issued_on, fault = _day(facts.issued_on, table)
    faults |= {"issued_on": fault} if fault else {}
    issuer, contest = _words("issuer", facts.issuer, faults), ""
    scope, rank, team_size = "", None, 1
    if is_contest:
        contest, scope = _words("contest", facts.contest, faults), facts.scope if facts.scope in rules.SCOPE_WORDS else ""
        rank, team_size = _choice(facts.rank, rules.RANKS), _choice(facts.team_size or "1", range(1, rules.MOST_TEAM + 1))
        faults |= {} if scope else {"scope": _("请选竞赛的级别。")}
        faults |= {} if rank else {"rank": _("请选名次。")}
        faults |= {} if team_size else {"team_size": _("请填队员人数，1 到 %(n)s。", n=rules.MOST_TEAM)}
    if faults:
        raise Invalid(_("有 %(n)s 处要改，其他填的都还在。", n=len(faults)),
                      fields=[{"field": name, "message": fault} for name, fault in faults.items()])
    return Checked(facts.kind, number, occupation, level if has_level else None, issuer, issued_on, contest, scope, rank,
                   team_size)


def _choice(text: str, of) -> int | None:
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < 4 and int(plain) in of else None


def _day(text: str, table: conversion.Table) -> tuple[date, object]:
    """(the day, what is wrong with it)."""
    try:
        day = date.fromisoformat(text.strip().replace("/", "-").replace(".", "-"))
    except ValueError:
        return OLDEST, _("请填发证日期，例如 2025-06-30。")
    today = clock.today()
    if day > today:
        return day, _("这一天还没有到。")
    years = table.window_years
    if day < OLDEST:
        return day, _("请再看一遍发证日期。")
    if years and years_later(day, years) < today:
        return day, _("发证超过 %(n)s 年的证书不能换学分。", n=years)
    return day, ""


def years_later(day: date, years: int) -> date:
    """The same day so many years later; of 29 February 1 March, where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def _words(field: str, text: str, faults: dict[str, object]) -> str:
    text = " ".join(plain_text(text).split())
    if not text:
        faults[field] = {"issuer": _("请填发证机构。"), "contest": _("请填竞赛名称。")}[field]
    elif len(text) > LONGEST[field]:
        faults[field] = _("最多 %(n)s 个字，请写短一点。", n=LONGEST[field])
    return text


# ---- filing


def file_certificate(actor: Actor, facts: Facts, proof_codes: list[str]) -> Filing:
    """The actor's own certificate with its pictures (proofs.keep_proof). Well formed it waits to be looked up.

    Again while it waits or counts is refused; where somebody else filed the same number a case opens, and both are told.
    Raises Invalid, TooMany, NumberUsed.
    """
    actor.must_be_person()
    accounts.lock_person(actor.id)
    since = clock.now() - timedelta(days=1)
    if (session.scalar(select(func.count()).select_from(Filing).where(
            Filing.filed_by == actor.ref, Filing.batch_id.is_(None), Filing.filed_at > since)) or 0) >= OWN_A_DAY:
        raise TooMany(_("今天交得很多了，请明天再来。"), retry_after_s=86_400)
    version = queries.current_conversion()
    checked = check_facts(facts, version.table)
    if checked.number:  # two people who file one number at the same moment meet here
        wait_for_turn(f"certificate:{queries.hash_of(checked.kind, checked.number)}")
    must_be_new(actor.id, checked)
    made = add_filing(actor, actor.id, checked, version)
    taken = take_proofs(actor.id, proof_codes, made.id)
    note(actor, made, "filed", detail={"proofs": [p.digest for p in taken]})
    audit.record(actor, "recognition.certificate.filed", made.ref, {"kind": made.kind})
    _dispute(made)
    return made


def must_be_new(person_id: int, checked: Checked) -> None:
    """Raise NumberUsed where the person has filed that certificate already, or that result of that contest and year."""
    mine = accounts.all_accounts_of(person_id)
    there = [one for one in queries.list_same_number(queries.hash_of(checked.kind, checked.number)) if one.person_id in mine]
    if checked.kind == rules.CONTEST and not there:
        rows = session.scalars(select(Filing).where(
            Filing.person_id.in_(mine), Filing.kind == rules.CONTEST, Filing.state.in_(rules.LIVE)))
        key = rules.contest_key(checked.contest)
        there = [one for one in rows if one.issued_on.year == checked.issued_on.year
                 and (one.scope, one.rank) == (checked.scope, checked.rank) and rules.contest_key(one.contest) == key]
    if there:
        raise NumberUsed(_("这张证书你已经交过了，不用再交。"), extra={"code": there[0].code},
                         fields=[{"field": "number", "message": _("这个编号你已经交过。")}])


def new_code() -> str:
    """Ten characters by chance, none of which is taken for another when read aloud."""
    return "".join(secrets.choice(_ALPHABET) for _n in range(10))


def add_filing(actor: Actor, person_id: int, checked: Checked, version: Conversion, batch: Batch | None = None) -> Filing:
    """Its row; the caller notes the step."""
    code = new_code()
    made = Filing(
        code=code, person_id=person_id, kind=checked.kind, number_hash=queries.hash_of(checked.kind, checked.number),
        number_sealed=seal(NUMBER, code, checked.number) if checked.number else None,
        number_masked=rules.mask_number(checked.number), occupation_id=checked.occupation.id if checked.occupation else None,
        level=checked.level, contest=checked.contest, scope=checked.scope, rank=checked.rank, team_size=checked.team_size,
        issuer=checked.issuer, issued_on=checked.issued_on, conversion_id=version.id, batch_id=batch.id if batch else None,
        filed_by=actor.ref, filed_at=clock.now(), state=rules.WAITING)
    session.add(made)
    session.flush()
    return made


def note(actor: Actor, filing: Filing, step: str, **told) -> Step:
    """One step more."""
    made = Step(filing_id=filing.id, step=step, by=actor.ref, at=clock.now(), **told)
    session.add(made)
    session.flush()
    return made


def tell(filing: Filing) -> None:
    """A message to the holder's phone that something happened to it; what it was, they read here."""
    kept = accounts.all_accounts_of(filing.person_id)[-1]
    accounts.notify(accounts.get_person(kept).phone, "recognition", {"code": filing.code})


def _dispute(filing: Filing) -> None:
    """Somebody else filed the same number: a case, once, in which neither is told who the other is."""
    rivals = queries.list_rivals(filing)
    if not rivals:
        return
    first = rivals[0]
    people = sorted({first.person_id, filing.person_id})
    cases.open_case(SYSTEM, kind=cases.CERTIFICATE, subject=first.ref, claim=rules.SAME_NUMBER,
                    evidence=[first.ref, filing.ref], person_ids=people,
                    key=f"certificate:{filing.number_hash[:32]}:{':'.join(str(one) for one in people)}")
    for one in (first, filing):
        note(SYSTEM, one, "disputed")


# ---- what the holder does with it


def withdraw(actor: Actor, file: File) -> None:
    """The holder does not ask any more, or never did (it came in a table). Before it is decided; raises NotNow."""
    _must_hold(actor, file)
    filing = lock(file.filing)
    if filing.state not in (rules.WAITING, rules.CHECKED):
        raise NotNow(_("已经有决定了，不能撤回。"))
    filing.state = rules.WITHDRAWN
    note(actor, filing, "withdrawn")
    audit.record(actor, "recognition.certificate.withdrawn", filing.ref)


def see(actor: Actor, file: File) -> None:
    """The holder has read what is new; again is the same."""
    _must_hold(actor, file)
    if queries.has_news(file):
        note(actor, file.filing, "seen")


def _must_hold(actor: Actor, file: File) -> None:
    if not accounts.is_same_person(actor, [f"person:{file.filing.person_id}"]):
        raise NotNow(_("这张证书不是你的。"))


def lock(filing: Filing) -> Filing:
    """The certificate, read again; from here on nobody else changes it."""
    session.refresh(filing, with_for_update=True)
    return filing


# ---- what certificates are worth


def publish_conversion(actor: Actor, document: dict, effective_on: date) -> Conversion:
    """The next version of the table, from a day of the city that is not over. Needs "administer"; raises Invalid.

    Whatever was filed before stays with the version of then.
    """
    actor.require("administer")
    if effective_on < clock.today():
        raise Invalid(_("转换表从今天或以后的一天起用，不能倒回去。"),
                      fields=[{"field": "effective_on", "message": _("这一天已经过了。")}])
    newest = next(iter(queries.list_conversions()), None)
    if newest is not None and effective_on < newest.effective_on:
        raise Conflict(_("已经有一版从 %(day)s 起用，新的不能更早。", day=newest.effective_on))
    return _publish(actor, (newest.version if newest else 0) + 1, document, effective_on)


def _publish(actor: Actor, version: int, document: dict, effective_on: date) -> Conversion:
    try:
        conversion.Table.from_document(document)
    except ValueError:
        raise Invalid(_("转换表的数字有误：等级越高、名次越前，学分不能更少；最多 100 学分。")) from None
    made = Conversion(version=version, document=document, effective_on=effective_on, published_by=actor.ref,
                      published_at=clock.now())
    session.add(made)
    session.flush()
    audit.record(actor, "recognition.conversion.published", f"conversion:{version}", {"numbers": document})
    return made


def load_defaults(actor: Actor) -> None:
    """Publish the shipped table where there is none; safe to repeat. Needs "administer"."""
    actor.require("administer")
    version, effective_on, document = conversion.SHIPPED
    if queries.find_conversion(version) is None:
        _publish(actor, version, document, date.fromisoformat(effective_on))
