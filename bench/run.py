"""Measure the site against bare yardsticks on this machine and write bench/RESULTS.md.

    python bench/run.py [catalogue|signed-in|search|heartbeat|first-visit|memory] [--seconds N] [--rounds N] [--requests N]
"""

from __future__ import annotations

import argparse
import csv
import itertools
import random
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import first_visit
from measure import Contender, Figures, compare, load, sittings_file
from results import Verdict, load_table, verdicts, write
from stage import FILM, ROOT, Server, Site, Stage, servers


class Bench:
    """A filled site, both servers, and how long to measure."""

    def __init__(self, site: Site, stage: Stage, ours: Server, yard: Server, options: argparse.Namespace) -> None:
        self.site, self.stage, self.ours, self.yard = site, stage, ours, yard
        self.seconds, self.rounds, self.requests = options.seconds, options.rounds, options.requests

    def compare(self, *contenders: Contender) -> list[Figures]:
        """Their figures, said aloud as well."""
        figures = compare(list(contenders), self.stage.folder, seconds=self.seconds, rounds=self.rounds)
        for f in figures:
            print(f"  {f.name:<28} {f.cpu_ms:7.3f} ms CPU ±{f.cpu_spread:.0%}  {f.rate:7,.0f}/s  p99 {f.p99:6.1f} ms"
                  f"  {f.bytes:7,.0f} bytes  {f.errors} errors", flush=True)
        return figures

    def beats(self) -> Contender:
        """Heartbeats of 64 at a time, each of somebody's own playback."""
        def sittings() -> dict[str, str]:
            told = self.site.sittings(self.stage.learners, 40)
            return sittings_file(self.stage, told, "/api/v1/playbacks/", "/beats")

        return Contender("heartbeat", self.ours, connections=64, beats=sittings)

    def bare_cards(self) -> Contender:
        """B: the bare page of 20 cards."""
        return Contender("bare cards (B)", self.yard, paths=[f"/cards?page={n}" for n in range(1, 61)], expect="1200 门课")


def _cpu(what: str, ours: Figures, bare: Figures, goal: float) -> Verdict:
    return Verdict(what, f"{ours.cpu_ms:.3f} ms", f"{bare.cpu_ms:.3f} ms", ours.cpu_ms / bare.cpu_ms, goal)


def _errors(figures: Figures) -> Verdict:
    return Verdict(f"errors of {figures.name}", str(figures.errors), "–", figures.errors, 0, unit="")


def _catalogue_pages() -> list[str]:
    return [f"/courses?page={n}" for n in range(1, 61)]


def _narrowed() -> list[str]:
    """Catalogue pages that are narrowed down so variously that no kept page answers."""
    towns = [row["town_id"] for row in _rows("towns")]
    kinds, levels = ("skills-upgrading", "pre-employment", ""), ("1", "2", "3", "4", "5", "")
    asked = itertools.product(towns, kinds, levels, ("", "title", "hours", "new"), ("", "16", "32", "more"), range(1, 5))
    return [f"/courses?town={t}&kind={k}&level={x}&sort={s}&hours={h}&page={p}" for t, k, x, s, h, p in asked]


def _rows(table: str) -> list[dict]:
    with (ROOT / "courses" / "catalogue" / f"{table}.csv").open(encoding="utf-8-sig", newline="") as f:
        return list(csv.DictReader(f))


def catalogue(bench: Bench) -> None:
    """S1: the catalogue, signed out."""
    ours, narrowed, bare = bench.compare(
        Contender("catalogue", bench.ours, paths=_catalogue_pages(), expect="筛选"),
        Contender("catalogue, never kept", bench.ours, paths=_narrowed(), expect="筛选"), bench.bare_cards())
    goals = [_cpu("S1 catalogue signed out, CPU", ours, bare, 1.25), _errors(ours)]
    also = f"Narrowed down so that no kept page answers: {narrowed.cpu_ms / bare.cpu_ms:.2f} × B (no goal)."
    write("S1 catalogue", "\n\n".join([verdicts(goals), load_table([ours, narrowed, bare]), also]))


