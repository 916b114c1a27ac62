"""Pages: rendering, forms' messages, redirects that stay on this site."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from flask import Response, make_response, render_template, request

PERSONAL = "private, no-store"


def page(template: str, status: int = 200, /, **values) -> Response:
    """The template rendered with plain values; personal unless the view says otherwise with public()."""
    return make_response(render_template(template, **values), status)


def personal(response: Response) -> Response:
    """Mark an answer as somebody's own: no cache keeps it."""
    response.headers["Cache-Control"] = PERSONAL
    return response


def tokenless(view: Callable) -> Callable:
    """Mark a form's view that only changes cookies of the sender's own browser: passers-by, who have no session and so no
    token, may send it from a page of this site."""
    view.is_tokenless = True
    return view


def comes_from_here() -> bool:
    """Was this request sent by a page of ours, as far as the browser says? One that says nothing is believed."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def own_site_path(target: str | None, default: str = "/") -> str:
    """`target` when it is a path on this site, else `default`; used for ?next=.

    Browsers read \\ as /, drop tabs and newlines and decode nothing, so all of these are refused, encoded or not.
    """
    if not target:
        return default
    for text in (target, unquote(target), unquote(unquote(target))):
        if not text.startswith("/") or text[1:2] in ("/", "\\"):
            return default
        if any(c in text for c in "\\\r\n\t\0") or any(ord(c) < 32 for c in text):
            return default
        parts = urlsplit(text)
        if parts.scheme or parts.netloc:
            return default
    return target
