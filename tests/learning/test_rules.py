"""What counts, against a second-by-second map that knows nothing of our code."""

from __future__ import annotations

from fractions import Fraction

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
            length = max(0, length)
            if received - (opened + t) > late_after:
                on_time = 0
            elif t - acked > late_after:  # of a long one, what was played last
                on_time = min(length, int(late_after * min(rate, max_rate)))
            else:
                on_time = length
            late = min(length - on_time, late_cap - late_used)
            late_used += late
            length = on_time + late
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


def test_a_dead_line_told_as_one_long_beat_earns_no_more_than_told_as_many():
    half_an_hour = Terms(40 * 60_000, 120_000, 0)
    one = [Beat(1_800_000, 0, 1_800_000, 1000)]
    many = [Beat(n * 15_000, (n - 1) * 15_000, n * 15_000, 1000) for n in range(1, 121)]
    earned = [sum(g.to_ms - g.from_ms for g in rules.judge(Sitting(OPENED, None, 1000), told, OPENED + 1_800_000, half_an_hour, 0).grants)
              for told in (one, many)]
    assert earned[0] == 120_000 <= earned[1] <= 135_000 + 9 * rules.SLACK_MS


def test_what_comes_after_a_long_rest_is_on_time():
    outcome = rules.judge(Sitting(OPENED, None, 1000, 15_000, 15_000), [Beat(1_830_000, 15_000, 30_000, 1000)],
                          OPENED + 1_830_000, Terms(60_000, 120_000, 0), 0)
    assert [(g.from_ms, g.to_ms, g.late_ms) for g in outcome.grants] == [(15_000, 30_000, 0)]


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


# ---- what holds whatever is claimed


claims = st.lists(st.tuples(st.integers(0, 30_000), st.lists(beat, max_size=6)), max_size=6)
ends = st.one_of(st.none(), st.integers(0, 80_000))


def sit(requests, ended_after=None, *, late_cap=10**9, max_rate=2000, duration=60_000):
    """Judge the requests one after another: (spans, final sitting, last moment, late time used, every outcome)."""
    at, spans, late, outcomes = OPENED, [], 0, []
    sitting = Sitting(OPENED, None if ended_after is None else OPENED + ended_after, max_rate)
    for gap, group in requests:
        at += gap
        outcome = rules.judge(sitting, [Beat(t, a, a + n, round(r * 1000)) for t, a, n, r in group], at,
                              Terms(duration, 5_000, late_cap), late)
        sitting, late = outcome.sitting, outcome.late_ms
        spans = rules.merge_spans(spans, [(g.from_ms, g.to_ms) for g in outcome.grants])
        outcomes.append((at, outcome))
    return spans, sitting, at, late, outcomes


@settings(max_examples=300, deadline=None)
@given(claims, ends, st.sampled_from([10**9, 3_000, 0]), st.sampled_from([1000, 1500, 2000]))
def test_no_claim_earns_more_than_the_clock_the_lesson_or_the_late_cap(requests, ended_after, late_cap, max_rate):
    spans, sitting, at, late, outcomes = sit(requests, ended_after, late_cap=late_cap, max_rate=max_rate)
    window = min(at - OPENED, ended_after if ended_after is not None else at - OPENED)
    granted = sum(g.to_ms - g.from_ms for _at, o in outcomes for g in o.grants)
    assert granted == sitting.granted_ms <= window * max_rate // 1000
    assert rules.covered_ms(spans) <= min(granted, 60_000)
    assert all(0 <= g.from_ms < g.to_ms <= 60_000 for _at, o in outcomes for g in o.grants)
    assert sum(g.late_ms for _at, o in outcomes for g in o.grants) == late <= late_cap


@settings(max_examples=200, deadline=None)
@given(claims, ends)
def test_what_is_acknowledged_only_rises_and_never_runs_ahead_of_the_server(requests, ended_after):
    _spans, _sitting, _at, _late, outcomes = sit(requests, ended_after)
    acked = 0
    for at, outcome in outcomes:
        assert acked <= outcome.sitting.acked_t_ms <= max(acked, (at - OPENED) * 1.001 + 2000)
        assert ended_after is None or outcome.sitting.acked_t_ms <= ended_after
        acked = outcome.sitting.acked_t_ms


