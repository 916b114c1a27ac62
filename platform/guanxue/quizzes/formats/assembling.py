"""From what was found of a question (stem, lettered options, an answer in words) to the question, or to why it is none."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

from guanxue.core.i18n import lazy as _
from guanxue.quizzes.formats import answers, headings, lists
from guanxue.quizzes.formats.drafts import CHOICE, Bad, Doubting, Draft
from guanxue.quizzes.formats.lines import CIRCLED, fold, squeezed
from guanxue.quizzes.formats.reports import Doubt
from guanxue.quizzes.gift import pool_name
from guanxue.quizzes.rules import WHOLE, Option, Question, pieces_of

LONGEST_WORD = 20  # characters of an answer that is still taken for a fill-in's
WRONG_COSTS = -WHOLE  # one wrong choice and nothing is earned, as teachers here count
_ONLY_LETTERS = re.compile(r"\s*[A-L](?:[\s,、;]*[A-L]){0,7}\s*[.。]?\s*(?:\n|$)")
_GAPS = re.compile(r"(\]\([^)\s]*\))|_(?:\s?_)+")  # an address may have underscores of its own
_EMPTY_BRACKET = re.compile(r"[（(]\s*[）)]")
_BRACKET = re.compile(r"[（(【\[]\s*([^（()）【】\[\]]{1,40}?)\s*[）)\]】]")
_WRITTEN_GAP = re.compile(r"_+\s*([^_\s（）()]{1,20}?)\s*_+")
_ASKS_FOR_WORDS = re.compile(
    r"^(?:请?简述|试述|论述|说明|简要|请说|请写|谈谈|分析|解释|为什么|如何|怎样|怎么|什么是|列举|名词解释)")
_SCORING = re.compile(
    r"\s*[（(][^（()）]{0,20}(?:得\s*\d|\d\s*分|得分|不给分|[选对错][^（()）]{0,6}分)[^（()）]{0,20}[）)]\s*[。.]?\s*$")
_TICK = re.compile(r"\s*[（(]\s*(?:正确答案|正确|答案)\s*[）)]\s*$|\s+√\s*$|[（(]\s*√\s*[）)]\s*$")
_TRUTH_WORD = "(正确|错误|对|错|True|False|TRUE|FALSE)"
_TRUTH_BEHIND = re.compile(rf"(?:(?:(?<=[。.!！?？])\s*|\s\s+){_TRUTH_WORD}|\s*([√×✓✗✔✘]))\s*[。.]?\s*$")
_TRUTH_ASKED = re.compile(rf"(?<=[。.!！?？\s])\s*(?:{_TRUTH_WORD}|([TF]))\s*[。.]?\s*$")  # of what is called true or false
_PICTURE = re.compile(r"[\[【（(]图片?[\]】）)]|如[右左上下]?图(?:所示)?|见[右左上下]?图|图\s?\d")


def assemble(draft: Draft, doubts: list[Doubt]) -> Question:
    """The question. What is doubtful is added to `doubts`. Raises Bad with a sentence."""
    draft = replace(draft, stem=draft.stem.strip(), options=list(draft.options))
    doubt = Doubting(draft, doubts)
    if not draft.options:
        lists.circled_as_options(draft)
    _take_scoring(draft)
    _take_ticks(draft, doubt)
    made = _maker(draft)(draft, doubt)
    if not (made["stem"].strip() or made.get("tail")):
        raise Bad(_("没有题干。"))
    if _PICTURE.search(made["stem"]) and "](" not in made["stem"]:
        doubt(_("题里说到图，文字里没有图，请补上。"))
    fields = {"explanation": draft.explanation.strip(), "pool": pool_name(draft.pool), "level": draft.level, **made}
    question = Question(id=draft.id or "q", **fields)
    return question if draft.id else replace(question, id=content_id(question))


def _take_scoring(draft: Draft) -> None:
    """What a bracket behind the answer says of points ("ABC（少选得1分）") is no part of the answer."""
    found = _SCORING.search(draft.answer or "")
    if found is None or not draft.options:
        return
    draft.answer = draft.answer[: found.start()].strip()
    if headings.WHOLE_ONLY.search(fold(found[0])):
        draft.rule = "whole"
    else:
        draft.dropped.append(_("计分说明：%(what)s", what=found[0].strip(" （()）")[:40]))


def _take_ticks(draft: Draft, doubt: Doubting) -> None:
    """Options that say themselves that they are right ("二（正确答案）", "*B. 二") are the answer where there is no other.

    The mark is taken off in any case: it would tell learners. Ticks before every option are a list's bullets.
    """
    ticked = [_TICK.search(words) for _letter, words in draft.options]
    words = [text[: m.start()].strip() if m else text for m, (_letter, text) in zip(ticked, draft.options, strict=True)]
    if not any(ticked) or not all(words):
        return
    told = "".join(letter for m, (letter, _text) in zip(ticked, draft.options, strict=True) if m)
    draft.options = [(letter, text) for (letter, _text), text in zip(draft.options, words, strict=True)]
    is_signs = any("√" in m[0] for m in ticked if m)
    if is_signs and all(ticked):
        return
    answer = (draft.answer or "").strip() or _bracketed(draft.stem, _letters_in)
    if answer is None:
        draft.answer = told
        if is_signs:
            doubt(_("没有写答案，选项上有记号，按记号收：%(answer)s。", answer=told))
    elif set(answers.letters_of(answer) or told) != set(told):
        doubt(_("选项上的记号（%(a)s）和答案（%(b)s）不一样，按答案收。", a=told, b=answer[:20]), draft.answer_line)


def content_id(question: Question) -> str:
    """A name made of what the question says, so that the same one is called the same again."""
    said = "\0".join((question.kind, question.stem, question.tail, *(f"{o.text}\1{o.match}" for o in question.options)))
    return "q-" + hashlib.sha256(said.encode()).hexdigest()[:10]


def _maker(draft: Draft):
    """Who makes it, by what the text calls it and what it has."""
    named = {"matching": lists.matching, "ordering": lists.ordering}.get(draft.kind)
    if named:
        return named
    if draft.options and draft.kind == "" and _is_order(draft):
        return lists.ordering
    if draft.options:
        truths = {None if len(words) == 1 and words.isascii() and words not in "TF" else answers.truth_of(words)
                  for _letter, words in draft.options}  # X and Y are axes, no cross and no yes
        is_truths = len(draft.options) == 2 and truths == {True, False}
        if is_truths and draft.kind in ("", "truefalse"):
            return _truth_by_letter
        is_chosen = draft.answer is not None and answers.letters_of(draft.answer)
        return _short if draft.kind == "short" and not is_chosen else _choice
    if draft.kind in ("short", "truefalse", "numeric"):
        return {"short": _short, "truefalse": _truth, "numeric": _number}[draft.kind]
    if draft.kind in ("single", "multiple", CHOICE):
        return _no_options
    return _by_answer(draft)


def _is_order(draft: Draft) -> bool:
    """Does the answer put every option in a place, with arrows between?"""
    answer = fold(draft.answer or "").strip().rstrip("。.").upper()
    is_arrowed = re.fullmatch(r"[A-L](?:\s*(?:→|⇒|->|>|-{1,2})\s*[A-L])+", answer) is not None
    return is_arrowed and sorted(re.findall("[A-L]", answer)) == sorted(letter for letter, _words in draft.options)


def _by_answer(draft: Draft):
    """For a question without options of which nothing else is known than its answer and its gaps."""
    is_gapped = draft.kind == "fillin" or len(pieces_of(_with_gaps(draft.stem))) > 1
    answer = draft.answer if draft.answer is not None else _bracketed(draft.stem, answers.truth_of)
    if answer is None and (behind := _TRUTH_BEHIND.search(draft.stem)) is not None:
        answer = behind[1] or behind[2]
    if not is_gapped and answer is not None and answers.truth_of(answer) is not None:
        return _truth
    if draft.answer is not None and answers.has_tolerance(draft.answer):
        return _number
    if not is_gapped and _ONLY_LETTERS.match(fold(draft.answer or "")):
        return _no_options
    if is_gapped or (_EMPTY_BRACKET.search(draft.stem) and draft.answer):
        return _fillin
    if _ASKS_FOR_WORDS.match(draft.stem) or (draft.answer and (len(draft.answer) > LONGEST_WORD or "\n" in draft.answer)):
        return _short
    return _fillin if draft.answer else _no_answer


def _no_options(draft: Draft, doubt: Doubting) -> dict:
    if draft.answer is not None and answers.truth_of(draft.answer) is not None and not answers.letters_of(draft.answer):
        doubt(_("放在选择题里，但没有选项，答案是对错，按判断题收。"))
        return _truth(draft, doubt)
    raise Bad(_("选择题没有找到选项；每个选项前要有 A. B. C. 这样的字母。"))


def _no_answer(draft: Draft, doubt: Doubting) -> dict:
    raise Bad(_("没有找到答案；可以在题后另起一行写“答案：…”。"))


def _bracketed(stem: str, reads) -> str | None:
    """The words of the last bracket of the stem that `reads` understands."""
    found = [m[1] for m in _BRACKET.finditer(stem) if reads(m[1]) is not None]
    return found[-1] if found else None


def _emptied(stem: str, answer: str) -> str:
    """The stem with the bracket that held the answer left empty."""
    at = max((m for m in _BRACKET.finditer(stem) if m[1] == answer), key=lambda m: m.start())
    return f"{stem[: at.start()]}（　）{stem[at.end() :]}"


# ---- choices


def _letters_in(words: str) -> str | None:
    found = answers.letters_of(words)
    return found if found and re.fullmatch(r"[A-Za-zＡ-Ｚａ-ｚ、,，\s①-⑫]+", words) else None


def _choice(draft: Draft, doubt: Doubting) -> dict:
    there = [letter for letter, _words in draft.options]
    _check_letters(draft, there, doubt)
    stem, chosen = _chosen(draft, set(there), doubt)
    missing = [c for c in chosen if c not in there]
    if missing:
        raise Bad(_("答案是 %(answer)s，选项里没有 %(letter)s。", answer=chosen, letter="、".join(missing)), draft.answer_line)
    words = [text.strip() for _letter, text in draft.options]
    if any(not text for text in words):
        raise Bad(_("选项 %(letter)s 是空的。", letter=there[words.index("")]), _line_of(draft, words.index("")))
    if len({squeezed(text) for text in words}) < len(words) and len(set(words)) < len(words):
        raise Bad(_("有两个选项完全一样。"))
    kind = _kind_of_choice(draft, chosen, doubt)
    share = WHOLE // len(chosen)
    worth = (WHOLE, 0) if kind == "single" else (share, WRONG_COSTS)
    options = tuple(Option(text, worth[0] if letter in chosen else worth[1])
                    for letter, text in zip(there, words, strict=True))
    return {"kind": kind, "stem": _tidy(stem), "options": options, "rule": draft.rule if kind == "multiple" else ""}


def _line_of(draft: Draft, option: int) -> int:
    return draft.option_lines[option] if option < len(draft.option_lines) else 0


def _check_letters(draft: Draft, there: list[str], doubt: Doubting) -> None:
    if len(there) < 2:
        raise Bad(_("只找到一个选项；选择题至少要有两个。"))
    twice = next((c for n, c in enumerate(there) if c in there[:n]), None)
    if twice:
        again = len(there) - 1 - there[::-1].index(twice)
        raise Bad(_("选项字母 %(letter)s 出现了两次。", letter=twice), _line_of(draft, again))
    expected = [chr(65 + n) for n in range(ord(max(there)) - 64)]
    missing = [c for c in expected if c not in there]
    if missing:
        doubt(_("选项里缺 %(letter)s，请核对是不是漏了一个选项。", letter="、".join(missing)), _line_of(draft, 0))


def _chosen(draft: Draft, there: set[str], doubt: Doubting) -> tuple[str, str]:
    """(stem, letters of the right options): by the answer's line, else by the bracket in the stem."""
    within = _bracketed(draft.stem, _letters_in)
    inside = answers.letters_of(within) if within else None
    stem = draft.stem
    if draft.answer is None or not draft.answer.strip():
        if inside is None:
            raise Bad(_("没有找到答案；可以写在题干的括号里，或另起一行写“答案：B”。"))
        return _emptied(stem, within), inside
    has_circles = any(c in CIRCLED for c in draft.answer)  # of a list in the stem: "①③" may be the words of option B
    told = (_by_words(draft) if has_circles else None) or answers.letters_of(draft.answer) or _by_words(draft)
    if told is None:
        raise Bad(_("看不懂答案“%(answer)s”，选择题的答案应是选项字母。", answer=draft.answer.strip()[:20]), draft.answer_line)
    if inside is not None and set(inside) == set(told):
        stem = _emptied(stem, within)
    elif inside is not None and set(inside) <= there:  # or a unit, like 10（A）: it stays as it is written
        doubt(_("题干括号里写的是 %(a)s，答案一行写的是 %(b)s；按答案一行收。", a=inside, b=told), draft.answer_line)
    return stem, told


