"""What makes the site an app on a phone: a manifest, a service worker of our own, a page for when there is no network.

The worker (static/base/worker.js) is sent with its version before it: a hash of itself, of the files it keeps and of the
page it shows offline. Any change of these makes it another worker, which replaces the old one while pages stay open. Each
page of somebody signed in says in X-Shelf by what word their pages may be kept together; the word is made of their session
and tells nothing about them.
"""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, request, url_for
from flask_babel import force_locale, get_locale

from guanxue.core.actor import Actor
from guanxue.core.i18n import gettext as _
from guanxue.core.sealing import keyed_hash
from guanxue.core.settings import settings
from guanxue.core.web import dispatch
from guanxue.core.web.pages import page

blueprint = Blueprint("installable", __name__)
SHELF = "X-Shelf"
# What every page needs; other hashed files are kept when they are first used.
FILES = ("base/base.css", "base/icons.svg", "base/mark.svg", "base/weave.svg", "base/search.js", "base/offline.js")
ICONS = (("base/icon-192.png", "192x192", "any"), ("base/icon-512.png", "512x512", "any"), ("base/mark.svg", "any", "any"),
         ("base/maskable-512.png", "512x512", "maskable"), ("base/maskable.svg", "any", "maskable"))
# The offline page is made of these: another text makes another worker.
MADE_OF = tuple(f"templates/{name}.html" for name in ("pages/offline", "base/page", "base/parts", "base/scenes"))
PAPER, CARD = "#FAF9F5", "#FFFFFF"  # tokens.css has the same


def install(app: Flask) -> None:
    """Answer the addresses, mark people's pages, and give templates `worker_address()`: "" where the worker is off."""
    app.register_blueprint(blueprint)
    app.jinja_env.globals["worker_address"] = lambda: "/sw.js" if settings().service_worker else ""

    @app.after_request
    def _say_whose(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.headers.extend(shelf_of(dispatch.current_actor()))
        return response

    app.extensions["guanxue.pages"].tell = shelf_of


def shelf_of(actor: Actor) -> list[tuple[str, str]]:
    """The header that names the shelf for this person's pages on their phone; none for a visitor."""
    return [(SHELF, _shelf(current_app.secret_key, actor.id, actor.session_id))] if actor.is_person else []


@functools.lru_cache(maxsize=10_000)
def _shelf(_site: bytes, person_id: int, session_id: int | None) -> str:
    # The person is in it because a number of a session that is gone may be given again.
    return keyed_hash("shelf", f"{person_id}:{session_id}")[:24]


def language_in_address() -> str | None:
    """The language that the present address itself asks for: what is fetched without cookies must say so."""
    return request.args.get("lang") if request.endpoint in ("installable.manifest", "installable.offline") else None


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """Name, colours, icons and short ways for a phone's home screen, in the language of the page that names it."""
    shortcuts = [(_("继续学习"), "/me"), (_("课程"), "/courses"), (_("学分"), "/me/credits")]
    told = {
        "id": "/", "start_url": "/", "scope": "/", "display": "standalone", "lang": str(get_locale()).replace("_", "-"),
        "name": _("莞学 · 东莞人的学习平台"), "short_name": _("莞学"), "theme_color": CARD, "background_color": PAPER,
        "icons": [{"src": url_for("static", filename=name), "sizes": sizes, "purpose": purpose,
                   "type": "image/svg+xml" if name.endswith("svg") else "image/png"} for name, sizes, purpose in ICONS],
        "shortcuts": [{"name": name, "url": url} for name, url in shortcuts],
    }
    response = Response(json.dumps(told, ensure_ascii=False), mimetype="application/manifest+json")
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get("/sw.js")
def worker() -> Response:
    """The service worker, or the one that takes it away again; asked for anew each time."""
    folder = settings().root / "static" / "base"
    text = _with_version(folder / "worker.js") if settings().service_worker else (folder / "worker-off.js").read_text("utf-8")
    response = Response(text, mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/offline")
def offline() -> Response:
    """What stands in for a page that is not on the phone while there is no network."""
    return page("pages/offline.html")


def _with_version(path: Path) -> str:
    files = ["/offline", *(url_for("static", filename=name) for name in FILES)]
    text, words = path.read_text("utf-8"), _words()
    made_of = [(settings().root / name).read_bytes() for name in MADE_OF]
    told = {"FILES": files, "WORDS": words}
    version = hashlib.sha256(b"\0".join([text.encode(), json.dumps(told).encode(), *made_of])).hexdigest()[:12]
    said = {"VERSION": version, **told}
    return "".join(f"const {name} = {json.dumps(value, ensure_ascii=False)};\n" for name, value in said.items()) + text


def _words() -> dict[str, dict[str, str]]:
    """What the worker itself says, in every language."""
    found = {}
    for code in current_app.extensions["guanxue.languages"]:
        with force_locale(code):
            found[code.replace("_", "-")] = {"kept": _("离线，内容停在 %(at)s", at="%s"), "list": _("存在这部手机上的")}
    return found
