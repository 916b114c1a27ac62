"""How what findings and cases rest on is shown: a title in plain words, and staff's page for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime

from guanxue import accounts, audit, cases, classes, courses, creditbank, learning, ledger, quizzes
from guanxue.cases import Shown
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.oversight.models import Finding

LARGEST_ID = 2**31 - 1


def _row_id(key: str) -> int | None:
    is_number = key.isascii() and key.isdecimal() and len(key) <= 10
    return int(key) if is_number and int(key) <= LARGEST_ID else None


def _span(begin: datetime, end: datetime) -> str:
    """"2026-11-20 20:01–20:45", of the city."""
    a, b = begin.astimezone(clock.CITY), end.astimezone(clock.CITY)
    return f"{a:%Y-%m-%d %H:%M}–{b:%H:%M}" if a.date() == b.date() else f"{a:%Y-%m-%d %H:%M}–{b:%m-%d %H:%M}"


def _lesson_words(lesson: courses.RevisionLesson) -> str:
    return str(_("《%(course)s》%(lesson)s", course=courses.get_revision(lesson.revision_id).title, lesson=lesson.title))


def playback(key: str) -> Shown | None:
    """When what was played, by its row id."""
    number = _row_id(key)
    heard = learning.find_heard(number) if number is not None else None
    if heard is None:
        return None
    when = _span(clock.moment_of(heard.opened_ms), clock.moment_of(heard.heard_ms))
    title = _("%(when)s 学习%(what)s", when=when, what=_lesson_words(courses.get_revision_lesson(heard.revision_lesson_id)))
    return Shown(f"playback:{key}", title, f"/oversight/evidence/playback/{key}", heard.person_id)


def attempt(key: str) -> Shown | None:
    """When which quiz was answered."""
    found = session.get(quizzes.Attempt, key)
    if found is None:
        return None
    submission = quizzes.find_submission(key)
    _enrolment, lesson = learning.lesson_of(found)
    when = _span(found.started_at, submission.submitted_at if submission else found.started_at)
    return Shown(f"attempt:{key}", _("%(when)s 考核%(what)s", when=when, what=_lesson_words(lesson)),
                 f"/oversight/evidence/attempt/{key}", found.person_id)


def attendance(key: str) -> Shown | None:
    """When somebody signed in or out in a class, or the roll was called for them."""
    number = _row_id(key)
    row = session.get(classes.Attendance, number) if number is not None else None
    if row is None:
        return None
    meeting, place = session.get(classes.Meeting, row.meeting_id), session.get(classes.Place, row.place_id)
    when = f"{clock.moment_of(row.from_ms or row.to_ms or row.received_ms).astimezone(clock.CITY):%Y-%m-%d %H:%M}"
    what = f"{meeting.title} {meeting.place}".strip()
    title = (_("%(when)s 点名：%(what)s", when=when, what=what) if row.kind == "roll" else
             _("%(when)s 签退：%(what)s", when=when, what=what) if row.kind == "out" else
             _("%(when)s 到班签到：%(what)s", when=when, what=what))
    return Shown(f"attendance:{key}", title, f"/oversight/evidence/attendance/{key}", row.person_id or place.person_id)


def training_class(key: str) -> Shown | None:
    """A class that meets, by its code."""
    found = classes.find_class(key)
    if found is None:
        return None
    return Shown(f"class:{found.code}", _("培训班《%(title)s》", title=found.title), f"/teach/classes/{found.code}/report")


def person(key: str) -> Shown | None:
    """An account."""
    number = _row_id(key)
    found = accounts.find_person(number) if number is not None else None
    if found is None:
        return None
    phone = accounts.mask_phone(found.phone) or "—"
    return Shown(f"person:{key}", _("账号：%(name)s（%(phone)s）", name=found.name, phone=phone),
                 f"/oversight/evidence/person/{key}", found.id)


def award(key: str) -> Shown | None:
    """A credit record by its code."""
    try:
        found = creditbank.verify(key)
    except creditbank.NoSuchRecord:
        return None
    holder = creditbank.find_award(found.code).person_id
    title = _("《%(title)s》的 %(a)s 学分", title=found.line.title, a=creditbank.decimal_text(found.line.amount))
    return Shown(f"award:{found.code}", title, f"/admin/credits/{found.code}", holder)


def award_deciders(key: str) -> set[str]:
    """Who took a credit back, or what it was given for under another code: named by the contra entry or by the trail."""
    found = creditbank.find_award(key)
    if found is None:
        return set()
    root, refs = creditbank.root_of(found), set()
    for one in (creditbank.root_award(*root), *creditbank.awards_again([root])):
        contra = ledger.find_entry_by_key(f"reversal:{one.entry_number}") if one is not None else None
        if contra is not None:
            refs |= set(re.findall(r"\bperson:\d+", json.loads(contra.document)["authority"]))
            refs |= {x.actor for x in audit.list_lines(subject=f"entry:{one.entry_number}", action="ledger.entry.reversed")}
    return refs - {SYSTEM.ref}


def outcome(key: str) -> Shown | None:
    """Something that was learned and earned nothing: "course:5:5:12" is a source, a person and a key."""
    source, _colon, rest = key.partition(":")
    person_id, _colon, own = rest.partition(":")
    number = _row_id(person_id)
    if source not in creditbank.source_names() or number is None or accounts.find_person(number) is None:
        return None
    found = creditbank.find_outcome(source, own, number)
    if found is None or found.person_id != number:
        return None
    return Shown(f"outcome:{key}", _("《%(title)s》没有记入学分", title=found.title), "", number)


def course(key: str) -> Shown | None:
    """A course by its slug."""
    item = courses.find_item(key)
    return Shown(f"course:{key}", _("课程《%(title)s》", title=item.title), f"/courses/{key}") if item else None


def lesson(key: str) -> Shown | None:
    """A lesson of a revision by its row id."""
    number = _row_id(key)
    found = session.get(courses.RevisionLesson, number) if number is not None else None
    return Shown(f"lesson:{key}", _lesson_words(found), "") if found else None


def finding(key: str) -> Shown | None:
    """What a detector found."""
    number = _row_id(key)
    found = session.get(Finding, number) if number is not None else None
    return Shown(f"finding:{key}", _("疑点 %(n)s", n=key), f"/oversight/fraud/{key}") if found else None


OPENERS: dict[str, Callable[[str], Shown | None]] = {
    "playback": playback, "attempt": attempt, "attendance": attendance, "class": training_class, "person": person,
    "award": award, "outcome": outcome, "course": course, "lesson": lesson, "finding": finding,
}


DECIDERS = {"award": award_deciders}


def register() -> None:
    """Let cases open all of these."""
    for kind, opener in OPENERS.items():
        cases.register_opener(kind, opener, DECIDERS.get(kind, lambda _key: ()))
