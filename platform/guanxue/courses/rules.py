"""Pure rules of courses: kinds, slugs, lesson texts, what may be published."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field

from guanxue.core.actor import Actor
from guanxue.core.enclosures import without_enclosures
from guanxue.core.i18n import lazy as _

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
_SENTENCE_END = re.compile(r"(?<=[。！？；!?;])")


def is_slug(text: str) -> bool:
    """Lower-case letters, digits and single hyphens, at most 80."""
    return len(text) <= LONGEST_SLUG and SLUG.fullmatch(text) is not None


@dataclass(frozen=True)
class Slide:
    """A slide's headline and the sentences spoken while it shows."""

    headline: str
    sentences: list[str] = field(default_factory=list)


def slides_of(body: str) -> list[Slide]:
    """A lesson's text as slides: `## headline`, then what is said. Text before the first headline is said on it too."""
    slides: list[tuple[str, list[str]]] = []
    for block in re.split(r"\n\s*\n", without_enclosures(body).strip()):
        block = " ".join(block.split())
        if block.startswith("## "):
            slides.append((block[3:].strip(), []))
        elif block and not block.startswith("# "):
            if not slides:
                slides.append(("", []))
            slides[-1][1].append(block)
    return [Slide(headline, sentences_of("".join(paragraphs))) for headline, paragraphs in slides if paragraphs]


def plain_lines(text: str) -> str:
    """As a course folder keeps a text: lines end the one way, nothing blank around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def sentences_of(text: str) -> list[str]:
    """Sentences in order, none empty."""
    return [s.strip() for s in _SENTENCE_END.split(text) if s.strip()]


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
        if lesson.kind == "video" and lesson.asset_id is None and not slides_of(lesson.body):
            faults.append(Fault(lesson.slug, _("“%(title)s”还没有视频。", title=lesson.title)))
        if lesson.kind == "text" and not lesson.body.strip():
            faults.append(Fault(lesson.slug, _("“%(title)s”还没有内容。", title=lesson.title)))
    return faults


def content_digest(document: dict, lessons: list[dict]) -> str:
    """Of everything a revision freezes: the same content gives the same digest."""
    text = json.dumps([document, lessons], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def may_edit_course(actor: Actor, course) -> bool:
    """Its owner while teaching, and administrators."""
    if not actor.may("teach"):
        return False
    return actor.kind == "system" or course.owner_id == actor.id or "administer" in actor.capabilities


def may_review_course(actor: Actor, course) -> bool:
    """A reviewer who is not the author: four eyes."""
    return actor.may("review") and (actor.kind == "system" or course.owner_id != actor.id)
