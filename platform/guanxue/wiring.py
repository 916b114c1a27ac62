"""The one page of joints: which rooms there are, who listens to which event, which job runs what, what is searchable."""

from __future__ import annotations

from collections.abc import Callable

import click
from flask import Flask

from guanxue import accounts, audit, jobs, ledger, policies, quizzes
from guanxue.accounts import api as _accounts_api  # noqa: F401 declares its calls
from guanxue.accounts import commands as accounts_commands
from guanxue.accounts import routes as accounts_routes
from guanxue.accounts import signin
from guanxue.config import ROOT
from guanxue.core.actor import Actor
from guanxue.ledger import commands as ledger_commands

__all__ = [
    "COMMANDS", "ROOT", "demonstration_accounts", "freshen_index", "index_is_ready", "install_sign_in", "join",
    "load_demonstration", "prepare", "rebuild_index",
]

# Importing a room is what puts its tables into the database's metadata.
ROOMS = (audit, jobs, ledger, policies, accounts, quizzes)


# The rooms' own commands (their commands.py).
COMMANDS: list[click.Command] = [*accounts_commands.COMMANDS, *ledger_commands.COMMANDS]


def install_sign_in(app: Flask) -> None:
    """Who is asking? Before anything else looks at a request."""
    signin.install(app)


def join(app: Flask) -> None:
    """Join the rooms of this app. Called once, inside its app context."""
    _blueprints(app)
    _events()
    _jobs()
    _search()


def _blueprints(app: Flask) -> None:
    """Every edge that answers addresses."""
    for edge in (accounts_routes,):
        app.register_blueprint(edge.blueprint)


def _events() -> None:
    """Down is a call, up is an event."""
    ledger.seal_after_commit()


def _jobs() -> None:
    """What the worker runs for a job's name."""


def _search() -> None:
    """What can be found, and who tells the index about it."""


def prepare(actor: Actor) -> None:
    """What every fresh site needs before it opens: shipped policies, keys. Safe to repeat; call inside writing()."""
    policies.load_defaults(actor)
    ledger.ensure_key()


def load_demonstration(actor: Actor, say: Callable[[str], None]) -> None:
    """The demonstration's catalogue, towns, tracks and people; safe to repeat. Opens its own transactions."""


def demonstration_accounts() -> list[str]:
    """Lines that name the demonstration people, for the terminal."""
    return []


def freshen_index() -> None:
    """Build the search index where there is none that fits."""


def rebuild_index() -> None:
    """Build the search index anew beside the old one and switch."""


def index_is_ready() -> bool:
    """Can the search index be asked?"""
    return True
