"""Signed delivery: whoever holds an address we signed may fetch that version's files; no database is asked."""

from __future__ import annotations

import mimetypes
from urllib.parse import quote

from flask import Blueprint, Response, abort, send_file

from guanxue import media
from guanxue.core.i18n import lazy as _
from guanxue.core.settings import settings

blueprint = Blueprint("media", __name__)
KINDS = {".m3u8": "application/vnd.apple.mpegurl", ".m4s": "video/iso.segment", ".mp4": "video/mp4", ".m4a": "audio/mp4",
         ".vtt": "text/vtt", ".jpg": "image/jpeg", ".webp": "image/webp", ".avif": "image/avif", ".webm": "audio/webm",
         ".mp3": "audio/mpeg"}
FOREVER = "private, max-age=43200, immutable"


@blueprint.get("/media/<token>/<int:asset_id>/<version>/<path:name>")
def file(token: str, asset_id: int, version: str, name: str) -> Response:
    """A playlist, segment, subtitle or picture; Range is honoured."""
    if not media.token_is_genuine(token, asset_id, version):
        raise media.LinkExpired(_("播放地址已失效，请刷新页面。"))
    folder = media.folder_of(asset_id, version).resolve()
    path = (folder / name).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        abort(404)
    kind = KINDS.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if settings().accel == "nginx":
        inside = quote(str(path.relative_to(settings().media_dir.resolve())))
        response = Response(mimetype=kind, headers={"X-Accel-Redirect": f"/guanxue-media/{inside}"})
    else:
        response = send_file(path, mimetype=kind, conditional=True, etag=f"{version}-{name}".replace("/", "-"))
    response.headers["Cache-Control"] = FOREVER
    return response
