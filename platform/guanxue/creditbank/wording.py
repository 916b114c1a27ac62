"""Decisions and rules of crediting in plain words, in the reader's language; made from the numbers, nothing beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from sqlalchemy import select

from guanxue.accounts import Organisation
from guanxue.core.db import session
from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.creditbank.credit_rules import EVER, YEAR, Cap, CreditRules, months_later
from guanxue.creditbank.models import CreditPolicy
from guanxue.creditbank.rules import decimal_text
from guanxue.creditbank.versions import get_credit_policy

CATEGORY_NAMES = {
    "secondary-vocational": _("中等职业教育"), "continuing-education": _("继续教育"), "skills-upgrading": _("技能提升"),
    "general-literacy": _("素质教育"),
}
COMPONENT_NAMES = {"attendance": _("出勤率"), "mark": _("成绩")}
SOURCE_NAMES = {"course": _("课程"), "class": _("培训班"), "certificate": _("证书"), "competition": _("竞赛")}


def tell(facts: dict, *, asked: int, given: int, versions: Mapping[str, CreditPolicy] | None = None) -> Iterator[object]:
    """The sentences of a decision: rule and version, what was asked and given, what bound it, what room is left.

    `versions` by name, where many decisions are told at once.
    """
    name = facts.get("rules", "")
    laws = (versions or {}).get(name) or (get_credit_policy(int(name.partition("/")[2])) if name else None)
    if laws is not None:
        yield _("按学分规则第 %(n)s 版（%(name)s）。", n=laws.version, name=laws.name)
    a, g = decimal_text(asked), decimal_text(given)
    if given == asked:
        yield _("要记 %(a)s 学分，全部记入。", a=a)
    elif given:
        yield _("要记 %(a)s 学分，记入 %(g)s 学分。", a=a, g=g)
    else:
        yield _("要记 %(a)s 学分，没有记入。", a=a)
    yield from _why(facts)
    near = facts.get("near")
    if near and facts.get("bound_by") not in ("same-title", "same-content"):
        yield _("名称和已经记过的《%(title)s》有 %(n)s%% 相同，没有当作重复。", title=near[0], n=near[1] // 10)
    for code, most, left, begins in facts.get("room", []):
        cap = next((c for c in laws.rules.caps if c.code == code), None) if laws else None
        if cap is not None:
            yield room_text(laws.rules, cap, most, left, begins)
    if facts.get("valid_until"):
        yield _("有效到 %(day)s，到期另记一笔。", day=facts["valid_until"])


def _why(facts: dict) -> Iterator[object]:
    rule = facts.get("bound_by", "")
    if rule == "once":
        yield _("同样的内容一个人只算一次，以前已经记过。")
    elif rule == "year":
        yield _("这一年的学时已经到了规则的上限。")
    elif rule == "evidence":
        yield _("这些学习记录已经在合并过的账号里记过一次。")
    elif rule == "former":
        yield _("用同一个证件开过的账号已经领过这门课的学分，账号注销了也算。同一门课一个人只算一次。")
    elif rule == "identity":
        yield _("等你确认身份，确认以后马上记进来。")
    elif rule == "floor":
        component, least, has = facts["floor"]
        what, least = COMPONENT_NAMES.get(component, component), _measured(component, least)
        if has is None:
            yield _("%(what)s要到 %(least)s，但是它没有%(what)s。每一项都要达到，不能互相补。", what=what, least=least)
        else:
            yield _("%(what)s要到 %(least)s，现在是 %(has)s。每一项都要达到，不能互相补。", what=what, least=least,
                    has=_measured(component, has))
    elif rule == "window":
        yield _("只认到 %(day)s 为止，已经过了。", day=facts["window"])
    elif rule == "same-title":
        yield _("和已经记过的《%(title)s》是同一门课：去掉空格、标点和序号的写法，名称有 %(n)s%% 相同。",
                title=facts["near"][0], n=facts["near"][1] // 10)
    elif rule == "same-content":
        yield _("和已经记过的《%(title)s》内容有 %(n)s%% 相同，同样的内容只算一次。", title=facts["near"][0],
                n=facts["near"][1] // 10)
    elif rule == "highest-level":
        yield _("同一个工种只按最高的一级算：以前已经记过 %(had)s 学分，只补差额。", had=decimal_text(facts["had"]))
        if facts.get("former"):
            yield _("其中 %(a)s 学分记在用同一个证件开过、已经注销的账号上。", a=decimal_text(facts["former"]))
    elif rule == "taken-back":
        yield _("它的学分后来收回了。")
    elif rule.startswith("cap:"):
        yield _("到了下面这条上限，只能记这么多。")


def room_text(laws: CreditRules, cap: Cap, most: int, left: int, begins: str) -> object:
    """What room a cap leaves in the period that begins in that month ("2026-03"; "" for ever)."""
    scope, m, n = scope_text(cap), decimal_text(most), decimal_text(left)
    if not begins:
        return _("%(scope)s一共最多 %(m)s 学分，还剩 %(n)s。", scope=scope, m=m, n=n)
    until = f"{_last_month(laws, cap, begins):%Y-%m}"
    return _("%(scope)s在 %(a)s 到 %(b)s 这段时间最多 %(m)s 学分，还剩 %(n)s。", scope=scope, a=begins, b=until, m=m, n=n)


def _last_month(laws: CreditRules, cap: Cap, begins: str) -> date:
    first = date.fromisoformat(f"{begins}-01")
    if cap.period == YEAR:
        return months_later(first, 11)
    return next(m for m in (months_later(first, n) for n in range(12))
                if laws.period_of(cap.period, months_later(m, 1)) != (first.year, first.month))


def scope_text(cap: Cap) -> object:
    """What a cap bounds."""
    if cap.category:
        scope = _("在线学习的“%(c)s”学分", c=CATEGORY_NAMES[cap.category]) if cap.online else \
            _("“%(c)s”的学分", c=CATEGORY_NAMES[cap.category])
    else:
        scope = _("在线学习的学分") if cap.online else _("全部学分")
    if not cap.each_provider:
        return scope
    return _("同一个机构，%(scope)s", scope=scope) if cap.category or cap.online else _("同一个机构的学分")


def told(version: CreditPolicy) -> dict:
    """{name, version, title, effective_on, answers: [(question, sentences)]} of a version, in the reader's language."""
    laws = version.rules
    higher = gettext("同一个工种只按最高的一级算。升了级，补上差额；同级或更低的不再加。")
    parts = ((gettext("最多记多少"), _caps(laws)), (gettext("怎样才算完成"), _floors(laws)),
             (gettext("什么算重复"), _doubles(laws)), (gettext("证书升了级"), [higher]),
             (gettext("哪一类能当哪一类用"), _doors(laws)), (gettext("会不会到期"), _validity(laws)))
    return {"name": version.name, "version": version.version, "title": gettext(version.title),
            "effective_on": version.effective_on, "answers": [(question, found) for question, found in parts if found]}


