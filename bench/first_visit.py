"""First and repeat visits of a cheap phone: 360 px wide, a quarter of this machine's speed, slow networks, headless Chromium."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page, sync_playwright
from results import Verdict, verdicts

SLOWER = 4
NETWORKS = {"slow 4G": (1_600_000, 150), "3G": (400_000, 400)}  # bits a second, milliseconds there and back
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
SETTLED_S = 1.0
WATCH = """() => {
  const seen = window.__seen = { fcp: 0, lcp: 0, shift: 0, longest: 0 };
  const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  watch('paint', (e) => { if (e.name === 'first-contentful-paint') seen.fcp = e.startTime; });
  watch('largest-contentful-paint', (e) => { seen.lcp = e.startTime; });
  watch('layout-shift', (e) => { if (!e.hadRecentInput) seen.shift += e.value; });
  watch('longtask', (e) => { seen.longest = Math.max(seen.longest, e.duration); });
}"""


@dataclass
class Visit:
    """What came over the wire (bytes and requests by kind, headers included) and when it was seen, in milliseconds."""

    bytes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    requests: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    fcp: float = 0
    lcp: float = 0
    shift: float = 0
    longest: float = 0

    @property
    def bytes_before_pictures(self) -> int:
        """All but pictures."""
        return sum(n for kind, n in self.bytes.items() if kind != "Image")

    @property
    def requests_before_pictures(self) -> int:
        """All but pictures."""
        return sum(n for kind, n in self.requests.items() if kind != "Image")


class _Wire:
    """Listens to what a page loads."""

    def __init__(self, protocol) -> None:
        self.visit, self.kinds, self.last = Visit(), {}, time.monotonic()
        protocol.on("Network.requestWillBeSent", self._asked)
        protocol.on("Network.loadingFinished", self._came)

    def _asked(self, event: dict) -> None:
        if not event["request"]["url"].startswith(("data:", "blob:")):
            self.kinds[event["requestId"]] = event.get("type", "Other")
            self.last = time.monotonic()

    def _came(self, event: dict) -> None:
        kind = self.kinds.get(event["requestId"])
        if kind is not None:
            self.last = time.monotonic()
            self.visit.requests[kind] += 1
            self.visit.bytes[kind] += int(event["encodedDataLength"])


def _look(page: Page, wire: _Wire, url: str) -> Visit:
    wire.visit, wire.last = Visit(), time.monotonic()
    page.goto(url, wait_until="load", timeout=120_000)
    while time.monotonic() - wire.last < SETTLED_S:
        page.wait_for_timeout(100)
    for name, value in page.evaluate("() => window.__seen").items():
        setattr(wire.visit, name, value)
    return wire.visit


def visit_twice(browser: Browser, url: str, network: str) -> tuple[Visit, Visit]:
    """(first visit with nothing kept, the visit after it)."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, device_scale_factor=2, is_mobile=True, has_touch=True,
                                  locale="zh-CN")
    page = context.new_page()
    protocol = context.new_cdp_session(page)
    bits, delay_ms = NETWORKS[network]
    protocol.send("Network.enable")
    protocol.send("Network.emulateNetworkConditions", {"offline": False, "latency": delay_ms, "downloadThroughput": bits / 8,
                                                       "uploadThroughput": bits / 8})
    protocol.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.add_init_script(f"({WATCH})()")
    wire = _Wire(protocol)
    first = _look(page, wire, url)
    page.goto("about:blank")
    again = _look(page, wire, url)
    context.close()
    return first, again


def report(our_port: int, yard_port: int, pages: dict[str, str], rounds: int) -> str:
    """The section of the results: each page on each network beside a bare document of the same bytes."""
    ours = {name: f"http://127.0.0.1:{our_port}{path}" for name, path in pages.items()}
    seen: dict[tuple[str, str], list[tuple[Visit, Visit]]] = defaultdict(list)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        try:
            weights = {name: _weight(browser, url) for name, url in ours.items()}
            bare = {f"bare {name}": f"http://127.0.0.1:{yard_port}/weight?bytes={weights[name]}" for name in ours}
            for _round in range(rounds):
                for network in NETWORKS:
                    for name, url in (ours | bare).items():
                        seen[name, network].append(visit_twice(browser, url, network))
        finally:
            browser.close()
    return "\n\n".join([verdicts(_goals(seen)), _table(seen),
                        "Goals are for the catalogue. A bare page is one document of as many bytes as the page beside it has before pictures."])


def _weight(browser: Browser, url: str) -> int:
    return visit_twice(browser, url, "slow 4G")[0].bytes_before_pictures


def _middle(visits: list[tuple[Visit, Visit]], which: int, what: str) -> float:
    return statistics.median(getattr(pair[which], what) for pair in visits)


def _goals(seen: dict) -> list[Verdict]:
    wide, slow = seen["catalogue", "slow 4G"], seen["catalogue", "3G"]
    bare_wide, bare_slow = seen["bare catalogue", "slow 4G"], seen["bare catalogue", "3G"]

    def goal(what: str, visits: list, other: list, key: str, most: float, unit: str, scale: float = 1) -> Verdict:
        value, yardstick = _middle(visits, 0, key) / scale, _middle(other, 0, key) / scale
        return Verdict(f"S7 {what}", f"{value:.4g}", f"{yardstick:.4g}", value, most, unit=unit)

    script = statistics.median(first.bytes.get("Script", 0) for first, _again in wide) / 1000
    again = statistics.median(sum(again.bytes.values()) for _first, again in wide) / 1000
    return [
        goal("bytes before pictures", wide, bare_wide, "bytes_before_pictures", 60, "kB", 1000),
        goal("requests before pictures", wide, bare_wide, "requests_before_pictures", 8, ""),
        Verdict("S7 JavaScript", f"{script:.1f}", "0", script, 15, unit="kB"),
        goal("LCP, slow 4G", wide, bare_wide, "lcp", 1.2, "s", 1000), goal("LCP, 3G", slow, bare_slow, "lcp", 2.2, "s", 1000),
        goal("layout shift", slow, bare_slow, "shift", 0.02, ""), goal("longest task", slow, bare_slow, "longest", 50, "ms"),
        Verdict("S7 repeat visit", f"{again:.1f}", "–", again, 8, unit="kB"),
    ]


def _table(seen: dict) -> str:
    lines = ["| page | network | kB before pictures | requests before pictures | JS kB | all kB | FCP ms | LCP ms | LCP spread | CLS "
             "| longest task ms | repeat kB |", "|---|---|---|---|---|---|---|---|---|---|---|---|"]
    for (name, network), visits in seen.items():
        lcps = [first.lcp for first, _again in visits]
        script = statistics.median(first.bytes.get("Script", 0) for first, _again in visits) / 1000
        all_of_it = statistics.median(sum(first.bytes.values()) for first, _again in visits) / 1000
        again = statistics.median(sum(again.bytes.values()) for _first, again in visits) / 1000
        lines.append(
            f"| {name} | {network} | {_middle(visits, 0, 'bytes_before_pictures') / 1000:.1f} "
            f"| {_middle(visits, 0, 'requests_before_pictures'):.0f} | {script:.1f} | {all_of_it:.1f} "
            f"| {_middle(visits, 0, 'fcp'):.0f} | {_middle(visits, 0, 'lcp'):.0f} | {min(lcps):.0f}–{max(lcps):.0f} "
            f"| {_middle(visits, 0, 'shift'):.3f} | {_middle(visits, 0, 'longest'):.0f} | {again:.1f} |")
    return "\n".join(lines)
