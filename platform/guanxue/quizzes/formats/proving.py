"""What was written is read again before anybody takes it along: a question that would come back otherwise is named.

Forms made for people have no way to say every sign (an option that is a semicolon, an answer with a comma of its own), and
a list of such signs would never be whole. Reading back finds them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from guanxue.core.i18n import lazy as _
from guanxue.quizzes.formats.reading import read_file
from guanxue.quizzes.formats.reports import Loss, Unreadable
from guanxue.quizzes.formats.spelling import spelled
from guanxue.quizzes.rules import Question


def found_changed(data: bytes, questions: list[Question], losses: list[Loss],
                  address_of: Callable[[str, bytes], str]) -> list[Loss]:
    """A loss for each question written into `data` that is not read out of it again; blanks do not count.

    Where `losses` say that something of a question is not written, only what it asks and what is right must come back.
    `address_of(name, bytes)` is where a picture inside the file was taken from.
    """
    left_out, lossy = {x.number for x in losses if x.is_left_out}, {x.number for x in losses}
    written = {n: q for n, q in enumerate(questions, 1) if n not in left_out}
    if not written:
        return []
    try:
        again = read_file(data, address_of).questions
    except Unreadable:
        again = []
    whole, asked = Counter(map(_everything, again)), Counter(map(_asked, again))
    changed = []
    for number, question in written.items():
        found, what = (asked, _asked(question)) if number in lossy else (whole, _everything(question))
        found[what] -= 1
        if found[what] < 0:
            changed.append(Loss(number, _("这种格式写不准它，再读进来会不一样；要一点不差，请用 GIFT。")))
    return changed


def _asked(q: Question) -> tuple:
    """What it asks and what is right, as a form for people says it."""
    said = spelled(q)
    return q.kind, _words(said.stem).rstrip("_ "), tuple(_words(text) for _letter, text in said.options), _words(said.answer)


def _everything(q: Question) -> tuple:
    """All of it but its name and the blanks."""
    options = tuple((_words(o.text), o.permille, _words(o.feedback), _words(o.match), o.gap) for o in q.options)
    return (*_asked(q), options, q.truth, _words(q.explanation), q.pool, q.rule, q.level)


def _words(text: str) -> str:
    return " ".join(text.split())
