"""The documents a person states: sealed, found by a keyed hash, shown masked. One document, one person.

Whoever claims a number that another account stated is told so and no more; both are told calmly that it will be looked into,
and neither who the other is. How far a person is known is worked out in levels.py, what officers do is in checking.py.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from itertools import product
from string import ascii_uppercase

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from guanxue import audit
from guanxue.accounts import consent, kinds, levels
from guanxue.accounts.errors import NoSuchDocument, NumberReliedOn, NumberTaken
from guanxue.accounts.events import IdentityDisputed, IdentityRaised
from guanxue.accounts.kept_numbers import is_held
from guanxue.accounts.kinds import Number
from guanxue.accounts.models import IdentityCheck, KeptNumber, StatedDocument
from guanxue.accounts.queries import get_person, is_same_person, lock_person
from guanxue.core import clock, events, sealing
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Conflict, Forbidden, Invalid, NotFound
from guanxue.core.i18n import lazy as _

LONGEST_REASON = 200
MOST_DOCUMENTS = 6
_reliers: dict[str, Callable[[int, datetime], bool]] = {}


def register_relier(room: str, rests: Callable[[int, datetime], bool]) -> None:
    """Ask the room too: has a record of the person been made since that moment, on the strength of the stated number?"""
    _reliers[room] = rests


# ---- what can be one


def checked_number(text: str, kind: str = kinds.CITIZEN, country: str = "") -> Number:
    """The document, normalised. Raises Invalid with a sentence that says what is wrong, and never the number itself."""
    if kind not in kinds.KINDS:
        raise Invalid(_("请选一种证件。"), fields=[{"field": "kind", "message": _("请选一种证件。")}])
    country = country.strip().upper() if kind == kinds.PASSPORT else ""
    if kind == kinds.PASSPORT and not kinds.is_country(country):
        raise Invalid(_("请选护照是哪个国家的。"), fields=[{"field": "country", "message": _("请选护照是哪个国家的。")}])
    number = kinds.normal(kind, text)
    fault = kinds.fault(kind, number, country, clock.today())
    if fault:
        told = _("身份证号有误。") if kind == kinds.CITIZEN else _("证件号有误。")
        raise Invalid(told, fields=[{"field": "number", "message": fault}])
    return Number(kind, country, number)


def checked_reason(text: str) -> str:
    """A reason somebody gave. Raises Invalid without one."""
    reason = " ".join(text.split())
    if not 2 <= len(reason) <= LONGEST_REASON or any(ord(c) < 32 for c in reason):
        raise Invalid(_("请写明原因。"), fields=[{"field": "reason", "message": _("请写明原因，2 到 200 个字。")}])
    return reason


# ---- finding


def find_identity(person_id: int) -> StatedDocument | None:
    """The document that counts for the account: known best, then stated first."""
    known = levels.list_known(person_id)
    return known[0].document if known else None


def get_document(person_id: int, code: str) -> StatedDocument:
    """The person's document of that code. Raises NoSuchDocument."""
    row = session.scalar(select(StatedDocument).where(StatedDocument.person_id == person_id, StatedDocument.code == code))
    if row is None:
        raise NoSuchDocument(_("没有这个证件。"))
    return row


def find_holder(text: str, kind: str = kinds.CITIZEN, country: str = "") -> int | None:
    """Row id of the person who stated this number, by its keyed hash; None too for what can be no number."""
    return session.scalar(select(StatedDocument.person_id).where(
        StatedDocument.number_hash == hashed(Number(kind, country, kinds.normal(kind, text)))))


def find_holders(text: str) -> list[int]:
    """Who stated this number, whatever kind of document it is of and whichever country: found by the whole number alone."""
    return list(session.scalars(
        select(StatedDocument.person_id).where(StatedDocument.number_hash.in_(_could_be(text))).distinct()))


def find_kept(text: str) -> list[KeptNumber]:
    """What is kept of erased accounts that had stated this whole number."""
    return list(session.scalars(
        select(KeptNumber).where(KeptNumber.number_hash.in_(_could_be(text))).order_by(KeptNumber.id)))


def _could_be(text: str) -> set[str]:
    """Keyed hashes of every document that this could be the number of."""
    today, could_be = clock.today(), set()
    countries = ["".join(pair) for pair in product(ascii_uppercase, repeat=2)]
    for kind in kinds.KINDS:
        number = kinds.normal(kind, text)
        for country in filter(kinds.is_country, countries) if kind == kinds.PASSPORT else ("",):
            if kinds.fault(kind, number, country, today) is None:
                could_be.add(hashed(Number(kind, country, number)))
    return could_be


