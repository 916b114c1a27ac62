"""A small simulated city: what was planted is found, who only looks like it is left alone. The whole: tests/oversight/city.py."""

from __future__ import annotations

from tests.oversight import city

from guanxue import oversight


def test_a_small_citys_frauds_are_found_and_its_honest_people_left_alone(bare_app):
    with bare_app.test_request_context():
        score = city.play(2026, 0.1)
    told = "\n".join(score.lines())
    assert all(score.recall(kind) >= 0.9 for kind in oversight.KINDS), told
    assert score.false_alarms() <= 0.02 and not any(score.crowd & found for found in score.found.values()), told


def test_the_whole_city_has_two_hundred_honest_people_who_look_like_frauds():
    assert sum(city.LOOK_ALIKES.values()) == 200
