"""What happened to videos."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AssetReady:
    """It can be watched; `duration_ms` was scanned and will not change."""

    asset_id: int
    duration_ms: int


@dataclass(frozen=True)
class AssetFailed:
    """The source cannot become a video; `reason` is a sentence for its teacher."""

    asset_id: int
    reason: str


@dataclass(frozen=True)
class AssetImproved:
    """A whole version with every size took the place of the first one; the same pictures at the same moments."""

    asset_id: int


@dataclass(frozen=True)
class CompanionsMade:
    """Sound, pictures and the small film stand beside the film: its page may offer them and say their sizes."""

    asset_id: int


@dataclass(frozen=True)
class Transcribed:
    """A machine wrote down what is said in a film; nobody has checked it."""

    asset_id: int
    subtitles_id: int
