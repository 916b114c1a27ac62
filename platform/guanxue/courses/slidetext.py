"""A lesson of slides as text: a picture that stands alone begins a page, a sound that stands alone is its recording, and
every other paragraph up to the next picture is what is said about it. Such a text goes into course folders like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from guanxue import media
from guanxue.core.enclosures import PICTURE, SOUND, read_address, without_enclosures

_ALONE = re.compile(r"!?\[[^\[\]\n]*\]\((/media/files/[^()\s]+)\)")
_SENTENCE_END = re.compile(r"(?<=[。！？；!?;])")


def sentences_of(text: str) -> list[str]:
    """Sentences in order, none empty."""
    return [s.strip() for s in _SENTENCE_END.split(text) if s.strip()]


@dataclass(frozen=True)
class Page:
    """A slide: the address of its picture, what is said, and the address of a recording where a person says it."""

    picture: str
    text: str = ""
    recording: str = ""

    @property
    def sentences(self) -> list[str]:
        """What the voice says, or the subtitles of a recording; headings are not said."""
        blocks = (" ".join(block.split()) for block in re.split(r"\n\s*\n", self.text))
        return [s for block in blocks if not block.startswith("#") for s in sentences_of(block)]

    @property
    def is_unwritten(self) -> bool:
        """Is something said that nobody can read?"""
        return bool(self.recording) and not self.sentences

    @property
    def lasts_ms(self) -> int:
        """About how long it shows."""
        if self.recording and (told := read_address(self.recording)) is not None:
            return told.duration_s * 1000 + media.SLIDE_PAUSE_MS
        return (media.estimated_ms(self.sentences) or media.SILENT_MS) + media.SLIDE_PAUSE_MS


def kind_alone(block: str) -> tuple[str, str]:
    """(kind, address) of a paragraph that is nothing but a file of ours; ("", "") of every other."""
    found = _ALONE.fullmatch(block.strip())
    told = read_address(found[1]) if found else None
    return (told.kind, found[1]) if told is not None else ("", "")


def read_pages(body: str) -> list[Page]:
    """The pages of a lesson whose text begins with a slide; none of any other text."""
    pages: list[Page] = []
    for block in re.split(r"\n\s*\n", body.strip()):
        kind, address = kind_alone(block)
        if kind == PICTURE:
            pages.append(Page(address))
        elif not pages:
            return []
        elif kind == SOUND:
            pages[-1] = Page(pages[-1].picture, pages[-1].text, address)
        elif block.strip():
            pages[-1] = Page(pages[-1].picture, f"{pages[-1].text}\n\n{block.strip()}".strip(), pages[-1].recording)
    return pages


def write_pages(pages: list[Page]) -> str:
    """The lesson's text, which read_pages() reads back the same. Its words are data of the course, in its own language."""
    blocks = []
    for n, page in enumerate(pages, 1):
        blocks.append(f"![第 {n} 页]({page.picture})")
        if page.recording:
            blocks.append(f"[第 {n} 页的录音]({page.recording})")
        if said := plain_said(page.text):
            blocks.append(said)
    return "\n\n".join(blocks)


def plain_said(text: str) -> str:
    """What somebody typed beside a slide: lines end the one way, no files in it."""
    text = without_enclosures(text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    return re.sub(r"\n\s*\n", "\n\n", text)


def spec_of(pages: list[Page]) -> media.NarrationSpec:
    """What its film is made from: neither course nor lesson stands on a teacher's slides, so no title is in it."""
    return media.NarrationSpec("", "", "", [media.SlideSpec("", p.sentences, p.picture, p.recording) for p in pages])
