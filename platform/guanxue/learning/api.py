"""Study over the API: enrolling, the player's protocol, quizzes, my courses."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Literal

from flask import g, request
from pydantic import BaseModel, Field, RootModel, model_validator

from guanxue import courses, learning, quizzes
from guanxue.core import clock
from guanxue.core.errors import NotFound, TooMany
from guanxue.core.i18n import lazy as _
from guanxue.core.markup import markdown_html
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.api import operation
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.early import Asked, early
from guanxue.core.web.throttle import Throttle
from guanxue.learning import traces
from guanxue.learning.beats import Keys, fits, record_quickly
from guanxue.learning.presence_words import KINDS, api_kind, kind_of_api, prompt_of

# A shell that misbehaves is slowed down; what it did not get rid of it keeps and sends later.
_beats = Throttle(per_second=2, burst=4)
_openings = Throttle(per_second=1, burst=20)
_answers = Throttle(per_second=1, burst=20)
LONGEST_S = 1_000_000_000
LATEST_MS, LARGEST_SEQ, FASTEST = 10**12, 10**9, 100
_PAID = "guanxue.beats.paid"  # in the environ of a request whose short way asked the throttle already


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


def _opening(id: str) -> courses.RevisionLesson:
    _once_a_request(_openings, current_actor().id)
    return _lesson(id)


def _once_a_request(throttle: Throttle, key: object) -> None:
    """`find` runs twice (before and inside the writing transaction); the caller pays once."""
    if not (g.get("throttled") or request.environ.get(_PAID)):
        throttle.check(key)
        g.throttled = True


@operation("POST", "/lessons/<id>/playback", summary=_("开始播放或阅读"), body=Opening, find=_opening)
def open_playback(id: str, found: courses.RevisionLesson, body: Opening):
    """A playback and its next nonce."""
    try:
        playback, is_new = learning.open_playback(current_actor(), found, body.key)
    except learning.NotEnrolled as problem:
        problem.remember = (traces.not_enrolled(current_actor(), found.id),)
        raise
    answer = learning.answer_of(playback)
    enrolment = learning.get_enrolment(playback.enrolment_id)
    told = {
        "playback_id": playback.code, "nonce": answer.nonce, "next_seq": answer.next_seq,
        "elapsed_ms": 0 if is_new else learning.elapsed_ms(playback),
        "resume_at_s": learning.lesson_progress(enrolment, found).resume_ms / 1000,
        "beat_every_s": learning.beat_every_s(enrolment), "max_rate": playback.max_rate_permille / 1000,
        "ended": answer.has_ended, "challenge": challenge_told(learning.find_challenge(playback.person_id, enrolment)),
    }
    return told, 201 if is_new else 200


class Beat(BaseModel):
    """Played from_s…to_s at that rate; done t_ms after opening."""

    t_ms: int = Field(ge=0, le=LATEST_MS)
    from_s: float = Field(ge=0, le=LONGEST_S, allow_inf_nan=False)
    to_s: float = Field(ge=0, le=LONGEST_S, allow_inf_nan=False)
    rate: float = Field(1.0, ge=0, le=FASTEST, allow_inf_nan=False)

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
    seq: int = Field(ge=1, le=LARGEST_SEQ)
    beats: list[Beat] = Field(max_length=learning.MOST_BEATS)


def _playback(id: str) -> learning.Playback:
    return learning.get_playback(current_actor(), id)


def _beating(id: str) -> None:
    learning.check_playback(current_actor(), id)
    _once_a_request(_beats, id)


def _told(answer: learning.Answer) -> dict:
    return {
        "nonce": answer.nonce, "next_seq": answer.next_seq, "acked_t_ms": answer.acked_t_ms,
        "gained_s": answer.gained_ms / 1000, "credited_s": answer.credited_ms / 1000,
        "coverage": answer.coverage_permille / 1000, "lesson_completed": answer.is_complete,
        "challenge": challenge_told(answer.challenge),
        **({} if answer.day_left_ms is None else {"day_left_s": answer.day_left_ms / 1000}),
    }


@operation("POST", "/playbacks/<id>/beats", summary=_("上报学习"), body=Beats, find=_beating, finds_itself=True)
def beats(id: str, found: None, body: Beats):
    """What was played since the last request."""
    return _told(learning.record_beats(current_actor(), id, body.seq, body.nonce, [b.to_rules() for b in body.beats]))


@early("/playbacks/<id>/beats")
def beats_at_once(asked: Asked) -> dict | None:
    """The short way of beats(), for what is plain."""
    told, keys = plain_beats(asked.body), Keys.of(asked.site)
    if told is None or not fits(keys, asked.id, told[0], told[1]):  # who has the right word was given it: the playback is there
        return None
    try:
        _beats.check(asked.id)
    except TooMany:
        return None
    asked.environ[_PAID] = True
    answer = asked.change(lambda on: record_quickly(on, keys, asked.person_id, asked.id, told[0], told[2]))
    return None if answer is None else _told(answer)


def plain_beats(body: bytes) -> tuple[int, str, list[learning.Beat]] | None:
    """(seq, nonce, beats) of a body that is just as players write it; None: ask Beats, which takes more and says what is wrong.

    Whatever passes here passes there and means the same.
    """
    try:
        told = json.loads(body.decode())
        nonce, seq, claims = told.pop("nonce"), told.pop("seq"), told.pop("beats")
        if told or type(nonce) is not str or not nonce.isascii() or len(nonce) > 100 or type(claims) is not list:
            return None
        if not _is_whole(seq, 1, LARGEST_SEQ) or len(claims) > learning.MOST_BEATS:
            return None
        found = [_plain_beat(**claim) for claim in claims]
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None
    return None if None in found else (seq, nonce, found)


def _plain_beat(t_ms: object, from_s: object, to_s: object, rate: object = 1.0) -> learning.Beat | None:
    is_plain = (_is_whole(t_ms, 0, LATEST_MS) and _is_number(from_s, LONGEST_S) and _is_number(to_s, LONGEST_S)
                and _is_number(rate, FASTEST) and from_s <= to_s)
    return learning.Beat(t_ms, round(from_s * 1000), round(to_s * 1000), round(rate * 1000)) if is_plain else None


def _is_whole(value: object, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def _is_number(value: object, most: int) -> bool:
    return type(value) in (int, float) and 0 <= value <= most  # NaN is neither


class ChallengeAnswer(BaseModel):
    """To a presence check: an answer, or (`do`) that it is shown, more time, another `kind`, that its time ran out while shown.

    `t_ms`: when the answer was given, as beats say it; where a lost line held it up it still comes in time.
    """

    id: str = Field(max_length=100)
    answer: Any = None
    do: Literal["answer", "shown", "extend", "choose", "expired"] = "answer"
    kind: str = Field("", max_length=20)
    t_ms: int | None = Field(None, ge=0, le=LATEST_MS)


def _challenged(id: str) -> learning.Playback:
    _once_a_request(_answers, current_actor().id)
    return _playback(id)


@operation("POST", "/playbacks/<id>/challenge", summary=_("回答在场确认"), body=ChallengeAnswer, find=_challenged)
def challenge(id: str, found: learning.Playback, body: ChallengeAnswer):
    """`passed` once presence is shown; else the check as it stands, with nothing that tells its answer."""
    actor, passed = current_actor(), False
    if body.do == "shown":
        learning.show_check(actor, body.id)
    elif body.do == "extend":
        learning.extend_check(actor, body.id)
    elif body.do == "choose":
        learning.choose_check(actor, body.id, kind_of_api(body.kind))
    elif body.do == "expired":
        learning.give_up_check(actor, body.id)
    else:
        said = None if body.t_ms is None else found.opened_ms + body.t_ms
        passed = learning.answer_check(actor, body.id, body.answer, said)
    told = _told(replace(learning.answer_of(found), challenge=learning.find_challenge(actor.id)))
    is_open = told["challenge"] is not None and told["challenge"]["id"] == body.id
    return {"passed": passed or not is_open, "missed": learning.is_missed(actor, body.id), "challenge": told["challenge"],
            "credited_s": told["credited_s"], "coverage": told["coverage"], "lesson_completed": told["lesson_completed"]}


def challenge_told(waiting: learning.Challenge | None) -> dict | None:
    """A presence check as players get it."""
    if waiting is None:
        return None
    told = {
        "id": waiting.code, "kind": api_kind(waiting.kind), "prompt": str(prompt_of(waiting)),
        "expires_at": clock.moment_of(waiting.expires_ms).isoformat(), "left_s": waiting.left_ms / 1000,
        "lesson": str(waiting.lesson_id), "at_s": waiting.at_ms / 1000, "extensions_left": waiting.extensions_left,
        "extension_s": waiting.extension_ms / 1000, "tries_left": waiting.tries_left, "missed": waiting.is_missed,
        "others": [{"kind": api_kind(kind), "label": str(KINDS[kind])} for kind in waiting.others],
    }
    if waiting.options:
        told |= {"text": waiting.text, "options": [{"id": str(n), "text": text} for n, text in enumerate(waiting.options)]}
    return told | ({"url": waiting.address} if waiting.address else {})


@operation("POST", "/playbacks/<id>/close", summary=_("结束播放"), find=_playback)
def close(id: str, found: learning.Playback):
    """End it; may be repeated."""
    return _told(learning.close_playback(current_actor(), id))


# ---- quizzes


class Answers(RootModel[dict[str, Any]]):
    """{question_id: answer}; null clears."""


def _time_of(attempt: quizzes.Attempt) -> dict:
    more = quizzes.more_time(attempt)
    return {"attempt_id": attempt.id, "expires_at": attempt.expires_at.isoformat(), "left_s": _left_s(attempt),
            "extensions_left": more.left, "extension_s": more.each.total_seconds(), "may_extend": more.is_possible}


def _left_s(attempt: quizzes.Attempt) -> float:
    """By the server's clock; a page's own may be wrong."""
    return max(0.0, round((attempt.expires_at - clock.now()).total_seconds(), 3))


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


class Page(BaseModel):
    """One page of one device: a random word of its own."""

    page: str = Field("", max_length=40)


class ChangedAnswer(BaseModel):
    """An answer, the page's number of it (rising), and how many milliseconds ago it was written."""

    answer: Any = None
    seq: int = Field(ge=1, le=10**9)
    ago_ms: int = Field(0, ge=0, le=10**12)


