"""Whose work a course is: what its authors declare, what still has to be declared, which licence ends when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import select

from guanxue import audit, jobs, media
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Forbidden, Invalid
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import plain_text
from guanxue.courses import rules
from guanxue.courses.models import Course, Lesson
from guanxue.courses.queries import lessons_of, list_lessons
from guanxue.courses.reviews import stopping
from guanxue.courses.reviews.models import Rights

OWN, LICENSED, OPEN = BASES = ("own", "licensed", "open")
AGREED, NOBODY = PEOPLE = ("agreed", "nobody")
LICENCES = ("CC0", "CC BY", "CC BY-SA", "CC BY-NC", "CC BY-NC-SA", "CC BY-ND", "CC BY-NC-ND")
LONGEST_NAME = 80
# So long before a licence ends its owner is warned.
WARN_BEFORE = timedelta(days=60)
JOB = "courses.rights"


@dataclass(frozen=True)
class Claim:
    """What an author says about the whole course (`lesson_slug` "") or one lesson's film; see Rights for the words."""

    basis: str
    people: str
    lesson_slug: str = ""
    licensor: str = ""
    until_on: date | None = None
    licence: str = ""


@dataclass(frozen=True)
class Standing:
    """What holds now: the word about the course, words about single films by lesson slug, lessons nobody has spoken for."""

    course: Rights | None = None
    films: dict[str, Rights] = field(default_factory=dict)
    missing: tuple[Lesson, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Is everything declared?"""
        return self.course is not None and not self.missing


def declare_rights(actor: Actor, course: Course, claims: list[Claim]) -> None:
    """Keep what an author says; what says the same as before adds nothing. Raises Invalid with fields, Forbidden."""
    if not rules.may_edit_course(actor, course):
        raise Forbidden(_("这门课由别的老师负责。"))
    claims = [_checked(c) for c in claims or [Claim("", "")]]
    films, standing = _films(course), rights_of(course)
    single = {c.lesson_slug for c in claims if c.lesson_slug}
    for claim in claims:
        spoken_for = [films[claim.lesson_slug]] if claim.lesson_slug in films else []
        if not claim.lesson_slug:
            spoken_for = sorted(d for slug, d in films.items() if slug not in single)
        elif not spoken_for:
            continue  # a lesson without a film of its own
        there = standing.films.get(claim.lesson_slug) if claim.lesson_slug else standing.course
        if there is not None and _said(there) == _said(claim) and set(spoken_for) <= set(there.films) and standing.is_whole:
            continue
        session.add(Rights(course_id=course.id, lesson_slug=claim.lesson_slug, films=spoken_for, basis=claim.basis,
                           licensor=claim.licensor, until_on=claim.until_on, licence=claim.licence, people=claim.people,
                           by=actor.ref, by_name=actor.name, at=clock.now()))
        audit.record(actor, "courses.rights.declared", f"course:{course.id}", {
            "lesson": claim.lesson_slug, "basis": claim.basis})
    session.flush()
    settle_course(actor, course)


def _said(word: Rights | Claim) -> tuple:
    return word.basis, word.people, word.licensor, word.until_on, word.licence


def _checked(claim: Claim) -> Claim:
    """The claim with nothing in it that its basis does not need. Raises Invalid."""
    at, faults = f"{claim.lesson_slug}-" if claim.lesson_slug else "", []
    licensor, licence = plain_text(claim.licensor)[:LONGEST_NAME], plain_text(claim.licence)[:LONGEST_NAME]
    if claim.basis not in BASES:
        faults.append({"field": f"{at}basis", "message": _("请选素材是谁的。")})
    if claim.people not in PEOPLE:
        faults.append({"field": f"{at}people", "message": _("请说明出镜的人是否同意。")})
    if claim.basis == LICENSED and not licensor:
        faults.append({"field": f"{at}licensor", "message": _("请写明由谁授权。")})
    if claim.basis == LICENSED and (claim.until_on is None or claim.until_on < clock.today()):
        faults.append({"field": f"{at}until", "message": _("请填授权到哪一天，不能早于今天。")})
    if claim.basis == OPEN and not licence:
        faults.append({"field": f"{at}licence", "message": _("请写明是哪种开放许可。")})
    if faults:
        raise Invalid(_("素材的权利还没有说明白。"), fields=faults)
    is_licensed = claim.basis == LICENSED
    return Claim(claim.basis, claim.people, claim.lesson_slug, licensor if is_licensed else "",
                 claim.until_on if is_licensed else None, licence if claim.basis == OPEN else "")


def _films(course: Course) -> dict[str, str]:
    """Digests of the draft's own films (not what the machine speaks) by lesson slug."""
    lessons = [x for x in list_lessons(course.id) if x.asset_id and not x.is_narrated]
    digests = {a.id: a.digest for a in media.list_assets({x.asset_id for x in lessons})}
    return {x.slug: digests[x.asset_id] for x in lessons}


def _words(course_id: int) -> list[Rights]:
    """Everything that was said about the course, newest first."""
    return list(session.scalars(select(Rights).where(Rights.course_id == course_id).order_by(Rights.id.desc())))


def rights_of(course: Course) -> Standing:
    """What holds for the draft as it stands."""
    words, films = _words(course.id), _films(course)
    holding = {slug: next((w for w in words if digest in w.films), None) for slug, digest in films.items()}
    missing = tuple(x for x in list_lessons(course.id) if x.slug in films and holding[x.slug] is None)
    return Standing(next((w for w in words if not w.lesson_slug), None),
                    {slug: w for slug, w in holding.items() if w is not None and w.lesson_slug}, missing)


def must_be_declared(actor: Actor, course: Course) -> None:
    """Raise Invalid where something is not declared, or a licence has ended. The system needs not."""
    if actor.kind == "system":
        return
    standing = rights_of(course)
    if not standing.is_whole:
        why = _("“%(title)s”的视频还没有说明权利。", title=standing.missing[0].title) if standing.missing else _(
            "提交前，请说明素材是谁的、出镜的人是否同意。")
        raise Invalid(why, fields=[{"field": "basis", "message": why}])
    ended = [w for w in (standing.course, *standing.films.values()) if w.until_on and w.until_on < clock.today()]
    if ended:
        raise Invalid(_("“%(who)s”的授权已经到期，请更新。", who=ended[0].licensor),
                      fields=[{"field": "until", "message": _("授权已经到期。")}])


# ---- licences that end


def ends_on(course: Course) -> date | None:
    """The last day on which everything that is published may be shown; None where nothing ends."""
    if course.revision_id is None:
        return None
    words = _words(course.id)
    films = {a.digest for a in media.list_assets([x.asset_id for x in lessons_of(course.revision_id) if x.asset_id])}
    of_course = next((w for w in words if not w.lesson_slug), None)
    holding = [of_course, *(next((w for w in words if digest in w.films), None) for digest in films)]
    return min((w.until_on for w in holding if w is not None and w.until_on), default=None)


def warning(course: Course) -> date | None:
    """The day a licence ends or ended, once that is near enough to tell its owner; else None."""
    day = ends_on(course)
    return day if day is not None and day <= clock.today() + WARN_BEFORE else None


def settle_course(actor: Actor, course: Course) -> None:
    """Stop new enrolments where a licence has ended; let them go on where it was renewed."""
    day, stop = ends_on(course), stopping.find_stop(course.id, stopping.RIGHTS)
    has_ended = day is not None and day < clock.today()
    if has_ended and stop is None:
        stopping.begin_stop(actor, course, stopping.RIGHTS)
    elif stop is not None and not has_ended:
        stopping.end_stop(actor, course, stop)


def settle_all(actor: Actor) -> int:
    """Look at every published course somebody declared a licence for; how many there are. Twice is once."""
    ids = set(session.scalars(select(Rights.course_id).where(Rights.until_on.is_not(None))))
    published = select(Course).where(Course.id.in_(ids), Course.revision_id.is_not(None)).order_by(Course.id)
    for course in session.scalars(published):
        settle_course(actor, course)
    return len(ids)


def watch_rights() -> None:
    """Have the licences looked at tonight, a little after the city's midnight; asked for again it is the same."""
    tomorrow = (clock.now().astimezone(clock.CITY) + timedelta(days=1)).replace(hour=0, minute=5, second=0, microsecond=0)
    jobs.enqueue(JOB, {}, key="daily", run_at=tomorrow)
