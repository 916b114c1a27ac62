"""The schedule, a check's standing, the moments it shuts out, make-ups, questions: pure rules."""

from __future__ import annotations

import random

from guanxue.learning import presence_questions
from guanxue.learning import presence_rules as checks
from guanxue.learning.presence_rules import Step
from guanxue.learning.rules import DRIFT_MS, free_ms

SEED = bytes(range(32))
TEXT = """测量之前先停机，主轴停稳以后再伸手。卡尺要垂直于轴线，读数时视线与刻线垂直。主轴没有停稳，铁屑会飞出来。
卡尺用完擦干净，放回盒子里面。铁屑不能用手拿，要用钩子清理。测量三次，记下平均读数。读数写在记录本上，签上名字。
交班之前清理铁屑，检查油位。油位低于刻线就加油，加油以前关总电源。总电源关好以后，把钥匙交给班长。"""


def test_the_schedule_is_the_same_for_ever_lies_between_the_bounds_and_fills_them():
    first = [checks.due_ms(SEED, n, 8, 15) for n in range(1, 2_000)]
    assert first == [checks.due_ms(SEED, n, 8, 15) for n in range(1, 2_000)]
    assert set(first) == set(range(8, 16))
    assert first[:50] != [checks.due_ms(bytes(32), n, 8, 15) for n in range(1, 51)]
    assert checks.due_ms(SEED, 1, 7, 7) == 7


def test_what_came_before_tells_nothing_about_the_next():
    """Runs of the same half are as long and as many as chance makes them."""
    halves = [checks.due_ms(SEED, n, 0, 999) < 500 for n in range(10_000)]
    assert 4_700 < sum(halves) < 5_300
    assert 4_700 < sum(a == b for a, b in zip(halves, halves[1:], strict=False)) < 5_300


def steps(*told):
    return [Step(at, what, document) for at, what, document in told]


ASKED, SHOWN = (100, "asked", {"kind": "tap"}), (110, "shown", {"expires_ms": 60_110})
LATER = 10**7


def shut(*told):
    return checks.shut_span(0, checks.standing_of(steps(*told)))


def test_a_check_that_nobody_saw_shuts_out_nothing():
    assert shut(ASKED) is None


def test_a_check_that_was_seen_shuts_out_everything_until_presence_is_shown():
    assert shut(ASKED, SHOWN) == (110 + DRIFT_MS, checks.ENDLESS)
    assert shut(ASKED, SHOWN, (LATER, "proved", {"kind": "tap", "counts_from_ms": checks.counts_from(LATER, 0)})) == (110 + DRIFT_MS, LATER - DRIFT_MS)
    assert shut(ASKED, SHOWN, (3_000, "proved", {"kind": "tap", "counts_from_ms": 1_000})) is None  # quicker than clocks differ


def test_what_was_heard_before_the_proof_stays_as_it_was_judged():
    assert checks.counts_from(LATER, LATER - 500) == LATER - 500
    assert checks.counts_from(LATER, 0) == LATER - DRIFT_MS


def test_a_missed_check_shuts_out_its_stretch_until_it_is_made_up():
    missed = (60_200, "missed", {"silent": False})
    assert shut(ASKED, SHOWN, missed) == (0, checks.ENDLESS)
    proved = (LATER, "proved", {"kind": "tap", "counts_from_ms": checks.counts_from(LATER, 0)})
    assert shut(ASKED, SHOWN, missed, proved) == (0, LATER - DRIFT_MS)
    assert shut(ASKED, SHOWN, missed, proved, (2 * LATER, "made_up", {})) == (110 + DRIFT_MS, LATER - DRIFT_MS)


def test_a_second_showing_or_proof_changes_nothing():
    again = checks.standing_of(steps(ASKED, SHOWN, (500, "shown", {"expires_ms": 1}), (600, "proved", {"kind": "tap", "counts_from_ms": 600}),
                                     (900, "proved", {"kind": "roll", "counts_from_ms": 900})))
    assert (again.shown_ms, again.expires_ms, again.proved_ms, again.proved_by) == (110, 60_110, 600, "tap")


def test_a_lost_line_is_forgiven_as_much_as_a_beat_is():
    assert checks.is_in_time(1_000, 1_000, 1_000, 0)
    assert checks.is_in_time(1_000, 100_000, 900, 120_000)
    assert not checks.is_in_time(1_000, 100_000, 1_001, 120_000)
    assert not checks.is_in_time(1_000, 121_001, 900, 120_000)


def missed(silent, made_up):
    return checks.Standing(missed_ms=1, is_silent=silent, proved_ms=2, made_up_ms=3 if made_up else None)


def test_make_ups_run_out_and_silent_ones_have_a_number_of_their_own():
    none, loud, still = checks.makeups_of(2, []), missed(False, False), missed(True, False)
    assert none.allows(loud) and none.allows(still) and not none.allows(missed(False, True))
    used = checks.makeups_of(2, [missed(False, True)] * 2)
    assert not used.allows(loud) and used.allows(still)
    quiet = checks.makeups_of(2, [missed(True, True)] * 2)
    assert quiet.allows(loud) and quiet.allows(still) and (quiet.left, quiet.left_silent) == (2, 0)
    both = checks.makeups_of(2, [missed(True, True)] * 3 + [missed(False, True)])
    assert not both.allows(loud) and not both.allows(still)
    assert not checks.makeups_of(0, []).allows(still)


def test_free_time_is_what_a_map_of_milliseconds_says():
    draw = random.Random(7)
    for _n in range(300):
        cuts = sorted(draw.sample(range(200), 2 * draw.randint(0, 5)))
        busy = list(zip(cuts[::2], cuts[1::2], strict=True))
        begin, end = sorted(draw.sample(range(200), 2))
        assert free_ms(begin, end, busy) == sum(not any(a <= ms < b for a, b in busy) for ms in range(begin, end))


def test_a_room_shows_another_number_each_minute():
    seen = {checks.room_code(SEED, ms * checks.CODE_EVERY_MS) for ms in range(50)}
    assert len(seen) >= 49 and all(len(code) == 6 and code.isdigit() for code in seen)
    assert checks.room_code(SEED, checks.CODE_EVERY_MS, 1) == checks.room_code(SEED, 0)


LINES = presence_questions.lines_of_text(TEXT, 120_000)


def test_sentences_lie_where_they_are_read():
    assert len(LINES) == 10 and LINES[0].start_ms == 0 and LINES[-1].end_ms == 120_000
    assert all(a.end_ms == b.start_ms for a, b in zip(LINES, LINES[1:], strict=False))


def test_a_question_is_about_what_was_said_and_has_one_right_answer_among_four():
    kinds = set()
    for pick in range(200):
        at = 20_000 + pick * 400
        question = presence_questions.make_question(LINES, at, pick * 7919)
        assert question == presence_questions.make_question(LINES, at, pick * 7919)
        assert len(set(question["options"])) == 4 and 0 <= question["key"] < 4
        right, said = question["options"][question["key"]], [x.text for x in LINES if x.start_ms < at]
        whole = question["text"].replace(presence_questions.GAP, right) if question["text"] else right
        assert whole in said
        if question["text"]:
            assert not any(o in whole for o in question["options"] if o != right)
        kinds.add(bool(question["text"]))
        assert question["key"] in range(4)
    assert len({presence_questions.make_question(LINES, 100_000, p * 104_729)["key"] for p in range(60)}) == 4
    assert kinds


def test_where_too_little_is_said_there_is_no_question():
    assert presence_questions.make_question([], 5, 1) is None
    assert presence_questions.make_question(LINES[:2], 10_000, 1) is None
