"""Texts and the files beside them: in a folder by a relative link, on the site by the address that tells the content."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from guanxue import media
from guanxue.core.enclosures import Enclosure, plain_name, read_address

FOLDER = "files"
LONGEST_NAME_BYTES = 180
# A link's or picture's target, in angle brackets or bare, also behind `[name]:`; what Markdown or GIFT escaped stays escaped.
_LINK = re.compile(r"(\]\(|^ {0,3}\[[^\]\n]+\]:[ \t]*)(?:<([^<>\n]+)>|((?:\\.|\([^()\s<>]*\)|[^()\s<>\\])+))", re.M)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def plain_target(target: str) -> str:
    """Without what Markdown and GIFT put before signs, and without percent signs."""
    return unquote(re.sub(r"\\(.)", r"\1", target))


def targets_in(text: str) -> list[str]:
    """Targets of links that lead to files beside the text, as they stand there, each once; addresses are none."""
    found = (m[2] or m[3] for m in _LINK.finditer(text))
    return list(dict.fromkeys(t for t in found if _leads_to_file(t)))


def _leads_to_file(target: str) -> bool:
    plain = plain_target(target)
    return bool(plain) and plain[0] not in "/#?" and _SCHEME.match(plain) is None


def put_targets(text: str, places: dict[str, str]) -> str:
    """The text with other targets, {target: new one}; everything else of it stays as it is."""
    return _LINK.sub(lambda m: f"{m[1]}{places[m[2] or m[3]]}" if (m[2] or m[3]) in places else m[0], text) if places else text


def addresses_in(text: str) -> dict[str, Enclosure]:
    """Targets of links that are addresses of files of a site, {target as it stands: what it tells}."""
    found = {m[2] or m[3]: read_address(plain_target(m[2] or m[3])) for m in _LINK.finditer(text)}
    return {target: told for target, told in found.items() if told is not None}


def place_in(folder: Path, beside: str, target: str) -> Path | None:
    """Where a target leads from the text `beside`; None where that is out of the folder, links followed or not."""
    name = posixpath.normpath(posixpath.join(posixpath.dirname(beside), plain_target(target)))
    if name == ".." or name.startswith(("../", "/")) or "\0" in name:
        return None
    return folder / name


@dataclass
class Leaving:
    """Files that go out with a course: `sources` by their place in the folder; `missing` are (lesson's title, file's name)."""

    sources: dict[str, Path] = field(default_factory=dict)
    missing: list[tuple[str, str]] = field(default_factory=list)
    count: int = 0  # different files that texts name, here or lost
    _places: dict[tuple[str, str], str] = field(default_factory=dict)

    def relative(self, text: str, title: str, up: str = "") -> str:
        """The text as the folder has it: addresses of files that are here become links to them. `up` leads to the folder."""
        places = {target: self._place(told, title) for target, told in addresses_in(text).items()}
        return put_targets(text, {target: up + place for target, place in places.items() if place})

    def _place(self, told: Enclosure, title: str) -> str:
        known = (told.key, told.name)
        if known not in self._places:
            self.count += 1
            found = media.find_kept(told)
            self._places[known] = self._free(told) if found else ""
            if found:
                self.sources[self._places[known]] = found[0]
            else:
                self.missing.append((title, told.name))
        return self._places[known]

    def _free(self, told: Enclosure) -> str:
        """files/name, or files/2/name where another file has that name already, on whatever disk."""
        name = short_name(told.name)
        taken = {_same(place) for place in self.sources}
        places = (f"{FOLDER}/{name}" if n == 1 else f"{FOLDER}/{n}/{name}" for n in range(1, len(taken) + 2))
        return next(place for place in places if _same(place) not in taken)


def short_name(name: str) -> str:
    """A name that every disk takes."""
    extension = name.rpartition(".")[2]
    stem = plain_name(name, extension).rpartition(".")[0]
    while len(stem.encode()) > LONGEST_NAME_BYTES:
        stem = stem[:-1]
    return f"{stem}.{extension}"


def _same(place: str) -> str:
    return unicodedata.normalize("NFC", place).casefold()
