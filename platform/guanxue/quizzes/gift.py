"""Reading GIFT, Moodle's text format for questions (docs.moodle.org, "GIFT format"); gift_writing.py writes it.

The report counts the question blocks of a text independently of the parser, so that imported + left out = total. What
Moodle's format has no sign for is told by a comment before the question, which Moodle passes over: // guanxue: whole
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from guanxue.core.i18n import lazy as _
from guanxue.quizzes.formats.reports import Doubt, Dropped, LeftOut, Report
from guanxue.quizzes.rules import LEVELS, WHOLE, Option, Question, is_won_by_all, pieces_of, with_dear_wrongs

WRONGS_MADE_DEAR = _("错的选项原来扣得太少，全部勾上也能得一半以上的分；收进来以后，选了错的这道题不得分。")
WRONGS_ARE_FREE = _("错的选项扣得太少，全部勾上也能得一半以上的分；请给错的选项写上更大的负百分比，或写“全对才得分”的记号。")
LONGEST_NUMBER = 100  # characters of a numeric answer
_COMMENT = re.compile(r"^\s*//")
_NAMED = re.compile(r"^\s*::")
_NAME = re.compile(r"^\s*::((?:\\.|[^\\])*?)::", re.S)
_FORMAT = re.compile(r"^\s*\[(html|markdown|plain|moodle)\]")
_WEIGHT = re.compile(r"^%(-?\d+(?:\.\d+)?)%")
_MARK = re.compile(r"^\s*//\s*guanxue:\s*([a-z, ]+)$")
_PLACES = re.compile(r"^(?:\$\w+\$|top)(?:/|$)")
_ORDER = re.compile(r"^>\s*(\d*)\s*([A-Za-z0-9_ ]*)$")
_USUAL_ORDER = {"ALL", "EXACT", "VERTICAL", "VERT", "V", "SHOW", "ABSOLUTE_POSITION", "ABSOLUTE", "ABS"}
_NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"


class _Bad(Exception):
    """Why a block is no question we know; the message is for people."""


@dataclass(frozen=True)
class _Block:
    """A block of text that should be a question, with the category it stands in and the marks of the comment before it."""

    line: int
    text: str
    pool: str
    marks: frozenset[str]


def read_gift(text: str, *, is_ours: bool = True) -> Report:
    """Every question of the text, and every block that is none, with a reason.

    What others wrote (not `is_ours`) is not taken with wrong options that cost so little that ticking all earns most of it.
    """
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    report, used = Report(total=count_blocks(text)), set()
    for block in _blocks(text):
        dropped: list[object] = []
        try:
            question = _question(block, dropped)
            if question.id in used:
                raise _Bad(_("题目名称“%(name)s”和前面的题重复。", name=question.id))
        except _Bad as bad:
            report.left_out.append(LeftOut(block.line, block.text.strip()[:40], bad.args[0]))
            continue
        used.add(question.id)
        if is_won_by_all(question) and "free" not in block.marks:
            report.doubts.append(Doubt(block.line, question.stem[:40], WRONGS_ARE_FREE if is_ours else WRONGS_MADE_DEAR))
            question = question if is_ours else with_dear_wrongs(question)
        report.questions.append(question)
        report.lines.append(block.line)
        if dropped:
            report.dropped.append(Dropped(block.line, question.stem[:40], tuple(dropped)))
    return report


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


def pool_name(path: str) -> str:
    """A category as Moodle writes it ("$course$/top/name") as a pool's name; "" where it names none."""
    name = " ".join(path.split())
    while found := _PLACES.match(name):
        name = name[found.end() :].strip()
    return name


