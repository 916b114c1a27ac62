"""Taking a credit back with everything that follows, in one transaction and told to its person; giving one back on appeal."""

from __future__ import annotations

from collections.abc import Iterable

from guanxue import accounts, audit, cases, ledger
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import wait_for_turn
from guanxue.core.errors import Conflict, Invalid
from guanxue.core.i18n import lazy as _
from guanxue.creditbank import consequences, moving, past, rejudging, rules
from guanxue.creditbank.consequences import Plan
from guanxue.creditbank.errors import NeedsSecond, NotAsShown
from guanxue.creditbank.outcomes import Decision
from guanxue.creditbank.queries import balance
from guanxue.creditbank.service import TURN, credit, preview, settle_person
from guanxue.creditbank.waiting import settle_soon


def take_back(actor: Actor, code: str, *, reason: str, authority: str, deciders: Iterable[str] = (), in_case: bool = False,
              foreseen: str = "") -> Plan:
    """Take a credit back by a contra entry, whatever its source, with everything that follows; what was done.

    Its person gets a case with the letter and the way to appeal, unless a case decided it (`in_case`). `deciders` are those
    who decided beside the actor; two are needed where somebody was rewarded for it. `foreseen` is the digest of the plan that
    was shown. One that followed its person to another account goes back to where it was earned first, and is reversed there.
    Needs "administer". Raises NoSuchEntry, AlreadyReversed, Invalid, NotAsShown, NeedsSecond.
    """
    actor.require("administer")
    wait_for_turn(TURN)
    plan, deciders, reason, authority = consequences.foresee(code), list(deciders), reason.strip(), authority.strip()
    if not reason or not authority:
        raise Invalid(_("冲销必须写明原因和依据。"))
    if foreseen and foreseen != plan.digest:
        raise NotAsShown(_("情况刚刚变了，收回的后果和看到的不一样。请再看一遍。"))
    if plan.is_money and not in_case and len({*deciders, *([actor.ref] if actor.is_person else [])}) < 2:
        raise NeedsSecond(_("这笔学分已经用于发奖励，要有另一个人一起决定。"))
    _do(actor, plan, reason, authority)
    if not in_case:
        _tell(actor, plan, reason, authority, deciders)
    return plan


def _do(actor: Actor, plan: Plan, reason: str, authority: str) -> None:
    for award in plan.awards:
        moving.bring_home(actor, award)
        ledger.reverse(actor, award.entry_number, reason=reason, authority=authority)
    for source, key in plan.again:
        rejudging.add(SYSTEM, source, key, plan.taking.person_id, rejudging.ROOM, reason=reason, authority=authority)
    settle_person(plan.taking.person_id)
    for one in accounts.list_come_back(plan.taking.person_id):  # what a deleted account had may be earned anew
        settle_soon(one)
    consequences.carry_out(plan.taking, reason, authority)
    if balance(plan.taking.person_id) != plan.balance:
        raise RuntimeError("taking back did something else than was foreseen: nothing of it is kept")


def _tell(actor: Actor, plan: Plan, reason: str, authority: str, deciders: list[str]) -> None:
    first = plan.awards[0]
    title = past.document_at(first.entry_number)["title"]
    cases.open_decided(
        actor, kind=cases.TAKE_BACK, subject=f"award:{first.code}",
        claim=str(_("《%(title)s》的学分收回了。", title=title)), text=reason,
        follows=str(_("依据：%(authority)s", authority=authority)), effects=_effects_of(plan),
        person_ids=[plan.taking.person_id], evidence=[f"award:{first.code}"], deciders=deciders)


def _effects_of(plan: Plan) -> list[dict]:
    """What follows as a case names it: each sentence, under the credit that it comes from."""
    ref = f"award:{plan.awards[0].code}"
    return [{"what": "reverse-award" if c.what == "reversed" and c.ref == ref else f"then-{c.what}", "ref": ref,
             "words": c.words} for c in plan.consequences]


# ---- giving back


def foresee_again(source: str, key: str, person_id: int) -> Decision | None:
    """What judging an outcome once more would give now; None where there is nothing to judge."""
    outcome = rejudging.asking_again(source, key, rejudging.current_account(person_id), rejudging.APPEAL)
    return preview(outcome) if outcome is not None else None


def credit_again(actor: Actor, source: str, key: str, person_id: int, *, reason: str, authority: str) -> Decision:
    """Credit an outcome that was refused, or whose credit was taken back: an appeal was upheld. What its rules leave of it.

    Needs "administer". Raises Invalid without reason and authority, Conflict where it cannot be any more.
    """
    actor.require("administer")
    if not reason.strip() or not authority.strip():
        raise Invalid(_("必须写明原因和依据。"))
    wait_for_turn(TURN)
    root = rejudging.root_award(source, key)
    if root is not None and (why := consequences.give_back_why_not(root.code, authority)):
        raise Conflict(why)
    outcome = rejudging.add(actor, source, key, rejudging.current_account(person_id), rejudging.APPEAL, reason=reason.strip(),
                            authority=authority.strip())
    decision = credit(actor, outcome)
    audit.record(actor, "creditbank.credit.again", f"{source}:{key}", {
        "millicredits": decision.given_milli, "rule": decision.rule, "authority": authority.strip()})
    return decision


def told_again(decision: Decision) -> str:
    """The same in a plain sentence, for the case that decided it."""
    title, given = decision.outcome.title, rules.decimal_text(decision.given_milli)
    if decision.given_milli:
        return str(_("《%(title)s》重新记入 %(a)s 学分，有一个新的编号。", title=title, a=given))
    return " ".join([str(_("《%(title)s》重新判过，现在没有余地再记。", title=title)), *(str(s) for s in decision.sentences)])
