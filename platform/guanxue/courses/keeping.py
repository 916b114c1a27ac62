"""What this room tells a person about their wishes and their teaching, and forgets when they go."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update

from guanxue.accounts import Effect, PersonRenamed
from guanxue.core import clock, generation
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.courses import parcels
from guanxue.courses.editing import Editor
from guanxue.courses.models import Author, Course, ReviewLine, Wish
from guanxue.courses.reviews import keeping as review_keeping

# Table → where export() tells of it.
KEEPS = {"courses_wish": "wishes", "courses_course": "courses", "courses_author": "authorships",
         "courses_editor": "changed_drafts",
         "courses_review_line": "review_lines", **review_keeping.KEEPS}


def export(person_id: int) -> dict:
    """Plans the person would like to study, courses they teach, and what they said in reviews."""
    wishes = session.execute(select(Course.title, Wish.at).join(Wish, Wish.course_id == Course.id)
                             .where(Wish.person_id == person_id).order_by(Wish.at))
    owned = session.scalars(select(Course).where(Course.owner_id == person_id).order_by(Course.id))
    lines = session.execute(select(ReviewLine, Course.title).join(Course, Course.id == ReviewLine.course_id)
                            .where(ReviewLine.by == f"person:{person_id}").order_by(ReviewLine.id))
    written = session.execute(select(Course.title, Author).join(Author, Author.course_id == Course.id)
                              .where(Author.person_id == person_id).order_by(Author.added_at))
    changed = session.execute(select(Course.title, Editor.changed_at).join(Editor, Editor.course_id == Course.id)
                              .where(Editor.person_id == person_id).order_by(Editor.changed_at))
    return {
        "authorships": [{"title": title, "added_at": a.added_at.isoformat(), "joined_at": _moment(a.accepted_at),
                         "left_at": _moment(a.left_at)} for title, a in written],
        "changed_drafts": [{"title": title, "at": at.isoformat()} for title, at in changed],
        "wishes": [{"title": title, "at": at.isoformat()} for title, at in wishes],
        "courses": [{"title": c.title, "slug": c.slug, "state": c.state, "created_at": c.created_at.isoformat()}
                    for c in owned],
        "review_lines": [{"title": title, "step": line.step, "remarks": line.remarks, "by_name": line.by_name,
                          "at": line.at.isoformat()} for line, title in lines],
        **review_keeping.export(person_id),
    }


def _moment(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def erase(actor: Actor, person_id: int) -> list[Effect]:
    """Forget the wishes. Courses stay for those who study them, without their teacher's name."""
    stays = review_keeping.erase(person_id)
    parcels.drop_all(person_id)
    session.execute(delete(Wish).where(Wish.person_id == person_id))
    session.execute(delete(Editor).where(Editor.person_id == person_id))
    session.execute(delete(Author).where(Author.person_id == person_id, Author.accepted_at.is_(None)))
    session.execute(update(Author).where(Author.person_id == person_id, Author.left_at.is_(None)).values(left_at=clock.now()))
    return [*stays, *left(person_id)]


def _works(person_id: int) -> bool:
    """Did the person teach or review?"""
    owns = session.scalar(select(Course.id).where(Course.owner_id == person_id).limit(1))
    writes = session.scalar(select(Author.course_id).where(Author.person_id == person_id).limit(1))
    said = session.scalar(select(ReviewLine.id).where(ReviewLine.by == f"person:{person_id}").limit(1))
    return owns is not None or writes is not None or said is not None


def _teaches(person_id: int) -> bool:
    owns = session.scalar(select(Course.id).where(Course.owner_id == person_id).limit(1))
    return owns is not None or session.scalar(
        select(Author.course_id).where(Author.person_id == person_id, Author.accepted_at.is_not(None)).limit(1)) is not None


def left(person_id: int) -> list[Effect]:
    """What stays of somebody who taught or reviewed, and why; also told before."""
    if not _works(person_id):
        return review_keeping.left(person_id)
    return [*review_keeping.left(person_id), Effect("teaching.kept", "courses", _(
        "教过的课程留给正在学的人，不再显示你的姓名；课程审核记录里的署名是工作记录，要保留。"))]


def refresh_names(event: PersonRenamed) -> None:
    """Pages kept in memory show a teacher's name: make them again."""
    if _teaches(event.person_id):
        generation.bump("catalogue")
