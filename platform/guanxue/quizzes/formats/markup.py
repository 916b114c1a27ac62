"""HTML that other programs write, as the Markdown our texts are, and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape
from html.parser import HTMLParser
from urllib.parse import unquote

_BLOCKS = {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "section", "article", "header", "footer", "tr",
           "table", "ul", "ol", "pre", "dt", "dd", "dl", "figure", "caption", "form", "fieldset", "body"}
_HIDDEN = {"script", "style", "head", "title", "template", "xml", "svg"}
_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "code": "`"}
_ALONE = {"br", "img", "hr", "input", "meta", "link", "col", "wbr", "area", "source", "track", "embed", "param", "base"}


def text_of_html(html: str, picture: Callable[[str, str], str] | None = None, *, is_marked: bool = True) -> str:
    """The words of an HTML text, a line a block, cells of a row with tabs between, bold and italic as Markdown if asked.

    `picture(source, words)` says what is written for a picture; without it pictures are left away.
    """
    reader = _Reader(picture, is_marked)
    # Without what is not read anyway, and up to the last tag's end: what is never closed the reader would seek again and again.
    html = re.sub(r"<!--.*?(?:-->|\Z)", "", html, flags=re.S)
    end = html.rfind(">") + 1
    reader.feed(re.sub(r"<!\[[^>]*>", "", html[:end]))
    reader.close()
    reader.handle_data(unescape(html[end:]))
    return reader.text()


def looks_like_html(text: str) -> bool:
    """Is the text a page or a clipboard's fragment rather than words?"""
    head = text.lstrip("\ufeff \r\n\t")[:2000].casefold()
    return head.startswith(("<!doctype html", "<html", "<!--startfragment", "<meta ", "<p", "<div", "<span", "<table", "<ol",
                            "<body"))


class _Reader(HTMLParser):
    def __init__(self, picture, is_marked: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._picture, self._is_marked = picture, is_marked
        self._out: list[str] = []
        self._hidden = 0
        self._lists: list[list | None] = []  # [the next number, whether letters stand for them] of each open list

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag in _HIDDEN:
            self._hidden += tag not in _ALONE
        elif tag == "br":
            self._out.append("\n")
        elif tag in ("ol", "ul"):
            told = dict(attrs)
            start = told.get("start") or ""
            is_lettered = (told.get("type") or "") in ("A", "a") or "alpha" in (told.get("style") or "")
            first = int(start) if start.isdecimal() and len(start) < 6 else 1
            self._lists.append([first, is_lettered] if tag == "ol" else None)
            self._out.append("\n\n")
        elif tag == "li":
            self._item()
        elif tag in ("td", "th"):
            self._out.append("\t")
        elif tag == "img":
            told = dict(attrs)
            self._out.append(self._picture(told.get("src") or "", told.get("alt") or "") if self._picture else "")
        elif tag in _BLOCKS:
            self._out.append("\n\n")
        elif tag in _MARKS and self._is_marked:
            self._out.append(_MARKS[tag])

    def _item(self) -> None:
        present = self._lists[-1] if self._lists else None
        if present is None:
            self._out.append("\n\n")
            return
        number, is_lettered = present
        self._out.append(f"\n\n{chr(64 + number) if is_lettered and number <= 26 else number}. ")
        present[0] += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in ("ol", "ul"):
            if self._lists:
                self._lists.pop()
            self._out.append("\n\n")
        elif tag in _BLOCKS:
            self._out.append("\n\n")
        elif tag in _MARKS and self._is_marked:
            self._out.append(_MARKS[tag])

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._out.append(re.sub(r"[ \t\r\n]+", " ", data))

    def text(self) -> str:
        """Lines without blanks around them, empty ones taken out, marks around nothing taken out."""
        whole = re.sub(r"\*\*\s*\*\*|(?<!\*)\*\s*\*(?!\*)|``", "", "".join(self._out))
        lines = [re.sub(r" {2,}", " ", line).strip(" ").lstrip("\t") for line in whole.split("\n")]
        return "\n".join(line for line in lines if line.strip())


def html_of(text: str, picture: Callable[[str, str], str]) -> str:
    """Markdown of a question as HTML for Moodle: pictures by `picture(address, words)`, everything else as plain words."""
    parts, at = [], 0
    for found in re.finditer(r"!\[([^\]]{0,500})\]\(([^)\s]{1,500})\)", text):
        parts += [_plain(text[at : found.start()]), picture(found[2], found[1])]
        at = found.end()
    return f"<p>{''.join(parts)}{_plain(text[at:])}</p>"


def _plain(text: str) -> str:
    words = escape(text, quote=False)
    words = re.sub(r"\*\*(\S(?:[^*\n]*\S)?)\*\*", r"<strong>\1</strong>", words)
    return words.replace("\n", "<br>")


def file_name(source: str) -> str | None:
    """The name of a file that lies within the same document ("@@PLUGINFILE@@/a%20b.png"); None for others."""
    found = re.match(r"@@PLUGINFILE@@/(?:.*/)?([^/?#]+)", source)
    return unquote(found[1]) if found else None