class Save(Page):
    """What a page has written since; `hold` as it was told when it took the attempt."""

    hold: int = Field(ge=0, le=10**9)
    answers: dict[str, ChangedAnswer] = Field(max_length=500)


def _held(attempt: quizzes.Attempt) -> dict:
    return {**_time_of(attempt), "hold": attempt.hold, "seq": quizzes.newest_seq(attempt), "answers": attempt.answers}


@operation("GET", "/attempts/<id>", summary=_("考核还在这台设备上吗"), find=_attempt)
def attempt_state(id: str, found):
    """Until when it runs, and which page of which device goes on with it: `hold` rises when another does."""
    attempt = found[0]
    return {**_time_of(attempt), "hold": attempt.hold, "is_here": quizzes.is_here(current_actor(), attempt),
            "handed_in": quizzes.find_submission(attempt.id) is not None}


@operation("POST", "/attempts/<id>/hold", summary=_("在这台设备上接着答"), body=Page, find=_attempt)
def hold_attempt(id: str, found, body: Page):
    """From now on this page goes on with it; another one is told so when it next saves. Again is the same."""
    return _held(learning.take_hold(current_actor(), id, body.page))


@operation("POST", "/attempts/<id>/saves", summary=_("保存答案，断网时写的也算"), body=Save, find=_attempt)
def save_changes(id: str, found, body: Save):
    """Autosave that may come late. `counted` are kept; `refused` were written after the end, or after another device went on;
    the others were older than what stands, and an older save never takes a newer one's place.

    What was written before the end counts within the policy's grace; while `may_extend`, more time lets in the rest.
    """
    changes = [quizzes.Change(name, x.answer, x.seq, x.ago_ms) for name, x in body.answers.items()]
    kept = learning.save_changes(current_actor(), id, body.page, body.hold, changes)
    return {**_time_of(kept.attempt), "hold": kept.attempt.hold, "is_mine": kept.is_mine, "counted": list(kept.counted),
            "refused": list(kept.refused), "closed": kept.closed}


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


@operation("POST", "/courses/<slug>/test-out", summary=_("免修其余的课，现在结业"), find=_course)
def test_out(slug: str, found: courses.Course):
    """Complete the course without the lessons that the first try at its quiz spares. Final: hours count what was studied."""
    done = learning.test_out(current_actor(), found)
    return {"course": slug, "completed_at": done.completed_at.isoformat(), "content_s": done.content_ms / 1000}


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