def _by_words(draft: Draft) -> str | None:
    """The letter of the option whose very words the answer is."""
    parts = re.split(r"[;；\n]+", draft.answer.strip())
    by_words = {squeezed(words): letter for letter, words in draft.options}
    found = [by_words.get(squeezed(part)) for part in parts if part.strip()]
    return "".join(found) if found and all(found) else None


def _kind_of_choice(draft: Draft, chosen: str, doubt: Doubting) -> str:
    if draft.kind == "single" and len(chosen) > 1:
        doubt(_("单选题给了 %(n)s 个答案（%(answer)s），按多选题收，请核对。", n=len(chosen), answer=chosen), draft.answer_line)
        return "multiple"
    if draft.kind == "multiple" and len(chosen) == 1:
        doubt(_("多选题只有一个答案（%(answer)s），请核对。", answer=chosen), draft.answer_line)
        return "multiple"
    if draft.kind in ("truefalse", "fillin", "numeric", "short"):
        doubt(_("标题说的不是选择题，但这道题有选项，按选择题收。"))
    return "multiple" if draft.kind == "multiple" or len(chosen) > 1 else "single"


def _tidy(stem: str) -> str:
    return re.sub(r"[（(]\s+[）)]", "（　）", stem.strip())


# ---- true or false


def _truth_by_letter(draft: Draft, doubt: Doubting) -> dict:
    truths = {letter: answers.truth_of(words) for letter, words in draft.options}
    answer, stem = draft.answer, draft.stem
    if answer is None and (answer := _bracketed(stem, lambda w: _letters_in(w) or answers.truth_of(w))) is not None:
        stem = _emptied(stem, answer)
    if answer is None:
        raise Bad(_("没有找到答案；可以在题后另起一行写“答案：…”。"))
    letters = answers.letters_of(answer)
    truth = truths.get(letters) if letters in truths else answers.truth_of(answer)
    if truth is None:
        raise Bad(_("看不懂判断题的答案“%(answer)s”。", answer=answer.strip()[:20]), draft.answer_line)
    return {"kind": "truefalse", "stem": _without_bracket(stem), "truth": truth}


