"""A minute in a class that was credited is no minute of study as well, however late it is heard of."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.clients import Learner
from tests.factories import HOUR_S, attend, make_class, make_course, make_person
from tests.learning.test_tickets import Phone, watch  # noqa: F401 a fixture

from guanxue import classes, courses, creditbank
from guanxue.classes import completing
from guanxue.core import clock
from guanxue.core.db import session, writing
from guanxue.learning import evidence, explaining
from guanxue.learning.models import Enrolment


@pytest.fixture
def student(any_app, watch):  # noqa: F811
    """A learner of a film of four hours, with a seat in a class of three hours that begins in a minute."""
    with any_app.test_request_context(), writing():
        teacher, one = make_person("13800000002", "陈师傅", "instructor"), make_person("13800000001", "林小莲")
        make_course(videos_ms=(4 * 3_600_000,))
        cls, meeting = make_class(teacher, starts_in_s=60, is_public=True)
        classes.join_class(one, cls, promises=True)
        attend(one, cls, meeting)
    student = Learner(any_app, "13800000001")
    student.call("PUT", "/courses/safe-measuring/enrolment", 200)
    student.cls, student.teacher = cls, teacher
    return student


def close(app, student):
    with app.test_request_context(), writing():
        cls = classes.find_class(student.cls.code)
        assert classes.close_class(student.teacher, cls) == 1


def test_what_a_phone_kept_in_a_class_that_counts_already_is_no_study(any_app, student, watch):  # noqa: F811
    phone = Phone(student, watch, student.lessons()[0]["id"])
    watch.at += 300
    phone.sit().study(3 * HOUR_S, every=120)
    watch.at += 60
    close(any_app, student)
    answer = phone.send()
    assert answer["credited_s"] <= 300 and "overlap" in [x["code"] for x in answer["refused"]]
    with any_app.test_request_context():
        assert creditbank.recompute()[1] == []


def test_a_player_without_a_line_in_a_class_that_counts_already_earns_nothing_afterwards(any_app, student, watch):  # noqa: F811
    watch.at += 120
    playback = student.call("POST", f"/lessons/{student.lessons()[0]['id']}/playback", 201)
    watch.at += 3 * HOUR_S + 120
    close(any_app, student)
    for n in range(0, 180, 60):
        answer = student.beat(playback, *((60_000 * (m + 1), 60 * m, 60 * (m + 1), 1) for m in range(n, n + 60)))
    assert answer["credited_s"] <= 180
    with any_app.test_request_context():
        derived = evidence.derive_spans(session.get(Enrolment, 1))
        assert [round(x.credited_ms / 1000) for x in derived.values()] == [round(answer["credited_s"])]
        lesson = courses.get_revision_lesson(1)
        (sitting,) = explaining.explain_lesson(session.get(Enrolment, 1), lesson).sittings
        assert sitting.reasons[0] == (explaining.CLASS, pytest.approx(3 * 3_600_000, abs=200_000))


def test_many_classes_are_derived_each_once(any_db, monkeypatch):
    teacher, one = make_person("13800000002", "陈师傅", "instructor"), make_person("13800000001", "林小莲")
    for n in range(6):
        cls, meeting = make_class(teacher, starts_in_s=HOUR_S * (4 * n + 1), is_public=True, title=f"班{n}")
        classes.join_class(one, cls, promises=True)
        attend(one, cls, meeting)
        with clock.travel(meeting.ends_at + timedelta(minutes=1)):
            classes.close_class(teacher, cls)
    asked = []
    derive = completing.derive
    monkeypatch.setattr(completing, "derive", lambda *args, **more: asked.append(1) or derive(*args, **more))
    newest = classes.list_completions(one.id)[-1]
    assert classes.derive_completion(newest).meetings_ms and len(asked) == 6
