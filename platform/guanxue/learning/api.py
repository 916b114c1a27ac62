"""Study over the API: enrolling, the player's protocol, quizzes, my courses."""

from __future__ import annotations

from typing import Any

from flask import g
from pydantic import BaseModel, Field, RootModel, model_validator

from guanxue import courses, learning, quizzes
from guanxue.core.errors import NotFound
from guanxue.core.i18n import lazy as _
from guanxue.core.markup import markdown_html
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.api import operation
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.throttle import Throttle

# A shell that misbehaves is slowed down; what it did not get rid of it keeps and sends later.
_beats = Throttle(per_second=2, burst=4)
_openings = Throttle(per_second=1, burst=20)
LONGEST_S = 1_000_000_000


def _course(slug: str) -> courses.Course:
    return courses.get_course(slug, current_actor())


def _lesson(id: str) -> courses.RevisionLesson:
    if not is_row_id(id):
        raise NotFound(_("没有这节课。"))
    return courses.get_revision_lesson(int(id))


@operation("PUT", "/courses/<slug>/enrolment", summary=_("报名"), find=_course)
def enrol(slug: str, found: courses.Course):
    """Join a course; again is the same."""
    enrolment = learning.enrol(current_actor(), found)
    return {"course": slug, "revision": courses.get_revision(enrolment.revision_id).number,
            "enrolled_at": enrolment.enrolled_at.isoformat()}


@operation("DELETE", "/courses/<slug>/enrolment", summary=_("退出课程"), find=_course)
def leave(slug: str, found: courses.Course):
    """Leave a course; again is the same."""
    learning.leave(current_actor(), found)


def _readable(id: str) -> tuple[courses.RevisionLesson, learning.Enrolment]:
    lesson = _lesson(id)
    enrolment = learning.enrolment_for_lesson(current_actor(), lesson)
    courses.must_not_rest(lesson)
    return lesson, enrolment


@operation("GET", "/lessons/<id>", summary=_("一节课的内容"), find=_readable)
def lesson(id: str, found):
    """Where to play it, or its text; and how far I am."""
    row, enrolment = found
    progress = learning.lesson_progress(enrolment, row)
    state = courses.lesson_states([row])[row.id]
    told: dict[str, Any] = {
        "id": str(row.id), "title": row.title, "kind": row.kind, "state": state,
        "duration_s": None if row.duration_ms is None else row.duration_ms / 1000,
        "resume_at_s": progress.resume_ms / 1000, "coverage": progress.coverage_permille / 1000,
        "completed": progress.is_complete,
    }
    if row.kind == "text":
        told["html"] = markdown_html(row.body)
    elif row.kind == "quiz":
        told["quiz_id"] = str(row.id)
    else:
        told |= {"hls_url": None, "mp4_url": None, "audio_url": None, "subtitles": []}
        if state == "ready":
            told |= courses.play_of(row)
    return told


class Opening(BaseModel):
    """`key`: the player's own name for this sitting; sent again it finds the same playback."""

    key: str | None = Field(None, min_length=1, max_length=100)


def _may_open(id: str) -> courses.RevisionLesson:
    row = _lesson(id)
    learning.enrolment_for_lesson(current_actor(), row)
    _once_a_request(_openings, current_actor().id)
    return row


def _once_a_request(throttle: Throttle, key: object) -> None:
    """`find` runs twice (before and inside the writing transaction); the caller pays once."""
    if not g.get("throttled"):
        throttle.check(key)
        g.throttled = True


@operation("POST", "/lessons/<id>/playback", summary=_("开始播放或阅读"), body=Opening, find=_may_open)
def open_playback(id: str, found: courses.RevisionLesson, body: Opening):
    """A playback and its first nonce."""
    playback, is_new = learning.open_playback(current_actor(), found, body.key)
    answer = learning.answer_of(playback)
    enrolment = learning.get_enrolment(playback.enrolment_id)
    told = {
        "playback_id": playback.code, "nonce": answer.nonce, "next_seq": answer.next_seq,
        "elapsed_ms": 0 if is_new else learning.elapsed_ms(playback),
        "resume_at_s": learning.lesson_progress(enrolment, found).resume_ms / 1000,
        "beat_every_s": learning.beat_every_s(enrolment), "max_rate": playback.max_rate_permille / 1000,
        "ended": answer.has_ended,
    }
    return told, 201 if is_new else 200


class Beat(BaseModel):
    """Played from_s…to_s at that rate; done t_ms after opening."""

    t_ms: int = Field(ge=0, le=10**12)
    from_s: float = Field(ge=0, le=LONGEST_S, allow_inf_nan=False)
    to_s: float = Field(ge=0, le=LONGEST_S, allow_inf_nan=False)
    rate: float = Field(1.0, ge=0, le=100, allow_inf_nan=False)

    @model_validator(mode="after")
    def _forward(self) -> Beat:
        if self.from_s > self.to_s:
            raise ValueError(str(_("from_s 大于 to_s")))
        return self

    def to_rules(self) -> learning.Beat:
        """In whole milliseconds and permille, rounded to the nearest."""
        return learning.Beat(self.t_ms, round(self.from_s * 1000), round(self.to_s * 1000), round(self.rate * 1000))


