"""Pure decisions about videos: what a narration is, signed addresses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass

# Addresses stay the same for an hour, so that a player that opens a page again finds its segments in its cache.
STEP_S, HOLDS_S = 3600, 12 * 3600
# Raise it when what goes beside a film changes: it is made anew for every film, the film is left alone.
COMPANIONS = 1
PICTURE_WIDTHS = (360, 720)


@dataclass(frozen=True)
class SlideSpec:
    """A slide: its headline and the sentences spoken while it shows."""

    headline: str
    sentences: list[str]


@dataclass(frozen=True)
class NarrationSpec:
    """Everything a narrated video is made from; `accent` is an industry's slug and colours the weave."""

    title: str
    course_title: str
    accent: str
    slides: list[SlideSpec]
    voice: str = "cmn"
    look: int = 2  # raise it when the drawing or the voice changes, so that videos are made anew

    def to_document(self) -> dict:
        """As plain JSON."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: dict) -> NarrationSpec:
        """From plain JSON."""
        return cls(**{**document, "slides": [SlideSpec(**s) for s in document["slides"]]})

    @property
    def digest(self) -> str:
        """Equal for equal narrations."""
        text = json.dumps(self.to_document(), ensure_ascii=False, sort_keys=True)
        return "narrated-" + hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Sizes:
    """What a lesson costs a phone, in bytes: its film at the smallest and the largest picture, or sound with pictures.

    `sound` is None while sound and pictures are not made, or where the film is silent.
    """

    small_film: int = 0
    film: int = 0
    sound: int | None = None

    def __add__(self, other: Sizes) -> Sizes:
        """Of both together; sound only where both have it."""
        both = None if self.sound is None or other.sound is None else self.sound + other.sound
        return Sizes(self.small_film + other.small_film, self.film + other.film, both)


def sizes_of(facts: dict) -> Sizes:
    """From an asset's facts. Sound with pictures is counted as a newer phone fetches it: Opus and wide AVIF."""
    stored, beside = facts.get("bytes", {}), facts.get("companions", {})
    films = [stored[name] for name in facts.get("renditions", ()) if name in stored]
    if not films:
        return Sizes()
    if not beside.get("sounds"):
        return Sizes(min(films), max(films))
    pictures = beside["pictures"]["bytes"][f"{PICTURE_WIDTHS[-1]}.avif"]
    return Sizes(min(films), max(films), beside["sounds"][0]["bytes"] + pictures)


def sign(key: bytes, asset_id: int, version: str, now_s: int) -> str:
    """A token that opens one version of one asset for about 12 hours."""
    until = (now_s // STEP_S + 1) * STEP_S + HOLDS_S
    return f"{until:x}-{_mac(key, asset_id, version, until)}"


def is_genuine(key: bytes, token: str, asset_id: int, version: str, now_s: int) -> bool:
    """Did we sign this token for this version, and does it still hold?"""
    until_text, _dash, mac = token.partition("-")
    try:
        until = int(until_text, 16)
    except ValueError:
        return False
    return until >= now_s and hmac.compare_digest(mac.encode(), _mac(key, asset_id, version, until).encode())


def _mac(key: bytes, asset_id: int, version: str, until: int) -> str:
    made = hmac.new(key, f"{asset_id}/{version}/{until}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made[:18]).decode().replace("-", ".")