def _blocks(text: str) -> list[_Block]:
    """Every block, comments and categories taken out."""
    found: list[_Block] = []
    lines: list[str] = []
    start, depth, pool, marks = 0, 0, "", frozenset()  # depth: braces open in the block so far
    for number, raw in enumerate([*text.split("\n"), ""], 1):
        is_aside = _COMMENT.match(raw) or raw.lstrip().startswith("$CATEGORY")
        line = "" if is_aside else raw
        is_blank = not line.strip()
        is_new = bool(lines) and lines[-1] == "" and _NAMED.match(line)  # the block before it forgot its brace
        if lines and ((is_blank and depth <= 0) or is_new):
            found.append(_Block(start, "\n".join(lines), pool, marks))
            lines, depth, marks = [], 0, frozenset()
        if is_aside:
            pool = pool_name(raw.partition(":")[2]) if raw.lstrip().startswith("$CATEGORY") else pool
            marks = frozenset(told[1].replace(",", " ").split()) if (told := _MARK.match(raw)) else marks
        if is_blank:
            if not is_aside and depth > 0:
                lines.append("")
            continue
        start = start if lines else number
        lines.append(line)
        depth += _opened(line)
    if lines:
        found.append(_Block(start, "\n".join(lines), pool, marks))
    return found


def _opened(line: str) -> int:
    bare = re.sub(r"\\.", "", line)
    return bare.count("{") - bare.count("}")


def _question(block: _Block, dropped: list[object]) -> Question:
    """The question of a block; what cannot be kept of it is added to `dropped`."""
    name, rest = _take_name(block.text)
    texts, insides = _groups(_FORMAT.sub("", rest))
    explained = [_take_explanation(inside) for inside in insides]
    insides = [inside for inside, _explanation in explained]
    explanation = "\n".join(words for _inside, words in explained if words)
    if len(insides) > 1:
        fields = _several_gaps(texts, insides)
    else:
        fields = {"stem": _plain(texts[0]), "tail": _plain(texts[1]), **_kind_of(insides[0])(insides[0], dropped)}
    if fields["kind"] == "single" and "multiple" in block.marks:
        fields["kind"] = "multiple"
    if fields["kind"] == "multiple" and "whole" in block.marks:
        fields["rule"] = "whole"
    fields["level"] = next((x for x in LEVELS if x in block.marks), "")
    if not (fields["stem"] or fields["tail"]):
        raise _Bad(_("没有题干。"))
    inside = "\0".join(insides)
    question_id = name or "q-" + hashlib.sha256(f"{fields['stem']}\0{inside}".encode()).hexdigest()[:10]
    return Question(**{"id": question_id, "explanation": explanation, "pool": block.pool, **fields})


def _groups(text: str) -> tuple[list[str], list[str]]:
    """(texts around the braces, texts inside them): one more of the first."""
    texts, insides, at = [], [], 0
    while (opening := _find(text, "{", at)) >= 0:
        closing = _find(text, "}", opening + 1)
        if closing < 0:
            raise _Bad(_("缺少右花括号 }。"))
        texts.append(text[at:opening])
        insides.append(text[opening + 1 : closing])
        at = closing + 1
    if not insides:
        raise _Bad(_("没有找到 { }，不知道答案在哪里。"))
    return [*texts, text[at:]], insides


def _several_gaps(texts: list[str], insides: list[str]) -> dict:
    """A fill-in with a gap for each group; underscores that teachers write beside the braces are the same gap."""
    parts, options = [], []
    for n, inside in enumerate(insides):
        if _find(inside, "~") >= 0 or not inside.strip().startswith("=") or _find(inside, "->") >= 0:
            raise _Bad(_("一道题里有几组 { } 时，每一组都要写成填空：{=答案}。"))
        options += [replace(o, gap=n) for o in _fillin(inside, [])["options"]]
    for n, text in enumerate(texts):
        text = re.sub(r"(?<!_)_{2,}\s*$", "", text) if n < len(insides) else text
        text = re.sub(r"^\s*_{2,}", "", text) if n else text
        if len(pieces_of(text)) > 1:
            raise _Bad(_("题里的空（____）比花括号多。"))
        parts.append(_unescaped(text))
    return {"kind": "fillin", "stem": "____".join(parts).strip(), "tail": "", "options": tuple(options)}


def _take_name(block: str) -> tuple[str, str]:
    found = _NAME.match(block)
    return (_plain(found.group(1)), block[found.end() :]) if found else ("", block)


