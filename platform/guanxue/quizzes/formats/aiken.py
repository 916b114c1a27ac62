"""Aiken: a question, lettered options a line each, ANSWER: and a letter. One right choice and nothing else."""

from __future__ import annotations

import re

from guanxue.core.i18n import lazy as _
from guanxue.quizzes.formats.assembling import content_id
from guanxue.quizzes.formats.reports import LeftOut, Loss, Report
from guanxue.quizzes.rules import WHOLE, Option, Question

_OPTION = re.compile(r"\s*([A-Z])[.)]\s+(\S.*)$")
_ANSWER = re.compile(r"\s*ANSWER:\s*(.*)$")


def is_aiken(text: str) -> bool:
    """Lines of both signs, and nothing of a paper in Chinese or of GIFT?"""
    lines = text.splitlines()
    return any(_ANSWER.match(x) for x in lines) and sum(bool(_OPTION.match(x)) for x in lines) > 1


def count_aiken(text: str) -> int:
    """How many questions there should be, told by the order of the lines' signs alone."""
    signs = "".join("N" if _ANSWER.match(x) else "O" if _OPTION.match(x) else "S" for x in text.splitlines() if x.strip())
    return len(re.findall(r"S*O*N|S+O*|O+", signs))


def read_aiken(text: str) -> Report:
    """Every question of the text, and every block that is none, with a reason."""
    text = text.lstrip("\ufeff")
    report = Report(total=count_aiken(text), format="aiken")
    stem: list[str] = []
    options: list[tuple[str, str]] = []
    start = 0
    for number, line in enumerate([*text.splitlines()], 1):
        if not line.strip():
            continue
        if answer := _ANSWER.match(line):
            _finish(report, start or number, stem, options, answer[1].rstrip())
            stem, options, start = [], [], 0
            continue
        if option := _OPTION.match(line):
            options.append((option[1], option[2].rstrip()))
        elif options:
            _finish(report, start, stem, options, None)
            stem, options, start = [line.strip()], [], 0
        else:
            stem.append(line.strip())
        start = start or number
    if stem or options:
        _finish(report, start, stem, options, None)
    return report


def _finish(report: Report, line: int, stem: list[str], options: list[tuple[str, str]], answer: str | None) -> None:
    words = "\n".join(stem)
    why = _fault(words, options, answer)
    if why is None:
        made = Question("q", "single", words, tuple(Option(text, WHOLE if c == answer else 0) for c, text in options))
        question = Question(content_id(made), "single", words, made.options)
        if any(q.id == question.id for q in report.questions):
            why = _("和前面的一道题重复，只收前面那道。")
        else:
            report.questions.append(question)
            report.lines.append(line)
            return
    report.left_out.append(LeftOut(line, words[:40], why))


def _fault(stem: str, options: list[tuple[str, str]], answer: str | None) -> object | None:
    letters = [c for c, _text in options]
    if not stem:
        return _("没有题干。")
    if len(options) < 2:
        return _("选择题至少要有两个选项，选项不能空。")
    if len(set(letters)) < len(letters):
        return _("选项字母 %(letter)s 出现了两次。", letter=next(c for n, c in enumerate(letters) if c in letters[:n]))
    if len({text for _c, text in options}) < len(options):
        return _("有两个选项完全一样。")
    if answer is None:
        return _("没有找到 ANSWER: 一行。")
    if answer not in letters:
        return _("答案是 %(answer)s，选项里没有 %(letter)s。", answer=answer[:20], letter=answer[:20])
    return None


def write_aiken(questions: list[Question]) -> tuple[str, list[Loss]]:
    """Aiken, and what it cannot say: all but one right choice, and of that explanations, remarks and shares."""
    blocks, losses = [], []
    for number, q in enumerate(questions, 1):
        why = _unsayable(q)
        if why is not None:
            losses.append(Loss(number, why, True))
            continue
        losses += [Loss(number, what) for what in _lost(q)]
        best = max(range(len(q.options)), key=lambda n: q.options[n].permille)
        lines = [" ".join(f"{q.stem} {q.tail}".split())]
        lines += [f"{chr(65 + n)}. {' '.join(o.text.split())}" for n, o in enumerate(q.options)]
        blocks.append("\n".join([*lines, f"ANSWER: {chr(65 + best)}"]))
    return "\n\n".join(blocks) + "\n", losses


def _unsayable(q: Question) -> object | None:
    if q.kind != "single":
        return _("Aiken 只有单选题，这道题没有写出。")
    if len(q.options) > 26:
        return _("选项超过 26 个，这道题没有写出。")
    line = " ".join(f"{q.stem} {q.tail}".split())
    if _OPTION.match(line) or _ANSWER.match(line):
        return _("题干读起来像 Aiken 的选项或答案行，这道题没有写出。")
    return None


def _lost(q: Question) -> list[object]:
    lost = [_("解析没有写出。")] if q.explanation else []
    lost += [_("各选项的反馈没有写出。")] if any(o.feedback for o in q.options) else []
    lost += [_("题库没有写出。")] if q.pool else []
    lost += [_("难度没有写出。")] if q.level else []
    if sorted(o.permille for o in q.options)[:-1] != [0] * (len(q.options) - 1):
        lost.append(_("只值一部分分数的选项写成了错的。"))
    lost += [_("题目的名称没有写出。")] if q.id != content_id(q) else []
    if any(text != " ".join(text.split()) for text in (q.stem, *(o.text for o in q.options))):
        lost.append(_("换行和多个空格合成了一个空格。"))
    return lost + ([_("空后面的文字接到了题干后面。")] if q.tail else [])
