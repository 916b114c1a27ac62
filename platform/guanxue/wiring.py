"""The one page of joints: which rooms there are, who listens to which event, which job runs what, what is searchable."""

from __future__ import annotations

from collections.abc import Callable

import click
from flask import Flask

from guanxue import audit, jobs, policies
from guanxue.config import ROOT
from guanxue.core.actor import Actor

__all__ = [
    "COMMANDS", "ROOT", "demonstration_accounts", "freshen_index", "index_is_ready", "install_sign_in", "join",
    "load_demonstration", "prepare", "rebuild_index",
]

# Importing a room is what puts its tables into the database's metadata.
ROOMS = (audit, jobs, policies)


# The rooms' own commands (their commands.py).
COMMANDS: list[click.Command] = []


def install_sign_in(app: Flask) -> None:
    """Who is asking? Before anything else looks at a request."""


def join(app: Flask) -> None:
    """Join the rooms of this app. Called once, inside its app context."""
    _blueprints(app)
    _events()
    _jobs()
    _search()


def _blueprints(app: Flask) -> None:
    """Every edge that answers addresses."""


def _events() -> None:
    """Down is a call, up is an event."""


def _jobs() -> None:
    """What the worker runs for a job's name."""


def _search() -> None:
    """What can be found, and who tells the index about it."""


def prepare(actor: Actor) -> None:
    """What every fresh site needs before it opens: shipped policies, keys. Safe to repeat; call inside writing()."""
    policies.load_defaults(actor)


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
