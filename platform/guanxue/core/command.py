"""The frame of the `guanxue` commands: an app made when first needed, plain words on stderr, exit 0 only on success."""

from __future__ import annotations

import functools
import gettext
import json
import os
import sys
from collections.abc import Callable

import click
from flask import Flask
from flask_babel import Babel, force_locale

from guanxue.config import ROOT
from guanxue.core.db import writing
from guanxue.core.errors import Problem
from guanxue.core.i18n import FIRST


class Application:
    """Makes the app once, when a command wants it; `--help` never opens a database."""

    def __init__(self, make: Callable[[], Flask]) -> None:
        self._make = make
        self._app: Flask | None = None

    @property
    def app(self) -> Flask:
        """The app of this command."""
        if self._app is None:
            self._app = self._make()
        return self._app


def in_app(*, writes: bool = False) -> Callable[[Callable], Callable]:
    """Run the command inside an app context; with `writes`, in one writing transaction committed at its end.

    A Problem becomes its sentences on stderr and exit 1.
    """

    def wrap(fn: Callable) -> Callable:
        @functools.wraps(fn)
        def run(*args, **kwargs):
            application: Application = click.get_current_context().find_root().obj
            with application.app.test_request_context(), force_locale(_locale()):
                try:
                    if not writes:
                        return fn(*args, **kwargs)
                    with writing():
                        return fn(*args, **kwargs)
                except Problem as problem:
                    fail(sentences_of(problem))

        return run

    return wrap


def without_site(fn: Callable) -> Callable:
    """Run the command with words but without a site: no settings, folders, keys or database are made or opened."""

    @functools.wraps(fn)
    def run(*args, **kwargs):
        app = Flask("guanxue")
        Babel(app, default_locale=FIRST, default_translation_directories=str(ROOT / "translations"))
        with app.app_context(), force_locale(_locale()):
            try:
                return fn(*args, **kwargs)
            except Problem as problem:
                fail(sentences_of(problem))

    return run


def _locale() -> str:
    """GUANXUE_LOCALE, whatever LANG says; Chinese for one we do not speak."""
    return "en" if os.environ.get("GUANXUE_LOCALE", "").replace("-", "_").split("_")[0] == "en" else FIRST


def speak(group: click.Group) -> None:
    """Let click say its own words (usage, options, what is missing) in the commands' language: it asks gettext for them.

    Call once, before the arguments are read. Our catalogue of click's words is translations/*/LC_MESSAGES/click.po.
    """
    os.environ["LANGUAGE"] = _locale()  # gettext's own way of being told; LANG is not asked
    gettext.bindtextdomain("click", str(ROOT / "translations"))
    gettext.textdomain("click")
    if _locale() == FIRST:
        _say_in_usage(group)


def _say_in_usage(command: click.Command) -> None:
    command.options_metavar = "[选项]"
    if isinstance(command, click.Group):
        command.subcommand_metavar = "命令 [参数]..."
        for below in command.commands.values():
            _say_in_usage(below)


def sentences_of(problem: Problem) -> str:
    """The problem's message, and where it names several faults each of them on a line."""
    faults = [f"  {f['field']}：{f['message']}" for f in problem.fields] if len(problem.fields) > 1 else []
    return "\n".join([str(problem.message), *faults])


def fail(sentence: str, code: int = 1) -> None:
    """Say why on stderr and leave."""
    click.echo(sentence, err=True)
    sys.exit(code)


def print_json(value: object) -> None:
    """The result as JSON on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
