"""The published heads and keys, for anybody who wants to keep one and hold us to it."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, request, url_for

from guanxue import ledger
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.pages import page

blueprint = Blueprint("ledger", __name__)
PER_PAGE = 20


@blueprint.get("/ledger")
def heads() -> Response:
    """The heads, newest first, the keys that signed them, and how to check."""
    wanted = request.args.get("page", "1")
    found = ledger.list_heads(max(1, int(wanted)) if is_row_id(wanted) else 1, PER_PAGE)
    return page(
        "ledger/heads.html", heads=[h | {"sealed_at": _moment(h["sealed_at"])} for h in found.items],
        keys=[k | {"since": _moment(k["since"]), "until": _moment(k["until"])} for k in ledger.published_keys()["keys"]],
        page=found.page, pages=found.pages, entries=ledger.size(), page_url=lambda n: url_for(".heads", page=n))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
