"""What a line of a teacher's paper is: the heading of a part, a numbered question, an option, an answer, an explanation."""

from __future__ import annotations

import re
from dataclasses import dataclass

from guanxue.quizzes.formats.drafts import CHOICE
from guanxue.quizzes.formats.lines import CIRCLED

KIND_WORDS = (
    ("single", r"单项?选择题?|单选题?|单项题"),
    ("multiple", r"多项?选择题?|多选题?|不定项选择题?|多项题"),
    (CHOICE, r"选择题"),
    ("truefalse", r"判断(?:正误|对错|改错)?题?|是非题|对错题|正误判断题?"),
    ("numeric", r"计算题|数值题|填数题?"),
    ("fillin", r"填空题?"),
    ("matching", r"连线题?|匹配题?|配对题?|搭配题?"),
    ("ordering", r"排序题?|排列题"),
    ("single", r"single[ -]choice"), ("multiple", r"multiple[ -](?:answers?|selections?|response)"),
    (CHOICE, r"multiple[ -]choices?"), ("truefalse", r"true\s*(?:or|/|and)\s*false"),
    ("fillin", r"fill[ -]in(?:[ -]the[ -]blanks?)?"), ("matching", r"matching"), ("short", r"short[ -]answers?"),
    ("short", r"简答题?|问答题?|论述题?|名词解释题?|案例分析题?|案例题|分析题|操作题|实操题|综合题|开放题|思考题"),
)
_ANY_KIND = "|".join(words for _kind, words in KIND_WORDS)
_HAN = "[一二三四五六七八九十]{1,3}"
_SECTION = rf"第(?:{_HAN}|\d{{1,2}})(?:部分|大题|节|章|单元)"
_ENGLISH_PART = r"(?:Part|Section)\s+(?:[IVX]{1,4}|[A-H]|\d{1,2}|One|Two|Three|Four)\b\s*[:.、)]?"
_PART = (rf"(?:{_HAN}\s*[、.)]|\({_HAN}\)\s*[、.]?|{_SECTION}\s*[:、.]?|[IVX]{{1,4}}\s*[、.)]|\d{{1,2}}\s*[、.)]"
         rf"|{_ENGLISH_PART})")
_HEADING = re.compile(
    rf"\s*[#*]*\s*(?P<part>{_PART})?\s*[【\[(<《]?\s*(?P<kind>{_ANY_KIND})(?:\s+questions?\b)?"
    r"\s*[】\])>》]?\s*(?P<rest>.*)", re.I)
_PART_ALONE = re.compile(rf"\s*(?:{_HAN}\s*[、.]|{_SECTION}|{_ENGLISH_PART})\s*\S.{{0,40}}")
_MATERIAL = re.compile(
    r"\s*(?!\d{1,3}\s*[.、)]).{0,60}(?:回答|完成)\s*(?:下列|下面|以下|第)?\s*\(?[\d~\-至到、,\s]*\)?\s*(?:各|小|问)*题\S{0,4}\s*")
_ANSWERS_ALONE = re.compile(
    rf"\s*(?:{_PART})?\s*[【\[(]?\s*(?:附:?)?\S{{0,12}}?(?:参考|标准|正确)?答案"
    r"(?:(?:及|与|和|、)?(?:评分标准|解析|详解|部分))?\s*[】\])]?\s*:?\s*")
_POINTS = re.compile(r"\d+(?:\.\d+)?\s*分")
WHOLE_ONLY = re.compile(r"全(?:部)?(?:选)?对才?得分|[漏少]选[^,;。)]{0,8}不得分")

# Ways in which questions are numbered, tried in this order.
STYLES = (
    ("di", re.compile(r"\s*第\s*(\d{1,3})\s*题\s*[:.、)]?\s*")),
    ("ti", re.compile(r"\s*(?:题目?|问题|Q|q|Question)\s*(\d{1,3})\s*[:.、)]\s*")),
    ("square", re.compile(r"\s*[\[【]\s*(\d{1,3})\s*[\]】]\s*[.、]?\s*")),
    ("round", re.compile(r"\s*\(\s*(\d{1,3})\s*\)\s*[.、:]?\s*")),
    ("dot", re.compile(r"\s*[*#]*\s*(\d{1,3})\s*[.、]\s*(?!\d)")),
    ("year", re.compile(r"\s*(\d{1,3})\s*[.、]\s*(?=\d{4})")),
    ("comma", re.compile(r"\s*(\d{1,3})\s*[,。]\s*(?!\d)")),
    ("half", re.compile(r"\s*(\d{1,3})\s*\)\s*")),
    ("bare", re.compile(r"\s*(\d{1,3})(?:\s+(?=[^\s\d.,%~+-])|(?=[\u4e00-\u9fff(]))")),
)
INLINE_KIND = re.compile(rf"\s*[【\[(<]\s*(?P<kind>{_ANY_KIND})\s*(?:[,;]?\s*\d+(?:\.\d+)?\s*分)?\s*[】\])>]\s*:?\s*")
KIND_BEFORE = re.compile(rf"\s*(?P<kind>(?:{_ANY_KIND})(?<=题))\s*:\s*(?=\S)")  # "排序题：心肺复苏的步骤"
POINTS_OF_QUESTION = re.compile(r"\s*[（(【\[]\s*(?:本题|本小题|共|每题|满分)?\s*\d+(?:\.\d+)?\s*分\s*[)）】\]]\s*")
_ANSWER = r"(?:参考|正确|标准|本题)?答案(?:是|为)?|(?:[Cc]orrect\s+)?[Aa]nswer(?:\s*[Kk]eys?)?|ANSWER(?:\s*KEYS?)?|Ans|ANS"
_EXPLANATION = r"(?:答案|试题|题目|本题|参考)?解析|解答|分析|理由|依据|点评|讲解|解释|说明|改正|更正|Explanation"
_ASIDE = (r"分值|分数|得分|难度(?:系数|等级)?|难易(?:程?度)?|知识点|考点|考查点|章节|标签|出处|来源|能力层次|认知层次"
          r"|题目?编号|出题人|审核人")