def hashed(number: Number) -> str:
    """The keyed hash under which the document is found."""
    return sealing.keyed_hash(*number.hashed_as)


def is_relied_on(document: StatedDocument) -> bool:
    """Does a record rest on this document, so that its owner can no longer change it alone? On each that stood by then.

    Also a refusal, where they had earned the same under it before they deleted an account: else it would be earned without it.
    """
    return is_held(document) or any(rests(document.person_id, document.stated_at) for rests in _reliers.values())


def has_open_claim(person_id: int) -> bool:
    """Did the person state a number that another account holds, and is it still to be looked into?"""
    codes = session.scalars(select(IdentityCheck.document_code).where(
        IdentityCheck.person_id == person_id, IdentityCheck.step == "claimed")).all()
    held = session.scalars(select(StatedDocument).where(
        StatedDocument.code.in_(codes), StatedDocument.person_id != person_id)).all()
    return any(k.is_disputed for one in held for k in levels.list_known(one.person_id) if k.document.code == one.code)


# ---- stating


def state_number(actor: Actor, text: str, *, agrees: bool, kind: str = kinds.CITIZEN, country: str = "",
                 corrects: str = "") -> StatedDocument:
    """The actor states a document, or corrects one (`corrects` is its code) while nothing rests on it.

    A second number of a kind that has one for life corrects the first. The same number again changes nothing.
    Raises Invalid, NumberTaken, NumberReliedOn, NoSuchDocument, Conflict for too many.
    """
    actor.must_be_person()
    if corrects:
        kind = get_document(actor.id, corrects).kind
    number = checked_number(text, kind, country)
    if not agrees:
        raise Invalid(_("还没有同意。"), fields=[{"field": "agrees", "message": _("证件号要你单独同意，我们才能保存。")}])
    lock_person(actor.id)
    held = [k.document for k in levels.list_known(actor.id)]
    there = next((d for d in held if d.number_hash == hashed(number)), None)
    old = get_document(actor.id, corrects) if corrects else next(
        (d for d in held if d.kind == kind and kind not in kinds.RENEWED), None)
    if there is None and old is not None and is_relied_on(old):
        raise NumberReliedOn(_("已有学分记在这个证件号名下，不能自己改了。请联系工作人员，说明原因后更正。"))
    if there is None and old is None and len(held) >= MOST_DOCUMENTS:
        raise Conflict(_("登记的证件太多了。请先删掉不用的。"))
    consent.agree_to(actor, consent.IDENTITY, agrees=True)
    return there or _keep(actor, actor.id, number, old)


def correct_number(actor: Actor, person_id: int, text: str, reason: str, *, code: str = "",
                   is_sure: bool = False) -> StatedDocument:
    """An officer corrects a number that records rest on, with a reason; what was checked of the wrong one counts no more.

    A number of another account is taken for a slip and makes nobody a case, unless the officer `is_sure` of it.
    Raises Invalid, NotFound, NumberTaken, Forbidden for one's own.
    """
    must_identify(actor, person_id)
    why = checked_reason(reason)
    lock_person(person_id)
    old = get_document(person_id, code) if code else find_identity(person_id)
    if old is None:
        raise NotFound(_("这个人没有填过证件号。"))
    number = checked_number(text, old.kind, old.country)
    if old.number_hash == hashed(number):
        return old
    try:
        return _keep(actor, person_id, number, old, why)
    except NumberTaken as taken:
        if is_sure:
            raise NumberTaken(_("这个号码登记在另一个账号上，已经报上去核实。号码先不改。"), remember=taken.remember) from None
        raise NumberTaken(_("这个号码登记在另一个账号上。先再对一遍证件，照着再输一遍；没有抄错，再报核实。")) from None


def must_identify(actor: Actor, person_id: int) -> None:
    """Raise unless the actor may say who this person is: an officer, and never about themselves, under any account."""
    actor.require("identify")
    if is_same_person(actor, [f"person:{person_id}"]):
        raise Forbidden(_("自己的身份要请另一位工作人员确认。"))


