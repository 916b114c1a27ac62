"""From a revision that a complaint stopped for good to the mended one. What was earned keeps its ground.

Nothing is copied: a Move says which revision was pinned before, and what was watched, read or passed there counts where the
mended revision has the same film, the same words, the same paper.
"""

from __future__ import annotations

from dataclasses import dataclass

from guanxue import audit, courses, quizzes
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.courses import RevisionLesson
from guanxue.learning import carried, evidence, resting
from guanxue.learning.errors import CannotEnrol, NotEnrolled
from guanxue.learning.models import Enrolment, Move
from guanxue.learning.queries import completion_of, find_enrolment, progress_rows
from guanxue.learning.service import complete_course


@dataclass(frozen=True)
class Onward:
    """The mended revision: its lessons that are as they were, and those to be studied anew though something was earned."""

    revision_id: int
    same: tuple[RevisionLesson, ...]
    anew: tuple[RevisionLesson, ...]


def find_onward(enrolment: Enrolment, course: courses.Course) -> Onward | None:
    """Where the learner of a stopped revision can go on; None where nothing is stopped for good, or all is complete.

    A revision whose videos are still being made is not offered yet: what was watched could not be compared.
    """
    if enrolment.left_at is not None or course.revision_id in (None, enrolment.revision_id):
        return None
    if not courses.mends(course, courses.get_revision(enrolment.revision_id).number) or completion_of(enrolment) is not None:
        return None
    ours = courses.lessons_of(course.revision_id)
    if courses.content_ms(ours) is None:
        return None
    before = courses.lessons_of(enrolment.revision_id)
    there = carried.match(before, ours, by_length=False)
    begun = {x.slug for x in before if x.id in progress_rows(enrolment.id)}
    same = {x.id for x in ours} & {there[x.id] for x in before if x.id in there and not _falls_short(enrolment, x, course)}
    return Onward(course.revision_id, tuple(x for x in ours if x.id in same),
                  tuple(x for x in ours if x.id not in same and x.slug in begun))


def _falls_short(enrolment: Enrolment, lesson: RevisionLesson, course: courses.Course) -> bool:
    """Was the quiz passed, but not as well as the mended revision asks for?"""
    mark, wanted = (courses.get_revision(i).pass_mark for i in (enrolment.revision_id, course.revision_id))
    if lesson.kind != "quiz" or wanted <= mark or lesson.id not in progress_rows(enrolment.id):
        return False
    tries = (done for source in carried.sources_of(enrolment) for who, subject in source.subjects(lesson.id)
             for _attempt, done in quizzes.list_attempts(who, subject))
    return not any(done is not None and quizzes.is_passed(done, wanted) for done in tries)


def move_on(actor: Actor, course: courses.Course) -> Enrolment:
    """Go on in the mended revision; again is the same. Whoever has everything that it asks for completes it.

    The policy stays the one that the enrolment began under. Raises NotEnrolled, CannotEnrol where there is nowhere to go.
    """
    actor.must_be_person()
    found = find_enrolment(actor.id, course.id)
    if found is None or found.left_at is not None:
        raise NotEnrolled(_("请先报名这门课。"))
    enrolment = evidence.lock_enrolment(found.id)
    if enrolment.revision_id == course.revision_id:
        return enrolment
    if find_onward(enrolment, course) is None:
        raise CannotEnrol(_("现在没有改好的版本可以换。"))
    evidence.end_playbacks(actor.id, enrolment_id=enrolment.id)
    resting.give_all_back(enrolment)
    before = enrolment.revision_id
    session.add(Move(enrolment_id=enrolment.id, from_revision_id=before, to_revision_id=course.revision_id,
                     moved_at=clock.now()))
    enrolment.revision_id = course.revision_id
    evidence.rebuild_progress(enrolment)
    audit.record(actor, "learning.enrolment.moved", f"course:{course.id}", {"from": before, "to": course.revision_id})
    complete_course(enrolment)
    return enrolment
