"""Markdown to clean HTML: the one place where what people wrote becomes markup. Raw HTML is never passed through.

Pictures, sounds and attachments are shown where they are our own (enclosures.py); a picture from elsewhere is left away.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token

from guanxue.core.enclosures import ATTACHMENT, PICTURE, SOUND, Enclosure, read_address, size_words
from guanxue.core.i18n import gettext as _

TAGS = {"p", "br", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "h2", "h3", "h4", "table", "thead", "tbody",
        "tr", "th", "td", "a", "hr", "sub", "sup", "img", "audio", "span"}
# Only our own renderer writes tags: no word of a text becomes one of these.
ATTRIBUTES = {"a": {"href", "class", "download", "data-width", "data-height"}, "span": {"class"},
              "img": {"src", "alt", "width", "height", "loading", "decoding"}, "audio": {"src", "controls", "preload"}}
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:", re.I)


def markdown_html(text: str, *, is_saving: bool = False) -> str:
    """Clean HTML of a Markdown text. `is_saving`: its reader has little data, so a picture is a link that says its size."""
    return _clean(_markdown.render(text, {"is_saving": is_saving}))


def inline_html(text: str, *, is_saving: bool = False) -> str:
    """Clean HTML of a line or two, without the paragraph around it."""
    return _clean(_markdown.renderInline(text, {"is_saving": is_saving}))


def _clean(html: str) -> str:
    return nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https"},
                     link_rel="noopener nofollow", attribute_filter=_attribute)


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "src":
        told = read_address(value)
        return value if told and told.kind == (PICTURE if tag == "img" else SOUND) else None
    if name != "href":
        return value  # nh3's own rel="noopener nofollow", and what is written below
    # nh3 takes a link that begins with U+2028 or a no-break space for a relative one; browsers may not.
    bare = "".join(c for c in value if not (c.isspace() or unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Zs")))
    if _SCHEME.match(bare) and not bare.lower().startswith(("http:", "https:")):
        return None
    return bare


def _image(_renderer, tokens: Sequence[Token], at: int, _options, env: dict) -> str:
    token = tokens[at]
    source = str(token.attrGet("src") or "")
    told, said = read_address(source), escapeHtml(token.content)
    if told is None or told.kind != PICTURE:
        return ""
    source = escapeHtml(source)
    if env.get("is_saving"):
        words = f"{said or escapeHtml(_('图片'))} · {size_words(told.size_bytes)}"
        return f'<a class="picture" href="{source}" data-width="{told.width}" data-height="{told.height}">{words}</a>'
    return (f'<img src="{source}" alt="{said}" width="{told.width}" height="{told.height}" loading="lazy" decoding="async">')


def _enclosed(token: Token) -> Enclosure | None:
    told = read_address(str(token.attrGet("href") or ""))
    return told if told and told.kind in (SOUND, ATTACHMENT) else None


def _link_open(renderer, tokens: Sequence[Token], at: int, options, env: dict) -> str:
    told = _enclosed(tokens[at])
    if told is None:
        return renderer.renderToken(tokens, at, options, env)
    if told.kind == SOUND:
        return '<span class="sound"><span>'
    source = escapeHtml(str(tokens[at].attrGet("href")))
    return f'<a class="attachment" href="{source}" download="{escapeHtml(told.name)}"><span>'


def _link_close(renderer, tokens: Sequence[Token], at: int, options, env: dict) -> str:
    opening = next(x for x in reversed(tokens[:at]) if x.type == "link_open")  # a link holds no link
    told = _enclosed(opening)
    if told is None:
        return renderer.renderToken(tokens, at, options, env)
    if told.kind == SOUND:
        minutes, seconds = divmod(told.duration_s, 60)
        source = escapeHtml(str(opening.attrGet("href")))
        return (f' <span class="small">{minutes}:{seconds:02} · {size_words(told.size_bytes)}</span></span>'
                f'<audio controls preload="none" src="{source}"></audio></span>')
    return f'</span> <span class="small">{told.extension.upper()} · {size_words(told.size_bytes)}</span></a>'


def _reader() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    for name, rule in (("image", _image), ("link_open", _link_open), ("link_close", _link_close)):
        made.add_render_rule(name, rule)
    return made


_markdown = _reader()
