"""The outside service: what it is asked, which answers count, and what happens when it gives none. A real server answers."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from tests.accounts.test_checking import LEARNER, NUMBER, actor, people, proved, see, state
from tests.clients import Browser

from guanxue import accounts
from guanxue.accounts import checking, consent, levels, matching
from guanxue.accounts.matching import Answer, CannotAsk
from guanxue.config import Settings, UnsafeSettings
from guanxue.core.db import session, writing
from guanxue.jobs.models import Job
from guanxue.jobs.worker import run_one
from guanxue.policies import MATCHED, SEEN, STATED

__all__ = ["people", "proved"]


class Service:
    """A service on this machine: `answers` are (status, body) in turn, the last for ever; `asked` is what came."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, object]] = []
        self.asked: list[tuple[dict, dict]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.asked.append((dict(self.headers), json.loads(body)))
                status, told = service.answers.pop(0) if len(service.answers) > 1 else service.answers[0]
                told = told if isinstance(told, bytes) else json.dumps(told).encode()
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()
                self.wfile.write(told)

            def log_message(self, *_arguments) -> None:
                """Quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://token@127.0.0.1:{self.server.server_port}/ask"  # https in life: Settings takes no other


@pytest.fixture
def service(people, monkeypatch):
    """The site asks it."""
    there = Service()
    settings = people.extensions["guanxue.settings"]
    object.__setattr__(settings, "identity", there.address)
    yield there
    there.server.shutdown()


def work(app) -> None:
    """The worker does what is due."""
    while run_one(app, heavy=False):
        pass


def ask(app, *, agrees=True):
    with app.test_request_context(), writing():
        code = state()
        checking.ask_check(actor(LEARNER), code, agrees=agrees)
    return code


def test_a_match_in_person_makes_somebody_known_without_a_counter(people, service):
    service.answers = [(200, {"result": "match", "checked": "person", "reference": "R-1", "photo": "…"})]
    code = ask(people)
    work(people)
    headers, question = service.asked[0]
    assert question == {"kind": "citizen-id", "country": "", "number": NUMBER, "name": "林小莲"}
    assert headers["Authorization"] == "Bearer token" and headers["Idempotency-Key"].startswith(code)
    with people.test_request_context():
        known = levels.list_known(1)[0]
        assert known.level == MATCHED and known.document.asked_at is None
        assert [(s.step, s.reference) for s in known.steps if s.reference] == [("matched", "R-1")]
        assert NUMBER not in str([job.payload for job in session.query(Job)])


def test_a_match_of_data_alone_waits_for_a_look_at_the_paper(people, service):
    service.answers = [(200, {"result": "match", "checked": "data", "reference": "R-1"})]
    code = ask(people)
    work(people)
    with people.test_request_context(), writing():
        assert accounts.level_of(1) == STATED and checking.count_waiting() == 1
    assert "还差本人带证件" in Browser(people, LEARNER).see("/me/settings/identity")
    with people.test_request_context(), writing():
        see(code)
        assert accounts.level_of(1) == MATCHED


def test_what_does_not_match_goes_to_an_officer(people, service):
    service.answers = [(200, {"result": "mismatch", "reference": "R-1"})]
    ask(people)
    work(people)
    with people.test_request_context():
        assert accounts.level_of(1) == STATED and checking.count_waiting() == 1
        assert [s.step for s in levels.list_known(1)[0].steps] == ["stated", "asked", "mismatched"]


@pytest.mark.parametrize("answer", [
    (500, {}), (302, {}), (200, b"no json"), (200, []), (200, {"result": "yes", "reference": "R"}), (200, {"result": "match"}),
    (200, {"result": "match", "reference": "R", "checked": "soul"}), (200, {"result": "match", "reference": "R" * 81}),
    (200, {"result": "match", "reference": "R\n1"}), (200, b" " * 20_000)])
def test_what_is_no_answer_makes_nobody_known(people, service, answer):
    service.answers = [answer]
    with people.test_request_context(), pytest.raises(CannotAsk) as failed:
        matching.ask("key", {"kind": "citizen-id", "country": "", "number": NUMBER, "name": "林小莲"})
    assert NUMBER not in str(failed.value) and "林小莲" not in str(failed.value)


def test_a_service_that_is_away_is_asked_again_and_in_the_end_an_officer_does_it(people, service):
    service.answers = [(503, {})]
    code = ask(people)
    work(people)
    with people.test_request_context(), writing():
        job = session.query(Job).filter_by(name="accounts.match").one()
        assert job.state == "waiting" and NUMBER not in job.failure
        checking.leave_to_officers(code)
        assert levels.list_known(1)[0].steps[-1].step == "unanswered" and checking.count_waiting() == 1


def test_nothing_goes_out_without_a_consent_of_its_own_or_after_it_was_taken_back(people, service):
    service.answers = [(200, {"result": "match", "checked": "person", "reference": "R-1"})]
    code = ask(people, agrees=False)
    with people.test_request_context(), writing():
        assert session.query(Job).filter_by(name="accounts.match").count() == 0
        assert checking.question_for(code) is None
        consent.agree_to(actor(LEARNER), consent.IDENTITY_MATCH, agrees=True)
        assert checking.question_for(code)["number"] == NUMBER
        consent.agree_to(actor(LEARNER), consent.IDENTITY_MATCH, agrees=False)
        assert checking.question_for(code) is None
    assert "核验服务（127.0.0.1）" not in Browser(people, LEARNER).see("/me/settings/identity")  # it waits already


def test_an_answer_about_another_name_or_number_or_a_second_time_is_none(people, service):
    code = ask(people)
    answer = Answer("match", "person", "R-1")
    with people.test_request_context(), writing():
        checking.take_answer(code, "林大莲", answer)
        checking.take_answer("gone", "林小莲", answer)
        assert accounts.level_of(1) == STATED
        checking.take_answer(code, "林小莲", answer)
        checking.take_answer(code, "林小莲", answer)
        assert [s.step for s in levels.list_known(1)[0].steps] == ["stated", "asked", "matched"]


def test_without_a_service_officers_do_it(people):
    code = ask(people)
    with people.test_request_context(), writing():
        assert not matching.is_there() and session.query(Job).filter_by(name="accounts.match").count() == 0
        see(code)
        assert accounts.level_of(1) == SEEN


@pytest.mark.parametrize("address", ["http://token@host/ask", "https://", "file:///x", "officer"])
def test_a_service_is_an_https_address(address, tmp_path):
    with pytest.raises(UnsafeSettings, match="GUANXUE_IDENTITY"):
        Settings.from_env({"GUANXUE_DATA": str(tmp_path), "GUANXUE_IDENTITY": address})


def test_the_token_is_in_no_print_of_the_settings(tmp_path):
    settings = Settings.from_env({"GUANXUE_DATA": str(tmp_path), "GUANXUE_IDENTITY": "https://secret-token@host/ask"})
    assert "secret-token" not in repr(settings)
