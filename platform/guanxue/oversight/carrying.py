"""What a closed case says is to follow: credits are taken back by contra entries that name the case."""

from __future__ import annotations

import json
from dataclasses import dataclass

from guanxue import accounts, cases, classes, creditbank, jobs, learning, ledger
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _

REVERSE_AWARD, GIVE_BACK = "reverse-award", "give-back"
JOB = "oversight.carry_out"


@dataclass(frozen=True)
class Standing:
    """An award that could be taken back: its reference, whose it is, what for, how much (millicredits)."""

    ref: str
    person_id: int
    title: str
    amount: int

    @property
    def words(self) -> str:
        """What taking it back means, as the letter says it."""
        return "\n".join([self._first, *(c.words for c in self.plan.consequences if c.ref != self.ref)])

    @property
    def plan(self) -> creditbank.Plan:
        """What would follow if it were done now."""
        return creditbank.foresee(self.ref.partition(":")[2])

    @property
    def _first(self) -> str:
        amount = creditbank.decimal_text(self.amount)
        return str(_("收回《%(title)s》的 %(a)s 学分，在账本里记一笔冲销。", title=self.title, a=amount))

    @property
    def effect(self) -> dict:
        """As a decision names it."""
        return {"what": REVERSE_AWARD, "ref": self.ref, "words": self.words}


def list_awards(person_ids: list[int]) -> list[Standing]:
    """What these people were credited with, under all their accounts, and still is."""
    ids = [one for person_id in person_ids for one in accounts.all_accounts_of(person_id)]
    return [_standing(award) for award in creditbank.list_awards(ids) if not ledger.is_reversed(award.entry_number)
            and ledger.find_entry_by_key(f"expiry:{award.entry_number}") is None]


def _standing(award: creditbank.Award) -> Standing:
    title = json.loads(ledger.get_entry(award.entry_number).document)["title"]
    return Standing(f"award:{award.code}", award.person_id, title, creditbank.credited(award))


def carry_out(event: cases.CaseClosed) -> None:
    """Do what the last decision says, once; what was taken back already is passed over."""
    carry_out_case(event.case_id)


def carry_out_later(event: cases.CaseClosed) -> None:
    """What failed is left to a job, which tries until it is done."""
    jobs.enqueue(JOB, {"case_id": event.case_id}, key=str(event.case_id), priority=10)


def carry_out_case(case_id: int) -> None:
    """Every effect of the case's last decision that was not carried out yet. By the system, in the name of who decided it."""
    found = cases.dossier(session.get(cases.Case, case_id))
    if found.case.state != "closed" or found.final is None:
        return
    done = {(s.detail.get("what", REVERSE_AWARD), s.detail["ref"]) for s in found.steps if s.step == "carried-out"}
    effects = _effects_of(found)
    for effect in effects:
        if (effect["what"], effect["ref"]) not in done:
            _DEEDS[effect["what"]](found, effect)
    for effect in effects:  # only now: what is completed by half of what counts again would leave the other half out for ever
        _settle(effect)


def _effects_of(found: cases.Dossier) -> list[dict]:
    """What is to be done: what the last decision says; where it finds that a credit was taken back wrongly, giving it back."""
    first, last = found.decisions[0].detail, found.final.detail
    if first.get("is_done"):
        is_wrong = last["number"] > 1 and last["result"] == "refused"
        return [x | {"what": GIVE_BACK} for x in first["effects"] if x["what"] == REVERSE_AWARD] if is_wrong else []
    return [x for x in last["effects"] if x["what"] in _DEEDS]


def _authority(found: cases.Dossier) -> str:
    return f"case:{found.case.code} {found.final.by}"


def _reverse(found: cases.Dossier, effect: dict) -> None:
    award = creditbank.find_award(_key(effect))
    if ledger.is_reversed(award.entry_number):
        told = str(_("%(words)s（之前已经收回过，没有再记。）", words=effect["words"]))
    else:
        plan = creditbank.take_back(SYSTEM, award.code, reason=found.final.text, authority=_authority(found), in_case=True)
        told = "\n".join(c.words for c in plan.consequences)
    cases.carried_out(SYSTEM, found.case.id, told, {"what": REVERSE_AWARD, "ref": effect["ref"], "entry": award.entry_number})


