"""The outline of a draft: its sections, and the order of everything in it. A quiz stays last and under no heading."""

from __future__ import annotations

from collections.abc import Iterable

from guanxue import audit, media
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _
from guanxue.courses import removals, rules
from guanxue.courses.errors import NotReady
from guanxue.courses.models import Course, Lesson, Removed
from guanxue.courses.queries import list_lessons
from guanxue.courses.service import change_film, must_be_publishable, must_edit, next_slug, put_in_order, touched

LONGEST_NAME = 40
MOST_SECTIONS = 60


def get_outline(course: Course) -> list[rules.Section]:
    """The draft's sections in order with their lessons; the quiz is in none."""
    return rules.outline_of(course.sections, list_lessons(course.id))


def list_missing(course: Course) -> list[dict]:
    """What keeps the draft from being handed in: {"field": "course" or a lesson's slug, "message"}; empty when nothing does."""
    try:
        must_be_publishable(course)
    except Invalid as problem:
        return problem.fields
    return []


def add_section(actor: Actor, course: Course, name: str) -> None:
    """A new heading at the end. Raises Invalid."""
    must_edit(actor, course)
    names = _names(course)
    name = _checked(name, names)
    if len(names) >= MOST_SECTIONS:
        raise Invalid(_("小节太多了，最多 %(n)s 个。", n=MOST_SECTIONS))
    _set_sections(course, [*names, name])


def rename_section(actor: Actor, course: Course, old: str, new: str) -> None:
    """Another name for a heading; lessons without one get theirs by renaming "". Raises Invalid."""
    must_edit(actor, course)
    names = _names(course)
    if old not in names:
        raise Invalid(_("没有这个小节，可能刚被别人改过。"))
    if new.strip() == old:
        return
    new = _checked(new, names)
    for lesson in _lessons_in(course, old):
        lesson.section = new
    _set_sections(course, [new if name == old else name for name in names])


def remove_section(actor: Actor, course: Course, name: str) -> Removed | None:
    """Take a heading away; its lessons go to the section before it, or under none. Nothing written is lost.

    What can put it back; None where there is no such heading.
    """
    must_edit(actor, course)
    names = _names(course)
    if name not in names or not name:
        return None
    at = names.index(name)
    heir = names[at - 1] if at else ""
    lessons = _lessons_in(course, name)
    removed = removals.note_section(actor, course, name, [x for x in names if x].index(name), [x.id for x in lessons])
    for lesson in lessons:
        lesson.section = heir
    _set_sections(course, [x for x in names if x != name])
    return removed


def put_back(actor: Actor, course: Course, removed_id: int) -> Lesson | None:
    """What was taken out stands where it stood, as near as that is possible now; the lesson, where it was one.

    Raises NotReady for what cannot come back (a second quiz), Invalid for a heading whose name is taken.
    """
    must_edit(actor, course)
    removed = removals.get_removed(course, removed_id)
    lesson = _lesson_back(course, removed) if removed.kind == removals.LESSON else _section_back(course, removed)
    audit.record(actor, "courses.lesson.put_back", f"course:{course.id}", {"title": removed.title})
    session.delete(removed)
    touched(course)
    return lesson


def _lesson_back(course: Course, removed: Removed) -> Lesson:
    lesson, lessons = removals.lesson_again(removed), list_lessons(course.id)
    if lesson.next_asset_id is not None and media.get_asset(lesson.next_asset_id).state == "ready":  # nobody waited for it
        change_film(lesson, lesson.next_asset_id)
        lesson.next_asset_id = None
    if lesson.kind == "quiz" and any(x.kind == "quiz" for x in lessons):
        raise NotReady(_("一门课只有一份考核：先删掉现在这份，再把旧的放回来。"))
    if lesson.slug in {x.slug for x in lessons}:
        lesson.slug = next_slug(lessons, lesson.kind)
    lessons.insert(max(0, lesson.position - 1), lesson)
    session.add(lesson)
    put_in_order(rules.in_order(course.sections, lessons, as_given=True))
    return lesson


def _section_back(course: Course, removed: Removed) -> None:
    names = _names(course)
    _checked(removed.title, names)
    named = [x for x in names if x]
    named.insert(removed.document["place"], removed.title)
    for lesson in list_lessons(course.id):
        if lesson.id in removed.document["lessons"] and lesson.kind != "quiz":
            lesson.section = removed.title
    _set_sections(course, named)


def move_section(actor: Actor, course: Course, name: str, steps: int) -> None:
    """A heading with all its lessons up (-1) or down (+1)."""
    must_edit(actor, course)
    names = [x for x in _names(course) if x]
    if name not in names:
        return
    names.insert(max(0, names.index(name) + steps), names.pop(names.index(name)))
    _set_sections(course, names)


def arrange(actor: Actor, course: Course, order: Iterable[tuple[str, str]]) -> None:
    """Everything as it was dragged: ("section", name) and ("lesson", row id) from top to bottom.

    What somebody added since stays, at the end of its section; what somebody removed stays removed.
    """
    must_edit(actor, course)
    lessons = {str(x.id): x for x in list_lessons(course.id) if x.kind != "quiz"}
    known, names, ordered, here = set(_names(course)), [], [], ""
    for kind, value in order:
        if kind == "section" and (value in known or not value):
            here = value
            names.append(value)
        elif kind == "lesson" and (lesson := lessons.pop(value, None)) is not None:
            lesson.section = here
            ordered.append(lesson)
    _set_sections(course, list(dict.fromkeys([*names, *_names(course)])), [*ordered, *lessons.values()])


def _names(course: Course) -> list[str]:
    return rules.section_names(course.sections, list_lessons(course.id))


def _lessons_in(course: Course, section: str) -> list[Lesson]:
    return [x for x in list_lessons(course.id) if x.section == section and x.kind != "quiz"]


def _checked(name: str, names: list[str]) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid(_("小节的名称应有 1 到 %(n)s 个字。", n=LONGEST_NAME))
    if name in names:
        raise Invalid(_("已经有叫“%(name)s”的小节。", name=name))
    return name


def _set_sections(course: Course, names: list[str], ordered: list[Lesson] | None = None) -> None:
    """Write headings and order; `ordered` are the lessons but the quiz, where their order changes too."""
    course.sections = [name for name in names if name]
    lessons = list_lessons(course.id)
    if ordered is not None:
        lessons = [*ordered, *(x for x in lessons if x.kind == "quiz")]
    put_in_order(rules.in_order(course.sections, lessons, as_given=True))
    touched(course)
