"""What officers do: open a certificate with a reason, look it up, approve or refuse it, take a recognition back.

Four eyes, under whichever account: who filed it, who looked it up and who decides are three people, none of them the holder.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from guanxue import accounts, audit, cases, creditbank, jobs
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session
from guanxue.core.errors import Conflict, Forbidden
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import checked_text, invalid_field, plain_text
from guanxue.recognition import earning, queries, rules
from guanxue.recognition.errors import NotNow, NumberUsed
from guanxue.recognition.models import Contest, Filing, Look, Step, Use
from guanxue.recognition.queries import OFFICE, File, open_filing
from guanxue.recognition.service import lock, note, tell

LONGEST_TEXT, LONGEST_REFERENCE = 1000, 120
OLDEST_LOOK = timedelta(days=31)  # what was not written down within a month is looked up again


@dataclass(frozen=True)
class Lookup:
    """Where a certificate was looked up, as typed: `source` of rules.SOURCES, the day, what was found, the place's own number
    for its answer; `contest` is the contest's name as its organiser writes it."""

    source: str = ""
    looked_on: str = ""
    found: str = ""
    reference: str = ""
    text: str = ""
    contest: str = ""


# ---- opening it


def open_whole(actor: Actor, file: File, reason: str) -> None:
    """From now on the officer sees the number and the pictures for half an hour. Why is kept, and its owner reads it.

    Raises Invalid, Forbidden.
    """
    must_be_office(actor)
    if reason not in rules.LOOKS:
        raise invalid_field("reason", _("请选原因。"))
    session.add(Look(filing_id=file.filing.id, reason=reason, by=actor.ref, at=clock.now()))
    session.flush()
    audit.record(actor, "recognition.certificate.opened", file.filing.ref, {"reason": reason})


def must_be_office(actor: Actor) -> None:
    """Raise unless the actor is a credit officer who has shown a second factor."""
    actor.require(OFFICE)
    actor.require_proved()


# ---- the first pair of eyes


def part_in(actor: Actor, file: File) -> rules.Part:
    """Which parts the actor has in it."""
    def is_one(ref: str) -> bool:
        return bool(ref) and accounts.is_same_person(actor, [ref])

    earlier = file.steps[:len(file.steps) - len(file.round_)]
    return rules.Part(
        is_holder=is_one(f"person:{file.filing.person_id}"), is_filer=is_one(file.filing.filed_by),
        is_checker=any(is_one(s.by) for s in file.round_ if s.step == "looked-up"),
        has_refused=any(is_one(s.by) for s in earlier if s.step == "refused"))


def look_up(actor: Actor, file: File, told: Lookup) -> Step:
    """Where it was looked up, when, and what was found. Again before the decision adds another.

    Raises Invalid, Forbidden, NotNow.
    """
    must_be_office(actor)
    if (why := rules.why_not_checker(part_in(actor, file))) is not None:
        raise Forbidden(why)
    filing = lock(file.filing)
    if filing.state not in (rules.WAITING, rules.CHECKED):
        raise NotNow(_("已经有决定了。"))
    return write_lookup(actor, filing, told)


def write_lookup(actor: Actor, filing: Filing, told: Lookup) -> Step:
    """The same of a certificate that is locked and may be looked up by the actor. Raises Invalid."""
    looked_on = _looked_on(told.looked_on)
    if told.source not in rules.SOURCES:
        raise invalid_field("source", _("请选在哪里查的。"))
    if told.found not in rules.FOUND:
        raise invalid_field("found", _("请选查到了什么。"))
    # "Other" says nothing by itself; what differs has to be told to the person.
    must_say = told.source == "other" or told.found == rules.DIFFERS
    text = checked_text("text", told.text, LONGEST_TEXT, may_be_empty=not must_say)
    reference = " ".join(plain_text(told.reference).split())[:LONGEST_REFERENCE]
    if told.found == rules.MATCH and told.source not in ("original", "issuer") and not reference:
        raise invalid_field("reference", _("请写查询编号，或网页、名单上的位置，别人能照着再查一遍。"))
    if filing.kind == rules.CONTEST and told.found == rules.MATCH:
        filing.contest_id = _contest(actor, told.contest).id
    filing.state = rules.CHECKED
    made = note(actor, filing, "looked-up", source=told.source, looked_on=looked_on, found=told.found, reference=reference,
                text=text)
    audit.record(actor, "recognition.certificate.looked_up", filing.ref, {"source": told.source, "found": told.found})
    tell(filing)
    return made


def _looked_on(text: str) -> date:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise invalid_field("looked_on", _("请写哪一天查的。")) from None
    if day > clock.today():
        raise invalid_field("looked_on", _("这一天还没有到。"))
    if day < clock.today() - OLDEST_LOOK:
        raise invalid_field("looked_on", _("超过一个月了，请再查一次。"))
    return day


