"""Pure rules of courses: kinds, slugs, lesson texts, what may be published."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import date

from guanxue import media
from guanxue.core.actor import Actor
from guanxue.core.enclosures import SOUND, without_enclosures
from guanxue.core.i18n import lazy as _
from guanxue.courses.slidetext import kind_alone, read_pages, sentences_of

KINDS = {
    "secondary-vocational": _("中等职业教育"),
    "continuing-education": _("继续教育"),
    "skills-upgrading": _("技能提升"),
    "general-literacy": _("素质教育"),
}
# As the tables and course folders write them; data, not words of a page.
KIND_OF_TABLE = {
    "中等职业教育": "secondary-vocational", "继续教育": "continuing-education", "技能提升": "skills-upgrading",
    "素质教育": "general-literacy",
}
LESSON_KINDS = ("video", "text", "quiz")
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LONGEST_SLUG = 80
LONGEST_SIGNER = 40  # a person's name, a trade


def is_slug(text: str) -> bool:
    """Lower-case letters, digits and single hyphens, at most 80."""
    return len(text) <= LONGEST_SLUG and SLUG.fullmatch(text) is not None


@dataclass
class Slide:
    """A slide's headline, the sentences spoken while it shows, and how it is drawn where its text says so."""

    headline: str
    sentences: list[str] = field(default_factory=list)
    drawing: str = ""


_FENCED = re.compile(rf"^```[ \t]*((?:{'|'.join(media.LAYOUTS)})\b[^\n]*\n.*?)^```[ \t]*$", re.M | re.S)


def slides_of(body: str) -> list[Slide]:
    """A lesson's text as slides: `## headline`, then what is said, and what is drawn in a fenced block (media/layouts.py).

    Text before the first headline is said on the first slide. A slide about which nothing is said is none.
    """
    slides: list[Slide] = []
    for n, part in enumerate(_FENCED.split(body.strip())):
        if n % 2:  # the inside of a fence
            slides = slides or [Slide("")]
            slides[-1].drawing = part.strip()
            continue
        for block in re.split(r"\n\s*\n", part.strip()):
            block = " ".join(without_enclosures(block).split()) if kind_alone(block)[0] != SOUND else ""
            if block.startswith("## "):
                slides.append(Slide(block[3:].strip()))
            elif block and not block.startswith("# "):
                slides = slides or [Slide("")]
                slides[-1].sentences.append(block)
    return [Slide(s.headline, sentences_of("".join(s.sentences)), s.drawing) for s in slides if s.sentences]


def drawing_faults(body: str) -> list[tuple[str, object]]:
    """(headline, why) of each slide whose drawing cannot be drawn."""
    faults = []
    for slide in slides_of(body):
        try:
            media.read_layout(slide.drawing) if slide.drawing else None
        except media.BadLayout as problem:
            faults.append((slide.headline, problem.args[0]))
    return faults


def read_expert_review(told: object) -> dict | None:
    """As course.yaml says it: None where it asks for none, {} while a person of the trade is awaited, else who signed, as
    {"by", "role", "day" (ISO date)}. ValueError for anything else.
    """
    if told is None:
        return None
    if told == "awaited":
        return {}
    if not isinstance(told, dict) or set(told) != {"by", "role", "day"}:
        raise ValueError(told)
    by, role, day = (str(told[x]).strip() for x in ("by", "role", "day"))
    if not (by and role and max(len(by), len(role)) <= LONGEST_SIGNER):
        raise ValueError(told)
    return {"by": by, "role": role, "day": date.fromisoformat(day).isoformat()}


@dataclass(frozen=True)
class Section:
    """A heading of the outline ("" where lessons stand under none) and its lessons in order, never the quiz."""

    name: str
    lessons: list = field(default_factory=list)


def section_names(sections: list[str], lessons: list) -> list[str]:
    """Headings in order: none first where lessons stand under none, the draft's, those only lessons name."""
    named = [x.section for x in lessons if x.kind != "quiz"]
    bare = [""] if "" in named else []
    return list(dict.fromkeys([*bare, *sections, *named]))


def outline_of(sections: list[str], lessons: list) -> list[Section]:
    """The lessons (in order; .section .kind) under their headings, empty headings as well; the quiz is left out."""
    studied = [x for x in lessons if x.kind != "quiz"]
    return [Section(name, [x for x in studied if x.section == name]) for name in section_names(sections, lessons)]


def in_order(sections: list[str], lessons: list, *, as_given: bool = False) -> list:
    """The lessons section by section, the quiz last; within a section as they stand (.position), or as they are given."""
    ordered = lessons if as_given else sorted(lessons, key=lambda x: x.position)
    return [*(x for part in outline_of(sections, ordered) for x in part.lessons), *(x for x in ordered if x.kind == "quiz")]