def _truth(draft: Draft, doubt: Doubting) -> dict:
    within = _bracketed(draft.stem, answers.truth_of)
    stem = _emptied(draft.stem, within) if within is not None else draft.stem
    behind = _TRUTH_BEHIND.search(stem) or (_TRUTH_ASKED.search(stem) if draft.kind == "truefalse" else None)
    if within is None and draft.answer is None and behind is not None:
        stem, within = stem[: behind.start()].strip(), behind[1] or behind[2]
    answer = within if draft.answer is None else draft.answer
    if answer is None:
        raise Bad(_("没有找到答案；判断题写“√”“×”或“对”“错”。"))
    truth = answers.truth_of(answer)
    found = re.match(r"\s*(\S+?)[\s,，;；。.、]+(.+)", answer, re.S)
    if truth is None and found and (truth := answers.truth_of(found[1])) is not None:  # "错，应先停机": the rest explains it
        draft.explanation = "\n".join(filter(None, (found[2].strip(), draft.explanation)))
    if truth is None:
        raise Bad(_("看不懂判断题的答案“%(answer)s”。", answer=answer.strip()[:20]), draft.answer_line)
    if within is not None and answers.truth_of(within) != truth:
        doubt(_("题干括号里和答案一行写的不一样，按答案一行收。"), draft.answer_line)
    return {"kind": "truefalse", "stem": _without_bracket(stem), "truth": truth}


