"""Where people work here: the staff's pages, listed in a rail beside each of them and on everybody's own page.

A room that has pages for staff names the first of them in wiring.py, with who may open it; nobody is shown a door that is shut.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app, request

from guanxue.core.actor import Actor
from guanxue.core.web.dispatch import current_actor


@dataclass(frozen=True)
class Workplace:
    """A staff page's address, name, icon, whether an actor may open it, how much waits there, and where else it goes on."""

    path: str
    label: object
    icon: str
    may: Callable[[Actor], bool]
    waiting: Callable[[], int] = lambda: 0
    also: str = ""

    def is_here(self) -> bool:
        """Is the present page one of its pages?"""
        return any(request.path == path or request.path.startswith(path + "/") for path in filter(None, (self.path, self.also)))


def open_workplaces(*places: Workplace) -> None:
    """List these. Only wiring.py calls this."""
    current_app.extensions.setdefault("guanxue.workplaces", []).extend(places)


def mine() -> list[dict]:
    """The workplaces of whoever is asking: path, label, icon, how much waits there, and whether they are there now."""
    actor = current_actor()
    if not actor.is_person:
        return []
    places = [p for p in current_app.extensions.get("guanxue.workplaces", []) if p.may(actor)]
    here = max((p.path for p in places if p.is_here()), key=len, default="")  # /teach/marking is not /teach
    return [{"path": p.path, "label": p.label, "icon": p.icon, "waiting": p.waiting(), "is_here": p.path == here}
            for p in places]


def beside() -> list[dict]:
    """What stands in the rail of the present page: nothing unless it is one of the staff's."""
    if not any(p.is_here() for p in current_app.extensions.get("guanxue.workplaces", [])):
        return []
    return mine()


def install(app: Flask) -> None:
    """Give templates `workplaces()` and `rail()`."""
    app.jinja_env.globals.update(workplaces=mine, rail=beside)
