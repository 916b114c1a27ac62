"""A lesson: the player, a text, or the quiz; works without script, except for playing."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, redirect, request, url_for

from guanxue import accounts, courses, learning, media, policies, quizzes
from guanxue.core import clock
from guanxue.core.db import end_work
from guanxue.core.errors import Invalid, Problem
from guanxue.core.i18n import Name
from guanxue.core.i18n import lazy as _
from guanxue.core.markup import markdown_html
from guanxue.core.web import look
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.learning.routes import blueprint

ENGINES = ("native", "hlsjs", "mp4")
SPEEDS = ("0.75", "1", "1.25", "1.5", "1.75", "2")
MS = timedelta(milliseconds=1)


def find_lesson(course: str, lesson: str) -> tuple[courses.Course, learning.Enrolment | None, courses.RevisionLesson]:
    """The lesson of the revision this person studies. Raises what is wrong: not signed in, no such course or lesson."""
    actor = current_actor()
    found = courses.get_course(course, actor)
    enrolment = learning.find_enrolment(actor.id, found.id) if actor.is_person else None
    if enrolment is not None and enrolment.left_at is not None:
        enrolment = None
    revision_id = enrolment.revision_id if enrolment else found.revision_id
    rows = courses.lessons_of(revision_id) if revision_id else []
    row = next((x for x in rows if x.slug == lesson), None)
    if row is None:
        raise courses.NoSuchLesson(_("没有这节课。"))
    actor.must_be_person()
    return found, enrolment, row


@blueprint.get("/learn/<course>/<lesson>")
def lesson(course: str, lesson: str) -> Response:
    """Study it; somebody not enrolled yet is shown the course."""
    found, enrolment, row = find_lesson(course, lesson)
    if enrolment is None:
        return redirect(url_for("courses.course", slug=course), 303)
    if (why := courses.why_resting(row)) is not None:
        frame = _frame(found, learning.course_progress(enrolment), row)
        return personal(page("learning/resting.html", 200, **frame, why=str(why), onward=onward_shown(enrolment, found)))
    if row.kind == "quiz":
        return _quiz_page(found, enrolment, row)
    progress = learning.course_progress(enrolment)
    mine = next(x for x in progress.lessons if x.lesson.id == row.id)
    numbers = policies.get_policy(enrolment.policy_id).numbers
    values = _frame(found, progress, row) | {
        "duration_ms": row.duration_ms, "credited_ms": mine.credited_ms,
        "resume_ms": _asked_moment(row.duration_ms, mine.resume_ms),
        "notes": [shown_note(n) for n in learning.list_notes(current_actor().id, found.id, row.slug)],
        "is_complete": mine.is_complete, "share_percent": numbers.share_watched_permille // 10,
        "has_checks": bool(numbers.presence_max_ms),
        "day_left_ms": learning.find_left(current_actor().id, numbers.daily_cap_ms) if numbers.daily_cap_ms else None,
        "max_rate": numbers.max_rate_permille / 1000 if row.kind == "video" else 1,
        "take": _take(found, enrolment, row, numbers), "cut_off": policies.cut_off(numbers),
        "set_aside": [] if mine.is_complete else learning.cases_about(enrolment, row),
    }
    if row.kind == "text":
        body_html = markdown_html(row.body, is_saving=look.present().is_saving)
        return personal(page("learning/text.html", **values, body_html=body_html))
    return personal(page("learning/lesson.html", **values, **_player(row)))


def _take(course: courses.Course, enrolment: learning.Enrolment, row: courses.RevisionLesson,
          numbers: policies.Numbers) -> dict | None:
    """What learning/take.html shows: this lesson to be taken along; None where that cannot be."""
    path = url_for("learning.lesson", course=course.slug, lesson=row.slug)
    found = [x.shown(path) for x in learning.list_takeable(enrolment, [row])]
    return {"lessons": found, "is_one": True, "days": numbers.offline_window_ms // 86_400_000,
            "share_percent": numbers.offline_share_permille // 10} if found else None


def onward_shown(enrolment: learning.Enrolment, course: courses.Course) -> dict | None:
    """What going on in a mended version means, for learning/onward.html; None where there is none to go to."""
    onward = learning.find_onward(enrolment, course)
    if onward is None:
        return None
    return {"slug": course.slug, "same": [Name(x.title) for x in onward.same], "anew": [Name(x.title) for x in onward.anew]}


@blueprint.post("/learn/<course>/move")
def move_on(course: str) -> Response:
    """Go on in the mended version of a course whose own was stopped."""
    learning.move_on(current_actor(), courses.get_course(course, current_actor()))
    return redirect(url_for("courses.course", slug=course), 303)


def _asked_moment(duration_ms: int | None, resume_ms: int) -> int:
    """Where to begin: at ?t= seconds where a note, a question or a search hit leads there, else where one stopped."""
    asked = request.args.get("t", "")
    return min(int(asked) * 1000, duration_ms or 0) if is_row_id(asked) or asked == "0" else resume_ms


def shown_note(note: learning.Note) -> dict:
    """A note as pages and scripts show it."""
    return {"id": note.id, "at_ms": note.at_ms, "text": note.text, "url": url_for("learning.change_note", note_id=note.id)}


def _frame(course: courses.Course, progress: learning.CourseProgress, row: courses.RevisionLesson) -> dict:
    """What every lesson page has: where it is, what comes before and after."""
    states = courses.lesson_states(x.lesson for x in progress.lessons)
    rows = [{"slug": x.lesson.slug, "title": Name(x.lesson.title), "kind": x.lesson.kind, "number": x.lesson.position,
             "is_complete": x.is_complete, "is_this": x.lesson.id == row.id, "state": states[x.lesson.id],
             "duration_ms": x.lesson.duration_ms} for x in progress.lessons]
    here = next(n for n, x in enumerate(rows) if x["is_this"])
    revision = courses.get_revision(row.revision_id)
    return {"course": {"slug": course.slug, "title": Name(revision.title, revision.document["title_en"]),
                       "industry": course.industry or "foundation"},
            "lesson": {"id": row.id, "slug": row.slug, "title": Name(row.title), "kind": row.kind, "number": row.position},
            "lessons": rows, "after": rows[here + 1] if here + 1 < len(rows) else None,
            "course_done": progress.completion is not None, "expert_review": revision.document.get("expert_review")}


def _player(row: courses.RevisionLesson) -> dict:
    state = courses.lesson_states([row])[row.id]
    asset = media.get_asset(row.asset_id)
    cues = courses.words_of(row) if state == "ready" else []
    wanted = request.args.get("player", "")
    play = courses.play_of(row) if state == "ready" else None
    return {
        "state": state, "play": play, "costs": _costs(asset), "speeds": SPEEDS,
        # Whoever saves data begins with sound and pictures, where there are any.
        "begins_with": "sound" if play and play["sounds"] and look.present().is_saving else "film",
        "making_permille": asset.progress_permille,
        "engine": wanted if wanted in ENGINES else "",
        "cues": [{"start_ms": c.start_ms, "end_ms": c.end_ms, "text": c.text} for c in cues],
        "transcript": [] if cues else courses.spoken_text(row.body).split("\n\n"),
    }


def _costs(asset: media.Asset) -> dict:
    """What this lesson costs of the reader's data, in bytes: its film as it begins for them, and sound with pictures."""
    sizes = media.sizes(asset)
    return {"film": sizes.small_film if look.present().is_saving else sizes.film, "sound": sizes.sound}


