"""Cheap phones run our scripts as they are written: nothing newer than ES2019, no style that an old browser drops whole."""

from __future__ import annotations

import re

import pytest

from guanxue.config import ROOT

NEWER = {
    "optional chaining": r"[\w\])]\?\.[A-Za-z_[(]", "nullish": r"\?\?", "at()": r"\.at\(", "replaceChildren": r"\.replaceChildren\(",
    "replaceAll": r"\.replaceAll\(", "logical assignment": r"(\|\||&&)=", "hasOwn": r"Object\.hasOwn\(", "private field": r"this\.#",
    "structuredClone": r"structuredClone\(", "matchAll": r"\.matchAll\(", "allSettled": r"\.allSettled\(", "big number": r"\b\d+n\b",
}
SCRIPTS = sorted(p for p in ROOT.glob("static/*/*.js") if p.parent.name != "vendor")
STYLES = sorted(ROOT.glob("static/*/*.css"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_script_is_understood_by_old_phones(path):
    code = re.sub(r"^\s*//.*$", "", path.read_text("utf-8"), flags=re.M)
    assert [name for name, pattern in NEWER.items() if re.search(pattern, code)] == []


@pytest.mark.parametrize("path", STYLES, ids=lambda p: str(p.relative_to(ROOT)))
def test_style_has_something_for_old_phones(path):
    text = path.read_text("utf-8")
    assert not re.search(r"[{;]\s*inset:", text), "say top, right, bottom, left"
    assert not re.search(r":not\([^)]*,", text), "a list in :not() makes old browsers drop the rule"
    for property_, value in re.findall(r"([\w-]+):([^;{}]*color-mix[^;}]*)", text):
        assert re.search(rf"{property_}:[^;{{}}]+; {property_}:{re.escape(value)}", text), f"a plain {property_} before {value}"
