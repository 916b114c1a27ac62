"""Pieces of the catalogue's pages that look the same whatever was asked for: made once a language, gone with the next change.

They are kept beside the snapshot whose rows they show. Templates make them, with a mark nobody can guess where a page puts
something of its own.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from urllib.parse import quote_plus

from flask import get_template_attribute
from flask_babel import get_locale
from markupsafe import Markup, escape

from guanxue import courses
from guanxue.core.web import look

HOLE = f"hole{secrets.token_hex(16)}"


class Pieces:
    """For one page: in its language, with or without pictures, of the present catalogue."""

    def __init__(self) -> None:
        self._kept, self._as = courses.snapshot().kept, (str(get_locale()), look.present().is_saving)

    def row(self, item: courses.Item, why: str | None, said: courses.Said | None = None) -> Markup:
        """A course as a row, with why it was found; below it the place in a film where that is said."""
        before, after = self._cut(("row", item.slug), lambda: _made("course_row", courses.shown(item), HOLE))
        opening, closing = self._cut(("why",), lambda: _made("why_found", HOLE))
        found = f"{opening}{escape(why)}{closing}" if why and said is None else ""
        place = _made("said_at", item.slug, said) if said else ""
        return Markup(f"{before}{found}{after}{place}")  # noqa: S704 all of it is escaped

    def chips(self, facet: str, values: list[courses.FacetValue], without: str, narrowed: str) -> Markup:
        """Values of a facet with their counts: the chosen one leads to `without`, others to `narrowed` and the value."""
        address = str(escape(narrowed))
        return Markup("".join(  # noqa: S704 all of it is escaped
            _made("chip", without, v.label, v.count, True) if v.is_chosen else self._chip(facet, v, address) for v in values))

    def _chip(self, facet: str, value: courses.FacetValue, address: str) -> str:
        before, between, after = self._cut((facet, value.value), lambda: _made(
            "chip", HOLE + quote_plus(value.value), value.label, HOLE, False))
        return f"{before}{address}{between}{value.count}{after}"

    def _cut(self, key: tuple, make: Callable[[], Markup]) -> list[str]:
        key = (*self._as, *key)
        if (pieces := self._kept.get(key)) is None:
            pieces = self._kept[key] = str(make()).split(HOLE)
        return pieces


def _made(macro: str, *values: object) -> Markup:
    return get_template_attribute("base/parts.html", macro)(*values)
