"""Two accounts of one person become one, and two again within 30 days.

Every room works out its part first (keepers.py); the plans are what people are shown, what is carried out, and what is kept
for the way back. Nothing that was earned changes hands in place: rooms add rows that say for whom it counts from now on.
(docs/decisions/0010-merging.md)
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from guanxue import audit
from guanxue.accounts import rules
from guanxue.accounts.errors import AccountMerged, CannotMerge, CannotPart, NoSuchMerge
from guanxue.accounts.identity import tell_if_raised
from guanxue.accounts.keepers import Effect, Merging, Plan, list_keepers
from guanxue.accounts.levels import level_of, list_known
from guanxue.accounts.models import Merge, Person, Role, SecondFactor
from guanxue.accounts.namesakes import kinds_for_life
from guanxue.accounts.queries import get_person
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _
from guanxue.policies import SEEN

TIME_TO_PART = timedelta(days=30)
LONGEST_REASON = 200
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_CODE_LENGTH = 12


@dataclass(frozen=True)
class Foreseen:
    """What a merge or a parting does, room by room, before it is done. `digest` is the same as long as nothing changed."""

    plans: dict[str, Plan]

    @property
    def effects(self) -> list[Effect]:
        """Everything, from the bottom room up."""
        return [effect for plan in self.plans.values() for effect in plan.effects]

    @property
    def digest(self) -> str:
        """Of every effect and every step."""
        told = [(room, [(e.what, e.subject, e.amount) for e in p.effects], p.steps) for room, p in self.plans.items()]
        return hashlib.sha256(repr(told).encode()).hexdigest()


# ---- finding


def find_merge(code: str) -> Merge | None:
    """The merge of that code, parted or not."""
    return session.scalar(select(Merge).where(Merge.code == code))


def get_merge(code: str) -> Merge:
    """The merge of that code. Raises NoSuchMerge."""
    merge = find_merge(code)
    if merge is None:
        raise NoSuchMerge(_("没有这次合并。"))
    return merge


def list_merges(person_id: int | None = None) -> list[Merge]:
    """Every merge, or those a person's account took part in, oldest first."""
    query = select(Merge).order_by(Merge.id)
    return list(session.scalars(query if person_id is None else query.where(
        or_(Merge.kept_id == person_id, Merge.merged_id == person_id))))


def merged_into(kept_id: int) -> list[int]:
    """Accounts that stand merged into this one."""
    return list(session.scalars(
        select(Merge.merged_id).where(Merge.kept_id == kept_id, Merge.parted_at.is_(None)).order_by(Merge.merged_id)))


def ever_one_with(person_ids: Iterable[int]) -> set[int]:
    """These accounts, and all that were ever merged with any of them, also where they parted since."""
    found, ahead = set(person_ids), set(person_ids)
    while ahead:
        rows = session.execute(select(Merge.kept_id, Merge.merged_id).where(
            or_(Merge.kept_id.in_(ahead), Merge.merged_id.in_(ahead))))
        ahead = {one for row in rows for one in row} - found
        found |= ahead
    return found


def must_not_be_merged(person: Person) -> None:
    """Raise AccountMerged, which names the masked number to sign in with, where the account was merged into another.

    Ask after the account was proved: it tells that the number is known.
    """
    if person.merged_into_id is not None:
        phone = rules.mask_phone(get_person(person.merged_into_id).phone)
        raise AccountMerged(_("这个账号已经并入 %(phone)s，请用那个手机号登录。", phone=phone))


def part_until(merge: Merge) -> datetime:
    """Until when it can be parted."""
    return merge.merged_at + TIME_TO_PART


# ---- merging


def foresee_merge(actor: Actor, kept_id: int, merged_id: int) -> Foreseen:
    """What merging would do; changes nothing. Raises CannotMerge."""
    _must_be_mergeable(actor, get_person(kept_id), get_person(merged_id))
    return Foreseen({k.room: k.plan_merge(kept_id, merged_id) for k in list_keepers()})


