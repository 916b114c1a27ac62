"""Pure rules of questions: their form, what a learner may see of them, grading. No database, no clock, no chance.

Answers on the wire: single: option id; multiple: list of ids; truefalse: boolean; fillin: string, with several gaps a list
of strings ("" for an empty one); numeric: number; matching: {option id: choice id}; ordering: list of ids; short: string.
Points are permille of a question, scores 0…100. A short answer is marked by a person; by itself it earns nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal, InvalidOperation

KINDS = ("single", "multiple", "truefalse", "fillin", "numeric", "matching", "ordering", "short")
RULES = ("", "whole")  # of a multiple choice: the sum of its shares, or all or nothing
LEVELS = (EASY, MIDDLE, HARD) = ("easy", "middle", "hard")
LONGEST_TEXT = 500
LONGEST_SHORT = 2000
FEWEST_TOLD = 3  # questions of which it is told together, before a pass, how many were right
LARGEST = 1e15  # that a number may be, either way
WHOLE = 1000
GAP = re.compile(r"_{2,}")
_ADDRESS_ENDS = re.compile(r"[)\s]")


@dataclass(frozen=True)
class Option:
    """A choice and what it is worth, in permille of the question; wrong ones of a multiple choice may cost."""

    text: str
    permille: int = 0
    feedback: str = ""
    match: str = ""  # the right-hand side, for matching
    gap: int = 0  # which gap of a fill-in it is accepted in, from 0


@dataclass(frozen=True)
class Question:
    """One question. `id` is stable within its paper. For truefalse `options` are empty and `truth` holds the answer;

    fillin and numeric keep accepted answers in `options` (text, permille); numeric's text is "low..high" in decimals.
    A fill-in with several gaps shows each as a run of two or more underscores in `stem`, the n-th being gap n from 0. short has
    no options: `explanation` is the reference answer. `pool` is what it is drawn from, "" for every paper.
    """

    id: str
    kind: str
    stem: str
    options: tuple[Option, ...] = ()
    truth: bool | None = None
    explanation: str = ""
    tail: str = ""  # what follows the gap of a fill-in
    pool: str = ""
    rule: str = ""  # one of RULES
    level: str = ""  # one of LEVELS; "" where its author said none, which is drawn as MIDDLE

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no such kind: {self.kind}")
        if self.rule not in RULES:
            raise ValueError(f"no such rule: {self.rule}")
        if self.level not in ("", *LEVELS):
            raise ValueError(f"no such level: {self.level}")

    @property
    def gap_count(self) -> int:
        """How many gaps a fill-in has; 0 for other kinds."""
        return 1 + max((o.gap for o in self.options), default=0) if self.kind == "fillin" else 0

    @property
    def is_marked(self) -> bool:
        """Is its answer marked by a person?"""
        return self.kind == "short"


# Left out of a document while they say nothing, so that papers made before they were known keep their digest.
_UNSAID = {"pool": "", "rule": "", "level": ""}
_UNSAID_OPTION = {"gap": 0}


def questions_to(questions: list[Question]) -> list[dict]:
    """As plain JSON."""
    return [question_to(q) for q in questions]


def question_to(question: Question) -> dict:
    """One question as plain JSON."""
    document = _said(asdict(question), _UNSAID)
    return {**document, "options": [_said(o, _UNSAID_OPTION) for o in document["options"]]}


def _said(document: dict, unsaid: dict) -> dict:
    return {k: v for k, v in document.items() if k not in unsaid or v != unsaid[k]}


def questions_from(document: list[dict]) -> list[Question]:
    """From plain JSON."""
    return [Question(**{**q, "options": tuple(Option(**o) for o in q["options"])}) for q in document]


# ---- ticking everything


def is_won_by_all(question: Question) -> bool:
    """Does ticking all of a multiple choice earn more than half, though some are wrong? So passes who knows nothing."""
    worth = [o.permille for o in question.options]
    is_counted = question.kind == "multiple" and question.rule != "whole" and any(x <= 0 for x in worth)
    return is_counted and sum(worth) * 2 > WHOLE


def with_dear_wrongs(question: Question) -> Question:
    """The multiple choice with each wrong option costing the whole, as in the questions that are written here."""
    return replace(question, options=tuple(o if o.permille > 0 else replace(o, permille=-WHOLE) for o in question.options))


# ---- what a learner sees


def pieces_of(stem: str) -> list[str]:
    """The stem cut at its gaps: runs of underscores, but not those in a picture's or a link's address."""
    pieces, start, links = [], 0, _links(stem)
    link = next(links, None)
    for found in GAP.finditer(stem):
        while link is not None and link[1] <= found.start():
            link = next(links, None)
        if link is None or found.start() < link[0]:
            pieces.append(stem[start : found.start()])
            start = found.end()
    return [*pieces, stem[start:]]


def _links(text: str) -> Iterator[tuple[int, int]]:
    """Where each [words](address) begins and ends. Each sign is looked at once, whatever is never closed."""
    at, closing, ends = -1, -1, -1
    while (at := text.find("[", at + 1)) >= 0:
        closing = closing if closing > at else text.find("]", at)
        if closing < 0:
            return
        if not text.startswith("(", closing + 1):
            continue
        if ends < closing + 2:
            found = _ADDRESS_ENDS.search(text, closing + 2)
            ends = found.start() if found else len(text)
        if text.startswith(")", ends):
            yield at, ends + 1
            at = ends


@dataclass(frozen=True)
class Shown:
    """A question as shown in one attempt: opaque ids that mean nothing outside it, in an order of its own."""

    question: Question
    order: tuple[int, ...]  # positions of options as shown (matching: left sides)
    choice_order: tuple[int, ...] = ()
    ids: tuple[str, ...] = field(default=())
    choice_ids: tuple[str, ...] = field(default=())


def show(question: Question, seed: bytes) -> Shown:
    """The question in the attempt whose secret seed this is."""
    n = len(question.options)
    if question.kind in ("fillin", "numeric", "truefalse", "short"):
        return Shown(question, ())
    ids = tuple(opaque(seed, question.id, "option", i) for i in range(n))
    if question.kind == "matching":
        choices = tuple(opaque(seed, question.id, "choice", i) for i in range(n))
        return Shown(question, tuple(range(n)), _shuffled(choices), ids, choices)
    return Shown(question, _shuffled(ids), (), ids)


def opaque(seed: bytes, *what: object) -> str:
    """A word that means nothing outside the attempt with this secret seed."""
    return hmac.new(seed, "\0".join(map(str, what)).encode(), hashlib.sha256).hexdigest()[:12]


def _shuffled(ids: tuple[str, ...]) -> tuple[int, ...]:
    # The ids are already random: sorting by them is a fair order that needs no other source of chance.
    return tuple(sorted(range(len(ids)), key=lambda i: ids[i]))


def names_other_options(shown: Shown, answer: object) -> bool:
    """Does the answer name an option in the way of opaque(), but none of this attempt's?"""
    words = answer if isinstance(answer, list) else [answer]
    return any(isinstance(x, str) and re.fullmatch(r"[0-9a-f]{12}", x) is not None and x not in shown.ids
               for x in words) and bool(shown.ids)


