"""Reading questions as teachers type them in Word: numbered or not, options in lines or on one, answers beside or at the end.

One pass over the lines; what a line is is told by headings.py, what a question is by assembling.py, and how many there
should be by counting.py, which knows nothing of this file.
"""

from __future__ import annotations

import re

from guanxue.core.i18n import lazy as _
from guanxue.quizzes.formats import headings
from guanxue.quizzes.formats.answer_keys import Keys, has_pairs, is_key_line, is_only_pairs, numbers_in, part_of
from guanxue.quizzes.formats.answers import truth_of
from guanxue.quizzes.formats.assembling import assemble
from guanxue.quizzes.formats.counting import question_lines
from guanxue.quizzes.formats.drafts import Bad, Draft
from guanxue.quizzes.formats.lines import CIRCLED, Line, fold, lines_of
from guanxue.quizzes.formats.reports import Doubt, Dropped, LeftOut, Report
from guanxue.quizzes.rules import Question

_TRUTH_AT_END = re.compile(r"[（(]\s*(\S{1,2})\s*[）)]\s*[。.]?\s*$")
_IS_LETTERS = re.compile(r"[A-La-l、,，\s√×✓✗✔✘对错TF正确误]*")


def read_pasted(text: str) -> Report:
    """Every question of a pasted text, and what is none with a reason; doubtful lines are named."""
    reader = _Reader(lines_of(text))
    drafts = reader.read()
    counted = question_lines(text)
    report = Report(total=len(counted), format="text", doubts=reader.doubts)
    for draft in drafts:
        _take(report, draft)
    missed = sorted(set(counted) - {d.line for d in drafts})[: max(0, len(counted) - len(drafts))]
    for number in missed:
        report.left_out.append(LeftOut(number, reader.words_of(number), _(
            "这一行像一道题的开头，却被读进了上一题；请给它编上题号再试。")))
    if not report.is_balanced:
        report.doubts.append(Doubt(0, "", _("数出来有 %(a)s 道题，读到的和漏下的共 %(b)s 道，请逐题核对。",
                                            a=report.total, b=len(report.questions) + len(report.left_out))))
    report.left_out.sort(key=lambda x: x.line)
    report.doubts.sort(key=lambda x: x.line)
    return report


def _take(report: Report, draft: Draft) -> None:
    """The draft as a question of the report, or why it is none."""
    try:
        question = assemble(draft, report.doubts)
        before = next((q for q in report.questions if q.id == question.id), None)
        if before is not None:
            raise Bad(again(before, question))
    except Bad as bad:
        report.left_out.append(LeftOut(bad.line or draft.line, draft.begins(), bad.message))
        return
    report.questions.append(question)
    report.lines.append(draft.line)
    if draft.dropped:
        report.dropped.append(Dropped(draft.line, draft.begins(), tuple(draft.dropped)))


def again(before: Question, question: Question) -> object:
    """Why a question that was read before is left out."""
    if (before.options, before.truth) == (question.options, question.truth):
        return _("和前面的一道题完全一样，只收一次。")
    return _("和前面的一道题相同，答案却不同，请核对；收了前面那道。")


