"""Pages: rendering, forms' messages, redirects that stay on this site."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from flask import Response, make_response, render_template

PERSONAL = "private, no-store"


def page(template: str, status: int = 200, /, **values) -> Response:
    """The template rendered with plain values; personal unless the view says otherwise with public()."""
    return make_response(render_template(template, **values), status)


def personal(response: Response) -> Response:
    """Mark an answer as somebody's own: no cache keeps it."""
    response.headers["Cache-Control"] = PERSONAL
    return response


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