def merge_accounts(actor: Actor, kept_id: int, merged_id: int, *, reason: str, foreseen: str | None = None) -> Merge:
    """Merge one account into another of the same person; all of it or nothing, in the caller's transaction.

    The actor is the person, signed in on the account that stays, whose edge has proved the other one; or an administrator.
    `foreseen` is the digest of what was shown. Raises Forbidden, Invalid without a reason, CannotMerge, also when what it
    would do has changed since.
    """
    reason = _checked_reason(reason)
    kept, merged = _lock(kept_id, merged_id)
    _must_be_mergeable(actor, kept, merged)
    for keeper in list_keepers():
        keeper.lock(kept_id, merged_id)
    plans = foresee_merge(actor, kept_id, merged_id)
    if foreseen is not None and plans.digest != foreseen:
        raise CannotMerge(_("刚才情况有变化，请再看一遍会发生什么。"), code="changed")
    merging = Merging("".join(secrets.choice(_ALPHABET) for _n in range(_CODE_LENGTH)), kept_id, merged_id, reason)
    known = level_of(kept_id)
    document = {k.room: k.merge(actor, merging, plans.plans[k.room]) for k in list_keepers()}
    made = Merge(code=merging.code, kept_id=kept_id, merged_id=merged_id, by=actor.ref, reason=reason, document=document,
                 merged_at=clock.now())
    session.add(made)
    session.flush()
    for one in (kept, merged):
        audit.record(actor, "accounts.person.merged", one.ref, {
            "code": made.code, "kept": kept_id, "merged": merged_id, "reason": reason,
            "effects": [[e.what, e.subject, e.amount] for e in plans.effects]})
    tell_if_raised(kept_id, known)
    return made


def _checked_reason(reason: str) -> str:
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= LONGEST_REASON:
        told = _("请写明原因，最多 %(n)s 个字。", n=LONGEST_REASON)
        raise Invalid(told, fields=[{"field": "reason", "message": told}])
    return reason


def _lock(*person_ids: int) -> list[Person]:
    """These people's rows, locked lowest id first, so that merges that cross wait for each other instead of for ever.

    Not the key itself: rows that refer to a person may still be written meanwhile.
    """
    rows = {p.id: p for p in session.scalars(
        select(Person).where(Person.id.in_(person_ids)).order_by(Person.id).with_for_update(key_share=True)
        .execution_options(populate_existing=True))}
    return [rows.get(i) or get_person(i) for i in person_ids]


def _must_be_mergeable(actor: Actor, kept: Person, merged: Person) -> None:
    may_all = actor.may("administer")
    if not may_all and actor.id != kept.id:
        actor.require("administer")
    if merged.merged_into_id is not None or kept.merged_into_id is not None:
        raise CannotMerge(_("其中一个账号已经并入别的账号了。"), code="merged-already")
    fault = rules.merge_fault(_facts(kept), _facts(merged), by_administrator=may_all)
    if fault:
        raise CannotMerge(_WORDS[fault], code=fault)


def _facts(person: Person) -> rules.Account:
    roles = session.scalar(select(Role.id).where(Role.person_id == person.id).limit(1))
    factor = session.get(SecondFactor, person.id)
    known = list_known(person.id)
    return rules.Account(
        id=person.id, name=person.name, is_demo=person.is_demo, is_leaving=bool(person.erase_after_at or person.erased_at),
        is_disabled=person.disabled_at is not None, is_disputed=person.phone_disputed_at is not None,
        has_identity=bool(known), for_life=kinds_for_life(k.document for k in known),
        is_seen=any(k.level >= SEEN for k in known), has_roles=roles is not None,
        has_second_factor=factor is not None and factor.confirmed_at is not None, has_merged=bool(merged_into(person.id)))