# ---- the quiz


def _quiz_page(course: courses.Course, enrolment: learning.Enrolment, row: courses.RevisionLesson,
               problem: Problem | None = None, written: dict | None = None) -> Response:
    """`written`: {question id: text} of fields that are shown as they were sent, not as they are kept."""
    actor, subject = current_actor(), learning.attempt_subject(enrolment, row)
    numbers = policies.get_policy(enrolment.policy_id).numbers
    progress = learning.course_progress(enrolment)
    tries, limits = quizzes.list_attempts(actor.id, subject), learning.limits_of(enrolment, row)
    running = learning.find_open_attempt(enrolment, row)
    last = next(((a, s) for a, s in reversed(tries) if s is not None), None)
    values = _frame(course, progress, row) | {
        "pass_mark": courses.get_revision(row.revision_id).pass_mark,
        "question_count": quizzes.get_paper(row.paper_id).question_count,
        "attempts_left": quizzes.attempts_left(actor.id, subject, limits.attempts, limits.cooldown_ms, limits.elsewhere),
        "no_try": quizzes.why_no_try(actor.id, subject, limits),
        "attempts": limits.attempts, "cooldown_minutes": limits.cooldown_ms // 60_000,
        "is_passed": any(x.lesson.id == row.id and x.is_complete for x in progress.lessons), "result": None, "attempt": None,
        "lapsed": None, "corrections": [_corrected(c) for c in learning.list_corrections(actor.id, subject)],
        "is_awaiting": learning.is_awaiting(enrolment, row),
        "waiting_lessons": [Name(x.lesson.title) for x in progress.lessons if not x.is_complete and x.lesson.kind != "quiz"],
        "message": str(problem.message) if problem else _moved_note(running), "elsewhere": None,
        "credit_waits": not accounts.is_known_for(actor.id, numbers, "claim"),
        "must_be_known": running is None and not accounts.is_known_for(actor.id, numbers, "exam"),
        "is_strict": learning.is_strict(enrolment, row), "extra_percent": learning.extra_permille(enrolment) // 10,
        "spare_mark": 0 if running else learning.may_spare(enrolment, row), "spared": _spared(enrolment, progress),
    }
    if running is not None and not quizzes.is_here(actor, running):
        values["elsewhere"] = {"since": running.held_at, "answered": len(running.answers), **_time(running)}
    elif running is not None:
        questions = quizzes.questions_for_learner(running, is_saving=look.present().is_saving)
        values["attempt"] = {"answers": running.answers | (written or {}), "questions": questions, "hold": running.hold,
                             "seq": quizzes.newest_seq(running), **_time(running)}
    elif (lapsed := _lapsed(enrolment, tries)) is not None:
        values["lapsed"] = lapsed
    elif last is not None:
        values["result"] = _result(enrolment, *last)
    return personal(page("learning/quiz.html", problem.status if problem else 200, **values))


