"""Plain text that people typed into a box: what is kept of it, and refused in the same words everywhere."""

from __future__ import annotations

import unicodedata

from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _


def plain_text(text: str) -> str:
    """Without control characters and blank ends; line breaks stay."""
    kept = "".join(c for c in text.replace("\r\n", "\n") if c == "\n" or not unicodedata.category(c).startswith("C"))
    return kept.strip()


def checked_text(field: str, text: str, longest: int, *, may_be_empty: bool = False) -> str:
    """plain_text() of what a form's field holds. Raises Invalid, naming the field, where it is empty or too long."""
    text = plain_text(text)
    if not text and not may_be_empty:
        raise invalid_field(field, _("请写一点内容。"))
    if len(text) > longest:
        raise invalid_field(field, _("最多 %(n)s 个字，请写短一点。", n=longest))
    return text


def invalid_field(field: str, message: object) -> Invalid:
    """The problem of one field of a form."""
    return Invalid(message, fields=[{"field": field, "message": message}])