def answer_fault(shown: Shown, answer: object) -> bool:
    """Is this no possible answer (wrong type, foreign id, absurd size)?"""
    kind, ids = shown.question.kind, set(shown.ids)
    if kind == "single":
        return not (isinstance(answer, str) and answer in ids)
    if kind in ("multiple", "ordering"):
        is_list = isinstance(answer, list) and len(answer) <= len(ids) and all(isinstance(a, str) for a in answer)
        return not (is_list and len(set(answer)) == len(answer) and set(answer) <= ids)
    if kind == "truefalse":
        return not isinstance(answer, bool)
    if kind == "fillin":
        return _is_no_text(shown.question.gap_count, answer)
    if kind == "short":
        return not (isinstance(answer, str) and len(answer) <= LONGEST_SHORT)
    if kind == "numeric":
        is_number = isinstance(answer, int | float) and not isinstance(answer, bool)
        return not (is_number and -LARGEST <= answer <= LARGEST)  # not a number and infinite are not between
    choices = set(shown.choice_ids)
    is_pairs = isinstance(answer, dict) and set(answer) <= ids
    return not (is_pairs and all(isinstance(v, str) and v in choices for v in answer.values()))


def _is_no_text(gap_count: int, answer: object) -> bool:
    texts = [answer] if gap_count == 1 else answer
    is_list = isinstance(texts, list) and len(texts) <= gap_count
    return not (is_list and all(isinstance(t, str) and len(t) <= LONGEST_TEXT for t in texts))