def _give_back(found: cases.Dossier, effect: dict) -> None:
    award = creditbank.find_award(_key(effect))
    _again(found, effect, *creditbank.root_of(award), award.person_id)


def _credit_again(found: cases.Dossier, effect: dict) -> None:
    one = root_of_ref(effect["ref"])
    if one is not None:
        _again(found, effect, one.source, one.key, one.person_id)
        return
    told = str(_("%(words)s（已经用别的办法补上了，没有再记。）", words=effect["words"]))
    cases.carried_out(SYSTEM, found.case.id, told, {"what": effect["what"], "ref": effect["ref"], "entry": 0})


def _again(found: cases.Dossier, effect: dict, source: str, key: str, person_id: int) -> None:
    decision = creditbank.credit_again(SYSTEM, source, key, person_id, reason=found.final.text, authority=_authority(found))
    cases.carried_out(SYSTEM, found.case.id, creditbank.told_again(decision), {
        "what": effect["what"], "ref": effect["ref"], "entry": decision.entry_number or 0})


def _count_otherwise(found: cases.Dossier, effect: dict) -> None:
    """Set a sitting aside, or count it again: said in the case, which rooms below read. A completion that was written meanwhile
    stays: the case says so, and its credit is taken back by another.
    """
    told, detail = effect["words"], {"what": effect["what"], "ref": effect["ref"]}
    if effect["what"] == cases.SET_ASIDE and not _is_countable(effect["ref"]):
        told = str(_("%(words)s（这期间已经学完或结业，这里没有改变；学分要另外收回。）", words=told))
        detail["is_void"] = 1
    elif effect["what"] == cases.COUNT_AGAIN:
        told = _again_words(effect["ref"])
    cases.carried_out(SYSTEM, found.case.id, told, detail)


def _again_words(ref: str) -> str:
    """What counting it again means as things stand: credited hours are never more than when they were credited."""
    words = _("%(what)s：重新算。", what=cases.open_ref(ref).title)
    return str(words if _is_countable(ref) else _(
        "%(words)s（已经学完或结业，学时没有改变；班里少的学时，请在另一个班里补。）", words=words))


def _settle(effect: dict) -> None:
    """What is not complete yet is counted anew, and completed where it is due; again is the same."""
    kind, _colon, key = effect["ref"].partition(":")
    if kind == "playback":
        learning.settle_set_aside(int(key))
    elif effect["what"] == cases.COUNT_AGAIN:
        place = session.get(classes.Place, session.get(classes.Attendance, int(key)).place_id)
        classes.settle_class(place.class_id)


def _key(effect: dict) -> str:
    return effect["ref"].partition(":")[2]


_DEEDS = {REVERSE_AWARD: _reverse, GIVE_BACK: _give_back, cases.CREDIT_AGAIN: _credit_again,
          cases.SET_ASIDE: _count_otherwise, cases.COUNT_AGAIN: _count_otherwise}


# ---- what may be credited once more


@dataclass(frozen=True)
class Missing:
    """An outcome that was refused, or whose credit was taken back: its reference, whose it is, what would be given now."""

    ref: str
    source: str
    key: str
    person_id: int
    title: str
    given: int

    @property
    def effect(self) -> dict:
        """As a decision names it."""
        words = _("重新认定《%(title)s》，记入 %(a)s 学分。", title=self.title, a=creditbank.decimal_text(self.given))
        return {"what": cases.CREDIT_AGAIN, "ref": self.ref, "words": str(words)}


