"""Finding videos, where their files lie, and addresses that play them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import bindparam, func, select

from guanxue.core import clock
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.core.prepared import Prepared
from guanxue.core.settings import settings
from guanxue.media import rules
from guanxue.media.errors import NoSuchAsset
from guanxue.media.models import FAILED, READY, WAITING, WORKING, Asset
from guanxue.media.narration import Cue


def get_asset(asset_id: int) -> Asset:
    """The asset with that row id. Raises NoSuchAsset."""
    asset = session.get(Asset, asset_id)
    if asset is None:
        raise NoSuchAsset(_("没有这个视频。"))
    return asset


def list_assets(asset_ids: Iterable[int]) -> list[Asset]:
    """The assets with those row ids, in no order."""
    ids = set(asset_ids)
    return list(session.scalars(select(Asset).where(Asset.id.in_(ids)))) if ids else []


_HOW_FAR = Prepared(select(Asset.id, Asset.state, Asset.progress_permille).where(Asset.id == bindparam("asset_id")))


def how_far(asset_ids: Iterable[int]) -> tuple[tuple[int, str, int], ...]:
    """(row id, state, permille made) of those assets: values that are equal as long as nothing changed."""
    return tuple(tuple(row) for asset_id in sorted(set(asset_ids)) for row in _HOW_FAR.rows(asset_id=asset_id))


def count_by_state() -> dict[str, int]:
    """How many assets are in each state."""
    return dict(session.execute(select(Asset.state, func.count()).group_by(Asset.state)).all())


def list_without_companions(only: int | None = None) -> list[int]:
    """Row ids of films (or of that one, if it is one) that play whole but lack what goes beside them."""
    films = select(Asset.id, Asset.facts).where(Asset.state == READY).order_by(Asset.id)
    rows = session.execute(films if only is None else films.where(Asset.id == only))
    return [asset_id for asset_id, facts in rows
            if not facts.get("is_partial") and facts.get("companions", {}).get("made") != rules.COMPANIONS]


def is_failed(asset_id: int) -> bool:
    """Was it given up or cancelled?"""
    return session.scalar(select(Asset.state).where(Asset.id == asset_id)) == FAILED


def count_in_making(created_by: str) -> int:
    """How many films of that person ("person:17") wait or are being made."""
    return session.scalar(select(func.count()).select_from(Asset).where(
        Asset.created_by == created_by, Asset.state.in_((WAITING, WORKING)))) or 0


def sizes(asset: Asset) -> rules.Sizes:
    """What it costs a phone, in bytes; nothing until it is ready."""
    return rules.sizes_of(asset.facts)


def folder_of(asset_id: int, version: str) -> Path:
    """Where a version's files lie."""
    return settings().media_dir / "assets" / str(asset_id) / version


def original_path(asset: Asset) -> Path:
    """The file an upload came as."""
    return settings().media_dir / "originals" / asset.digest


def cues(asset: Asset) -> list[Cue]:
    """Every sentence of a narrated video and when it is heard; empty for others and until it is ready."""
    return [Cue(*c) for c in asset.facts.get("cues", [])]


def portable(asset: Asset) -> rules.Portable | None:
    """What a phone can take along of a ready asset; None while it is not made."""
    return rules.portable_of(asset.facts) if asset.state == READY else None


def playable(asset: Asset) -> dict:
    """Signed addresses of a ready asset: hls_url, mp4_url, audio_url (None without sound), subtitles, poster_url, bytes.

    `renditions` are its picture sizes, smallest first. Beside it, once made, else empty or None: `small_mp4_url`; `sounds`
    with little data ({url, type, bytes}, best first); `pictures` (base address, starts_ms, width, height, face, widths):
    the n-th is at base/n-width.avif, .webp or .jpg, and the one named `face` is shown before it plays; `thumbs` (what the
    player shows while one seeks): sheet n from 1 is at base + n + ".jpg", side × side tiles, each of them every_ms of film.
    """
    if asset.state != READY:
        raise NoSuchAsset(_("这个视频还没有做好。"))
    token = rules.sign(settings().derive_key("media"), asset.id, asset.version, clock.now_ms() // 1000)
    root = f"/media/{token}/{asset.id}/{asset.version}"
    return {
        "hls_url": f"{root}/master.m3u8",
        "mp4_url": f"{root}/video.mp4",
        "audio_url": f"{root}/audio.m4a" if asset.facts.get("has_sound") else None,
        "poster_url": f"{root}/poster.jpg",
        "subtitles": [{"lang": s["lang"], "label": s["label"], "url": f"{root}/{s['file']}"}
                      for s in asset.facts.get("subtitles", [])],
        "bytes": asset.facts.get("bytes", {}),
        "is_synthetic": asset.kind == "narrated" and asset.facts.get("is_synthetic", True),
        "renditions": [{"name": name, "hls_url": f"{root}/{name}/index.m3u8", "bytes": asset.facts["bytes"].get(name)}
                       for name in asset.facts.get("renditions", [])],
        **_companions(asset.facts.get("companions"), root),
    }


def _companions(told: dict | None, root: str) -> dict:
    if not told:
        return {"small_mp4_url": None, "sounds": [], "pictures": None, "thumbs": None}
    shown, thumbs = told["pictures"], told.get("thumbs")
    return {
        "small_mp4_url": f"{root}/small.mp4",
        "sounds": [{"url": f"{root}/{s['file']}", "type": s["type"], "bytes": s["bytes"]} for s in told["sounds"]],
        "pictures": {"base": f"{root}/pictures", "starts_ms": shown["starts_ms"], "width": shown["width"],
                     "height": shown["height"], "face": told["face"], "widths": list(rules.PICTURE_WIDTHS),
                     "bytes": shown["bytes"]},
        "thumbs": {**thumbs, "base": f"{root}/thumbs-", "vtt_url": f"{root}/thumbs.vtt"} if thumbs else None,
    }


def token_is_genuine(token: str, asset_id: int, version: str) -> bool:
    """May this address be served? Asks no database."""
    return rules.is_genuine(settings().derive_key("media"), token, asset_id, version, clock.now_ms() // 1000)
