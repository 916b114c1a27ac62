"""Signed delivery: whoever holds an address we signed may fetch that version's files; no database is asked."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from urllib.parse import quote

from flask import Blueprint, Response, abort, request, send_file

from guanxue import media
from guanxue.core.enclosures import ATTACHMENT, read_key
from guanxue.core.i18n import lazy as _
from guanxue.core.settings import settings

blueprint = Blueprint("media", __name__)
KINDS = {".m3u8": "application/vnd.apple.mpegurl", ".m4s": "video/iso.segment", ".mp4": "video/mp4", ".m4a": "audio/mp4",
         ".vtt": "text/vtt", ".jpg": "image/jpeg", ".webp": "image/webp", ".avif": "image/avif", ".webm": "audio/webm",
         ".mp3": "audio/mpeg", ".png": "image/png", ".pdf": "application/pdf",
         ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
         ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
         ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation"}
NEVER_CHANGES = "private, max-age=31536000, immutable"
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
    response = _sent(path, kind, f"{version}-{name}".replace("/", "-"))
    response.headers["Cache-Control"] = FOREVER
    return response


@blueprint.get("/media/files/<key>/<name>")
def enclosed(key: str, name: str) -> Response:
    """A picture, a sound, or an attachment to take along: by its address alone, which says what it is and never changes."""
    told = read_key(key, name)
    found = media.find_kept(told, takes_webp="image/webp" in request.headers.get("Accept", "")) if told else None
    if found is None:
        abort(404)
    path, extension = found
    response = _sent(path.resolve(), KINDS[f".{extension}"], f"{told.mark}-{extension}")
    if told.kind == ATTACHMENT:
        response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(told.name)}"
    response.headers["Cache-Control"] = NEVER_CHANGES
    response.vary.add("Accept")
    return response


@blueprint.get("/media/subtitles/<name>.vtt")
def subtitles(name: str) -> Response:
    """A version of subtitles: its address is its content's own fingerprint, which nobody guesses and which never changes."""
    found = media.find_subtitles(name)
    if found is None:
        abort(404)
    response = Response(media.as_vtt(media.words_of(found)), mimetype="text/vtt")
    response.set_etag(name[:32])
    response.headers["Cache-Control"] = NEVER_CHANGES
    return response.make_conditional(request)


def _sent(path: Path, kind: str, tag: str) -> Response:
    """The file by us, or by the server in front of us where that is set."""
    if settings().accel == "nginx":
        inside = quote(str(path.relative_to(settings().media_dir.resolve())))
        return Response(mimetype=kind, headers={"X-Accel-Redirect": f"/guanxue-media/{inside}"})
    return send_file(path, mimetype=kind, conditional=True, etag=tag)
