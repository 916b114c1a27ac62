"""What operators and programs ask of the site itself: alive, ready, the API's description."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

from flask import Blueprint, Response, current_app
from sqlalchemy import text

from guanxue.core.db import session
from guanxue.core.settings import settings
from guanxue.core.web import api
from guanxue.core.web.pages import page

blueprint = Blueprint("operate", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Alive: the process answers."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Ready: database, search index and storage answer; 503 names what does not."""
    checks: dict[str, Callable[[], object]] = {
        "database": lambda: session.execute(text("SELECT 1")),
        "storage": _storage_answers,
        **current_app.extensions.get("guanxue.ready_checks", {}),
    }
    states = {name: _state(check) for name, check in checks.items()}
    status = 200 if all(s == "ok" for s in states.values()) else 503
    return Response(json.dumps(states, ensure_ascii=False) + "\n", status, mimetype="application/json")


def _storage_answers() -> None:
    if not os.access(settings().media_dir, os.W_OK):
        raise OSError("media folder is not writable")


def _state(check: Callable[[], object]) -> str:
    try:
        return "ok" if check() is not False else "not ready"
    except Exception as error:
        return type(error).__name__


@blueprint.get("/api/v1/openapi.json")
def openapi() -> Response:
    """The OpenAPI 3.1 document."""
    return Response(json.dumps(api.openapi(settings().base_url, "1"), ensure_ascii=False), mimetype="application/json")


@blueprint.get("/api/docs")
def docs() -> Response:
    """The API for people: made from the same declarations, loading nothing from elsewhere."""
    document = api.openapi(settings().base_url, "1")
    calls = [
        {"method": method.upper(), "path": api.PREFIX + path, **described}
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    ]
    return page("pages/api_docs.html", calls=calls, schemas=document["components"]["schemas"])
