"""Writing GIFT: our own dialect, which read_gift() reads back to the same questions, and one for Moodle with what it loses."""

from __future__ import annotations

import re

from guanxue.core.i18n import lazy as _
from guanxue.quizzes.formats.reports import Loss
from guanxue.quizzes.rules import WHOLE, Option, Question, is_won_by_all, pieces_of

NO_POOL = "$course$/top"
LEVEL_LOST = _("难度没有写出。")
_FORMAT = re.compile(r"^\[(html|markdown|plain|moodle)\]")
_OURS = re.compile(r"\]\(/media/")


def write_gift(questions: list[Question]) -> str:
    """GIFT that read_gift() reads back to the same questions."""
    return "\n\n".join(_blocks(questions, is_ours=True)) + "\n"


def write_moodle_gift(questions: list[Question]) -> tuple[str, list[Loss]]:
    """GIFT that Moodle takes, and what it cannot say."""
    losses = [Loss(n, what, q.gap_count > 1) for n, q in enumerate(questions, 1) for what in _unsayable(q)]
    return "\n\n".join(_blocks([q for q in questions if q.gap_count < 2], is_ours=False)) + "\n", losses


def _unsayable(q: Question) -> list[object]:
    if q.gap_count > 1:
        return [_("Moodle 的 GIFT 没有几个空的填空题，这道题没有写出；要带走它请用 Moodle XML。")]
    lost = [_("“全对才得分”写不出，Moodle 会按各选项的百分比给分。")] if q.rule == "whole" else []
    lost += [LEVEL_LOST] if q.level else []
    texts = (q.stem, q.tail, q.explanation, *(o.text for o in q.options), *(o.match for o in q.options))
    if any(_OURS.search(text) for text in texts):
        lost.append(_("图片、声音只写了本站的地址，没有随文件带走。"))
    return lost


def _blocks(questions: list[Question], *, is_ours: bool) -> list[str]:
    blocks, pool = [], ""
    for q in questions:
        if q.pool != pool:
            blocks.append(f"$CATEGORY: {q.pool or NO_POOL}")
            pool = q.pool
        blocks.append((_marks(q) if is_ours else "") + _written(q, is_ours=is_ours))
    return blocks


def _marks(q: Question) -> str:
    """The comment that says what GIFT has no sign for."""
    has_one_right = q.kind == "multiple" and any(o.permille == WHOLE for o in q.options)
    marks = ["multiple"] * has_one_right + ["whole"] * (q.rule == "whole") + ["free"] * is_won_by_all(q)
    marks += [q.level] if q.level else []
    return f"// guanxue: {', '.join(marks)}\n" if marks else ""


def _escape(text: str) -> str:
    """Nothing of it reads as a sign of GIFT, nor its beginning as a share or a comment."""
    text = re.sub(r"([\\~=#{}:])", r"\\\1", text.replace("\r", "")).replace("\n", "\\n").replace("->", "-\\>")
    return f"\\{text}" if text.startswith(("%", "//", ">", "$CATEGORY")) else text


def _stem(text: str) -> str:
    return f"\\{_escape(text)}" if _FORMAT.match(text) else _escape(text)


def _written(q: Question, *, is_ours: bool) -> str:
    note = f"####{_escape(q.explanation)}" if q.explanation else ""
    markdown = "" if is_ours else "[markdown]"
    begins = f"::{_escape(q.id)}::{markdown}"
    if q.gap_count > 1:
        return begins + _gapped(q, note)
    body = {
        "truefalse": lambda: "TRUE" if q.truth else "FALSE",
        "numeric": lambda: "#" + "".join(f"=%{_share(o)}%{o.text}{_noted(o)} " for o in q.options),
        "matching": lambda: "".join(f"={_escape(o.text)} -> {_escape(o.match)}\n" for o in q.options),
        "fillin": lambda: "".join(_accepted(o) for o in q.options),
        "short": lambda: "",
        "ordering": lambda: _ordered(q),
    }.get(q.kind, lambda: "\n" + "".join(_choice(q, o) for o in q.options))()
    return f"{begins}{_stem(q.stem)}{{{body}{note}}}{_escape(q.tail)}"


def _gapped(q: Question, note: str) -> str:
    """The stem with a group of braces for each of its gaps."""
    parts = pieces_of(q.stem)
    parts = [*parts[: q.gap_count], "____".join(parts[q.gap_count :])]
    text = _stem(parts[0])
    for n, part in enumerate(parts[1:]):
        answers = "".join(_accepted(o) for o in q.options if o.gap == n)
        text += f"{{{answers.rstrip()}{note if n == len(parts) - 2 else ''}}}{_escape(part)}"
    return text


def _ordered(q: Question) -> str:
    items = "".join(f"{_escape(o.text)}\n" for o in q.options)
    return f">{len(q.options)} ALL VERTICAL ABSOLUTE_POSITION\n{items}"


def _share(o: Option) -> str:
    """In percent, thirds as Moodle wants them written."""
    exact = {333: "33.33333", 666: "66.66667", 166: "16.66667", 833: "83.33333", 142: "14.28571"}.get(abs(o.permille))
    return ("-" if o.permille < 0 else "") + exact if exact else f"{o.permille / 10:g}"


def _accepted(o: Option) -> str:
    return f"=%{_share(o)}%{_escape(o.text)}{_noted(o)} "


def _choice(q: Question, o: Option) -> str:
    if q.kind == "single" and o.permille == max(x.permille for x in q.options):
        weight = "" if o.permille == WHOLE else f"%{_share(o)}%"
        return f"  ={weight}{_escape(o.text)}{_noted(o)}\n"
    weight = f"%{_share(o)}%" if o.permille else ""
    return f"  ~{weight}{_escape(o.text)}{_noted(o)}\n"


def _noted(o: Option) -> str:
    return f"#{_escape(o.feedback)}" if o.feedback else ""
