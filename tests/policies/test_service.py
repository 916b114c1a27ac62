"""Policies: versions never change, the one that holds is found, arithmetic rounds down once."""

from datetime import date

import pytest
from sqlalchemy import text
from tests import factories

from guanxue import policies
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session
from guanxue.core.errors import Forbidden, Invalid
from guanxue.policies.defaults import LIGHT_1


def test_shipped_policy_holds_today(any_db):
    policy = policies.current_policy("light")
    assert policy.name == "light/1"
    assert policy.numbers.pass_mark == 60


def test_a_new_version_holds_from_its_day_and_not_before(any_db):
    policies.publish_policy(SYSTEM, code="light", title="二", numbers={**LIGHT_1, "pass_mark": 70},
                            effective_on=date(2099, 1, 1))
    assert policies.current_policy("light").version == 1
    assert policies.current_policy("light", on=date(2099, 1, 1)).numbers.pass_mark == 70


def test_a_published_version_cannot_be_changed(any_db):
    with pytest.raises(Exception, match="append-only"):
        session.execute(text("UPDATE policies_policy SET title = 'x'"))


def test_learners_publish_no_policy(app):
    with pytest.raises(Forbidden):
        policies.publish_policy(factories.learner(), code="light", title="", numbers=LIGHT_1,
                                effective_on=date(2026, 1, 1))


@pytest.mark.parametrize("change", [{"pass_mark": 101}, {"class_hour_ms": 0}, {"pass_mark": "60"}, {"x": 1}])
def test_absurd_numbers_are_refused(app, change):
    with pytest.raises(Invalid):
        policies.publish_policy(SYSTEM, code="light", title="", numbers={**LIGHT_1, **change},
                                effective_on=date(2026, 1, 1))


def test_credit_is_rounded_down_once():
    numbers = policies.Numbers(**LIGHT_1)
    assert policies.credits_of(numbers, 43_200_000) == 1000
    assert policies.credits_of(numbers, 43_199_999) == 999
    assert policies.credits_of(numbers, 43_199) == 0
