"""Words for people. The message id is the zh-Hans text itself; further languages are catalogues in translations/.

Hearts use `lazy` (the language is chosen when the text is shown), edges may use `gettext`.
"""

from pathlib import Path

from babel import Locale
from flask_babel import gettext, lazy_gettext, lazy_ngettext, ngettext

lazy = lazy_gettext
FIRST = "zh_Hans"


def marked(text: str) -> str:
    """The text as it is, for data we ship: imported as N_, its words are collected, and gettext() speaks them where shown."""
    return text


def languages(folder: Path) -> dict[str, str]:
    """{code: its own name} of the languages pages can speak: the first one, and every catalogue in `folder`.

    A further language is a folder with a messages.po, no code.
    """
    codes = sorted(path.parts[-3] for path in folder.glob("*/LC_MESSAGES/messages.po"))
    return {FIRST: "简体中文", **{code: Locale.parse(code).get_display_name(code) or code for code in codes}}


__all__ = ["FIRST", "gettext", "languages", "lazy", "lazy_ngettext", "marked", "ngettext"]
