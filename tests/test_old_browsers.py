"""Phones of 2017 run our scripts as they are written and see our styles; whatever they would not understand is named.

A lint that finds nothing proves nothing, so each kind of offence is planted here too, beside what must stay allowed.
"""

from __future__ import annotations

import re

import pytest
from tests import known_2017
from tests.old_browsers import as_of_2017, parse, script_offences, style_offences

from guanxue.config import ROOT

SCRIPTS = sorted(p for p in ROOT.glob("static/**/*.js") if p.parent.name != "vendor")
STYLES = sorted(ROOT.glob("static/**/*.css"))
BASE = tuple(p.read_text("utf-8") for p in STYLES if p.parent.name == "base")


def name(path) -> str:
    """A file of static/ by its name there."""
    return str(path.relative_to(ROOT / "static"))


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_script_is_understood_by_phones_of_2017(path):
    assert script_offences(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", STYLES, ids=name)
def test_style_loses_nothing_on_phones_of_2017(path):
    assert style_offences(path.read_text("utf-8"), BASE) == []


def test_what_others_wrote_parses_where_it_is_loaded():
    """hls.js is fetched only where a browser has Media Source Extensions and plays no HLS itself: it is plain ES5 inside."""
    text = (ROOT / "static/vendor/hls.light.min.js").read_text("utf-8")
    assert parse(text).type == "Program" and not re.search(r"\bimport\s*\(", text)
    loader = "".join(p.read_text("utf-8") for p in SCRIPTS if p.parent.name == "learning")
    assert re.search(r"canPlayType\('application/vnd\.apple\.mpegurl'\)[^;]*MediaSource[^;]*hlsjs", loader, re.S)


def test_the_sender_of_videos_parses_on_phones_of_2017():
    text = (ROOT / "static/vendor/tus.min.js").read_text("utf-8")
    assert parse(text).type == "Program" and not re.search(r"\bimport\s*\(|\beval\(", text)


def test_no_page_asks_for_a_module():
    """An old phone leaves <script type=module> out without a word."""
    assert not [p for p in ROOT.glob("templates/**/*.html") if re.search(r"<script[^>]*\b(module|importmap)\b", p.read_text("utf-8"))]


# ---- planted offences

BAD_SCRIPTS = [
    ("try { a(); } catch { b(); }", "does not parse"), ("a?.b;", "does not parse"), ("a ?? b;", "does not parse"), ("a ||= b;", "does not parse"),
    ("const x = { ...a };", "... in an object"), ("const { a, ...b } = c;", "... in an object"), ("import('x');", "import()"),
    ("class A { #x = 1; }", "does not parse"), ("async function* f() {}", "does not parse"), ("/(?<=a)b/.test(x);", "regular expression"),
    ("/a.b/s.test(x);", "regular expression"), ("const n = 10n;", "does not parse"),
    ("new IntersectionObserver(f);", "IntersectionObserver"), ("new window.AbortController();", "AbortController"),
    ("structuredClone(x);", "structuredClone"), ("x.flat();", "flat"), ("x.at(-1);", "at"), ("Promise.allSettled(x);", "allSettled"),
    ("box.replaceChildren();", "replaceChildren"), ("Object.fromEntries(x);", "fromEntries"), ("p.finally(f);", "finally"),
    ("navigator.serviceWorker.register('/x');", "serviceWorker"), ("navigator.connection.saveData;", "connection"),
    ("fetch(x, { signal: y });", "signal"), ("if (window.ResizeObserver) a(); new ResizeObserver(f);", "ResizeObserver"),
    ("if (a) { new IntersectionObserver(f); }", "IntersectionObserver"), ("crypto.randomUUID();", "randomUUID"),
    ("try { a(); structuredClone(x); } catch (e) { b(); }", "structuredClone"),
    ("line one;", "line 1"),
]
GOOD_SCRIPTS = [
    "if (window.IntersectionObserver) { new IntersectionObserver(f).observe(x); }",
    "if ('IntersectionObserver' in window) { new IntersectionObserver(f); }",
    "const stop = window.AbortController ? new AbortController() : null;",
    "function f() { if (!window.caches) return; caches.open('x'); }",
    "const c = navigator.connection || {}; if (navigator.connection && navigator.connection.saveData) a();",
    "try { screen.orientation.lock('portrait'); } catch (e) { /* turned by hand */ }",
    "if (typeof structuredClone === 'function') structuredClone(x);", "x.flat && x.flat();",
    "const f = async (a, b = 1, ...c) => { try { await a(); } catch (e) { b(...c); } };", "`${a}`.padStart(2, '0'); [1].includes(1);",
    "const at = { at: 1 }; f(at.at);", "'serviceWorker' in navigator && navigator.serviceWorker.register('/x');", "/[^]*/.test(x);",
]


@pytest.mark.parametrize(("text", "told"), BAD_SCRIPTS, ids=lambda v: v[:40])
def test_offence_in_a_script_is_named(text, told):
    assert any(told in sentence for sentence in script_offences(text)), script_offences(text)


@pytest.mark.parametrize("text", GOOD_SCRIPTS, ids=lambda v: v[:40])
def test_what_old_phones_understand_or_are_asked_for_is_allowed(text):
    assert script_offences(text) == []


BAD_STYLES = [
    ("a { display: flex; gap: 8px; }", "not a grid's"), ("a { gap: 8px; }", "not a grid's"), ("a { display: flex; grid-gap: 8px; }", "not a grid's"),
    ("a { display: grid; gap: 8px; }", "gap"), ("a { display: flex; } @media print { a { grid-gap: 8px; } }", "not a grid's"),
    ("a { aspect-ratio: 16 / 9; }", "aspect-ratio"), ("a { inset: 0; }", "inset"), ("a { margin-inline: 4px; }", "margin-inline"),
    ("a { place-items: center; }", "place-items"), ("a { width: min(100%, 20px); }", "min()"), ("a { width: clamp(1px, 2vw, 3px); }", "clamp()"),
    ("a { color: color-mix(in srgb, red, blue); }", "color-mix()"), ("a { color: rgb(0 0 0 / .5); }", "rgb()"), ("a { color: #11223344; }", "#11223344"),
    ("a { height: 100dvh; }", "dvh"), ("a { overflow-wrap: anywhere; }", "anywhere"), ("a { display: contents; }", "contents"),
    ("a { overflow: clip; }", "clip"), ("a { appearance: none; }", "appearance"), ("a { rotate: 4deg; }", "rotate"),
    ("a { background: linear-gradient(red 0 4px, blue 4px); }", "two places"), ("a { grid-template-columns: subgrid; }", "subgrid"),
    ("a { color: red; color: color-mix(in srgb, var(--a), red); }", "lost as well"), ("a { --x: color-mix(in srgb, red, blue); }", "color-mix()"),
    ("a { --x: #fff; --x: min(1px, 2px); }", "min()"), ("a:has(b) { color: red; }", ":has"), ("a, b:focus-visible { color: red; }", "rule of its own"),
    ("a:is(b, c) { color: red; }", ":is"), (":where(a) { color: red; }", ":where"), ("a:not(b, c) { color: red; }", ":not"),
    ("a:not(.b .c) { color: red; }", ":not"), ("a::-webkit-x, b { color: red; }", "rule of its own"), ("a { & b { color: red; } }", "rule"),
    ("@layer x { a { color: red; } }", "@layer"), ("@container (width > 3px) { a { color: red; } }", "@container"),
    ("@media (width >= 600px) { a { color: red; } }", "way of asking"), ("@media not (hover) { a { color: red; } }", "not"),
    ("@media (inverted-colors) { a { color: red; } }", "inverted-colors"), ("@supports (display: grid) { a { inset: 0; } }", "inset"),
    ("@supports not (inset: 0) { a { aspect-ratio: 1; } }", "aspect-ratio"), ("@media print { a { inset: 0; } }", "inset"),
    ("@keyframes x { from { inset: 0; } }", "inset"), ("a { colour: red; }", "colour"), ("a { color red; }", "cannot be read"),
    ("a {\n color: red;\n inset: 0; }", "line 3"), ("a { align-items: safe center; }", "safe"), ("a { width: stretch; }", "stretch"),
    ("a { content: attr(x); width: attr(x); }", "width: attr()"), ("li:nth-child(2 of .x) { color: red; }", "of"),
]
GOOD_STYLES = [
    "a { display: grid; grid-gap: 8px; }", "a { display: grid; } @media print { a { grid-gap: 4px; } }", "a { columns: 2; column-gap: 8px; }",
    "a { display: grid; grid-gap: 8px; gap: 8px; }", "a { height: 9px; aspect-ratio: 1; }", "a { top: 0; right: 0; bottom: 0; left: 0; inset: 0; }",
    "a { color: red; color: color-mix(in srgb, red, blue); }", "a { width: 100%; width: min(100%, 9px); }",
    "@supports (inset: 0) { a { display: flex; gap: 8px; aspect-ratio: 1; color: color-mix(in srgb, var(--a), red); } }",
    "@supports selector(:has(a)) { a:has(b), c { color: red; } }", "a:focus-visible { outline: 2px solid; }", "a { color-scheme: dark; }",
    "a { padding-bottom: env(safe-area-inset-bottom); }", "a { -webkit-appearance: none; appearance: none; }", "progress::-webkit-progress-bar { color: red; }",
    "@media (min-width: 600px) and (prefers-reduced-motion: reduce) { a { color: Red; } }", "a { color: rgba(0, 0, 0, .5); }",
    "a { background: repeating-linear-gradient(180deg, var(--a) 0, var(--a) 10px, transparent 10px, transparent 14px); }",
    "a { font: 1rem/1.5 ui-monospace, monospace; transition: opacity .2s; animation: turn 1s infinite; }", "a:not([type=x]):not(.b):hover { color: red; }",
    "a::before { content: attr(x) counter(s); } @keyframes turn { 50% { opacity: 0; } }", "a { min-width: 0; width: fit-content; width: max-content; }",
    "a { overflow-wrap: break-word; overflow-wrap: anywhere; }", ":root { --a: #fff; --b: 4px; }", "@page { size: a4; margin: 2cm; }",
]


@pytest.mark.parametrize(("text", "told"), BAD_STYLES, ids=lambda v: v[:60])
def test_offence_in_a_style_is_named(text, told):
    assert any(told in sentence for sentence in style_offences(text)), style_offences(text)


@pytest.mark.parametrize("text", GOOD_STYLES, ids=lambda v: v[:60])
def test_what_old_phones_know_or_may_lose_is_allowed(text):
    assert style_offences(text) == []


def test_an_old_phone_sees_what_is_left():
    text = ("a { color: red; inset: 0; } b:has(c) { color: red; } @supports (inset: 0) { a { top: 0; } } @supports not (inset: 0) { a { left: 0; } }"
            " .f { display: flex; grid-gap: 8px; } .g { display: grid; grid-gap: 8px; } @media (prefers-color-scheme: dark) { a { color: #fff; } }"
            " @media (min-width: 9px) { .g { grid-gap: 4px; gap: 4px; } }")
    left = re.sub(r"\s", "", as_of_2017(text))
    assert left == "a{color:red;}a{left:0;}.f{display:flex;}.g{display:grid;grid-gap:8px;}@media(min-width:9px){.g{grid-gap:4px;}}"


def test_every_excuse_has_its_reason():
    for table in (known_2017.HARMLESS_PROPERTIES, known_2017.HARMLESS_PSEUDO, known_2017.HARMLESS_FUNCTIONS, known_2017.HARMLESS_MEDIA,
                  known_2017.HARMLESS_AT_RULES):
        assert all(len(reason) > 10 for reason in table.values())
    assert not set(known_2017.HARMLESS_PROPERTIES) & known_2017.PROPERTIES
    assert not set(known_2017.HARMLESS_PSEUDO) & known_2017.PSEUDO
