"""Opening, answering, deciding, appealing and closing a case. Nothing follows from a case without a person who decided it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, time, timedelta

from sqlalchemy.exc import IntegrityError

from guanxue import accounts, audit, jobs
from guanxue.cases import openers, queries, rules, workdays
from guanxue.cases.errors import NotNow
from guanxue.cases.events import CaseClosed, CaseDecided, CaseOpened
from guanxue.cases.models import Case, Exhibit, Party, Step
from guanxue.cases.queries import Dossier, dossier
from guanxue.core import clock, events
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session
from guanxue.core.errors import Forbidden, TooMany
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import checked_text, invalid_field, plain_text

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
JOB = "cases.close"


# ---- opening


def open_case(actor: Actor, *, kind: str, subject: str, claim: str, evidence: Iterable[str | tuple[str, str]] = (),
              person_ids: Iterable[int] = (), key: str | None = None) -> Case:
    """A new case about `subject` ("person:17"), with its evidence: references, or (reference, note).

    People open corrections and appeals about themselves alone; everything else is opened by the system or by who may inspect.
    With a `key` that has a case already, or a correction of the same thing that is not decided, that one is given and words
    and evidence are added to it; about oneself as such each is a case of its own. Raises Invalid, Forbidden, TooMany.
    """
    if kind not in rules.KINDS:
        raise invalid_field("kind", _("没有这一类。"))
    people = sorted(set(person_ids))
    _must_open(actor, kind, people)
    claim = checked_text("claim", claim, rules.LONGEST)
    is_own = actor.is_person and kind in rules.OWN_KINDS and people == [actor.id]
    is_same = is_own and not subject.startswith("person:")  # "my name is wrong" and "an hour is missing" are two things
    if key and actor.is_person:  # what somebody says is never dropped into what is decided
        key = queries.key_of_waiting(key)
    there = queries.find_by_key(key) if key else queries.find_waiting(kind, subject, actor.id) if is_same else None
    if there is not None:
        return _go_on(actor, there, claim, evidence, is_own=is_own)
    return _open(actor, Case(kind=kind, subject=subject, claim=claim, key=key), people, evidence)


def _must_open(actor: Actor, kind: str, people: list[int]) -> None:
    if not people:
        raise invalid_field("person", _("要写明和谁有关。"))
    if kind in rules.OWN_KINDS and actor.is_person and people == [actor.id]:
        if queries.count_opened_since(actor, clock.now() - timedelta(days=1)) >= rules.OWN_A_DAY:
            raise TooMany(_("今天提得很多了，请等处理，或在原来的那件事里补充。"), retry_after_s=3600)
        return
    actor.require("inspect")


def _go_on(actor: Actor, case: Case, claim: str, evidence: Iterable, *, is_own: bool) -> Case:
    """The same occasion again: what is new is added, nothing is opened twice."""
    found = dossier(case)
    if case.state in queries.WAITING:
        fresh, is_said = _fresh(found, evidence), claim in {case.claim, *(s.text for s in found.steps)}
        if is_own:
            _add(actor, case, fresh)
            if not is_said:
                say(actor, found, claim)
        elif fresh or not is_said:
            _lay(actor, found, fresh, "" if is_said else claim)
    return case


def _fresh(found: Dossier, evidence: Iterable) -> list[tuple[str, str]]:
    """What the case does not rest on yet."""
    known = {x.ref for x in found.exhibits}
    return [x for x in _pairs(evidence) if x[0] not in known]


def _lay(actor: Actor, found: Dossier, pairs: list[tuple[str, str]], text: str) -> None:
    """More is held against those concerned, or for them: they are told, and where it is against them heard anew."""
    case, refs = found.case, [ref for ref, _note_ in pairs]
    until = workdays.add_workdays(clock.today(), rules.TERMS[case.kind].hear)
    if rules.is_against(case.kind):
        case.due_on = max(case.due_on, workdays.add_workdays(until, 1))
    _add(actor, case, pairs)
    _note(actor, case, "added", text, {"refs": refs, "hear_until": until.isoformat()})
    audit.record(actor, "cases.case.evidence_added", _ref(case), {"refs": refs})
    _write_to(actor, case, found.person_ids)


def _write_to(actor: Actor, case: Case, people: Iterable[int]) -> None:
    """A message to the phones of those concerned, but not about what they did themselves."""
    for one in people:
        if f"person:{one}" != actor.ref:
            accounts.notify(accounts.get_person(one).phone, "case", {"code": case.code})


def _open(actor: Actor, case: Case, people: list[int], evidence: Iterable) -> Case:
    today, terms = clock.today(), rules.TERMS[case.kind]
    case.code = "".join(secrets.choice(_ALPHABET) for _n in range(8))
    case.opened_by, case.opened_at, case.state = actor.ref, clock.now(), rules.OPEN
    case.hear_until_on, case.due_on = workdays.add_workdays(today, terms.hear), workdays.add_workdays(today, terms.decide)
    try:
        with session.begin_nested():
            session.add(case)
    except IntegrityError:  # another transaction opened the same occasion meanwhile
        there = queries.find_by_key(case.key) if case.key else None
        if there is None:
            raise
        return there
    session.add_all(Party(case_id=case.id, person_id=one) for one in people)
    _add(actor, case, _pairs(evidence))
    _note(actor, case, "opened")
    audit.record(actor, "cases.case.opened", _ref(case), {"kind": case.kind, "subject": case.subject, "people": people})
    _write_to(actor, case, people)
    events.emit(CaseOpened(case.id))
    return case


def _pairs(evidence: Iterable[str | tuple[str, str]]) -> list[tuple[str, str]]:
    return [(x, "") if isinstance(x, str) else x for x in evidence]


def _add(actor: Actor, case: Case, pairs: list[tuple[str, str]]) -> None:
    session.add_all(Exhibit(case_id=case.id, ref=ref, note=plain_text(note)[:rules.LONGEST], added_by=actor.ref,
                            added_at=clock.now()) for ref, note in pairs)
    session.flush()


def _ref(case: Case) -> str:
    return f"case:{case.id}"


def _note(actor: Actor, case: Case, step: str, text: str = "", detail: dict | None = None) -> Step:
    made = Step(case_id=case.id, step=step, text=text, detail=detail or {}, by=actor.ref, at=clock.now())
    session.add(made)
    session.flush()
    return made


def open_decided(actor: Actor, *, kind: str, subject: str, claim: str, text: str, follows: str, effects: Iterable[dict],
                 person_ids: Iterable[int], evidence: Iterable[str] = (), deciders: Iterable[str] = ()) -> Case:
    """A case about what was decided elsewhere and is carried out already: those concerned get its letter and may appeal.

    `effects` as in decide(); `deciders` names whoever had a part in it beside the actor ("person:17"): none of them looks
    again. Needs "inspect".
    """
    actor.require("inspect")
    case = _open(actor, Case(kind=kind, subject=subject, claim=claim, key=None), sorted(set(person_ids)), evidence)
    effects = list(effects)
    case.state = rules.DECIDED
    case.appeal_until_on = workdays.add_workdays(clock.today(), rules.TERMS[kind].appeal)
    _note(actor, case, "decided", text, {
        "result": rules.UPHELD, "follows": follows, "effects": effects, "number": 1, "is_done": 1, "deciders": list(deciders),
        "appeal_until": case.appeal_until_on.isoformat(), "exhibits": len(dossier(case).exhibits)})
    audit.record(actor, "cases.case.decided", _ref(case), {"result": rules.UPHELD, "number": 1,
                                                           "effects": [(x["what"], x["ref"]) for x in effects]})
    carried_out(SYSTEM, case.id, str(_("决定里写的都做了。")), {"what": effects[0]["what"], "ref": effects[0]["ref"]})
    events.emit(CaseDecided(case.id))
    return case


def open_dispute(event: accounts.IdentityDisputed) -> None:
    """Two accounts state one document: a case, once, about which neither is told who the other is."""
    people = (event.holder_id, event.claimant_id)
    open_case(SYSTEM, kind=rules.IDENTITY, subject=f"person:{event.holder_id}", claim=rules.SAME_DOCUMENT,
              evidence=[f"person:{one}" for one in people], person_ids=people,
              key=f"identity:{event.document}:{':'.join(str(one) for one in sorted(people))}")


# ---- what the person concerned does


def say(actor: Actor, found: Dossier, text: str) -> None:
    """A statement of somebody concerned, before a decision. Raises Forbidden, NotNow, Invalid, TooMany."""
    _must_be_concerned(actor, found)
    case = _locked(found)
    if case.state not in queries.WAITING:
        raise NotNow(_("这件事已经有决定。不服可以申诉。"))
    mine = queries.refs_of(actor.id)
    if sum(s.step == "said" and s.by in mine for s in found.steps) >= rules.WORDS_A_CASE:
        raise TooMany(_("说得很多了，请等处理。"), retry_after_s=86_400)
    _note(actor, case, "said", checked_text("text", text, rules.LONGEST))
    audit.record(actor, "cases.case.answered", _ref(case))


def see(actor: Actor, found: Dossier) -> None:
    """The person has read what is new; again is the same. Raises Forbidden."""
    _must_be_concerned(actor, found)
    if queries.has_news(found, actor.id):
        _note(actor, found.case, "seen")


def appeal(actor: Actor, found: Dossier, text: str) -> None:
    """Somebody concerned does not accept the first decision; somebody else looks again. Raises NotNow, Invalid, Forbidden."""
    _must_be_concerned(actor, found)
    case = _locked(found)
    if case.state != rules.DECIDED or case.appeal_until_on is None:
        raise NotNow(_("现在不能申诉。"))
    if clock.today() > case.appeal_until_on:
        raise NotNow(_("申诉的期限已经过了。"))
    text = checked_text("text", text, rules.LONGEST)
    case.state, case.appeal_until_on = rules.APPEALED, None
    case.due_on = workdays.add_workdays(clock.today(), rules.TERMS[case.kind].review)
    _note(actor, case, "appealed", text)
    audit.record(actor, "cases.case.appealed", _ref(case))


def accept(actor: Actor, found: Dossier) -> None:
    """Somebody concerned accepts the decision; once all have, the case is over. Raises NotNow, Forbidden."""
    _must_be_concerned(actor, found)
    case = _locked(found)
    if case.state != rules.DECIDED:
        raise NotNow(_("现在没有要接受的决定。"))
    _note(actor, case, "accepted")
    audit.record(actor, "cases.case.accepted", _ref(case))
    accepted = {s.by for s in dossier(case).steps if s.step == "accepted"}
    if all(accepted & queries.refs_of(one) for one in found.person_ids):
        _close(SYSTEM, case)


def withdraw(actor: Actor, found: Dossier) -> None:
    """Who asked for it does not want it any more; before it is decided. Raises NotNow, Forbidden."""
    _must_be_concerned(actor, found)
    case = _locked(found)
    if case.kind not in rules.OWN_KINDS or not accounts.is_same_person(actor, [case.opened_by]):
        raise Forbidden(_("这件事不是你提出的。"))
    if case.state != rules.OPEN:
        raise NotNow(_("这件事已经有决定。"))
    _note(actor, case, "withdrawn")
    audit.record(actor, "cases.case.withdrawn", _ref(case))
    _close(actor, case)


def _must_be_concerned(actor: Actor, found: Dossier) -> None:
    if set(found.person_ids).isdisjoint(accounts.accounts_of(actor.id) if actor.is_person else ()):
        raise Forbidden(_("这件事和你无关。"))


def _locked(found: Dossier) -> Case:
    """The case, read again; from here on nobody else changes it."""
    session.refresh(found.case, with_for_update=True)
    return found.case


# ---- what the desk does


def why_not_decider(actor: Actor, found: Dossier) -> object | None:
    """Why the actor does not decide this case: a sentence, or None."""
    if not (actor.is_person and actor.may("inspect")):
        return _("只有督查员能决定。")
    return rules.why_not_decider(rules.Part(
        is_concerned=_is_concerned(actor, found),
        is_opener=accounts.is_same_person(actor, [found.case.opened_by]),
        is_first_decider=accounts.is_same_person(actor, _first_deciders(found))))


def _first_deciders(found: Dossier) -> set[str]:
    """Who decided it before, or held it against the person: in this case, in an earlier one about the same thing, or outside
    of cases. So nobody hears the objection to what they did themselves, by whichever form it is made.
    """
    refs = found.deciders
    if rules.is_against(found.case.kind):
        return refs
    for one in queries.list_before(found):
        refs |= one.deciders | ({one.case.opened_by} if rules.is_against(one.case.kind) else set())
    return refs.union(*map(openers.deciders_of, found.at_issue))


def _is_concerned(actor: Actor, found: Dossier) -> bool:
    """Is the case about the actor, under whichever account?"""
    return accounts.is_same_person(actor, [ref for one in found.person_ids for ref in queries.refs_of(one)])


def may_uphold(found: Dossier) -> bool:
    """Were all concerned heard, or had they the time to answer? What people ask for themselves needs no waiting."""
    if not rules.is_against(found.case.kind) or clock.today() > found.hear_until_on:
        return True
    return all(queries.is_heard(found, one) for one in found.person_ids)


def ask(actor: Actor, found: Dossier, text: str) -> None:
    """Ask those concerned something before it is decided. Raises Forbidden, NotNow, Invalid."""
    case = _must_decide(actor, found)
    _note(actor, case, "asked", checked_text("text", text, rules.LONGEST))
    audit.record(actor, "cases.case.asked", _ref(case))


def may_add_evidence(actor: Actor, found: Dossier) -> bool:
    """May the actor lay evidence into the case: it waits, and they inspect and are not concerned?"""
    return found.case.state in queries.WAITING and actor.may("inspect") and not _is_concerned(actor, found)


def add_evidence(actor: Actor, found: Dossier, evidence: Iterable[str | tuple[str, str]], text: str = "") -> None:
    """Lay more evidence into a case that is not decided; `text` tells those concerned what it shows. They are heard anew.

    Raises Forbidden, NotNow, Invalid (too long, or it is there already).
    """
    actor.require("inspect")
    if _is_concerned(actor, found):
        raise Forbidden(rules.CONCERNED)
    if _locked(found).state not in queries.WAITING:
        raise NotNow(_("这件事已经有决定。"))
    text, pairs = checked_text("words", text, rules.LONGEST, may_be_empty=True), _fresh(found, evidence)
    if not pairs:
        raise invalid_field("ref", _("这份证据已经在里面了。"))
    _lay(actor, found, pairs, text)


def decide(actor: Actor, found: Dossier, *, result: str, text: str, follows: str = "", effects: Iterable[dict] = ()) -> Step:
    """Decide with reasons: `text` is what was found, `follows` what comes of it, `effects` what is carried out once it stands:
    [{"what", "ref", "words"}]. By a person who may inspect, has no part in it and, on an appeal, did not decide it before; an
    appeal never makes it worse. Raises Forbidden, NotNow (not heard yet, decided already), Invalid.
    """
    case = _must_decide(actor, found)
    found = dossier(case)  # what was added a moment ago is to be answered, too
    if result not in rules.RESULTS:
        raise invalid_field("result", _("请选成立、部分成立还是不成立。"))
    if result != rules.REFUSED and not may_uphold(found):
        raise NotNow(_("要先听当事人说；说过以后，或期限过了，才能认定。"))
    text, effects = checked_text("text", text, rules.LONGEST), list(effects)
    if effects and result == rules.REFUSED:
        raise invalid_field("result", _("不成立，就不能收回学分。"))
    if found.final is not None:
        first = found.final.detail
        if rules.is_worse(case.kind, result, first["result"], effects, first["effects"]):
            raise invalid_field("result", _("申诉不能让结果更重。"))
    number, terms = len(found.decisions) + 1, rules.TERMS[case.kind]
    case.appeal_until_on = workdays.add_workdays(clock.today(), terms.appeal) if number == 1 else None
    case.state = rules.DECIDED
    made = _note(actor, case, "decided", text, {
        "result": result, "follows": checked_text("follows", follows, rules.LONGEST, may_be_empty=True), "effects": effects,
        "number": number, "appeal_until": case.appeal_until_on.isoformat() if case.appeal_until_on else "",
        "exhibits": len(found.exhibits)})
    audit.record(actor, "cases.case.decided", _ref(case), {"result": result, "number": number,
                                                           "effects": [(x["what"], x["ref"]) for x in effects]})
    _write_to(actor, case, found.person_ids)
    events.emit(CaseDecided(case.id))
    if number > 1:
        _close(SYSTEM, case)
    return made


def _must_decide(actor: Actor, found: Dossier) -> Case:
    actor.require("inspect")
    if (why := why_not_decider(actor, found)) is not None:
        raise Forbidden(why)
    case = _locked(found)
    if case.state not in queries.WAITING or len(dossier(case).decisions) != len(found.decisions):
        raise NotNow(_("这件事已经有决定。"))
    return case


def carried_out(actor: Actor, case_id: int, text: str, detail: dict) -> None:
    """Say in the case what was carried out, and under which number."""
    _note(actor, session.get(Case, case_id), "carried-out", text, detail)


# ---- closing


def _close(actor: Actor, case: Case) -> None:
    case.state, case.appeal_until_on = rules.CLOSED, None
    _note(actor, case, "closed")
    audit.record(actor, "cases.case.closed", _ref(case))
    events.emit(CaseClosed(case.id))


def close_over() -> int:
    """Close every decided case whose last day to appeal is past; how many. Safe to repeat."""
    found = queries.list_over(clock.today())
    for case in found:
        session.refresh(case, with_for_update=True)
        if case.state == rules.DECIDED:
            _close(SYSTEM, case)
    return len(found)


def watch_terms() -> None:
    """Have the terms looked at tonight, a little after the city's midnight; asked for again it is the same."""
    tomorrow = datetime.combine(clock.today() + timedelta(days=1), time(0, 10), clock.CITY)
    jobs.enqueue(JOB, {}, key="daily", run_at=tomorrow)
