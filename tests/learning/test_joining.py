"""Pure rules of two accounts of one person: what is carried over, and moments in which both played."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from guanxue.learning import rules

TERMS = rules.Terms(3_600_000, 120_000, 600_000)
SITTING = rules.Sitting(1_000_000, None, 2000)
beats = st.lists(st.builds(lambda t, begin, length, rate: rules.Beat(t, begin, begin + length, rate), st.integers(1, 600_000),
                           st.integers(0, 3_600_000), st.integers(0, 900_000), st.integers(1, 4000)), max_size=6).map(
    lambda found: sorted(found, key=lambda b: b.t_ms))
spans = st.lists(st.tuples(st.integers(900_000, 1_700_000), st.integers(1, 300_000)), max_size=4).map(
    lambda found: rules.merge_spans([], [(a, a + n) for a, n in found]))
NOW = 1_600_000


@given(beats)
def test_nothing_busy_judges_as_before(found):
    assert rules.judge(SITTING, found, NOW, TERMS, 0) == rules.judge(SITTING, found, NOW, TERMS, 0, ())


@given(beats, spans)
def test_busy_moments_only_ever_take_away_and_the_whole_time_takes_everything(found, busy):
    free, cut = rules.judge(SITTING, found, NOW, TERMS, 0), rules.judge(SITTING, found, NOW, TERMS, 0, tuple(busy))
    assert cut.sitting.acked_t_ms == free.sitting.acked_t_ms, "what was heard is heard"
    assert rules.judge(SITTING, found, NOW, TERMS, 0, ((0, 10**9),)).grants == ()
    left = rules.free_ms(SITTING.opened_ms, NOW, busy)
    granted = sum(g.to_ms - g.from_ms for g in cut.grants)
    assert granted <= left * 2 + rules.SLACK_MS * len(found)


@given(beats)
def test_what_played_is_as_long_as_what_was_granted_and_never_overlaps(found):
    sitting, played = rules.busy_spans(SITTING, found, NOW, rules.Terms(3_600_000, 0, 3_600_000))
    assert played == sorted(played) and all(a < b for a, b in played)
    assert all(b <= c for (_a, b), (c, _d) in zip(played, played[1:], strict=False))
    assert sitting.opened_ms == SITTING.opened_ms and all(SITTING.opened_ms <= a for a, _b in played)


standings = st.builds(rules.Standing, st.booleans(), st.booleans(), st.booleans())


@given(standings, st.none() | standings, st.booleans())
def test_the_account_that_stays_keeps_what_it_completed_and_nothing_studied_is_dropped(theirs, mine, holds):
    what = rules.join(theirs, mine, holds=holds)
    if mine is not None and mine.is_complete:
        assert what == rules.KEEP
    elif theirs.is_complete:
        assert what == (rules.FINISHED if holds else rules.REFUSE)
    elif theirs.has_study:
        assert what == rules.STUDY
    else:
        assert what in (rules.PLACE, rules.KEEP) and (what == rules.PLACE or mine is not None)