def _keep(actor: Actor, person_id: int, number: Number, old: StatedDocument | None, why: str = "") -> StatedDocument:
    """Write it down. A corrected number keeps the moment of the first: what came to rest on that one rests on this."""
    before, owner = levels.level_of(person_id), get_person(person_id).ref
    _must_be_free(actor, person_id, number)
    try:
        with session.begin_nested():
            if old is not None:
                session.delete(old)
                session.flush()
            row = StatedDocument(
                code=secrets.token_hex(8), person_id=person_id, kind=number.kind, country=number.country, masked=number.masked,
                number_sealed=sealing.seal(number.kind, owner, number.number), number_hash=hashed(number),
                stated_at=old.stated_at if old is not None else clock.now())
            session.add(row)
    except IntegrityError:  # the other one came first by a moment
        session.expire_all()
        _must_be_free(actor, person_id, number)
        raise
    step = "stated" if old is None else "corrected"
    add_step(actor, row, step, note=why)
    audit.record(actor, f"accounts.identity.{step}", owner, {"reason": why} if why else {})
    tell_if_raised(person_id, before)
    return row


def add_step(actor: Actor, document: StatedDocument, step: str, **more) -> IdentityCheck:
    """One step more in what is known of the document's holder."""
    row = IdentityCheck(person_id=document.person_id, document_code=document.code, step=step, by=actor.ref, at=clock.now(),
                        **more)
    session.add(row)
    session.flush()
    return row


def tell_if_raised(person_id: int, before: int) -> None:
    """Let whoever waits for it know that the person is known better than before."""
    if (level := levels.level_of(person_id)) > before:
        events.emit(IdentityRaised(person_id, level))


def _must_be_free(actor: Actor, person_id: int, number: Number) -> None:
    held = session.scalar(select(StatedDocument).where(StatedDocument.number_hash == hashed(number)))
    if held is not None:
        code = held.code
        told = _("这个证件号已经登记在另一个账号上，我们会核实。如果那也是你的账号，请用那个账号登录，或把两个账号合并；"
                 "如果不是，请带证件找工作人员。")
        raise NumberTaken(told, remember=[lambda: _dispute(actor, person_id, code)])


def _dispute(actor: Actor, claimant_id: int, code: str) -> None:
    """Two people state one number: the holder's trail keeps it, and the first time it becomes a case to look into."""
    document = session.scalar(select(StatedDocument).where(StatedDocument.code == code))
    if document is None:  # gone meanwhile: the number is free
        return
    audit.record(actor, "accounts.identity.claimed", f"person:{document.person_id}")
    known = session.scalar(select(IdentityCheck.id).where(
        IdentityCheck.document_code == code, IdentityCheck.person_id == claimant_id, IdentityCheck.step == "claimed").limit(1))
    if known is None:
        add_step(actor, document, "disputed")
        session.add(IdentityCheck(person_id=claimant_id, document_code=code, step="claimed", by=actor.ref, at=clock.now()))
        session.flush()
        events.emit(IdentityDisputed(document.person_id, claimant_id, code, document.kind))


# ---- looking, taking back


def reveal_number(actor: Actor, person_id: int, reason: str, *, code: str = "") -> str:
    """The whole number, for an officer who says why; the person sees who looked and why. Raises Invalid, NotFound."""
    actor.require("identify")
    why = checked_reason(reason)
    row = get_document(person_id, code) if code else find_identity(person_id)
    if row is None:
        raise NotFound(_("这个人没有填过证件号。"))
    owner = f"person:{person_id}"
    number = sealing.unseal(row.kind, owner, row.number_sealed)
    audit.record(actor, "accounts.identity.seen", owner, {"reason": why})
    return number


def withdraw_number(actor: Actor, code: str = "") -> None:
    """Take a document back, or all of them, and with the last the consent to keep any.

    Raises NumberReliedOn while records rest on one, NoSuchDocument.
    """
    lock_person(actor.id)
    held = [k.document for k in levels.list_known(actor.id)]
    going = [get_document(actor.id, code)] if code else held
    if any(is_relied_on(document) for document in going):
        raise NumberReliedOn(_("已有学分记在这个证件号名下，要留着备查，暂时不能删。注销账号时才删，要留什么那里会写明。"))
    for document in going:
        remove(actor, document)
    if len(going) == len(held):
        consent.agree_to(actor, consent.IDENTITY, agrees=False)
    session.flush()


def remove(actor: Actor, document: StatedDocument, *, note: str = "", what: str = "") -> None:
    """The document goes, and its number is free; that it was there stays among the steps."""
    add_step(actor, document, "removed", note=note, what=what)
    audit.record(actor, "accounts.identity.withdrawn", f"person:{document.person_id}")
    session.delete(document)
    session.flush()


def lapse_checks(actor: Actor, person_id: int, what: str) -> None:
    """What was checked of the person counts no more: their name is another one than the papers were seen with."""
    for known in levels.list_known(person_id):
        if known.standing:
            add_step(actor, known.document, "lapsed", what=what)
