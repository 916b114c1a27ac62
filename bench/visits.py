"""What a page costs the browser that loads it: bytes and requests over the wire, script, shift, long tasks, times."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, Page

PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True,
         "locale": "zh-CN", "service_workers": "block"}
NETWORKS = {"slow 4G": (1_600_000, 150), "3G": (400_000, 400), "slow 3G": (400_000, 300)}  # bits a second, milliseconds there and back
WATCH = """() => {
  const seen = window.__seen = { fcp: 0, lcp: 0, shift: 0, longest: 0 };
  const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  watch('paint', (e) => { if (e.name === 'first-contentful-paint') seen.fcp = e.startTime; });
  watch('largest-contentful-paint', (e) => { seen.lcp = e.startTime; });
  watch('layout-shift', (e) => { if (!e.hadRecentInput) seen.shift += e.value; });
  watch('longtask', (e) => { seen.longest = Math.max(seen.longest, e.duration); });
}"""
SCRIPTS = """() => Object.fromEntries(performance.getEntriesByType('resource').filter((e) => e.initiatorType === 'script')
  .map((e) => [e.name.split('?')[0].split('/').pop(), e.startTime]))"""


@dataclass
class Visit:
    """What came over the wire (bytes and requests by kind, headers included) and when it was seen, in milliseconds.

    `scripts` says when each began to load. "Before pictures" is all but images and what a video consists of.
    """

    bytes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    requests: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    fcp: float = 0
    lcp: float = 0
    shift: float = 0
    longest: float = 0
    scripts: dict[str, float] = field(default_factory=dict)

    @property
    def bytes_before_pictures(self) -> int:
        """All but pictures and media."""
        return sum(n for kind, n in self.bytes.items() if kind not in ("Image", "Media"))

    @property
    def requests_before_pictures(self) -> int:
        """All but pictures and media."""
        return sum(n for kind, n in self.requests.items() if kind not in ("Image", "Media"))


class Phone:
    """A page of a small phone, with what its loads cost; `network` (of NETWORKS) and `slower` make it a slow one."""

    def __init__(self, context: BrowserContext, network: str = "", slower: int = 1) -> None:
        self.page: Page = context.new_page()
        self._visit, self._kinds, self._last = Visit(), {}, time.monotonic()
        protocol = context.new_cdp_session(self.page)
        protocol.send("Network.enable")
        if network:
            bits, delay_ms = NETWORKS[network]
            protocol.send("Network.emulateNetworkConditions", {
                "offline": False, "latency": delay_ms, "downloadThroughput": bits / 8, "uploadThroughput": bits / 8})
        if slower > 1:
            protocol.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        protocol.on("Network.requestWillBeSent", self._asked)
        protocol.on("Network.loadingFinished", self._came)
        self.page.add_init_script(f"({WATCH})()")

    def _asked(self, event: dict) -> None:
        url = event["request"]["url"]
        if url.startswith(("data:", "blob:")):
            return
        kind = event.get("type", "Other")
        self._kinds[event["requestId"]] = "Media" if "/media/" in url and kind != "Image" else kind
        self._last = time.monotonic()

    def _came(self, event: dict) -> None:
        kind = self._kinds.get(event["requestId"])
        if kind is not None:
            self._last = time.monotonic()
            self._visit.requests[kind] += 1
            self._visit.bytes[kind] += int(event["encodedDataLength"])

    def look(self, url: str, settled_s: float = 1.0) -> Visit:
        """Open it and wait until nothing has been loaded for that long."""
        self._visit, self._last = Visit(), time.monotonic()
        self.page.goto(url, wait_until="load", timeout=120_000)
        while time.monotonic() - self._last < settled_s:
            self.page.wait_for_timeout(50)
        for name, value in self.page.evaluate("() => window.__seen").items():
            setattr(self._visit, name, value)
        self._visit.scripts = self.page.evaluate(SCRIPTS)
        return self._visit

    def look_twice(self, url: str, settled_s: float = 1.0) -> tuple[Visit, Visit]:
        """(the first visit, the visit after it)."""
        first = self.look(url, settled_s)
        self.page.goto("about:blank")
        return first, self.look(url, settled_s)
