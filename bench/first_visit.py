"""First and repeat visits of a cheap phone: 360 px wide, a quarter of this machine's speed, slow networks, headless Chromium;
and how soon a lesson's video plays there."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from dataclasses import dataclass

from playwright.sync_api import Browser, sync_playwright
from results import Verdict, verdicts
from visits import PHONE, Phone, Visit

SLOWER = 4
ROUNDS_ON = ("slow 4G", "3G")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
WATCHED_S = 18
STARTS_WITHIN_S = {"slides": 3, "motion": 5}
Pairs = list[tuple[Visit, Visit]]
# How often the video stood still for want of data once it had begun.
COUNT_STALLS = """() => {
  const video = document.getElementById('video');
  window.__stalls = 0;
  video.addEventListener('waiting', () => { if (video.currentTime > 0.1) window.__stalls += 1; });
}"""


@dataclass(frozen=True)
class Places:
    """What is visited: pages by name, which of them signed in, the lessons with a film by its kind, the browser's cookie."""

    ours: str
    yard: str
    pages: dict[str, str]
    signed_in: frozenset[str]
    films: dict[str, str]
    cookie: str


@dataclass(frozen=True)
class Start:
    """From the tap on a lesson's play button: seconds until the picture moves, stalls and seconds played in the watched while."""

    starts_s: float
    stalls: int
    played_s: float


def visit_twice(browser: Browser, url: str, network: str, cookie: str = "") -> tuple[Visit, Visit]:
    """(first visit with nothing kept, the visit after it)."""
    context = browser.new_context(**PHONE)
    _keep(context, url, cookie)
    try:
        return Phone(context, network, SLOWER).look_twice(url)
    finally:
        context.close()


def start_video(browser: Browser, url: str, cookie: str) -> Start:
    """Open the lesson on the slowest network, tap, watch for a while."""
    context = browser.new_context(**PHONE)
    _keep(context, url, cookie)
    try:
        phone = Phone(context, "slow 3G", SLOWER)
        phone.look(url)
        page = phone.page
        page.evaluate(COUNT_STALLS)
        began = time.monotonic()
        page.locator("#play").tap()
        while _clock(page) < 0.05 and time.monotonic() - began < 60:
            page.wait_for_timeout(20)
        starts_s, at = time.monotonic() - began, _clock(page)
        page.wait_for_timeout(WATCHED_S * 1000)
        return Start(starts_s, page.evaluate("window.__stalls"), _clock(page) - at)
    finally:
        context.close()


def _clock(page) -> float:
    return page.evaluate("document.getElementById('video').currentTime")


def _keep(context, url: str, cookie: str) -> None:
    if cookie:
        name, _sign, value = cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": url}])


def report(places: Places, rounds: int) -> str:
    """The section of the results: each page on each network beside a bare document of the same bytes, and the video."""
    seen: dict[tuple[str, str], Pairs] = defaultdict(list)
    starts: dict[str, list[Start]] = {kind: [] for kind in places.films}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        try:
            asked = {name: (places.ours + path, places.cookie if name in places.signed_in else "")
                     for name, path in places.pages.items()}
            weights = {name: visit_twice(browser, url, "slow 4G", cookie)[0].bytes_before_pictures
                       for name, (url, cookie) in asked.items()}
            bare = {f"bare {name}": (f"{places.yard}/weight?bytes={weights[name]}", "") for name in asked}
            for _round in range(rounds):
                for network in ROUNDS_ON:
                    for name, (url, cookie) in (asked | bare).items():
                        seen[name, network].append(visit_twice(browser, url, network, cookie))
                for kind, lesson in places.films.items():
                    starts[kind].append(start_video(browser, places.ours + lesson, places.cookie))
        finally:
            browser.close()
    return "\n\n".join([
        verdicts(_goals(seen)), _table(seen),
        "S7's goals are for the catalogue. A bare page is one document of as many bytes as the page beside it has before "
        "pictures. Lesson and credits are visited signed in.",
        verdicts(_lesson_goals(seen, starts)), _starts(starts)])


def _middle(visits: Pairs, which: int, what: str) -> float:
    return statistics.median(getattr(pair[which], what) for pair in visits)


def _of_kind(visits: Pairs, kind: str) -> float:
    return statistics.median(first.bytes.get(kind, 0) for first, _again in visits)


def _again(visits: Pairs) -> float:
    """Kilobytes of the visit after, pictures included, media not."""
    return statistics.median(sum(again.bytes.values()) - again.bytes.get("Media", 0) for _first, again in visits) / 1000


