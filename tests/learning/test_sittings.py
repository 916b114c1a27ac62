"""What study without a network counts, against a map of milliseconds that knows nothing of our code."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from guanxue.learning import rules, sittings
from guanxue.learning.rules import Beat, Sitting
from guanxue.learning.sittings import Bounds, Entry, Judging, Row, Share

KEY, HOUR = b"k" * 32, 3_600_000
ISSUED = 1_900_000_000_000
LESSON = 30_000


def entry(n, t, begin, end, rate=1000, sitting=1, began=ISSUED):
    return Entry(n, sitting, began, Beat(t, begin, end, rate), "")


def chained(entries, before="", key=KEY):
    found = []
    for e in entries:
        made = Entry(e.number, e.sitting, e.began_ms, e.beat, sittings.mac_of(key, before, e))
        found.append(made)
        before = made.mac
    return found


# ---- the chain


def test_the_chain_holds_as_it_was_made_and_tells_every_change():
    whole = chained([entry(n, n * 1000, n * 1000 - 1000, n * 1000) for n in range(1, 6)])
    assert sittings.is_chained(KEY, "", whole) and sittings.is_chained(KEY, whole[1].mac, whole[2:])
    assert not sittings.is_chained(b"x" * 32, "", whole) and not sittings.is_chained(KEY, "", whole[1:])
    for n, wrong in enumerate([entry(9, 3000, 2000, 3000), entry(3, 3001, 2000, 3000), entry(3, 3000, 2001, 3000), entry(3, 3000, 2000, 3001),
                               entry(3, 3000, 2000, 3000, 2000), entry(3, 3000, 2000, 3000, sitting=2), entry(3, 3000, 2000, 3000, began=1)]):
        changed = Entry(wrong.number, wrong.sitting, wrong.began_ms, wrong.beat, whole[2].mac)
        assert not sittings.is_chained(KEY, "", [*whole[:2], changed, *whole[3:]]), n
    assert not sittings.is_chained(KEY, "", [whole[0], whole[2]]) and not sittings.is_chained(KEY, "", [whole[1], whole[0]])


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 10**6)), max_size=5),
       st.lists(st.tuples(*[st.integers(0, 10**9)] * 4), min_size=1, max_size=8), st.integers(1, 10**6))
def test_a_packed_row_comes_back_as_it_was(gaps, beats, first):
    busy, at = [], 0
    for gap, length in gaps:
        busy.append((at + gap, at + gap + length))
        at += gap + length
    entries = chained([Entry(first + n, 1, 0, Beat(t, a, a + m, r), "") for n, (t, a, m, r) in enumerate(beats)])
    kept = sittings.read_row(sittings.pack_row(busy, entries))
    assert (list(kept.busy), kept.first, list(kept.beats)) == (busy, first, [e.beat for e in entries])
    assert list(kept.marks) == [e.mark for e in entries]


@given(st.binary(max_size=40))
def test_spoiled_bytes_are_read_as_nothing_or_something_and_never_raise(data):
    sittings.read_row(data)


def test_an_entry_needs_few_bytes():
    usual = chained([entry(n, n * 15_000, (n - 1) * 15_000, n * 15_000) for n in range(1, 101)])
    assert len(sittings.pack_row([], usual)) <= 20 * len(usual)


# ---- where a sitting lay in time


def bounds(after, phone_issued=0, phone_now=0, until=14 * 24 * HOUR):
    """A ticket that is `after` ms old; by how much the phone's clock was ahead then and is now."""
    return Bounds(ISSUED, ISSUED + until, ISSUED + phone_issued, ISSUED + after, ISSUED + after + phone_now)


def test_a_sitting_lies_where_the_phone_says_if_its_clock_is_right():
    assert sittings.place(bounds(HOUR), ISSUED + 600_000, 180_000) == ISSUED + 600_000


def test_a_phone_whose_clock_is_always_wrong_by_two_days_loses_nothing():
    wrong = 48 * HOUR
    assert sittings.place(bounds(HOUR, wrong, wrong), ISSUED + wrong + 600_000, 180_000) == ISSUED + 600_000


def test_a_clock_that_was_put_right_in_between_loses_nothing():
    assert sittings.place(bounds(HOUR, -HOUR, 0), ISSUED - HOUR + 600_000, 180_000) == ISSUED + 600_000  # studied before it was
    assert sittings.place(bounds(HOUR, -HOUR, 0), ISSUED + 600_000, 180_000) == ISSUED + 600_000  # and after


def test_a_clock_that_was_set_two_days_ahead_is_named():
    assert bounds(HOUR, 0, 48 * HOUR).skews == []
    assert sittings.place(bounds(HOUR), ISSUED + 48 * HOUR, 180_000) == sittings.AHEAD  # only while it was studied
    assert sittings.place(bounds(HOUR), ISSUED - 48 * HOUR, 180_000) == sittings.BEFORE


def test_three_hours_twenty_minutes_after_the_download_are_named():
    assert sittings.place(bounds(20 * 60_000), ISSUED, 3 * HOUR) == sittings.TOO_MUCH
    assert sittings.place(bounds(20 * 60_000), ISSUED - 3 * HOUR, 3 * HOUR) == sittings.TOO_MUCH


@given(st.integers(0, 10 * HOUR), st.integers(-10 * HOUR, 10 * HOUR), st.integers(-10 * HOUR, 10 * HOUR), st.integers(-20 * HOUR, 20 * HOUR),
       st.integers(0, 5 * HOUR))