def _lapsed(enrolment: learning.Enrolment, tries: list) -> dict | None:
    """The last try where its time is over and it may be handed in or be given more time first, or where what waits on a phone
    still counts; None where there is no such.
    """
    attempt, submission = tries[-1] if tries else (None, None)
    if attempt is None or submission is not None:
        return None
    may_extend, final_at = quizzes.more_time(attempt).is_possible, learning.final_at(attempt)
    if not may_extend and not attempt.answers and final_at <= clock.now():
        return None
    return {"answers": len(attempt.answers), "may_extend": may_extend, "final_at": final_at, "hold": attempt.hold,
            "seq": quizzes.newest_seq(attempt), **_time(attempt)}


def _moved_note(running: quizzes.Attempt | None) -> str:
    """What a form is told that was sent after another page or device went on with the attempt."""
    if running is None or request.args.get("moved") != "1":
        return ""
    return str(_("这次考核已经在别处接着答了：那边答过的题没有动，这边多答的题已经保存，还没有交卷。"))


def _spared(enrolment: learning.Enrolment, progress: learning.CourseProgress) -> dict | None:
    """What completing the course now, without the other lessons, would mean; None where the first try spares none."""
    found = learning.find_spared(enrolment)
    if found is None:
        return None
    without = {x.id for x in found.lessons}
    numbers = policies.get_policy(enrolment.policy_id).numbers
    counted = [(x.lesson.kind, x.lesson.duration_ms or 0) for x in progress.lessons if x.lesson.id not in without]
    every = [(x.lesson.kind, x.lesson.duration_ms or 0) for x in progress.lessons]
    return {"score": found.score, "lessons": [Name(x.title) for x in found.lessons],
            "hours_milli": policies.worth_of(numbers, counted).hours_milli,
            "whole_milli": policies.worth_of(numbers, every).hours_milli}


