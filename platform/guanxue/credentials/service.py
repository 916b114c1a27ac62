"""Issuing credentials, once for an award; correcting a name; revoking; telling whether a typed name is the holder's."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select

from guanxue import accounts, audit, creditbank, jobs
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session
from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _
from guanxue.core.settings import settings
from guanxue.credentials import document, rules, signing, status_list
from guanxue.credentials.errors import NoSuchCredential, NotIssuable
from guanxue.credentials.facts import earner_of, gather, identity_of, level_said, subject_of
from guanxue.credentials.keys import signing_key
from guanxue.credentials.models import Credential, CredentialFile, Look, Revocation
from guanxue.credentials.queries import count_lists, file_of, find_issued, list_awards, listed, must_hold
from guanxue.policies import SEEN

LIST_HOLDS = timedelta(days=7)
RENAMED, IDENTIFIED = "renamed", "identified"
FULL = status_list.BITS // 2  # a list that is half full gets no more, so that a free place is found by chance


def issuer_name() -> str:
    """Who issues: who runs the site."""
    return settings().operator or "莞学学分银行"


# ---- issuing


def issue_later(person_id: int) -> None:
    """Leave it to a job to issue what the person earned."""
    jobs.enqueue("credentials.issue", {"person_id": person_id}, key=str(person_id), priority=40)


def issue_all(person_id: int) -> int:
    """Issue every credential that the person's credits allow and that is not issued yet; how many were."""
    accounts.lock_person(person_id)
    missing = [a for a in list_awards(person_id) if a.issued is None and not a.is_reversed]
    for award in missing:
        _issue(SYSTEM, award.code, person_id, edition=1)
    return len(missing)


def issue(actor: Actor, code: str) -> Credential:
    """The credential of one of the actor's awards: the one that there is, or a new one. Again is the same.

    Where the actor's name was corrected or their document seen since, a further edition, which replaces the one before.
    Raises NoSuchCredential, NotIssuable.
    """
    actor.must_be_person()
    accounts.lock_person(actor.id)
    award = must_hold(actor.id, code)
    if award.is_reversed:
        raise NotIssuable(_("这笔学分已经撤销，不能出具证书。"))
    if award.issued is None:
        return _issue(actor, award.code, actor.id, edition=1)
    if award.issued.state == "revoked":
        raise NotIssuable(_("这份证书已经撤销。觉得不对，可以提出申诉。"))
    why = outdated_by(award.issued.credential, actor.id)
    if not why:
        return award.issued.credential
    return _issue(actor, award.code, actor.id, edition=award.issued.credential.edition + 1, reason=why)


def outdated_by(credential: Credential, holder_id: int) -> str:
    """Why there may be a further edition: RENAMED, IDENTIFIED (their document was seen or matched, and it does not say so),
    or "" for neither."""
    if name_in(credential) != accounts.get_person(holder_id).name:
        return RENAMED
    said, level = payload_of(credential)["microCredential"].get("identityCheck", ""), accounts.level_of(holder_id)
    return IDENTIFIED if level >= SEEN and level > level_said(said) else ""


def name_in(credential: Credential) -> str:
    """The holder's name in a credential's file."""
    return payload_of(credential)["microCredential"]["learner"]


def _issue(actor: Actor, code: str, holder_id: int, *, edition: int, reason: str = "") -> Credential:
    now, index = clock.now().replace(microsecond=0), _free_index()
    facts, entry_number = gather(code, edition, holder_id, status_index=index, issued_at=now)
    return _keep(actor, facts, holder_id, entry_number, edition, reason)


def issue_statement(actor: Actor) -> Credential:
    """A statement of the actor's whole account as it stands, valid for 90 days. Raises NotIssuable where it is empty."""
    actor.must_be_person()
    accounts.lock_person(actor.id)
    awards = [a for a in list_awards(actor.id) if not a.is_reversed]
    lines = creditbank.statement(actor.id)
    if not lines.total:
        raise NotIssuable(_("还没有学分，没有可以出具的对账单。"))
    now, code = clock.now().replace(microsecond=0), rules.new_code()
    serial = rules.serial_of(code, 1)
    facts = document.Facts(
        serial=serial, code=code, kind="statement", title="学分对账单", **identity_of(actor.id), began_at=None, ended_at=now,
        institution="", issued_at=now, expires_at=now + timedelta(days=rules.STATEMENT_DAYS),
        credits_milli=creditbank.balance(actor.id), hours_milli=creditbank.study_hours_milli(actor.id),
        outcomes=tuple(f"{a.title}（{creditbank.decimal_text(a.credits_milli)} 学分，{a.code}）" for a in awards),
        criteria="列出账户里现有的每一笔学分；每一笔都能用编号单独核验。", level="不分等级",
        assessment="见每一笔", participation="见每一笔",
        quality="按出具时的账本", grade="", stackability="", entry_number=None, status_index=_free_index(),
        subject=subject_of(serial),
        entries=tuple(_entry(line) for line in creditbank.all_lines(actor.id)))
    return _keep(actor, facts, actor.id, None, 1, "")


