"""Files that lie beside texts: pictures, sounds, attachments. Their addresses say what they are, so that no text asks for it.

/media/files/<key>/<name>, and the key is the mark of the content with its measures: "…-1600x1200-240133" a picture of that
width and height and that many bytes, "…-95s-570220" a sound of 95 seconds, "…-88211" an attachment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

ROOT = "/media/files/"
PICTURE, SOUND, ATTACHMENT = "picture", "sound", "attachment"
EXTENSIONS = {PICTURE: ("jpg", "png"), SOUND: ("m4a",), ATTACHMENT: ("pdf", "docx", "xlsx", "pptx")}
MARK_LENGTH = 24  # base32: 120 bits of the content's sha256, which nobody guesses
LONGEST_NAME = 80
_KEY = re.compile(r"([a-z2-7]{24})-(?:([1-9]\d{0,3})x([1-9]\d{0,3})-|(\d{1,5})s-)?([1-9]\d{0,9})", re.A)
_NAME = re.compile(r"[^\s/\\?#%<>\"'()\[\]]{1,80}\.([a-z0-9]{3,4})")


@dataclass(frozen=True)
class Enclosure:
    """One such file as its address tells it. `width` and `height` in pixels of pictures, `duration_s` of sounds, else 0."""

    mark: str
    kind: str
    name: str
    size_bytes: int
    width: int = 0
    height: int = 0
    duration_s: int = 0

    @property
    def key(self) -> str:
        """The part of the address that says what it is."""
        measures = {PICTURE: f"{self.width}x{self.height}-", SOUND: f"{self.duration_s}s-", ATTACHMENT: ""}[self.kind]
        return f"{self.mark}-{measures}{self.size_bytes}"

    @property
    def address(self) -> str:
        """Where it is fetched, as it is written in a text."""
        return f"{ROOT}{self.key}/{self.name}"

    @property
    def extension(self) -> str:
        """How its name ends: "jpg"."""
        return self.name.rpartition(".")[2]


def read_address(address: str) -> Enclosure | None:
    """What lies at an address of ours, percent signs or not; None for every other address."""
    if not address.startswith(ROOT):
        return None
    key, slash, name = address.removeprefix(ROOT).partition("/")
    return read_key(key, unquote(name)) if slash else None


def read_key(key: str, name: str) -> Enclosure | None:
    """The same from its two parts."""
    measured, named = _KEY.fullmatch(key), _NAME.fullmatch(name)
    if measured is None or named is None:
        return None
    mark, width, height, seconds, size = measured.groups()
    kind = PICTURE if width else SOUND if seconds is not None else ATTACHMENT
    if named[1] not in EXTENSIONS[kind]:
        return None
    return Enclosure(mark, kind, name, int(size), int(width or 0), int(height or 0), int(seconds or 0))


def plain_name(name: str, extension: str) -> str:
    """A file's name as an address and a line of Markdown can bear it, with that extension."""
    stem = re.split(r"[/\\]", name)[-1].rpartition(".")[0] or re.split(r"[/\\]", name)[-1]
    stem = re.sub(r"[^\w\-]+", "-", stem).strip("-_")[:LONGEST_NAME] or "file"
    return f"{stem}.{extension}"


_IN_TEXT = re.compile(r"(!?)\[([^\[\]\n]*)\]\(/media/files/[^()\s]+\)")


def without_enclosures(text: str) -> str:
    """A Markdown text as it is read out: pictures are left away, links to files keep their words."""
    return _IN_TEXT.sub(lambda found: "" if found[1] else found[2], text) if ROOT in text else text


def list_enclosures(text: str) -> list[Enclosure]:
    """What a Markdown text has beside it, in order, each once."""
    told = (read_address(found) for found in re.findall(r"\]\((/media/files/[^()\s]+)\)", text))
    return list(dict.fromkeys(x for x in told if x is not None))


def size_words(size_bytes: int) -> str:
    """"240 KB", "2.1 MB"."""
    return f"{size_bytes / 1024**2:.1f} MB" if size_bytes >= 1024**2 else f"{max(1, round(size_bytes / 1024))} KB"
