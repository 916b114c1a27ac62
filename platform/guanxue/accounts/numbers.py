"""A number is not a person: what a code to a number opens, second proofs, numbers that are changed or change hands."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from guanxue import audit
from guanxue.accounts import attempts, codes, rules
from guanxue.accounts.errors import PhoneTaken, WrongProof
from guanxue.accounts.identity import find_identity
from guanxue.accounts.models import Person, Session
from guanxue.accounts.queries import capabilities_of, find_person_by_phone, get_person
from guanxue.accounts.second_factor import factor_key, has_second_factor, show_second_factor
from guanxue.accounts.service import change_password, checked_phone, end_all_sessions, prove
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Conflict
from guanxue.core.i18n import lazy as _
from guanxue.core.sealing import CannotOpen, unseal

LAST_CHARACTERS = 6  # of a stated number, typed as a second proof
IDENTITY_TRIES_A_DAY = 10


@dataclass(frozen=True)
class Standing:
    """What stands between a code to an account's number and the account.

    `to_sign_in` and `to_reset` name the second proofs of which one is needed (password, identity, factor); empty where the
    code alone does; `to_reset` is None where only an officer can help. `may_be_released`: somebody else who proves the
    number may take it over; where not, an officer decides. `is_trusted`: sees other people's ID numbers.
    """

    person_id: int
    masked_name: str
    seen_at: datetime
    is_quiet: bool
    to_sign_in: tuple[str, ...]
    to_reset: tuple[str, ...] | None
    may_be_released: bool
    is_trusted: bool

    @property
    def must_be_asked(self) -> bool:
        """Has its owner to say that it is theirs, before a code opens it?"""
        return self.is_quiet or bool(self.to_sign_in)


def standing_of(person: Person) -> Standing:
    """How the account stands at this moment."""
    capabilities = capabilities_of(person.id)
    facts = {
        "has_identity": find_identity(person.id) is not None, "has_factor": has_second_factor(person.id),
        "is_quiet": rules.is_quiet(person.seen_at, person.created_at, clock.now()),
        "is_disputed": person.phone_disputed_at is not None, "is_trusted": bool(capabilities & rules.TRUSTED),
    }
    is_staff = bool(capabilities) or facts["has_factor"]
    return Standing(person.id, rules.mask_name(person.name), person.seen_at or person.created_at, facts["is_quiet"],
                    rules.proofs_for_signing_in(**facts), rules.proofs_for_new_password(**facts),
                    facts["is_quiet"] and not is_staff and not person.is_demo, facts["is_trusted"])


def proof_key(kind: str, person_id: int) -> str:
    """Under which name guesses at the person's second proof of that kind are counted."""
    return factor_key(person_id) if kind == "factor" else f"{kind}:{person_id}"


def show_second_proof(actor: Actor, person: Person, kind: str, typed: str, address: str) -> None:
    """The second proof, of one kind. Raises WrongProof, WrongCode, WrongCredentials, TooMany.

    For "identity" and "factor" call attempts.claim_attempt() first, in a transaction of its own.
    """
    if kind == "password":
        prove(person.phone or "", typed, address)
    elif kind == "factor":
        show_second_factor(actor, person.id, typed)
    else:
        _show_identity(person.id, typed)


def _show_identity(person_id: int, typed: str) -> None:
    row = find_identity(person_id)
    try:
        number = unseal(row.kind, f"person:{person_id}", row.number_sealed) if row else ""
    except CannotOpen:
        number = ""
    given = rules.normal_citizen_id(typed)[-LAST_CHARACTERS:]
    if not number or not hmac.compare_digest(number[-LAST_CHARACTERS:].encode(), given.encode()):
        raise WrongProof(_("和登记的证件号对不上。"),
                         fields=[{"field": "proof", "message": _("请输入登记的证件号的最后 6 位。")}])
    attempts.forgive(proof_key("identity", person_id))