def _contest(actor: Actor, name: str) -> Contest:
    """The contest of that name, however its blanks, year and "n-th" are written; a new one where there is none."""
    name = checked_text("contest", " ".join(name.split()), 80)
    key = rules.contest_key(name)
    if not key:
        raise invalid_field("contest", _("请写竞赛的正式名称。"))
    there = session.scalar(select(Contest).where(Contest.key == key))
    if there is not None:
        return there
    made = Contest(key=key, name=name, added_by=actor.ref, added_at=clock.now())
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:  # another checker named it at this moment
        return session.scalar(select(Contest).where(Contest.key == key))
    return made


# ---- the second pair of eyes


def why_not_decider(actor: Actor, file: File) -> object | None:
    """Why the actor does not approve or refuse it: a sentence, or None."""
    return rules.why_not_decider(part_in(actor, file))


def why_not_yet(file: File) -> object | None:
    """What still stands against an approval, whoever decides: a sentence, or None."""
    filing, lookup = file.filing, file.lookup
    if lookup is None or lookup.found != rules.MATCH:
        return _("没有查到对得上的记录，不能认定。")
    if queries.list_rivals(filing):
        return _("另一个人也交了这个编号。查明是谁的以前，不能认定。")
    if lacks_identity(filing):
        return _("还没有人看过本人的证件，不知道证书是不是他的。请本人先确认身份。")
    return None


def lacks_identity(filing: Filing) -> bool:
    """Is the holder not known as well as the table asks for?"""
    return accounts.level_of(filing.person_id) < queries.conversion_of(filing).table.identity_level


def approve(actor: Actor, file: File) -> creditbank.Decision:
    """Recognise it: the credit bank gives what its rules leave of the table's worth, once. What it answered.

    Raises Forbidden, NotNow, Conflict, NumberUsed.
    """
    filing = _must_decide(actor, file)
    if (why := why_not_yet(open_filing(filing))) is not None:
        raise Conflict(why)
    _use(filing)
    filing.state, filing.credited_to_id = rules.APPROVED, accounts.all_accounts_of(filing.person_id)[-1]
    note(actor, filing, "approved", detail={"lookup": open_filing(filing).lookup.id})
    decision = creditbank.credit(actor, earning.outcome_of(filing))
    audit.record(actor, "recognition.certificate.approved", filing.ref, {
        "millicredits": decision.given_milli, "rule": decision.rule, "entry": decision.entry_number or 0})
    tell(filing)
    return decision


def _must_decide(actor: Actor, file: File) -> Filing:
    must_be_office(actor)
    filing = lock(file.filing)
    # What was read before the lock may be old: somebody may have looked it up, or decided, meanwhile.
    if (why := why_not_decider(actor, open_filing(filing))) is not None:
        raise Forbidden(why)
    if filing.state != rules.CHECKED:
        raise NotNow(_("已经有决定了。") if filing.state != rules.WAITING else _("先要有人核查，才能决定。"))
    return filing


def _use(filing: Filing) -> None:
    """The number works once in the city, a result without number once for its person."""
    try:
        with session.begin_nested():
            session.add(Use(filing_id=filing.id, key=_use_key(filing)))
    except IntegrityError:
        raise NumberUsed(_("这个编号已经换过学分了。")) from None


def _use_key(filing: Filing) -> str:
    if filing.number_hash:
        return f"number:{filing.number_hash}"
    return (f"result:{filing.contest_id}:{filing.issued_on.year}:{filing.scope}:{filing.rank}:"
            f"{accounts.all_accounts_of(filing.person_id)[-1]}")


def refuse(actor: Actor, file: File, reason: str, text: str) -> Step:
    """It is not recognised: why (of rules.REASONS), with words for the person, who may appeal. Raises Invalid, Forbidden,
    NotNow.
    """
    if reason not in rules.REASONS:
        raise invalid_field("reason", _("请选原因。"))
    text = checked_text("text", text, LONGEST_TEXT)
    filing = _must_decide(actor, file)
    filing.state = rules.REFUSED
    made = note(actor, filing, "refused", text=text, detail={"reason": reason, "lookup": open_filing(filing).lookup.id})
    audit.record(actor, "recognition.certificate.refused", filing.ref, {"reason": reason})
    tell(filing)
    return made


# ---- taking a recognition back: two officers, too


def ask_take_back(actor: Actor, file: File, text: str, authority: str) -> Step:
    """A recognition was wrong: why, and on whose authority (a letter's number, a case). Another officer carries it out.

    Raises Invalid, Forbidden, NotNow.
    """
    must_be_office(actor)
    _must_not_hold(actor, file.filing)
    text = checked_text("text", text, LONGEST_TEXT)
    authority = checked_text("authority", authority, LONGEST_REFERENCE)
    filing = lock(file.filing)
    if filing.state != rules.APPROVED or open_filing(filing).take_back is not None:
        raise NotNow(_("现在没有可以收回的认定，或者已经有人提出收回。"))
    made = note(actor, filing, "take-back-asked", text=text, reference=authority)
    audit.record(actor, "recognition.take_back.asked", filing.ref)
    return made


def _must_not_hold(actor: Actor, filing: Filing) -> None:
    if accounts.is_same_person(actor, [f"person:{filing.person_id}"]):
        raise Forbidden(_("这是你自己的证书，要由别人决定。"))


