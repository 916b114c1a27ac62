"""Static files: read once, compressed once, addressed by their content so that browsers keep them for ever."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from flask import Flask, Response, abort, request

from guanxue.core.web.headers import COMPRESSED, accepts_gzip, compress

FOREVER = "public, max-age=31536000, immutable"
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("application/manifest+json", ".webmanifest")


@dataclass(frozen=True)
class _File:
    body: bytes
    packed: bytes | None
    digest: str
    mimetype: str
    seen: tuple[int, int]


class Assets:
    """The files under one folder. A file that changed on disk is read again (a stat a request; it is our own folder)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._files: dict[str, _File] = {}
        self._paths: dict[str, Path] = {}  # names that were files once, resolved

    def find(self, name: str) -> _File | None:
        """The file of that name below the folder, or None."""
        path = self._paths.get(name) or self._inside(name)
        try:
            stat = path.stat() if path else None
        except OSError:
            return None
        if stat is None or not S_ISREG(stat.st_mode):
            return None
        seen = (stat.st_mtime_ns, stat.st_size)
        known = self._files.get(name)
        if known is None or known.seen != seen:
            known = self._files[name] = self._read(path, seen)
            self._paths[name] = path
        return known

    def _inside(self, name: str) -> Path | None:
        path = (self.folder / name).resolve()
        return path if path.is_relative_to(self.folder) else None

    def digest(self, name: str) -> str:
        """The first 10 hex digits of the file's sha256, "0" where there is no such file."""
        found = self.find(name)
        return found.digest if found else "0"

    @staticmethod
    def _read(path: Path, seen: tuple[int, int]) -> _File:
        body = path.read_bytes()
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        packed = compress(body, 9) if kind.startswith(COMPRESSED) and len(body) > 200 else None
        return _File(body, packed, hashlib.sha256(body).hexdigest()[:10], kind, seen)


def install(app: Flask, folder: Path) -> None:
    """Serve the folder at /static/… under the endpoint `static`; url_for adds the content's digest."""
    assets = Assets(folder)
    app.extensions["guanxue.assets"] = assets

    def static(filename: str) -> Response:
        found = assets.find(filename)
        if found is None:
            abort(404)
        packed = found.packed is not None and accepts_gzip()
        response = Response(found.packed if packed else found.body, mimetype=found.mimetype)
        if packed:
            response.headers["Content-Encoding"] = "gzip"
        response.set_etag(found.digest + ("-gz" if packed else ""))
        response.headers["Cache-Control"] = FOREVER if request.args.get("v") == found.digest else "no-cache"
        return response.make_conditional(request)

    app.add_url_rule("/static/<path:filename>", "static", static)

    @app.url_defaults
    def _version(endpoint: str, values: dict) -> None:
        if endpoint == "static" and "v" not in values:
            values["v"] = assets.digest(values["filename"])


