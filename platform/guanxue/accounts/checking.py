"""Who looks at papers, and what becomes of it: an officer's queue, and the answers of an outside service.

An officer copies the number from the paper in their hand; that it is the stated one shows that they held it, and nobody has to
read a number from a screen for that. Nobody decides about themselves, under any account. What was decided is one step in an
append-only table (levels.py) and a line in the trail; a wrong one is withdrawn by another step.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from sqlalchemy import func, select

from guanxue import audit, jobs
from guanxue.accounts import consent, identity, levels, matching, rules
from guanxue.accounts.errors import NoSuchDocument
from guanxue.accounts.identity import add_step, checked_reason, get_document, must_identify, tell_if_raised
from guanxue.accounts.kinds import Number, normal
from guanxue.accounts.models import IdentityCheck, KeptNumber, Person, StatedDocument
from guanxue.accounts.namesakes import list_namesakes
from guanxue.accounts.queries import find_person_by_phone, get_person, lock_person
from guanxue.core import clock, sealing
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session
from guanxue.core.errors import Conflict, Invalid, NotFound
from guanxue.core.i18n import lazy as _
from guanxue.core.paging import Page
from guanxue.policies import MATCHED, SEEN

JOB = "accounts.match"
PER_PAGE = 20
LONGEST_PLACE, LONGEST_REFERENCE = 60, 80
OLDEST_LOOK = timedelta(days=31)  # what was not written down within a month is looked at again
REFUSALS = {
    "unreadable": _("证件看不清，或者已经损坏"), "expired": _("证件过期了"), "not-the-person": _("证件和本人对不上"),
    "other-name": _("证件上的姓名和账号的姓名不一样"), "other-number": _("证件上的号码和填的不一样"),
    "copy": _("带来的不是证件原件"), "other": _("其他原因"),
}
ONWARD = {
    "unreadable": _("换一张看得清的证件，或者换一种证件，再来一次。"), "expired": _("换了新证件再来；也可以先用另一种证件。"),
    "not-the-person": _("请本人带自己的证件来。"), "other-name": _("先在“隐私”里更正姓名，再来一次。"),
    "other-number": _("先照着证件更正号码，再来一次。"), "copy": _("带证件原件再来一次。"),
    "other": _("照下面写的做，再来一次。"),
}


# ---- the person's side


def ask_check(actor: Actor, code: str, *, agrees: bool = False) -> StatedDocument:
    """The actor asks to be known better by this document; again while it waits is the same.

    `agrees`: their name and number may go to the outside service, where the site has one. Raises NoSuchDocument, Conflict.
    """
    actor.must_be_person()
    lock_person(actor.id)
    document = get_document(actor.id, code)
    if _known(document).level == MATCHED:
        raise Conflict(_("已经全部确认过了，不用再办。"))
    if document.asked_at is None:
        document.asked_at = clock.now()
        step = add_step(actor, document, "asked")
        audit.record(actor, "accounts.identity.asked", f"person:{actor.id}")
        if agrees and matching.is_there():
            consent.agree_to(actor, consent.IDENTITY_MATCH, agrees=True)
            jobs.enqueue(JOB, {"document": code, "asked": step.id}, key=code)
    return document


def _known(document: StatedDocument) -> levels.Known:
    return next(k for k in levels.list_known(document.person_id) if k.document.id == document.id)


# ---- the officer's side


def list_waiting(actor: Actor, page: int = 1) -> Page[tuple[StatedDocument, Person]]:
    """Documents whose holders wait for an officer's look, the longest first."""
    actor.require("identify")
    query = (select(StatedDocument, Person).join(Person, Person.id == StatedDocument.person_id)
             .where(StatedDocument.asked_at.is_not(None), Person.disabled_at.is_(None)))
    rows = session.execute(query.order_by(StatedDocument.asked_at, StatedDocument.id)
                           .limit(PER_PAGE).offset((page - 1) * PER_PAGE))
    return Page([tuple(r) for r in rows], count_waiting(), page, PER_PAGE)


def count_waiting() -> int:
    """How many wait."""
    return session.scalar(select(func.count()).select_from(StatedDocument).join(Person, Person.id == StatedDocument.person_id)
                          .where(StatedDocument.asked_at.is_not(None), Person.disabled_at.is_(None))) or 0


def find_people(actor: Actor, text: str) -> list[Person]:
    """Whoever has this whole phone number, or stated this whole document number; parts find nobody. The trail has no text."""
    actor.require("identify")
    phone = rules.normal_phone(text)
    found = [find_person_by_phone(phone)] if phone else []
    found += [get_person(one) for one in identity.find_holders(text)]
    audit.record(actor, "accounts.people.searched", "people", {"way": "identity"})
    return [p for p in found if p is not None and p.merged_into_id is None and p.erased_at is None]