_WORDS = {
    "same-account": _("这就是现在登录的账号，不用合并。"),
    "leaving": _("其中一个账号正在注销，不能合并。"),
    "disabled": _("其中一个账号被停用了，不能合并。"),
    "demo": _("演示账号不能和真实账号合并。"),
    "has-merged": _("那个账号自己已经并入过别的账号。请登录那个账号，把这个并过去。"),
    "two-identities": _("两个账号的证件号是两个人的，不能合并。有一个填错了，先在那个账号里删掉；删不了，带证件找工作人员。"),
    "two-papers": _("两个账号填了不同的证件。都是你的，就带两个证件的原件找工作人员，请管理员合并。"),
    "unseen-papers": _("两个账号填了不同的证件。姓名一样，并且至少有一个证件由工作人员看过，才能合并。"),
    "staff": _("那个账号有工作人员的身份，只能请管理员合并。"),
    "second-factor": _("那个账号开了两步验证。请先登录它关掉，或者请管理员合并。"),
    "disputed": _("那个账号的手机号有争议，只能请管理员合并。"),
}


# ---- parting


def foresee_part(actor: Actor, merge: Merge) -> Foreseen:
    """What parting would do; changes nothing. Raises CannotPart."""
    _must_be_partable(actor, merge)
    merging = Merging(merge.code, merge.kept_id, merge.merged_id, merge.reason)
    plans = {k.room: k.plan_part(merging, merge.document) for k in list_keepers()}
    is_office = actor.may("administer") and actor.id != merge.kept_id
    if not is_office and any(plan.needs_administrator for plan in plans.values()):
        told = _("有学分是凭证件记入的，分开以后和证件不在一个账号上。要分开，请带证件找工作人员，由管理员办理。")
        raise CannotPart(told, code="credits-by-document")
    return Foreseen(plans)


def part_accounts(actor: Actor, code: str, *, reason: str, foreseen: str | None = None) -> Merge:
    """Make two accounts of one again: everything as it was, and what was earned since stays with the account that stayed.

    By the person, signed in on that account, or an administrator. Raises Forbidden, Invalid, NoSuchMerge, CannotPart.
    """
    reason = _checked_reason(reason)
    merge = get_merge(code)
    _lock(merge.kept_id, merge.merged_id)
    session.refresh(merge)
    for keeper in list_keepers():
        keeper.lock(merge.kept_id, merge.merged_id)
    plans = foresee_part(actor, merge)
    if foreseen is not None and plans.digest != foreseen:
        raise CannotPart(_("刚才情况有变化，请再看一遍会发生什么。"), code="changed")
    merging = Merging(merge.code, merge.kept_id, merge.merged_id, reason)
    get_person(merge.merged_id).merged_into_id = None
    for keeper in reversed(list_keepers()):
        keeper.part(actor, merging, plans.plans[keeper.room])
    merge.parted_at = clock.now()
    session.flush()
    for one in (merge.kept_id, merge.merged_id):
        audit.record(actor, "accounts.person.parted", f"person:{one}", {
            "code": merge.code, "kept": merge.kept_id, "merged": merge.merged_id, "reason": reason,
            "effects": [[e.what, e.subject, e.amount] for e in plans.effects]})
    return merge


def _must_be_partable(actor: Actor, merge: Merge) -> None:
    if actor.id != merge.kept_id:
        actor.require("administer")
    if merge.parted_at is not None:
        raise CannotPart(_("这两个账号已经分开了。"), code="parted-already")
    if clock.now() > part_until(merge):
        raise CannotPart(_("合并超过 30 天了，不能再分开。"), code="too-late")
    newer = session.scalar(select(Merge.id).where(
        Merge.kept_id == merge.kept_id, Merge.id > merge.id, Merge.parted_at.is_(None)).limit(1))
    if newer is not None:
        raise CannotPart(_("后来又并入过别的账号，请先把那个分开。"), code="newer-first")
    kept, merged = get_person(merge.kept_id), get_person(merge.merged_id)
    if kept.erase_after_at or kept.erased_at or merged.erased_at:
        raise CannotPart(_("账号正在注销或已经注销，不能再分开。"), code="leaving")
