"""What differs between two contents of a course, down to the words. Pure: contents go in, marked pieces come out.

A content is {course: facts, lessons: [{slug, section, title, kind, body, asset_id, …}]}, as candidates and revisions keep it.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from difflib import SequenceMatcher
from itertools import zip_longest

from guanxue import quizzes

SAME, ADDED, REMOVED, CHANGED = "same", "added", "removed", "changed"
# Chinese by the character; what is written together in Latin letters or digits stays together.
_WORDS = re.compile(r"[A-Za-z0-9_.%+\-]+|\s+|.", re.S)
_MOST_WORDS = 4000
_ALIKE = 0.4  # below this two texts are shown as one gone and one new, not as confetti


@dataclass(frozen=True)
class Piece:
    """A run of text and whether it stayed, came or went."""

    mark: str
    text: str


@dataclass(frozen=True)
class Block:
    """A paragraph or question: its mark, its pieces; `skipped` counts unchanged ones that are not shown."""

    mark: str
    pieces: tuple[Piece, ...] = ()
    skipped: int = 0


@dataclass(frozen=True)
class FactChange:
    """A fact by name, as it was and as it is."""

    name: str
    old: str
    new: str


@dataclass(frozen=True)
class LessonChange:
    """What happened to a lesson. `film` is "", added, removed or replaced; `blocks` are paragraphs, `questions` questions."""

    slug: str
    title: str
    kind: str
    mark: str
    facts: tuple[FactChange, ...] = ()
    blocks: tuple[Block, ...] = ()
    questions: tuple[Block, ...] = ()
    film: str = ""


@dataclass(frozen=True)
class Difference:
    """Everything that differs; `is_reordered` when lessons that stayed come in another order."""

    facts: tuple[FactChange, ...] = ()
    lessons: list[LessonChange] = field(default_factory=list)
    is_reordered: bool = False

    @property
    def is_empty(self) -> bool:
        """Is there none?"""
        return not (self.facts or self.lessons or self.is_reordered)


def compare(old: dict, new: dict) -> Difference:
    """What became of `old` in `new`; lessons that did not change are left out."""
    before, after = ({x["slug"]: x for x in content["lessons"]} for content in (old, new))
    changed = [_lesson(before.get(slug), lesson) for slug, lesson in after.items()]
    gone = [_lesson(lesson, None) for slug, lesson in before.items() if slug not in after]
    stayed = [s for s in before if s in after] != [s for s in after if s in before]
    return Difference(_facts(old["course"], new["course"]), [x for x in (*changed, *gone) if x.mark != SAME], stayed)


def _facts(old: dict, new: dict) -> tuple[FactChange, ...]:
    names = dict.fromkeys((*old, *new))
    return tuple(FactChange(n, _said(old.get(n)), _said(new.get(n))) for n in names if _said(old.get(n)) != _said(new.get(n)))


def _said(value: object) -> str:
    if isinstance(value, dict):
        return "、".join(f"{k} {_said(v)}" for k, v in sorted(value.items()))
    return "" if value is None else "、".join(map(str, value)) if isinstance(value, list) else str(value)


def _lesson(old: dict | None, new: dict | None) -> LessonChange:
    there = new or old
    blank = {"title": there["title"], "section": there["section"], "body": "", "asset_id": None, "kind": there["kind"]}
    was, now = old or blank, new or blank
    facts = _facts({k: v for k, v in was.items() if k not in ("slug", "body", "asset_id")},
                   {k: v for k, v in now.items() if k not in ("slug", "body", "asset_id")}) if old and new else ()
    is_quiz = there["kind"] == "quiz"
    blocks = () if is_quiz else compare_texts(was["body"], now["body"])
    questions = compare_questions(was["body"], now["body"]) if is_quiz else ()
    film = _film(was["asset_id"], now["asset_id"])
    mark = ADDED if old is None else REMOVED if new is None else CHANGED if facts or blocks or questions or film else SAME
    return LessonChange(there["slug"], there["title"], there["kind"], mark, facts, blocks, questions, film)


def _film(old: object, new: object) -> str:
    if old == new:
        return ""
    return "replaced" if old and new else "added" if new else "removed"


# ---- texts


def paragraphs_of(body: str) -> list[str]:
    """A text's paragraphs, as remarks number them (from 1): blocks between blank lines."""
    return [block.strip("\n") for block in re.split(r"\n[ \t]*\n", body.strip("\n")) if block.strip()]


def compare_texts(old: str, new: str) -> tuple[Block, ...]:
    """Paragraph by paragraph, changed ones word by word; () where nothing changed."""
    before, after = paragraphs_of(old), paragraphs_of(new)
    blocks: list[Block] = []
    for verb, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if verb == "equal":
            blocks.append(Block(SAME, skipped=b - a))
            continue
        for was, now in zip_longest(before[a:b], after[c:d]):
            blocks += _changed(was, now)
    return tuple(blocks) if any(x.mark != SAME for x in blocks) else ()


def _changed(old: str | None, new: str | None) -> list[Block]:
    if old is None or new is None:
        mark = ADDED if old is None else REMOVED
        return [Block(mark, (Piece(mark, new or old),))]
    pieces = words(old, new)
    return [Block(CHANGED, pieces)] if pieces else [Block(REMOVED, (Piece(REMOVED, old),)), Block(ADDED, (Piece(ADDED, new),))]


