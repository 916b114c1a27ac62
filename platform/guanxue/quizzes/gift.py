"""Reading and writing GIFT, Moodle's text format for questions (docs.moodle.org, "GIFT format").

The report counts the question blocks of a text independently of the parser, so that imported + left out = total.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from guanxue.core.i18n import lazy as _
from guanxue.quizzes.rules import WHOLE, Option, Question

ESCAPED = "~=#{}:"
LONGEST_NUMBER = 100  # characters of a numeric answer
_COMMENT = re.compile(r"^\s*//")
_NAMED = re.compile(r"^\s*::")
_NAME = re.compile(r"^\s*::((?:\\.|[^\\])*?)::", re.S)
_FORMAT = re.compile(r"^\s*\[(html|markdown|plain|moodle)\]")
_WEIGHT = re.compile(r"^%(-?\d+(?:\.\d+)?)%")
_NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"


@dataclass(frozen=True)
class LeftOut:
    """A block that was not imported: the line it begins at (from 1), its beginning, and why."""

    line: int
    text: str
    reason: object


@dataclass(frozen=True)
class GiftReport:
    """questions + left_out = total."""

    questions: list[Question] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    total: int = 0


class _Bad(Exception):
    """Why a block is no question we know; the message is for people."""


def read_gift(text: str) -> GiftReport:
    """Every question of the text, and every block that is none, with a reason."""
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    blocks = _blocks(text)
    questions, left_out, used = [], [], set()
    for line, block in blocks:
        try:
            question = _question(block)
            if question.id in used:
                raise _Bad(_("题目名称“%(name)s”和前面的题重复。", name=question.id))
            used.add(question.id)
            questions.append(question)
        except _Bad as bad:
            left_out.append(LeftOut(line, block.strip()[:40], bad.args[0]))
    return GiftReport(questions, left_out, count_blocks(text))


def count_blocks(text: str) -> int:
    """How many question blocks a text has, told by blank lines alone: paragraphs that are not comments or $CATEGORY.

    A blank line inside braces does not end a question, so paragraphs are glued until the braces close; but a paragraph that
    begins with a question's name does: a brace was forgotten, and must not swallow what follows.
    """
    count, depth, in_block, is_after_blank = 0, 0, False, True
    for raw in text.split("\n"):
        line = "" if _COMMENT.match(raw) or raw.lstrip().startswith("$CATEGORY") else raw
        if not line.strip():
            if depth == 0:
                in_block = False
            is_after_blank = is_after_blank or not raw.strip()
            continue
        if not in_block or (is_after_blank and _NAMED.match(line)):
            count, in_block, depth = count + 1, True, 0
        is_after_blank = False
        bare = re.sub(r"\\.", "", line)
        depth = max(0, depth + bare.count("{") - bare.count("}"))
    return count


def _blocks(text: str) -> list[tuple[int, str]]:
    """(first line number, text) of every block, comments and categories taken out."""
    found: list[tuple[int, str]] = []
    lines: list[str] = []
    start, depth = 0, 0  # braces open in the block so far
    for number, raw in enumerate([*text.split("\n"), ""], 1):
        line = "" if _COMMENT.match(raw) or raw.lstrip().startswith("$CATEGORY") else raw
        is_blank = not line.strip()
        if is_blank and depth <= 0 and lines:
            found.append((start, "\n".join(lines)))
            lines, depth = [], 0
        if is_blank:
            if raw.strip() == "" and depth > 0:
                lines.append("")
            continue
        if lines and lines[-1] == "" and _NAMED.match(line):  # the block before it forgot its brace
            found.append((start, "\n".join(lines)))
            lines, depth = [], 0
        start = start if lines else number
        lines.append(line)
        depth += _opened(line)
    if lines:
        found.append((start, "\n".join(lines)))
    return found


def _opened(line: str) -> int:
    bare = re.sub(r"\\.", "", line)
    return bare.count("{") - bare.count("}")


def _question(block: str) -> Question:
    name, rest = _take_name(block)
    rest = _FORMAT.sub("", rest)
    opening = _find(rest, "{")
    if opening < 0:
        raise _Bad(_("没有找到 { }，不知道答案在哪里。"))
    closing = _find(rest, "}", opening + 1)
    if closing < 0:
        raise _Bad(_("缺少右花括号 }。"))
    if _find(rest, "{", closing + 1) >= 0:
        raise _Bad(_("一道题里有两组 { }，只支持一个空。"))
    before, inside, after = rest[:opening], rest[opening + 1 : closing], rest[closing + 1 :]
    stem, tail = _plain(before), _plain(after)
    if not (stem or tail):
        raise _Bad(_("没有题干。"))
    inside, explanation = _take_explanation(inside)
    make = _kind_of(inside)
    fields = make(inside, tail)
    question_id = name or "q-" + hashlib.sha256(f"{stem}\0{inside}".encode()).hexdigest()[:10]
    return Question(**{"id": question_id, "stem": stem, "explanation": explanation, "tail": tail, **fields})


def _take_name(block: str) -> tuple[str, str]:
    found = _NAME.match(block)
    return (_plain(found.group(1)), block[found.end() :]) if found else ("", block)


def _take_explanation(inside: str) -> tuple[str, str]:
    at = _find(inside, "####")
    return (inside, "") if at < 0 else (inside[:at], _plain(inside[at + 4 :]))


def _kind_of(inside: str):
    text = inside.strip()
    if not text:
        raise _Bad(_("问答题要由人批改，暂不能导入。"))
    if re.fullmatch(r"(TRUE|FALSE|T|F|对|错|√|×)\s*(#.*)?", text, re.S | re.I):
        return _truefalse
    if text.startswith("#"):
        return _numeric
    if not text.startswith(("=", "~")):
        raise _Bad(_("花括号里的答案要以 = 或 ~ 开头。"))
    if _find(text, "->") >= 0 and _find(text, "~") < 0:
        return _matching
    return _choices if _find(text, "~") >= 0 else _fillin


def _truefalse(inside: str, tail: str) -> dict:
    word = re.match(r"\s*(\w+|√|×)", inside).group(1).upper()
    return {"kind": "truefalse", "truth": word in ("TRUE", "T", "对", "√")}


def _numeric(inside: str, tail: str) -> dict:
    body = inside.strip()[1:].strip()
    answers = _answers(body) if body.startswith(("=", "~")) else [("=", body)]
    options = []
    for sign, raw in answers:
        weight, text = _take_weight(raw, WHOLE if sign == "=" else 0)
        text = text[: i] if (i := _find(text, "#")) >= 0 else text
        options.append(Option(_range(_plain(text)), weight))
    return {"kind": "numeric", "options": tuple(options)}


def _range(text: str) -> str:
    """"low..high" from "5", "5:0.1" or "4..6"."""
    text = text.replace("：", ":").replace(" ", "")
    if len(text) > LONGEST_NUMBER:
        raise _Bad(_("数值答案太长。"))
    try:
        low, high = _bounds(text)
    except ArithmeticError:
        raise _Bad(_("数值答案太大。"))
    if low > high:
        raise _Bad(_("数值范围的下限大于上限。"))
    return f"{low}..{high}"


def _bounds(text: str) -> tuple[Decimal, Decimal]:
    if found := re.fullmatch(rf"({_NUMBER})\.\.({_NUMBER})", text):
        low, high = Decimal(found[1]), Decimal(found[2])
    elif found := re.fullmatch(rf"({_NUMBER})(?::({_NUMBER}))?", text):
        middle, tolerance = Decimal(found[1]), abs(Decimal(found[2] or 0))
        low, high = middle - tolerance, middle + tolerance
    else:
        raise _Bad(_("数值答案“%(text)s”看不懂，应写成 3.14:0.01 或 3.1..3.2。", text=text[:20]))
    return low, high


def _matching(inside: str, tail: str) -> dict:
    options = []
    for sign, raw in _answers(inside):
        left, arrow, right = raw.partition("->")
        if sign != "=" or not arrow or not _plain(right):
            raise _Bad(_("匹配题的每一项应写成 =左 -> 右。"))
        options.append(Option(_plain(left), match=_plain(right)))
    if len(options) < 2 or any(not o.text for o in options):
        raise _Bad(_("匹配题至少要有两对，左边不能空。"))
    return {"kind": "matching", "options": tuple(options)}


def _fillin(inside: str, tail: str) -> dict:
    options = []
    for _sign, raw in _answers(inside):
        weight, text = _take_weight(raw, WHOLE)
        text, note = _take_note(text)
        options.append(Option(text, weight, note))
    if any(not o.text for o in options):
        raise _Bad(_("填空题有一个空的答案。"))
    return {"kind": "fillin", "options": tuple(options)}


def _choices(inside: str, tail: str) -> dict:
    # Moodle's rule: with an "=" one option is chosen (others may earn a part), with "~%…%" alone several are.
    options, has_right = [], False
    for sign, raw in _answers(inside):
        has_right |= sign == "="
        weight, text = _take_weight(raw, WHOLE if sign == "=" else 0)
        text, note = _take_note(text)
        options.append(Option(text, weight, note))
    if len(options) < 2 or any(not o.text for o in options):
        raise _Bad(_("选择题至少要有两个选项，选项不能空。"))
    if len({o.text for o in options}) < len(options):
        raise _Bad(_("有两个选项完全一样。"))
    if not any(o.permille > 0 for o in options):
        raise _Bad(_("没有标出正确答案。"))
    is_single = has_right or any(o.permille == WHOLE for o in options)
    return {"kind": "single" if is_single else "multiple", "options": tuple(options)}


def _answers(inside: str) -> list[tuple[str, str]]:
    """(sign, raw text) of every answer."""
    found: list[tuple[str, str]] = []
    start, sign, i = 0, "", 0
    while i < len(inside):
        if inside[i] == "\\":
            i += 2
            continue
        if inside[i] in "=~":
            if sign:
                found.append((sign, inside[start:i]))
            sign, start = inside[i], i + 1
        i += 1
    if sign:
        found.append((sign, inside[start:]))
    return found


def _take_weight(raw: str, default: int) -> tuple[int, str]:
    text = raw.strip()
    found = _WEIGHT.match(text)
    if not found:
        return default, raw
    try:
        weight = int(Decimal(found[1]) * 10)
    except InvalidOperation:
        raise _Bad(_("百分比看不懂。"))
    if abs(weight) > WHOLE:
        raise _Bad(_("百分比应在 -100 到 100 之间。"))
    return weight, text[found.end() :]


def _take_note(text: str) -> tuple[str, str]:
    at = _find(text, "#")
    return (_plain(text), "") if at < 0 else (_plain(text[:at]), _plain(text[at + 1 :]))


def _find(text: str, what: str, start: int = 0) -> int:
    """Where `what` stands unescaped, or -1."""
    i = start
    while i < len(text):
        if text[i] == "\\":
            i += 2
            continue
        if text.startswith(what, i):
            return i
        i += 1
    return -1


def _plain(text: str) -> str:
    """Without escapes and outer blanks."""
    return re.sub(r"\\(n|.)", lambda m: "\n" if m[1] == "n" else m[1], text, flags=re.S).strip()


# ---- writing


def write_gift(questions: list[Question]) -> str:
    """GIFT that read_gift() reads back to the same questions."""
    return "\n\n".join(_written(q) for q in questions) + "\n"


def _escape(text: str) -> str:
    return re.sub(r"([\\~=#{}:])", r"\\\1", text).replace("\n", "\\n").replace("->", "-\\>")


def _written(q: Question) -> str:
    note = f"####{_escape(q.explanation)}" if q.explanation else ""
    body = {
        "truefalse": lambda: "TRUE" if q.truth else "FALSE",
        "numeric": lambda: "#" + "".join(f"=%{o.permille / 10:g}%{o.text} " for o in q.options),
        "matching": lambda: "".join(f"={_escape(o.text)} -> {_escape(o.match)}\n" for o in q.options),
        "fillin": lambda: "".join(f"=%{o.permille / 10:g}%{_escape(o.text)}{_noted(o)} " for o in q.options),
    }.get(q.kind, lambda: "\n" + "".join(_choice(q, o) for o in q.options))()
    return f"::{_escape(q.id)}::{_escape(q.stem)}{{{body}{note}}}{_escape(q.tail)}"


def _choice(q: Question, o: Option) -> str:
    if q.kind == "single" and o.permille == WHOLE:
        return f"  ={_escape(o.text)}{_noted(o)}\n"
    weight = f"%{o.permille / 10:g}%" if o.permille else ""
    return f"  ~{weight}{_escape(o.text)}{_noted(o)}\n"


def _noted(o: Option) -> str:
    return f"#{_escape(o.feedback)}" if o.feedback else ""
