"""Whose course it is: its owner, the authors who write it too, the institution it belongs to.

An invitation names a phone number. Whoever it reaches, the answer to who asks is the same sentence: nobody learns whether a
number has an account here. It is an authorship only once the other teacher has said yes.
"""

from __future__ import annotations

from sqlalchemy import select, update

from guanxue import accounts, audit
from guanxue.accounts import Organisation, Person
from guanxue.core import clock, generation
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Conflict, Forbidden, Invalid
from guanxue.core.i18n import lazy as _
from guanxue.courses import rules
from guanxue.courses.models import SUBMITTED, Author, Course

MOST_AUTHORS = 12
MOST_INVITATIONS_A_DAY = 30


def invite_author(actor: Actor, course: Course, phone: str) -> None:
    """Ask the teacher with that number to write the course too. Says nothing about who that is, or whether there is one.

    Raises Invalid for what is no number, Conflict when there are enough, TooMany, Forbidden for who does not lead the course.
    """
    _must_lead(actor, course)
    number = accounts.checked_phone(phone)
    _must_have_room(course)
    accounts.claim_attempt(f"courses.invite:{actor.id}", most_a_day=MOST_INVITATIONS_A_DAY)
    person = accounts.find_person_by_phone(number)
    if person is not None:
        _ask(actor, course, person)
    audit.record(actor, "courses.author.invited", f"course:{course.id}", {"phone": accounts.mask_phone(number)})


def invite_colleague(actor: Actor, course: Course, person_id: int) -> None:
    """Ask another teacher of the course's institution. Raises Invalid for who teaches elsewhere, Forbidden, Conflict."""
    _must_lead(actor, course)
    _must_have_room(course)
    if person_id not in {one for one, _name in list_colleagues(actor, course)}:
        raise Invalid(_("只能选本单位的老师。"))
    _ask(actor, course, accounts.get_person(person_id))
    audit.record(actor, "courses.author.invited", f"course:{course.id}", {"person": f"person:{person_id}"})


def list_colleagues(actor: Actor, course: Course) -> list[tuple[int, str]]:
    """(row id, name) of the other teachers of the course's institution who are no authors, by name.

    Whoever was asked stays in it: else asking a phone number would tell whose it is.
    """
    if course.institution_id is None or not rules.may_lead_course(actor, course):
        return []
    return [(one, name) for one, name in accounts.list_teachers_of(course.institution_id) if one not in course.author_ids]


def _must_have_room(course: Course) -> None:
    if len(course.author_ids) > MOST_AUTHORS:
        raise Conflict(_("一门课最多 %(n)s 位老师；请先移出一位。", n=MOST_AUTHORS + 1))


def _ask(actor: Actor, course: Course, person: Person) -> None:
    """An open invitation, where the person teaches and is no author yet; again is the same."""
    if person.id in course.author_ids or not _is_active(person) or "teach" not in accounts.capabilities_of(person.id):
        return
    row = next((a for a in course.authors if a.person_id == person.id), None)
    if row is None:
        row = Author(person_id=person.id)
        course.authors.append(row)
    row.added_by, row.added_at, row.is_asked = actor.ref, clock.now(), True
    session.flush()


def list_invitations(actor: Actor) -> list[tuple[Course, str]]:
    """Courses the actor was asked to write, each with the name of who asks, oldest first."""
    rows = session.execute(select(Course, Author.added_by).join(Author, Author.course_id == Course.id)
                           .where(Author.person_id == actor.id, Author.is_asked).order_by(Author.added_at)).all()
    ids = {by: int(by.removeprefix("person:")) for _course, by in rows if by.startswith("person:")}
    names = accounts.names_of(ids.values())
    return [(course, names.get(ids.get(by, 0), "")) for course, by in rows]


def answer_invitation(actor: Actor, course_id: int, *, accepts: bool) -> Course | None:
    """Say yes or no; the course where yes, None where no or where nobody asks any more."""
    actor.require("teach")
    asked = session.get(Author, (course_id, actor.id))
    if asked is None or not asked.is_asked:
        return None
    course = session.get(Course, course_id)
    if accepts and course.state == SUBMITTED and actor.may("review"):
        raise Conflict(_("课程正在审核，审完以后才能加入。"))
    asked.is_asked = False
    if accepts:
        asked.accepted_at, asked.left_at = asked.accepted_at or clock.now(), None
        audit.record(actor, "courses.author.joined", f"course:{course.id}")
        generation.bump("catalogue")  # the course's page names who teaches
    elif asked.accepted_at is None:
        course.authors.remove(asked)
    session.flush()
    return course if accepts else None