def _take_explanation(inside: str) -> tuple[str, str]:
    at = _find(inside, "####")
    return (inside, "") if at < 0 else (inside[:at], _plain(inside[at + 4 :]))


def _kind_of(inside: str):
    text = inside.strip()
    if not text:
        return _short
    if text.startswith(">"):
        return _ordering
    if re.fullmatch(r"(TRUE|FALSE|T|F|对|错|√|×)\s*(#.*)?", text, re.S | re.I):
        return _truefalse
    if text.startswith("#"):
        return _numeric
    if not text.startswith(("=", "~")):
        raise _Bad(_("花括号里的答案要以 = 或 ~ 开头。"))
    if _find(text, "->") >= 0 and _find(text, "~") < 0:
        return _matching
    return _choices if _find(text, "~") >= 0 else _fillin


def _short(inside: str, dropped: list[object]) -> dict:
    return {"kind": "short"}


def _ordering(inside: str, dropped: list[object]) -> dict:
    """As Moodle's ordering type writes it: a line of settings, then the items in their order, a line each."""
    head, _newline, body = inside.strip().partition("\n")
    settings = _ORDER.match(head.strip())
    if settings is None:
        raise _Bad(_("排序题应写成 {>数量 ALL VERTICAL ABSOLUTE_POSITION，后面一行一项。"))
    items = [_plain(line) for line in body.split("\n") if line.strip()]
    if len(items) < 2 or len(set(items)) < len(items):
        raise _Bad(_("排序题至少要有两项，而且不能相同。"))
    words = set(settings[2].upper().split()) - _USUAL_ORDER
    if words:
        dropped.append(_("排序题的设置：%(what)s", what=" ".join(sorted(words))))
    return {"kind": "ordering", "options": tuple(Option(item) for item in items)}


def _truefalse(inside: str, dropped: list[object]) -> dict:
    if remark := re.sub(r"^[^#]*#?", "", inside).strip():
        dropped.append(_("判断题的反馈：%(what)s", what=_plain(remark)[:40]))
    word = re.match(r"\s*(\w+|√|×)", inside).group(1).upper()
    return {"kind": "truefalse", "truth": word in ("TRUE", "T", "对", "√")}


def _numeric(inside: str, dropped: list[object]) -> dict:
    body = inside.strip()[1:].strip()
    answers = _answers(body) if body.startswith(("=", "~")) else [("=", body)]
    options = []
    for sign, raw in answers:
        weight, text = _take_weight(raw, WHOLE if sign == "=" else 0)
        text, note = _take_note(text)
        options.append(Option(_range(text), weight, note))
    _must_be_winnable(options)
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


def _matching(inside: str, dropped: list[object]) -> dict:
    options = []
    for sign, raw in _answers(inside):
        left, arrow, right = raw.partition("->")
        if sign != "=" or not arrow or not _plain(right):
            raise _Bad(_("匹配题的每一项应写成 =左 -> 右。"))
        options.append(Option(_plain(left), match=_plain(right)))
    if len(options) < 2 or any(not o.text for o in options):
        raise _Bad(_("匹配题至少要有两对，左边不能空。"))
    return {"kind": "matching", "options": tuple(options)}


def _must_be_winnable(options: list[Option]) -> None:
    if not any(o.permille > 0 for o in options):
        raise _Bad(_("没有标出正确答案。"))


def _fillin(inside: str, dropped: list[object]) -> dict:
    options = []
    for _sign, raw in _answers(inside):
        weight, text = _take_weight(raw, WHOLE)
        text, note = _take_note(text)
        options.append(Option(text, weight, note))
    if any(not o.text for o in options):
        raise _Bad(_("填空题有一个空的答案。"))
    _must_be_winnable(options)
    return {"kind": "fillin", "options": tuple(options)}


def _choices(inside: str, dropped: list[object]) -> dict:
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
    return _unescaped(text).strip()


def _unescaped(text: str) -> str:
    return re.sub(r"\\(n|.)", lambda m: "\n" if m[1] == "n" else m[1], text, flags=re.S)