_KIND = r"题型|题目类型|类型"
MARKS = (("answer", _ANSWER), ("explanation", _EXPLANATION), ("aside", _ASIDE), ("kind", _KIND))
_MARK = re.compile(
    r"(?:(?:[【\[]\s*(?:" + "|".join(f"(?P<{name}_in>{words})" for name, words in MARKS) + r")\s*[】\]]\s*:?)"
    r"|(?:(?:^|(?<=[\s;；。.,，)）】\]]))[(【\[]?(?:"
    + "|".join(f"(?P<{name}>{words})" for name, words in MARKS) + r")\s*:))\s*")
_REPLY = re.compile(r"\s*(?:答|解)\s*:\s*")
_BARE_ANSWER = re.compile(r"\s*(?:(?:参考|正确|标准)?答案(?:是|为)?|(?:应|故|我)?选\s*:?)\s*"
                          r"(?=[A-Za-z√×✓✗✔✘对错正T F]{1,12}\s*[.。]?\s*$)")
_ANSWERED = re.compile(r"\(\s*[A-L](?:[\s、,]*[A-L])+\s*\)")
OPTION = re.compile(r"\s*[(\[]?([A-Za-z])\s*[)\].、:。]\s*|\s*([A-Z])\s+(?=\S)")
_COMMA_OPTION = re.compile(r"\s*([A-L])()\s*,\s*(?![A-L](?![A-Za-z]))(?=\S)")  # "A，停机", but not "A，B 两点"
NOT_A_QUESTION = re.compile(
    r"\s*(?:姓名|班级|学号|工号|单位|部门|成绩|得分|日期|考试时间|满分|总分|考生|准考证|阅卷|车间:|岗位:|注意事项|说明)")


@dataclass(frozen=True)
class Heading:
    """A part's heading: the kind of its questions, whether only all right counts, whether it names points."""

    kind: str
    is_whole: bool
    names_points: bool
    rest: str


def heading_of(folded: str) -> Heading | None:
    """The heading a line is, or None. A numbered line is one only where nothing but points follows."""
    found = _HEADING.fullmatch(folded)
    if found is None or len(folded.strip()) > 90:
        return None
    rest, part = found["rest"].strip(), (found["part"] or "").strip()
    is_plain = not rest or bool(re.match(r"[(:,。;\[【]|本|每|共|请|下列|以下|\d+\s*[-~至分道题]", rest))
    is_long_word = found["kind"].endswith(("题", "名词解释")) or found["kind"].isascii()
    is_question = part[:1].isdigit() and (not is_long_word or rest[:1] not in ("", "("))
    if not is_plain or is_question or (not part and not is_long_word):
        return None
    if found["kind"].isascii() and not part and not re.fullmatch(r":?|\(.*", rest):
        return None
    if not part and rest and re.search(r"[?？]$|\(\s*\)", rest):
        return None
    return Heading(kind_named(found["kind"]), bool(WHOLE_ONLY.search(rest)), bool(_POINTS.search(rest)), rest)


def kind_named(word: str) -> str:
    """The kind a word like 单选题 means, or ""."""
    return next((kind for kind, words in KIND_WORDS if re.fullmatch(words, word.strip(), re.I)), "")


def is_material(folded: str) -> bool:
    """A line that gives a text to several questions ("阅读下面的材料，回答 3～5 题")?"""
    return bool(_MATERIAL.fullmatch(folded))


def is_part(folded: str) -> bool:
    """A heading that names no kind ("第一章 安全生产")?"""
    return bool(_PART_ALONE.fullmatch(folded))


