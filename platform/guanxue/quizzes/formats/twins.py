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
    known: dict[tuple, list[Question]] = {}  # a quiz may ask the same with several keys, each under its own name
    for question in present:
        known.setdefault(asked(question), []).append(question)
    names = {q.id for q in present}
    for question in incoming:
        there = known.setdefault(asked(question), [])
        twins = [q for q in there if key(q) == key(question)]
        if twins:
            twin = next((q for q in twins if _remarks(q) == _remarks(question)), twins[0])
            merged.twins.append(Met(question, twin, _remarks(twin) != _remarks(question)))
        elif there:
            merged.conflicts.append(Met(question, there[0]))
        else:
            named = replace(question, id=_free(question, names))
            names.add(named.id)
            there.append(named)
            merged.added.append(named)
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
