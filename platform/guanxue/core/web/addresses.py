"""What addresses may hold: ids that fit a row, no NUL. Anything else names nothing, so it is not found."""

from __future__ import annotations

from flask import Flask, request
from werkzeug.routing import IntegerConverter

from guanxue.core.errors import NotFound
from guanxue.core.i18n import lazy as _

LARGEST_ID = 2**31 - 1  # what an integer column holds on both databases


class RowId(IntegerConverter):
    """`<int:…>` in addresses: a number no row can have is not found, rather than a fault of the database."""

    def __init__(self, *args, **more) -> None:
        super().__init__(*args, **{"max": LARGEST_ID, **more})


def is_row_id(text: str) -> bool:
    """Is this the decimal number of a row that could exist?"""
    return text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) <= LARGEST_ID


def install(app: Flask) -> None:
    """Use RowId for every `<int:…>`, and refuse NUL in paths and queries: PostgreSQL keeps no such text."""
    app.url_map.converters["int"] = RowId

    @app.before_request
    def _no_nul() -> None:
        if "\0" in request.path or any("\0" in part for pair in request.args.items(multi=True) for part in pair):
            raise NotFound(_("没有这个页面，可能是网址写错了，或内容已经移走。"))