def signed_in(bench: Bench) -> None:
    """S2: the catalogue and a course page, signed in."""
    cookie = bench.stage.cookie
    listing, course, bare = bench.compare(
        Contender("catalogue, signed in", bench.ours, paths=_catalogue_pages(), expect="林小莲", cookie=cookie),
        Contender("course, signed in", bench.ours, paths=[f"/courses/{bench.stage.course}"], expect="林小莲", cookie=cookie),
        bench.bare_cards())
    goals = [_cpu("S2 catalogue signed in, CPU", listing, bare, 1.6), _cpu("S2 course page signed in, CPU", course, bare, 1.6),
             _errors(listing), _errors(course)]
    write("S2 signed in", "\n\n".join([verdicts(goals), load_table([listing, course, bare])]))


def queries(latin: bool, count: int = 4000) -> list[str]:
    """Distinct questions of two words out of one title, so that something is found: more than any cache keeps."""
    chance = random.Random(7)
    titles = [words for row in _rows("course_titles") if len(words := _words(row, latin)) > 1]
    found: dict[str, None] = {}
    while len(found) < count:
        found[" ".join(chance.sample(chance.choice(titles), 2))] = None
    return list(found)


def _words(row: dict, latin: bool) -> list[str]:
    if latin:
        words = (w.strip(":,()") for w in row["title_en"].lower().split())
        return [w for w in words if len(w) >= 3 and w.isascii() and w.isalpha()]
    title = "".join(c for c in row["title_zh"] if "一" <= c <= "鿿")
    return [title[n:n + 2] for n in range(0, len(title) - 1)]


def search(bench: Bench) -> None:
    """S3: searching, with facets and why each was found, against a bare page of what a trigram index finds."""
    goals, tables = [], []
    for name, latin in (("Chinese", False), ("Latin", True)):
        asked = queries(latin)
        ours, bare = bench.compare(
            Contender(f"search, {name}", bench.ours, paths=[f"/courses?q={quote(q)}" for q in asked], expect="门课"),
            Contender(f"bare FTS5, {name}", bench.yard, paths=[f"/search?q={quote(q)}" for q in asked], expect="门课"))
        goals += [_cpu(f"S3 search, {name}, CPU", ours, bare, 0.75), _errors(ours)]
        tables += [ours, bare]
    alone = _alone(bench)
    goals.append(Verdict("S3 p95 alone", f"{alone.p95:.1f} ms", "–", alone.p95, 4, unit="ms"))
    write("S3 search", "\n\n".join([verdicts(goals), load_table([*tables, alone])]))


def _alone(bench: Bench) -> Figures:
    asked = queries(False, 3000) + queries(True, 3000)
    random.Random(1).shuffle(asked)
    return bench.compare(Contender("search, two at a time", bench.ours, connections=2, expect="门课",
                                   paths=[f"/courses?q={quote(q)}" for q in asked]))[0]


def heartbeat(bench: Bench) -> None:
    """S4: heartbeats, signed in, checked against the nonce, committed, at 64 connections."""
    def bare(prefix: str) -> Callable[[], dict[str, str]]:
        return lambda: sittings_file(bench.stage, bench.site.sittings(bench.stage.learners, 80), prefix)

    beats, checked, upsert = bench.compare(
        bench.beats(),
        Contender("bare checked upsert", bench.yard, connections=64, beats=bare("/checked/")),
        Contender("bare upsert", bench.yard, connections=64, beats=bare("/beat/")))
    rate = beats.rate / checked.rate
    goals = [
        Verdict("S4 heartbeats, rate", f"{beats.rate:,.0f}/s", f"{checked.rate:,.0f}/s", rate, 0.4, is_most=False),
        Verdict("S4 p99 at 64 connections", f"{beats.p99:.1f} ms", f"{checked.p99:.1f} ms", beats.p99, 30, unit="ms"),
        _errors(beats)]
    also = (f"Against an upsert that checks nothing: {beats.rate / upsert.rate:.2f} × its rate. By processor time a beat: "
            f"{checked.cpu_ms / beats.cpu_ms:.2f} of checked, {upsert.cpu_ms / beats.cpu_ms:.2f} of unchecked.")
    write("S4 heartbeat", "\n\n".join([verdicts(goals), load_table([beats, checked, upsert]), also]))


