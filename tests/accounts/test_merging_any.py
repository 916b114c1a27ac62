"""Whatever two accounts of one person did: what is told is what changes, credits add up, and parting undoes it all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from tests.factories import make_course, make_person
from tests.two_accounts import told

from guanxue import accounts, courses, creditbank, learning, ledger, quizzes
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Problem
from guanxue.learning import evidence
from guanxue.learning.models import Enrolment, Progress

VIDEOS_MS = (60_000, 90_000)
SLUGS = ("first", "second")
# (whose account, course, what is done, from s, for s, idle s before)
deeds = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.sampled_from(["video-1", "video-2", "quiz", "fail", "leave"]),
                           st.integers(0, 60), st.integers(1, 90), st.integers(0, 120)), max_size=9)


@pytest.fixture
def two_people(any_db):
    """Two accounts and two courses, inside a transaction that every example undoes."""
    make_course("first", videos_ms=VIDEOS_MS)
    make_course("second", videos_ms=VIDEOS_MS)
    return [make_person("13800000001", "林小莲"), make_person("13800000002", "林小莲")]


def live(people: list[Actor], history: list) -> float:
    """Do the deeds, each account on a clock of its own, so that both may play at once; how long it took in seconds."""
    at = [0.0, 0.0]
    for who, course, deed, begin_s, length_s, idle_s in history:
        at[who] += idle_s
        try:
            with clock.advance(at[who]):
                at[who] += _do(people[who], SLUGS[course], deed, begin_s, length_s)
        except Problem:
            pass  # no attempts left, not enrolled: nothing was done
    return max(at) + 3600


def _do(actor: Actor, slug: str, deed: str, begin_s: int, length_s: int) -> float:
    course = courses.get_course(slug, actor)
    if deed == "leave":
        learning.leave(actor, course)
        return 0
    lessons = courses.lessons_of(learning.enrol(actor, course).revision_id)
    if deed in ("quiz", "fail"):
        attempt = learning.start_attempt(actor, lessons[-1])
        if deed == "quiz":
            learning.save_answers(actor, attempt.id, quizzes.right_answers(attempt))
        learning.submit_attempt(actor, attempt.id)
        return 1
    playback, _is_new = learning.open_playback(actor, lessons[int(deed[-1]) - 1], None)
    answer = learning.answer_of(playback)
    with clock.advance(length_s):
        learning.record_beats(actor, playback.code, answer.next_seq, answer.nonce, [
            learning.Beat(length_s * 1000, begin_s * 1000, (begin_s + length_s) * 1000, 1000)])
    return length_s


def figures(person_id: int) -> dict:
    """Everything derived that a person sees."""
    return {
        "balance": creditbank.balance(person_id), "hours": creditbank.study_hours_milli(person_id),
        "completed": learning.completed_course_ids(person_id),
        "courses": {p.enrolment.course_id: (p.permille, p.completion is not None, [
            (x.credited_ms, x.resume_ms, x.is_complete) for x in p.lessons]) for p in learning.list_my_courses(person_id)}}


def watched(figure: dict, subject: str) -> int:
    """Milliseconds of films that count in a course."""
    return sum(x[0] for x in figure["courses"][int(subject.partition(":")[2])][2][:-1])


def must_hold() -> None:
    assert ledger.verify().faults == [] and creditbank.recompute()[1] == []
    for enrolment in session.scalars(select(Enrolment)).all():
        derived = evidence.derive_spans(enrolment)
        for row in session.scalars(select(Progress).where(Progress.enrolment_id == enrolment.id)):
            if row.revision_lesson_id in derived:
                assert row.credited_ms == derived[row.revision_lesson_id].credited_ms
                assert row.late_ms == derived[row.revision_lesson_id].late_ms


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(history=deeds, since=deeds)
def test_any_history_is_merged_as_told_and_parted_as_it_was(two_people, history, since):
    undone = session.begin_nested()
    try:
        with clock.advance(live(two_people, history)):
            check(two_people, since)
    finally:
        undone.rollback()
        session.expire_all()


def check(people: list[Actor], since: list) -> None:
    kept, merged = (p.id for p in people)
    before = figures(kept), figures(merged)
    foreseen = accounts.foresee_merge(people[0], kept, merged)
    effects = told(foreseen)
    made = accounts.merge_accounts(people[0], kept, merged, reason="同一个人", foreseen=foreseen.digest)
    after = figures(kept)
    moved, refused = (sum(effects.get(f"credit.{x}", {}).values()) for x in ("moved", "refused"))
    assert moved + refused == before[1]["balance"] and figures(merged)["balance"] == 0
    assert after["balance"] == before[0]["balance"] + moved == effects["balance.after"][f"person:{kept}"]
    came = {int(s.partition(":")[2]) for s in effects.get("completion.moved", {})}
    assert after["completed"] == before[0]["completed"] | came and not came & before[0]["completed"]
    for what in ("enrolment.moved", "enrolment.joined"):
        for subject, amount in effects.get(what, {}).items():
            if int(subject.partition(":")[2]) in after["courses"]:
                assert amount == watched(after, subject)
    for course, (permille, _done, lessons) in before[0]["courses"].items():
        assert after["courses"][course][0] >= permille, "the account that stays loses nothing"
        assert all(a[0] >= b[0] for a, b in zip(after["courses"][course][2], lessons, strict=True))
    must_hold()
    with clock.advance(timedelta(hours=1).total_seconds()):
        live(people[:1] * 2, since)
        must_hold()
        lived = figures(kept)
        accounts.part_accounts(people[0], made.code, reason="分开")
        must_hold()
        assert figures(merged) == before[1]
        if not since:
            assert figures(kept) == before[0]
        assert figures(kept)["balance"] == lived["balance"] - moved
