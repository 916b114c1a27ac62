"""A quiz as its course sets it: which papers its revisions gave out, and how many questions an attempt draws of each pool."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from guanxue import quizzes
from guanxue.core.db import session
from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _
from guanxue.courses import rules
from guanxue.courses.models import Course, Lesson, Revision, RevisionLesson


@dataclass(frozen=True)
class SetPaper:
    """A paper that a course gave out: the numbers of the revisions that did, oldest first, and the newest's lesson title."""

    paper_id: int
    revisions: tuple[int, ...]
    title: str


def list_papers(course_id: int) -> list[SetPaper]:
    """Every paper of the course, the newest revision's first."""
    rows = session.execute(
        select(RevisionLesson.paper_id, Revision.number, RevisionLesson.title)
        .join(Revision, Revision.id == RevisionLesson.revision_id)
        .where(Revision.course_id == course_id, RevisionLesson.paper_id.is_not(None)).order_by(Revision.number))
    found: dict[int, SetPaper] = {}
    for paper_id, number, title in rows:
        before = found.pop(paper_id, None)
        found[paper_id] = SetPaper(paper_id, (*(before.revisions if before else ()), number), title)
    return list(reversed(found.values()))


def list_using(paper_id: int) -> list[Course]:
    """Every course that ever gave out the paper."""
    return list(session.scalars(
        select(Course).where(Course.id.in_(
            select(Revision.course_id).join(RevisionLesson, RevisionLesson.revision_id == Revision.id)
            .where(RevisionLesson.paper_id == paper_id))).order_by(Course.id)))


def draw_of(lesson: Lesson | RevisionLesson) -> dict[str, int]:
    """{pool: how many questions an attempt draws of it}; of other pools it has all."""
    return dict(lesson.settings.get("draw", {}))


def draw_fault(lesson: Lesson) -> rules.Fault | None:
    """What stands in the way of drawing so many; None where nothing does."""
    draw = draw_of(lesson)
    fault = quizzes.draw_fault(quizzes.read_gift(lesson.body).questions, draw) if draw else None
    if fault is None:
        return None
    pool, size = fault
    told = _("“%(title)s”：题库“%(pool)s”现在有 %(n)s 道题，抽不出 %(m)s 道。请改一下抽题的数目。", title=lesson.title,
             pool=pool or str(_("没有写题库的题")), n=size, m=draw[pool])
    return rules.Fault(lesson.slug, told)


def check_draw(lesson: Lesson, draw: dict[str, int | None]) -> dict[str, int]:
    """What `draw` comes to: only pools of which fewer than all are drawn. Raises Invalid."""
    if lesson.kind != "quiz":
        raise Invalid(_("只有考核可以抽题。"))
    questions = quizzes.read_gift(lesson.body).questions
    sizes = quizzes.pools_of(questions)
    faults = [{"field": f"draw-{n}", "message": _("填 1 到 %(n)s 之间的整数；全部都考就空着。", n=size)}
              for n, (pool, size) in enumerate(sizes.items()) if draw.get(pool) is not None and not 1 <= draw[pool] <= size]
    if faults:
        raise Invalid(_("抽题的数目不对，没有保存。"), fields=faults)
    return {pool: draw[pool] for pool, size in sizes.items() if draw.get(pool) is not None and draw[pool] < size}
