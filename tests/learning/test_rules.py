"""What counts, against a second-by-second map that knows nothing of our code."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from guanxue.learning import rules
from guanxue.learning.rules import Beat, Sitting, Terms

TERMS = Terms(duration_ms=60_000, late_after_ms=120_000, late_cap_ms=10**9)
OPENED = 1_000_000


def brute(beats, received_ms, *, opened=OPENED, ended=None, duration=60_000, max_rate=2.0, late_after=120_000, late_cap=10**9):
    """A map of every millisecond of the lesson; beats judged one by one in plain words."""
    seen = [False] * duration
    acked, used, late_used = 0, 0, 0
    for received, group in zip(received_ms, beats, strict=True):
        for t, begin, end, rate in group:
            if t > (received - opened) * 1.001 + 2000:
                continue
            if ended is not None and opened + t > ended:
                continue
            if t <= acked:
                continue
            may = int((t - acked) * min(rate, max_rate)) + 250
            window = min(received, ended if ended is not None else received) - opened
            room = int(max(0, window) * max_rate) - used
            length = min(min(end, duration) - begin, may, room)
            if received - (opened + t) > late_after:
                length = min(length, late_cap - late_used)
                late_used += max(0, length)
            length = max(0, length)
            for ms in range(begin, begin + length):
                seen[ms] = True
            used += length
            acked = t
    return sum(seen)


beat = st.tuples(st.integers(0, 90_000), st.integers(0, 70_000), st.integers(0, 30_000), st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 16.0]))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30_000), st.lists(beat, max_size=6)), max_size=5),
       st.one_of(st.none(), st.integers(0, 80_000)), st.sampled_from([10**9, 3_000]))
def test_what_counts_equals_the_millisecond_map(requests, ended_after, late_cap):
    received, at, groups, ended = [], OPENED, [], None if ended_after is None else OPENED + ended_after
    for gap, claims in requests:
        at += gap
        received.append(at)
        groups.append([(t, a, a + n, r) for t, a, n, r in claims])
    terms = Terms(60_000, 5_000, late_cap)
    sitting, spans, late = Sitting(OPENED, ended, 2000), [], 0
    for when, group in zip(received, groups, strict=True):
        outcome = rules.judge(sitting, [Beat(t, a, b, round(r * 1000)) for t, a, b, r in group], when, terms, late)
        sitting, late = outcome.sitting, outcome.late_ms
        spans = rules.merge_spans(spans, [(g.from_ms, g.to_ms) for g in outcome.grants])
    assert rules.covered_ms(spans) == brute(groups, received, ended=ended, late_after=5_000, late_cap=late_cap)


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 60)), max_size=30), st.randoms())
def test_merging_does_not_care_for_order_overlap_or_repeats(raw, random):
    spans = [(a, a + n) for a, n in raw]
    shuffled = [*spans, *spans]
    random.shuffle(shuffled)
    merged = rules.merge_spans([], shuffled)
    assert rules.covered_ms(merged) == len({ms for a, b in spans for ms in range(a, b)})
    assert all(a[1] < b[0] for a, b in zip(merged, merged[1:], strict=False))
    assert rules.unpack_spans(rules.pack_spans(merged)) == merged


@given(st.lists(st.builds(lambda t, a, n, r: Beat(t, a, a + n, r), *[st.integers(0, 10**9)] * 4), max_size=20))
def test_packed_claims_come_back_as_they_were(beats):
    assert rules.unpack_beats(rules.pack_beats(beats)) == beats


def test_a_usual_beat_needs_few_bytes():
    usual = [Beat(n * 15_000, n * 15_000, (n + 1) * 15_000, 1000) for n in range(100)]
    assert len(rules.pack_beats(usual)) <= 12 * len(usual)


def test_forty_minutes_claimed_in_one_minute_earn_at_most_a_minute_times_the_rate():
    terms = Terms(40 * 60_000, 120_000, 10**9)
    claims = [Beat(n * 120, n * 4_800, (n + 1) * 4_800, 16_000) for n in range(1, 501)]
    outcome = rules.judge(Sitting(OPENED, None, 2000), claims, OPENED + 60_000, terms, 0)
    assert sum(g.to_ms - g.from_ms for g in outcome.grants) <= 120_000


def test_a_beat_from_the_future_is_neither_counted_nor_acknowledged():
    outcome = rules.judge(Sitting(OPENED, None, 2000), [Beat(10_000, 0, 5_000, 1000)], OPENED + 1_000, TERMS, 0)
    assert outcome.grants == () and outcome.sitting.acked_t_ms == 0 and outcome.qualified == 0


def test_a_silent_playback_ended_a_day_after_its_last_contact():
    day = 24 * 3_600_000
    assert rules.end_of(0, None, 1000, 1000 + day) is None
    assert rules.end_of(0, None, 1000, 1001 + day) == 1000 + day


def test_a_chain_tells_every_change():
    key = b"k" * 32
    first = rules.first_link(key, "p", 1, 2, 3, 2000)
    link = rules.next_link(key, first, 1, 10, None, b"abc")
    assert len({link, rules.next_link(key, first, 2, 10, None, b"abc"), rules.next_link(key, first, 1, 11, None, b"abc"),
                rules.next_link(key, first, 1, 10, 9, b"abc"), rules.next_link(key, first, 1, 10, None, b"abd")}) == 5
