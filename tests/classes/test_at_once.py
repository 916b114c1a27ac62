"""Two who sign in at one instant do not share the last seat of a room."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from tests.factories import make_class, make_person

from guanxue import classes
from guanxue.classes import attendance
from guanxue.core import clock
from guanxue.core.db import writing


@pytest.mark.both_databases
def test_the_last_seat_is_one_persons(any_app, monkeypatch):
    with any_app.test_request_context(), writing():
        teacher = make_person("13800000002", "陈师傅", "instructor")
        learners = [make_person(f"1380000001{n}", f"学员{n}") for n in range(2)]
        cls, meeting = make_class(teacher, is_public=True, seats=9)
        meeting.seats, meeting_id = 1, meeting.id
        for one in learners:
            classes.join_class(one, cls, promises=True)
        code, at = cls.code, meeting.begins_at + timedelta(minutes=1)
    slowly, told = attendance._give_undertaking, []

    def give(*args, **named):
        time.sleep(0.4)  # the seat was counted, the line is not written yet
        slowly(*args, **named)

    monkeypatch.setattr(attendance, "_give_undertaking", give)

    def sign(one) -> None:
        try:
            with any_app.test_request_context(), writing():
                cls = classes.find_class(code)
                meeting = classes.get_meeting(cls, meeting_id)
                seen = classes.read_token(meeting, classes.shown_now(meeting, "in").token)
                classes.sign(one, cls, meeting, seen, classes.Where(), promises=True)
                told.append("in")
        except classes.ClassState:
            told.append("full")

    threads = [threading.Thread(target=sign, args=(one,)) for one in learners]
    with clock.travel(at):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert sorted(told) == ["full", "in"]
