"""Targets, progress and ways as plain values with sentences, for pages and the API alike."""

from __future__ import annotations

from guanxue import courses, creditbank
from guanxue.core import clock
from guanxue.core.i18n import Name, gettext, ngettext
from guanxue.core.i18n import lazy as _
from guanxue.programmes import rules
from guanxue.programmes.models import Programme
from guanxue.programmes.rules import Counted, Progress, Target
from guanxue.programmes.ways import ATTEND, BEGIN, FILE, GO_ON, Found, Offer

KINDS = {rules.PROGRAMME: _("培养项目"), rules.SCHEME: _("奖励方案")}
MOST_STEPS = 12  # of a long way
SOURCES = {"course": _("线上课程"), "class": _("培训班"), "certificate": _("证书"), "competition": _("竞赛")}
DEEDS = {GO_ON: _("接着学"), FILE: _("去登记"), BEGIN: _("开始学"), ATTEND: _("去报名")}


def milli(amount: int) -> str:
    """Credits as people read them, without noughts at the end: 60, 0.05."""
    text = creditbank.decimal_text(amount)
    return text.rstrip("0").rstrip(".")


def told(programme: Programme) -> dict:
    """What a target is, in words."""
    target = programme.target
    return {"code": programme.code, "version": programme.version, "title": gettext(programme.title), "kind": programme.kind,
            "kind_word": KINDS[programme.kind],
            "summary": gettext(target.summary) if target.summary else "",
            "basis": gettext(target.basis) if target.basis else "",
            "total": milli(target.total), "effective_on": programme.effective_on, "conditions": conditions(target)}


def conditions(target: Target) -> list[str]:
    """What counts towards it, in sentences."""
    found = [gettext("一共要 %(n)s 学分。", n=milli(target.total))]
    found += [gettext("其中“%(title)s”至少 %(n)s 学分：%(what)s。", title=gettext(n.title), n=milli(n.milli),
                      what=what(n.takes))
              for n in target.needs]
    found += [gettext("“%(title)s”最多算 %(n)s 学分：%(what)s。", title=gettext(c.title), n=milli(c.milli), what=what(c.takes))
              for c in target.caps]
    if target.takes != rules.Selection():
        found.append(gettext("只算：%(what)s。", what=what(target.takes)))
    if target.valid_years:
        years = target.valid_years
        found.append(ngettext("只算最近 %(n)s 年学完的。", "只算最近 %(n)s 年学完的。", years, n=years))
    if target.period == rules.YEAR:
        found.append(gettext("只算今年学完的，每年重新算。"))
    return found


def what(selection: rules.Selection) -> str:
    """Which credits a selection means."""
    parts = [[str(SOURCES.get(s, s)) for s in selection.sources],
             [str(courses.KINDS.get(c, c)) for c in selection.categories], list(selection.providers),
             [str(courses.label("occupation", o)) for o in selection.occupations],
             [gettext("%(n)s 级", n=n) for n in selection.levels]]
    words = [gettext("、").join(p) for p in parts if p]
    if selection.is_online is not None:
        words.append(gettext("线上") if selection.is_online else gettext("线下"))
    return gettext("，").join(words) or gettext("什么学分都可以")


def how_far(progress: Progress) -> dict:
    """How far somebody is: the whole, each need, each cap and the rest, with numbers for bars."""
    target = progress.target
    needs = [_bar(gettext(n.title), have, n.milli) for n, have in zip(target.needs, progress.needs, strict=True)]
    if target.needs and target.shape.free:
        needs.append(_bar(gettext("其余，什么学分都可以"), progress.rest, target.shape.free))
    caps = [_bar(gettext(c.title), have, c.milli) for c, have in zip(target.caps, progress.caps, strict=True)]
    return {**_bar("", progress.reach, target.total), "is_reached": progress.is_reached, "missing": milli(progress.missing),
            "needs": needs, "caps": caps}


def _bar(title: str, have: int, need: int) -> dict:
    return {"title": title, "have": milli(have), "need": milli(need), "have_milli": have, "need_milli": need,
            "missing": milli(max(0, need - have)), "is_full": have >= need}


def entries(progress: Progress) -> list[dict]:
    """Each credit, the newest first: what of it counts, for which need, and why not all of it does."""
    return [{"title": Name(line.piece.title), "code": line.piece.key, "counts": milli(line.milli),
             "of": milli(line.piece.milli), "is_whole": line.milli == line.piece.milli,
             "counts_milli": line.milli, "on": line.piece.finished_on,
             "need": gettext(progress.target.needs[line.need].title) if line.need >= 0 and line.milli else "",
             "why": why(line, progress.target)} for line in reversed(progress.lines)]


def why(line: Counted, target: Target) -> str:
    """Why a credit does not count whole, "" where it does."""
    if not line.reason:
        return ""
    if line.reason == "cap":
        cap = target.caps[line.cap]
        return gettext("“%(title)s”最多算 %(n)s 学分，已经到了。", title=gettext(cap.title), n=milli(cap.milli))
    return {"other": gettext("这个目标不算这一类学分。"),
            "expired": gettext("学完已经超过 %(n)s 年，这个目标不再算；学分还在。", n=target.valid_years),
            "period": gettext("不是今年学完的，这个目标不算；学分还在。"),
            "used": gettext("已经用于这个方案的一次奖励，不再重复算；学分还在。"),
            "enough": gettext("它能算的部分已经够了，用不上。")}[line.reason]


def way(found: Found) -> dict:
    """The way in steps, the next one first, and how sure it is."""
    steps = [_step(offer, given) for offer, given in zip(found.offers, found.way.given, strict=True)]
    return {
        "steps": steps[:MOST_STEPS], "more": max(0, len(steps) - MOST_STEPS), "count": len(steps),
        "minutes": found.way.minutes, "time": span(found.way.minutes), "is_reached": found.way.is_reached,
        "is_shortest": found.way.is_shortest and not found.is_narrowed, "is_narrowed": found.is_narrowed,
        "least": span(found.way.least_minutes), "reach": milli(found.way.reach)}


def _step(offer: Offer, given: int) -> dict:
    o = offer.outcome
    item = courses.find_item(o.document["course"]) if "course" in o.document else None
    return {"title": Name(item.title, item.title_en) if item and item.title == o.title else Name(o.title), "path": offer.path,
            "minutes": offer.minutes, "time": span(offer.minutes), "credits": milli(given), "deed": DEEDS[offer.rank],
            "kind": o.source, "is_begun": offer.rank == GO_ON, "key": offer.key, "millicredits": given}


def certificate(offer: Offer) -> dict:
    """A certificate that would count if one held it."""
    return _step(offer, offer.adds)


def span(minutes: int) -> str:
    """So much study time in words: 45 minutes; 3 h 20 min."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return ngettext("%(n)s 分钟", "%(n)s 分钟", rest, n=rest)
    if not rest or hours >= 20:
        hours = hours + (rest > 0)
        return ngettext("%(n)s 小时", "%(n)s 小时", hours, n=hours)
    return gettext("%(h)s 小时 %(m)s 分钟", h=hours, m=rest)


def window(name: str) -> str:
    """The name of a scheme's window."""
    return gettext("不分年度") if name == rules.EVER else gettext("%(year)s 年", year=name)


def today() -> str:
    """The city day as tables name it."""
    return clock.today().isoformat()
