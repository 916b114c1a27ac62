"""Words in templates: a message is looked up and made safe once a language, not once for each of its places on a page."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask_babel import get_locale, get_translations
from markupsafe import Markup


def install(app: Flask) -> None:
    """Give each page `_` and `ngettext` of its language. Like Jinja's own: messages are safe, values are escaped."""
    speakers: dict[str, dict[str, Callable[..., Markup]]] = {}

    @app.context_processor
    def _speak() -> dict[str, Callable[..., Markup]]:
        language = str(get_locale())
        if language not in speakers:
            speakers[language] = _speaker(get_translations())
        return speakers[language]


def _speaker(translations) -> dict[str, Callable[..., Markup]]:
    """What pages of one language say."""
    patterns: dict[str, Markup] = {}
    texts: dict[str, Markup] = {}

    def say(message: str, /, **values) -> Markup:
        if (pattern := patterns.get(message)) is None:
            pattern = patterns[message] = Markup(translations.ugettext(message))  # noqa: S704 ours, not a visitor's
        if values:
            return pattern % values
        if (text := texts.get(message)) is None:
            text = texts[message] = pattern % {}  # "%%" is one % here, too
        return text

    def say_number(one: str, many: str, number: int, /, **values) -> Markup:
        return Markup(translations.ungettext(one, many, number)) % {"num": number, **values}  # noqa: S704

    return {"_": say, "ngettext": say_number}
