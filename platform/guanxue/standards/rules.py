"""The five skill levels, 5 (junior worker) to 1 (senior technician)."""

from __future__ import annotations

from guanxue.core.i18n import lazy as _

LEVELS = {5: _("五级/初级工"), 4: _("四级/中级工"), 3: _("三级/高级工"), 2: _("二级/技师"), 1: _("一级/高级技师")}
_NUMBERS = {"五": 5, "四": 4, "三": 3, "二": 2, "一": 1}


def level_number(text: str | None) -> int | None:
    """5…1 of a level's name as tables write it ("四级/中级工"); None where none applies. ValueError for anything else."""
    if not text:
        return None
    number = _NUMBERS.get(text[0])
    if number is None or text[1:2] != "级":
        raise ValueError(text)
    return number


def level_word(number: int | None) -> str:
    """The level as tables and course folders write it, whatever language is spoken; level_number() reads it back."""
    return next((f"{word}级" for word, n in _NUMBERS.items() if n == number), "")


def level_name(number: int | None) -> object:
    """The level's name for people, "" where none applies."""
    return LEVELS[number] if number else ""
