"""What every answer carries: a content policy without inline code, no sniffing, no framing; gzip where it helps."""

from __future__ import annotations

import gzip

from flask import Flask, Response, request

from guanxue.config import Settings
from guanxue.core.settings import settings

CONTENT_POLICY = "; ".join([
    "default-src 'self'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
    "media-src 'self' blob:", "worker-src 'self' blob:", "connect-src 'self'", "font-src 'self'",
    "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
])
FIXED = (
    ("Content-Security-Policy", CONTENT_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)
COMPRESSED = ("text/", "application/json", "application/problem+json", "application/javascript", "image/svg+xml",
              "application/vnd.apple.mpegurl")
SMALL = 800


def install(app: Flask) -> None:
    """Add the headers to every answer of the app, errors included."""

    with app.app_context():
        fixed = fixed_of(settings())

    @app.after_request
    def _add(response: Response) -> Response:
        h = response.headers
        there = {name.lower() for name, _value in h}  # once: asking a header list by name goes through all of it
        h.extend((name, value) for name, value in fixed if name.lower() not in there)
        if response.mimetype == "text/html" and "cache-control" not in there:
            h["Cache-Control"] = "private, no-cache"
        return _compress(response)


def fixed_of(site: Settings) -> list[tuple[str, str]]:
    """The headers that every answer of that site carries."""
    return [*FIXED, *([("Strict-Transport-Security", "max-age=31536000")] if site.is_https else [])]


def compress(body: bytes, level: int = 5) -> bytes:
    """gzip with a fixed time stamp, so that the same bytes give the same bytes."""
    return gzip.compress(body, compresslevel=level, mtime=0)


def accepts_gzip() -> bool:
    """Does the caller take gzip?"""
    return "gzip" in request.headers.get("Accept-Encoding", "")


def _compress(response: Response) -> Response:
    if not response.mimetype.startswith(COMPRESSED):
        return response
    response.vary.add("Accept-Encoding")
    if response.direct_passthrough or response.is_streamed or "Content-Encoding" in response.headers:
        return response
    if response.status_code in (204, 206, 304) or not accepts_gzip():
        return response
    body = response.get_data()
    if len(body) < SMALL:
        return response
    response.set_data(compress(body, level=1))  # made for one reader: quick matters more than the last percent
    response.headers["Content-Encoding"] = "gzip"
    return response
