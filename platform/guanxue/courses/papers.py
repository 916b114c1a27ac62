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

LEVEL_NAMES = {"easy": _("易"), "middle": _("中"), "hard": _("难")}


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


def draw_of(lesson: Lesson | RevisionLesson) -> quizzes.Draw:
    """{pool: how many questions an attempt draws of it, or how many of each level}; of other pools it has all."""
    return dict(lesson.settings.get("draw", {}))


def is_strict_exam(lesson: Lesson | RevisionLesson) -> bool:
    """Does its author want it as a strict exam whatever the policy?"""
    return lesson.settings.get("exam") == "strict"


def draw_fault(lesson: Lesson) -> rules.Fault | None:
    """What stands in the way of drawing so many; None where nothing does."""
    draw = draw_of(lesson)
    fault = quizzes.draw_fault(quizzes.read_gift(lesson.body).questions, draw) if draw else None
    if fault is None:
        return None
    told = _("“%(title)s”：题库“%(pool)s”现在有 %(n)s 道题，抽不出 %(m)s 道。请改一下抽题的数目。", title=lesson.title,
             pool=pool_name(fault), n=fault.size, m=fault.count)
    return rules.Fault(lesson.slug, told)


def pool_name(part: quizzes.Part) -> str:
    """The pool (and the level of it that is drawn by itself) in words."""
    name = part.pool or str(_("没有写题库的题"))
    return str(_("%(pool)s（%(level)s）", pool=name, level=LEVEL_NAMES[part.level])) if part.level in LEVEL_NAMES else name


def thin_faults(lesson: Lesson) -> list[rules.Fault]:
    """What of a quiz holds fewer than three times as many questions as an attempt draws: answers would go from hand to hand."""
    thin = quizzes.thin_parts(quizzes.read_gift(lesson.body).questions, draw_of(lesson))
    return [rules.Fault(lesson.slug, _(
        "申请补贴的课程，题库要有抽题数的 %(times)s 倍：“%(pool)s”每人考 %(n)s 道，要有 %(all)s 道，"
        "现在有 %(size)s 道，还差 %(more)s 道。",
        times=quizzes.POOL_TIMES, pool=pool_name(x), n=x.count, all=quizzes.POOL_TIMES * x.count, size=x.size,
        more=x.missing)) for x in thin]


def check_draw(lesson: Lesson, draw: dict[str, int | dict[str, int | None] | None]) -> quizzes.Draw:
    """What `draw` comes to: only pools of which fewer than all are drawn, or so many of each level. Raises Invalid."""
    if lesson.kind != "quiz":
        raise Invalid(_("只有考核可以抽题。"))
    questions = quizzes.read_gift(lesson.body).questions
    sizes, faults, wanted = quizzes.pools_of(questions), [], {}
    for n, (pool, size) in enumerate(sizes.items()):
        told = draw.get(pool)
        if isinstance(told, dict):
            levels = quizzes.levels_of(questions, pool)
            told = {level: told[level] for level in quizzes.LEVELS if told.get(level) is not None}
            faults += [{"field": f"draw-{n}-{level}", "message": _("填 1 到 %(n)s 之间的整数；不抽就空着。", n=levels[level])}
                       for level, count in told.items() if not 1 <= count <= levels[level]]
        elif told is not None and not 1 <= told <= size:
            faults.append({"field": f"draw-{n}", "message": _("填 1 到 %(n)s 之间的整数；全部都考就空着。", n=size)})
        if told and told != size:
            wanted[pool] = told
    if faults:
        raise Invalid(_("抽题的数目不对，没有保存。"), fields=faults)
    return wanted
