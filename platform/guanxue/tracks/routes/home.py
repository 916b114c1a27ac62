"""The home page and a learner's own: they show courses, credits and tracks, so they stand in the highest room."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, g

from guanxue import accounts, cases, classes, courses, credentials, creditbank, helpdesk, learning, recognition, tracks
from guanxue.core import clock
from guanxue.core.i18n import Name
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pagecache import kept_page
from guanxue.core.web.pages import page, personal
from guanxue.tracks.routes import blueprint
from guanxue.tracks.routes.public import looks, ribbons, town_names

LOOKS_TOLD = timedelta(days=7)  # as long the page says that somebody compared a name


@blueprint.get("/")
@kept_page("catalogue", "tracks")
def home() -> Response:
    """Search first, continue second, what can be studied today third."""
    actor = current_actor()
    listing = courses.browse(courses.Query(status="open", per_page=4 if actor.is_person else 8))
    everything = courses.browse(courses.Query())
    kinds = [{"label": v.label, "count": v.count, "value": v.value} for v in everything.facets["kind"]]
    response = page(
        "tracks/home.html", open_items=[courses.shown(i) for i in listing.items], open_total=listing.total, kinds=kinds,
        going_on=_going_on(actor.id)[:1] if actor.is_person else [], town=_town() if actor.is_person else None,
        total=everything.total)
    return personal(response) if actor.is_person else response


def _town() -> dict | None:
    """The person's own town with its tracks."""
    town = next((t for t in accounts.list_towns() if t.id == g.person.town_id), None)
    if town is None:
        return None
    published = [t for t in tracks.list_tracks(current_actor(), [town.id]) if t.state == "published"]
    shown = sorted(ribbons(published), key=lambda r: not r["is_open"])
    return {**town_names(town), "tracks": shown[:2], "industry": looks(town, shown)}


def _going_on(person_id: int) -> list[dict]:
    return [course_card(p) for p in learning.list_my_courses(person_id) if not p.completion]


def course_card(progress: learning.CourseProgress) -> dict:
    """A course of mine as templates show it."""
    course = courses.courses_by_id([progress.enrolment.course_id])[progress.enrolment.course_id]
    revision, ahead = courses.get_revision(progress.enrolment.revision_id), progress.next_lesson
    return {
        "slug": course.slug, "title": Name(revision.title, revision.document["title_en"]),
        "industry": course.industry or "foundation",
        "permille": progress.permille, "done": progress.done, "lessons": len(progress.lessons),
        "is_complete": progress.completion is not None,
        "completed_at": progress.completion.completed_at if progress.completion else None,
        "next": {"slug": ahead.lesson.slug, "title": Name(ahead.lesson.title), "kind": ahead.lesson.kind,
                 "number": ahead.lesson.position, "resume_ms": ahead.resume_ms} if ahead else None,
    }


@blueprint.get("/me")
def me() -> Response:
    """What I am studying, what I have earned, what I may do."""
    actor = current_actor()
    actor.must_be_person()
    cards = [course_card(p) for p in learning.list_my_courses(actor.id)]
    return personal(page(
        "tracks/me.html", going_on=[c for c in cards if not c["is_complete"]], done=[c for c in cards if c["is_complete"]],
        balance_milli=creditbank.balance(actor.id), hours_milli=creditbank.study_hours_milli(actor.id),
        tracks=ribbons(tracks.list_joined(actor.id)), name=g.person.name,
        moved_up=any(classes.is_just_moved_up(place) for _cls, place in classes.list_mine(actor.id)),
        looked=bool(credentials.list_looks(actor.id, clock.now() - LOOKS_TOLD)),
        answered=helpdesk.count_answered(actor.id), corrections=_corrections(actor.id), awaiting=_awaiting(actor.id),
        is_asked=learning.find_challenge(actor.id) is not None,
        outcomes=_outcomes(actor.id), case_news=_case_news(actor.id), filing_news=_filing_news(actor.id)))


def _case_news(person_id: int) -> list[dict]:
    """Cases of mine in which something is new, or my word is waited for."""
    return [{"code": d.case.code, "kind": cases.KIND_WORDS[d.case.kind], "result": d.final is not None,
             "is_wanted": cases.is_wanted(d, person_id)}
            for d in cases.list_news(person_id)]


def _filing_news(person_id: int) -> list[dict]:
    """Certificates of mine about which there is something new."""
    return [{"code": f.filing.code, "title": recognition.title_of(f.filing), "state": recognition.STATE_WORDS[f.filing.state]}
            for f in recognition.list_news(person_id)]


def _corrections(person_id: int) -> list[dict]:
    """Scores of mine that are others since a faulty key was put right."""
    told = [c for c in learning.list_corrections(person_id) if c.before != c.after]
    known = courses.courses_by_id([c.course_id for c in told])
    names = {i: Name(c.title, c.title_en) for i, c in known.items()}
    return [{"slug": known[c.course_id].slug, "lesson": c.lesson_slug, "number": c.number, "before": c.before, "after": c.after,
             "title": names[c.course_id], "is_passed_now": c.is_passed_now} for c in told]


def _outcomes(person_id: int) -> list[dict]:
    """What came of my short answers, now that a teacher has marked them."""
    told = learning.list_outcomes(person_id)
    known = courses.courses_by_id([o.course_id for o in told])
    names = {i: Name(c.title, c.title_en) for i, c in known.items()}
    return [{"slug": known[o.course_id].slug, "lesson": o.lesson_slug, "title": names[o.course_id], "score": o.score,
             "is_passed": o.is_passed} for o in told]


def _awaiting(person_id: int) -> list[Name]:
    """Courses in which something I handed in waits for a teacher to mark it."""
    waiting = dict.fromkeys(e.course_id for e in learning.list_awaiting(person_id))
    known = courses.courses_by_id(waiting)
    return [Name(known[i].title, known[i].title_en) for i in waiting]
