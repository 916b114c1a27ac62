"""In class and at home at once: what was really played is held against people, not a film that stood paused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.factories import attend, make_class, make_course, make_person

from guanxue import classes, courses, learning, oversight
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Where
from guanxue.core.db import begin_writing, end_work, session
from guanxue.learning import Beat

HOME, PHONE = Where("pc-home", "10.1.1.0/24"), Where("phone", "120.80.1.0/24")
MINUTE = 60_000


class Morning:
    """A class from nine to twelve, to which 林小莲 comes with her phone; a course that she studies at home."""

    def __init__(self) -> None:
        teacher, lin = make_person("13800000012", "周师傅", "instructor"), make_person("13800000001", "林小莲")
        course = make_course(videos_ms=(3_000_000,))
        self.lesson = next(x for x in courses.lessons_of(courses.get_course("safe-measuring", SYSTEM).revision_id)
                           if x.kind == "video")
        self.cls, self.meeting = make_class(teacher, is_public=True, seats=9)
        self.home, self.phone = replace(lin, where=HOME, session_id=11), replace(lin, where=PHONE, session_id=12)
        learning.enrol(self.home, course)
        classes.join_class(self.phone, self.cls, promises=True)

    def opens(self, minute: float, at: Where = HOME) -> None:
        """Opens the film so many minutes after the meeting began."""
        self.began = self.meeting.begins_at + timedelta(minutes=minute)
        with clock.travel(self.began):
            self.playback, _is_new = learning.open_playback(replace(self.home, where=at), self.lesson, None)

    def plays(self, since: float, until: float) -> None:
        """Plays from the film's beginning in between, as unevenly as players do; minutes after the film was opened."""
        beats = [Beat(round((since + n / 4) * MINUTE) + n % 3, (n - 1) * MINUTE // 4, n * MINUTE // 4, 1000)
                 for n in range(1, round(4 * (until - since)) + 1)]
        with clock.travel(self.began + timedelta(minutes=until)):
            session.refresh(self.playback)
            answer = learning.answer_of(self.playback)
            learning.record_beats(self.home, self.playback.code, answer.next_seq, answer.nonce, beats)

    def looked_at(self) -> list[oversight.Finding]:
        """What is found in the night."""
        attend(self.phone, self.cls, self.meeting)
        with clock.travel(self.meeting.ends_at + timedelta(hours=9)):
            return oversight.look(clock.now() - timedelta(days=3), clock.now())


@pytest.fixture
def morning(any_app):
    with any_app.test_request_context():
        begin_writing()
        yield Morning()
        end_work(commit=False)


def test_a_film_that_stood_paused_at_home_while_somebody_sat_in_class_is_no_finding(morning):
    morning.opens(-50)
    morning.plays(0, 2)
    morning.plays(290, 292)
    assert morning.looked_at() == []


def test_a_film_that_played_at_home_is_found_with_the_minutes_that_it_played_in_class(morning):
    morning.opens(-10)
    morning.plays(0, 30)
    (found,) = morning.looked_at()
    assert found.kind == "apart" and found.facts == {"minutes": 21}  # signed in a minute early


def test_a_film_in_a_training_room_is_in_order_whatever_line_the_phone_is_on(morning):
    lab = Where("lab-7", "121.9.1.0/24")
    inspector = replace(make_person("13800000005", "许明", "inspector"), where=lab)
    oversight.mark_device(inspector, oversight.open_room(inspector, name="实训楼 302").id, "第 7 台")
    morning.opens(5, at=lab)
    morning.plays(0, 30)
    assert morning.looked_at() == []
