"""Writing Moodle's XML, pictures inside."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

from guanxue.core.i18n import lazy as _
from guanxue.quizzes.formats.answers import plain_number
from guanxue.quizzes.formats.cloze import write_cloze
from guanxue.quizzes.formats.markup import html_of
from guanxue.quizzes.formats.reports import Loss
from guanxue.quizzes.gift_writing import LEVEL_LOST
from guanxue.quizzes.rules import Option, Question

PictureOf = Callable[[str], tuple[str, bytes] | None]  # an address to (name, bytes), None for what is not ours
_TYPES = {"single": "multichoice", "multiple": "multichoice", "truefalse": "truefalse", "fillin": "shortanswer",
          "numeric": "numerical", "matching": "matching", "ordering": "ordering", "short": "essay"}
# Shares Moodle knows; others it takes for the nearest or refuses.
_SHARES = {1000: "100", 900: "90", 833: "83.33333", 800: "80", 750: "75", 700: "70", 666: "66.66667", 600: "60", 500: "50",
           400: "40", 333: "33.33333", 300: "30", 250: "25", 200: "20", 166: "16.66667", 142: "14.28571", 125: "12.5",
           111: "11.11111", 100: "10", 50: "5", 0: "0"}


def write_moodle(questions: list[Question], picture_of: PictureOf | None = None) -> tuple[bytes, list[Loss]]:
    """The XML and what it cannot say."""
    out, losses, pool = ['<?xml version="1.0" encoding="UTF-8"?>', "<quiz>"], [], ""
    for number, question in enumerate(questions, 1):
        if question.pool != pool:
            pool = question.pool
            name = f"$course$/top/{pool}" if pool else "$course$/top"
            out.append(f'<question type="category"><category><text>{escape(name)}</text></category></question>')
        writer = _Writer(question, picture_of)
        out.append(writer.xml())
        losses += [Loss(number, what) for what in writer.losses]
    return ("\n".join([*out, "</quiz>"]) + "\n").encode(), losses


class _Writer:
    """One question's element."""

    def __init__(self, question: Question, picture_of: PictureOf | None) -> None:
        self.q, self._picture_of = question, picture_of
        self.losses: list[object] = [LEVEL_LOST] if question.level else []

    def xml(self) -> str:
        """The element."""
        q = self.q
        kind = "cloze" if q.gap_count > 1 else _TYPES[q.kind]
        body = {"multichoice": self._choices, "truefalse": self._truth, "shortanswer": self._words, "numerical": self._numbers,
                "matching": self._pairs, "ordering": self._order, "essay": self._essay, "cloze": list}[kind]()
        lines = [f'<question type="{kind}">', f"<name>{self._plain(q.id)}</name>",
                 self._html("questiontext", self._asked(kind)),
                 self._html("generalfeedback", "" if q.kind == "short" else q.explanation), *body, "</question>"]
        return "\n".join(f"  {line}" for line in lines)

    def _asked(self, kind: str) -> str:
        q = self.q
        if kind == "cloze":
            return write_cloze(q)
        if kind in ("shortanswer", "numerical"):
            return f"{q.stem}____{q.tail}" if q.tail else q.stem
        if q.tail:
            self.losses.append(_("空后面的文字接到了题干后面。"))
        return f"{q.stem} {q.tail}".strip()

    def _plain(self, text: str) -> str:
        return f"<text>{escape(_allowed(text))}</text>"

    def _html(self, tag: str, text: str, attributes: str = "") -> str:
        files: dict[str, bytes] = {}
        words = html_of(_allowed(text), lambda address, alt: self._picture(files, address, alt)) if text else ""
        kept = "".join(f'<file name={quoteattr(name)} path="/" encoding="base64">{base64.b64encode(data).decode()}</file>'
                       for name, data in files.items())
        return f'<{tag} format="html"{attributes}><text>{escape(words)}</text>{kept}</{tag}>'

    def _picture(self, files: dict[str, bytes], address: str, alt: str) -> str:
        found = self._picture_of(address) if self._picture_of else None
        if found is None:
            self.losses.append(_("图片 %(what)s 没有随文件带走，只写了地址。", what=address[-40:]))
            return f"<img src={quoteattr(address)} alt={quoteattr(alt)}>"
        name, data = found
        free = (name, *(f"{n}-{name}" for n in range(2, 1000)))  # two pictures of one name may lie at two addresses
        name = next((x for x in free if files.get(x, data) == data), name)
        files[name] = data
        return f"<img src={quoteattr('@@PLUGINFILE@@/' + name)} alt={quoteattr(alt)}>"

    def _share(self, permille: int) -> str:
        exact = _SHARES.get(abs(permille))
        if exact is None:
            self.losses.append(_("%(n)s%% 不是 Moodle 认得的百分比，它会取最近的。", n=f"{permille / 10:g}"))
            exact = f"{abs(permille) / 10:g}"
        return ("-" if permille < 0 else "") + exact

    def _answer(self, o: Option, text: str) -> str:
        return f'<answer fraction="{self._share(o.permille)}" format="moodle_auto_format">{text}{self._remark(o)}</answer>'

    def _remark(self, o: Option) -> str:
        return self._html("feedback", o.feedback) if o.feedback else ""

    def _choices(self) -> list[str]:
        q = self.q
        lines = [f"<single>{str(q.kind == 'single').lower()}</single>", "<shuffleanswers>true</shuffleanswers>"]
        for o in q.options:
            inside = self._html("answer", o.text, f' fraction="{self._share(o.permille)}"')
            lines.append(inside.replace("</answer>", f"{self._remark(o)}</answer>"))
        if q.rule == "whole":
            lines.append("<tags><tag><text>guanxue:whole</text></tag></tags>")
            self.losses.append(_("“全对才得分”写成了标签，Moodle 会按各选项的百分比给分。"))
        return lines

    def _truth(self) -> list[str]:
        return [f'<answer fraction="{100 if self.q.truth is truth else 0}" format="moodle_auto_format">'
                f"<text>{str(truth).lower()}</text></answer>" for truth in (True, False)]

    def _words(self) -> list[str]:
        return ["<usecase>0</usecase>", *(self._answer(o, self._plain(o.text.replace("*", "\\*"))) for o in self.q.options)]

    def _numbers(self) -> list[str]:
        lines = []
        for o in self.q.options:
            low, high = (Decimal(x) for x in o.text.split(".."))
            middle, tolerance = plain_number((low + high) / 2), plain_number((high - low) / 2)
            lines.append(self._answer(o, f"<text>{middle}</text><tolerance>{tolerance}</tolerance>"))
        return lines

    def _pairs(self) -> list[str]:
        return [self._html("subquestion", o.text).replace(
            "</subquestion>", f"<answer>{self._plain(o.match)}</answer></subquestion>") for o in self.q.options]

    def _order(self) -> list[str]:
        settings = ["<layouttype>VERTICAL</layouttype>", "<selecttype>ALL</selecttype>",
                    f"<selectcount>{len(self.q.options)}</selectcount>", "<gradingtype>ABSOLUTE_POSITION</gradingtype>"]
        return settings + [self._html("answer", o.text, f' fraction="{n}"') for n, o in enumerate(self.q.options, 1)]

    def _essay(self) -> list[str]:
        return ["<responseformat>editor</responseformat>", "<attachments>0</attachments>",
                self._html("graderinfo", self.q.explanation)]


def _allowed(text: str) -> str:
    """Without signs XML cannot hold."""
    return re.sub(r"[^\n\t\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