def arrive_by_code(person: Person) -> None:
    """Somebody came in by a code to their number, with a second proof where one was needed: the number is theirs."""
    row = get_person(person.id)
    row.phone_proved_at, row.phone_disputed_at = clock.now(), None


def reset_by_code(actor: Actor, person: Person, password_hash: str) -> None:
    """A forgotten password is set anew after the proofs: every session ends, the number gets a notice."""
    change_password(actor, person, password_hash, keep_session_id=None)
    arrive_by_code(person)
    codes.notify(person.phone, "password-changed")


def change_phone(actor: Actor, person: Person, phone: str, *, is_proved: bool, reason: str = "") -> None:
    """The person's number from now on; sessions elsewhere end and the old number gets a notice. Raises PhoneTaken, Conflict.

    The actor is the person, after their proofs, or an administrator who was shown who they are.
    """
    if actor.id != person.id:
        actor.require("administer")
    phone, row = checked_phone(phone), get_person(person.id)
    if row.erased_at is not None or row.merged_into_id is not None:
        raise Conflict(_("这个账号已经注销或并入别的账号，不能再有号码。"))
    holder = find_person_by_phone(phone)
    if holder is not None and holder.id != row.id:
        raise PhoneTaken(_("这个号码已经是另一个账号的登录号。"))
    old, row.phone = row.phone, phone
    row.phone_proved_at, row.phone_disputed_at = clock.now() if is_proved else None, None
    session.flush()
    end_all_sessions(row.id, keep_session_id=actor.session_id if actor.id == row.id else None)
    audit.record(actor, "accounts.phone.changed", row.ref,
                 {"old": rules.mask_phone(old), "new": rules.mask_phone(phone), **({"reason": reason} if reason else {})})
    if old != phone:
        codes.notify(old, "number-changed", {"phone": rules.mask_phone(phone)})


def give_up_number(actor: Actor, person: Person) -> bool:
    """Somebody proved the number by a code and says the account behind it is not theirs.

    True: the account was quiet and has lost the number; its records stay and it is found again by its stated ID or by an
    officer. False: an officer has to decide; until then a code to the number alone does not open the account.
    """
    row = get_person(person.id)
    if standing_of(row).may_be_released:
        release_phone(actor, row)
        return True
    if row.phone_disputed_at is not None:
        return False
    row.phone_disputed_at = clock.now()
    audit.record(actor, "accounts.phone.disputed", row.ref, {"phone": rules.mask_phone(row.phone)})
    return False


def release_phone(actor: Actor, person: Person, *, reason: str = "") -> None:
    """The account loses its number; sessions end, records stay. Raises Conflict where it has none."""
    if person.phone is None:
        raise Conflict(_("这个账号已经没有号码了。"))
    old, person.phone, person.phone_proved_at, person.phone_disputed_at = person.phone, None, None, None
    session.flush()
    end_all_sessions(person.id, keep_session_id=None)
    audit.record(actor, "accounts.phone.released", person.ref,
                 {"phone": rules.mask_phone(old), **({"reason": reason} if reason else {})})


def unlock(actor: Actor, person: Person) -> None:
    """An administrator lets somebody try again at once who guessed wrong too often."""
    actor.require("administer")
    for key in (f"phone:{person.phone}", proof_key("factor", person.id), proof_key("identity", person.id)):
        attempts.forgive(key)
    audit.record(actor, "accounts.person.unlocked", person.ref)


def tell_of_new_device(person: Person, device: str) -> None:
    """A notice to the number when staff signs in on a kind of device they had no session on in the last 90 days."""
    if not capabilities_of(person.id):
        return
    since = clock.now() - rules.QUIET
    known = session.scalars(select(Session.device).where(Session.person_id == person.id, Session.last_seen_at > since)).all()
    if known and rules.device_of(device) not in {rules.device_of(text) for text in known}:
        codes.notify(person.phone, "new-device")
