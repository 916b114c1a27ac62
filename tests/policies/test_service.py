"""Policies: versions never change, the one that holds is found, arithmetic rounds down once."""

from datetime import date

import pytest
from sqlalchemy import text
from tests import factories

from guanxue import policies
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session
from guanxue.core.errors import Forbidden, Invalid
from guanxue.policies.defaults import HALF_HOUR_STEPS_1, LIGHT_1, LIGHT_2, SUBSIDISED_1, WHOLE_HOURS_1


def test_shipped_policy_holds_today(any_db):
    policy = policies.current_policy("light")
    assert policy.name == "light/2"
    assert policy.numbers.pass_mark == 60


def test_a_new_version_holds_from_its_day_and_not_before(any_db):
    policies.publish_policy(SYSTEM, code="light", title="二", numbers={**LIGHT_2, "pass_mark": 70},
                            effective_on=date(2099, 1, 1))
    assert policies.current_policy("light").version == 2
    assert policies.current_policy("light", on=date(2099, 1, 1)).numbers.pass_mark == 70


def test_a_published_version_cannot_be_changed(any_db):
    with pytest.raises(Exception, match="append-only"):
        session.execute(text("UPDATE policies_policy SET title = 'x'"))


def test_learners_publish_no_policy(app):
    with pytest.raises(Forbidden):
        policies.publish_policy(factories.learner(), code="light", title="", numbers=LIGHT_2,
                                effective_on=date(2026, 1, 1))


@pytest.mark.parametrize("change", [{"pass_mark": 101}, {"class_hour_ms": 0}, {"pass_mark": "60"}, {"x": 1}])
def test_absurd_numbers_are_refused(app, change):
    with pytest.raises(Invalid):
        policies.publish_policy(SYSTEM, code="light", title="", numbers={**LIGHT_2, **change},
                                effective_on=date(2026, 1, 1))


def worth(numbers, *lessons):
    found = policies.worth_of(policies.Numbers.from_document(numbers), lessons)
    return found.hours_milli, found.credits_milli


def test_credit_is_rounded_down_once():
    assert worth(LIGHT_2, ("video", 43_200_000)) == (16_000, 1000)
    assert worth(LIGHT_2, ("video", 43_199_999))[1] == 999
    assert worth(LIGHT_2, ("video", 43_199)) == (15, 0)
    halves = [("video", 21_600_000), ("text", 21_599_999), ("quiz", 1)]
    assert worth(LIGHT_2, *halves) == (16_000, 1000), "minutes are divided at the end, not lesson by lesson"


MINUTES = 60_000


@pytest.mark.parametrize(("rule", "lessons", "hours", "credits"), [
    # whole hours of 45 minutes: what is over is no hour
    (WHOLE_HOURS_1, [("video", 44 * MINUTES)], 0, 0),
    (WHOLE_HOURS_1, [("video", 45 * MINUTES)], 1000, 62),
    (WHOLE_HOURS_1, [("video", 40 * MINUTES), ("text", 49 * MINUTES)], 1000, 62),
    (WHOLE_HOURS_1, [("video", 40 * MINUTES), ("text", 50 * MINUTES)], 2000, 125),
    # 30 minutes one hour, over 15 half, else a quarter, a passed test half: each lesson by itself
    (HALF_HOUR_STEPS_1, [("video", 30 * MINUTES)], 1000, 62),
    (HALF_HOUR_STEPS_1, [("video", 90 * MINUTES)], 1000, 62),
    (HALF_HOUR_STEPS_1, [("video", 15 * MINUTES)], 250, 15),
    (HALF_HOUR_STEPS_1, [("video", 15 * MINUTES + 1)], 500, 31),
    (HALF_HOUR_STEPS_1, [("video", 30 * MINUTES - 1), ("text", 1), ("quiz", 5 * MINUTES)], 1250, 78),
    # a quiz is at most a fifth of the whole
    (SUBSIDISED_1, [("video", 36 * MINUTES), ("quiz", 9 * MINUTES)], 1000, 62),
    (SUBSIDISED_1, [("video", 36 * MINUTES), ("quiz", 90 * MINUTES)], 1000, 62),
    (SUBSIDISED_1, [("quiz", 45 * MINUTES)], 1000, 62),
])
def test_class_hours_go_by_the_steps_of_the_policy(rule, lessons, hours, credits):
    assert worth(rule, *lessons) == (hours, credits)


def test_numbers_that_came_later_say_for_older_versions_what_held_before():
    old, same = policies.Numbers.from_document(LIGHT_1), policies.Numbers.from_document(dict(LIGHT_1))
    assert old == same and old.is_voluntary and not old.has_steps
    assert not old.presence_max_ms and not old.daily_cap_ms and not old.offline_share_permille and not old.test_out_mark


@pytest.mark.parametrize("change", [
    {"presence_max_ms": 1000}, {"presence_kinds": ["face"]}, {"lesson_steps": [[5, 1], [1, 1]]}, {"lesson_steps": [[1]]},
    {"lesson_steps": [["a", 1]]}, {"identity_level": 4}, {"identity_at": "never"}, {"quiz_share_permille": 1001},
    {"hour_step_milli": 0}, {"test_out_mark": 101}, {"late_cap_ms": -1}, {"quiz_attempts": 0}, {"pass_mark": True},
    {"presence_kinds": [[]]}, {"lesson_steps": 7}, {"daily_cap_ms": [1]},
])
def test_numbers_that_make_no_sense_together_are_no_policy(change):
    with pytest.raises(ValueError):
        policies.Numbers.from_document({**LIGHT_2, **change})


def test_every_shipped_policy_is_published_once_and_only_what_is_paid_for_is_strict(any_db):
    policies.load_defaults(SYSTEM)
    found = {p.name: p.numbers.is_voluntary for p in policies.list_policies()}
    assert found == {"light/1": True, "light/2": True, "subsidised/1": False, "whole-hours/1": False, "half-hour-steps/1": False}
    assert [p.name for p in policies.list_current(date(2026, 1, 1))] == ["light/1"]
    assert [p.name for p in policies.list_current()] == ["half-hour-steps/1", "light/2", "subsidised/1", "whole-hours/1"]