@settings(max_examples=200, deadline=None)
@given(claims, ends, st.data())
def test_sending_acknowledged_beats_again_earns_nothing_and_moves_nothing(requests, ended_after, data):
    if not requests:
        return
    n = data.draw(st.integers(0, len(requests) - 1))
    _spans, before, *_rest = sit(requests[:n + 1], ended_after)
    again = [b for _gap, group in requests[:n + 1] for b in group if b[0] <= before.acked_t_ms]
    _spans, after, *_rest = sit([*requests[:n + 1], (data.draw(st.integers(0, 5_000)), again)], ended_after)
    assert (after.acked_t_ms, after.granted_ms) == (before.acked_t_ms, before.granted_ms)


# An honest player: every beat is played in its own time, one after another.
honest = st.lists(st.tuples(st.integers(1, 15_000), st.integers(0, 59_000), st.sampled_from([0.5, 1.0, 1.5, 2.0])), min_size=1, max_size=8)


def played(pieces) -> list[list[tuple[int, int, int, float]]]:
    """One request a piece: (t, from, length, rate)."""
    t, groups = 0, []
    for length, start, rate in pieces:
        t += length
        groups.append([(t, start, int(length * rate), rate)])
    return groups


@settings(max_examples=200, deadline=None)
@given(honest)
def test_honest_play_is_counted_whole(pieces):
    groups = played(pieces)
    spans, *_rest = sit([(piece[0], group) for piece, group in zip(pieces, groups, strict=True)])
    wanted = {ms for (_t, a, n, _r), in groups for ms in range(a, min(a + n, 60_000))}
    assert rules.covered_ms(spans) == len(wanted)


@settings(max_examples=200, deadline=None)
@given(honest, st.data())
def test_whichever_requests_are_lost_and_sent_later_together_the_coverage_is_the_same(pieces, data):
    groups = played(pieces)
    usual, *_rest = sit([(piece[0], group) for piece, group in zip(pieces, groups, strict=True)])
    lost = data.draw(st.sets(st.integers(0, len(groups) - 1)))
    requests, waiting, pause = [], [], 0
    for n, (piece, group) in enumerate(zip(pieces, groups, strict=True)):
        waiting, pause = [*waiting, *group], pause + piece[0]
        if n not in lost:
            requests.append((pause, waiting))
            waiting, pause = [], 0
    requests.append((pause + 1, waiting))
    healed, *_rest = sit(requests)
    assert healed == usual


@settings(max_examples=200, deadline=None)
@given(claims, ends, st.data())
def test_two_requests_sent_as_one_never_earn_more_than_one_after_the_other_could(requests, ended_after, data):
    """Waiting before sending changes when a claim is judged, never the bound it is judged by."""
    together = [(sum(gap for gap, _g in requests), [b for _gap, group in requests for b in group])] if requests else []
    _spans, sitting, at, *_rest = sit(together, ended_after)
    window = min(at - OPENED, ended_after if ended_after is not None else at - OPENED)
    assert sitting.granted_ms <= window * 2


@given(st.integers(0, 10**12), st.one_of(st.none(), st.integers(0, 10**12)), st.integers(0, 10**12), st.integers(0, 10**12))
def test_an_end_once_reached_stays_where_it_is(opened, ended, contact, now):
    first = rules.end_of(opened, ended, contact, now)
    if first is not None:
        assert rules.end_of(opened, ended, contact, now + 10**9) == first
        assert ended is not None or first < now


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 1000))
def test_a_share_is_reached_exactly_at_its_millisecond(credited, duration, share):
    reached = rules.is_complete(credited, duration, share)
    assert reached == (duration > 0 and Fraction(credited, duration) >= Fraction(share, 1000))


@given(st.binary(max_size=60))
def test_spoiled_bytes_are_refused_or_read_but_never_hang(data):
    for unpack in (rules.unpack_beats, rules.unpack_spans):
        try:
            unpack(data)
        except ValueError:
            pass