class _Reader:
    """Goes through the lines once. `state` is what a line without any sign belongs to."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines, self.doubts = lines, []
        self.drafts: list[Draft] = []
        self.draft: Draft | None = None
        self.state = "stem"
        self.kind, self.rule, self.style, self.last = "", "", None, 0
        self.keys, self.part, self.numbers = Keys(), 0, set()
        self.is_in_keys = self.is_after_blank = False
        self.kinds: list[str] = []  # of each part, in order
        self.han_listed = 0  # the same of a list that is numbered 一、二、
        self.listed = 0  # the number a list inside an answer has come to
        self.is_numbered = any(headings.numbered(x.folded) and not is_key_line(x.folded) for x in lines)

    def read(self) -> list[Draft]:
        """Every draft, with the answers that stood together given out."""
        for at, line in enumerate(self.lines):
            if line.is_page:
                self.doubts.append(Doubt(line.number, line.text.strip()[:40], _("像是页眉页脚，没有收进题里。")))
                continue
            if line.is_blank:
                self.is_after_blank = True
                continue
            self._line(at, line)
            self.is_after_blank = False
        self._close()
        self.doubts += self.keys.give(self.drafts)
        return self.drafts

    def words_of(self, number: int) -> str:
        """How the line of that number begins."""
        return next(x.text.strip()[:40] for x in self.lines if x.number == number)

    # ---- what a line is

    def _line(self, at: int, line: Line) -> None:
        if self._is_keys_heading(at, line):
            self._open_keys(at, line)
        elif (heading := headings.heading_of(line.folded)) is not None:
            self._heading(at, line, heading)
        elif self.is_in_keys and not self._leaves_keys(at, line):
            self._key_line(line)
        elif (begun := self._begun(at, line)) is not None:
            self.is_in_keys = False
            self._begin(at, line, *begun)
        elif headings.is_material(line.folded) and (self.draft is None or self._is_whole()):
            self._close()
            self._aside(line)
        elif headings.is_part(line.folded) and self.state != "stem" and not self._lists_on(line.folded):
            self._aside(line)
        elif self.draft is None:
            self._aside(line)
        else:
            self._words(at, line, line.text, line.folded)

    def _lists_on(self, folded: str) -> bool:
        """Does "一、" begin, or "二、" go on with, a list inside an answer or explanation in words?"""
        found = re.match(r"\s*([一二三四五六七八九十])\s*[、.]", folded)
        number = "一二三四五六七八九十".index(found[1]) + 1 if found else 0
        if self.draft is None or not number or not self._is_in_words() or number != self.han_listed + 1:
            return False
        self.han_listed = number
        return True

    def _is_keys_heading(self, at: int, line: Line) -> bool:
        """Do answers of several questions follow, or stand on this line?"""
        if not self.drafts:
            return False
        pieces = headings.pieces_of(line.text, line.folded)
        if pieces and pieces[0].mark == "answer" and has_pairs(pieces[0].folded):
            return True
        if not self.is_in_keys and self._waits_for(line.folded):
            return True
        return headings.is_answers_heading(line.folded) and (self.is_in_keys or self._keys_follow(at))

    def _waits_for(self, folded: str) -> bool:
        """Are there questions without an answer that a line of nothing but numbers and answers could be for?"""
        return is_only_pairs(folded) and all(
            any(d.number == n and d.answer is None for d in self.drafts) for n in numbers_in(folded))

    def _keys_follow(self, at: int) -> bool:
        answered = sum(d.answer is not None for d in self.drafts)
        if self.draft is not None and self.draft.answer is None and answered * 2 > len(self.drafts):
            return False  # the others have theirs beside them: this is the last one's own
        following = self._next(at)
        return following is not None and (
            is_key_line(following.folded) or headings.heading_of(following.folded) is not None
            or headings.numbered(following.folded) is not None or headings.is_answers_heading(following.folded))

    def _next(self, at: int) -> Line | None:
        return next((x for x in self.lines[at + 1 :] if not x.is_blank), None)

    def _open_keys(self, at: int, line: Line) -> None:
        pieces = headings.pieces_of(line.text, line.folded)
        self._close()
        self.is_in_keys = True
        self.keys.name_kind(self.kind if pieces and pieces[0].mark == "answer" and pieces[0].folded else "")
        if pieces and pieces[0].mark == "answer" and pieces[0].folded.strip():
            self.doubts += self.keys.read(line, pieces[0].text, pieces[0].folded)
        elif is_only_pairs(line.folded):
            self.doubts += self.keys.read(line, line.text, line.folded)

    def _key_line(self, line: Line) -> None:
        """A line of the list of answers; "二、" before it names the part whose answers follow."""
        part, begins = part_of(line.folded)
        if 0 < part <= len(self.kinds):
            self.keys.name_kind(self.kinds[part - 1])
        self.doubts += self.keys.read(line, line.text[begins:], line.folded[begins:])

    def _leaves_keys(self, at: int, line: Line) -> bool:
        """After a list of answers, does a question begin again?"""
        if is_key_line(line.folded) or headings.numbered(line.folded) is None:
            return False
        following = self._next(at)
        return self.kind != "" and self.draft is None and following is not None and headings.options_in(
            following.text, following.folded, "A") is not None

    def _heading(self, at: int, line: Line, heading: headings.Heading) -> None:
        following = self._next(at)
        if self.is_in_keys:
            rest = heading.rest.lstrip(":： ")
            if is_key_line(rest) or has_pairs(rest):
                self.keys.name_kind(heading.kind)
                self.doubts += self.keys.read(line, rest, rest)
                return
            if following is not None and is_key_line(following.folded):
                self.keys.name_kind(heading.kind)
                return
            if following is not None and self._lists_answers(at, heading):
                self.keys.name_kind(heading.kind)
                return
        self._close()
        self.is_in_keys, self.part = False, self.part + 1
        self.kinds.append(heading.kind)
        self.kind, self.rule, self.style, self.last = heading.kind, "whole" if heading.is_whole else "", None, 0
        if heading.names_points:
            self.doubts.append(Doubt(line.number, line.text.strip()[:40], _("标题里的分值没有收：这里每道题一样重。")))

    def _lists_answers(self, at: int, heading: headings.Heading) -> bool:
        """Inside a list of answers, is this heading the list's own (the same kind's questions still wait for theirs)?"""
        waiting = [d for d in self.drafts if d.answer is None and d.kind == heading.kind and d.number is not None]
        following = self._next(at)
        return bool(waiting) and following is not None and headings.numbered(following.folded) is not None

    def _aside(self, line: Line) -> None:
        self.doubts.append(Doubt(line.number, line.text.strip()[:40], _("当作标题或说明，没有收进题里。")))

    # ---- where a question begins

    def _begun(self, at: int, line: Line) -> tuple[int | None, int] | None:
        """(number, where its words begin) when a question begins on this line."""
        found = headings.numbered(line.folded, self.style)
        if found is None and self.style is not None and self._is_whole() and self._asks(at, line):
            found = headings.numbered(line.folded)  # numbered another way from here on
        if found is not None and self._is_number(at, line, found):
            self.style, self.last = found[0], found[1]
            return found[1], found[2]
        if (han := re.match(r"\s*[一二三四五六七八九十]{1,3}\s*[、.]\s*", line.folded)) and self._asks(at, line):
            return None, han.end()
        return (None, 0) if self._is_bare(at, line) else None

    def _is_number(self, at: int, line: Line, found: tuple[str, int, int]) -> bool:
        style, number, _begins = found
        if style == "bare" and number != self.last + 1:
            return False
        if self.draft is None or not self._is_in_words() or self._asks(at, line):
            return True
        if self.listed and number == self.listed + 1:  # a list inside a long answer goes on, unless an answer follows
            following = self._next(at)
            return number == self.last + 1 and following is not None and headings.begins_answer(following.folded)
        return number > self.last

    def _is_in_words(self) -> bool:
        """Is what stands before an answer or explanation in words?"""
        if self.state != "answer":
            return self.state == "explanation"
        answer = (self.draft.answer or "").strip()
        return self.draft.kind == "short" or not answer or not _IS_LETTERS.fullmatch(answer)

    def _asks(self, at: int, line: Line) -> bool:
        """Do options follow on this line or the next?"""
        following = self._next(at)
        return self._begins_with(following, "A") or headings.options_within(
            line.text, line.folded, is_continued=False) is not None

    def _begins_with(self, line: Line | None, letter: str) -> bool:
        """Does the line begin with that option?"""
        options = headings.options_in(line.text, line.folded, letter) if line is not None else None
        return options is not None and options[0][0] == letter

    def _is_bare(self, at: int, line: Line) -> bool:
        """Does a question begin here although nothing numbers it?"""
        if headings.options_in(line.text, line.folded, self._expected()) is not None:
            return False
        if headings.NOT_A_QUESTION.match(line.folded):
            return False
        pieces = headings.pieces_of(line.text, line.folded)
        if not pieces or pieces[0].mark:
            return False
        draft = self.draft
        if draft is not None and not self._is_whole():
            return False
        if self._asks(at, line):
            return True
        if self.is_numbered and draft is not None:
            return False
        return self._stands_alone(at, line, pieces, is_first=draft is None)

    def _stands_alone(self, at: int, line: Line, pieces: list, *, is_first: bool) -> bool:
        """Has a line without a number its own answer, on it or on the next line?"""
        if self._truth(line.folded) or (len(pieces) > 1 and pieces[1].mark == "answer"):
            return True
        if self.is_numbered:
            return False
        following = self._next(at)
        is_answered = following is not None and headings.begins_answer(following.folded)
        if is_answered and not self.is_in_keys:
            return is_first or self.is_after_blank or self.state in ("answer", "options", "aside") or "__" in line.folded
        if is_first:
            return self.kind in ("truefalse", "fillin", "short") and bool(self.kind)
        return self.kind in ("truefalse", "fillin", "short") and self.is_after_blank and self.state != "answer"

    def _truth(self, folded: str) -> bool:
        found = _TRUTH_AT_END.search(folded)
        return bool(found) and truth_of(found[1]) is not None

    def _is_whole(self) -> bool:
        """Has the present question its options or its answer?"""
        draft = self.draft
        return draft is not None and (len(draft.options) > 1 or draft.answer is not None or self._truth(draft.stem))

    # ---- what a question is made of

    def _begin(self, at: int, line: Line, number: int | None, begins: int) -> None:
        self._close()
        self.draft = Draft(line.number, kind=self.kind, rule=self.rule, number=number)
        if number is not None and (self.part, number) in self.numbers:
            self.doubts.append(Doubt(line.number, line.text.strip()[:40], _("题号 %(n)s 重复了。", n=number)))
        self.numbers.add((self.part, number))
        self.listed = self.han_listed = 0
        self.drafts.append(self.draft)
        self.state = "stem"
        text, folded = line.text[begins:], line.folded[begins:]
        if (inline := headings.INLINE_KIND.match(folded) or headings.KIND_BEFORE.match(folded)) is not None:
            self.draft.kind = headings.kind_named(inline["kind"]) or self.draft.kind
            text, folded = text[inline.end() :], folded[inline.end() :]
        self._words(at, line, text, folded)

    def _close(self) -> None:
        if self.draft is not None:
            _strip_points(self.draft)
        self.draft = None

    def _expected(self) -> str:
        return chr(65 + len(self.draft.options)) if self.draft is not None else "A"

    def _words(self, at: int, line: Line, text: str, folded: str) -> None:
        """A line of the present question, cut at its marks."""
        for piece in headings.pieces_of(text, folded):
            if piece.mark == "":
                self._plain(at, line, piece.text, piece.folded)
            else:
                self._marked(line, piece)

    def _marked(self, line: Line, piece: headings.Piece) -> None:
        draft, inner = self.draft, headings.numbered(piece.folded)
        self.listed = inner[1] if inner and inner[1] == 1 else self.listed
        self.han_listed = 1 if re.match(r"\s*一\s*[、.]", piece.folded) else self.han_listed
        if piece.mark == "kind":
            draft.kind = headings.kind_named(piece.folded.strip()) or draft.kind
        elif piece.mark == "aside":
            draft.dropped.append(f"{piece.name}：{piece.text.strip()[:40]}")
            self.state = "aside"
        elif piece.mark == "answer":
            if draft.answer is not None and draft.answer.strip():
                self.doubts.append(Doubt(line.number, line.text.strip()[:40], _("这道题有两处答案，用了前一处。")))
                return
            draft.answer, draft.answer_line, self.state = piece.text.strip(), line.number, "answer"
        else:
            draft.explanation = "\n".join(filter(None, (draft.explanation, piece.text.strip())))
            self.state = "explanation"

    def _plain(self, at: int, line: Line, text: str, folded: str) -> None:
        draft = self.draft
        options = None
        if draft.kind != "short" or self.state in ("stem", "options"):
            options = headings.options_in(text, folded, self._expected())
        if options is not None and self._are_options(options):
            self._add_options(line, options)
            return
        within = None
        if self.state == "stem" and not draft.options:
            within = headings.options_within(text, folded, is_continued=self._begins_with(self._next(at), "B"))
        if within is not None:
            draft.stem = f"{draft.stem}\n{within[0]}".strip()
            self._add_options(line, within[1])
            return
        self._continue(line, text)

    def _are_options(self, options: list[tuple[str, str]]) -> bool:
        """A first option is A, later ones go on; a stem that begins with "M. 某" is none."""
        first = options[0][0]
        return first == "A" or (bool(self.draft.options) and first > self.draft.options[-1][0]) or (
            bool(self.draft.options) and self.state == "options")

    def _add_options(self, line: Line, options: list[tuple[str, str]]) -> None:
        self.draft.options += options
        self.draft.option_lines += [line.number] * len(options)
        self.state = "options"

    def _continue(self, line: Line, text: str) -> None:
        """A line without any sign goes on with what was there."""
        draft, words = self.draft, text.strip()
        inner = headings.numbered(line.folded)
        self.listed = inner[1] if inner and self._is_in_words() else self.listed
        is_letters = re.fullmatch(r"[A-L]{1,8}", fold(words)) is not None and draft.answer is None
        if self.state == "options" and is_letters and set(fold(words)) <= {letter for letter, _words in draft.options}:
            draft.answer, draft.answer_line, self.state = words, line.number, "answer"
            self.doubts.append(Doubt(line.number, words, _("这一行只有字母，当作答案收。")))
        elif self.state == "options":
            letter, before = draft.options[-1]
            draft.options[-1] = (letter, f"{before} {words}".strip())
        elif self.state == "answer":
            draft.answer = f"{draft.answer}\n{words}".strip()
        elif self.state == "explanation":
            draft.explanation = f"{draft.explanation}\n{words}".strip()
        elif self.state == "aside":
            self.doubts.append(Doubt(line.number, words[:40], _("这一行不知道属于哪里，接在解析后面。")))
            draft.explanation, self.state = f"{draft.explanation}\n{words}".strip(), "explanation"
        else:
            is_list = draft.kind in ("matching", "ordering", "short") or words[:1] in CIRCLED or re.match(r"[（(]?\d", words)
            draft.stem = f"{draft.stem}{chr(10) if is_list else _joint(draft.stem, words)}{words}".strip()


def _joint(before: str, after: str) -> str:
    """What stands between two lines of one sentence: nothing between Chinese words, a blank between others."""
    return " " if before[-1:].isascii() and after[:1].isascii() and before else ""


def _strip_points(draft: Draft) -> None:
    """Points and kinds written into the stem are taken off it; points are named as dropped."""
    for found in list(headings.POINTS_OF_QUESTION.finditer(draft.stem)):
        if found.start() == 0 or found.end() == len(draft.stem):
            draft.dropped.append(_("分值：%(what)s", what=found[0].strip(" （()）【】[]")))
            draft.stem = draft.stem.replace(found[0], " ", 1).strip()
    tail = re.search(r"[【\[（(]\s*([一-龥]{2,6})\s*\*?\s*[】\]）)]\s*\*?\s*$", draft.stem)
    if tail and headings.kind_named(tail[1]) and not draft.options:
        draft.kind, draft.stem = headings.kind_named(tail[1]), draft.stem[: tail.start()].strip()
    elif tail and headings.kind_named(tail[1]):
        draft.kind, draft.stem = headings.kind_named(tail[1]), draft.stem[: tail.start()].strip()
