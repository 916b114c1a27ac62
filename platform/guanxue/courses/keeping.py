"""What this room tells a person about their wishes and their teaching, and forgets when they go."""

from __future__ import annotations

from sqlalchemy import delete, select

from guanxue.accounts import Effect, PersonRenamed
from guanxue.core import generation
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.courses.models import Course, ReviewLine, Wish

# Table → where export() tells of it.
KEEPS = {"courses_wish": "wishes", "courses_course": "courses", "courses_review_line": "review_lines"}


def export(person_id: int) -> dict:
    """Plans the person would like to study, courses they teach, and what they said in reviews."""
    wishes = session.execute(select(Course.title, Wish.at).join(Wish, Wish.course_id == Course.id)
                             .where(Wish.person_id == person_id).order_by(Wish.at))
    owned = session.scalars(select(Course).where(Course.owner_id == person_id).order_by(Course.id))
    lines = session.execute(select(ReviewLine, Course.title).join(Course, Course.id == ReviewLine.course_id)
                            .where(ReviewLine.by == f"person:{person_id}").order_by(ReviewLine.id))
    return {
        "wishes": [{"title": title, "at": at.isoformat()} for title, at in wishes],
        "courses": [{"title": c.title, "slug": c.slug, "state": c.state, "created_at": c.created_at.isoformat()}
                    for c in owned],
        "review_lines": [{"title": title, "step": line.step, "remarks": line.remarks, "by_name": line.by_name,
                          "at": line.at.isoformat()} for line, title in lines],
    }


def erase(actor: Actor, person_id: int) -> list[Effect]:
    """Forget the wishes. Courses stay for those who study them, without their teacher's name."""
    session.execute(delete(Wish).where(Wish.person_id == person_id))
    return left(person_id)


def _works(person_id: int) -> bool:
    """Did the person teach or review?"""
    owns = session.scalar(select(Course.id).where(Course.owner_id == person_id).limit(1))
    said = session.scalar(select(ReviewLine.id).where(ReviewLine.by == f"person:{person_id}").limit(1))
    return owns is not None or said is not None


def left(person_id: int) -> list[Effect]:
    """What stays of somebody who taught or reviewed, and why; also told before."""
    if not _works(person_id):
        return []
    return [Effect("teaching.kept", "courses", _(
        "教过的课程留给正在学的人，不再显示你的姓名；课程审核记录里的署名是工作记录，要保留。"))]


def refresh_names(event: PersonRenamed) -> None:
    """Pages kept in memory show a teacher's name: make them again."""
    if session.scalar(select(Course.id).where(Course.owner_id == event.person_id).limit(1)) is not None:
        generation.bump("catalogue")
