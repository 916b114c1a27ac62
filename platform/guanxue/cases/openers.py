"""How the things that a case rests on are shown. A room above registers how one kind of reference is opened (wiring.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from guanxue.core.i18n import lazy as _


@dataclass(frozen=True)
class Shown:
    """A thing as a case shows it: a title in plain words, staff's address for it ("" where there is none), whose it is."""

    ref: str
    title: object
    address: str = ""
    person_id: int | None = None


Opener = Callable[[str], Shown | None]
Deciders = Callable[[str], Iterable[str]]
_openers: dict[str, Opener] = {}
_deciders: dict[str, Deciders] = {}


def register_opener(kind: str, opener: Opener, deciders: Deciders = lambda _key: ()) -> None:
    """Let references of that kind ("playback") be opened: `opener("12")` gives what to show, None where it is gone.

    `deciders("12")` gives who decided about it outside of cases ("person:17"): none of them looks again.
    """
    _openers[kind], _deciders[kind] = opener, deciders


def deciders_of(ref: str) -> set[str]:
    """Who decided about the thing behind a reference outside of cases."""
    kind, _colon, key = ref.partition(":")
    return set(_deciders[kind](key)) if kind in _deciders else set()


def open_ref(ref: str) -> Shown:
    """The thing behind a reference; of an unknown or vanished one the reference itself."""
    kind, _colon, key = ref.partition(":")
    found = _openers[kind](key) if kind in _openers and key else None
    return found or Shown(ref, ref)


def is_known(ref: str) -> bool:
    """Does the reference name something that is there?"""
    kind, _colon, key = ref.partition(":")
    return bool(key) and kind in _openers and _openers[kind](key) is not None


def is_of(ref: str, person_ids: Iterable[int]) -> bool:
    """Is the thing behind the reference these accounts' own?"""
    return open_ref(ref).person_id in set(person_ids)


def open_for(ref: str, person_ids: Iterable[int]) -> Shown:
    """The thing as these accounts' owner may know it: what is somebody else's is not told, and no staff page is named."""
    shown = open_ref(ref)
    if shown.person_id is not None and shown.person_id not in set(person_ids):
        return Shown("", _("别人的一条记录（为保护别人，不写明）"))
    return Shown(shown.ref, shown.title, "", shown.person_id)
