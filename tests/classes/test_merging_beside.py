"""Two accounts of one person that learned in the same hour, one in a class: after a merge one moment counts once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.classes.test_merging import attended, close, figures, merge, must_hold, part, person
from tests.factories import make_course

from guanxue import courses, creditbank, learning
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.errors import Conflict
from guanxue.learning import Beat
from guanxue.quizzes.service import shown_questions

__all__ = ["person"]
FILM_MS = 20 * 60_000


def study(who, at, *, ms=FILM_MS, finishes=True):
    """Watch the course's film at that time, and pass its quiz afterwards."""
    with clock.travel(at):
        course = courses.get_course("film", SYSTEM)
        learning.enrol(who, course)
        film, quiz = courses.lessons_of(course.revision_id)
        playback, _is_new = learning.open_playback(who, film, None)
    with clock.travel(at + timedelta(milliseconds=ms)):
        answer = learning.answer_of(playback)
        learning.record_beats(who, playback.code, answer.next_seq, answer.nonce, [Beat(ms, 0, ms, 1000)])
        learning.close_playback(who, playback.code)
        if finishes:
            attempt = learning.start_attempt(who, quiz)
            shown = {s.question.id: s for s in shown_questions(attempt)}
            learning.save_answers(who, attempt.id, {"q1": True, "q2": shown["q2"].ids[1]})
            learning.submit_attempt(who, attempt.id)
            assert learning.find_completion(learning.find_enrolment(who.id, course.id).id) is not None


def class_of(teacher, who, **facts):
    """A class of three hours that they completed; and its meeting."""
    cls, meeting = attended(teacher, who, **facts)
    close(teacher, cls, meeting)
    return cls, meeting


def test_what_both_accounts_did_at_once_is_taken_off_a_class(person):
    teacher, kept, merged = person
    make_course("film", videos_ms=(FILM_MS,))
    cls, meeting = class_of(teacher, merged)
    study(kept, meeting.begins_at + timedelta(minutes=30))
    with clock.travel(meeting.ends_at + timedelta(hours=1)):
        before, own = figures(kept, merged), creditbank.balance(kept.id)
        assert own and creditbank.balance(merged.id) == 250
        code, effects = merge(kept, merged)
        left = effects["credit.moved"][f"class:{cls.id}"]
        assert 221 <= left <= 223  # 160 of 180 minutes; the playback opened some moments later
        assert effects["credit.cut"] == {f"class:{cls.id}": 250 - left} and "credit.refused" not in effects
        assert effects["balance.after"] == {f"person:{kept.id}": own + left} and creditbank.balance(kept.id) == own + left
        line = creditbank.statement(kept.id).items[0]
        assert line.amount == left and line.class_hours_milli < 4000 and "同时在学的时间不再算" in line.reason
        assert creditbank.study_hours_milli(kept.id) < before[0][1] + 4000 and creditbank.balance(merged.id) == 0
        assert creditbank.list_refused(kept.id) == []
        must_hold()
        effects = part(kept, code)
        assert effects["balance.after"] == {f"person:{kept.id}": own} and figures(kept, merged) == before
        must_hold()


def test_the_other_way_round_the_class_stays_whole_and_the_course_goes(person):
    teacher, kept, merged = person
    course = make_course("film", videos_ms=(FILM_MS,))
    _cls, meeting = class_of(teacher, kept)
    study(merged, meeting.begins_at + timedelta(minutes=30))
    with clock.travel(meeting.ends_at + timedelta(hours=1)):
        before = figures(kept, merged)
        code, effects = merge(kept, merged)
        assert effects["completion.refused"].keys() == {f"course:{course.id}"}
        assert "credit.moved" not in effects and creditbank.balance(kept.id) == 250
        assert [r.rule for r in creditbank.list_refused(kept.id)] == ["overlap"]
        must_hold()
        part(kept, code)
        assert figures(kept, merged) == before
        must_hold()


def test_another_hour_takes_nothing_away(person):
    teacher, kept, merged = person
    make_course("film", videos_ms=(FILM_MS,))
    cls, meeting = class_of(teacher, merged)
    study(kept, meeting.ends_at + timedelta(minutes=5))
    with clock.travel(meeting.ends_at + timedelta(hours=1)):
        own = creditbank.balance(kept.id)
        _code, effects = merge(kept, merged)
        assert effects["credit.moved"] == {f"class:{cls.id}": 250} and creditbank.balance(kept.id) == own + 250
        must_hold()


def test_two_classes_at_the_same_hour_are_one(person):
    teacher, kept, merged = person
    _first, meeting = class_of(teacher, kept)
    second, _meeting = class_of(teacher, merged, title="另一个班")
    with clock.travel(meeting.ends_at + timedelta(hours=1)):
        code, effects = merge(kept, merged)
        assert effects["credit.refused"] == {f"class:{second.id}": 250} and creditbank.balance(kept.id) == 250
        must_hold()
        part(kept, code)
        assert creditbank.balance(merged.id) == 250
        must_hold()


def test_study_that_is_not_finished_brings_no_moment_of_the_class_along(person):
    teacher, kept, merged = person
    course = make_course("film", videos_ms=(FILM_MS,))
    _cls, meeting = class_of(teacher, kept)
    study(merged, meeting.ends_at - timedelta(minutes=5), ms=600_000, finishes=False)
    with clock.travel(meeting.ends_at + timedelta(hours=1)):
        _code, effects = merge(kept, merged)
        assert abs(effects["study.uncounted"][f"course:{course.id}"] - 300_000) < 3000  # the playback opened some ms later
        film = courses.lessons_of(course.revision_id)[0]
        counted = learning.lesson_progress(learning.find_enrolment(kept.id, course.id), film).credited_ms
        assert abs(counted - 300_000) < 3000
        must_hold()


def test_what_is_told_later_of_an_hour_that_came_with_a_class_comes_too_late(person):
    teacher, kept, merged = person
    course = make_course("film", videos_ms=(FILM_MS,))
    _cls, meeting = class_of(teacher, merged)
    with clock.travel(meeting.begins_at + timedelta(minutes=30)):
        learning.enrol(kept, courses.get_course("film", SYSTEM))
        film = courses.lessons_of(course.revision_id)[0]
        playback, _is_new = learning.open_playback(kept, film, None)
    with clock.travel(meeting.ends_at + timedelta(hours=1)):
        merge(kept, merged)
        assert creditbank.balance(kept.id) == 250
        answer = learning.answer_of(playback)
        with pytest.raises(Conflict):
            learning.record_beats(kept, playback.code, answer.next_seq, answer.nonce, [Beat(FILM_MS, 0, FILM_MS, 1000)])
        must_hold()
