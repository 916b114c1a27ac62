"""Who may merge and part, what cannot be merged, and that each happens whole, and once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import inspect, text
from tests.clients import Learner
from tests.factories import make_person
from tests.two_accounts import (
    KEPT,
    MERGED,
    admin_actor,
    figures,
    kept_actor,
    merge,
    must_hold,
    part,
    person,
)

from guanxue import accounts, courses, learning
from guanxue.accounts import identity
from guanxue.accounts.errors import CannotMerge, CannotPart
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import db, writing
from guanxue.core.errors import Forbidden, Invalid

# ---- who may, and what cannot be


def refused(app, code, actor=None, kept=KEPT, merged=MERGED):
    with app.test_request_context(), writing():
        with pytest.raises(CannotMerge) as caught:
            accounts.merge_accounts(actor or kept_actor(), person(kept).id, person(merged).id, reason="同一个人")
        assert caught.value.code == code and str(caught.value)


def change(app, phone, **values):
    with app.test_request_context(), writing():
        for name, value in values.items():
            setattr(person(phone), name, value)


def test_accounts_that_cannot_be_one_are_refused_with_a_reason(city):
    refused(city, "same-account", merged=KEPT)
    for name, value, code in (("is_demo", True, "demo"), ("disabled_at", clock.now(), "disabled"),
                              ("erase_after_at", clock.now(), "leaving"), ("phone_disputed_at", clock.now(), "disputed")):
        change(city, MERGED, **{name: value})
        refused(city, code)
        change(city, MERGED, **{name: False if name == "is_demo" else None})
    with city.test_request_context(), writing():
        accounts.grant_role(SYSTEM, person(MERGED), "curator", "humen")
    refused(city, "staff")
    with city.test_request_context(), writing():
        made = accounts.merge_accounts(admin_actor(), person(KEPT).id, person(MERGED).id, reason="管理员合并")
        assert not accounts.capabilities_of(person(KEPT).id), "a merge gives nobody rights"
        code = made.code
    refused(city, "merged-already")
    with city.test_request_context(), writing():
        make_person("13800000005", "林小莲")
    refused(city, "has-merged", Actor("person", person_id(city, "13800000005")), kept="13800000005", merged=KEPT)
    part_by(city, admin_actor, code)


def person_id(app, phone) -> int:
    with app.test_request_context():
        return person(phone).id


def part_by(app, actor, code):
    with app.test_request_context(), writing():
        accounts.part_accounts(actor(), code, reason="弄错了")


def test_nobody_merges_or_parts_for_others(city):
    with city.test_request_context(), writing():
        make_person("13800000005", "王强")
        stranger = Actor("person", person("13800000005").id)
        with pytest.raises(Forbidden):
            accounts.merge_accounts(stranger, person(KEPT).id, person(MERGED).id, reason="x")
        with pytest.raises(Invalid):
            accounts.merge_accounts(kept_actor(), person(KEPT).id, person(MERGED).id, reason=" ")
    code, _effects = merge(city)
    with city.test_request_context(), writing(), pytest.raises(Forbidden):
        accounts.part_accounts(stranger, code, reason="x")


def test_parting_ends_after_thirty_days_and_happens_once(lives):
    with clock.advance(40_000):
        code, _effects = merge(lives)
        with clock.advance(timedelta(days=30, minutes=1).total_seconds()):
            with lives.test_request_context(), writing(), pytest.raises(CannotPart) as caught:
                accounts.part_accounts(kept_actor(), code, reason="x")
            assert caught.value.code == "too-late"
        with clock.advance(timedelta(days=29).total_seconds()):
            part(lives, code)
            with lives.test_request_context(), writing(), pytest.raises(CannotPart) as caught:
                accounts.part_accounts(kept_actor(), code, reason="x")
            assert caught.value.code == "parted-already"
            must_hold(lives)


def test_the_newest_merge_is_parted_first_and_three_accounts_count_once(lives):
    third = "13800000005"
    with lives.test_request_context(), writing():
        make_person(third, "林小莲")
    with clock.advance(50_000):
        Learner(lives, third).finish("theirs")
    with clock.advance(60_000):
        first, _effects = merge(lives)
        with lives.test_request_context(), writing():
            made = accounts.merge_accounts(kept_actor(), person(KEPT).id, person(third).id, reason="第三个")
            second = made.code
        assert figures(lives, KEPT)["balance"] == 3 * 72
        must_hold(lives)
        with lives.test_request_context(), writing(), pytest.raises(CannotPart) as caught:
            accounts.part_accounts(kept_actor(), first, reason="x")
        assert caught.value.code == "newer-first"
        for code in (second, first):
            part(lives, code)
            must_hold(lives)
        assert figures(lives, third)["balance"] == 72


def test_a_stated_number_stays_with_the_person_and_two_are_two_persons(city):
    first, second = "11010519491231002X", "440308199901010012"
    with city.test_request_context(), writing():
        merged = Actor("person", person(MERGED).id)
        identity.state_number(merged, first, agrees=True)
    code, effects = merge(city)
    with city.test_request_context():
        assert effects["identity.moved"] and identity.find_holder(first) == person(KEPT).id
    part(city, code)
    with city.test_request_context(), writing():
        assert identity.find_holder(first) == person(MERGED).id
        identity.state_number(kept_actor(), second, agrees=True)
    refused(city, "two-identities")


# ---- all or nothing, once


class _Killed(BaseException):
    """The process is gone: nobody catches this."""


@pytest.mark.parametrize("where", ["guanxue.learning.evidence.rebuild_progress", "guanxue.ledger.post", "guanxue.creditbank.moving.Move",
                                   "guanxue.tracks.merging._add_finish", "guanxue.audit.record"])
def test_a_death_in_the_middle_leaves_nothing(lives, monkeypatch, where):
    def die(*_args, **_more):
        raise _Killed

    with clock.advance(40_000):
        before = rows(lives)
        with monkeypatch.context() as patched:
            patched.setattr(where, die)
            with pytest.raises(_Killed):
                merge(lives)
        assert rows(lives) == before
        code, _effects = merge(lives)
        before = rows(lives)
        if where != "guanxue.tracks.merging._add_finish":
            with monkeypatch.context() as patched:
                patched.setattr(where, die)
                with pytest.raises(_Killed):
                    part(lives, code)
            assert rows(lives) == before
        part(lives, code)
        must_hold(lives)


def rows(app) -> dict[str, int]:
    """How many rows each table has, and who is merged."""
    with app.app_context(), db.engine.connect() as connection:
        names = inspect(connection).get_table_names()
        counted = {n: connection.execute(text(f"SELECT count(*) FROM {n}")).scalar() for n in names}
        return counted | {"merged": connection.execute(text("SELECT id, merged_into_id FROM accounts_person ORDER BY id")).all()}


def race(app, *works) -> list:
    """What each thread ended with: the exception's type name, or ""."""
    ended, start = [""] * len(works), threading.Barrier(len(works))

    def run(n, work):
        start.wait()
        try:
            with app.test_request_context(), writing():
                work()
        except Exception as error:
            ended[n] = type(error).__name__

    threads = [threading.Thread(target=run, args=x) for x in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return ended


def test_the_same_merge_twice_at_once_happens_once(lives):
    with clock.advance(40_000):
        one = lambda: accounts.merge_accounts(kept_actor(), person(KEPT).id, person(MERGED).id, reason="同一个人")  # noqa: E731
        assert sorted(race(lives, one, one, one)) == ["", "CannotMerge", "CannotMerge"]
        must_hold(lives)
        assert figures(lives, KEPT)["balance"] == 3 * 72


def test_two_merges_that_cross_wait_for_each_other(lives):
    with clock.advance(40_000):
        there = lambda: accounts.merge_accounts(admin_actor(), person(KEPT).id, person(MERGED).id, reason="同一个人")  # noqa: E731
        back = lambda: accounts.merge_accounts(admin_actor(), person(MERGED).id, person(KEPT).id, reason="同一个人")  # noqa: E731
        assert sorted(race(lives, there, back)) == ["", "CannotMerge"]
        must_hold(lives)


def test_a_merge_beside_beats_and_a_finish_loses_nothing(lives):
    with clock.advance(40_000):
        kept = Learner(lives, KEPT)
        quiz = kept.lessons("shared")[2]["id"]
        ended = race(lives, lambda: accounts.merge_accounts(kept_actor(), person(KEPT).id, person(MERGED).id, reason="同一个人"),
                     lambda: learning.start_attempt(kept_actor(), courses.get_revision_lesson(int(quiz))))
        assert ended == ["", ""]
        assert kept.pass_quiz(quiz)["passed"]
        must_hold(lives)
        assert 4 in figures(lives, KEPT)["completed"]