def _without_bracket(stem: str) -> str:
    return re.sub(r"\s*[（(]\s*[）)]\s*(?=[。.]?\s*$)", "", stem.strip())


# ---- words and numbers


def _fillin(draft: Draft, doubt: Doubting) -> dict:
    stem, told = _gapped(draft)
    gaps = len(pieces_of(stem)) - 1
    answer = told if draft.answer is None else draft.answer
    if answer is None or not answer.strip():
        raise Bad(_("没有找到答案；可以在题后另起一行写“答案：…”。"))
    if gaps < 2:
        return _one_gap(draft, stem, answer, gaps, doubt)
    parts = answers.for_gaps(answer, gaps)
    if parts is None:
        raise Bad(_("题里有 %(n)s 个空，答案分不成 %(n)s 份；各空的答案请用“；”隔开。", n=gaps), draft.answer_line)
    for unsure in filter(None, map(answers.stroke_doubt, parts)):
        doubt(unsure, draft.answer_line)
    options = tuple(Option(words, WHOLE, gap=n) for n, part in enumerate(parts) for words in answers.accepted(part))
    return {"kind": "fillin", "stem": stem, "options": options}


def _with_gaps(stem: str) -> str:
    """The stem with each row of underscores, spaced or not, as ____."""
    return _GAPS.sub(lambda m: m[1] or "____", stem)