class Beats(BaseModel):
    """One request of the player."""

    nonce: str = Field(max_length=100)
    seq: int = Field(ge=1, le=10**9)
    beats: list[Beat] = Field(max_length=500)


def _playback(id: str) -> learning.Playback:
    return learning.get_playback(current_actor(), id)


def _beating(id: str) -> None:
    learning.check_playback(current_actor(), id)
    _once_a_request(_beats, id)


def _told(answer: learning.Answer) -> dict:
    return {
        "nonce": answer.nonce, "next_seq": answer.next_seq, "acked_t_ms": answer.acked_t_ms,
        "gained_s": answer.gained_ms / 1000, "credited_s": answer.credited_ms / 1000,
        "coverage": answer.coverage_permille / 1000, "lesson_completed": answer.is_complete, "challenge": None,
    }


@operation("POST", "/playbacks/<id>/beats", summary=_("上报学习"), body=Beats, find=_beating, finds_itself=True)
def beats(id: str, found: None, body: Beats):
    """What was played since the last request."""
    return _told(learning.record_beats(current_actor(), id, body.seq, body.nonce, [b.to_rules() for b in body.beats]))


class ChallengeAnswer(BaseModel):
    """The answer to a "still there?" question."""

    id: str = Field(max_length=100)
    answer: Any = None


@operation("POST", "/playbacks/<id>/challenge", summary=_("回答在场确认"), body=ChallengeAnswer, find=_playback)
def challenge(id: str, found: learning.Playback, body: ChallengeAnswer):
    """The light policy asks none, so there is none to answer."""
    raise NotFound(_("没有这个确认问题。"))


@operation("POST", "/playbacks/<id>/close", summary=_("结束播放"), find=_playback)
def close(id: str, found: learning.Playback):
    """End it; may be repeated."""
    return _told(learning.close_playback(current_actor(), id))


# ---- quizzes


class Answers(RootModel[dict[str, Any]]):
    """{question_id: answer}; null clears."""


def _time_of(attempt: quizzes.Attempt) -> dict:
    more = quizzes.more_time(attempt)
    return {"attempt_id": attempt.id, "expires_at": attempt.expires_at.isoformat(), "extensions_left": more.left,
            "extension_s": more.each.total_seconds()}


@operation("POST", "/quizzes/<id>/attempts", summary=_("开始考核"), find=_readable)
def start_attempt(id: str, found):
    """The open attempt, or a new one."""
    attempt = learning.start_attempt(current_actor(), found[0])
    return {**_time_of(attempt), "questions": quizzes.questions_for_learner(attempt), "answers": attempt.answers}


def _attempt(id: str):
    return learning.find_attempt_lesson(current_actor(), id)


@operation("PUT", "/attempts/<id>/answers", summary=_("保存答案"), body=Answers, find=_attempt)
def save_answers(id: str, found, body: Answers):
    """Autosave; merges."""
    attempt = learning.save_answers(current_actor(), id, body.root)
    return {"attempt_id": attempt.id, "answers": attempt.answers, "expires_at": attempt.expires_at.isoformat()}


@operation("POST", "/attempts/<id>/extension", summary=_("给考核加时间"), find=_attempt)
def extend_attempt(id: str, found):
    """More time, as often as `extensions_left` says; no reason is asked."""
    return _time_of(learning.extend_attempt(current_actor(), id))


@operation("POST", "/attempts/<id>/submit", summary=_("交卷"), find=_attempt)
def submit_attempt(id: str, found):
    """Hand in and be graded; a second time gives the first answer, with what people marked and corrected since.

    While `waiting` short answers wait for a teacher, `score` is null and `passed` false; so are the `points` of each of them.
    """
    result, feedback = learning.submit_attempt(current_actor(), id)
    return {"score": result.score, "passed": result.passed, "pass_mark": result.pass_mark, "waiting": result.waiting,
            "attempts_left": result.attempts_left, "feedback": feedback}


@operation("GET", "/me/courses", summary=_("我的课程"))
def my_courses():
    """What I am studying, last studied first."""
    progresses = learning.list_my_courses(current_actor().id)
    known = courses.courses_by_id([p.enrolment.course_id for p in progresses])
    items = [{
        "slug": known[p.enrolment.course_id].slug, "title": courses.get_revision(p.enrolment.revision_id).title,
        "progress": p.permille / 1000, "lessons": len(p.lessons), "lessons_completed": p.done,
        "completed": p.completion is not None,
        "completed_at": p.completion.completed_at.isoformat() if p.completion else None,
        "next_lesson": str(p.next_lesson.lesson.id) if p.next_lesson else None,
        "enrolled_at": p.enrolment.enrolled_at.isoformat(),
    } for p in progresses]
    return {"items": items, "total": len(items), "page": 1, "per_page": max(1, len(items))}