def list_coauthors(course: Course) -> list[str]:
    """Names of those who write the course beside its owner."""
    names = accounts.names_of(course.author_ids - {course.owner_id})
    return sorted(names.values())


def remove_author(actor: Actor, course: Course, person_id: int) -> None:
    """Send an author away (who leads), or leave oneself. What they wrote stays."""
    if person_id != actor.id:
        _must_lead(actor, course)
    row = session.get(Author, (course.id, person_id))
    if row is None or not row.is_author:
        return
    row.left_at = clock.now()
    session.flush()
    generation.bump("catalogue")
    audit.record(actor, "courses.author.left", f"course:{course.id}", {"person": f"person:{person_id}"})


def hand_over(actor: Actor, course: Course, person_id: int) -> None:
    """Make an author the owner; the owner before stays as an author. Raises Forbidden, Conflict."""
    _must_lead(actor, course)
    if person_id == course.owner_id or person_id not in course.author_ids:
        raise Conflict(_("只能转交给已经加入的老师。"))
    _give(actor, course, person_id)


def _give(actor: Actor, course: Course, person_id: int) -> None:
    """The course gets that owner; who owned it before writes on, or is remembered as one who wrote it."""
    before, now = course.owner_id, clock.now()
    course.authors[:] = [a for a in course.authors if a.person_id != person_id]
    if before is not None and before != person_id:
        person = accounts.find_person(before)
        course.authors.append(Author(person_id=before, added_by=actor.ref, added_at=now, accepted_at=now,
                                     left_at=None if person is not None and _is_active(person) else now))
    course.owner_id, course.updated_at = person_id, now
    session.flush()
    generation.bump("catalogue")
    audit.record(actor, "courses.course.handed_over", f"course:{course.id}",
                 {"from": f"person:{before}" if before else "", "to": f"person:{person_id}"})


def _is_active(person: Person) -> bool:
    return person.disabled_at is None and person.erased_at is None and person.merged_into_id is None


def _must_lead(actor: Actor, course: Course) -> None:
    actor.require("teach")
    if not rules.may_lead_course(actor, course):
        raise Forbidden(_("只有课程的负责人可以这样做。"))


# ---- institutions


def set_institution(actor: Actor, course: Course, slug: str) -> None:
    """Give the course to an organisation that the actor teaches for, or to none (""). Raises Forbidden, Invalid."""
    _must_lead(actor, course)
    present = institution_of(course)
    if (present.slug if present else "") == slug:
        return
    chosen = next((o for o in accounts.list_teaching_places(actor.id) if o.slug == slug), None)
    if slug and chosen is None:
        raise Invalid(_("只能选自己任教的单位。"), fields=[{"field": "institution", "message": _("只能选自己任教的单位。")}])
    course.institution_id = chosen.id if chosen else None
    session.flush()
    generation.bump("catalogue")
    audit.record(actor, "courses.course.institution", f"course:{course.id}", {"institution": slug})


def institution_of(course: Course) -> Organisation | None:
    """The organisation the course belongs to."""
    return session.get(Organisation, course.institution_id) if course.institution_id else None


def list_left_courses(actor: Actor) -> list[Course]:
    """Courses of the institutions the actor teaches for whose owner is gone: one of their teachers may take them over."""
    places = [o.id for o in accounts.list_teaching_places(actor.id, with_closed=True)]
    if not places:
        return []
    gone = select(Person.id).where(
        Person.disabled_at.is_not(None) | Person.erased_at.is_not(None) | Person.merged_into_id.is_not(None))
    return list(session.scalars(select(Course).where(
        Course.institution_id.in_(places), Course.owner_id.is_(None) | Course.owner_id.in_(gone)).order_by(Course.id)))


def take_over(actor: Actor, course_id: int) -> Course:
    """A teacher of the course's institution takes it over from an owner who is gone. Raises Conflict."""
    actor.require("teach")
    course = next((c for c in list_left_courses(actor) if c.id == course_id), None)
    taken = course is not None and session.execute(  # of two who come together one is told
        update(Course).where(Course.id == course_id, Course.owner_id.is_not_distinct_from(course.owner_id))
        .values(updated_at=clock.now())).rowcount
    if not taken:
        raise Conflict(_("这门课有老师负责，或不属于你的单位。"))
    _give(actor, course, actor.id)
    return course
