"""What of ours rests on credits that are taken back: targets that are no longer reached, rewards that used them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import select

from guanxue import creditbank
from guanxue.core.db import session
from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.creditbank import Consequence, Taking
from guanxue.programmes import queries, rules
from guanxue.programmes.models import Programme, Reward, Use


def foresee(taking: Taking) -> list[Consequence]:
    """Targets that are reached no longer, goals that move, rewards whose ground goes; a person decides about the money."""
    return [*_targets(taking), *_rewards(taking)]


def _targets(taking: Taking) -> Iterator[Consequence]:
    chosen = queries.list_goals(taking.person_id)
    for programme in queries.list_current():
        before, after = (queries.progress_with(programme, queries.pieces_from(held)) for held in (taking.before, taking.after))
        a, b = creditbank.decimal_text(before.reach), creditbank.decimal_text(after.reach)
        facts = {"title": gettext(programme.title), "a": a, "b": b}
        if before.is_reached and not after.is_reached:
            words = _("目标“%(title)s”原来达到了，现在只有 %(b)s 学分，没有达到。", **facts)
        elif programme.code in chosen and after.reach != before.reach:
            words = _("目标“%(title)s”的进度从 %(a)s 变成 %(b)s 学分。", **facts)
        else:
            continue
        yield Consequence("target", f"programme:{programme.code}", str(words), after.reach)


def _rewards(taking: Taking) -> Iterator[Consequence]:
    codes = _with_former(taking.codes)
    rows = session.execute(select(Reward, Use).join(Use, Use.reward_id == Reward.id)
                           .where(Use.credit_code.in_(codes)).order_by(Use.id)).all()
    for reward, use in rows:
        version = session.scalar(select(Programme).where(Programme.code == reward.code, Programme.version == reward.version))
        words = _("方案“%(title)s”（%(window)s）的奖励用到过其中 %(a)s 学分。这次不动钱；要不要退，由发奖励的单位另外决定。",
                  title=gettext(version.title), window=_window(reward.window), a=creditbank.decimal_text(use.millicredits))
        yield Consequence("reward", f"reward:{reward.id}", str(words), use.millicredits, is_money=True)


def _window(name: str) -> str:
    return gettext("不分年度") if name == rules.EVER else gettext("%(year)s 年", year=name)


def _with_former(codes: Iterable[str]) -> list[str]:
    """These codes, and those whose place they took after an appeal."""
    found: list[str] = []
    for code in codes:
        award = creditbank.find_award(code)
        found += [code, *(creditbank.stands_for(award) if award else [])]
    return found


REST = creditbank.Rest("programmes", foresee)
