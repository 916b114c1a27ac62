"""The versions of a course that can be compared: published revisions, handed-in candidates, the draft."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from guanxue import media
from guanxue.core.db import session
from guanxue.courses.models import DRAFT, RETURNED, Course, Revision
from guanxue.courses.queries import lessons_of
from guanxue.courses.reviews import remarks
from guanxue.courses.reviews.models import Candidate
from guanxue.courses.service import lesson_content


def list_versions(course: Course) -> dict[str, datetime | None]:
    """When each came to be, oldest first: r1, r2 … revisions, c1, c2 … candidates, "draft" (None) where it has moved on."""
    revisions = session.execute(select(Revision.number, Revision.published_at).where(Revision.course_id == course.id)).all()
    candidates = session.execute(select(Candidate.number, Candidate.submitted_at).where(Candidate.course_id == course.id)).all()
    dated = [(at, f"r{n}") for n, at in revisions] + [(at, f"c{n}") for n, at in candidates]
    told: dict[str, datetime | None] = {name: at for at, name in sorted(dated)}
    if course.state in (DRAFT, RETURNED):
        told["draft"] = None
    return told


def usual_versions(course: Course) -> tuple[str, str]:
    """What one wants to compare: the newest with what is published, else with the one before. Needs two versions."""
    names = list(list_versions(course))
    published = [n for n in names[:-1] if n.startswith("r")]
    return (published or names[:-1])[-1], names[-1]


def content_at(course: Course, name: str) -> dict:
    """The content of a version that list_versions() names, as comparisons take it."""
    if name == "draft":
        return remarks.draft_content(course)
    if name.startswith("c"):
        document = session.scalar(select(Candidate.document).where(Candidate.course_id == course.id,
                                                                   Candidate.number == int(name[1:])))
        return {"course": document["course"], "lessons": document["lessons"]}
    revision = session.scalar(select(Revision).where(Revision.course_id == course.id, Revision.number == int(name[1:])))
    lessons = lessons_of(revision.id)
    films = {a.id: a.digest for a in media.list_assets({x.asset_id for x in lessons if x.asset_id}) if a.kind == "upload"}
    return {"course": revision.document, "lessons": [lesson_content(x, films.get(x.asset_id)) for x in lessons]}
