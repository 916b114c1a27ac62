"""Subtitle files: WebVTT and SRT read whatever wrote them, with everything that was left out or taken off named; written back.

Nothing is lost in silence: cues read + pieces left out = pieces counted, and the count is made apart from the reader.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from guanxue.core.i18n import lazy as _
from guanxue.media.narration import Cue, vtt_time

LARGEST_BYTES = 2_000_000
MOST_CUES = 10_000  # four hours with one every second and a half
LONGEST_TEXT = 500  # characters of one cue; a lecture's sentence has thirty
VTT, SRT = "webvtt", "srt"
_CLOCK = r"(?:(\d{1,4}):)?(\d{1,3}):(\d{1,2})(?:[.,](\d{1,3}))?"
_TIMES = re.compile(rf"{_CLOCK}[ \t]*-->[ \t]*{_CLOCK}(?P<rest>[ \t].*)?")
_WIDE = str.maketrans("：，．", ":,.")  # what Chinese keyboards type into times
_COMMENT = re.compile(r"(NOTE|STYLE|REGION)(?=\s|$)")
_VOICE = re.compile(r"<v(?:\.[^\s>]{0,80})?[ \t]{1,8}([^<>\n]{1,80})>")
_RUBY = re.compile(r"<rt(?:\.[^>]{0,80})?>(.{0,200}?)</rt>", re.DOTALL)
_MOMENT = re.compile(r"<\d[\d:.]*>")
_PLACE = re.compile(r"\{\\[^{}\n]{1,200}\}")  # {\an8}: how SSA is smuggled into SRT
_KNOWN_TAG = re.compile(r"</?(?:i|b|u|s|font|span|em|strong|c|v|lang|ruby|rt|br)\b[^<>\n]{0,200}>", re.IGNORECASE)
_ANY_TAG = re.compile(r"</?[^<>\n]{0,200}>")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u200e\u200f\u2060\ufeff]")

NO_TIME = _("没有正确的时间（应为 00:00:01.000 --> 00:00:04.000）。")
BACKWARDS = _("结束时间不在开始时间之后。")
NO_TEXT = _("没有文字。")
TOO_LONG = _("一条字幕超过 500 个字，应拆成几条。")
AFTER_THE_END = _("开始时间在视频结束以后。")
CUT_AT_THE_END = _("结束时间超出视频，改到视频结束处。")
OVERLAPS = _("和上一条的时间重叠，两条都保留了。")
OUT_OF_ORDER = _("开始时间比上一条早，已按时间排好。")
STYLE_OFF = _("样式（斜体、颜色、字体）去掉了，文字保留。")
PLACE_OFF = _("位置和对齐去掉了，字幕都显示在画面下方。")
MOMENTS_OFF = _("逐字的时间去掉了，整条一起显示。")
VOICE_KEPT = _("说话人的名字写在了文字前面。")
ARROW_CHANGED = _("文字里的“-->”换成了“→”。")
COMMENT_OFF = _("注释没有读入。")
SHEET_OFF = _("样式表没有读入。")
STRAY_OFF = _("时间上面多出的一行没有读入。")


@dataclass(frozen=True)
class SubtitleReport:
    """What a file says. `left_out` are (line, why) of pieces that became no cue; `noted` of what was taken off, changed or
    is worth a look in cues that were read; `fault` refuses the file whole. cues + left_out = total.
    """

    cues: list[Cue] = field(default_factory=list)
    left_out: list[tuple[int, object]] = field(default_factory=list)
    fault: object | None = None
    noted: list[tuple[int, object]] = field(default_factory=list)
    total: int = 0
    form: str = ""
    encoding: str = ""


def read_subtitles(data: bytes, duration_ms: int | None = None) -> SubtitleReport:
    """Read the bytes of a subtitle file; with the film's length, what lies beyond its end is named too."""
    if len(data) > LARGEST_BYTES:
        return SubtitleReport(fault=_("字幕文件太大，最多 2 MB。"))
    text, encoding = _decoded(data)
    if not encoding:
        return SubtitleReport(fault=_("不是文本文件，或者认不出它的文字编码。请在字幕软件里另存为 UTF-8。"))
    return replace(read_text(text, duration_ms), encoding=encoding)