def test_wherever_a_sitting_is_placed_it_lies_between_the_ticket_and_now(after, was, now, began, last_t):
    told = bounds(after, was, now)
    if told.skews and not isinstance(placed := sittings.place(told, ISSUED + began, last_t), str):
        assert ISSUED <= placed <= told.received_ms
        assert placed + last_t <= told.received_ms + sittings.EDGE_MS + after // 1000 + rules.DRIFT_MS


# ---- what counts


def brute(rows, duration, most, share, max_rate, until):
    """Every millisecond of the lesson, one by one, in plain words. Rows: (playback, opened, received, busy, beats)."""
    seen, counted, used = [False] * duration, 0, 0
    acked, granted = {}, {}
    for playback, opened, received, busy, beats in rows:
        acked.setdefault(playback, 0)
        granted.setdefault(playback, 0)
        for t, begin, end, rate in beats:
            if t > (received - opened) * 1001 // 1000 + 2000 or opened + t > until or t <= acked[playback]:
                continue
            theirs = {ms for a, b in busy for ms in range(a, b)}
            free = len(set(range(opened + acked[playback], opened + t)) - theirs)
            may = free * min(rate, max_rate) // 1000 + (250 if free == t - acked[playback] else 0)
            room = (min(received, until) - opened) * max_rate // 1000 - granted[playback]
            length = max(0, min(min(end, duration) - begin, may, room, most - used))
            for ms in range(begin, begin + length):
                if not seen[ms]:
                    if counted >= share:
                        break
                    seen[ms] = True
                    counted += 1
            used += length
            granted[playback] += length
            acked[playback] = t
    return sum(seen), counted


beat = st.tuples(st.integers(0, 9_000), st.integers(0, 9_000), st.integers(0, 3_000), st.sampled_from([0, 500, 1000, 2000, 16_000]))
span = st.tuples(st.integers(0, 8_000), st.integers(1, 3_000))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 2), st.integers(0, 6_000), st.lists(span, max_size=2), st.lists(beat, min_size=1, max_size=5)), max_size=4),
       st.sampled_from([500, 4_000, 10**9]), st.sampled_from([700, 3_000, 10**9]), st.sampled_from([1000, 2000]), st.sampled_from([6_000, 10**9]))
def test_what_counts_equals_the_map_of_milliseconds(rows, most, share, max_rate, holds):
    opened = {1: ISSUED, 2: ISSUED + 3_000}
    received, plain, judging, spans, at = ISSUED, [], Judging(Share(share, 0)), [], {}
    for playback, gap, busy, beats in rows:
        received += gap
        moments = rules.merge_spans([], [(ISSUED + a, ISSUED + a + n) for a, n in busy])
        entries = chained([entry(n, t, a, a + m, rate) for n, (t, a, m, rate) in enumerate(beats, 1)])
        before = at.get(playback) or Sitting(opened[playback], None, max_rate)
        sitting = Sitting(opened[playback], ISSUED + holds, max_rate, before.acked_t_ms, before.granted_ms)
        at[playback], grants, _beats = judging.judge(
            Row(1, most, playback, received, sittings.pack_row(moments, entries)), sitting, LESSON // 3, spans)
        spans = rules.merge_spans(spans, [(g.from_ms, g.to_ms) for g in grants])
        plain.append((playback, opened[playback], received, moments, [(t, a, a + m, rate) for t, a, m, rate in beats]))
    seen, counted = brute(plain, LESSON // 3, most, share, max_rate, ISSUED + holds)
    assert (rules.covered_ms(spans), judging.counted_ms) == (seen, counted)
    assert judging.counted_ms <= share


def test_only_what_is_new_uses_the_share_up():
    judging, spans = Judging(Share(9_000, 0)), []
    sitting = Sitting(ISSUED, ISSUED + HOUR, 1000)
    claims = [entry(n, n * 5_000, 0, 5_000) for n in range(1, 5)] + [entry(5, 25_000, 5_000, 10_000)]
    row = Row(1, 10**9, 1, ISSUED + HOUR, sittings.pack_row([], chained(claims)))
    _after, grants, _beats = judging.judge(row, sitting, LESSON, spans)
    assert rules.merge_spans([], [(g.from_ms, g.to_ms) for g in grants]) == [(0, 9_000)]


def test_what_is_played_long_after_the_last_answer_does_not_count():
    sitting, claims = Sitting(ISSUED, ISSUED + HOUR, 1000), [Beat(n * 10_000, n * 10_000 - 10_000, n * 10_000, 1000) for n in range(1, 7)]
    def counted(beats, answered=0):
        outcome = sittings.judge(sitting, beats, ISSUED + HOUR, HOUR, 10**9, 0, (), 30_000, answered)
        return sum(g.to_ms - g.from_ms for g in outcome.grants)
    assert counted(claims) == 30_000
    assert counted([*claims[:3], Beat(30_001, 30_000, 30_000, 0), *claims[3:]]) == 60_000 - 1 + 1
    assert counted(claims, answered=20_000) == 50_000
    assert sittings.last_answer([*claims, Beat(61_000, 60_000, 60_000, 0)]) == 61_000


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=5), st.lists(st.tuples(st.integers(1, 20), st.integers(0, 25)), max_size=6))
def test_played_moments_and_those_of_others_never_overlap(others, played):
    busy, sitting, t, beats = rules.merge_spans([], [(a, a + n) for a, n in others]), Sitting(0, None, 1000), 0, []
    for time, length in played:
        t += time
        beats.append(Beat(t, 0, length, 1000))
    _after, spans = rules.busy_spans(sitting, beats, 10**6, rules.Terms(10**6, 10**9, 10**9), busy)
    mine = [ms for a, b in spans for ms in range(a, b)]
    assert len(mine) == len(set(mine)) and not set(mine) & {ms for a, b in busy for ms in range(a, b)}
