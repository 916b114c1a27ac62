"""Heads are signed in batches, nothing stays unsealed for long, and whoever asks sooner is not kept waiting."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.ledger.test_service import deposit, tamper

from guanxue import jobs, ledger
from guanxue.core import clock, events
from guanxue.core.actor import SYSTEM
from guanxue.core.db import end_work, session, writing
from guanxue.core.errors import Invalid
from guanxue.ledger import sealing


def posted(*numbers: int) -> None:
    for n in numbers:
        with writing():
            deposit(n)


def lines() -> list[dict]:
    return [json.loads(line) for line in ledger.kept_bytes().splitlines()]


def test_deposits_sign_nothing_and_one_job_seals_them_all(any_app):
    with any_app.test_request_context():
        posted(1, 2, 3)
        assert lines() == [] and ledger.sealed_size() == 0 and len(jobs.list_jobs("ledger.seal")) == 1
        report = ledger.verify()
        assert report.faults == [] and report.unsealed == 3
        end_work(commit=False)
    assert jobs.run_waiting(any_app) == 0  # not yet
    with clock.advance(sealing.SEAL_AFTER.total_seconds()):
        assert jobs.run_waiting(any_app) == 1
    with any_app.test_request_context():
        assert [x["size"] for x in lines()] == [3] and ledger.sealed_size() == 3
        assert ledger.verify().unsealed == 0
        end_work(commit=False)
        posted(4)
        assert len(jobs.list_jobs("ledger.seal")) == 2  # the next batch has a job of its own


def test_a_full_batch_seals_at_once(app, monkeypatch):
    monkeypatch.setattr(sealing, "BATCH", 4)
    for n in range(1, 11):
        deposit(n)
    assert ledger.sealed_size() == 8 and ledger.verify().unsealed == 2


def test_a_proof_asked_for_at_once_is_signed_once_and_kept_outside_before_it_is_shown(any_app):
    with any_app.test_request_context():
        posted(1, 2)
        proofs = [ledger.proof(n) for n in (1, 2, 1)]
        assert all(ledger.verify_proof(p, p["public_key"]) is None and p["head"]["size"] == 2 for p in proofs)
        assert lines() == [proofs[0]["head"]] and ledger.sealed_size() == 0
        end_work(commit=False)
        posted(3)
        assert ledger.proof(3)["head"]["size"] == 3 and len(lines()) == 2
        with writing():
            ledger.seal()
        assert ledger.verify(lines()).faults == []


def test_a_tail_that_nobody_will_seal_is_a_fault(any_app):
    with any_app.test_request_context():
        posted(1)
        with writing():
            ledger.seal()
        posted(2, 3)
        with clock.advance((sealing.SEAL_AFTER + sealing.LATE + timedelta(minutes=1)).total_seconds()):
            report = ledger.verify()
            assert report.first_bad_entry == 2 and "2" in report.faults[0]
            end_work(commit=False)
        with writing():
            session.execute(text("DELETE FROM jobs_job WHERE name = 'ledger.seal'"))
        assert ledger.verify().first_bad_entry == 2
        end_work(commit=False)
        with writing():
            ledger.watch()  # as the site's start does
        assert ledger.verify().faults == []
        end_work(commit=False)
    assert jobs.run_waiting(any_app) == 1


def test_the_young_end_is_looked_through_as_all_else(any_app):
    with any_app.test_request_context():
        posted(1, 2, 3, 4)
        assert tamper("UPDATE ledger_posting SET amount_millicredits = amount_millicredits * 2 WHERE entry_number = 3").first_bad_entry == 3


def test_sealing_while_others_post_leaves_no_entry_without_a_job(any_app):
    stop = threading.Event()

    def seal() -> None:
        while not stop.is_set():
            with any_app.test_request_context(), clock.advance(600):
                jobs.run_waiting(any_app)

    sealer = threading.Thread(target=seal)
    sealer.start()
    with any_app.test_request_context():
        posted(*range(1, 41))
    stop.set()
    sealer.join()
    with any_app.test_request_context():
        report = ledger.verify()
        assert report.faults == [] and report.entries == 40


def test_heads_and_keys_are_public_and_known_by_their_tag(bare_app):
    with bare_app.test_request_context():
        for n in range(1, 23):
            with writing():
                deposit(n)
                ledger.seal()
    client = bare_app.test_client()
    for address in ("/api/v1/ledger/heads", "/api/v1/ledger/keys", "/api/v1/ledger/consistency?first=3&second=20"):
        answer = client.get(address)
        assert answer.status_code == 200 and "public" in answer.headers["Cache-Control"]
        assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    for address, status in (("/ledger/consistency", 422), ("/ledger/consistency?first=x", 422), ("/ledger/consistency?first=99", 422),
                            ("/ledger/consistency?first=1&second=500", 404), ("/ledger/heads?page=99", 200)):
        assert client.get(f"/api/v1{address}").status_code == status, address
    first, second = (client.get(f"/ledger?page={n}").get_data(as_text=True) for n in (1, 2))
    assert "前 22 笔" in first and "前 3 笔" in first and "前 2 笔" in second and "前 22 笔" not in second


def test_consistency_of_what_cannot_be(app):
    with pytest.raises(ledger.NoSuchHead):
        ledger.consistency(0)
    deposit(1)
    with pytest.raises(Invalid):
        ledger.consistency(2)
    assert ledger.consistency(0)["path"] == [] == ledger.consistency(1)["path"]


def test_what_is_taken_back_is_told_to_the_rooms_above(app):
    told = []
    events.listen(ledger.EntryReversed, told.append)
    entry = deposit(1, person=7)
    contra = ledger.reverse(SYSTEM, entry.number, reason=" 替学 ", authority="督查组 2026-11")
    assert told == [ledger.EntryReversed(SYSTEM, entry.number, contra.number, (("mint:course", -32), ("person:7", 32)), "替学",
                                         "督查组 2026-11")]