def is_written(answer: object) -> bool:
    """Is there anything in a short answer for a person to read?"""
    return isinstance(answer, str) and bool(answer.strip())


# ---- grading


def right_answer(shown: Shown) -> object:
    """An answer that earns the whole question, in the form of the wire."""
    q, ids = shown.question, shown.ids
    if q.kind == "truefalse":
        return q.truth
    if q.kind == "matching":
        return dict(zip(ids, shown.choice_ids, strict=True))
    if q.kind == "ordering":
        return list(ids)
    if q.kind == "multiple":
        return [i for o, i in zip(q.options, ids, strict=True) if o.permille > 0]
    if q.kind == "short":
        return q.explanation
    if q.gap_count > 1:
        return [max(_accepted(q, n), key=lambda o: o.permille, default=Option("")).text for n in range(q.gap_count)]
    best = max(range(len(q.options)), key=lambda n: q.options[n].permille)
    if q.kind == "numeric":
        low, _dots, high = q.options[best].text.partition("..")
        return float((Decimal(low) + Decimal(high)) / 2)
    return ids[best] if q.kind == "single" else q.options[best].text


def grade(shown: Shown, answer: object) -> int:
    """Points in permille, 0…1000; no answer and impossible answers earn 0, and so does what a person has to mark."""
    question = shown.question
    if answer is None or question.is_marked or answer_fault(shown, answer):
        return 0
    points = {
        "single": _grade_chosen, "multiple": _grade_chosen, "truefalse": _grade_truth, "fillin": _grade_text,
        "numeric": _grade_number, "matching": _grade_matching, "ordering": _grade_order,
    }[question.kind](shown, answer)
    return max(0, min(WHOLE, points))


def _grade_chosen(shown: Shown, answer) -> int:
    chosen = {answer} if isinstance(answer, str) else set(answer)
    points = sum(o.permille for o, i in zip(shown.question.options, shown.ids, strict=True) if i in chosen)
    right = {i for o, i in zip(shown.question.options, shown.ids, strict=True) if o.permille > 0}
    if shown.question.kind == "multiple" and shown.question.rule == "whole":
        return WHOLE if chosen == right else 0
    # Thirds are written 33.333 % three times: all right ones and no other is the whole.
    return WHOLE if chosen == right and shown.question.kind == "multiple" else points


def _grade_truth(shown: Shown, answer) -> int:
    return WHOLE if answer == shown.question.truth else 0


