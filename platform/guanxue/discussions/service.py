"""Rating, asking, answering, reporting and taking down. Nothing is ranked and nobody is counted in public."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from guanxue import audit, courses, learning
from guanxue.core import clock, generation
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Forbidden, TooMany
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import checked_text, invalid_field, plain_text
from guanxue.discussions import queries, rules
from guanxue.discussions.errors import NotFinished, NotInCourse, ReportedAlready
from guanxue.discussions.models import Answer, Question, Rating, Report

GENERATION = "discussions"  # pages that show ratings or questions are keyed by it


def rate(actor: Actor, course: courses.Course, stars: int, text: str = "") -> Rating:
    """Say what a finished course was worth, 1 to 5; again replaces it. What a reviewer removed stays removed.

    Raises NotFinished, Invalid.
    """
    actor.must_be_person()
    if not may_rate(actor, course):
        raise NotFinished(_("学完这门课才能评价。"))
    if not 1 <= stars <= 5:
        raise invalid_field("stars", _("请选一到五星。"))
    text = checked_text("text", text, rules.LONGEST_RATING, may_be_empty=True)
    rating = queries.find_rating(actor.id, course.id)
    if rating is None:
        rating = Rating(person_id=actor.id, course_id=course.id)
        session.add(rating)
    rating.stars, rating.text, rating.rated_at = stars, text, clock.now()
    if rating.hidden_by == actor.ref:  # taken back by themselves, and said anew
        rating.hidden_at, rating.hidden_by, rating.hidden_why = None, "", ""
    session.flush()
    generation.bump(GENERATION)
    return rating


def may_rate(actor: Actor, course: courses.Course) -> bool:
    """Only who finished it."""
    return actor.is_person and course.id in learning.completed_course_ids(actor.id)


def teaches(actor: Actor, course: courses.Course) -> bool:
    """Does the actor answer as this course's teacher?"""
    return actor.is_person and courses.may_edit_course(actor, course)


def may_speak(actor: Actor, course: courses.Course) -> bool:
    """May the actor ask and answer here: in the course now, once finished it, or its teacher?"""
    if not actor.is_person:
        return False
    enrolment = learning.find_enrolment(actor.id, course.id)
    is_in = enrolment is not None and (enrolment.left_at is None or learning.find_completion(enrolment.id) is not None)
    return is_in or teaches(actor, course)


def ask(actor: Actor, course: courses.Course, text: str, *, lesson_slug: str = "", at_ms: int | None = None) -> Question:
    """Ask the teacher; a lesson that is not in the course is not kept. Raises NotInCourse, Invalid, TooMany."""
    actor.must_be_person()
    if not may_speak(actor, course):
        raise NotInCourse(_("先报名这门课，再提问。"))
    text = checked_text("text", text, rules.LONGEST_QUESTION)
    _must_not_be_too_many(Question, actor, rules.QUESTIONS_A_DAY)
    known = {x.slug for x in courses.lessons_of(course.revision_id)} if course.revision_id else set()
    question = Question(person_id=actor.id, course_id=course.id, lesson_slug=lesson_slug if lesson_slug in known else "",
                        at_ms=at_ms if lesson_slug in known else None, text=text, asked_at=clock.now())
    session.add(question)
    session.flush()
    generation.bump(GENERATION)
    return question


def answer(actor: Actor, course: courses.Course, question: Question, text: str) -> Answer:
    """Answer, as the teacher where the actor is it. Raises NotInCourse, Invalid, TooMany."""
    actor.must_be_person()
    if not may_speak(actor, course):
        raise NotInCourse(_("先报名这门课，再回答。"))
    text = checked_text("text", text, rules.LONGEST_ANSWER)
    _must_not_be_too_many(Answer, actor, rules.ANSWERS_A_DAY)
    is_teacher = teaches(actor, course)
    made = Answer(question_id=question.id, person_id=actor.id, is_teacher=is_teacher, text=text, answered_at=clock.now())
    session.add(made)
    if is_teacher and question.taught_at is None:
        question.taught_at = clock.now()
    session.flush()
    generation.bump(GENERATION)
    return made


def report(actor: Actor, kind: str, thing_id: int, reason: str) -> None:
    """Say that something should not stand; it stays until a reviewer decides. Raises NoSuchPost, Invalid, ReportedAlready."""
    actor.must_be_person()
    post = queries.get_post(kind, thing_id)
    if post.person_id == actor.id:
        raise Forbidden(_("自己写的，可以直接删掉，不用举报。"))
    reason = checked_text("reason", reason, rules.LONGEST_REASON)
    if _renew(actor, kind, post, reason):
        audit.record(actor, "discussions.post.reported", f"{kind}:{thing_id}")
        return
    try:
        with session.begin_nested():
            session.add(Report(kind=kind, thing_id=thing_id, person_id=actor.id, reason=reason, reported_at=clock.now()))
    except IntegrityError:
        raise ReportedAlready(_("你已经举报过这一条，正在等处理。")) from None
    audit.record(actor, "discussions.post.reported", f"{kind}:{thing_id}")


def _renew(actor: Actor, kind: str, post: queries.Post, reason: str) -> bool:
    """Open the actor's settled report of a rating again, where the rating says something else since: True."""
    there = session.scalar(select(Report).where(Report.kind == kind, Report.thing_id == post.id, Report.person_id == actor.id))
    if there is None or there.settled_at is None or not isinstance(post, Rating) or post.rated_at <= there.reported_at:
        return False
    there.reason, there.reported_at, there.settled_at, there.settled_by, there.outcome = reason, clock.now(), None, "", ""
    session.flush()
    return True


def remove(actor: Actor, kind: str, thing_id: int, why: str = "") -> None:
    """Take it down: its author, the course's teacher (not ratings), reviewers with a reason. Raises Forbidden, Invalid."""
    post = queries.get_post(kind, thing_id)
    course = courses.courses_by_id([queries.course_id_of(post)])[queries.course_id_of(post)]
    if not rules.may_remove(actor, kind, author_id=post.person_id, teaches=teaches(actor, course)):
        raise Forbidden(_("只有写的人、任课老师和审核员可以移除。"))
    is_own = post.person_id == actor.id
    why = plain_text(why)[:rules.LONGEST_REASON] if is_own else checked_text("why", why, rules.LONGEST_REASON)
    post.hidden_at, post.hidden_by, post.hidden_why = clock.now(), actor.ref, why
    _settle(actor, kind, thing_id, "removed")
    audit.record(actor, "discussions.post.removed", f"{kind}:{thing_id}", {"why": why, "own": is_own})
    generation.bump(GENERATION)


def keep(actor: Actor, kind: str, thing_id: int) -> None:
    """Decide that what was reported may stand. Needs "review"."""
    actor.require("review")
    queries.get_post(kind, thing_id)
    _settle(actor, kind, thing_id, "kept")
    audit.record(actor, "discussions.post.kept", f"{kind}:{thing_id}")


def _settle(actor: Actor, kind: str, thing_id: int, outcome: str) -> None:
    session.execute(update(Report).where(Report.kind == kind, Report.thing_id == thing_id, Report.settled_at.is_(None))
                    .values(settled_at=clock.now(), settled_by=actor.ref, outcome=outcome))
    session.flush()


def _must_not_be_too_many(model: type[Question] | type[Answer], actor: Actor, limit: int) -> None:
    if queries.count_today(model, actor.id, clock.now() - timedelta(days=1)) >= limit:
        raise TooMany(_("今天写得很多了，明天再来吧。"), retry_after_s=3600)
