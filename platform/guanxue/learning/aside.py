"""Sittings that a case set aside: they stay evidence, and count no more towards what is not complete yet.

A completion names what was set aside when it was written; one that was written before names nothing and stays as it is.
(docs/decisions/0026-cases.md)
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from guanxue import cases
from guanxue.core.db import session
from guanxue.courses import RevisionLesson
from guanxue.learning.models import Enrolment, Playback


def set_aside(person_ids: Iterable[int]) -> dict[int, str]:
    """{playback: code of the case that set it aside} of these people, under all their accounts."""
    named = ((ref.partition(":"), code) for ref, code in cases.list_set_aside(person_ids).items())
    return {int(key): code for (kind, _colon, key), code in named if kind == "playback"}


def cases_about(enrolment: Enrolment, lesson: RevisionLesson) -> list[str]:
    """Codes of the cases that set sittings before this lesson aside, sorted."""
    found = set_aside([enrolment.person_id])
    mine = session.scalars(select(Playback.id).where(Playback.id.in_(found), Playback.revision_lesson_id == lesson.id))
    return sorted({found[one] for one in mine})