def differences(old: CreditPolicy, new: CreditPolicy) -> list[tuple[str, list[str], list[str]]]:
    """(question, sentences of the old version that are gone, sentences that are new) where the two say different things."""
    before, after = ({gettext("名称"): [its["title"]], **dict(its["answers"])} for its in (told(old), told(new)))
    parts = [(question, before.get(question, []), after.get(question, [])) for question in dict.fromkeys([*before, *after])]
    return [(question, [x for x in was if x not in becomes], [x for x in becomes if x not in was])
            for question, was, becomes in parts if set(was) != set(becomes)]


def _caps(laws: CreditRules) -> list[str]:
    if not laws.caps:
        return [gettext("没有上限。")]
    found = []
    for cap in laws.caps:
        scope, n = str(scope_text(cap)), plain(cap.most_milli)
        if cap.provider_kind:
            scope = gettext("%(scope)s（%(kind)s）", scope=scope, kind=cap.provider_kind)
        if cap.period == EVER:
            found.append(gettext("%(scope)s一共最多 %(n)s 学分。", scope=scope, n=n))
        elif cap.period == YEAR:
            found.append(gettext("%(scope)s一年最多 %(n)s 学分。", scope=scope, n=n))
        else:
            found.append(gettext("%(scope)s一个学期最多 %(n)s 学分。", scope=scope, n=n))
    for kind in dict.fromkeys(cap.provider_kind for cap in laws.caps if cap.provider_kind):
        members = institution_names(code for code, its in laws.provider_kinds if its == kind)
        found.append(gettext("“%(kind)s”是这些机构：%(names)s。", kind=kind, names=gettext("、").join(members.values())))
    periods = {cap.period for cap in laws.caps}
    if periods - {EVER}:
        found.append(gettext("按学完的那一天算，东莞时间。一年从 %(m)s 月开始。", m=laws.year_month))
    if "semester" in periods:
        found.append(gettext("第二个学期从 %(m)s 月开始。", m=laws.semester_month))
    return found + [gettext("超过的部分不记，记录和结业都在。")]


