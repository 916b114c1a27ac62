"""What our own courses are held to beyond their form (courses/README.md): every point said, drawn and asked, every claim that
could hurt somebody with its source, nothing copied, speech that can be followed by ear. Pure; judges folders as they were read.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

from guanxue import media, quizzes
from guanxue.config import ROOT
from guanxue.core.i18n import lazy as _
from guanxue.core.wordlists import list_words
from guanxue.courses import rules
from guanxue.courses.folders import CourseFolder, FolderLesson

FEWEST_SIGNS, MOST_SIGNS = 900, 1500  # spoken in a lesson
LONGEST_SENTENCE, LONGEST_BREATH, LONGEST_HEADLINE = 60, 30, 22
FEWEST_SLIDES, MOST_SLIDES = 5, 7
FEWEST_QUESTIONS, FEWEST_WORDS, FEWEST_LAYOUTS = 30, 10, 3
FEWEST_CHECKS, MOST_CHECKS = 5, 10
# Which part of an answer, of a true and a false statement, and of pairs the slide's own words must hold.
TOLD, TOLD_OF_TRUE, TOLD_OF_FALSE, TOLD_OF_PAIRS = 0.5, 0.35, 0.25, 0.35
LONGER = 5  # by so many characters an option gives itself away
GRAM, NEAR_TWIN = 8, 0.3  # characters of a piece; which part of a slide's pieces may stand in another course
_SPOKEN = re.compile(r"[\w一-鿿]")
_PAUSE = re.compile(r"[，、；：。？！,;:?!（）“”]|\.(?!\d)")
_FROM = re.compile(r"^\s*//\s*guanxue:\s*from\s+(\S+)\s+(.+?)\s*$")
_AROUND = "《》。 "
_CLAIM = re.compile(r"^- (.+?)\s*——\s*(.+?)\s*$")
# A slide that speaks of what hurts people must name what its advice rests on. Words of the lessons, in their language.
_HARM = re.compile("触电|中毒|爆炸|爆燃|着火|起火|火灾|火势|窒息|坠落|夹伤|压伤|割伤|砸伤|烫伤|烧伤|灼伤|伤人|受伤|致命|丧命"
                   "|死亡|断指|失明|急救|心肺|骨折|中暑|漏电|粉尘|有毒|腐蚀|易燃|可燃|危化|高压电|带电|卷入|绞伤|轧伤|轧断|辐射|食物中毒|过敏")
_ADVICE = re.compile("必须|应当|应该|要先|一定要|不要|不能|不得|不许|不准|严禁|禁止|切勿|绝不|千万|先停|才能")


@dataclass(frozen=True)
class Finding:
    """What must be mended: `where` is a file with its slide or question."""

    where: str
    message: object

    def to_document(self) -> dict:
        """As plain JSON, words in the present language."""
        return {"where": self.where, "message": str(self.message)}


@dataclass
class Proof:
    """How a course was found: `minutes` and the rest are counts; without findings it holds to the standard."""

    slug: str
    lessons: int = 0
    minutes: int = 0
    questions: int = 0
    slides: list[tuple[str, str]] = field(default_factory=list)  # (where, words) for the comparison with other courses
    findings: list[Finding] = field(default_factory=list)

    def find(self, where: str, message: object) -> None:
        """One more."""
        self.findings.append(Finding(where, message))


def proofread(folder: CourseFolder) -> Proof:
    """Read one course against the standard. The folder has no faults of form."""
    spoken = [x for x in folder.lessons if x.kind == "video" and x.video is None]
    slides = {x.slug: rules.slides_of(x.body) for x in spoken}
    proof = Proof(folder.slug, len(folder.lessons), questions=folder.question_count)
    proof.minutes = round(sum(media.estimated_ms(s.sentences) for some in slides.values() for s in some) / 60_000)
    for lesson in spoken:
        _read_lesson(lesson, slides[lesson.slug], proof)
    layouts = {s.drawing.split()[0] for some in slides.values() for s in some if s.drawing}
    if len(layouts) < FEWEST_LAYOUTS:
        proof.find(folder.slug, _("整门课只用了 %(n)s 种版式，至少要 %(m)s 种。", n=len(layouts), m=FEWEST_LAYOUTS))
    _read_task(folder, proof)
    _read_words(folder, slides, proof)
    _read_questions(folder, slides, proof)
    return proof


def find_twins(proofs: Iterable[Proof]) -> list[Finding]:
    """Slides of different courses that say almost the same, each pair once."""
    holders: dict[str, list[int]] = defaultdict(list)
    told = [(proof.slug, where, _pieces(words)) for proof in proofs for where, words in proof.slides]
    for n, (_slug, _where, pieces) in enumerate(told):
        for piece in pieces:
            holders[piece].append(n)
    shared: Counter[tuple[int, int]] = Counter()
    for some in holders.values():
        shared.update((a, b) for k, a in enumerate(some) for b in some[k + 1:] if told[a][0] != told[b][0])
    return [Finding(told[b][1], _("和 %(other)s 讲得几乎一样（%(n)s%% 相同）。", other=told[a][1], n=round(part * 100)))
            for (a, b), count in sorted(shared.items())
            if (part := count / max(1, min(len(told[a][2]), len(told[b][2])))) > NEAR_TWIN]


@cache
def sources() -> frozenset[str]:
    """Codes of standards and titles of laws that may be named."""
    with (ROOT / "courses" / "catalogue" / "sources.csv").open(encoding="utf-8") as file:
        return frozenset(row["source"] for row in csv.DictReader(file))


def _plain(text: str) -> str:
    """Only what is spoken, figures as they are said."""
    return _said("".join(_SPOKEN.findall(text)).lower())


def _pieces(text: str) -> set[str]:
    plain = _plain(text)
    return {plain[n:n + GRAM] for n in range(len(plain) - GRAM + 1)}


# ---- lessons


def _read_lesson(lesson: FolderLesson, slides: list[rules.Slide], proof: Proof) -> None:
    count = len("".join("".join(s.sentences) for s in slides))
    if not FEWEST_SIGNS <= count <= MOST_SIGNS:
        proof.find(lesson.slug, _("讲了 %(n)s 个字，应为 %(low)s 到 %(high)s 个。", n=count, low=FEWEST_SIGNS, high=MOST_SIGNS))
    if not FEWEST_SLIDES <= len(slides) <= MOST_SLIDES:
        proof.find(lesson.slug, _("有 %(n)s 页，应为 %(low)s 到 %(high)s 页。",
                                  n=len(slides), low=FEWEST_SLIDES, high=MOST_SLIDES))
    drawn = sum(bool(s.drawing) for s in slides)
    if drawn * 2 < len(slides):
        proof.find(lesson.slug, _("%(n)s 页里只有 %(m)s 页有图，至少要一半。", n=len(slides), m=drawn))
    for n, slide in enumerate(slides, 1):
        where = _at(lesson.slug, n)
        proof.slides.append((f"{proof.slug}/{where}", "".join(slide.sentences)))
        if not slide.headline or len(slide.headline) > LONGEST_HEADLINE:
            proof.find(where, _("标题应有 1 到 %(n)s 个字。", n=LONGEST_HEADLINE))
        for sentence in slide.sentences:
            if len(_SPOKEN.findall(sentence)) > LONGEST_SENTENCE:
                proof.find(where, _("这句太长，听不过来：%(text)s", text=sentence[:30]))
            elif breath := next((b for b in _PAUSE.split(sentence) if len(_SPOKEN.findall(b)) > LONGEST_BREATH), ""):
                proof.find(where, _("这一口气太长，中间要有停顿：%(text)s", text=breath[:30]))


def _at(slug: str, slide: int) -> str:
    return f"{slug}#{slide}"


# ---- the task


def _read_task(folder: CourseFolder, proof: Proof) -> None:
    parts = next((p for p in map(_headed, _texts(folder)) if "检查表" in p), None)
    if parts is None:
        proof.find(folder.slug, _("没有实操任务：图文课里要有“## 检查表”。"))
        return
    checks = len(re.findall(r"^- ", parts["检查表"], re.M))
    if not FEWEST_CHECKS <= checks <= MOST_CHECKS:
        proof.find(folder.slug, _("检查表有 %(n)s 条，应为 %(low)s 到 %(high)s 条。",
                                  n=checks, low=FEWEST_CHECKS, high=MOST_CHECKS))
    if not re.search(r"^1\. ", parts.get("步骤", ""), re.M) or not parts.get("做不到时", "").strip():
        proof.find(folder.slug, _("实操任务还要有“## 步骤”（编号列出）和“## 做不到时”。"))


def _texts(folder: CourseFolder) -> list[FolderLesson]:
    return [x for x in folder.lessons if x.kind == "text"]


def _headed(lesson: FolderLesson) -> dict[str, str]:
    """{heading: what stands under it}."""
    parts = re.split(r"^## +(.+?) *$", lesson.body, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


# ---- words and sources


def _read_words(folder: CourseFolder, slides: dict[str, list[rules.Slide]], proof: Proof) -> None:
    lesson = next((x for x in _texts(folder) if x.slug == folder.facts_lesson), None)
    parts = _headed(lesson) if lesson is not None else {}
    if lesson is None or not {"词语", "依据"} <= parts.keys():
        proof.find(folder.slug, _("facts 说的那一课要有“## 词语”和“## 依据”。"))
        return
    words = list(list_words(lesson.body))
    if len(words) < FEWEST_WORDS:
        proof.find(lesson.slug, _("词语有 %(n)s 个，至少要 %(m)s 个。", n=len(words), m=FEWEST_WORDS))
    preferred = sorted((first for first, _others in words), key=len, reverse=True)
    for where, slide in _numbered(slides):
        for sentence in slide.sentences:
            rest = sentence
            for known in preferred:  # 主轴箱 is no 轴箱
                rest = rest.replace(known, "　")
            for first, others in words:
                if first not in sentence and (used := next((x for x in others if x in rest), "")):
                    proof.find(where, _("“%(used)s”应说成“%(first)s”，或两个一起说。", used=used, first=first))
    _read_claims(lesson.slug, parts["依据"], slides, proof)


def _numbered(slides: dict[str, list[rules.Slide]]) -> Iterator[tuple[str, rules.Slide]]:
    for slug, some in slides.items():
        for n, slide in enumerate(some, 1):
            yield _at(slug, n), slide


def _read_claims(where: str, text: str, slides: dict[str, list[rules.Slide]], proof: Proof) -> None:
    covered = set()
    for line in filter(None, (x.strip() for x in text.split("\n"))):
        found = _CLAIM.match(line)
        if not found:
            if line.startswith("- "):
                proof.find(where, _("这条依据没有写出处：%(text)s", text=line[2:32]))
            continue
        quote = found[1].rstrip("。；;")
        holders = [at for at, slide in _numbered(slides) if quote in "".join(slide.sentences)]
        if not holders:
            proof.find(where, _("课里没有这句话：%(text)s", text=quote[:30]))
        covered |= set(holders)
        for name in [found[2]] if found[2].strip(_AROUND) in sources() else re.split("[、；]", found[2]):
            if name.strip(_AROUND) not in sources():
                proof.find(where, _("出处不在 catalogue/sources.csv 里：%(name)s", name=name[:40]))
    for at, slide in _numbered(slides):
        said = "".join(slide.sentences)
        if at not in covered and _HARM.search(said) and _ADVICE.search(said):
            proof.find(at, _("讲到“%(word)s”要人怎么做，却没有写依据。", word=_HARM.search(said)[0]))


# ---- questions


def _read_questions(folder: CourseFolder, slides: dict[str, list[rules.Slide]], proof: Proof) -> None:
    quiz = next((x for x in folder.lessons if x.kind == "quiz"), None)
    if quiz is None:
        return
    report, lines, asked = quizzes.read_gift(quiz.body), quiz.body.split("\n"), set()
    if len(report.questions) < FEWEST_QUESTIONS:
        proof.find("quiz.gift", _("有 %(n)s 道题，至少要 %(m)s 道。", n=len(report.questions), m=FEWEST_QUESTIONS))
    for question, line in zip(report.questions, report.lines, strict=True):
        where = f"quiz.gift {question.id}"
        lesson, quote = _from(lines, line)
        at = next((k for k, s in enumerate(slides.get(lesson, ())) if quote in "".join(s.sentences)), None)
        if not quote:
            proof.find(where, _("没有写从哪里能答出来（// guanxue: from 课 原话）。"))
        elif at is None:
            proof.find(where, _("%(lesson)s 里没有这句话：%(text)s", lesson=lesson, text=quote[:30]))
        else:
            slide = slides[lesson][at]
            asked.add(_at(lesson, at + 1))
            if not _is_told(question, f"{slide.headline}\n{''.join(slide.sentences)}"):
                proof.find(where, _("答案在 %(slide)s 的话里找不到。", slide=_at(lesson, at + 1)))
        if not question.explanation.strip():
            proof.find(where, _("没有解析。"))
        if _gives_away(question):
            proof.find(where, _("正确的选项比别的长出太多，一看就猜得到。"))
    for where, slide in _numbered(slides):
        if where not in asked:
            proof.find(where, _("没有一道题问到“%(headline)s”。", headline=slide.headline))
    single = [q for q in report.questions if q.kind == "single"]
    longest = sum(_is_longest(q) for q in single)
    if len(single) > 5 and longest * 5 > len(single) * 2:
        proof.find("quiz.gift", _("%(n)s 道单选题里有 %(m)s 道的正确选项最长。", n=len(single), m=longest))
    truths = [q.truth for q in report.questions if q.kind == "truefalse"]
    if len(truths) > 3 and min(sum(truths), len(truths) - sum(truths)) * 4 < len(truths):
        proof.find("quiz.gift", _("%(n)s 道判断题里 %(m)s 道是对的，总选一边就能猜中。", n=len(truths), m=sum(truths)))


def _from(lines: list[str], line: int) -> tuple[str, str]:
    """(lesson, quotation) of the comments before the question that begins in that line, from 1."""
    at = line - 1
    while at < len(lines) and lines[at].lstrip().startswith("//"):  # a block's line may be its comment's
        at += 1
    while at > 0 and lines[at - 1].lstrip().startswith("//"):
        at -= 1
        if found := _FROM.match(lines[at]):
            return found[1], found[2]
    return "", ""


def _is_told(question: quizzes.Question, words: str) -> bool:
    """Can the right answer be found in those words?"""
    kind, winning = question.kind, [o for o in question.options if o.permille > 0]
    right = [o.text for o in winning]
    if kind == "truefalse":
        if question.truth:
            return _part_of(question.stem, words) >= TOLD_OF_TRUE
        return max(_part_of(question.stem, words), _part_of(question.explanation, words)) >= TOLD_OF_FALSE
    if kind == "numeric":
        said = {float(x) for x in re.findall(r"\d+(?:\.\d+)?", _said(words))}
        bounds = [tuple(float(x) for x in text.split("..")) for text in right]
        is_reckoned = any(float(x) in said for x in re.findall(r"\d+(?:\.\d+)?", _said(question.explanation)))
        return is_reckoned or any(low <= x <= high for x in said for low, high in bounds)
    if kind == "fillin":
        return all(any(_part_of(o.text, words) == 1 for o in winning if o.gap == gap) for gap in {o.gap for o in winning})
    if kind == "matching":
        right = [f"{o.text}{o.match}" for o in question.options if o.match]
    elif kind == "ordering":
        right = [o.text for o in question.options]
    least = TOLD_OF_PAIRS if kind == "matching" else TOLD
    return not right or sum(_part_of(x, words) for x in right) / len(right) >= least


def _part_of(answer: str, words: str) -> float:
    """Which part of the answer's pairs of characters stands in the words."""
    short, long = _plain(answer), _plain(words)
    if len(short) < 3 or short in long:
        return float(short in long)
    pairs = [short[n:n + 2] for n in range(len(short) - 1)]
    return sum(p in long for p in pairs) / len(pairs)


