"""The outside service that knows names and numbers: the one port to it (GUANXUE_IDENTITY); without one, officers do it by hand.

The protocol is small, so that a bridge in front of any provider is a page of code (docs/operating.md, "Who people are"):

    POST the address, JSON {"kind", "country", "number", "name"}, Authorization: Bearer the token, Idempotency-Key
    200 {"result": "match" | "mismatch" | "unknown", "checked": "data" | "person", "reference": "the provider's own number"}

"person" says that the service itself saw the living person (at its own counter or app); "data", that name and number belong
together. No picture goes out or comes in: an answer with anything more in it is read for these three alone.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

from guanxue.accounts.gateway import NoRedirect
from guanxue.accounts.levels import DATA, IN_PERSON
from guanxue.core.settings import settings

TIMEOUT_S = 10.0
MOST_BYTES, LONGEST_REFERENCE = 16_384, 80
MATCH, MISMATCH, UNKNOWN = "match", "mismatch", "unknown"


class CannotAsk(Exception):
    """The service gave no answer that can be read; the reason holds neither name nor number."""


@dataclass(frozen=True)
class Answer:
    """What the service said: the result, what it compared (DATA or IN_PERSON), and the number to ask it by later."""

    result: str
    checked: str
    reference: str


def is_there() -> bool:
    """Does this site ask an outside service?"""
    return bool(settings().identity)


def host() -> str:
    """Whom it asks, for the people whose numbers go there."""
    return urlsplit(settings().identity).hostname or ""


def ask(key: str, question: dict[str, str]) -> Answer:
    """Ask about one document; slow, so outside any transaction. The same `key` is the same question. Raises CannotAsk."""
    parts = urlsplit(settings().identity)
    userinfo, _at, where = parts.netloc.rpartition("@")
    headers = {"Content-Type": "application/json", "Accept": "application/json", "Idempotency-Key": key}
    if token := unquote(userinfo.rpartition(":")[2]):
        headers["Authorization"] = f"Bearer {token}"
    address = urlunsplit(parts._replace(netloc=where))
    request = urllib.request.Request(address, json.dumps(question).encode(), headers, method="POST")  # noqa: S310 https, by Settings
    try:
        with urllib.request.build_opener(NoRedirect).open(request, timeout=TIMEOUT_S) as answer:
            return read(answer.read(MOST_BYTES + 1))
    except urllib.error.HTTPError as error:
        raise CannotAsk(f"HTTP {error.code}") from None
    except (OSError, ValueError) as error:
        raise CannotAsk(type(error).__name__) from None


def read(body: bytes) -> Answer:
    """The service's answer. Raises CannotAsk for one that is none: nobody is known better by a guess."""
    try:
        told = json.loads(body) if len(body) <= MOST_BYTES else None
    except ValueError:
        told = None
    if not isinstance(told, dict) or told.get("result") not in (MATCH, MISMATCH, UNKNOWN):
        raise CannotAsk("no answer of the protocol")
    reference, checked = told.get("reference"), told.get("checked", DATA)
    if not isinstance(reference, str) or not 1 <= len(reference) <= LONGEST_REFERENCE or not reference.isprintable():
        raise CannotAsk("no reference")
    if checked not in (DATA, IN_PERSON):
        raise CannotAsk("an unknown kind of check")
    return Answer(told["result"], checked, reference)