def first_visits(bench: Bench) -> None:
    """S7 and S8: what a cheap phone receives and how soon it shows it; how soon a lesson's film plays."""
    bench.site.make_film(bench.stage)
    lesson = f"/learn/{FILM}/01-oil-and-air"
    places = first_visit.Places(
        f"http://127.0.0.1:{bench.ours.port}", f"http://127.0.0.1:{bench.yard.port}",
        {"home": "/", "catalogue": "/courses", "course": f"/courses/{bench.stage.course}", "lesson": lesson,
         "credits": "/me/credits"}, frozenset({"lesson", "credits"}),
        {"slides": lesson, "motion": f"/learn/{FILM}/02-at-work"}, bench.stage.cookie)
    write("S7 S8 first visit", first_visit.report(places, bench.rounds))


def growth(bench: Bench) -> None:
    """S11: how much more memory the server takes after as many requests of all kinds as were asked for."""
    ours, cookie = bench.ours, bench.stage.cookie
    kinds = [Contender("catalogue", ours, paths=_catalogue_pages(), expect="筛选"),
             Contender("catalogue, never kept", ours, paths=_narrowed(), expect="筛选"),
             Contender("catalogue, signed in", ours, paths=_catalogue_pages(), expect="林小莲", cookie=cookie),
             Contender("search", ours, paths=[f"/courses?q={quote(q)}" for q in queries(False) + queries(True)], expect="门课"),
             bench.beats()]
    load(kinds, bench.stage.folder, bench.requests // 2)  # fills what is kept
    before = ours.memory_mb()
    count = load(kinds, bench.stage.folder, bench.requests)
    after = ours.memory_mb()
    goal = Verdict(f"S11 growth over {count:,} requests", f"{before:.0f} → {after:.0f} MB", "–", (after / before - 1) * 100, 5, unit="%")
    write("S11 memory growth", verdicts([goal]))


def memory(bench: Bench, measured: list[str]) -> None:
    """S11: what both servers occupy after what was measured."""
    ours, bare = bench.ours.memory_mb(), bench.yard.memory_mb()
    goal = Verdict("S11 memory, two workers and their parent", f"{ours:.0f} MB", f"{bare:.0f} MB", ours, 145, unit="MB")
    parent, *workers = bench.ours.memory()
    each = [f"parent {parent.pss_mb:.0f} MB"] + [f"worker {w.pss_mb:.0f} MB ({w.private_mb:.0f} of it its own)" for w in workers]
    how = ("PSS of the server's whole process tree (/proc/<pid>/smaps_rollup), after: " + ", ".join(measured) + ". "
           + "; ".join(each) + ".")
    print("  " + how, flush=True)
    write("S11 memory", "\n\n".join([verdicts([goal]), how]))


GOALS = {"catalogue": catalogue, "signed-in": signed_in, "search": search, "heartbeat": heartbeat, "first-visit": first_visits,
         "memory": growth}


def main() -> int:
    """Fill a site in a temporary folder, start both servers, measure what was asked for."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("goals", nargs="*", choices=[*GOALS, []], help="without any: all of them")
    asked.add_argument("--seconds", type=int, default=4, help="how long a round takes")
    asked.add_argument("--rounds", type=int, default=5, help="how many rounds at least")
    asked.add_argument("--requests", type=int, default=20_000, help="over how many requests memory may grow")
    options = asked.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers are ended and the folder removed
    with tempfile.TemporaryDirectory(prefix="guanxue-bench-") as folder:
        print("filling a site …", flush=True)
        site = Site(Path(folder))
        stage = site.fill()
        with servers(stage) as (ours, yard):
            bench = Bench(site, stage, ours, yard, options)
            for name in options.goals or GOALS:
                print(name, flush=True)
                GOALS[name](bench)
            memory(bench, options.goals or list(GOALS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
