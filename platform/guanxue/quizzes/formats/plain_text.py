"""Questions as a teacher would type them, to be read by people and by pasted.py."""

from __future__ import annotations

import re

from guanxue.core.i18n import lazy as _
from guanxue.quizzes.formats.reports import Loss
from guanxue.quizzes.formats.spelling import KIND_NAMES, spelled
from guanxue.quizzes.rules import Question


def write_plain(questions: list[Question]) -> tuple[str, list[Loss]]:
    """The text, and what it cannot say."""
    blocks, losses = [], []
    for number, question in enumerate(questions, 1):
        said = spelled(question)
        lost = list(said.losses)
        lost += [_("题库没有写出。")] if question.pool else []
        lost += [_("难度没有写出。")] if question.level else []
        lost += [_("“全对才得分”没有写出。")] if question.rule else []
        lost += [] if question.id.startswith("q-") else [_("题目的名称没有写出。")]
        if said.is_whole:
            stem = re.sub(r"\s*\n\s*", "\n", said.stem)
            lines = [f"{number}. 【{KIND_NAMES[question.kind]}题】{stem}"]
            lines += [f"{letter}. {' '.join(words.split())}" for letter, words in said.options]
            if said.answer:
                lines.append(f"【答案】{said.answer}")
            if said.explanation:
                lines.append(f"【解析】{said.explanation}")
            blocks.append("\n".join(lines))
        losses += [Loss(number, what, not said.is_whole) for what in lost]
    return "\n\n".join(blocks) + "\n", losses
