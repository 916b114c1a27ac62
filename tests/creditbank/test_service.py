"""Completions become credits once; reversal is a contra entry; both or neither, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text
from tests import factories
from tests.clients import API, Learner
from tests.factories import make_course, make_person

from guanxue import audit, courses, creditbank, jobs, learning, ledger, policies
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.core.errors import Forbidden, Invalid
from guanxue.learning.models import BeatRow, Completion
from guanxue.ledger.errors import AlreadyReversed
from guanxue.ledger.models import Entry
from guanxue.policies.defaults import LIGHT_2

VIDEO_MS = 3_000_000


@pytest.fixture
def learner(any_app):
    """A learner who has finished a course of 50 minutes."""
    with any_app.test_request_context(), writing():
        make_person()
        make_course(videos_ms=(VIDEO_MS,))
    who = Learner(any_app)
    who.finish()
    who.app = any_app
    return who


def count(app, model) -> int:
    with app.app_context():
        return session.scalar(select(func.count()).select_from(model))


def code_of(learner) -> str:
    return learner.call("GET", "/me/credits", 200)["items"][0]["verify_code"]


def reverse(app, code, **more):
    with app.test_request_context(), writing():
        creditbank.take_back(SYSTEM, code, **{"reason": "冒名学习", "authority": "莞人社〔2026〕1号", **more})


def test_an_award_is_milliseconds_by_the_policy_rounded_down_once(learner):
    credits = learner.call("GET", "/me/credits", 200)
    whole_ms = VIDEO_MS + 2 * 60_000
    assert credits["balance"] == (whole_ms * 1000 // (45 * 60_000 * 16)) / 1000 > 0
    assert credits["study_hours"] == (whole_ms * 1000 // (45 * 60_000)) / 1000


def test_awarding_again_is_the_same_award(learner):
    with learner.app.test_request_context(), writing():
        completion = session.scalar(select(Completion))
        first = creditbank.award(completion)
        assert creditbank.award(completion).id == first.id
    assert count(learner.app, Entry) == 1


def test_an_entry_explains_itself(learner):
    with learner.app.test_request_context():
        proof = ledger.proof(1)
        document = proof["entry"]["document"]
        assert document["policy"] == "light/2" and document["revision"] == 1 and document["course"] == "safe-measuring"
        assert document["content_ms"] == VIDEO_MS + 120_000 and len(document["revision_digest"]) == len(document["evidence"]) == 64
        assert sum(amount for _account, amount in proof["entry"]["postings"]) == 0
        assert "13800000001" not in str(proof) and "林小莲" not in str(proof)


def test_a_reversal_is_a_contra_entry_on_the_statement_and_ends_validity(learner):
    code = code_of(learner)
    reverse(learner.app, code)
    credits = learner.call("GET", "/me/credits", 200)
    assert credits["balance"] == 0 and credits["study_hours"] == 0 and credits["total"] == 2
    contra, original = credits["items"]
    assert contra["kind"] == "reversal" and contra["amount"] == -original["amount"] and contra["reason"] == "冒名学习"
    seen = learner.client.get(f"{API}/verify/{code}").get_json()
    assert seen["valid"] is False and seen["revoked"] is True and ledger.verify_proof(seen["proof"]) is None
    with learner.app.test_request_context():
        assert ledger.verify().faults == []
        assert "ledger.entry.reversed" in {x.action for x in audit.list_lines()}


def test_a_reversal_happens_once_with_reason_and_authority_by_an_administrator(learner):
    code = code_of(learner)
    for more in ({"reason": " "}, {"authority": ""}):
        with pytest.raises(Invalid):
            reverse(learner.app, code, **more)
    with learner.app.test_request_context(), writing(), pytest.raises(Forbidden):
        creditbank.take_back(factories.reviewer(), code, reason="x", authority="y")
    with pytest.raises(ledger.NoSuchEntry):
        reverse(learner.app, "AAAABBBBCCCC")
    reverse(learner.app, code)
    with pytest.raises(AlreadyReversed):
        reverse(learner.app, code)
    assert count(learner.app, Entry) == 2


def test_a_reversed_course_is_not_awarded_again(learner):
    reverse(learner.app, code_of(learner))
    with learner.app.test_request_context(), writing():
        creditbank.award(session.scalar(select(Completion)))
    with learner.app.app_context(), writing():
        jobs.enqueue("credits.award", {"completion_id": 1})
    jobs.run_waiting(learner.app)
    assert learner.call("GET", "/me/credits", 200)["balance"] == 0


def test_content_of_less_than_a_thousandth_makes_no_entry(any_app):
    with any_app.test_request_context(), writing():
        make_person()
        policies.publish_policy(SYSTEM, code="light", title="学分很大", numbers={**LIGHT_2, "class_hours_per_credit": 2000},
                                effective_on=clock.today())
        make_course(videos_ms=(1000,), gift="::q1::对吗{TRUE}")
        completion = Completion(id=1, enrolment_id=1, person_id=1, course_id=1, revision_id=1, policy_id=policies.current_policy().id,
                                content_ms=61_000, evidence={}, evidence_digest="", completed_at=clock.now())
        assert creditbank.award(completion) is None
    assert count(any_app, Entry) == 0


# ---- both or neither


class _Killed(BaseException):
    """The process is gone: nobody catches this."""


@pytest.mark.parametrize("where", ["guanxue.creditbank.service.award", "guanxue.ledger.post", "guanxue.core.web.dispatch.end_work"])
def test_a_death_between_completion_and_credit_leaves_both_or_neither(any_app, monkeypatch, where):
    with any_app.test_request_context(), writing():
        make_person()
        make_course()
    learner = Learner(any_app)
    learner.call("PUT", "/courses/safe-measuring/enrolment", 200)
    video, quiz = learner.lessons()
    assert learner.pass_quiz(quiz["id"])["passed"]
    playback = learner.call("POST", f"/lessons/{video['id']}/playback", 201)
    beats = count(any_app, BeatRow)

    def die(*_args, **_more):
        if where.endswith("end_work") and not _more.get("commit"):
            return real(*_args, **_more)
        raise _Killed

    module, name = where.rsplit(".", 1)
    real = getattr(__import__("importlib").import_module(module), name)
    with clock.advance(60), monkeypatch.context() as m:
        m.setattr(where, die)
        with pytest.raises(_Killed):
            learner.beat(playback, (60_000, 0, 60, 1))
    assert (count(any_app, Completion), count(any_app, Entry), count(any_app, BeatRow)) == (0, 0, beats)
    with clock.advance(61):  # the player sends again what was never answered
        assert learner.beat(playback, (60_000, 0, 60, 1))["lesson_completed"]
    assert (count(any_app, Completion), count(any_app, Entry)) == (1, 1)
    with any_app.test_request_context():
        assert creditbank.recompute() == (1, []) and ledger.verify().faults == []


def test_a_listener_that_fails_leaves_its_award_to_a_job_that_posts_it_once(any_app, monkeypatch):
    with any_app.test_request_context(), writing():
        make_person()
        make_course()
    learner = Learner(any_app)
    with monkeypatch.context() as m:
        m.setattr("guanxue.ledger.post", lambda *a, **k: 1 / 0)
        learner.finish()
        jobs.run_waiting(any_app)
    assert count(any_app, Completion) == 1 and count(any_app, Entry) == 0
    with any_app.test_request_context():
        assert len(creditbank.recompute()[1]) == 1  # what is owed is not forgotten
    with clock.advance(3600):  # mended; nobody asks again, the job itself comes back
        jobs.run_waiting(any_app)
        jobs.run_waiting(any_app)
    assert count(any_app, Entry) == 1
    with any_app.test_request_context():
        assert creditbank.recompute() == (1, [])


def test_a_savepoint_that_is_undone_leaves_no_signed_head_outside(any_app, monkeypatch):
    with any_app.test_request_context(), writing():
        make_person()
        make_course()
    learner = Learner(any_app)
    with monkeypatch.context() as m:
        m.setattr("guanxue.creditbank.service.Award", lambda **_columns: 1 / 0)  # after the entry was posted and sealed
        learner.finish()
    assert count(any_app, Completion) == 1 and count(any_app, Entry) == 0
    with any_app.test_request_context():
        assert ledger.verify().faults == []
    with clock.advance(60):
        jobs.run_waiting(any_app)
    assert count(any_app, Entry) == 1
    with any_app.test_request_context():
        assert ledger.verify().faults == []


# ---- deriving again


def test_recompute_agrees_after_a_new_revision_a_new_policy_and_lost_caches(learner):
    with learner.app.test_request_context(), writing():
        course = courses.get_course("safe-measuring", SYSTEM)
        policies.publish_policy(SYSTEM, code="light", title="更严", effective_on=clock.today(),
                                numbers={**LIGHT_2, "class_hour_ms": 60 * 60_000, "share_watched_permille": 1000, "pass_mark": 100})
        courses.edit_lesson(SYSTEM, course, courses.list_lessons(course.id)[-1].id, title="新考核", body="::q1::完全不同的题{FALSE}")
        courses.publish_course(SYSTEM, course)
        session.execute(text("DELETE FROM learning_progress"))
        session.execute(text("DELETE FROM core_generation"))
        session.execute(text("DELETE FROM jobs_job"))
    with learner.app.test_request_context():
        assert creditbank.recompute() == (1, [])


@pytest.mark.parametrize(("table", "change"), [
    ("learning_beat", "UPDATE learning_beat SET received_ms = received_ms + 1"), ("learning_beat", "DELETE FROM learning_beat"),
    ("learning_completion", "UPDATE learning_completion SET content_ms = content_ms * 2"),
    ("quizzes_submission", "UPDATE quizzes_submission SET answers = '{}'"),
    ("quizzes_submission", "UPDATE quizzes_submission SET score = 61"),
    ("quizzes_submission", "UPDATE quizzes_submission SET pass_mark = pass_mark + 1"),
    ("learning_completion", "UPDATE learning_completion SET evidence = REPLACE(evidence, '\"answers\"', '\"others\"')"),
    ("learning_beat", "UPDATE learning_beat SET claims = (SELECT chain FROM learning_playback WHERE id = playback_id)"), ("learning_playback", "UPDATE learning_playback SET revision_lesson_id = 2"),
    ("learning_playback", "UPDATE learning_playback SET opened_ms = opened_ms - 10000000"),
    ("learning_completion", "DELETE FROM creditbank_award"),
    ("policies_policy", "UPDATE policies_policy SET effective_on = '2040-01-01' WHERE code = 'light' AND version = 2"),
    ("policies_policy", "UPDATE policies_policy SET document = "
                        "(SELECT p.document FROM policies_policy p WHERE p.code = 'half-hour-steps') WHERE code = 'light'"),
])
def test_recompute_names_person_and_course_when_evidence_was_changed(learner, table, change):
    with learner.app.test_request_context(), writing():
        for on in {table, "creditbank_award"}:
            if session.get_bind().dialect.name == "sqlite":
                session.execute(text(f"DROP TRIGGER IF EXISTS guard_{on}_update"))
                session.execute(text(f"DROP TRIGGER IF EXISTS guard_{on}_delete"))
            else:
                session.execute(text(f"ALTER TABLE {on} DISABLE TRIGGER ALL"))
        session.execute(text(change))
    with learner.app.test_request_context():
        _count, differences = creditbank.recompute()
        if "creditbank_award" in change:  # the ledger and the evidence still agree; only the code is lost
            assert differences == []
            return
        assert len(differences) == 1 and "林小莲" in differences[0].person and "安全测量" in differences[0].course
        if table == "learning_beat":  # which lesson, what is written there, what the rows give
            assert "“第1课”" in differences[0].why and " 秒" in differences[0].why
        assert learning.list_completions(1)


def test_one_span_that_is_gone_is_named_with_its_lesson_and_both_figures_though_enough_is_left(bare_app):
    with bare_app.test_request_context(), writing():
        make_person()
        make_course(videos_ms=(60_000, 30_000))
    who = Learner(bare_app)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    who.watch(who.lessons()[0]["id"], 58)
    who.finish()
    change(bare_app, "learning_beat", "DELETE FROM learning_beat WHERE playback_id = 2")
    with bare_app.test_request_context():
        (found,) = creditbank.recompute()[1]
    assert "“第1课”：第 2 次播放的原始记录被改动过。" in found.why
    assert "“第1课”记着计入 60 秒，由原始记录算出 58 秒。" in found.why and "第2课" not in found.why


def change(app, table, *statements):
    """What an operator could do to the tables with a tool of the database."""
    with app.test_request_context(), writing():
        session.execute(text(f"DROP TRIGGER IF EXISTS guard_{table}_update"))
        session.execute(text(f"DROP TRIGGER IF EXISTS guard_{table}_delete"))
        for statement in statements:
            session.execute(text(statement))


def test_an_answer_is_found_though_its_score_is_the_same_or_was_changed_with_it(bare_app):
    with bare_app.test_request_context(), writing():
        make_person()
        policies.publish_policy(SYSTEM, code="light", title="及格 50", effective_on=clock.today(), numbers={**LIGHT_2, "pass_mark": 50})
        make_course(videos_ms=(30_000,))
    who = Learner(bare_app)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    film, quiz = who.lessons()
    who.watch(film["id"], film["duration_s"])
    attempt = who.call("POST", f"/quizzes/{quiz['id']}/attempts", 200)
    options = next(q["options"] for q in attempt["questions"] if q["id"] == "q2")
    x, y, z = (next(o["id"] for o in options if axis in o["html"]) for axis in "XYZ")
    who.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, q1=True, q2=x)
    assert who.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200)["score"] == 50
    with bare_app.test_request_context():
        assert creditbank.recompute() == (1, [])
    for told in (f"answers = REPLACE(answers, '{x}', '{y}')", f"answers = REPLACE(answers, '{y}', '{z}'), score = 100"):
        change(bare_app, "quizzes_submission", f"UPDATE quizzes_submission SET {told}")
        with bare_app.test_request_context():
            (found,) = creditbank.recompute()[1]
        assert "“考核”的答卷被改动过。" in found.why
