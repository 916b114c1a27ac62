"""The letter about a decision, in plain words: what was found, on what evidence, what follows, how to appeal and until when.

It is made again from the decision's step whenever it is read, in the reader's language; the facts in it never change.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from guanxue import accounts
from guanxue.cases import openers, rules
from guanxue.cases.models import Step
from guanxue.cases.queries import Dossier
from guanxue.core import clock
from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _


@dataclass(frozen=True)
class Section:
    """A heading and its paragraphs."""

    heading: object
    paragraphs: tuple[object, ...]


@dataclass(frozen=True)
class Letter:
    """To whom, about what, the sections, and when it was written (a city day)."""

    code: str
    title: object
    to: str
    sections: tuple[Section, ...]
    written_on: date


def letter(found: Dossier, decision: Step, person_id: int) -> Letter:
    """The letter about a decision to one of those concerned, whose accounts' evidence alone is named in it."""
    detail = decision.detail
    title = _("复核决定") if detail["number"] > 1 else _("处理决定")
    sections = (
        Section(_("是什么事"), (rules.KIND_WORDS[found.case.kind], gettext(found.case.claim))),
        Section(_("查到了什么"), (decision.text,)),
        Section(_("根据什么"), _evidence(found, detail["exhibits"], person_id)),
        Section(_("决定"), (_("认定：%(result)s。", result=rules.RESULT_WORDS[detail["result"]]),
                          *_follows(found, detail, person_id))),
        Section(_("不同意怎么办"), _ways_on(detail)),
    )
    return Letter(found.case.code, title, accounts.get_person(person_id).name, sections, clock.city_day(decision.at))


def _evidence(found: Dossier, count: int, person_id: int) -> tuple[object, ...]:
    mine = accounts.all_accounts_of(person_id)
    told = [openers.open_for(x.ref, mine).title for x in found.exhibits[:count]]
    said = [_("你自己的说明")] if found.has_spoken({f"person:{one}" for one in mine}) else []
    return tuple(told + said) or (_("没有另外的记录。"),)


def _follows(found: Dossier, detail: dict, person_id: int) -> tuple[object, ...]:
    told = [detail["follows"]] if detail["follows"] else []
    effects = own_effects(detail, accounts.all_accounts_of(person_id))
    told += effects
    if detail.get("is_done"):
        told.append(_("上面这些已经执行。申诉成立，学分就重新记入。"))
    elif effects:
        is_open = bool(detail["appeal_until"])
        told.append(_("上面这些要等申诉期过了才执行；申诉期间什么都不变。") if is_open else _("上面这些现在执行。"))
    if found.case.kind == rules.TAKE_BACK and found.decisions[0].detail.get("is_done") and detail["number"] > 1:
        told.append(_("收回不成立，学分重新记入。记了多少，写在这件事的“已执行”里。") if detail["result"] == rules.REFUSED
                    else _("维持收回，账上不再改变。"))
    if told:
        return tuple(told)
    if detail["result"] == rules.REFUSED or rules.is_against(found.case.kind):
        return (_("你的记录没有改变。"),)
    return (_("怎么更正，写在“查到了什么”里。"),)


def own_effects(detail: dict, person_ids: Iterable[int]) -> list[str]:
    """What a decision does to these accounts, in words: what others of the same case lose is theirs to know."""
    return [x["words"] for x in detail.get("effects", []) if openers.is_of(x["ref"], person_ids)]


def _ways_on(detail: dict) -> tuple[object, ...]:
    if not detail["appeal_until"]:
        return (_("这是复核以后的最后决定。还有新的证据，可以另外提出更正。"),)
    until = date.fromisoformat(detail["appeal_until"])
    return (
        _("可以申诉，到 %(day)s 为止（含当天）。", day=until.isoformat()),
        _("怎么申诉：登录莞学，打开“我的”里的“更正和申诉”，找到这个编号，写下哪里不对。写得简单也行。"),
        _("申诉由另一位工作人员复核，不会是做这个决定的人。申诉不收费，也不会让结果更重。"),
    )


def plain_letter(made: Letter) -> str:
    """The letter as text that can be copied or printed anywhere."""
    lines = [str(_("莞学 · 东莞学分银行")), str(made.title), f"{_('编号：')}{made.code}", "", f"{made.to}{_('：')}", ""]
    for section in made.sections:
        lines += [f"【{section.heading}】", *(str(p) for p in section.paragraphs), ""]
    return "\n".join([*lines, made.written_on.isoformat(), ""])
