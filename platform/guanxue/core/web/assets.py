"""Static files: read once, compressed once, addressed by their content so that browsers keep them for ever.

A style sheet may begin with lines like `@import "tokens.css";`, one a line: it is served as one file with those put in their
places, without comments and spare blanks, and what it draws (`url(weave.svg)`) is addressed by content, too.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
import time
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, abort, request

from guanxue.core.web.headers import COMPRESSED, accepts_gzip, compress

FOREVER = "public, max-age=31536000, immutable"
LOOK_AGAIN_S = 1.0  # a changed file is noticed that late at most; the folder is our own
_IMPORT = re.compile(r'^@import "([^"]+)";[ \t]*\n?', re.MULTILINE)
_DRAWN = re.compile(r"""url\((?!["']?(?:data:|[a-z]+://|/|#))["']?([^"')?]+)["']?\)""")
_TEXT_OR_SPARE = re.compile(r"""("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|url\([^)]*\))|/\*.*?\*/|(\s+)|;(?=\s*})""", re.DOTALL)
_AROUND = re.compile(r" *([{};,]) *|(:) +")
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("application/manifest+json", ".webmanifest")


@dataclass(frozen=True)
class _File:
    """What is sent for a name, and of which files (path, time, size) it was made."""

    body: bytes
    packed: bytes | None
    digest: str
    mimetype: str
    made_of: tuple[tuple[Path, int, int], ...]

    def is_current(self) -> bool:
        """Do the files it was made of stand as they stood?"""
        try:
            return all(_stamp(path) == stamp for path, *stamp in self.made_of)
        except OSError:
            return False


def _stamp(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_mtime_ns, found.st_size]


class Assets:
    """The files under one folder, made once; a file that changed on disk is made again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._files: dict[str, tuple[_File, float]] = {}  # and when it is to be looked at again

    def find(self, name: str) -> _File | None:
        """The file of that name below the folder, or None."""
        now = time.monotonic()
        known, until = self._files.get(name, (None, 0.0))
        if known is not None and now < until:
            return known
        if known is None or not known.is_current():
            try:
                known = self._make(name)
            except OSError:
                self._files.pop(name, None)
                return None
        self._files[name] = known, now + LOOK_AGAIN_S
        return known

    def digest(self, name: str) -> str:
        """The first 10 hex digits of the sha256 of what is sent, "0" where there is no such file."""
        found = self.find(name)
        return found.digest if found else "0"

    def _make(self, name: str) -> _File:
        path = self._inside(self.folder / name)
        made_of = [path]
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        body = self._style(path, made_of).encode() if kind == "text/css" else path.read_bytes()
        packed = compress(body, 9) if kind.startswith(COMPRESSED) and len(body) > 200 else None
        return _File(body, packed, hashlib.sha256(body).hexdigest()[:10], kind, tuple((p, *_stamp(p)) for p in made_of))

    def _inside(self, path: Path) -> Path:
        """The real file that path leads to. FileNotFoundError where there is none below the folder."""
        path = path.resolve()
        if not path.is_relative_to(self.folder) or not path.is_file():
            raise FileNotFoundError(path)
        return path

    def _style(self, path: Path, made_of: list[Path]) -> str:
        def joined(text: str) -> str:
            return _IMPORT.sub(lambda found: joined(read(found[1])), text)

        def read(name: str) -> str:
            made_of.append(self._inside(path.parent / name))
            return made_of[-1].read_text("utf-8")

        def addressed(found: re.Match) -> str:
            drawn = (path.parent / found[1]).resolve()
            if not drawn.is_relative_to(self.folder) or not drawn.is_file():
                return found[0]
            made_of.append(drawn)
            return f"url({found[1]}?v={self.digest(str(drawn.relative_to(self.folder)))})"

        return _DRAWN.sub(addressed, shrink_style(joined(path.read_text("utf-8"))))


def shrink_style(text: str) -> str:
    """The same style without comments and spare blanks; texts in quotation marks and url() stay as they are."""
    kept: list[str] = []  # texts, put aside while blanks go

    def aside(found: re.Match) -> str:
        if found[1]:
            kept.append(found[1])
            return f"\0{len(kept) - 1}\0"
        return " " if found[2] else ""

    bare = _AROUND.sub(r"\1\2", _TEXT_OR_SPARE.sub(aside, text)).strip()
    return re.sub("\0(\\d+)\0", lambda found: kept[int(found[1])], bare)


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