@blueprint.post("/learn/<course>/test-out")
def test_out(course: str) -> Response:
    """Complete the course without the lessons that the first try spared."""
    found = courses.get_course(course, current_actor())
    current_actor().must_be_person()
    learning.test_out(current_actor(), found)
    return redirect(url_for("courses.course", slug=course), 303)


def _time(attempt: quizzes.Attempt) -> dict:
    """Until when the attempt runs, and what it may still be given."""
    more = quizzes.more_time(attempt)
    return {"id": attempt.id, "expires_at": attempt.expires_at, "left_ms": max(0, int((attempt.expires_at - clock.now()) / MS)),
            "extensions_left": more.left, "extension_minutes": int(more.each.total_seconds()) // 60}


def _result(enrolment: learning.Enrolment, attempt: quizzes.Attempt, submission) -> dict:
    result, feedback = learning.outcome_of(attempt, submission, enrolment)
    areas = quizzes.areas_of(attempt, submission) if not feedback else []
    questions = {q["id"]: q for q in quizzes.questions_for_learner(attempt, is_saving=look.present().is_saving)}
    lines = [{"stem_html": questions[f["question_id"]]["stem_html"], "points": f["points"], "remarks": f.get("remarks", ""),
              "explanation_html": f.get("explanation_html", ""), "right_html": f.get("right_html", ""),
              "mine": submission.answers.get(f["question_id"], "") if questions[f["question_id"]]["kind"] == "short" else "",
              "is_corrected": f.get("corrected", False)} for f in feedback]
    return {"score": result.score, "passed": result.passed, "pass_mark": result.pass_mark, "lines": lines,
            "areas": [{"name": pool, "percent": permille // 10} for pool, permille in areas],
            "waiting": result.waiting, "right": sum(f["points"] == 1 for f in feedback), "at": submission.submitted_at}


def _corrected(change: learning.Correction) -> dict:
    """What became of a score when a key was put right, for templates."""
    return {"number": change.number, "before": change.before, "after": change.after, "is_passed_now": change.is_passed_now}


@blueprint.post("/learn/<course>/<lesson>/start")
def start_quiz(course: str, lesson: str) -> Response:
    """Begin (or go on with) an attempt."""
    found, enrolment, row = find_lesson(course, lesson)
    try:
        learning.start_attempt(current_actor(), row)
    except (learning.PassedAlready, quizzes.NoAttemptsLeft, quizzes.AwaitsMarks) as problem:
        if enrolment is None:
            raise
        if problem.remember:  # the try before was handed in: that stays, and the page says what came of it
            return redirect(url_for(".lesson", course=course, lesson=lesson), 303)
        return _quiz_page(found, enrolment, row, problem)
    return redirect(url_for(".lesson", course=course, lesson=lesson), 303)


@blueprint.post("/learn/<course>/<lesson>/submit")
def submit_quiz(course: str, lesson: str) -> Response:
    """Save the form's answers and hand in; a form that another page or device went on from since hands nothing in."""
    found, enrolment, row = find_lesson(course, lesson)
    attempt_id = request.form.get("attempt", "")
    actor = current_actor()
    attempt, _enrolment, _row = learning.find_attempt_lesson(actor, attempt_id)
    try:
        if quizzes.find_submission(attempt_id) is None:
            if "lapsed" in request.form and attempt.expires_at <= clock.now():
                learning.take_hold(actor, attempt_id, "")  # nobody goes on with it elsewhere: whoever says so here hands it in
            is_held = learning.holds(actor, attempt, _hold())
            if "lapsed" not in request.form:
                answers, slips = answers_from_form(quizzes.questions_for_learner(attempt), request.form)
                learning.save_late(actor, attempt_id, answers, _hold())
                if is_held and slips:
                    return _slipped(found, enrolment, row, attempt, slips)
            if not is_held:
                return redirect(url_for(".lesson", course=course, lesson=lesson, moved=1), 303)
        learning.submit_attempt(actor, attempt_id)
    except quizzes.AttemptClosed:
        learning.submit_attempt(actor, attempt_id)  # out of time: what was saved in time counts
    except Invalid as problem:
        return _quiz_page(found, enrolment, row, problem)
    return redirect(url_for(".lesson", course=course, lesson=lesson), 303)


def _hold() -> int | None:
    """Which hold of the attempt the form was made for; None where it does not say."""
    told = request.form.get("hold", "")
    return int(told) if is_row_id(told) else None


@blueprint.post("/learn/<course>/<lesson>/extend")
def extend_quiz(course: str, lesson: str) -> Response:
    """More time; what the form holds is kept as well."""
    found, enrolment, row = find_lesson(course, lesson)
    attempt_id, actor = request.form.get("attempt", ""), current_actor()
    attempt, _enrolment, _row = learning.find_attempt_lesson(actor, attempt_id)
    try:
        learning.extend_attempt(actor, attempt_id)
        answers, slips = answers_from_form(quizzes.questions_for_learner(attempt), request.form)
        is_held = learning.holds(actor, attempt, _hold())
        learning.save_late(actor, attempt_id, answers, _hold())
        if not is_held and answers:
            return redirect(url_for(".lesson", course=course, lesson=lesson, moved=1), 303)
        if slips and enrolment is not None:
            return _slipped(found, enrolment, row, attempt, slips)
    except (quizzes.NoMoreTime, quizzes.AttemptClosed, Invalid) as problem:
        if enrolment is None:  # the attempt is of another course than the address
            raise
        return _quiz_page(found, enrolment, row, problem)
    return redirect(url_for(".lesson", course=course, lesson=lesson), 303)


def _slipped(course: courses.Course, enrolment: learning.Enrolment, row: courses.RevisionLesson, attempt: quizzes.Attempt,
             slips: dict[str, str]) -> Response:
    """The page again, with what is no number still in its field; everything else of the form stays saved."""
    numbers = {q["id"]: n for n, q in enumerate(quizzes.questions_for_learner(attempt), 1)}
    name, text = next(iter(slips.items()))
    end_work(commit=True)  # an answer of 422 would undo it
    problem = Invalid(_("第 %(n)s 题的“%(text)s”不是数字，请改一下。别的答案都保存了。", n=numbers[name], text=text[:20]))
    return _quiz_page(course, enrolment, row, problem, slips)


def answers_from_form(questions: list[dict], form) -> tuple[dict, dict[str, str]]:
    """({question id: answer}, {question id: text} where a number is asked and none was written) of a posted quiz form;
    questions left empty are in neither.
    """
    answers, slips = {}, {}
    for question in questions:
        name = f"q-{question['id']}"
        given = form.getlist(name)
        value = _answer(question, name, [v for v in given if v != ""], form)
        if question["kind"] == "numeric" and value is not None and (number := _number(value)) is None:
            slips[question["id"]] = value
        elif value not in (None, [], {}):
            answers[question["id"]] = number if question["kind"] == "numeric" else value
    return answers, slips


def _number(text: str) -> float | None:
    try:
        number = float(text.replace("，", ".").replace(",", "."))
    except ValueError:
        return None
    return number if -quizzes.LARGEST <= number <= quizzes.LARGEST else None  # what is no number is not between


def _answer(question: dict, name: str, given: list[str], form):
    kind = question["kind"]
    if kind == "fillin" and "gaps" in question:
        texts = form.getlist(name)[: len(question["gaps"]) - 1]
        return texts if any(t.strip() for t in texts) else None
    if kind == "short":  # browsers send each end of a line as two characters
        return given[0].replace("\r\n", "\n") if given and given[0].strip() else None
    if kind == "multiple":
        return given
    if kind == "ordering":  # by the places given; of two in one place the upper comes first
        places = {o["id"]: form.get(f"{name}-{o['id']}", "") for o in question["options"]}
        return sorted((option for option, place in places.items() if place.isdecimal()), key=lambda option: int(places[option]))
    if kind == "matching":
        return {o["id"]: form[f"{name}-{o['id']}"] for o in question["options"] if form.get(f"{name}-{o['id']}")}
    if not given:
        return None
    return given[0] == "true" if kind == "truefalse" else given[0]