def institution_names(codes: Iterable[str]) -> dict[str, str]:
    """Institutions by code, as their organisations are called; "city" is whatever belongs to none."""
    codes = list(codes)
    known = dict(session.execute(select(Organisation.slug, Organisation.name).where(Organisation.slug.in_(codes))).all())
    return {code: known.get(code) or (gettext("不属于哪个机构的") if code == "city" else code) for code in codes}


def plain(milli: int) -> str:
    """Credits as a rule says them: 60, not 60.000."""
    return decimal_text(milli).rstrip("0").rstrip(".")


def percent(permille: int) -> str:
    """A share as people write it: 80 or 85.5."""
    return plain(permille * 100)


def _measured(component: str, n: int) -> str:
    """How much of a component: attendance as a share, marks as they are."""
    return f"{percent(n)}%" if component == "attendance" else str(n)


def _floors(laws: CreditRules) -> list[str]:
    found = [gettext("%(source)s的%(what)s至少 %(n)s。", source=SOURCE_NAMES.get(f.source, f.source),
                     what=COMPONENT_NAMES.get(f.component, f.component), n=_measured(f.component, f.least))
             for f in laws.floors]
    return found + [gettext("每一项都要达到，不能拿别的补。")] if found else []


def _doubles(laws: CreditRules) -> list[str]:
    found = [gettext("同一门课、同一个培训班，一个人只算一次。")]
    if not laws.near_sources:
        return found
    if laws.content_permille:
        found.append(gettext("两门课有 %(n)s%% 以上的内容一样，只算一次。", n=percent(laws.content_permille)))
    if laws.near_permille == 1000:
        found.append(gettext("名称去掉空格、标点和序号的写法就一样的，是同一门课。等级不同的不是。"))
    elif laws.near_permille:
        found.append(gettext("名称有 %(n)s%% 以上一样的，是同一门课。等级不同的不是。", n=percent(laws.near_permille)))
    if laws.tell_permille and laws.tell_permille < (laws.near_permille or 1001):
        found.append(gettext("名称有 %(n)s%% 以上一样、又不是同一门的，照样记，账目里写明。", n=percent(laws.tell_permille)))
    if laws.near_sources != ("course",):
        names = gettext("、").join(str(SOURCE_NAMES.get(s, s)) for s in laws.near_sources)
        found.append(gettext("名称和内容，只在这几种里各自比：%(names)s。", names=names))
    return found + [gettext("比名称的时候，“%(short)s”就是“%(whole)s”。", short=short, whole=whole)
                    for short, whole in laws.abbreviations]


def _doors(laws: CreditRules) -> list[str]:
    return [gettext("“%(a)s”的学分可以当“%(b)s”用，反过来不行。", a=CATEGORY_NAMES[a], b=CATEGORY_NAMES[b])
            for a, b in laws.counts_as]


def _validity(laws: CreditRules) -> list[str]:
    found = [gettext("“%(c)s”的学分，学完 %(n)s 个月后到期，到期前 %(d)s 天提醒。", c=CATEGORY_NAMES[c], n=n, d=laws.warn_days)
             for c, n in laws.valid_months]
    found = found or [gettext("学分不会到期。")]
    return found + [gettext("%(source)s要在取得后 %(n)s 个月内交来。", source=SOURCE_NAMES.get(s, s), n=n)
                    for s, n in laws.window_months]