def answer_take_back(actor: Actor, file: File, *, agrees: bool) -> Step:
    """Another officer takes it back by a contra entry, or lets it stand. Raises Forbidden, NotNow."""
    must_be_office(actor)
    _must_not_hold(actor, file.filing)
    filing = lock(file.filing)
    asked = open_filing(filing).take_back
    if asked is None:
        raise NotNow(_("现在没有可以收回的认定，或者已经有人提出收回。"))
    if accounts.is_same_person(actor, [asked.by]):
        raise Forbidden(_("收回是你提出的，要由另一个人决定。"))
    if not agrees:
        made = note(actor, filing, "take-back-dropped")
        audit.record(actor, "recognition.take_back.dropped", filing.ref)
        return made
    made, code = mark_taken_back(actor, filing, asked.text, asked.reference), earning.award_code(filing)
    if code and not earning.is_reversed(filing):  # by the site, in the name of both
        creditbank.take_back(SYSTEM, code, reason=asked.text, authority=f"{asked.reference} {asked.by} {actor.ref}",
                             deciders=[asked.by, actor.ref])
    return made


def mark_taken_back(actor: Actor, filing: Filing, text: str, authority: str) -> Step:
    """Its credit was taken back: the number is free for whose it is, and its holder is told."""
    filing.state = rules.TAKEN_BACK
    use = session.get(Use, filing.id)
    if use is not None:
        session.delete(use)
    made = note(actor, filing, "taken-back", text=text, reference=authority)
    audit.record(actor, "recognition.certificate.taken_back", filing.ref)
    tell(filing)
    return made


# ---- what rests on its credit


def foresee_taking(taking: creditbank.Taking) -> list[creditbank.Consequence]:
    """The recognitions that go with these credits."""
    return [creditbank.Consequence("recognition", filing.ref, str(_(
        "证书“%(title)s”的认定一起收回，编号以后可以重新交。", title=queries.title_of(filing))))
        for filing in _filings_of(taking)]


def _filings_of(taking: creditbank.Taking) -> list[Filing]:
    found = (earning.filing_of_award(code) for code in taking.codes)
    return list({filing.id: filing for filing in found if filing is not None}.values())


def take_along(taking: creditbank.Taking, reason: str, authority: str) -> None:
    """Their credit was taken back: so is the recognition; again is the same."""
    for filing in _filings_of(taking):
        if lock(filing).state == rules.APPROVED and earning.is_reversed(filing):
            mark_taken_back(SYSTEM, filing, reason, authority)


def give_back(code: str, authority: str) -> object:
    """An appeal restores its credit: the recognition stands again and its number is used; "" or why that cannot be."""
    filing = earning.filing_of_award(code)
    if filing is None or lock(filing).state != rules.TAKEN_BACK:
        return ""
    other = session.scalar(select(Use).where(Use.key == _use_key(filing)))
    if other is not None:
        is_own = session.get(Filing, other.filing_id).person_id in accounts.all_accounts_of(filing.person_id)
        return "" if is_own else _("这个编号后来换给了另一个人，先要查明是谁的。")
    _use(filing)
    filing.state = rules.APPROVED
    note(SYSTEM, filing, "restored", reference=authority)
    audit.record(SYSTEM, "recognition.certificate.restored", filing.ref)
    tell(filing)
    return ""


REST = creditbank.Rest("recognition", foresee_taking, take_along, give_back)


# ---- what a case decided


def settle_case(event: cases.CaseClosed) -> None:
    """A case is over: a refusal that was appealed against with success is opened again; credit that was taken back there
    is taken back here. Safe to repeat.
    """
    settle_closed(event.case_id)


def settle_case_later(event: cases.CaseClosed) -> None:
    """What failed is left to a job, which tries until it is done."""
    jobs.enqueue("recognition.settle_case", {"case_id": event.case_id}, key=str(event.case_id), priority=10)


def settle_closed(case_id: int) -> None:
    """The same by the case's row id."""
    case = session.get(cases.Case, case_id)
    found = cases.dossier(case)
    refs = {case.subject, *(x.ref for x in found.exhibits)}
    for code in sorted(ref.removeprefix("filing:") for ref in refs if ref.startswith("filing:")):
        filing = queries.find_filing(code)
        if filing is not None and case.kind in cases.OWN_KINDS:
            _reopen(filing, found)
    for effect in found.final.detail["effects"] if found.final else ():
        filing = earning.filing_of_award(effect["ref"].removeprefix("award:"))
        if filing is not None and lock(filing).state == rules.APPROVED and earning.is_reversed(filing):
            mark_taken_back(SYSTEM, filing, found.final.text, f"case:{case.code}")


def _reopen(filing: Filing, found: cases.Dossier) -> None:
    if found.final is None or found.final.detail["result"] == "refused" or lock(filing).state != rules.REFUSED:
        return
    filing.state = rules.WAITING
    note(SYSTEM, filing, "reopened", text=found.final.text, reference=f"case:{found.case.code}")
    audit.record(SYSTEM, "recognition.certificate.reopened", filing.ref, {"case": found.case.code})
    tell(filing)
