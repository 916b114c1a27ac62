"""Heads, keys and consistency proofs over the API: public, and worth keeping by whoever fetches them."""

from __future__ import annotations

import json

from flask import Response, request

from guanxue import ledger
from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.api import operation

PER_PAGE = 100


@operation("GET", "/ledger/heads", summary=_("公开的账头"), query={"page": _("页码")}, signed_in=False)
def list_heads():
    """The signed heads, newest first. Keep one: what it says can be held against the ledger for ever."""
    wanted = _number("page", 1)
    found = ledger.list_heads(max(1, wanted), PER_PAGE)
    return _shared({"items": list(found.items), "total": found.total, "page": found.page, "per_page": found.per_page})


@operation("GET", "/ledger/keys", summary=_("签账头的公钥"), signed_in=False)
def list_keys():
    """Every public key that signed heads, with its dates, and the documents by which one handed over to the next."""
    return _shared(ledger.published_keys())


@operation("GET", "/ledger/consistency", summary=_("前后一致的证明"),
           query={"first": _("早先那个账头的笔数"), "second": _("后来那个账头的笔数；不给就是最新的")}, signed_in=False)
def get_consistency():
    """The RFC 9162 proof that the ledger of `first` entries is the beginning of that of `second`."""
    first = _number("first")
    if first is None:
        raise Invalid(_("请给出早先那个账头的笔数。"))
    return _shared(ledger.consistency(first, _number("second")))


def _number(name: str, default: int | None = None) -> int | None:
    text = request.args.get(name, "")
    if not text:
        return default
    if not is_row_id(text):
        raise Invalid(_("笔数和页码应是数字。"))
    return int(text)


def _shared(document: dict) -> Response:
    """The same for everybody, and told apart by its content: who has it already gets 304."""
    response = Response(json.dumps(document, ensure_ascii=False, separators=(",", ":")), mimetype="application/json")
    response.add_etag()
    response.headers["Cache-Control"] = "public, no-cache"
    return response.make_conditional(request)
