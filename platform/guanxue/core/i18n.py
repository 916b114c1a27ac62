"""Words for people. The message id is the zh-Hans text itself; further languages are catalogues in translations/.

Hearts use `lazy` (the language is chosen when the text is shown), edges may use `gettext`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from babel import Locale, core, localedata
from flask import current_app
from flask_babel import force_locale, get_locale, gettext, lazy_gettext, lazy_ngettext, ngettext
from markupsafe import Markup, escape

lazy = lazy_gettext
FIRST = "zh_Hans"
T = TypeVar("T")


def in_every_language(say: Callable[[], T]) -> dict[str, T]:
    """{code: what say() says in that language}, for words that are kept before anybody knows who will read them."""
    found = {}
    for code in current_app.extensions["guanxue.languages"]:
        with force_locale(code):
            found[code] = say()
    return found


def in_first_language(say: Callable[[], T]) -> T:
    """What say() says in the language that texts are written in, for papers that are handed to others."""
    with force_locale(FIRST):
        return say()


def in_present_language(said: dict[str, T]) -> T:
    """Of what in_every_language() gave: the reader's."""
    return said.get(str(get_locale())) or said[FIRST]


def marked(text: str) -> str:
    """The text as it is, for data we ship: imported as N_, its words are collected, and gettext() speaks them where shown."""
    return text


def languages(folder: Path) -> dict[str, str]:
    """{code: its own name} of the languages pages can speak: the first one, and every catalogue in `folder`.

    A further language is a folder with a messages.po, no code.
    """
    codes = sorted(path.parts[-3] for path in folder.glob("*/LC_MESSAGES/messages.po"))
    return {FIRST: "简体中文", **{code: _own_name(code) for code in codes}}


def _own_name(code: str) -> str:
    locale = Locale.parse(code)
    return locale.languages.get(code) or locale.get_display_name(code) or code


def tags(codes: dict[str, str]) -> dict[str, str]:
    """{language tag a program may ask for: code}: each language by its own tag, and by those of places that write it so."""
    found = {code.replace("_", "-"): code for code in codes} | {"zh": FIRST, "zh-CN": FIRST}
    for asked, meant in core.get_global("likely_subtags").items():
        code = next((c for c in codes if meant.startswith(f"{c}_")), None)
        if code is not None and "_" in asked and not asked.startswith("und"):
            found.setdefault(asked.replace("_", "-"), code)
    return found


def forget_tables() -> None:
    """Let go of what babel knows of all the world's languages (5 MB): after the start nobody asks; who would, reads it anew."""
    core._global_data = None
    localedata._cache.clear()


class Name:
    """What the data calls something, in Chinese and perhaps in English: shown in English to whoever reads the site in English.

    On a page of another language than its own the text says which language it is in, so that it is read out rightly. In
    an attribute or a title, where there is no room for that, write `name|string`.
    """

    __slots__ = ("english", "written")

    def __init__(self, written: str, english: str = "") -> None:
        self.written = written
        self.english = "" if _is_chinese(english) else english[:1].upper() + english[1:]

    def __str__(self) -> str:
        return self.english if self.english and _reader().language == "en" else self.written

    def __html__(self) -> Markup:
        text = str(self)
        if str(_reader()) == FIRST or not _is_chinese(text):
            return escape(text)
        return Markup('<span lang="{}">{}</span>').format(FIRST.replace("_", "-"), text)

    def __bool__(self) -> bool:
        return bool(self.written)

    def __repr__(self) -> str:
        return f"Name({self.written!r}, {self.english!r})"


def _reader() -> Locale:
    return get_locale() or Locale.parse(FIRST)


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in text)


__all__ = ["FIRST", "Name", "gettext", "languages", "lazy", "lazy_ngettext", "marked", "ngettext", "tags"]
