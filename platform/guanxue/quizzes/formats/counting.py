"""How many questions a pasted text should have, told without its parser: by numbers that go on, by first options, by answers.

Knows nothing of headings.py and pasted.py on purpose: where the two disagree, a person is asked to look.
"""

from __future__ import annotations

import re

from guanxue.quizzes.formats.lines import lines_of

_KIND = (r"(?:单项?选|多项?选|不定项|选择|判断|是非|对错|填空|计算|数值|填数|连线|匹配|配对|搭配|排序|排列"
         r"|简答|问答|论述|名词解释|案例|分析|操作|实操|综合|开放|思考)")
_PART = r"(?:[一二三四五六七八九十]+\s*[、.)]|\([一二三四五六七八九十]+\)|第\S{1,3}(?:部分|大题|节|章|单元)|[IVX]+[、.)])"
_NUMBERS = (
    re.compile(r"\s*第\s*(\d{1,3})\s*题"), re.compile(r"\s*(?:题目?|问题|Q|Question)\s*(\d{1,3})\s*[:.、)]", re.I),
    re.compile(r"\s*[\[【]\s*(\d{1,3})\s*[\]】]"), re.compile(r"\s*\(\s*(\d{1,3})\s*\)"),
    re.compile(r"\s*[*#]*\s*(\d{1,3})\s*[.、](?!\d)|\s*(\d{1,3})\s*[.、](?=\d{4})"), re.compile(r"\s*(\d{1,3})\s*\)"),
)
_BARE = re.compile(r"\s*(\d{1,3})(?:\s+(?=[^\s\d.,%~+-])|(?=[\u4e00-\u9fff(]))")
_HEADING = re.compile(rf"\s*[#*]*\s*{_PART}?"
                      rf"\s*[【\[(]?\s*{_KIND}\S{{0,6}}?题?\s*[】\])]?\s*(?:[(:,。].*|[本每共请下以].*|\d+\s*[-至分道题].*)?")
_ENGLISH_HEADING = re.compile(
    r"\s*(?:(?:part|section)\s+\S{1,5}\s*)?(?:(?:single|multiple)[ -](?:choices?|answers?|response)|true\s*(?:or|/|and)\s*false"
    r"|fill[ -]in(?:[ -]the[ -]blanks?)?|matching|short[ -]answers?)(?:\s+questions?)?\s*(?:\(.*|:)?", re.I)
_DIGIT_HEADING = re.compile(rf"\s*\d{{1,2}}\s*[、.]\s*{_KIND}\S{{0,4}}?题\s*(?:\(.*)?")
_ANSWER = re.compile(r"\s*(?:[【\[]?\s*(?:参考|正确|标准|本题)?答案|[【\[]?\s*answer|答\s*:|解\s*:|ans\s*:)", re.I)
_ANSWER_LATER = re.compile(r"\S.*(?:【\s*(?:参考|正确|标准)?答案\s*】|(?<=[\s;。)])\(?(?:参考|正确|标准)?答案\s*:)")
_SHORT_ANSWER = r"\W*(?:参考|正确|标准|本题)?(?:答案|答|answer|ans)\W*[A-L√×✓✗对错TF正确误、,\s]{1,12}\W*"
_WORDS = re.compile(r"\s*[【\[]?\s*(?:\S{0,2}解析|解答|分析|理由|依据|点评|讲解|解释)\s*[】\]:]")
_A = re.compile(r"\s*[(\[]?[Aa]\s*[)\].、:]|\s*A\s+\S")
_OPTION = re.compile(r"\s*[(\[]?[A-La-l]\s*[)\].、:]")
_A_LATER = re.compile(r"\S.*?(?:(?<=[\s。?？)）:：])[(\[]?A\s*[)\].、:]|\sA\s)\s*\S.*"
                      r"(?<![A-Za-z])B\s*[)\].、:\s]")
_TRUTH = re.compile(r".*\(\s*(?:[√×✓✗✔✘对错TFtf]|正确|错误)\s*\)\s*[。.]?\s*")
_ASIDE = re.compile(r"\s*[【\[]?\s*(?:分值|分数|难度|难易|知识点|考点|题型|章节|标签|出处|来源|能力层次|认知层次|说明)\S{0,3}"
                    r"\s*[】\]:]")
_LIST = re.compile(r"\s*(?:[【\[(]?\s*(?:参考|正确|标准)?答案\s*[】\])]?\s*:?\s*)?第?\s*\d{1,3}\s*(?:-|~|至|到)\s*第?\s*\d{1,3}"
                   r"\s*题?\s*[:.、)]?\s*[A-La-l√×对错TF✓✗]")
_PAIRS = re.compile(r"\d{1,3}\s*[.、):]?\s*(?:[A-L]+|[√×对错✓✗])(?![A-Za-z])")
_KEYED = re.compile(r"\s*(?:第\s*)?[(\[【]?\s*\d{1,3}\s*[)\]】]?\s*题?\s*[.、):]?\s*"
                    r"(?:[A-L、,\s]{1,12}(?![A-Za-z\u4e00-\u9fff])|[√×✓✗TF](?!\w)|对|错|正确|错误|【答案】|答案)")


def question_lines(text: str) -> list[int]:
    """The line each question begins at, from 1; a rough hand without the parser's care."""
    lines = [(x.number, x.folded) for x in lines_of(text) if not x.is_blank]
    lines = _without_keys(lines)
    numbered = _numbered(lines)
    return sorted([*numbered, *_unnumbered(lines, set(numbered), is_alone=not numbered)])