def _is_longest(question: quizzes.Question) -> bool:
    right = max(len(o.text) for o in question.options if o.permille > 0)
    return right >= 2 + max((len(o.text) for o in question.options if o.permille <= 0), default=right)


def _gives_away(question: quizzes.Question) -> bool:
    if question.kind != "single":
        return False
    right = max(len(o.text) for o in question.options if o.permille > 0)
    longest = max((len(o.text) for o in question.options if o.permille <= 0), default=right)
    return right - longest >= LONGER and right > 1.4 * longest


# ---- figures as they are said

_DIGIT = {sign: n for n, sign in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_UNIT = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_FIGURE = re.compile(r"[零〇一二两三四五六七八九十百千万]+(?:点[零〇一二三四五六七八九]+)?")


def _said(text: str) -> str:
    """Figures in characters as digits: 二百二十伏 becomes 220伏, 零点零二 0.02; 一 alone stays a word."""
    return _FIGURE.sub(lambda m: _figure(m[0]) if len(m[0]) > 1 or m[0] in "十百千" else str(_DIGIT.get(m[0], m[0])), text)


def _figure(words: str) -> str:
    whole, _point, after = words.partition("点")
    if not any(sign in _UNIT for sign in whole):
        value = "".join(str(_DIGIT[sign]) for sign in whole)
    else:
        total = part = digit = 0
        for sign in whole:
            if sign in _DIGIT:
                digit = _DIGIT[sign]
            elif sign == "万":
                total, part, digit = (total + part + digit) * _UNIT[sign], 0, 0
            else:
                part, digit = part + (digit or 1) * _UNIT[sign], 0
        value = str(total + part + digit)
    return value + ("." + "".join(str(_DIGIT[sign]) for sign in after) if after else "")