def find_erased(actor: Actor, text: str) -> list[KeptNumber]:
    """What is kept of erased accounts that had stated this whole number. Ask behind find_people(), which the trail keeps."""
    actor.require("identify")
    return identity.find_kept(text)


def open_file(actor: Actor, person_id: int) -> Person:
    """The person, for an officer who is to say who they are; the look is kept and the person sees it. Raises NoSuchPerson.

    So does each whom the page lists beside their paper (namesakes.py).
    """
    actor.require("identify")
    person = get_person(person_id)
    if person.erased_at is not None or person.merged_into_id is not None:
        raise NotFound(_("这个账号已经注销或并入别的账号。"))
    audit.record(actor, "accounts.person.opened", person.ref)
    for one in sorted({k.document.person_id for known in levels.list_known(person_id) for k in list_namesakes(known.document)}):
        audit.record(actor, "accounts.person.listed", f"person:{one}")
    return person


def record_seen(actor: Actor, person_id: int, code: str, *, number: str, place: str, looked_on: date | None,
                is_original: bool, is_person: bool, not_same: Collection[int] = ()) -> IdentityCheck:
    """The officer looked at the paper: they copied its number, say where and when, and that it is this person's.

    `not_same`: accounts of the same name that they were shown and say are somebody else's; all of list_namesakes() have to be
    among them. The same look again is the same. Raises Invalid, Forbidden for oneself, NoSuchDocument.
    """
    must_identify(actor, person_id)
    lock_person(person_id)
    document, where = get_document(person_id, code), " ".join(place.split())
    others = sorted({k.document.person_id for k in list_namesakes(document)})
    copied = identity.hashed(Number(document.kind, document.country, normal(document.kind, number)))
    faults = {
        "number": "" if copied == document.number_hash else _(
            "和这个人填的号码不一样。请照着证件再输一遍；真的不一样，就不要通过。"),
        "place": "" if 2 <= len(where) <= LONGEST_PLACE and where.isprintable() else _("请写在哪里看的，2 到 60 个字。"),
        "looked_on": _fault_of_day(looked_on),
        "is_original": "" if is_original else _("只有证件原件才算。"),
        "is_person": "" if is_person else _("照片和本人、姓名和账号都要对得上。"),
        "not_same": "" if set(others) <= set(not_same) else _("先问清楚是不是同一个人。是同一个人，就不要通过。"),
    }
    if any(faults.values()):
        raise Invalid(_("还不能通过。"), fields=[{"field": name, "message": told} for name, told in faults.items() if told])
    before = levels.level_of(person_id)
    there = next((s for s in _known(document).standing
                  if (s.step, s.by, s.looked_on, s.place) == ("seen", actor.ref, looked_on, where)), None)
    if there is not None:
        return there
    step = add_step(actor, document, "seen", what="original", place=where, looked_on=looked_on)
    document.asked_at = None
    audit.record(actor, "accounts.identity.checked", f"person:{person_id}",
                 {"check": step.id, **({"not_same": others} if others else {})})
    tell_if_raised(person_id, before)
    return step


def _fault_of_day(day: date | None) -> object:
    if day is None:
        return _("请写哪一天看的。")
    if day > clock.today():
        return _("这一天还没有到。")
    return _("超过一个月了，请再看一次证件。") if day < clock.today() - OLDEST_LOOK else ""


def last_place(actor: Actor) -> str:
    """Where the officer looked at a paper last: they seldom move."""
    return session.scalar(select(IdentityCheck.place).where(IdentityCheck.by == actor.ref, IdentityCheck.step == "seen")
                          .order_by(IdentityCheck.id.desc()).limit(1)) or ""


def refuse(actor: Actor, person_id: int, code: str, why: str, note: str) -> IdentityCheck:
    """Not this time: why (of REFUSALS), with a sentence for the person. Raises Invalid, Forbidden, NoSuchDocument."""
    must_identify(actor, person_id)
    lock_person(person_id)
    document, said = get_document(person_id, code), " ".join(note.split())
    if why not in REFUSALS:
        raise Invalid(_("请选原因。"), fields=[{"field": "why", "message": _("请选原因。")}])
    if said or why == "other":
        said = checked_reason(note)
    step = add_step(actor, document, "refused", what=why, note=said)
    document.asked_at = None
    audit.record(actor, "accounts.identity.refused", f"person:{person_id}", {"check": step.id, "why": why})
    return step