def folded(text: str) -> str:
    """Width, case and blanks do not matter in a fill-in."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _accepted(question: Question, gap: int) -> list[Option]:
    return [o for o in question.options if o.gap == gap]


def _grade_text(shown: Shown, answer) -> int:
    """The mean of its gaps; a gap is worth what the best of its accepted answers is."""
    question, texts = shown.question, [answer] if isinstance(answer, str) else answer
    points = [max((o.permille for o in _accepted(question, n) if folded(o.text) == folded(text)), default=0)
              for n, text in enumerate(texts)]
    return sum(max(0, min(WHOLE, p)) for p in points) // question.gap_count if question.gap_count > 1 else points[0]


def _grade_number(shown: Shown, answer) -> int:
    try:
        value = Decimal(str(answer))
    except InvalidOperation:
        return 0
    best = 0
    for option in shown.question.options:
        low, _dots, high = option.text.partition("..")
        if Decimal(low) <= value <= Decimal(high):
            best = max(best, option.permille)
    return best


def _grade_matching(shown: Shown, answer) -> int:
    options = shown.question.options
    right = 0
    for option, left in zip(options, shown.ids, strict=True):
        chosen = answer.get(left)
        if chosen is not None and options[shown.choice_ids.index(chosen)].match == option.match:
            right += 1
    return right * WHOLE // len(options)


def _grade_order(shown: Shown, answer) -> int:
    if len(answer) != len(shown.ids):
        return 0
    texts = dict(zip(shown.ids, (o.text for o in shown.question.options), strict=True))  # twins may stand in for each other
    return sum(texts[a] == texts[b] for a, b in zip(answer, shown.ids, strict=True)) * WHOLE // len(shown.ids)


def areas(points: dict[str, list[int]]) -> list[tuple[str, int]]:
    """(area, mean of its questions in permille), in order, the small areas and what is of none together as "" at the end.

    Neither a line nor what the lines leave of the score is about fewer than FEWEST_TOLD questions: of one it would be its key.
    Nothing where one line would be left, which is the score.
    """
    told = {area: worth for area, worth in points.items() if area and len(worth) >= FEWEST_TOLD}
    rest = [x for area, worth in points.items() if area not in told for x in worth]
    while told and 0 < len(rest) < FEWEST_TOLD:
        rest += told.pop(min(told, key=lambda area: len(told[area])))
    lines = [*told.items(), *([("", rest)] if rest else [])]
    return [(area, sum(worth) // len(worth)) for area, worth in lines] if len(lines) > 1 else []


def score(points: list[int]) -> int:
    """0…100 of a paper whose questions earned these permille; rounded down once."""
    return sum(points) * 100 // (WHOLE * len(points)) if points else 0


# ---- opinions of several people

APART = 250  # permille: two opinions further apart than this need a third


def joint_points(opinions: list[int]) -> int | None:
    """What an answer is worth by these opinions in the order in which they were given: the mean of two that are near each other
    (rounded up), else the third. None while one is wanted."""
    if len(opinions) < 2:
        return None
    first, second = opinions[:2]
    if abs(first - second) <= APART:
        return -(-(first + second) // 2)
    return opinions[2] if len(opinions) > 2 else None


# ---- keys that were put right
#
# A decision is {"everyone": true} (the question earns everybody its whole), {"accept": [texts], "gap": n} (further answers of a
# fill-in; ranges of a number), {"right": [positions]} (the right options of a choice, from 0) or {"truth": boolean}.


@dataclass(frozen=True)
class Key:
    """By what a question is judged: its own options or those that were put right, or nothing any more."""

    question: Question
    is_for_everyone: bool = False


def points_under(key: Key, seed: bytes, answer: object) -> int:
    """Points in permille of an answer under this key."""
    return WHOLE if key.is_for_everyone else grade(show(key.question, seed), answer)


def decision_fault(question: Question, decision: object) -> bool:
    """Is this no possible decision about the question?"""
    if not isinstance(decision, dict) or decision == {}:
        return True
    if decision == {"everyone": True}:
        return False
    if question.kind in ("single", "multiple") and set(decision) == {"right"}:
        right, count = decision["right"], len(question.options)
        return not (isinstance(right, list) and right and right == sorted(set(right)) and all(0 <= n < count for n in right))
    if question.kind == "truefalse" and set(decision) == {"truth"}:
        return not isinstance(decision["truth"], bool) or decision["truth"] == question.truth
    if question.kind in ("fillin", "numeric") and set(decision) == {"accept", "gap"}:
        texts = decision["accept"]
        is_known = decision["gap"] in range(max(1, question.gap_count)) and isinstance(texts, list) and 0 < len(texts) <= 20
        return not (is_known and all(_is_acceptable(question, text) for text in texts))
    return True


def _is_acceptable(question: Question, text: object) -> bool:
    if not isinstance(text, str) or not folded(text) or len(text) > LONGEST_TEXT:
        return False
    if question.kind == "fillin":
        return True
    low, dots, high = text.partition("..")
    try:
        return bool(dots) and len(text) <= 200 and Decimal(low) <= Decimal(high) and Decimal(high).is_finite()
    except InvalidOperation:
        return False


def put_right(key: Key, decision: dict) -> Key:
    """The key after a decision; what was right for everybody stays so."""
    question = key.question
    if decision.get("everyone"):
        return Key(question, True)
    if "truth" in decision:
        return Key(replace(question, truth=decision["truth"]), key.is_for_everyone)
    if "accept" in decision:
        more = tuple(Option(text, WHOLE, gap=decision["gap"]) for text in decision["accept"])
        return Key(replace(question, options=(*question.options, *more)), key.is_for_everyone)
    right = set(decision["right"])
    share = WHOLE if question.kind == "single" else -(-WHOLE // len(right))
    # What was right and is wrong costs what the dearest wrong one does, or ticking both would still earn the whole.
    cost = 0 if question.kind == "single" else min((o.permille for o in question.options if o.permille <= 0), default=-WHOLE)
    options = tuple(replace(o, permille=share if n in right else o.permille if o.permille <= 0 else cost)
                    for n, o in enumerate(question.options))
    return Key(replace(question, options=options), key.is_for_everyone)
