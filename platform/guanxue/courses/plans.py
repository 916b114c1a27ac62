"""筹备中: plans that wait for a teacher. Looking for one, taking it on with lessons from its syllabus, giving it back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from guanxue import audit
from guanxue.core import clock, generation
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.courses import removals
from guanxue.courses.catalogue import FacetValue, Item, Query, browse
from guanxue.courses.errors import NotReady
from guanxue.courses.models import DRAFT, Course, Wish
from guanxue.courses.queries import list_lessons
from guanxue.courses.service import LONGEST_TITLE, add_lesson, must_edit

EVERY = 100_000  # all plans are looked through at once: they stand in memory


@dataclass(frozen=True)
class Plans:
    """What a teacher may choose from: (plan, how many wish for it), best first; facets as in the catalogue."""

    rows: list[tuple[Item, int]]
    facets: dict[str, list[FacetValue]]


def list_free_plans(query: Query) -> Plans:
    """Plans nobody has taken on that the query asks for. Without words the most wished for come first; with, the best hits."""
    listing = browse(Query(q=query.q, town=query.town, industry=query.industry, occupation=query.occupation, kind=query.kind,
                           level=query.level, status="planned", per_page=EVERY))
    wishes = dict(session.execute(select(Wish.course_id, func.count()).group_by(Wish.course_id)).all())
    rows = [(item, wishes.get(item.id, 0)) for item in listing.items if not item.has_owner]
    if not query.q.strip() or query.sort == "wished":
        rows.sort(key=lambda row: -row[1])  # stable: equals stay as the catalogue has them
    return Plans(rows, listing.facets)


def propose_lessons(actor: Actor, course: Course, titles: list[str]) -> int:
    """Lessons with those titles, points of the syllabus or not, empty and in order; how many. What is there is passed over."""
    must_edit(actor, course)
    there = {x.title for x in list_lessons(course.id)}
    wanted = [t for t in dict.fromkeys(title.strip()[:LONGEST_TITLE] for title in titles) if t and t not in there][:60]
    for title in wanted:
        add_lesson(actor, course, title=title, kind="video")
    return len(wanted)


def may_give_back(course: Course) -> bool:
    """Is it a plan that nobody wrote anything in yet?"""
    return course.is_planned and course.revision_id is None and course.owner_id is not None and not any(
        x.body or x.asset_id for x in list_lessons(course.id))


def give_back(actor: Actor, course: Course) -> None:
    """The plan waits for another teacher again. Raises NotReady once something was written."""
    must_edit(actor, course)
    if not may_give_back(course):
        raise NotReady(_("已经写了内容，不能还回去；可以转交给别的老师。"))
    for lesson in list_lessons(course.id):
        session.delete(lesson)
    removals.forget_removed(course)  # it is none of the next teacher's business
    course.authors.clear()
    course.owner_id = course.institution_id = None
    course.sections, course.state, course.updated_at = [], DRAFT, clock.now()
    session.flush()
    generation.bump("catalogue")
    audit.record(actor, "courses.course.given_back", f"course:{course.id}")
