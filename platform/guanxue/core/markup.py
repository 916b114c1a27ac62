"""Markdown to clean HTML: the one place where what people wrote becomes markup. Raw HTML is never passed through."""

from __future__ import annotations

import re
import unicodedata

import nh3
from markdown_it import MarkdownIt

_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
TAGS = {"p", "br", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "h2", "h3", "h4", "table", "thead", "tbody",
        "tr", "th", "td", "a", "hr", "sub", "sup"}
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:", re.I)


def markdown_html(text: str) -> str:
    """Clean HTML of a Markdown text."""
    return _clean(_markdown.render(text))


def inline_html(text: str) -> str:
    """Clean HTML of a line or two, without the paragraph around it."""
    return _clean(_markdown.renderInline(text))


def _clean(html: str) -> str:
    return nh3.clean(html, tags=TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https"},
                     link_rel="noopener nofollow", attribute_filter=_attribute)


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name != "href":
        return value  # nh3's own rel="noopener nofollow"
    # nh3 takes a link that begins with U+2028 or a no-break space for a relative one; browsers may not.
    bare = "".join(c for c in value if not (c.isspace() or unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Zs")))
    if _SCHEME.match(bare) and not bare.lower().startswith(("http:", "https:")):
        return None
    return bare
