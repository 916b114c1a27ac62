"""Beats on both roads: the quick one before Flask, and the usual one, say and keep the same; neighbours never pay for a fault."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import func, select, text
from tests.clients import Browser, Learner
from tests.factories import make_course, make_person
from tests.learning.test_evidence import Stopwatch

from guanxue.core import clock
from guanxue.core.db import db, session, writing
from guanxue.core.together import Together, Undone
from guanxue.learning import api, beats, evidence
from guanxue.learning.models import BeatRow, Enrolment, Playback, Progress


@pytest.fixture
def school(bare_app, monkeypatch):
    """A course of one long video and a learner in it; nobody is slowed down."""
    monkeypatch.setattr(api._beats, "check", lambda key: None)
    monkeypatch.setattr(api._openings, "check", lambda key: None)
    with bare_app.test_request_context(), writing():
        make_person()
        make_person("13800000002", "陈师傅")
        make_course(videos_ms=(3_600_000,))
    return bare_app


@pytest.fixture
def learner(school):
    return seat(school)


def seat(app, phone="13800000001"):
    one = Learner(app, phone)
    one.call("PUT", "/courses/safe-measuring/enrolment", 200)
    one.video = one.lessons()[0]["id"]
    return one


def begin(learner):
    return learner.call("POST", f"/lessons/{learner.video}/playback", 201)


@contextmanager
def without_flask(monkeypatch):
    """Whatever reaches Flask meanwhile fails."""
    def refuse(*_args):
        raise AssertionError("Flask was asked")

    with monkeypatch.context() as patch:
        patch.setattr(Flask, "request_context", refuse)
        yield


@contextmanager
def usual_road(app):
    """Nothing is answered before Flask."""
    kept, app.first_asked = app.first_asked, ()
    try:
        yield
    finally:
        app.first_asked = kept


def body_of(playback, *claims, **over):
    told = {"nonce": playback["nonce"], "seq": playback["next_seq"],
            "beats": [dict(zip(("t_ms", "from_s", "to_s", "rate"), c, strict=True)) for c in claims]}
    return {**told, **over}


def send(learner, playback, raw, **headers):
    return learner.client.post(f"/api/v1/playbacks/{playback['playback_id']}/beats", data=raw,
                               headers={**learner.headers, "Content-Type": "application/json", **headers})


def warm(learner):
    """A playback whose first beat, the dearest of all, was sent: from here on everything is plain."""
    playback = begin(learner)
    with clock.advance(5):
        learner.beat(playback, (1000, 0, 1, 1))
    return playback


# ---- the quick road is taken, and only by what is plain


def test_a_plain_beat_is_answered_before_flask(learner, monkeypatch):
    playback = warm(learner)
    with clock.advance(20), without_flask(monkeypatch):
        answer = learner.beat(playback, (15_000, 1, 15, 1))
        assert (answer["gained_s"], answer["credited_s"], answer["next_seq"]) == (14, 15, 3)
        assert learner.beat(playback, (18_000, 15, 18, 1))["credited_s"] == 18


def test_a_browsers_beat_is_plain_with_its_token_and_refused_without(school, learner, monkeypatch):
    playback = warm(learner)
    browser = Browser(school, "13800000001")
    at, raw = f"/api/v1/playbacks/{playback['playback_id']}/beats", json.dumps(body_of(playback, (15_000, 1, 15, 1)))
    sent = {"data": raw, "content_type": "application/json"}
    with clock.advance(20):
        assert browser.client.post(at, **sent).status_code == 403
        assert browser.client.post(at, **sent, headers={"X-CSRF-Token": browser.token[:-1] + "~"}).status_code == 403
        with without_flask(monkeypatch):
            answer = browser.client.post(at, **sent, headers={"X-CSRF-Token": browser.token})
        assert answer.status_code == 200 and answer.json["credited_s"] == 15


def test_both_roads_answer_with_the_same_headers(school, learner):
    playback = warm(learner)
    raw = json.dumps(body_of(playback))
    quick = send(learner, playback, raw)
    with usual_road(school):
        usual = send(learner, playback, raw)
    of_one = {"X-Request-Id", "Content-Length"}
    assert {k: v for k, v in quick.headers if k not in of_one} == {k: v for k, v in usual.headers if k not in of_one}
    assert quick.json == usual.json


def test_somebody_whose_session_was_ended_is_refused_at_once(school, learner):
    playback = warm(learner)
    with school.app_context(), writing():
        session.execute(text("UPDATE accounts_session SET revoked_at = '2026-01-01 00:00:00'"))
    assert send(learner, playback, json.dumps(body_of(playback))).status_code == 401


def test_bookkeeping_that_is_due_takes_the_usual_road(school, learner):
    playback = warm(learner)
    with school.app_context(), writing():
        session.execute(text("UPDATE accounts_session SET last_seen_at = '2026-01-01 00:00:00'"))
    assert send(learner, playback, json.dumps(body_of(playback))).status_code == 200
    with school.app_context():
        assert session.scalar(text("SELECT min(last_seen_at) FROM accounts_session WHERE person_id = 1")) > "2026-01-02"


def test_the_beat_that_completes_a_lesson_takes_the_usual_road_with_all_that_hangs_on_it(school, learner, monkeypatch):
    playback = warm(learner)
    with clock.advance(3600):
        assert learner.beat(playback, (3_000_000, 0, 3000, 2))["lesson_completed"] is False
        with pytest.raises(AssertionError), without_flask(monkeypatch):
            learner.beat(playback, (3_500_000, 3000, 3600, 2))
        assert learner.beat(playback, (3_500_000, 3000, 3600, 2))["lesson_completed"] is True
        with without_flask(monkeypatch):
            assert learner.beat(playback, (3_600_000, 0, 10, 1))["lesson_completed"] is True


def test_a_policy_that_asks_for_more_takes_the_usual_road(school, learner, monkeypatch):
    playback = warm(learner)
    for number in ("presence_max_ms", "daily_cap_ms"):
        with monkeypatch.context() as patch:
            known = beats.policies.numbers_of_text
            stricter = lambda text, number=number: _with(known(text), number)  # noqa: E731
            patch.setattr(beats.policies, "numbers_of_text", stricter)
            with pytest.raises(AssertionError), without_flask(monkeypatch):
                learner.beat(playback)


def _with(numbers, name):
    changed = object.__new__(type(numbers))
    changed.__dict__.update(vars(numbers) | {name: 1000})
    return changed


# ---- both roads read the same

GOOD = {"t_ms": 15_000, "from_s": 1, "to_s": 15, "rate": 1}
WHOLE = {"nonce": "0" * 32, "seq": 2, "beats": [GOOD]}
RAW = [b"", b"{}", b"[]", b"null", b"1", b'"x"', b"{", b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b'{"nonce": "a", "seq": 1}', b"[" * 20_000,
       b'{"nonce":"a","nonce":"b","seq":1,"seq":2,"beats":[],"beats":[{"t_ms":1,"t_ms":2,"from_s":0,"to_s":0}]}',
       b'{"nonce":"a","seq":01,"beats":[]}', b'{"nonce":"a\n","seq":1,"beats":[]}', b'{"nonce":"a","seq":1,"beats":[],}']
ODD = [0, -1, 1, 2, 15, 1.5, -0.0, 0.0004, 0.0005, 0.0015, 1e9, 10**9, 10**9 + 1, 10**12, 10**12 + 1, 10**30, 1e400, float("nan"), "1",
       "x", "\ud800", "汉字", "x" * 101, None, True, [], {}, 1e-400, 100, 100.01, [None], [[]], [{}], [GOOD] * 501, [{**GOOD, "more": 1}],
       [{**GOOD, "self": 1}]]
BODIES = [{**WHOLE, name: value} for name in (*WHOLE, "more") for value in ODD]
BODIES += [{**WHOLE, "beats": [{**GOOD, name: value}]} for name in GOOD for value in ODD]
BODIES += [{**WHOLE, "beats": [{k: v for k, v in GOOD.items() if k != name}]} for name in GOOD]
BODIES += [{k: v for k, v in WHOLE.items() if k != name} for name in WHOLE]


def usual(raw):
    """(seq, nonce, beats) by the usual road; None where it refuses."""
    try:
        read = api.Beats.model_validate_json(raw)
    except ValidationError:
        return None
    return read.seq, read.nonce, [b.to_rules() for b in read.beats]


def test_what_the_quick_road_reads_the_usual_one_reads_alike(bare_app):
    with bare_app.test_request_context():
        for raw in (*RAW, *(json.dumps(b).encode() for b in BODIES)):
            read = api.plain_beats(raw)
            assert read is None or read == usual(raw), raw


def test_what_players_send_is_plain():
    for beat in (GOOD, {**GOOD, "rate": 1.5}, {"t_ms": 0, "from_s": 0.25, "to_s": 0.25}):
        assert api.plain_beats(json.dumps({**WHOLE, "beats": [beat]}).encode()) == usual(json.dumps({**WHOLE, "beats": [beat]}))
    assert api.plain_beats(json.dumps({**WHOLE, "beats": []}).encode())


NUMBERS = st.one_of(st.integers(-5, 10**13), st.floats(0, 4000), st.floats(allow_nan=True))


@given(st.lists(st.fixed_dictionaries({"t_ms": NUMBERS, "from_s": NUMBERS, "to_s": NUMBERS}, optional={"rate": NUMBERS}), max_size=3))
def test_numbers_mean_the_same_on_both_roads(claims):
    raw = json.dumps({**WHOLE, "beats": claims}).encode()
    read = api.plain_beats(raw)
    assert read is None or read == usual(raw)


# ---- both roads decide the same


CLAIM = st.tuples(st.integers(0, 400_000), st.floats(0, 300), st.floats(0, 300), st.sampled_from([0, 0.5, 1, 1.5, 2, 16, 101]))
STEP = st.tuples(st.sampled_from([0, 0.3, 5, 15, 60, 130, 4000, 90_000]), st.lists(CLAIM, max_size=4),
                 st.sampled_from(["", "", "", "", "again", "gap", "forged", "reopen", "close", "leave", "text"]))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEP, min_size=1, max_size=8))
def test_any_story_goes_the_same_on_both_roads(twins, steps):
    app, watch, (quick, slow) = twins
    for one in (quick, slow):
        one.call("PUT", "/courses/safe-measuring/enrolment", 200)
    playing = [begin(quick), begin(slow)]
    for seconds, claims, how in steps:
        watch.at += seconds
        told = [_tell(app, quick, playing[0], claims, how)]
        with usual_road(app):
            told.append(_tell(app, slow, playing[1], claims, how))
        assert told[0] == told[1], (how, claims)
        assert _kept(app, 1) == _kept(app, 2)
    with app.app_context():
        assert not any(evidence.chain_fault(p.id, p.last_seq, p.chain.hex()) for p in session.scalars(select(Playback)) if p.last_seq)


@pytest.fixture
def twins(school, monkeypatch):
    """Two people who do the same: the app, its clock, and both."""
    watch = Stopwatch()
    monkeypatch.setattr(clock, "time", watch)
    with school.app_context(), writing():  # the one hour after which bookkeeping is due never comes
        session.execute(text("UPDATE accounts_session SET last_seen_at = '2099-01-01', expires_at = '2099-01-01'"))
    pair = seat(school), seat(school, "13800000002")
    with school.app_context(), writing():
        session.execute(text("UPDATE accounts_session SET last_seen_at = '2099-01-01', expires_at = '2099-01-01'"))
    return school, watch, pair


def _tell(app, one, playback, claims, how):
    if how == "leave":
        one.call("DELETE", "/courses/safe-measuring/enrolment")
    if how == "reopen":
        playback.clear()
        answer = one.call("POST", f"/lessons/{one.video}/playback")
        playback.update(answer if "nonce" in answer else {"playback_id": "none", "nonce": "", "next_seq": 1})
    if how == "close":
        one.call("POST", f"/playbacks/{playback['playback_id']}/close")
    body = body_of(playback, *claims)
    if how == "gap":
        with app.app_context():
            body |= {"seq": body["seq"] + 3, "nonce": evidence.nonce_of(playback["playback_id"], body["seq"] + 2)}
    if how == "forged":
        body["nonce"] = "0" * 32
    if how == "text":
        body["seq"] = str(body["seq"])
    answer = send(one, playback, json.dumps(body))
    if answer.status_code == 200 and how != "again":
        playback.update({k: answer.json[k] for k in ("nonce", "next_seq")})
    return answer.status_code, {k: v for k, v in answer.json.items() if k not in ("nonce", "request_id")}, dict(answer.headers).get("Content-Type")


def _kept(app, person_id):
    """Everything that beats change, of one person, without what tells people apart."""
    with app.app_context():
        stands = session.execute(select(
            Playback.id, Playback.opened_ms, Playback.ended_ms, Playback.last_seq, Playback.contact_ms, Playback.acked_t_ms,
            Playback.granted_ms).where(Playback.person_id == person_id).order_by(Playback.id)).all()
        rows = [session.execute(select(BeatRow.seq, BeatRow.received_ms, BeatRow.ended_ms, BeatRow.claims)
                                .where(BeatRow.playback_id == p.id).order_by(BeatRow.seq)).all() for p in stands]
        progress = session.execute(
            select(Progress.spans, Progress.credited_ms, Progress.late_ms, Progress.resume_ms, Progress.is_complete, Enrolment.studied_at)
            .join(Enrolment, Enrolment.id == Progress.enrolment_id).where(Enrolment.person_id == person_id)).all()
        return [tuple(p)[1:] for p in stands], [list(map(tuple, r)) for r in rows], list(map(tuple, progress))


# ---- sharing a transaction


def test_group_commit_under_threads_loses_nothing(school):
    learners = []
    for n in range(8):
        with school.test_request_context(), writing():
            make_person(f"1390000001{n}", f"学员{n}")
        learners.append(seat(school, f"1390000001{n}"))
    playing = [warm(one) for one in learners]
    wrong = []

    def study(one, playback):
        for n in range(25):
            answer = one.beat(playback, (2_000 + n * 1000, 1 + n, 2 + n, 1))
            if answer["credited_s"] != 2 + n:
                wrong.append((n, answer))

    with clock.advance(60):
        threads = [threading.Thread(target=study, args=pair) for pair in zip(learners, playing, strict=True)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    assert wrong == []
    with school.app_context():
        assert session.scalar(select(func.count()).select_from(BeatRow)) == 8 * 26
        assert not any(evidence.chain_fault(p.id, p.last_seq, p.chain.hex()) for p in session.scalars(select(Playback)))


def test_the_same_request_sent_by_many_at_once_counts_once(school, learner):
    playback = warm(learner)
    raw, told = json.dumps(body_of(playback, (15_000, 1, 15, 1))), []
    with clock.advance(20):
        threads = [threading.Thread(target=lambda: told.append(send(learner, playback, raw))) for _n in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    assert {a.status_code for a in told} == {200} and sorted(a.json["gained_s"] for a in told) == [0] * 7 + [14]
    assert {a.json["credited_s"] for a in told} == {15}


def gathered(together, *works):
    """Let these wait behind one that holds the turn, so that they share a transaction; what each of them got."""
    got, is_in, may_go = {}, threading.Event(), threading.Event()

    def hold(on):
        is_in.set()
        may_go.wait(10)

    def ask(n, work):
        try:
            got[n] = together.change(work)
        except Undone:
            got[n] = Undone

    first = threading.Thread(target=ask, args=(-1, hold))
    first.start()
    is_in.wait(10)
    threads = [threading.Thread(target=ask, args=pair) for pair in enumerate(works)]
    for t in threads:
        t.start()
    while len(together._waiting) < len(works):
        pass
    may_go.set()
    for t in (first, *threads):
        t.join()
    return [got[n] for n in range(len(works))]


@pytest.fixture
def together(bare_app):
    with bare_app.app_context():
        made = Together(db.engine)
    made.change(lambda on: on.driver.execute("CREATE TABLE tried (n)"))
    return made


def test_who_waits_at_the_same_moment_shares_a_transaction(together):
    counts = gathered(together, *[lambda on, n=n: (on.driver.execute("INSERT INTO tried VALUES (?)", [n]),
                                                   on.driver.total_changes)[1] for n in range(5)])
    assert sorted(together.look(lambda on: [n for (n,) in on.driver.execute("SELECT n FROM tried")])) == list(range(5))
    assert len(set(counts)) == 5  # one connection made them all


def test_a_fault_in_one_undoes_all_of_them_and_each_is_told(together):
    def fault(on):
        on.driver.execute("INSERT INTO tried VALUES (99)")
        raise RuntimeError("a fault")

    works = [lambda on: on.driver.execute("INSERT INTO tried VALUES (1)"), fault, lambda on: on.driver.execute("INSERT INTO tried VALUES (2)")]
    assert Undone in gathered(together, *works)
    kept = together.look(lambda on: [n for (n,) in on.driver.execute("SELECT n FROM tried")])
    assert 99 not in kept
    together.change(lambda on: on.driver.execute("INSERT INTO tried VALUES (3)"))
    assert 3 in together.look(lambda on: [n for (n,) in on.driver.execute("SELECT n FROM tried")])


def test_a_fault_in_one_beat_touches_no_other(school, learner, monkeypatch):
    other = seat(school, "13800000002")
    playing, answers = [warm(learner), warm(other)], [None, None]
    known = beats._write

    def write(on, keys, step):
        known(on, keys, step)
        if step.standing.person_id == 1:
            raise RuntimeError("a fault of this beat alone")

    monkeypatch.setattr(beats, "_write", write)
    school.testing = False  # a fault is answered, not raised

    def study(n, one):
        answers[n] = send(one, playing[n], json.dumps(body_of(playing[n], (15_000, 1, 15, 1))))

    with clock.advance(20):
        threads = [threading.Thread(target=study, args=pair) for pair in enumerate((learner, other))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    assert answers[0].status_code == 500 and answers[1].status_code == 200
    assert answers[1].json["credited_s"] == 15
    with school.app_context():
        assert [p.last_seq for p in session.scalars(select(Playback).order_by(Playback.id))] == [1, 2]


def test_what_comes_late_takes_the_usual_road(school, learner):
    """Where the person was meanwhile is asked there: in a class, perhaps, which counted."""
    playback = begin(learner)
    with clock.advance(600), school.app_context():
        claimed = [beats.rules.Beat(1000, 0, 1000, 1000)]
        row = session.get(Playback, 1)
        keys = beats.Keys.of(beats.settings())
        assert beats.record_quickly(beats.here(), keys, row.person_id, playback["playback_id"], 1, claimed) is None