def root_of_ref(ref: str) -> Missing | None:
    """What "award:CODE" (taken back) or "outcome:source:person:key" (refused) names, as it would be credited now."""
    kind, _colon, rest = ref.partition(":")
    award = creditbank.find_award(rest) if kind == "award" else None
    if award is not None:
        source, key, person_id = *creditbank.root_of(award), award.person_id
    elif kind == "outcome" and len(parts := rest.split(":", 2)) == 3 and parts[1].isdecimal() and len(parts[1]) < 10:
        source, key, person_id = parts[0], parts[2], int(parts[1])
    else:
        return None
    there = creditbank.root_award(source, key)
    if source not in creditbank.source_names() - {"rejudged"} or (there is not None and creditbank.stands(there)):
        return None
    decision = creditbank.foresee_again(source, key, person_id)
    if decision is None:
        return None
    return Missing(ref, source, key, person_id, decision.outcome.title, decision.given_milli)


def list_offered(found: cases.Dossier) -> list[dict]:
    """What whoever decides now may have follow, as a decision names it: credits given once more, or taken back.

    On an appeal: what the first decision gave, whatever became of it since, and what else could be given; nothing is taken
    that it did not take.
    """
    missing = [*(one.effect for one in list_missing(found)), *_list_lifting(found)]
    if found.final is None:
        return missing or _list_taking(found)
    first = found.final.detail["effects"]
    given = [x for x in first if x["what"] in cases.GIVING]
    taken = {x["ref"] for x in first if x["what"] not in cases.GIVING}
    still = [x for x in _list_taking(found) if x["ref"] in taken] if taken else []
    return [*given, *(x for x in missing if x["ref"] not in {g["ref"] for g in given}), *still]


def _list_taking(found: cases.Dossier) -> list[dict]:
    """Sittings of the evidence that could be set aside where nothing is complete yet, and credits that stand."""
    aside, ids = cases.list_set_aside(_accounts(found)), _accounts(found)
    is_against = found.case.kind not in cases.OWN_KINDS
    refs = dict.fromkeys(x.ref for x in found.exhibits if is_against and x.ref not in aside and _is_countable(x.ref))
    return [*(_effect(cases.SET_ASIDE, ref, _("%(what)s：这一次不算。", what=cases.open_ref(ref).title)) for ref in refs
              if cases.is_of(ref, ids)), *(one.effect for one in list_awards(list(found.person_ids)))]


def _list_lifting(found: cases.Dossier) -> list[dict]:
    """What is set aside and asked about in an own case, with all that the same case set aside of this person."""
    if found.case.kind not in cases.OWN_KINDS:
        return []
    ids = _accounts(found)
    aside = cases.list_set_aside(ids)
    asked = {aside.get(ref) for ref in (found.case.subject, *(x.ref for x in found.exhibits))} - {None}
    return [_effect(cases.COUNT_AGAIN, ref, _again_words(ref))
            for ref, code in aside.items() if code in asked and cases.is_of(ref, ids)]


def _effect(what: str, ref: str, words: object) -> dict:
    return {"what": what, "ref": ref, "words": str(words)}


def _accounts(found: cases.Dossier) -> set[int]:
    return {one for person_id in found.person_ids for one in accounts.all_accounts_of(person_id)}


def _is_countable(ref: str) -> bool:
    """Is it a sitting or a line of attendance on which no completion rests yet? Once one does, its credit is taken back."""
    kind, _colon, key = ref.partition(":")
    if not cases.is_known(ref) or kind not in ("playback", "attendance"):
        return False
    if kind == "playback":
        return learning.may_set_aside(int(key))
    return not classes.is_spent(session.get(classes.Attendance, int(key)))


def list_missing(found: cases.Dossier) -> list[Missing]:
    """What people of the case asked for in it and could be credited now."""
    ids = {one for person_id in found.person_ids for one in accounts.all_accounts_of(person_id)}
    refs = dict.fromkeys([found.case.subject, *(x.ref for x in found.exhibits)])
    asked = [root_of_ref(ref) for ref in refs] if found.case.kind in cases.OWN_KINDS else []
    return [one for one in asked if one is not None and one.given and one.person_id in ids]
