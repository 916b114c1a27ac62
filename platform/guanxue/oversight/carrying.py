"""What a closed case says is to follow: credits are taken back by contra entries that name the case."""

from __future__ import annotations

import json
from dataclasses import dataclass

from guanxue import accounts, cases, creditbank, jobs, ledger
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _

REVERSE_AWARD = "reverse-award"
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
        amount = creditbank.decimal_text(self.amount)
        return str(_("收回《%(title)s》的 %(a)s 学分，在账本里记一笔冲销。", title=self.title, a=amount))

    @property
    def effect(self) -> dict:
        """As a decision names it."""
        return {"what": REVERSE_AWARD, "ref": self.ref, "words": self.words}


def list_awards(person_ids: list[int]) -> list[Standing]:
    """What these people were credited with, under all their accounts, and still is."""
    ids = [one for person_id in person_ids for one in accounts.all_accounts_of(person_id)]
    return [_standing(award) for award in creditbank.list_awards(ids) if not ledger.is_reversed(award.entry_number)]


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
    done = {s.detail["ref"] for s in found.steps if s.step == "carried-out"}
    for effect in found.final.detail["effects"]:
        if effect["ref"] not in done:
            _carry_out(found, effect)


def _carry_out(found: cases.Dossier, effect: dict) -> None:
    code = effect["ref"].partition(":")[2]
    award = creditbank.find_award(code)
    if ledger.is_reversed(award.entry_number):
        told = str(_("%(words)s（之前已经收回过，没有再记。）", words=effect["words"]))
    else:
        creditbank.take_back(SYSTEM, code, reason=found.final.text, authority=f"case:{found.case.code} {found.final.by}")
        told = effect["words"]
    cases.carried_out(SYSTEM, found.case.id, told, {"ref": effect["ref"], "entry": award.entry_number})