def _entry(line: creditbank.Line) -> dict:
    """A line of a statement, as the signed file says it."""
    return {"at": document.moment(line.at), "title": line.title or line.reason,
            "class_hours": document.decimal(line.hours_milli), "credits": document.decimal(line.amount),
            "code": line.code or ""}


def _keep(actor: Actor, facts: document.Facts, holder_id: int, entry_number: int | None, edition: int,
          reason: str) -> Credential:
    """Sign it, keep what it is and its file."""
    key, key_id = signing_key()
    base = settings().base_url
    payload = document.credential(facts, base=base, issuer=issuer_name())
    token = signing.sign(key, payload, kid=f"{base}/credentials/keys/{key_id}")
    made = Credential(
        serial=facts.serial, code=facts.code, edition=edition, kind=facts.kind, person_id=holder_id, entry_number=entry_number,
        title=facts.title, status_index=facts.status_index, key_id=key_id, digest=rules.digest_of(token), reason=reason,
        issued_at=facts.issued_at, expires_at=facts.expires_at)
    session.add(made)
    session.flush()
    session.add(CredentialFile(credential_id=made.id, token=token))
    session.flush()
    audit.record(actor, "credentials.credential.issued", f"credential:{facts.serial}",
                 {"digest": made.digest, "reason": reason} if reason else {"digest": made.digest})
    return made


def _free_index() -> int:
    """A place in the newest list, by chance: the order of places tells nothing about who was issued what when."""
    number = count_lists()
    low = (number - 1) * status_list.BITS
    taken = set(session.scalars(select(Credential.status_index).where(Credential.status_index >= low)))
    if len(taken) >= FULL:
        low, taken = low + status_list.BITS, set()
    while (index := low + secrets.randbelow(status_list.BITS)) in taken:
        pass
    return index


# ---- taking back


def revoke(actor: Actor, serial: str, *, reason: str, authority: str) -> None:
    """Revoke a credential while its credit stands (a wrong title, a wrong person). Needs "administer".

    Raises NoSuchCredential, Invalid, NotIssuable where it is revoked already.
    """
    actor.require("administer")
    if not reason.strip() or not authority.strip():
        raise Invalid(_("撤销必须写明原因和依据。"))
    found = rules.read_serial(serial.strip().upper())
    issued = find_issued(*found) if found else None
    if issued is None:
        raise NoSuchCredential(_("没有这个编号的证书。"))
    if session.get(Revocation, issued.credential.id) is not None:
        raise NotIssuable(_("这份证书已经撤销过。"))
    session.add(Revocation(credential_id=issued.credential.id, reason=reason.strip(), authority=authority.strip(), by=actor.ref,
                           revoked_at=clock.now()))
    session.flush()
    audit.record(actor, "credentials.credential.revoked", f"credential:{issued.credential.serial}", {"reason": reason.strip()})


def signed_list(number: int, now: datetime) -> str:
    """The list of that number as a signed token, good for a week. Raises NoSuchCredential."""
    if not 1 <= number <= count_lists():
        raise NoSuchCredential(_("没有这张名单。"))
    bits, replaced = listed(number)
    at = now.replace(microsecond=0)
    key, key_id = signing_key()
    base = settings().base_url
    payload = document.status_list(number, status_list.pack(bits), replaced, base=base, issuer=issuer_name(), at=at,
                                   until=at + LIST_HOLDS)
    return signing.sign(key, payload, kid=f"{base}/credentials/keys/{key_id}")


# ---- whose it is


def checked_typed(typed: str) -> str:
    """A name or four digits, as far as the form tells. Raises Invalid."""
    text = typed.strip()
    if not 1 <= len(text) <= 40:
        why = _("请填写姓名，或证件号码的后四位。")
        raise Invalid(why, fields=[{"field": "typed", "message": why}])
    return text


def matches_holder(code: str, typed: str) -> bool:
    """Is what somebody typed the holder's name, or the last four of their document or number? Told to the holder.

    The name is the one that the credential bears, where there is one. Count the attempt before (accounts.claim_attempt).
    Raises NoSuchRecord, Invalid.
    """
    text = checked_typed(typed)
    holder_id, name = _holder_of(code)
    way = "digits" if len(text) == 4 and text[:3].isascii() and text[:3].isdigit() else "name"
    person = accounts.get_person(holder_id)
    is_match = person.erased_at is None and (
        accounts.ends_with(holder_id, text) if way == "digits" else rules.plain_name(text) == rules.plain_name(name))
    session.add(Look(code=code, person_id=holder_id, way=way, is_match=is_match, looked_at=clock.now()))
    session.flush()
    return is_match


def _holder_of(code: str) -> tuple[int, str]:
    """(who has it, the name on it)."""
    issued = find_issued(code)
    if issued is not None:
        row = issued.credential
        person = accounts.get_person(row.person_id)
        return row.person_id, person.name if person.erased_at else name_in(row)
    seen = creditbank.verify(code)
    earner = accounts.get_person(earner_of(seen.line.number))
    return earner.id, accounts.name_at(earner, seen.line.at)


def payload_of(credential: Credential) -> dict:
    """What a credential says."""
    return signing.parse(file_of(credential)).payload