def read_text(text: str, duration_ms: int | None = None) -> SubtitleReport:
    """Read WebVTT (w3.org/TR/webvtt1) or SRT from text."""
    text = text.removeprefix("\ufeff").replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    form = VTT if lines[0].startswith("WEBVTT") else SRT
    if form == VTT and not re.fullmatch(r"WEBVTT(?:[ \t].*)?", lines[0]):
        return SubtitleReport(fault=_("第一行应为 WEBVTT。"), form=form)
    reader = _Reader(form, duration_ms)
    reader.read(lines)
    return reader.report(count_pieces(text, form))


def count_pieces(text: str, form: str) -> int:
    """How many cues a text seems to have: one for every arrow, one for every block without; counted apart from the reader."""
    blocks, count = re.split(r"\n\s*\n", "\n" + text), 0
    if form == VTT:  # the head holds no cues, unless a time stands right below it
        count = sum("-->" in line for line in blocks.pop(0).strip().split("\n")[1:])
    for block in blocks:
        block = block.strip()
        if not block or block.isdecimal() or (form == VTT and _COMMENT.match(block)):
            continue
        count += max(1, len([line for line in block.split("\n") if "-->" in line]))
    return count


class _Reader:
    """Goes through a file's lines once."""

    def __init__(self, form: str, duration_ms: int | None) -> None:
        self.form, self.duration_ms = form, duration_ms
        self.found: list[tuple[Cue, int]] = []
        self.left_out: list[tuple[int, object]] = []
        self.noted: list[tuple[int, object]] = []

    def read(self, lines: list[str]) -> None:
        """All of it; the file's first line is number 1."""
        block: list[tuple[int, str]] = []
        for number, line in enumerate([*lines, ""], 1):
            if line.strip():
                block.append((number, line))
            elif block:
                self._block(block)
                block = []

    def _block(self, block: list[tuple[int, str]]) -> None:
        """What stands between two blank lines: usually one cue."""
        number, first = block[0]
        if number == 1 and self.form == VTT:  # the head: what stands below it up to a blank line or a time is about the file
            block = block[next((n for n, (_n, line) in enumerate(block) if n and "-->" in line), len(block)):]
        elif self.form == VTT and _COMMENT.match(first):
            self.noted.append((number, COMMENT_OFF if first.startswith("NOTE") else SHEET_OFF))
            return
        if not block or (len(block) == 1 and first.strip().isdecimal()):
            return
        arrows = [n for n, (_number, line) in enumerate(block) if "-->" in line]
        if not arrows:
            self.left_out.append((number, NO_TIME))
            return
        self.noted += [(n, STRAY_OFF) for n, _line in block[:max(0, arrows[0] - 1)]]
        for at, after in zip(arrows, [*arrows[1:], len(block)], strict=True):
            said = block[at + 1:after]
            if after < len(block) and said and said[-1][1].strip().isdecimal():
                said = said[:-1]  # the next cue's number, where the blank line before it is missing
            self._piece(block[at], [line for _number, line in said])

    def _piece(self, timed: tuple[int, str], said: list[str]) -> None:
        number, line = timed
        times = _TIMES.fullmatch(line.strip().translate(_WIDE))
        if times is None:
            self.left_out.append((number, NO_TIME))
            return
        start, end = _ms(times.groups()[:4]), _ms(times.groups()[4:8])
        if start is None or end is None:
            self.left_out.append((number, NO_TIME))
            return
        text, changed = plain_text("\n".join(said), self.form)
        why = self._why_not(start, end, text)
        if why is not None:
            self.left_out.append((number, why))
            return
        if times["rest"] and times["rest"].strip():
            changed.append(PLACE_OFF)
        if self.duration_ms is not None and end > self.duration_ms:
            end = self.duration_ms
            changed.append(CUT_AT_THE_END)
        self.noted += [(number, what) for what in dict.fromkeys(changed)]
        self.found.append((Cue(start, end, text), number))

    def _why_not(self, start: int, end: int, text: str) -> object | None:
        if end <= start:
            return BACKWARDS
        if not text:
            return NO_TEXT
        if len(text) > LONGEST_TEXT:
            return TOO_LONG
        return AFTER_THE_END if self.duration_ms is not None and start >= self.duration_ms else None

    def report(self, total: int) -> SubtitleReport:
        """Cues by time; those that overlap or stood elsewhere are noted."""
        latest = 0
        for cue, number in self.found:
            if cue.start_ms < latest:
                self.noted.append((number, OUT_OF_ORDER))
            latest = max(latest, cue.start_ms)
        ordered = sorted(self.found, key=lambda f: (f[0].start_ms, f[0].end_ms))
        until = 0
        for cue, number in ordered:
            if cue.start_ms < until:
                self.noted.append((number, OVERLAPS))
            until = max(until, cue.end_ms)
        fault = None if ordered else _("没有读到一条字幕。")
        if len(ordered) > MOST_CUES:
            fault = _("字幕超过 %(n)s 条，请分成几节课。", n=MOST_CUES)
        return SubtitleReport([cue for cue, _number in ordered], self.left_out, fault, sorted(self.noted, key=lambda x: x[0]),
                              total, self.form)


