"""Static files: sent small, kept for ever, never from anywhere else."""

from __future__ import annotations

import gzip
import re

import pytest

from guanxue.config import ROOT
from guanxue.core.web import assets
from guanxue.core.web.assets import Assets, shrink_style


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(assets, "LOOK_AGAIN_S", 0)
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "base.css").write_text('@import "tokens.css";\n@import "parts.css";\nb { color: red }\n')
    (tmp_path / "base" / "tokens.css").write_text(":root { --a: 1px; }\n")
    (tmp_path / "base" / "parts.css").write_text("/* why */ a { background: url(w.svg) 0 0; }\n")
    (tmp_path / "base" / "w.svg").write_text("<svg/>")
    return tmp_path


def test_a_style_is_joined_in_its_order_and_without_comments(folder):
    found = Assets(folder).find("base/base.css")
    text = found.body.decode()
    assert re.fullmatch(r":root\{--a:1px\}a\{background:url\(w\.svg\?v=[0-9a-f]{10}\) 0 0\}b\{color:red\}", text), text


@pytest.mark.parametrize("changed", ["tokens.css", "w.svg", "base.css"])
def test_a_style_has_another_address_when_any_file_of_it_changes(folder, changed):
    files = Assets(folder)
    before = files.digest("base/base.css")
    assert files.digest("base/base.css") == before
    path = folder / "base" / changed
    path.write_text(path.read_text() + "\n/**/ i{}" * 2)
    assert files.digest("base/base.css") != before


def test_a_style_that_lost_a_part_is_not_served_by_halves(folder):
    files = Assets(folder)
    assert files.find("base/base.css")
    (folder / "base" / "tokens.css").unlink()
    assert files.find("base/base.css") is None


def test_no_import_leads_out_of_the_folder(folder):
    (folder / "base" / "base.css").write_text('@import "../../secret.css";\n')
    (folder.parent / "secret.css").write_text("a{}")
    assert Assets(folder).find("base/base.css") is None


@pytest.mark.parametrize(("text", "small"), [
    ('a::after { content: "a ; b /* x */ {" ; }', 'a::after{content:"a ; b /* x */ {"}'),
    (".x:not(.y) :hover , b > c { width: calc( 100% - ( 2px + 1px ) ); }", ".x:not(.y) :hover,b > c{width:calc( 100% - ( 2px + 1px ) )}"),
    ("@media (min-width: 1px)  and (hover) {\n  a b { c: d; }\n}\n", "@media (min-width:1px) and (hover){a b{c:d}}"),
    ('a { b: url("x;  y.svg") }', 'a{b:url("x;  y.svg")}'),
])
def test_a_style_shrinks_and_means_the_same(text, small):
    assert shrink_style(text) == small


# ---- over the wire


def _addresses(client):
    page = client.get("/courses").get_data(as_text=True)
    return {a for a in re.findall(r'(?:href|src)="(/static/[^"#]+)', page) if "vendor" not in a}


def test_what_a_page_loads_is_kept_for_ever_and_packed(client):
    addresses = _addresses(client)
    assert len(addresses) >= 3
    for address in addresses:
        answer = client.get(address, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200 and "immutable" in answer.headers["Cache-Control"], address
        if len(client.get(address).data) > 200 and not re.search(r"\.(png|webp|avif)\?", address):
            assert answer.headers["Content-Encoding"] == "gzip" and gzip.decompress(answer.data) == client.get(address).data
        assert client.get(address, headers={"If-None-Match": client.get(address).headers["ETag"]}).status_code == 304


def test_an_old_address_is_answered_but_not_kept(client):
    assert client.get("/static/base/base.css?v=0000000000").headers["Cache-Control"] == "no-cache"


# ---- from nowhere else

_LOADS = re.compile(r"""(?:\bsrc|\bsrcset|\bposter|<link\b[^>]*\bhref|<use\b[^>]*\bhref|\bdata)\s*=\s*["']?\s*(?:https?:)?//|url\(["']?(?:https?:)?//"""
                    r"""|@import\s+(?:url\()?["']?(?:https?:)?//|\b(?:fetch|import|importScripts|Worker|open)\(\s*["'`](?:https?:)?//""")
_READ = sorted(p for kind in ("templates/**/*.html", "static/**/*.css", "static/**/*.js", "static/**/*.svg") for p in ROOT.glob(kind))


def elsewhere(text: str) -> list[str]:
    """What would be loaded from another origin."""
    return [found[0] for found in _LOADS.finditer(text)]


def test_nothing_is_loaded_from_another_origin():
    assert len(_READ) > 40
    assert not [(p.relative_to(ROOT), found) for p in _READ if (found := elsewhere(p.read_text("utf-8")))]


@pytest.mark.parametrize("text", [
    '<script src="https://cdn.example/x.js"></script>', '<link rel="stylesheet" href="//cdn.example/x.css">', "a{b:url(//x.example/y.png)}",
    '@import "https://x.example/y.css";', 'fetch("https://x.example/")', "<img src=//x.example/y.png>", '<use href="https://x.example/i.svg#a"/>',
])
def test_what_would_be_loaded_from_elsewhere_is_noticed(text):
    assert elsewhere(text)


def test_every_part_a_style_is_made_of_is_there():
    files = Assets(ROOT / "static")
    for path in ROOT.glob("static/*/*.css"):
        found = files.find(str(path.relative_to(ROOT / "static")))
        assert found is not None and b"@import" not in found.body, path
