"""What these pages show of classes, meetings and places, as plain values."""

from __future__ import annotations

from datetime import date, time

from flask import request

from guanxue import accounts, classes, courses, policies
from guanxue.core import clock
from guanxue.core.errors import Problem
from guanxue.core.i18n import Name, gettext
from guanxue.core.web.addresses import is_row_id

MINUTE_MS = 60_000


def told_of(problem: Problem | None) -> dict:
    """What a form says about what could not be done: a sentence, words beside fields, a list."""
    fields = problem.fields if problem else []
    return {"message": str(problem.message) if problem else "", "errors": {f["field"]: str(f["message"]) for f in fields},
            "faults": [str(f["message"]) for f in fields]}


def class_values(cls: classes.TrainingClass) -> dict:
    """A class: names of what it is about, its days, how full it is."""
    place = classes.institution_of(cls)
    course = courses.courses_by_id([cls.course_id]).get(cls.course_id) if cls.course_id else None
    policy = policies.get_policy(cls.policy_id)
    return {
        "code": cls.code, "title": cls.title, "plan": cls.plan, "state": cls.state,
        "state_words": classes.CLASS_STATES[cls.state],
        "reason": cls.reason, "begins_on": cls.begins_on.isoformat(), "ends_on": cls.ends_on.isoformat(), "seats": cls.seats,
        "share": cls.share_permille // 10, "is_public": cls.is_public, "institution": place.name if place else "",
        "course": {"slug": course.slug, "title": Name(course.title, course.title_en)} if course else None,
        "policy": gettext(policy.title), "policy_code": policy.code, "needs_theory": policy.numbers.theory_share_permille // 10,
        "taken": classes.count_seated(cls.id),
    }


def meeting_values(meeting: classes.Meeting, changes: list | None = None) -> dict:
    """A meeting: day and times of the city, breaks, what was changed about it."""
    begins, ends = (m.astimezone(clock.CITY) for m in (meeting.begins_at, meeting.ends_at))
    now = clock.now()
    return {
        "id": meeting.id, "kind": meeting.kind, "kind_words": classes.KINDS[meeting.kind], "title": meeting.title,
        "place": meeting.place, "seats": meeting.seats, "on": begins.date().isoformat(), "begins": f"{begins:%H:%M}",
        "ends": f"{ends:%H:%M}", "is_overnight": ends.date() != begins.date(), "breaks": breaks_text(meeting),
        "is_cancelled": meeting.cancelled_at is not None, "is_over": meeting.ends_at <= now,
        "is_on": meeting.begins_at <= now < meeting.ends_at, "is_today": begins.date() == clock.today(),
        "changes": [{"at": c.changed_at, "reason": c.reason} for c in changes or []],
    }


def meetings_of(cls: classes.TrainingClass) -> list[dict]:
    """All of a class's, in order."""
    rows = classes.list_meetings(cls.id)
    changes = classes.list_changes(m.id for m in rows)
    return [meeting_values(m, changes.get(m.id)) for m in rows]


def breaks_text(meeting: classes.Meeting) -> str:
    """10:30-10:45，12:00-13:30"""
    return "，".join("-".join(f"{clock.moment_of(ms).astimezone(clock.CITY):%H:%M}" for ms in span) for span in meeting.breaks)


def names_of(places: list[classes.Place]) -> dict[int, str]:
    """What to call each place's holder: their account's name once they took it, else the roster's; by place id."""
    known = accounts.names_of(p.person_id for p in places if p.person_id)
    return {p.id: known.get(p.person_id) or p.name for p in places}


def phone_of(place: classes.Place) -> str:
    """The masked number of who holds or is to take the place."""
    person = accounts.find_person(place.person_id) if place.person_id else None
    return accounts.mask_phone(person.phone if person else place.phone)


def city_time_of(ms: int | None) -> str:
    """09:05, by the city's clock; "" for nothing."""
    return f"{clock.moment_of(ms).astimezone(clock.CITY):%H:%M}" if ms is not None else ""


def hours_of(cls: classes.TrainingClass, place: classes.Place, standing: classes.Standing) -> dict[str, int]:
    """Thousandths of class hours by the class's policy: what counts of the room, of its course online so far, both; and what
    was attended but counts elsewhere (`beside_milli`)."""
    numbers, counted = policies.get_policy(cls.policy_id).numbers, classes.counted_ms(cls, place)
    room = policies.worth_of(numbers, [("meeting", ms) for ms in counted if ms]).hours_milli
    # what a course is worth follows from its own rules once it is done; until then its time is shown
    online = standing.online_ms * 1000 // numbers.class_hour_ms // numbers.hour_step_milli * numbers.hour_step_milli
    beside = max(0, standing.attended_ms - sum(counted)) * 1000 // numbers.class_hour_ms
    return {"room_milli": room, "online_milli": online, "sum_milli": room + online, "beside_milli": beside}


# ---- what forms hold


def day_of(name: str) -> date | None:
    """The day in a form's field; None also for one that no class of ours can have."""
    try:
        day = date.fromisoformat(request.form.get(name, "").strip())
    except ValueError:
        return None
    return day if 2000 <= day.year < 2100 else None


def time_of(name: str) -> time | None:
    """The time of day in a form's field: 09:00, also typed without a clock to choose from."""
    try:
        hour, minute = request.form.get(name, "").strip().replace("：", ":").split(":")[:2]
        return time(int(hour), int(minute))
    except (ValueError, OverflowError):
        return None


def number_of(name: str) -> int | None:
    """The whole number in a form's field."""
    text = request.form.get(name, "").strip()
    return int(text) if is_row_id(text) else None