def _ms(parts: tuple[str | None, ...]) -> int | None:
    """Milliseconds; None for minutes or seconds that no clock shows. A fraction of one digit is tenths."""
    hours, minutes, seconds = (int(p or 0) for p in parts[:3])
    if seconds > 59 or (parts[0] is not None and minutes > 59):
        return None
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((parts[3] or "0").ljust(3, "0"))


def plain_text(text: str, form: str = VTT) -> tuple[str, list[object]]:
    """A cue's words without markup, and what was taken off or changed. Lines stay lines."""
    changed: list[object] = []

    def off(pattern: re.Pattern, to: str, what: object) -> None:
        nonlocal text
        text, times = pattern.subn(to, text)
        if times:
            changed.append(what)

    off(_VOICE, r"\1：", VOICE_KEPT)
    off(_RUBY, r"（\1）", STYLE_OFF)
    off(_MOMENT, "", MOMENTS_OFF)
    off(_PLACE, "", PLACE_OFF)
    if form == VTT:
        text = text.replace("</v>", "")
        off(_ANY_TAG, "", STYLE_OFF)
        text = html.unescape(text)
    else:
        off(_KNOWN_TAG, "", STYLE_OFF)
    tidied, is_arrow = tidy(text)
    return tidied, [*changed, ARROW_CHANGED] if is_arrow else changed


def tidy(text: str) -> tuple[str, bool]:
    """A cue's words as we keep them, without blank lines and what cannot be seen; and was there an arrow, as in a time?"""
    text = _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n"))
    lines = (" ".join(line.replace("\xa0", " ").split()) for line in text.split("\n"))
    kept = "\n".join(line for line in lines if line)
    return kept.replace("-->", "→"), "-->" in kept


def _decoded(data: bytes) -> tuple[str, str]:
    """The text and the name of its encoding, "" where it is no text."""
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return _text(data.decode("utf-16")), "UTF-16"
        beginning = data[:400]
        if b"\0" in beginning:  # UTF-16 without its mark: every other byte of Latin letters and digits is empty
            is_little = beginning[1::2].count(0) > beginning[::2].count(0)
            return _text(data.decode("utf-16-le" if is_little else "utf-16-be")), "UTF-16"
        return _text(data.decode("utf-8-sig")), "UTF-8"
    except UnicodeDecodeError:
        pass
    try:
        return _text(data.decode("gb18030")), "GB18030"
    except UnicodeDecodeError:
        return "", ""


def _text(text: str) -> str:
    if "\0" in text:
        raise UnicodeDecodeError("text", b"", 0, 1, "a zero")
    return text


# ---- writing


def spoken(cues: Iterable[Cue]) -> list[Cue]:
    """The cues that say something, by time: what is shown, searched and written."""
    return sorted((c for c in cues if c.text), key=lambda c: (c.start_ms, c.end_ms))


def as_vtt(cues: Iterable[Cue]) -> str:
    """WebVTT; what could be taken for markup is escaped."""
    return "\n".join(["WEBVTT", "", *_numbered(cues, lambda c: (vtt_time(c.start_ms), vtt_time(c.end_ms), html.escape(
        c.text, quote=False)))])


def as_srt(cues: Iterable[Cue]) -> str:
    """SRT with a byte-order mark: players on Windows take it for Chinese in the wrong encoding without one."""
    return "\ufeff" + "\n".join(_numbered(cues, lambda c: (
        vtt_time(c.start_ms).replace(".", ","), vtt_time(c.end_ms).replace(".", ","), c.text)))


def _numbered(cues: Iterable[Cue], shown) -> Iterable[str]:
    for n, cue in enumerate(spoken(cues), 1):
        start, end, text = shown(cue)
        yield f"{n}\n{start} --> {end}\n{text}\n"
