"""A coarse limit on how often one caller may ask, kept in this process.

It protects the machine, not money: what must hold across processes (sign-in failures) is counted in the database.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from guanxue.core.errors import TooMany
from guanxue.core.i18n import lazy as _


class Throttle:
    """A token bucket a key: `burst` at once, then `per_second`; forgets the longest unheard of `max_keys` keys."""

    def __init__(self, per_second: float, burst: int, max_keys: int = 50_000) -> None:
        self.per_second, self.burst, self.max_keys = per_second, burst, max_keys
        self._buckets: OrderedDict[object, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_s(self, key: object) -> float:
        """Take one token; 0.0 when there was one, else the seconds until there is."""
        now = time.monotonic()
        with self._lock:
            tokens, seen = self._buckets.pop(key, (float(self.burst), now))
            tokens = min(self.burst, tokens + (now - seen) * self.per_second)
            self._buckets[key] = (tokens - 1 if tokens >= 1 else tokens, now)
            if len(self._buckets) > self.max_keys:
                self._buckets.popitem(last=False)
        return 0.0 if tokens >= 1 else (1 - tokens) / self.per_second

    def check(self, key: object) -> None:
        """Raise TooMany with Retry-After when the key asks too often."""
        if wait := self.wait_s(key):
            raise TooMany(_("操作太频繁，请稍等一下再试。"), retry_after_s=max(1, round(wait + 0.5)))
