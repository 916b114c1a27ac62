"""Load by wrk in interleaved rounds, A B A B, so that noise from neighbours falls on all alike; medians and spread."""

from __future__ import annotations

import gzip
import json
import os
import random
import statistics
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from stage import Server, Stage, get

LUA = Path(__file__).resolve().parent / "wrk"
MOST_SPREAD = 0.25
MOST_ROUNDS = 3  # times as many rounds as asked for, while the spread is too wide


@dataclass
class Contender:
    """One side of a comparison: a server, what it is asked, and what every answer has to say."""

    name: str
    server: Server
    connections: int = 16
    paths: list[str] = field(default_factory=list)
    expect: str = ""
    cookie: str = ""
    beats: Callable[[], dict[str, str]] | None = None  # makes wrk's environment for the next round of heartbeats


@dataclass(frozen=True)
class Round:
    """What one run of wrk saw: requests a second, the server's processor milliseconds a request, latency, errors."""

    rate: float
    cpu_ms: float
    p50: float
    p95: float
    p99: float
    bytes: float
    errors: int


@dataclass(frozen=True)
class Figures:
    """Medians over the rounds; spreads are (largest − smallest) ÷ median."""

    name: str
    rate: float
    rate_spread: float
    cpu_ms: float
    cpu_spread: float
    p50: float
    p95: float
    p99: float
    bytes: float
    errors: int
    rounds: int


def compare(contenders: list[Contender], folder: Path, *, seconds: int, rounds: int) -> list[Figures]:
    """Each contender's figures, in their order. More rounds are run while one's processor time spreads too wide."""
    seen: list[list[Round]] = [[] for _ in contenders]
    for contender in contenders:
        _run(contender, folder, 1)  # warms caches, compiled templates, the processor
    while len(seen[0]) < rounds or (len(seen[0]) < rounds * MOST_ROUNDS and any(_is_wide(r) for r in seen)):
        for contender, kept in zip(contenders, seen, strict=True):
            kept.append(_run(contender, folder, seconds))
    return [_figures(c.name, r) for c, r in zip(contenders, seen, strict=True)]


def load(contenders: list[Contender], folder: Path, count: int, *, seconds: int = 2) -> int:
    """Ask them in turn until at least so many requests were answered; how many were."""
    answered = 0
    while answered < count:
        for contender in contenders:
            answered += round(_run(contender, folder, seconds).rate * seconds)
    return answered


def _spread(values: list[float]) -> float:
    return (max(values) - min(values)) / statistics.median(values)


def _is_wide(rounds: list[Round]) -> bool:
    return _spread([r.cpu_ms for r in rounds]) > MOST_SPREAD


def _figures(name: str, rounds: list[Round]) -> Figures:
    def middle(of: str) -> float:
        return statistics.median(getattr(r, of) for r in rounds)

    return Figures(name, middle("rate"), _spread([r.rate for r in rounds]), middle("cpu_ms"), _spread([r.cpu_ms for r in rounds]),
                   middle("p50"), middle("p95"), middle("p99"), middle("bytes"), sum(r.errors for r in rounds), len(rounds))


def _run(contender: Contender, folder: Path, seconds: int) -> Round:
    if contender.beats is None:
        must_say(contender)
        script, environ = LUA / "pages.lua", _pages(contender, folder)
    else:
        script, environ = LUA / "beats.lua", contender.beats()
    before = contender.server.cpu_s()
    told = _wrk(script, contender, environ, seconds)
    cpu_s = contender.server.cpu_s() - before
    if contender.beats is None:
        must_say(contender)
    count = max(1, told["requests"])
    return Round(count / told["seconds"], 1000 * cpu_s / count, told["p50"], told["p95"], told["p99"], told["bytes"] / count,
                 told["errors"])


def must_say(contender: Contender) -> None:
    """Ask three of the addresses and read the answers: an error page is fast, and must never count as speed."""
    headers = {"Accept-Encoding": "gzip"} | ({"Cookie": contender.cookie} if contender.cookie else {})
    for path in random.sample(contender.paths, min(3, len(contender.paths))):
        status, told, body = get(contender.server.port, path, headers)
        text = (gzip.decompress(body) if told.get("content-encoding") == "gzip" else body).decode()
        if status != 200 or contender.expect not in text:
            raise RuntimeError(f"{contender.name}: {path} answered {status} without “{contender.expect}”")


def _pages(contender: Contender, folder: Path) -> dict[str, str]:
    addresses = folder / "addresses.txt"
    addresses.write_text("\n".join(contender.paths) + "\n")
    return {"ADDRESSES": str(addresses), "COOKIE": contender.cookie, "BEGIN": str(random.randrange(1 << 20))}


def sittings_file(stage: Stage, sittings: list[dict], prefix: str, suffix: str = "") -> dict[str, str]:
    """wrk's environment for a round of heartbeats from those sittings."""
    path = stage.folder / "sittings.txt"
    path.write_text("".join(f"{s['code']} {s['token']} {s['opened_s']} {s['seq']} {' '.join(s['words'])}\n" for s in sittings))
    return {"SITTINGS": str(path), "PREFIX": prefix, "SUFFIX": suffix}


def _wrk(script: Path, contender: Contender, environ: dict[str, str], seconds: int) -> dict:
    command = ["wrk", "-t", "2", "-c", str(contender.connections), "-d", f"{seconds}s", "--timeout", "30s", "-s", script,
               f"http://127.0.0.1:{contender.server.port}"]
    ran = subprocess.run(command, env={**os.environ, **environ}, stdout=subprocess.PIPE, text=True)
    for line in ran.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line.removeprefix("RESULT "))
    raise RuntimeError(f"wrk failed: {ran.stdout}{ran.stderr}")