def record_match(actor: Actor, person_id: int, code: str, reference: str) -> IdentityCheck:
    """The officer asked a service of the state by hand: its number for the answer. Papers are looked at first.

    Raises Invalid, Conflict, Forbidden, NoSuchDocument.
    """
    must_identify(actor, person_id)
    lock_person(person_id)
    document, number = get_document(person_id, code), " ".join(reference.split())
    if not 2 <= len(number) <= LONGEST_REFERENCE or not number.isprintable():
        raise Invalid(_("请写查询编号。"), fields=[{"field": "reference", "message": _("请写查询编号，2 到 80 个字。")}])
    if _known(document).level < SEEN:
        raise Conflict(_("先看证件，再核对数据。"))
    before = levels.level_of(person_id)
    step = add_step(actor, document, "matched", what=levels.DATA, reference=number, looked_on=clock.today())
    document.asked_at = None
    audit.record(actor, "accounts.identity.matched", f"person:{person_id}", {"check": step.id})
    tell_if_raised(person_id, before)
    return step


def withdraw_check(actor: Actor, person_id: int, check_id: int, reason: str) -> IdentityCheck:
    """A check was wrong: it counts no more. What was earned stays; what waits for the level waits again.

    Raises Invalid, Forbidden, NotFound for a check that does not stand.
    """
    must_identify(actor, person_id)
    why = checked_reason(reason)
    lock_person(person_id)
    found = [(k.document, s) for k in levels.list_known(person_id) for s in k.standing if s.id == check_id]
    if not found:
        raise NotFound(_("没有这次确认，或者已经撤销了。"))
    document, check = found[0]
    step = add_step(actor, document, "withdrawn", of_id=check.id, note=why)
    audit.record(actor, "accounts.identity.unchecked", f"person:{person_id}", {"check": check.id})
    return step


def take_off(actor: Actor, person_id: int, code: str, reason: str) -> None:
    """The document is somebody else's: it goes from this account, and its holder may state it. Raises Invalid, Forbidden."""
    must_identify(actor, person_id)
    why = checked_reason(reason)
    lock_person(person_id)
    identity.remove(actor, get_document(person_id, code), what="not-theirs", note=why)


# ---- the outside service's side


def question_for(code: str) -> dict[str, str] | None:
    """What the service is asked about a document that still waits, while its holder agrees; else None."""
    document = session.scalar(select(StatedDocument).where(StatedDocument.code == code))
    if document is None or document.asked_at is None or not matching.is_there():
        return None
    if not consent.has_agreed(document.person_id, consent.IDENTITY_MATCH):
        return None
    number = sealing.unseal(document.kind, f"person:{document.person_id}", document.number_sealed)
    return {"kind": document.kind, "country": document.country, "number": number,
            "name": get_person(document.person_id).name}


def take_answer(code: str, name: str, answer: matching.Answer) -> None:
    """Keep what the service said about a document under that name; one that was corrected, or renamed since, is another.

    A match by data alone leaves the document in the queue: somebody has to see the paper. So does every other answer.
    """
    document = session.scalar(select(StatedDocument).where(StatedDocument.code == code))
    if document is None:
        return
    lock_person(document.person_id)
    if get_person(document.person_id).name != name or any(s.reference == answer.reference for s in _known(document).steps):
        return
    before = levels.level_of(document.person_id)
    word = {matching.MATCH: "matched", matching.MISMATCH: "mismatched"}.get(answer.result, "unanswered")
    checked = levels.DATA if list_namesakes(document) else answer.checked  # whether it is a second account officers ask
    step = add_step(SYSTEM, document, word, what=checked, reference=answer.reference, looked_on=clock.today())
    audit.record(SYSTEM, f"accounts.identity.{word}", f"person:{document.person_id}", {"check": step.id})
    if _known(document).level == MATCHED:
        document.asked_at = None
    tell_if_raised(document.person_id, before)


def leave_to_officers(code: str) -> None:
    """The service could not be reached for a day: the document stays in the officers' queue, and says so."""
    document = session.scalar(select(StatedDocument).where(StatedDocument.code == code))
    if document is not None and document.asked_at is not None:
        add_step(SYSTEM, document, "unanswered")


def get_known(person_id: int, code: str) -> levels.Known:
    """The person's document of that code, with what was done about it. Raises NoSuchDocument."""
    found = next((k for k in levels.list_known(person_id) if k.document.code == code), None)
    if found is None:
        raise NoSuchDocument(_("没有这个证件。"))
    return found
