"""The form of one question: what it shows of a question, and the question that was typed into it."""

from __future__ import annotations

import re

from guanxue import quizzes
from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _

FIELDS = ("id", "kind", "stem", "options", "answer", "explanation", "pool", "level")
LONGEST = {"stem": 5000, "options": 10_000, "answer": 5000, "explanation": 10_000, "pool": 60}
_RIGHT = re.compile(r"^\s*[*＊√✓]\s*")
_SIGNED = re.compile(r"\\|[*＊√✓]|[（(]?[A-La-lＡ-Ｌ][)）.．、:：]\s*\S")  # taken for a mark
_LETTER = re.compile(r"^\s*[（(]?([A-La-lＡ-Ｌ])[)）.．、:：]\s*(?=\S)")


def blank_values(kind: str = "") -> dict:
    """Of a new question, of that kind where there is such a one."""
    return {**dict.fromkeys(FIELDS, ""), "kind": kind if kind in quizzes.KINDS else "single", "is_whole": False,
            "is_odd": False}


def form_values(form) -> dict:
    """As they were typed."""
    return {**{name: form.get(name, "") for name in FIELDS}, "is_whole": form.get("whole") == "yes", "is_odd": False}


def values_of(q: quizzes.Question) -> dict:
    """Of a question that is there; `is_odd` where the form cannot say it."""
    said = quizzes.spelled(q)
    best = max((o.permille for o in q.options), default=0)
    lines, answer = [], said.answer
    if q.kind in ("single", "multiple"):
        is_right = [o.permille > 0 if q.kind == "multiple" else o.permille == best for o in q.options]
        lines = [f"{'*' if right else ''}{_plainly(o.text)}" for o, right in zip(q.options, is_right, strict=True)]
    elif q.kind == "ordering":
        lines = [_plainly(o.text) for o in q.options]
    elif q.kind == "matching":
        lines = [f"{o.text} → {o.match}" for o in q.options]
    values = {"id": q.id, "kind": q.kind, "stem": said.stem, "options": "\n".join(lines), "answer": "" if lines else answer,
              "explanation": said.explanation, "pool": q.pool, "level": q.level, "is_whole": q.rule == "whole"}
    return {**values, "is_odd": not _comes_back(q, values)}


def _plainly(text: str) -> str:
    """An option's words as a line of the form: a backslash before what would be taken for a mark."""
    return f"\\{text}" if _SIGNED.match(text) else text


def _words_of(line: str) -> str:
    """The words of a line of the form, its mark of being right taken off: no letter before them, no backslash before a sign."""
    return line[1:] if line.startswith("\\") and _SIGNED.match(line, 1) else _LETTER.sub("", line)


def _comes_back(q: quizzes.Question, values: dict) -> bool:
    """Would the form, saved as it is shown, give the question that it shows?"""
    try:
        made = question_from({**values, "whole": "yes" if values["is_whole"] else ""})
    except Invalid:
        return False
    return _shown(made) == _shown(q)


def _shown(q: quizzes.Question) -> tuple:
    said = quizzes.spelled(q)
    words = (said.stem.strip(), said.options, said.answer.strip(), said.explanation.strip())
    return q.kind, said.is_whole, words, q.pool, q.rule, q.level


def question_from(form, added: str = "") -> quizzes.Question:
    """The question that was typed, with the pictures that came along under its stem. Raises Invalid with the field."""
    typed = {name: form.get(name, "").replace("\r\n", "\n").strip() for name in FIELDS}
    for name, most in LONGEST.items():
        if len(typed[name]) > most:
            raise _at(name, _("太长了，最多 %(n)s 个字。", n=most))
    kind = typed["kind"]
    if kind not in quizzes.KIND_NAMES:
        raise _at("kind", _("请选择题型。"))
    if not typed["stem"] and not added:
        raise _at("stem", _("没有题干。"))
    draft = quizzes.Draft(0, stem="\n".join(filter(None, (typed["stem"], added))), kind=kind, pool=typed["pool"],
                          level=typed["level"] if typed["level"] in quizzes.LEVELS else "",
                          explanation=typed["explanation"], rule="whole" if form.get("whole") == "yes" else "",
                          answer=typed["answer"] or None)
    _put_options(draft, [x.strip() for x in typed["options"].split("\n") if x.strip()])
    doubts: list[quizzes.Doubt] = []
    try:
        question = quizzes.assemble(draft, doubts)
    except quizzes.Bad as bad:
        raise _at("options" if kind in ("single", "multiple", "matching", "ordering") else "answer", bad.message)
    if question.kind != kind and (kind, question.kind) != ("fillin", "numeric"):
        raise _at("answer", doubts[-1].reason if doubts else _("答案和题型对不上。"))
    return question


def _put_options(draft: quizzes.Draft, lines: list[str]) -> None:
    """The lines of the form's list: choices with a star before the right ones, pairs with an arrow, steps in their order."""
    if draft.kind == "matching":
        draft.answer = "\n".join(lines)
    elif draft.kind in ("single", "multiple", "ordering"):
        if len(lines) > 12:
            raise _at("options", _("最多 12 项。"))
        stars = [bool(_RIGHT.match(x)) for x in lines]
        words = [_words_of(_RIGHT.sub("", x)) for x in lines]
        draft.options = [(chr(65 + n), text) for n, text in enumerate(words)]
        right = "".join(chr(65 + n) for n, is_right in enumerate(stars) if is_right)
        if draft.kind == "ordering":
            draft.answer = "".join(letter for letter, _text in draft.options) or None
        elif right:
            draft.answer = right
        elif draft.answer is None:
            raise _at("options", _("没有标出正确答案：在对的选项前面加 *。"))


def _at(field: str, message: object) -> Invalid:
    return Invalid(message, fields=[{"field": field, "message": message}])
