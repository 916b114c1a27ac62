"""What the ledger says of a person's credits, as it stood before an entry: the one ground on which everything is judged.

Documents of older entries say less; what they do not say follows from what they do (read_facts).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from guanxue import accounts, ledger
from guanxue.core import clock
from guanxue.creditbank.outcomes import CLASS, COURSE, Holding, Outcome

EVERY = 1_000_000
# What a move of a credit repeats of the first entry.
EXPLAINS = ("course", "class", "title", "revision", "policy", "content_ms", "class_hours_milli", "class_hour_ms",
            "class_hours_per_credit", "completed_at", "class_completed_at", "source", "subject", "category", "provider",
            "level", "online", "finished_at", "valid_until", "content", "first_source")
MEASURES = ("content_ms", "class_hours_milli", "completed_at", "class_completed_at")  # what was learned stays learned
HYPOTHETICAL = 2**62  # the number of an entry that is not there yet


@dataclass(frozen=True)
class Line:
    """An entry on the person's account: its number, document, millicredits and what it reverses."""

    number: int
    document: dict
    amount: int
    reverses: int | None = None


def nothing_before(subject: str) -> int:
    """Where no account was deleted, or nobody knows whose it was."""
    return 0


@dataclass(frozen=True)
class Past:
    """A person's lines, oldest first, and subjects that count as held though no entry says so yet.

    `former` asks how many millicredits accounts of theirs that were deleted had been given for a subject.
    """

    lines: tuple[Line, ...] = ()
    subjects: frozenset[str] = frozenset()
    former: Callable[[str], int] = field(default=nothing_before, compare=False)

    def with_outcome(self, outcome: Outcome) -> Past:
        """The same and that outcome's credit more, for as much as it asks."""
        document = document_of(outcome) | {"class_hours_milli": outcome.hours_milli}
        number = HYPOTHETICAL + len(self.lines)
        return replace(self, lines=(*self.lines, Line(number, document, outcome.asked_milli)))

    def standing(self) -> dict[int, Holding]:
        """{number of the first entry: holding} of every credit that stands on the account."""
        return self._holdings(lambda line: True)

    def credited(self) -> dict[int, Holding]:
        """The same with what expired: it was given, and fills its period for ever."""
        return self._holdings(lambda line: "expired" not in line.document)

    def _holdings(self, counts: Callable[[Line], bool]) -> dict[int, Holding]:
        found: dict[int, Holding] = {}
        for line in filter(counts, self.lines):
            first = line.reverses if line.reverses is not None else line.document.get("entry", line.number)
            if line.amount < 0:
                found.pop(first, None)
            else:
                found[first] = _holding(line, first)
        return found

    def ever(self) -> frozenset[str]:
        """Subjects that the account earned itself, also what was taken back, and that it holds through a merge."""
        own = {read_facts(x.document)["subject"] for x in self.lines if x.amount > 0 and "code" in x.document}
        return self.subjects | own | {x.subject for x in self.standing().values()}

    def hours_by_line(self) -> Iterator[tuple[int, int, int]]:
        """(number, thousandths of class hours, millicredits) of every line; what takes an entry back stands for its hours."""
        by_number = {x.number: x.document for x in self.lines}
        for line in self.lines:
            undone = line.document if line.reverses is None else by_number.get(line.reverses, line.document)
            yield line.number, hours_of(undone), line.amount

    def hours(self) -> Counter[tuple[str, int]]:
        """{(training policy, city year): thousandths of class hours}. What was reversed, or followed the person to another
        account, is gone from the year it was in."""
        by_number = {x.number: x.document for x in self.lines}
        found: Counter[tuple[str, int]] = Counter()
        for line in self.lines:
            document = by_number.get(line.reverses, {}) if line.reverses is not None else line.document
            if "completed_at" in document and "class_hours_milli" in document:
                found[year_of(document)] += document["class_hours_milli"] * (1 if line.amount > 0 else -1)
        return found


def read(person_id: int, before: int | None = None) -> Past:
    """The person's account, before that entry where one is named."""
    entries = ledger.statement(f"person:{person_id}", 1, EVERY).items
    return Past(tuple(Line(e.number, json.loads(e.document), amount, e.reverses) for e, amount in reversed(entries)
                      if before is None or e.number < before), former=lambda subject: given_before([person_id], subject))


def given_before(person_ids: Iterable[int], subject: str) -> int:
    """Millicredits that deleted accounts under these people's numbers were given for it; what was taken back is not."""
    erased = {before for one in person_ids for before in accounts.list_erased_before(one)}
    return sum(h.millicredits for one in erased for h in read(one).credited().values() if h.subject == subject)


def hours_of(document: dict) -> int:
    """Thousandths of class hours that an entry stands for."""
    return document.get("class_hours_milli", document.get("content_ms", 0) * 1000 // document.get("class_hour_ms", 2_700_000))


def document_at(number: int) -> dict:
    """Why that entry was posted. Raises NoSuchEntry."""
    return json.loads(ledger.get_entry(number).document)


def year_of(document: dict) -> tuple[str, int]:
    """(training policy's code, city year) in which an entry's hours count: by when the course was finished."""
    return document["policy"].partition("/")[0], clock.city_day(datetime.fromisoformat(document["completed_at"])).year


def read_facts(document: dict) -> dict:
    """What rules ask of an entry: source, subject, title, category, provider, level, online, finished_at (text)."""
    is_class = "class" in document
    subject = f"class:{document['class']}" if is_class else f"course:{document.get('course', '')}"
    return {
        "source": CLASS if is_class else COURSE, "subject": subject, "title": document.get("title", ""), "category": "",
        "provider": "city", "level": None, "online": 0 if is_class else 1,
        "finished_at": document.get("completed_at") or document.get("class_completed_at", ""),
        **{name: document[name] for name in ("source", "subject", "category", "provider", "level", "online", "finished_at")
           if name in document}}


def _holding(line: Line, first: int) -> Holding:
    facts, until = read_facts(line.document), line.document.get("valid_until")
    finished = facts["finished_at"]
    return Holding(
        line.document.get("first_source", facts["source"]), facts["subject"], facts["title"], facts["category"],
        facts["provider"], facts["level"],
        bool(facts["online"]), line.amount, datetime.fromisoformat(finished) if finished else clock.moment_of(0), first,
        line.document.get("code") or line.document.get("award", ""), date.fromisoformat(until) if until else None,
        tuple(line.document.get("content", ())))


def document_of(outcome: Outcome) -> dict:
    """What every entry says of its outcome, whatever the source; in integers and strings."""
    facts = {"source": outcome.source, "subject": outcome.subject, "category": outcome.category,
             "provider": outcome.provider, "online": int(outcome.is_online), "finished_at": outcome.finished_at.isoformat(),
             "title": outcome.title, "person": outcome.person_id}
    return {**outcome.document, **facts, **({} if outcome.level is None else {"level": outcome.level})}


def outcome_of(document: dict, amount: int) -> Outcome:
    """An entry's document as an outcome that asks for what it was given: how a credit that moves is judged."""
    facts = read_facts(document)
    return Outcome(
        facts["source"], "", document.get("person", 0), facts["subject"], facts["title"], amount, hours_of(document),
        facts["category"],
        facts["provider"], facts["level"], datetime.fromisoformat(facts["finished_at"]), bool(facts["online"]), document)