def _goals(seen: dict[tuple[str, str], Pairs]) -> list[Verdict]:
    wide, slow = seen["catalogue", "slow 4G"], seen["catalogue", "3G"]
    bare_wide, bare_slow = seen["bare catalogue", "slow 4G"], seen["bare catalogue", "3G"]

    def goal(what: str, visits: Pairs, other: Pairs, key: str, most: float, unit: str, scale: float = 1) -> Verdict:
        value, yardstick = _middle(visits, 0, key) / scale, _middle(other, 0, key) / scale
        return Verdict(f"S7 {what}", f"{value:.4g}", f"{yardstick:.4g}", value, most, unit=unit)

    script, again = _of_kind(wide, "Script") / 1000, _again(wide)
    return [
        goal("bytes before pictures", wide, bare_wide, "bytes_before_pictures", 60, "kB", 1000),
        goal("requests before pictures", wide, bare_wide, "requests_before_pictures", 8, ""),
        Verdict("S7 JavaScript", f"{script:.1f}", "0", script, 15, unit="kB"),
        goal("LCP, slow 4G", wide, bare_wide, "lcp", 1.2, "s", 1000), goal("LCP, 3G", slow, bare_slow, "lcp", 2.2, "s", 1000),
        goal("layout shift", slow, bare_slow, "shift", 0.02, ""), goal("longest task", slow, bare_slow, "longest", 50, "ms"),
        Verdict("S7 repeat visit", f"{again:.1f}", f"{_again(bare_wide):.1f}", again, 8, unit="kB"),
    ]


def _lesson_goals(seen: dict[tuple[str, str], Pairs], starts: dict[str, list[Start]]) -> list[Verdict]:
    visits = seen["lesson", "slow 4G"]
    first = visits[0][0]
    early = [name for name, at in first.scripts.items() if "hls" in name and at < first.fcp]
    whole, again = _middle(visits, 0, "bytes_before_pictures") / 1000, _again(visits)
    stalls = sum(s.stalls for of_kind in starts.values() for s in of_kind)
    return [
        Verdict("S8 lesson without media", f"{whole:.1f}", "–", whole, 200, unit="kB"),
        Verdict("S8 player's scripts before the first paint", str(len(early)), "–", len(early), 0, unit=""),
        Verdict("S8 repeat visit", f"{again:.1f}", "–", again, 8, unit="kB"),
        *(_start_goal(kind, statistics.median(s.starts_s for s in of_kind)) for kind, of_kind in starts.items()),
        Verdict(f"S8 stalls in {WATCHED_S} s", str(stalls), "–", stalls, 0, unit=""),
    ]


def _start_goal(kind: str, starts_s: float) -> Verdict:
    return Verdict(f"S8 video starts ({kind})", f"{starts_s:.2f}", "–", starts_s, STARTS_WITHIN_S[kind], unit="s")


def _starts(starts: dict[str, list[Start]]) -> str:
    told = ". ".join(f"{kind}: " + "; ".join(f"{s.starts_s:.2f} s, {s.stalls} stalls, {s.played_s:.1f} s played" for s in of_kind)
                     for kind, of_kind in starts.items())
    return f"Video at 400 kbit/s, 300 ms, CPU ÷ {SLOWER}, from the tap, by round: {told}."


def _table(seen: dict[tuple[str, str], Pairs]) -> str:
    lines = ["| page | network | kB before pictures | requests before pictures | JS kB | all kB | FCP ms | LCP ms | LCP spread | CLS "
             "| longest task ms | repeat kB |", "|---|---|---|---|---|---|---|---|---|---|---|---|"]
    for (name, network), visits in seen.items():
        lcps = [first.lcp for first, _again in visits]
        all_of_it = statistics.median(sum(first.bytes.values()) for first, _again in visits) / 1000
        lines.append(
            f"| {name} | {network} | {_middle(visits, 0, 'bytes_before_pictures') / 1000:.1f} "
            f"| {_middle(visits, 0, 'requests_before_pictures'):.0f} | {_of_kind(visits, 'Script') / 1000:.1f} | {all_of_it:.1f} "
            f"| {_middle(visits, 0, 'fcp'):.0f} | {_middle(visits, 0, 'lcp'):.0f} | {min(lcps):.0f}–{max(lcps):.0f} "
            f"| {_middle(visits, 0, 'shift'):.3f} | {_middle(visits, 0, 'longest'):.0f} | {_again(visits):.1f} |")
    return "\n".join(lines)
