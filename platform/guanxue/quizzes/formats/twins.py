"""Bringing questions in twice makes no twins: the same question is known by its words, however they are spaced or set."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from guanxue.quizzes.formats.assembling import content_id
from guanxue.quizzes.formats.lines import squeezed
from guanxue.quizzes.rules import Question


@dataclass(frozen=True)
class Met:
    """A question of the file and the one that is there already. `differs`: what explains them is not the same."""

    incoming: Question
    present: Question
    differs: bool = False


@dataclass(frozen=True)
class Merge:
    """What bringing in does: `added` are new, twins are there already, conflicts are there with another key and stay so."""

    added: list[Question] = field(default_factory=list)
    twins: list[Met] = field(default_factory=list)
    conflicts: list[Met] = field(default_factory=list)


def merge(present: list[Question], incoming: list[Question]) -> Merge:
    """Compare the file with what is there. Added questions get a name nobody has."""
    merged = Merge()
    known = {asked(q): q for q in present}
    names = {q.id for q in present}
    for question in incoming:
        there = known.get(asked(question))
        if there is None:
            named = replace(question, id=_free(question, names))
            names.add(named.id)
            known[asked(named)] = named
            merged.added.append(named)
        elif key(there) == key(question):
            merged.twins.append(Met(question, there, _remarks(there) != _remarks(question)))
        else:
            merged.conflicts.append(Met(question, there))
    return merged


def _free(question: Question, names: set[str]) -> str:
    if question.id not in names:
        return question.id
    name = content_id(question)
    return next(n for n in (name, *(f"{name}-{i}" for i in range(2, 10_000))) if n not in names)


def asked(q: Question) -> tuple:
    """What is asked: the words of stem and options, without width, blanks, case and the order of options."""
    stem = squeezed(f"{q.stem}____{q.tail}" if q.tail else q.stem).rstrip("_")
    if q.kind in ("single", "multiple"):
        return ("choice", stem, tuple(sorted(squeezed(o.text) for o in q.options)))
    if q.kind in ("matching", "ordering"):
        return (q.kind, stem, tuple(sorted(squeezed(o.text) for o in q.options)))
    return ("words" if q.kind in ("fillin", "numeric", "short") else q.kind, stem, ())


def key(q: Question) -> tuple:
    """What is right: the same for the same answers, however they are spaced."""
    if q.kind in ("single", "multiple"):
        return (q.kind, q.rule, tuple(sorted((squeezed(o.text), o.permille) for o in q.options)))
    if q.kind == "matching":
        return (q.kind, tuple(sorted((squeezed(o.text), squeezed(o.match)) for o in q.options)))
    if q.kind == "ordering":
        return (q.kind, tuple(squeezed(o.text) for o in q.options))
    return (q.kind, q.truth, tuple(sorted((o.gap, squeezed(o.text), o.permille) for o in q.options)))


def _remarks(q: Question) -> tuple:
    return (q.explanation.split(), sorted((squeezed(o.text), o.feedback) for o in q.options))
