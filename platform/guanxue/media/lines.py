"""The arithmetic of an editor of subtitles: what makes a line hard to read, and cutting, joining, moving lines.

Limits of reading: nine Chinese characters a second and sixteen a line, two lines, as Netflix's style guide for Simplified
Chinese has them (partnerhelp.netflixstudios.com/hc/articles/215986007); Latin letters and digits count half.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace

from guanxue.core.i18n import lazy as _
from guanxue.media.narration import Cue

MOST_A_SECOND, MOST_IN_SIGHT = 9, 32
SHORTEST_MS, NEW_MS = 300, 2000
_CLOCK = re.compile(r"(?:(?:(\d{1,2}):)?(\d{1,4}):)?(\d{1,5})(?:\.(\d{1,3}))?")
_END = "。！？；!?;"
_PAUSE = "，、：,: \n"


def weigh(text: str) -> float:
    """How many Chinese characters the text is worth to a reader; blanks are worth nothing."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.5 for c in text if not c.isspace())


def problems(cues: list[Cue], duration_ms: int | None = None) -> list[list[object]]:
    """For each line in order, sentences about what is hard to read in it or wrong with its times; mostly none."""
    told = []
    for n, cue in enumerate(cues):
        before = cues[n - 1] if n else None
        found: list[object] = []
        if not cue.text:
            found.append(_("还没有文字。"))
        if before is not None and cue.start_ms < before.start_ms:
            found.append(_("比上一行开始得早。"))
        elif before is not None and cue.start_ms < before.end_ms:
            found.append(_("和上一行的时间重叠。"))
        if duration_ms is not None and cue.end_ms > duration_ms:
            found.append(_("超出了视频的结尾。"))
        if weigh(cue.text) > MOST_IN_SIGHT:
            found.append(_("太长：手机上要占三行以上，最好拆开。"))
        if weigh(cue.text) * 1000 > MOST_A_SECOND * (cue.end_ms - cue.start_ms):
            found.append(_("太快：一秒要读 %(n)s 个字。", n=round(weigh(cue.text) * 1000 / max(1, cue.end_ms - cue.start_ms))))
        told.append(found)
    return told


def show_time(ms: int) -> str:
    """m:ss.t, with hours where there are any; as many digits as it takes to lose nothing."""
    rest = f"{ms % 1000:03}".rstrip("0") or "0"
    hours, minutes = ms // 3_600_000, ms // 60_000 % 60
    clock = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{clock}:{ms // 1000 % 60:02}.{rest}"


def read_time(text: str) -> int | None:
    """Milliseconds of 1:02:03.5, 62:03.5 or 3.5, also with Chinese signs; None where that is no time."""
    match = _CLOCK.fullmatch("".join(text.split()).replace("：", ":").replace("，", ".").replace(",", ".").replace("．", "."))
    if match is None:
        return None
    hours, minutes, seconds = (int(p or 0) for p in match.groups()[:3])
    if (match[2] is not None and seconds > 59) or (match[1] is not None and minutes > 59):
        return None
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((match[4] or "0").ljust(3, "0"))


def split(cue: Cue, at: int | None = None) -> list[Cue]:
    """Two lines of one: cut before character `at`, else at the sentence's end or pause nearest to the middle.

    The time is shared by what there is to read. A line of one character stays whole.
    """
    if at is None or not 0 < at < len(cue.text):
        at = _middle(cue.text)
    first, second = cue.text[:at].strip(), cue.text[at:].strip()
    if not first or not second:
        return [cue]
    length = cue.end_ms - cue.start_ms
    middle = cue.start_ms + min(length - 1, max(1, round(length * weigh(first) / weigh(first + second))))
    return [Cue(cue.start_ms, middle, first), Cue(middle, cue.end_ms, second)]


def _middle(text: str) -> int:
    for signs in (_END, _PAUSE):
        places = [n + 1 for n, c in enumerate(text[:-1]) if c in signs]
        if places:
            return min(places, key=lambda n: abs(n - len(text) / 2))
    return len(text) // 2


def join(first: Cue, second: Cue) -> Cue:
    """One line of two. Words of Latin letters keep a blank between them."""
    blank = " " if first.text[-1:].isascii() and second.text[:1].isascii() and first.text and second.text else ""
    return Cue(min(first.start_ms, second.start_ms), max(first.end_ms, second.end_ms), f"{first.text}{blank}{second.text}")


def after(cues: list[Cue], n: int) -> Cue:
    """An empty line to stand behind line n (-1: before the first), in the gap there where that is long enough."""
    start = cues[n].end_ms if n >= 0 else 0
    follows = cues[n + 1].start_ms if n + 1 < len(cues) else start + NEW_MS
    end = min(start + NEW_MS, follows) if follows - start >= SHORTEST_MS else start + NEW_MS
    return Cue(start, end, "")


def shift(cues: Iterable[Cue], by_ms: int) -> list[Cue]:
    """All lines earlier or later; none begins before the film."""
    moved = (replace(c, start_ms=max(0, c.start_ms + by_ms), end_ms=c.end_ms + by_ms) for c in cues)
    return [c if c.end_ms > c.start_ms else replace(c, end_ms=c.start_ms + 1) for c in moved]


def spread(sentences: Iterable[str], duration_ms: int) -> list[Cue]:
    """A script laid over the film by its length: a beginning for whoever has the words but not their moments."""
    lines = [part for sentence in sentences for part in _short(sentence)]
    whole, at, cues = sum(map(weigh, lines)) or 1.0, 0.0, []
    for line in lines:
        until = at + duration_ms * weigh(line) / whole
        if int(until) > int(at):
            cues.append(Cue(int(at), int(until), line))
        at = until
    return cues


def _short(sentence: str) -> list[str]:
    """A sentence in lines that a reader takes in at one look."""
    if weigh(sentence) <= MOST_IN_SIGHT:
        return [sentence] if sentence else []
    cut = _middle(sentence)
    return [part for half in (sentence[:cut].strip(), sentence[cut:].strip()) for part in _short(half)]
