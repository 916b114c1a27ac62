"""What is kept of a browser's mark and of a network: short hashes with the site's key. Equal ones are equal, no more."""

from __future__ import annotations

from guanxue.core.actor import Where
from guanxue.core.sealing import keyed_hash

LENGTH = 24


def device_hash(where: Where) -> str:
    """Of the browser's own mark; "" where there is none."""
    return keyed_hash("sighting-device", where.device)[:LENGTH] if where.device else ""


def network_hash(network: str) -> str:
    """Of the network's prefix; "" where it is not known."""
    return keyed_hash("sighting-network", network)[:LENGTH] if network else ""