def is_answers_heading(folded: str) -> bool:
    """A line that says only that answers follow?"""
    return len(folded.strip()) <= 30 and bool(_ANSWERS_ALONE.fullmatch(folded)) and OPTION.match(folded) is None


def numbered(folded: str, style: str | None = None) -> tuple[str, int, int] | None:
    """(style, number, where the words begin) of a numbered line, of one style where it is given."""
    for name, pattern in STYLES:
        if style not in (None, name) and not (style == "dot" and name == "year"):
            continue
        if found := pattern.match(folded):
            return ("dot" if name == "year" else name), int(found[1]), found.end()
    return None


@dataclass(frozen=True)
class Piece:
    """A stretch of a line under one mark: "" before any, else answer, explanation, aside, kind; `name` is the mark's word."""

    mark: str
    name: str
    text: str
    folded: str


def pieces_of(text: str, folded: str) -> list[Piece]:
    """The line cut at its marks ("答案：B 解析：…")."""
    if found := _REPLY.match(folded) or _BARE_ANSWER.match(folded):
        return [Piece("answer", "答案", text[found.end() :], folded[found.end() :])]
    cuts = list(_MARK.finditer(folded))
    first = cuts[0].start() if cuts else len(text)
    ends = [m.start() for m in cuts[1:]] + [len(text)] * bool(cuts)
    pieces = [Piece("", "", text[:first], folded[:first])] if text[:first].strip() else []
    for m, end in zip(cuts, ends, strict=True):
        name = next(n for n, _words in MARKS if m[n] or m[f"{n}_in"])
        word = m[name] or m[f"{name}_in"]
        closing = 1 if m[name] and m[0][0] in "([【" and re.search(r"[)\]】]\s*$", folded[m.end() : end]) else 0
        pieces.append(Piece(name, word, _inside(text[m.end() : end], closing), _inside(folded[m.end() : end], closing)))
    return pieces


def _inside(words: str, closing: int) -> str:
    """What stands under a mark; `closing` is 1 where a bracket that was opened before the mark is closed behind the words."""
    return words.rstrip()[: len(words.rstrip()) - closing].strip(" ;；")


def begins_answer(folded: str) -> bool:
    """Does the line begin with an answer?"""
    return bool((pieces := pieces_of(folded, folded)) and pieces[0].mark == "answer")


def options_in(text: str, folded: str, expected: str) -> list[tuple[str, str]] | None:
    """[(letter, words)] of a line that begins with an option, `expected` being the letter that comes next; None otherwise."""
    first = OPTION.match(folded) or _COMMA_OPTION.match(folded)
    if first is None:
        return None
    letter = (first[1] or first[2]).upper()
    if first.re is _COMMA_OPTION and letter != expected:
        return None
    if first[2] and letter != expected:  # a bare letter counts only where it is awaited
        return None
    if letter > "L":
        return None
    return _cut_options(text, folded, first.start(), first.end(), letter)


def _cut_options(text: str, folded: str, start: int, begins: int, letter: str) -> list[tuple[str, str]]:
    found = []
    while True:
        following = _next_option(folded, begins, letter)
        end = following[0] if following else len(text)
        found.append((letter, text[begins:end].strip(" ;；,，")))
        if following is None:
            return found
        _start, begins, letter = following


def _next_option(folded: str, begins: int, letter: str) -> tuple[int, int, str] | None:
    """(where its mark begins, where its words begin, its letter): the next letter anywhere, or a later one after a blank."""
    after = chr(ord(letter) + 1)
    near = rf"[(\[]?(?<![A-Za-z])[{after}{after.lower()}]\s*[)\].、:。]\s*|(?<=\s){after}\s+(?=\S)"
    close = re.compile(near).search(folded, begins)
    later = re.compile(rf"(?<=[\s;；])[(\[]?([{after}-L])\s*[)\].、:]\s*").search(folded, begins)
    if close and (later is None or close.start() <= later.start()):
        return close.start(), close.end(), after
    return (later.start(), later.end(), later[1]) if later else None


def options_within(text: str, folded: str, *, is_continued: bool) -> tuple[str, list[tuple[str, str]]] | None:
    """(stem, options) of a line in which options begin after the question; B must follow on it, or on the next line."""
    folded = _ANSWERED.sub(lambda m: "\0" * len(m[0]), folded)  # （A B D） is an answer, no options
    for found in re.finditer(r"(?<=[\s。?？)）:：])[(\[]?A\s*[)\].、:]\s*(?=\S)|(?<=\s)A\s+(?=\S)", folded):
        options = _cut_options(text, folded, found.start(), found.end(), "A")
        if len(options) > 1 or is_continued:
            return text[: found.start()].rstrip(), options
    return None


def circled_count(folded: str) -> int:
    """How many of ①②③ the line has."""
    return sum(c in CIRCLED for c in folded)
