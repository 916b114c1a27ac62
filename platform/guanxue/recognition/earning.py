"""Recognised certificates as a source of credit: each as an outcome, and the same derived again from what was written down.

What the ledger keeps of one is Chinese, whoever approved it in whatever language.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, time

from sqlalchemy import select

from guanxue import accounts, creditbank, standards
from guanxue.core import clock
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.core.i18n import marked as N_  # noqa: N812 gettext's own name for it
from guanxue.creditbank import Derived, Outcome, Source
from guanxue.recognition import queries, rules
from guanxue.recognition.models import Filing, Step
from guanxue.recognition.queries import File, open_filing

CERTIFICATE, COMPETITION = "certificate", "competition"
CATEGORY, PROVIDER = "skills-upgrading", "city"
_REASONS = {CERTIFICATE: N_("技能证书转换学分"), COMPETITION: N_("技能竞赛成绩转换学分")}
_KINDS = {rules.SKILL: "职业技能等级证书", rules.QUALIFICATION: "职业资格证书", rules.ABILITY: "专项职业能力证书"}
_LEVELS = {5: "五级/初级工", 4: "四级/中级工", 3: "三级/高级工", 2: "二级/技师", 1: "一级/高级技师", rules.SPECIAL: "特级技师"}
_SCOPES = {"city": "市级", "province": "省级", "national": "国家级"}
_RANKS = {1: "一等奖", 2: "二等奖", 3: "三等奖"}


def source_of(filing: Filing) -> str:
    """Which of the two sources it belongs to."""
    return COMPETITION if filing.kind == rules.CONTEST else CERTIFICATE


def framework_level(filing: Filing) -> int | None:
    """How high it stands, rising: a specific ability 1, 五级 2 … 一级 6, 特级技师 7. None of a competition."""
    if filing.kind == rules.CONTEST:
        return None
    return 1 if filing.kind == rules.ABILITY else 7 - (filing.level or 0)


def outcome_of(filing: Filing) -> Outcome:
    """What a certificate asks for: approved, for the account of then; before, for the one that its person signs in with."""
    file, source, table = open_filing(filing), source_of(filing), queries.conversion_of(filing)
    day = datetime.combine(filing.issued_on, time(), clock.CITY).astimezone(UTC)
    return Outcome(
        source, filing.code, filing.credited_to_id or accounts.all_accounts_of(filing.person_id)[-1], _subject(filing),
        _title(filing),
        queries.worth_milli(filing), 0, category=CATEGORY, provider=PROVIDER, level=framework_level(filing), finished_at=day,
        is_online=False, ref=filing.ref, document={
            "filing": filing.code, "certificate": filing.kind, "issuer": filing.issuer,
            "issued_on": filing.issued_on.isoformat(), "table": table.name, "identity_level": table.table.identity_level,
            "evidence": _evidence(file), "reason": _REASONS[source], **_signed(file)})


def _subject(filing: Filing) -> str:
    """By the trade's slug: its national code may be wrong, and two trades have none."""
    if filing.kind == rules.CONTEST:
        return f"contest:{filing.contest_id}:{filing.issued_on.year}"
    return f"occupation:{session.get(standards.Occupation, filing.occupation_id).slug}"


def _title(filing: Filing) -> str:
    if filing.kind == rules.CONTEST:
        contest = queries.contest_of(filing)
        name = rules.with_year(contest.name if contest else filing.contest, filing.issued_on.year)
        return f"{name} {_SCOPES[filing.scope]}{_RANKS[filing.rank]}"
    name = session.get(standards.Occupation, filing.occupation_id).name
    level = "" if filing.level is None else f" {_LEVELS[filing.level]}"
    return f"{name}{level}（{_KINDS[filing.kind]}）"


def _approval(file: File) -> tuple[Step, Step] | None:
    """(look-up, approval) that it was recognised by; None of what never was."""
    approved = next((s for s in file.steps if s.step == "approved"), None)
    lookup = next((s for s in file.steps if approved and s.id == approved.detail["lookup"]), None)
    return (lookup, approved) if approved and lookup else None


def _signed(file: File) -> dict:
    """Who looked it up and who approved it, where the approval is there."""
    found = _approval(file)
    return {"checked_by": found[0].by, "approved_by": found[1].by} if found else {}


def _evidence(file: File) -> str:
    """A digest of everything that was filed, looked up and decided; what an erased person takes along is not in it."""
    filing, found = file.filing, _approval(file)
    told = [filing.code, filing.person_id, filing.kind, filing.number_masked, filing.occupation_id, filing.level,
            filing.contest, filing.scope, filing.rank, filing.team_size, filing.issuer, filing.issued_on.isoformat(),
            filing.conversion_id, filing.filed_by,
            [s.detail.get("proofs", []) for s in file.steps if s.step == "filed"],
            [[s.id, s.by, s.source, s.found, s.reference, str(s.looked_on or "")] for s in found or ()]]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


# ---- as the credit bank asks


def _listed(source: str, person_id: int | None) -> list[Outcome]:
    query = select(Filing).where(Filing.credited_to_id.is_not(None), (Filing.kind == rules.CONTEST) == (source == COMPETITION))
    if person_id is not None:
        query = query.where(Filing.credited_to_id == person_id)
    approved = select(Step.id).where(Step.filing_id == Filing.id, Step.step == "approved").limit(1).scalar_subquery()
    return [outcome_of(one) for one in session.scalars(query.order_by(approved))]


def _derive(outcome: Outcome) -> Derived:
    """What was written down, judged again: the table, the look-up, four eyes."""
    filing = queries.find_filing(outcome.key)
    found, faults = _approval(open_filing(filing)), []
    if found is None:
        return Derived(0, 0, 0, (_("没有认定这张证书的记录。"),))
    lookup, approved = found
    if lookup.found != rules.MATCH:
        faults.append(_("核查没有对上，却认定了。"))
    if len({filing.filed_by, lookup.by, approved.by}) < 3 or f"person:{filing.person_id}" in (lookup.by, approved.by):
        faults.append(_("交证书、核查、决定的不是三个人。"))
    held = queries.current_conversion(clock.city_day(filing.filed_at))
    if held.version < queries.conversion_of(filing).version:
        faults.append(_("交证书那天用的不是这一版转换表。"))
    return Derived(0, 0, queries.worth_milli(filing), tuple(faults))


def _why_not(outcome: Outcome) -> str:
    """What was taken back, also where it had earned nothing, earns nothing again."""
    return "taken-back" if queries.find_filing(outcome.key).state == rules.TAKEN_BACK else ""


SOURCES = tuple(
    Source(name, kind=name, mint="mint:recognition", list_outcomes=lambda person_id, name=name: _listed(name, person_id),
           derive=_derive, why_not=_why_not)
    for name in (CERTIFICATE, COMPETITION))


# ---- its credit


def decision_of(filing: Filing) -> creditbank.Decision:
    """What it was given, or would be now, and why. Posts nothing."""
    return creditbank.preview(outcome_of(filing))


def award_code(filing: Filing) -> str:
    """The code of its credit record; "" where it has none."""
    return decision_of(filing).code or ""


def is_reversed(filing: Filing) -> bool:
    """Was its credit taken back, and not given back since?"""
    award = creditbank.root_award(source_of(filing), filing.code)
    return award is not None and not creditbank.stands(award)


def filing_of_award(code: str) -> Filing | None:
    """The certificate whose credit record has that code, also one that an appeal restored."""
    award = creditbank.find_award(code)
    source, key = creditbank.root_of(award) if award is not None else ("", "")
    return queries.find_filing(key) if source in (CERTIFICATE, COMPETITION) else None
