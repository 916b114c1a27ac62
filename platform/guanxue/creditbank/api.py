"""Credits over the API."""

from __future__ import annotations

from flask import request
from pydantic import BaseModel, Field

from guanxue import creditbank
from guanxue.core.i18n import lazy as _
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.api import operation
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.throttle import Throttle

# One phone that checks a stack of certificates is welcome; a program that tries codes is not.
_checks = Throttle(per_second=2, burst=30)


def check_throttle() -> None:
    """Slow down whoever asks for code after code."""
    _checks.check(request.remote_addr)


class CreditLine(BaseModel):
    """A line of the account. What goes off it has a negative amount and negative class hours."""

    id: str = Field(description="number of the ledger's entry")
    at: str
    kind: str
    amount: float
    title: str
    source: str
    category: str | None
    course: str | None = Field(description="of a course, its slug")
    training_class: str | None = Field(alias="class", description="of a class that was attended, its code")
    reason: str
    authority: str | None
    verify_code: str | None
    about_code: str | None = Field(description="code of the credit that this line gives, moves, ends or takes back")
    policy: str | None
    class_hours: float
    reversed: bool
    valid_until: str | None
    explained: list[str]


class RefusedCredit(BaseModel):
    """A credit of a merged account that does not count again."""

    course: str | None
    title: str
    amount: float
    verify_code: str
    rule: str
    reason: str


class UncreditedOutcome(BaseModel):
    """What was finished and earned nothing, and why."""

    title: str
    amount: float
    rule: str
    explained: list[str]


class WaitingCredit(BaseModel):
    """What waits until it is known who earned it."""

    title: str
    amount: float
    what: str = Field(alias="for")
    needed: int


class MyCredits(BaseModel):
    """A person's account."""

    balance: float
    study_hours: float
    items: list[CreditLine]
    refused: list[RefusedCredit]
    uncredited: list[UncreditedOutcome]
    waiting: list[WaitingCredit]
    total: int
    page: int
    per_page: int


@operation("GET", "/me/credits", summary=_("我的学分"), query={"page": _("页码")}, answers=MyCredits)
def my_credits():
    """Balance, class hours, and the statement."""
    person_id, page = current_actor().id, request.args.get("page", "1")
    found = creditbank.statement(person_id, max(1, int(page)) if is_row_id(page) else 1)
    return {
        "balance": creditbank.balance(person_id) / 1000, "study_hours": creditbank.study_hours_milli(person_id) / 1000,
        "items": [{
            "id": str(x.number), "at": x.at.isoformat(), "kind": x.kind, "amount": x.amount / 1000, "title": x.title,
            "source": x.source, "category": x.category or None, "course": x.course, "class": x.training_class,
            "reason": x.reason, "authority": x.authority or None, "verify_code": x.code, "about_code": x.about or None,
            "policy": x.policy, "class_hours": x.hours_milli / 1000, "reversed": x.is_reversed,
            "valid_until": x.valid_until or None, "explained": [str(s) for s in x.sentences],
        } for x in found.items],
        "refused": [{"course": x.course or None, "title": x.title,
                     "amount": x.amount / 1000, "verify_code": x.code, "rule": x.rule, "reason": x.reason}
                    for x in creditbank.list_refused(person_id)],
        "uncredited": [{"title": d.outcome.title, "amount": d.outcome.asked_milli / 1000, "rule": d.rule,
                        "explained": [str(s) for s in d.sentences]} for d in creditbank.list_uncredited(person_id)],
        "waiting": [{"title": x.title, "amount": x.amount / 1000, "for": "identity", "needed": x.needed}
                    for x in creditbank.list_waiting(person_id)],
        "total": found.total, "page": found.page, "per_page": found.per_page,
    }


@operation("GET", "/verify/<code>", summary=_("核验一份记录"), signed_in=False)
def verify(code: str):
    """Is it real? With the proof that anybody can check offline."""
    check_throttle()
    found = creditbank.verify(code)
    return {
        "valid": found.is_valid, "kind": found.line.kind, "holder_masked": found.holder_masked, "course": found.line.title,
        "credits": found.line.amount / 1000, "class_hours": found.line.class_hours_milli / 1000,
        "issued_at": found.line.at.isoformat(), "revoked": found.is_revoked,
        "merged_into": found.merged_into or None, "counted": found.is_counted, "proof": found.proof,
    }