def _without_keys(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The lines without lists of answers."""
    kept, is_key = [], False
    for at, (number, line) in enumerate(lines):
        following = lines[at + 1][1] if at + 1 < len(lines) else ""
        is_only_keys = len(_PAIRS.findall(line)) > 1 and not re.search(r"[^\s,、;.。|]", _PAIRS.sub("", line))
        if _LIST.match(line) or is_only_keys or (_ANSWER.match(line) and len(_PAIRS.findall(line)) > 1):
            is_key = True
            continue
        if kept and _is_keys_heading(line, following, kept):
            is_key = True
            continue
        if is_key and (_is_heading(line)):
            is_key = bool(_KEYED.match(following) or _LIST.match(following)) or _still_listing(lines[at + 1 :])
            if not is_key:
                kept.append((number, line))
            continue
        if is_key and not _KEYED.match(line) and any(p.match(line) for p in _NUMBERS) and _A.match(following):
            is_key = False
        if not is_key:
            kept.append((number, line))
    return kept


def _is_heading(line: str) -> bool:
    return any(p.fullmatch(line) for p in (_HEADING, _DIGIT_HEADING, _ENGLISH_HEADING))


def _still_listing(rest: list[tuple[int, str]]) -> bool:
    """Does what follows a heading have no question in it: no options, no gaps, nothing asked?"""
    return bool(rest) and not any(
        _A.match(x) or _A_LATER.match(x) or "__" in x or _TRUTH.fullmatch(x) or _ANSWER.match(x) for _n, x in rest)


def _is_keys_heading(line: str, following: str, before: list[tuple[int, str]]) -> bool:
    bare = re.sub(r"[\s【】\[\]():附、.一二三四五六七八九十]", "", line)
    if not re.fullmatch(r"\S{0,14}?(?:参考|标准|正确)?答案(?:及|与|和)?(?:评分标准|解析|详解|部分)?", bare) or len(bare) > 20:
        return False
    answered = sum(bool(_ANSWER.match(x) or _ANSWER_LATER.match(x)) for _n, x in before)
    asked = sum(any(p.match(x) for p in _NUMBERS) for _n, x in before)
    own = answered * 2 >= asked - 1 and answered
    return not own and bool(re.match(r"\s*(?:\D{0,2}\d|.*题)", following))


def _numbered(lines: list[tuple[int, str]]) -> list[int]:
    found: list[int] = []
    pattern, last, since = None, 0, []
    for at, (number, line) in enumerate(lines):
        following = lines[at + 1][1] if at + 1 < len(lines) else ""
        if _is_heading(line):
            pattern, last, since = None, 0, []
            continue
        is_whole = any(_A.match(x) or _A_LATER.match(x) or _ANSWER.match(x) for x in since)
        is_free = pattern is None or (is_whole and (_A.match(following) or _A_LATER.match(line)))
        tries = (*_NUMBERS, _BARE) if is_free else (pattern,)
        hit = next((m for p in tries if p and (m := p.match(line)) and (p is not _BARE or _value(m) == last + 1)), None)
        is_asked = bool(_A.match(following) or _A_LATER.match(line))
        if hit and (is_asked or not _is_listed(since, _value(hit), last, following)):
            found.append(number)
            pattern, last, since = hit.re, _value(hit), [line]
        else:
            since.append(line)
    return found


def _value(found: re.Match) -> int:
    return int(next(g for g in found.groups() if g))


def _is_listed(since: list[str], value: int, last: int, following: str) -> bool:
    """Does a number go on with a list inside an answer or an explanation in words, rather than with the questions?"""
    words: list[str] = []
    for line in reversed(since[1:]):
        words.insert(0, line)
        if _WORDS.match(line) or _ANSWER.match(line):
            break
    else:
        return False
    if _ANSWER.match(words[0]) and len(words) == 1 and re.fullmatch(_SHORT_ANSWER, words[0], re.I):
        return False
    told = [int(m[1]) for line in words if (m := re.match(r"(?:[^:】\]]{0,8}[:】\]])?\s*\(?(\d{1,2})\s*[.、)](?!\d)", line))]
    if told and value == told[-1] + 1:
        return not (value == last + 1 and _ANSWER.match(following))
    return value <= last


def _unnumbered(lines: list[tuple[int, str]], numbered: set[int], *, is_alone: bool) -> list[int]:
    found: list[int] = []
    has_options = is_open = False  # since the last question began
    for at, (number, line) in enumerate(lines):
        if number in numbered:
            has_options, is_open = bool(_A_LATER.match(line)), True
        elif _is_heading(line):
            has_options = is_open = False
        elif _A_LATER.match(line) and not _A.match(line) and (has_options or not is_open):
            found.append(number)
            has_options = is_open = True
        elif _A.match(line) and at and _OPTION.match(lines[at - 1][1]):
            continue
        elif _A.match(line) and (has_options or not is_open):
            found.append(lines[at - 1][0] if at else number)
            has_options = is_open = True
        elif _A.match(line):
            has_options = True
        elif is_alone and not _ASIDE.match(line) and not _WORDS.match(line) and not _ANSWER.match(line):
            following = lines[at + 1][1] if at + 1 < len(lines) else ""
            is_answered = _ANSWER.match(following) and not _OPTION.match(line)
            if _TRUTH.fullmatch(line) or _ANSWER_LATER.match(line) or is_answered:
                found.append(number)
                has_options, is_open = False, False
    return found
