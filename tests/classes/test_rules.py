"""Pure rules: when somebody was there, what counts, codes that change."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from guanxue.classes import rules
from guanxue.classes.rules import Entry, Presence

MINUTE = 60_000
KEY = b"k" * 32
spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda s: (min(s), max(s))), max_size=6)


def seconds(of) -> set[int]:
    return {one for begin, end in of for one in range(begin, end)}


@given(spans, spans)
def test_what_is_left_is_what_a_second_map_says(some, taken):
    left = rules.without(some, taken)
    assert seconds(left) == seconds(some) - seconds(taken)
    assert all(a[1] < b[0] or a[1] == b[0] for a, b in zip(left, left[1:], strict=False))
    assert rules.length_ms(left) == len(seconds(left))


def test_each_sign_in_begins_a_stay_and_the_sign_out_after_it_ends_it():
    lines = [Entry("in", 10, None), Entry("out", None, 30)]
    assert rules.presence_of(lines).stays == ((10, 30),)
    assert rules.presence_of([lines[0], Entry("in", 20, None), lines[1]]).stays == ((20, 30),)
    again = rules.presence_of([*lines, Entry("in", 40, None)])
    assert again.is_in and (again.since_ms, again.until_ms) == (10, None)
    assert rules.presence_of([*lines, Entry("in", 40, None), Entry("out", None, 50)]).stays == ((10, 30), (40, 50))


def test_a_second_sign_out_as_it_was_once_taken_moves_the_end():
    lines = [Entry("in", 10, None), Entry("out", None, 30), Entry("out", None, 50)]
    assert rules.presence_of(lines).stays == ((10, 50),)
    assert rules.presence_of([Entry("roll", 10, 30), Entry("out", None, 50)]).stays == ((10, 50),)


def test_a_roll_says_it_all_anew_and_one_without_an_end_waits_for_the_sign_out():
    lines = [Entry("in", 10, None), Entry("roll", 5, None), Entry("out", None, 40)]
    assert rules.presence_of(lines) == Presence(((5, 40),))
    assert rules.presence_of([*lines, Entry("roll", 7, 20)]) == Presence(((7, 20),), is_told=True)
    assert rules.presence_of([*lines, Entry("roll", None, None)]) == Presence()
    assert rules.presence_of([*lines, Entry("roll", None, None), Entry("out", None, 60)]) == Presence()
    assert rules.presence_of([*lines, Entry("roll", None, None), Entry("in", 60, None)]).is_in


def test_two_places_of_one_person_are_one():
    both = rules.together([Presence(((10, 30), (60, None))), Presence(((20, 50),), is_told=True)])
    assert both.is_in and not both.is_told and (both.since_ms, both.until_ms) == (10, None)
    assert rules.attended_spans(both, 0, 100, []) == [(10, 50)]
    assert rules.together([Presence(((10, 30),)), Presence(((20, 50),), is_told=True)]).is_told
    assert rules.together([]) == Presence()


def test_without_a_sign_out_nothing_counts_and_breaks_never_do():
    assert rules.attended_spans(Presence(((0, None),)), 0, 100, []) == []
    assert rules.attended_spans(Presence(((-50, 200),)), 0, 100, [(40, 60)]) == [(0, 40), (60, 100)]
    assert rules.attended_spans(Presence(((0, 30), (50, 80))), 0, 100, []) == [(0, 30), (50, 80)]
    assert rules.attended_spans(Presence(((50, 20),)), 0, 100, []) == []
    assert rules.attended_spans(Presence(((100, 200),)), 0, 100, []) == []


def test_enough_is_the_share_of_what_was_taught():
    assert rules.is_enough(80, 100, 800) and not rules.is_enough(79, 100, 800)
    assert not rules.is_enough(0, 0, 800)


def test_a_photo_is_worth_nothing_twenty_seconds_later():
    now = 1_000_000_000_000
    step = rules.step_of(now, rules.SCAN_STEP_MS)
    shown = [rules.is_shown(step, now + ms, rules.SCAN_STEP_MS) for ms in (0, 9_999, 19_999, 20_000, 60_000)]
    assert shown == [True, True, True, False, False]
    assert not rules.is_shown(step + 1, now, rules.SCAN_STEP_MS)  # nor one that is still to come


def test_typed_digits_hold_at_most_a_minute():
    now = 1_000_000_020_000 // rules.TYPED_STEP_MS * rules.TYPED_STEP_MS
    step = rules.step_of(now, rules.TYPED_STEP_MS)
    assert rules.is_shown(step, now + 59_999, rules.TYPED_STEP_MS)
    assert not rules.is_shown(step, now + 60_000, rules.TYPED_STEP_MS)


@given(st.integers(1, 10**6), st.integers(0, 10**9))
def test_codes_differ_by_meeting_way_and_step(meeting, step):
    words = {rules.scan_word(KEY, m, way, s) for m in (meeting, meeting + 1) for way in ("in", "out") for s in (step, step + 1)}
    assert len(words) == 8
    digits = rules.typed_digits(KEY, meeting, "in", step)
    assert len(digits) == 6 and digits.isdigit()


def test_codes_are_shown_from_half_an_hour_before_to_half_an_hour_after():
    begins, ends = 100 * MINUTE, 200 * MINUTE
    assert [rules.is_window(x * MINUTE, begins, ends, "in") for x in (69, 70, 199, 200)] == [False, True, True, False]
    assert [rules.is_window(x * MINUTE, begins, ends, "out") for x in (99, 100, 229, 230)] == [False, True, True, False]
