"""The commands as a whole: help without a site, words in GUANXUE_LOCALE whatever LANG says, the result alone on stdout."""

from __future__ import annotations

import json
from dataclasses import replace

import click
import pytest
from click.testing import CliRunner
from tests.clients import is_chinese
from tests.factories import make_course

from guanxue import cli
from guanxue.core.db import writing

SURFACE = {
    "init", "demo", "serve", "worker", "up", "import-course", "export-course", "check", "verify", "search", "reindex", "ledger verify",
    "ledger head", "ledger proof", "ledger rewind", "credits recompute", "user create", "user role", "user reset-password", "backup",
    "restore", "doctor",
}


def every(command: click.Command, name: str = ""):
    """(words, command) of everything below a command."""
    for word, inner in getattr(command, "commands", {}).items():
        words = f"{name} {word}".strip()
        yield words, inner
        yield from every(inner, words)


ALL = dict(every(cli.main))


def test_every_command_of_the_surface_is_there():
    assert SURFACE - set(ALL) == set()


@pytest.mark.parametrize("words", ALL)
def test_help_speaks_chinese_and_opens_no_site(words, monkeypatch, tmp_path):
    monkeypatch.setenv("GUANXUE_DATA", str(tmp_path / "site"))
    monkeypatch.setenv("GUANXUE_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    result = CliRunner().invoke(cli.main, [*words.split(), "--help"])
    assert result.exit_code == 0 and is_chinese(result.stdout) and not (tmp_path / "site").exists()
    assert is_chinese(ALL[words].help or ""), words


@pytest.fixture
def run(bare_app, monkeypatch):
    """Run any command on the fresh site."""
    monkeypatch.setattr(cli, "create_app", lambda: bare_app)
    return lambda *args: CliRunner().invoke(cli.main, [str(a) for a in args])


@pytest.mark.parametrize(("address", "is_named"), [("http://xue.dg.gov.cn", True), ("https://xue.dg.gov.cn", False), ("http://127.0.0.1:8000", False)])
def test_the_doctor_names_a_site_without_https(run, bare_app, address, is_named):
    known = bare_app.extensions["guanxue.settings"]
    bare_app.extensions["guanxue.settings"] = replace(known, base_url=address)
    assert ("不是 https" in run("doctor").stdout) is is_named


@pytest.mark.parametrize(("locale", "chinese"), [(None, True), ("zh-Hans", True), ("zh_CN", True), ("en", False), ("en-US", False),
                                                 ("klingon", True), ("", True)])
def test_commands_speak_the_locale_they_are_told_whatever_lang_says(run, monkeypatch, tmp_path, locale, chinese):
    monkeypatch.setenv("LANG", "en_US.UTF-8" if chinese else "zh_CN.UTF-8")
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8" if chinese else "zh_CN.UTF-8")
    monkeypatch.delenv("GUANXUE_LOCALE", raising=False)
    if locale is not None:
        monkeypatch.setenv("GUANXUE_LOCALE", locale)
    (tmp_path / "x.gift").write_text("::q::?{", "utf-8")
    inside, outside = run("ledger", "proof", 99), run("check", tmp_path / "x.gift", "--json")
    assert inside.exit_code == 1 and inside.stdout == "" and is_chinese(inside.stderr) == chinese
    assert outside.exit_code == 1 and is_chinese(json.loads(outside.stdout)["reason"]) == chinese


def test_reindex_prints_its_result_alone_and_its_progress_beside(bare_app, run):
    with bare_app.test_request_context(), writing():
        make_course()
    result = run("reindex")
    assert result.exit_code == 0 and result.stdout == "已索引 1 项。\n" and "索引" in result.stderr
    found = json.loads(run("search", "测量", "--json").stdout)
    assert [x["slug"] for x in found["items"]] == ["safe-measuring"]


def test_wrong_words_are_a_usage_error(run):
    for args in (("export-course",), ("check", "/no/such/file"), ("import-course", "/no/such/folder"), ("restore", "/no/such/folder"),
                 ("nonsense",)):
        result = run(*args)
        assert result.exit_code == 2 and result.stdout == ""