def place_after(sections: list[str], lessons: list, lesson, steps: int) -> tuple[str, int]:
    """(section, place in it from 0 without the lesson) of a lesson moved one step up (-1) or down (+1)."""
    outline = outline_of(sections, in_order(sections, lessons))
    here = next(n for n, part in enumerate(outline) if lesson in part.lessons)
    place = outline[here].lessons.index(lesson) + steps
    if 0 <= place < len(outline[here].lessons):
        return outline[here].name, place
    ahead = here + steps
    if not 0 <= ahead < len(outline):
        return outline[here].name, place - steps
    return outline[ahead].name, len(outline[ahead].lessons) if steps < 0 else 0


def plain_lines(text: str) -> str:
    """As a course folder keeps a text: lines end the one way, nothing blank around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def spoken_text(body: str) -> str:
    """A lesson's text without its headlines: what a reader reads and the voice says."""
    return "\n\n".join("".join(slide.sentences) for slide in slides_of(body))


@dataclass(frozen=True)
class Fault:
    """Why a course may not be published yet; `where` is "course" or a lesson's slug."""

    where: str
    message: object


def publish_faults(title: str, lessons: list) -> list[Fault]:
    """What keeps these lessons (in order; .slug .kind .body .asset_id .is_narrated .question_count) from publication."""
    faults = []
    if not title.strip():
        faults.append(Fault("course", _("课程还没有名称。")))
    studied = [lesson for lesson in lessons if lesson.kind != "quiz"]
    quizzes = [lesson for lesson in lessons if lesson.kind == "quiz"]
    if not studied:
        faults.append(Fault("course", _("至少要有一节视频或图文课。")))
    if len(quizzes) != 1:
        faults.append(Fault("course", _("要有且只有一份考核题。")))
    elif lessons[-1].kind != "quiz":
        faults.append(Fault(quizzes[0].slug, _("考核应放在最后。")))
    for lesson in studied:
        is_said = bool(slides_of(lesson.body)) or any(page.recording for page in read_pages(lesson.body))
        if lesson.kind == "video" and lesson.asset_id is None and not is_said:
            faults.append(Fault(lesson.slug, _("“%(title)s”还没有视频。", title=lesson.title)))
        if lesson.kind == "video" and lesson.is_narrated | (lesson.asset_id is None):
            faults += [Fault(lesson.slug, _("“%(headline)s”的图画不出来：%(why)s", headline=headline, why=why))
                       for headline, why in drawing_faults(lesson.body)]
        if lesson.kind == "text" and not lesson.body.strip():
            faults.append(Fault(lesson.slug, _("“%(title)s”还没有内容。", title=lesson.title)))
    return faults


def has_strange_subtitles(lesson) -> bool:
    """Were the lesson's subtitles (.subtitles_id .other_film_id) written for another film than its own?"""
    is_filmed = lesson.kind == "video" and lesson.asset_id is not None and not lesson.is_narrated
    return is_filmed and lesson.subtitles_id is not None and lesson.other_film_id is not None


def strange_subtitle_faults(lessons: list) -> list[Fault]:
    """Filmed lessons whose film was replaced, and nobody has said yet that their subtitles still fit."""
    return [Fault(x.slug, _("“%(title)s”换了视频，字幕还是给旧视频写的：看过对得上就确认，对不上就换掉。", title=x.title))
            for x in lessons if has_strange_subtitles(x)]


def subtitle_faults(lessons: list, checked: set[int]) -> list[Fault]:
    """Filmed lessons of a subsidised course whose subtitles (.subtitles_id) are not among those somebody has looked through.

    A recording beside slides about which nothing is written is as good as filmed.
    """
    filmed = [x for x in lessons if x.kind == "video" and (
        any(page.is_unwritten for page in read_pages(x.body)) if x.is_narrated else x.asset_id is not None)]
    return [Fault(x.slug, _("申请补贴的课程要有字幕：“%(title)s”还没有。", title=x.title) if x.subtitles_id is None
                  else _("申请补贴的课程要有字幕：“%(title)s”的字幕还没有人核对过。", title=x.title))
            for x in filmed if x.subtitles_id not in checked]


def content_digest(document: dict, lessons: list[dict]) -> str:
    """Of everything a revision freezes: the same content gives the same digest."""
    text = json.dumps([document, lessons], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def may_edit_course(actor: Actor, course) -> bool:
    """Its owner and authors while teaching, and administrators."""
    if not actor.may("teach"):
        return False
    return actor.kind == "system" or actor.id in course.author_ids or "administer" in actor.capabilities


def may_lead_course(actor: Actor, course) -> bool:
    """Who asks authors in, sends them away and hands the course on: its owner while teaching, and administrators."""
    if not actor.may("teach"):
        return False
    return actor.kind == "system" or course.owner_id == actor.id or "administer" in actor.capabilities


def may_review_course(actor: Actor, course) -> bool:
    """A reviewer who is not the author: four eyes."""
    return actor.may("review") and (actor.kind == "system" or actor.id not in course.writer_ids)