def words(old: str, new: str) -> tuple[Piece, ...]:
    """Two texts as one with marked words; () where they have too little in common for that."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if max(len(before), len(after)) > _MOST_WORDS:
        return ()
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return ()
    pieces: list[Piece] = []
    for verb, a, b, c, d in matcher.get_opcodes():
        if verb == "equal":
            pieces.append(Piece(SAME, "".join(before[a:b])))
            continue
        pieces += [Piece(mark, text) for mark, text in ((REMOVED, "".join(before[a:b])), (ADDED, "".join(after[c:d]))) if text]
    return tuple(pieces)


# ---- questions


def question_text(question: quizzes.Question) -> str:
    """A question with its key as lines of plain text, in signs that need no language."""
    truth = [] if question.truth is None else ["√" if question.truth else "×"]
    options = [_option(question.kind, o) for o in question.options]
    told = [question.stem + (f" ____ {question.tail}" if question.tail else ""), *truth, *options]
    rest = {k: v for k, v in asdict(question).items() if k in ("pool", "rule") and v}
    return "\n".join([*told, *(["※ " + question.explanation] if question.explanation else []),
                      *(f"{k}: {v}" for k, v in rest.items())])


def _option(kind: str, option: quizzes.Option) -> str:
    if option.match:
        return f"{option.text} → {option.match}"
    if kind in ("single", "multiple"):
        share = f" {option.permille / 10:g}%" if option.permille not in (0, 1000) else ""
        said = f"（{option.feedback}）" if option.feedback else ""
        return f"{'√' if option.permille > 0 else '×'} {option.text}{share}{said}"
    return f"= {option.text}" + (f" ({option.gap + 1})" if option.gap else "")


def compare_questions(old: str, new: str) -> tuple[Block, ...]:
    """Question by question by their ids; of the rest those that are alike count as changed. () where nothing changed."""
    before = {q.id: question_text(q) for q in quizzes.read_gift(old).questions}
    after = {q.id: question_text(q) for q in quizzes.read_gift(new).questions}
    was = {key: key for key in after if key in before} | _alike(before, after)
    blocks = [_question(before.get(was.get(key, "")), text) for key, text in after.items()]
    gone = [Block(REMOVED, (Piece(REMOVED, text),)) for key, text in before.items() if key not in was.values()]
    same = sum(b is None for b in blocks)
    shown = [b for b in blocks if b is not None] + gone
    return (*shown, *([Block(SAME, skipped=same)] if same else [])) if shown else ()


def _alike(before: dict[str, str], after: dict[str, str]) -> dict[str, str]:
    """{new id: old id} of questions whose id changed with their words."""
    left, found = [k for k in before if k not in after], {}
    for key in (k for k in after if k not in before):
        near = max(left, key=lambda k: SequenceMatcher(None, before[k], after[key], autojunk=False).ratio(), default=None)
        if near is not None and words(before[near], after[key]):
            found[key] = near
            left.remove(near)
    return found


def _question(old: str | None, new: str) -> Block | None:
    if old == new:
        return None
    if old is None:
        return Block(ADDED, (Piece(ADDED, new),))
    return Block(CHANGED, words(old, new) or (Piece(REMOVED, old + "\n"), Piece(ADDED, new)))


# ---- places that remarks are about


def quote_at(content: dict, lesson_slug: str, kind: str, place: str) -> str | None:
    """What stands at a remark's place; None where there is no such place."""
    if not lesson_slug:
        return _said(content["course"].get(place)) if kind == "fact" and place in content["course"] else None
    lesson = next((x for x in content["lessons"] if x["slug"] == lesson_slug), None)
    if lesson is None:
        return None
    if kind == "lesson":
        return lesson["title"]
    if kind == "second":
        return (lesson["asset_id"] or lesson["body"]) if lesson["kind"] == "video" and place.isdecimal() else None
    if kind == "question":
        found = [q for q in quizzes.read_gift(lesson["body"]).questions if q.id == place] if lesson["kind"] == "quiz" else []
        return question_text(found[0]) if found else None
    paragraphs = paragraphs_of(lesson["body"]) if kind == "paragraph" and lesson["kind"] != "quiz" else []
    return paragraphs[int(place) - 1] if place.isdecimal() and 1 <= int(place) <= len(paragraphs) else None


def place_now(content: dict, lesson_slug: str, kind: str, place: str, quote: str) -> str:
    """Where a remark's place stands now: a paragraph that moved is followed."""
    lesson = next((x for x in content["lessons"] if x["slug"] == lesson_slug), None)
    if kind != "paragraph" or lesson is None:
        return place
    paragraphs = paragraphs_of(lesson["body"])
    if quote_at(content, lesson_slug, kind, place) == quote or quote not in paragraphs:
        return place
    return str(paragraphs.index(quote) + 1)


def change_at(content: dict, lesson_slug: str, kind: str, place: str, quote: str) -> str:
    """What became of a remark's place: same, changed, or removed with its lesson. A paragraph that only moved is the same."""
    slugs = {x["slug"]: x for x in content["lessons"]}
    if lesson_slug and lesson_slug not in slugs:
        return REMOVED
    if kind == "lesson":
        return SAME
    if kind == "paragraph":
        return SAME if quote in paragraphs_of(slugs[lesson_slug]["body"]) else CHANGED
    now = quote_at(content, lesson_slug, kind, place)
    return REMOVED if now is None and kind == "question" else SAME if now == quote else CHANGED