def _gapped(draft: Draft) -> tuple[str, str | None]:
    """(stem with its gaps as ____, the answer where it stands in the gaps or brackets)."""
    stem, told = draft.stem, None
    if draft.answer is None and "](" not in stem and (found := _WRITTEN_GAP.findall(stem)):
        stem, told = _WRITTEN_GAP.sub("____", stem), "；".join(found)
    stem = _with_gaps(stem)
    if len(pieces_of(stem)) > 1:
        return stem, told
    if _EMPTY_BRACKET.search(stem):
        return _EMPTY_BRACKET.sub("____", stem), told
    if draft.answer is None and draft.kind == "fillin" and (found := _BRACKET.findall(stem)):
        return _BRACKET.sub("____", stem), "；".join(found)
    return stem, told


def _one_gap(draft: Draft, stem: str, answer: str, gaps: int, doubt: Doubting) -> dict:
    if gaps == 0 and draft.kind != "fillin":
        doubt(_("没有看到空，也没有选项，按填空题收，空在题干后面。"))
    elif gaps == 0:
        doubt(_("没有看到空（____），空放在题干后面。"))
    if answers.has_tolerance(answer):
        return _number(draft, doubt)
    before, after = [*pieces_of(stem), ""][:2]
    words = answers.accepted(answer)
    if (unsure := answers.stroke_doubt(answer)) is not None:
        doubt(unsure, draft.answer_line)
    if len(words) == 1 and re.search(r"[;；]", words[0]):
        words = [w.strip() for w in re.split(r"[;；]", words[0]) if w.strip()]
        doubt(_("只有一个空，答案却用“；”隔开了几个；填其中任何一个都算对，请核对。"), draft.answer_line)
    return {"kind": "fillin", "stem": before.strip(), "tail": after.strip(), "options": tuple(Option(w, WHOLE) for w in words)}


def _number(draft: Draft, doubt: Doubting) -> dict:
    answer = draft.answer if draft.answer is not None else _bracketed(draft.stem, answers.range_of)
    if answer is None:
        raise Bad(_("没有找到答案；可以在题后另起一行写“答案：…”。"))
    found = answers.range_of(answer)
    if found is None:
        doubt(_("答案不是一个数，按简答题收，由人批改。"), draft.answer_line)
        return _short(draft, doubt)
    stem = draft.stem if draft.answer is not None else _emptied(draft.stem, answer)
    before, after = [*pieces_of(_EMPTY_BRACKET.sub("____", _with_gaps(stem))), ""][:2]
    bounds, unit = found
    if unit and not fold(after).strip().startswith(fold(unit)):
        doubt(_("答案里的单位“%(unit)s”不用填，题干里请写明单位。", unit=unit), draft.answer_line)
    return {"kind": "numeric", "stem": before.strip(), "tail": after.strip(), "options": (Option(bounds, WHOLE),)}


def _short(draft: Draft, doubt: Doubting) -> dict:
    """Marked by a person: the answer is what markers are shown."""
    answer = (draft.answer or "").strip()
    listed = "".join(f"\n{letter}. {words}" for letter, words in draft.options)
    if draft.kind != "short" and not _ASKS_FOR_WORDS.match(draft.stem):
        doubt(_("没有选项也没有空，按简答题收，由人批改。"))
    elif not answer:
        doubt(_("没有参考答案，批改的人没有依据。"))
    draft.explanation = "\n".join(filter(None, (answer, draft.explanation.strip())))
    return {"kind": "short", "stem": draft.stem + listed}
