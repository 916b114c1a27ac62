"""Reading Moodle's XML. No entity is expanded and nothing is fetched; pictures inside are handed to whoever keeps files."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from guanxue.core.i18n import lazy as _
from guanxue.quizzes.formats.answers import range_text
from guanxue.quizzes.formats.assembling import content_id
from guanxue.quizzes.formats.cloze import read_cloze
from guanxue.quizzes.formats.drafts import Bad
from guanxue.quizzes.formats.markup import file_name, text_of_html
from guanxue.quizzes.formats.reports import NUMBER, Doubt, Dropped, LeftOut, Report, Unreadable
from guanxue.quizzes.gift import WRONGS_MADE_DEAR, pool_name
from guanxue.quizzes.rules import WHOLE, Option, Question, is_won_by_all, pieces_of, with_dear_wrongs

KeepPicture = Callable[[str, bytes], str]  # (name, bytes) to the address a text names it by; raises ValueError with a sentence
_USUAL_FEEDBACK = re.compile(
    r"(?:Your answer is (?:partially )?(?:correct|incorrect)\.|(?:你的|您的)?(?:回答|答案)(?:部分)?(?:正确|不正确|错误)。?)$")
_OUR_RULE = "guanxue:whole"
_UNKNOWN = {
    "description": _("这是一段说明，不是题目。"), "random": _("随机抽题不是题目，请用题库。"),
    **dict.fromkeys(("calculated", "calculatedsimple", "calculatedmulti"), _("计算题（带公式）不支持。")),
    "randomsamatch": _("随机匹配题不支持。"), "ddwtos": _("拖词填空题不支持。"), "gapselect": _("下拉填空题不支持。"),
    "ddmarker": _("拖标记题不支持。"), "ddimageortext": _("拖图题不支持。"),
}


def read_moodle(data: bytes, keep_picture: KeepPicture | None = None) -> Report:
    """Every question of the file, and every one that is not taken, with a reason. Raises Unreadable."""
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        raise Unreadable(_("这个 XML 文件里有实体声明（DTD），为了安全不读它。"))
    except (ParseError, ValueError, LookupError):
        raise Unreadable(_("这个 XML 文件不完整或写错了，读不下去。"))
    if root.tag != "quiz":
        raise Unreadable(_("这不是 Moodle 的题库 XML（应以 <quiz> 开头）。"))
    report = Report(total=count_moodle(data), format="moodle", unit=NUMBER)
    pool, number = "", 0
    for element in root:
        if element.tag != "question":
            continue
        kind = element.get("type", "")
        if kind == "category":
            pool = pool_name(_text(element, "category/text"))
            continue
        number += 1
        _take(report, _Source(element, number, pool, keep_picture), kind)
    return report


def count_moodle(data: bytes) -> int:
    """How many questions the file has: its tags counted in the bytes, what is quoted and commented taken out first."""
    bare = re.sub(rb"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<\?.*?(?:\?>|\Z)", b"",
                  data.replace(b"\0", b""), flags=re.S)
    tags = re.findall(rb"<question(?:\s[^>]*)?>", bare)
    return sum(not re.search(rb"""type\s*=\s*["']category["']""", tag) for tag in tags)


def _text(element: Element, path: str) -> str:
    found = element.find(path)
    return (found.text or "").strip() if found is not None else ""


class _Source:
    """A question element and what is found of it on the way."""

    def __init__(self, element: Element, number: int, pool: str, keep_picture: KeepPicture | None) -> None:
        self.element, self.number, self.pool, self._keep = element, number, pool, keep_picture
        self.dropped: list[object] = []

    def words(self, path: str | Element) -> str:
        """A text of the question as Markdown, its pictures kept."""
        element = self.element.find(path) if isinstance(path, str) else path
        if element is None:
            return ""
        raw = _text(element, "text") or (element.text or "").strip()
        if element.get("format", "") in ("plain_text", "markdown"):
            return raw
        files = {f.get("name", ""): f.text or "" for f in element.iter("file") if f.get("encoding") == "base64"}
        return text_of_html(raw, lambda source, alt: self._picture(files, source, alt))

    def _picture(self, files: dict[str, str], source: str, alt: str) -> str:
        name = file_name(source)
        words = " ".join(alt.split()).replace("]", "") or _("图片")
        if name is None or name not in files:
            self.dropped.append(_("图片 %(what)s：文件里没有它", what=(name or source)[:60]))
            return ""
        try:
            data = base64.b64decode(files[name], validate=False)
            address = self._keep(name, data) if self._keep else f"picture:{name}"
        except (binascii.Error, ValueError) as problem:
            self.dropped.append(_("图片 %(what)s：%(why)s", what=name[:60], why=str(problem)[:80]))
            return ""
        return f"![{words}]({address})"

    def feedback(self, answer: Element) -> str:
        """The remark of an answer."""
        return self.words(found) if (found := answer.find("feedback")) is not None else ""


def _take(report: Report, source: _Source, kind: str) -> None:
    begins = _text(source.element, "name/text")[:40] or f"{source.number}"
    try:
        make = _MAKERS.get(kind)
        if make is None:
            raise Bad(_UNKNOWN.get(kind) or _("题型“%(kind)s”不支持。", kind=kind[:30]))
        question = _named(source, make(source), {q.id for q in report.questions})
    except Bad as bad:
        report.left_out.append(LeftOut(source.number, begins, bad.message))
        return
    _note_losses(source, kind)
    if is_won_by_all(question):
        report.doubts.append(Doubt(source.number, begins, WRONGS_MADE_DEAR))
        question = with_dear_wrongs(question)
    report.questions.append(question)
    report.lines.append(source.number)
    if "picture:" in f"{question.stem}{question.explanation}" and "](picture:" in f"{question.stem}{question.explanation}":
        report.doubts.append(Doubt(source.number, begins, _("题里的图片在收进来的时候保存。")))
    if source.dropped:
        report.dropped.append(Dropped(source.number, begins, tuple(source.dropped)))


def _named(source: _Source, fields: dict, used: set[str]) -> Question:
    name = " ".join(_text(source.element, "name/text").split())[:80]
    explanation = source.words("generalfeedback")
    if fields["kind"] == "short":
        explanation = "\n".join(filter(None, (source.words("graderinfo"), explanation)))
    question = Question(**{"id": name or "q", "stem": source.words("questiontext"), "pool": source.pool,
                           "explanation": explanation, **fields})
    if not (question.stem or question.tail):
        raise Bad(_("没有题干。"))
    if not name or name in used:
        if name:
            source.dropped.append(_("名称“%(name)s”和前面的题重复，换了一个", name=name[:40]))
        question = Question(**{**question.__dict__, "id": content_id(question)})
    if question.id in used:
        raise Bad(_("和前面的一道题重复，只收前面那道。"))
    return question


def _share(answer: Element) -> int:
    try:
        share = int(Decimal(answer.get("fraction", "0")) * 10)
    except InvalidOperation:
        raise Bad(_("百分比看不懂。"))
    if abs(share) > WHOLE:
        raise Bad(_("百分比应在 -100 到 100 之间。"))
    return share


def _choices(source: _Source) -> dict:
    options = tuple(Option(source.words(a), _share(a), source.feedback(a)) for a in source.element.findall("answer"))
    if len(options) < 2 or any(not o.text for o in options):
        raise Bad(_("选择题至少要有两个选项，选项不能空。"))
    if len({o.text for o in options}) < len(options):
        raise Bad(_("有两个选项完全一样。"))
    if not any(o.permille > 0 for o in options):
        raise Bad(_("没有标出正确答案。"))
    is_single = _text(source.element, "single") not in ("false", "0") and (source.element.find("single") is not None or any(
        o.permille == WHOLE for o in options))
    is_whole = not is_single and any(_text(t, "text") == _OUR_RULE for t in source.element.iter("tag"))
    return {"kind": "single" if is_single else "multiple", "options": options, "rule": "whole" if is_whole else ""}


def _truefalse(source: _Source) -> dict:
    right = [_text(a, "text").casefold() for a in source.element.findall("answer") if _share(a) > 0]
    if right not in (["true"], ["false"]):
        raise Bad(_("没有标出正确答案。"))
    if any(source.feedback(a) for a in source.element.findall("answer")):
        source.dropped.append(_("判断题的反馈"))
    return {"kind": "truefalse", "truth": right == ["true"]}


def _fillin(source: _Source) -> dict:
    options = [Option(_text(a, "text"), _share(a), source.feedback(a)) for a in source.element.findall("answer")]
    if any("*" in o.text.replace("\\*", "") for o in options):
        wild = "、".join(o.text for o in options if "*" in o.text)
        source.dropped.append(_("带 * 的答案（任意文字）：%(what)s", what=wild[:40]))
        options = [o for o in options if "*" not in o.text.replace("\\*", "")]
    options = [Option(o.text.replace("\\*", "*"), o.permille, o.feedback) for o in options if o.text and o.permille > 0]
    if not options:
        raise Bad(_("没有标出正确答案。"))
    if _text(source.element, "usecase") == "1":
        source.dropped.append(_("区分大小写的设置"))
    return {"kind": "fillin", **_at_gap(source.words("questiontext")), "options": tuple(options)}


def _at_gap(text: str) -> dict:
    """{stem, tail} of a text with one gap, or with none."""
    parts = pieces_of(text)
    return {"stem": parts[0].strip(), "tail": parts[1].strip()} if len(parts) == 2 else {"stem": text}


def _numeric(source: _Source) -> dict:
    options = []
    for answer in source.element.findall("answer"):
        try:
            middle = Decimal(_text(answer, "text"))
            tolerance = abs(Decimal(_text(answer, "tolerance") or "0"))
        except InvalidOperation:
            raise Bad(_("数值答案“%(text)s”看不懂，应写成 3.14:0.01 或 3.1..3.2。", text=_text(answer, "text")[:20]))
        if not middle.is_finite() or not tolerance.is_finite() or max(abs(middle), tolerance) > Decimal("1e15") or (
                min(middle.as_tuple().exponent, tolerance.as_tuple().exponent) < -30):
            raise Bad(_("数值答案太大。"))
        if (share := _share(answer)) > 0:
            options.append(Option(range_text(middle - tolerance, middle + tolerance), share, source.feedback(answer)))
    if not options:
        raise Bad(_("没有标出正确答案。"))
    if source.element.find("units/unit") is not None:
        units = "、".join(_text(u, "unit_name") for u in source.element.iter("unit"))
        source.dropped.append(_("单位：%(what)s", what=units[:40]))
    return {"kind": "numeric", **_at_gap(source.words("questiontext")), "options": tuple(options)}


def _matching(source: _Source) -> dict:
    pairs = [(source.words(s), _text(s, "answer/text")) for s in source.element.findall("subquestion")]
    spare = [right for left, right in pairs if not left and right]
    options = tuple(Option(left, match=right) for left, right in pairs if left)
    if len(options) < 2 or any(not o.match for o in options) or len({o.text for o in options}) < len(options):
        raise Bad(_("匹配题至少要有两对，左边不能空，也不能相同。"))
    if spare:
        source.dropped.append(_("多出来的右边各项：%(what)s", what="；".join(spare)[:60]))
    return {"kind": "matching", "options": options}


def _ordering(source: _Source) -> dict:
    items = [source.words(a) for a in source.element.findall("answer")]
    if len(items) < 2 or len(set(items)) < len(items) or not all(items):
        raise Bad(_("排序题至少要有两项，而且不能相同。"))
    settings = [_text(source.element, "selecttype") not in ("", "ALL"),
                _text(source.element, "gradingtype") not in ("", "ABSOLUTE_POSITION", "ABSOLUTE")]
    if any(settings):
        source.dropped.append(_("排序题的抽取和计分设置"))
    return {"kind": "ordering", "options": tuple(Option(item) for item in items)}


def _essay(source: _Source) -> dict:
    if _text(source.element, "attachments") not in ("", "0"):
        source.dropped.append(_("要求上传附件的设置"))
    if template := source.words("responsetemplate"):
        source.dropped.append(_("答案模板：%(what)s", what=template[:40]))
    return {"kind": "short"}


def _cloze(source: _Source) -> dict:
    return read_cloze(source.words("questiontext"))


_MAKERS = {
    "multichoice": _choices, "truefalse": _truefalse, "shortanswer": _fillin, "numerical": _numeric, "matching": _matching,
    "match": _matching, "ordering": _ordering, "essay": _essay, "cloze": _cloze, "multianswer": _cloze,
}


def _note_losses(source: _Source, kind: str) -> None:
    """What Moodle keeps of a question and we do not: points, hints, tags, its own feedback."""
    element, note = source.element, source.dropped.append
    points = _text(element, "defaultgrade")
    if points and points.rstrip("0").rstrip(".") not in ("1", "") and kind not in ("cloze", "multianswer"):
        note(_("分值：%(what)s", what=points.rstrip("0").rstrip(".") or "0"))
    if tags := [t for tag in element.iter("tag") if (t := _text(tag, "text")) and t != _OUR_RULE]:
        note(_("标签：%(what)s", what="、".join(tags)[:60]))
    if any(_text(h, "text") for h in element.findall("hint")):
        note(_("提示（hint）"))
    for name in ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback"):
        words = source.words(name)
        if words and not _USUAL_FEEDBACK.match(words):
            note(_("整题的反馈：%(what)s", what=words[:40]))
    if (number := _text(element, "idnumber")):
        note(_("编号：%(what)s", what=number[:40]))
    if kind == "multichoice" and _text(element, "shuffleanswers") in ("0", "false"):
        note(_("选项固定顺序的设置（这里总是打乱）"))
