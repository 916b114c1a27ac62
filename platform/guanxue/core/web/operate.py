"""What operators and programs ask of the site itself: alive, ready, the API's description."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask import Blueprint, Response, current_app
from sqlalchemy import text

from guanxue.core.db import session
from guanxue.core.settings import settings
from guanxue.core.web import api
from guanxue.core.web.pages import page

blueprint = Blueprint("operate", __name__)


@dataclass(frozen=True)
class Gauge:
    """A number operators watch: `read` gives (labels, value) pairs, asked anew each time."""

    name: str
    help: str
    read: Callable[[], Iterable[tuple[dict[str, str], int]]]


def watch(*gauges: Gauge) -> None:
    """Show these gauges at /metrics. Only wiring.py calls this."""
    current_app.extensions.setdefault("guanxue.gauges", []).extend(gauges)


def must_be_ready(name: str, check: Callable[[], object]) -> None:
    """Ask this too at /readyz: an exception or False means not ready. Only wiring.py calls this."""
    current_app.extensions.setdefault("guanxue.ready_checks", {})[name] = check


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


@blueprint.get("/metrics")
def metrics() -> Response:
    """Numbers in Prometheus' text form (version 0.0.4): counted in the database, the same whichever process answers."""
    lines = []
    for gauge in current_app.extensions.get("guanxue.gauges", []):
        lines += [f"# HELP {gauge.name} {gauge.help}", f"# TYPE {gauge.name} gauge"]
        for labels, value in gauge.read():
            told = ",".join(f'{name}="{text}"' for name, text in sorted(labels.items()))
            lines.append(f"{gauge.name}{{{told}}} {value}" if told else f"{gauge.name} {value}")
    return Response("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


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
