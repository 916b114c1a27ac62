"""The office's form of a programme or scheme as a document, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping

from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _
from guanxue.programmes import rules, telling
from guanxue.programmes.models import Programme

ONLINE = {"": None, "yes": 1, "no": 0}


def fields_of(programme: Programme) -> dict[str, list[str]]:
    """The form filled with a version: {name: values}."""
    target = programme.target
    found = {"title": [programme.title], "summary": [target.summary], "basis": [target.basis],
             "total": [telling.milli(target.total)], "period": [target.period], "valid_years": [str(target.valid_years)],
             "times": [str(target.times)], "is_open": ["yes"] if target.is_open else []}
    _fill(found, "t", target.takes)
    for mark, buckets in (("n", target.needs), ("c", target.caps)):
        for i, bucket in enumerate(buckets):
            found[f"{mark}{i}-title"], found[f"{mark}{i}-milli"] = [bucket.title], [telling.milli(bucket.milli)]
            _fill(found, f"{mark}{i}", bucket.takes)
    return found


def _fill(found: dict[str, list[str]], mark: str, takes: rules.Selection) -> None:
    for name in ("sources", "categories"):
        found[f"{mark}-{name}"] = list(getattr(takes, name))
    for name in ("providers", "occupations", "levels"):
        found[f"{mark}-{name}"] = [" ".join(map(str, getattr(takes, name)))]
    found[f"{mark}-online"] = [{None: "", True: "yes", False: "no"}[takes.is_online]]


def document_of(form: Mapping[str, list[str]]) -> dict:
    """A sent form as a document. Raises Invalid with the first thing that cannot be read."""
    def one(name: str) -> str:
        return (form.get(name) or [""])[0].strip()

    document: dict = {
        "total_milli": _milli(one("total"), _("总学分")), "period": one("period") or rules.EVER,
        "valid_years": _whole(one("valid_years")), "times": _whole(one("times")), "takes": _takes(form, "t"),
        "summary": one("summary")[: rules.LONGEST_TEXT], "basis": one("basis")[: rules.LONGEST_TEXT],
        "is_open": int(bool(one("is_open")))}
    for mark, most, name, amount in (("n", rules.MOST_NEEDS, "needs", "at_least_milli"),
                                     ("c", rules.MOST_CAPS, "caps", "at_most_milli")):
        document[name] = [
            {"title": one(f"{mark}{i}-title"), amount: _milli(one(f"{mark}{i}-milli"), one(f"{mark}{i}-title")),
             "takes": _takes(form, f"{mark}{i}")}
            for i in range(most) if one(f"{mark}{i}-title") or one(f"{mark}{i}-milli")]
    return document


def _milli(text: str, label: object) -> int:
    try:
        return rules.read_milli(text)
    except ValueError:
        raise Invalid(_("“%(label)s”的学分写成 12 或 0.5 这样的数字。", label=label)) from None


def _whole(text: str) -> int:
    if not re.fullmatch(r"\d{0,3}", text):
        raise Invalid(_("有效年数和次数是 0 到 100 的整数。"))
    return int(text or 0)


def _takes(form: Mapping[str, list[str]], mark: str) -> dict:
    def words(name: str) -> list[str]:
        return [w for text in form.get(f"{mark}-{name}", []) for w in re.split(r"[\s,，、;；]+", text) if w][:40]

    levels = words("levels")
    if not all(re.fullmatch(r"\d{1,2}", x) for x in levels):
        raise Invalid(_("等级写成 1 到 99 的整数，用空格隔开。"))
    found: dict = {name: words(name) for name in ("sources", "categories", "providers", "occupations")}
    found["levels"] = [int(x) for x in levels]
    online = ONLINE.get((form.get(f"{mark}-online") or [""])[0])
    return {name: value for name, value in found.items() if value} | ({} if online is None else {"online": online})
