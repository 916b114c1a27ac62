"""Words in templates: a message is looked up and made safe once a language, not once for each of its places on a page."""

from __future__ import annotations

from flask import Flask, g
from flask_babel import get_locale, get_translations
from markupsafe import Markup


class Words:
    """What pages of one language say. Like Jinja's own: messages are safe, values are escaped."""

    def __init__(self, translations) -> None:
        self._translations = translations
        self._patterns: dict[str, Markup] = {}
        self._texts: dict[str, Markup] = {}

    def say(self, message: str, values: dict) -> Markup:
        """The message with the values put in."""
        if (pattern := self._patterns.get(message)) is None:
            pattern = self._patterns[message] = Markup(self._translations.ugettext(message))  # noqa: S704 ours, not a visitor's
        if values:
            return pattern % values
        if (text := self._texts.get(message)) is None:
            text = self._texts[message] = pattern % {}  # "%%" is one % here, too
        return text

    def say_number(self, one: str, many: str, number: int, values: dict) -> Markup:
        """The form of the message for that number, with the values put in."""
        return Markup(self._translations.ungettext(one, many, number)) % {"num": number, **values}  # noqa: S704


def install(app: Flask) -> None:
    """Give templates, and the macros they import, `_` and `ngettext`."""
    by_language: dict[str, Words] = {}

    @app.context_processor
    def _choose() -> dict:
        # Once a page, in the language it has then: asking for the language costs more than saying a word.
        language = str(get_locale())
        if language not in by_language:
            by_language[language] = Words(get_translations())
        g.words = by_language[language]
        return {}

    def present() -> Words:
        if "words" not in g:  # a macro used outside a page
            _choose()
        return g.words

    def say(message: str, /, **values) -> Markup:
        return present().say(message, values)

    def say_number(one: str, many: str, number: int, /, **values) -> Markup:
        return present().say_number(one, many, number, values)

    app.jinja_env.globals.update({"_": say, "ngettext": say_number})
