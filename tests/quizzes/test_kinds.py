"""Kinds of questions, drawing from pools and corrected keys as pure rules; whatever is answered, points stay within the question."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxue.quizzes.drawing import draw_fault, drawn, drawn_count
from guanxue.quizzes.rules import (
    KINDS,
    WHOLE,
    Key,
    Option,
    Question,
    answer_fault,
    decision_fault,
    grade,
    pieces_of,
    points_under,
    put_right,
    questions_from,
    questions_to,
    right_answer,
    show,
)
from guanxue.quizzes.service import stem_html

SEED = b"s" * 16
GAPS = Question("g", "fillin", "主轴____以后才能____工件", (
    Option("停稳", WHOLE), Option("停止", WHOLE), Option("停", 500), Option("测量", WHOLE, gap=1), Option("量", WHOLE, gap=1)))
SINGLE = Question("s", "single", "哪一根？", (Option("X"), Option("Z", WHOLE), Option("Y", 500)))
MULTIPLE = Question("m", "multiple", "哪些？", (Option("a", 500), Option("b", 500), Option("c", -500), Option("d")))
ORDERING = Question("o", "ordering", "先后", (Option("甲"), Option("乙"), Option("丙"), Option("丁")))
SHORT = Question("w", "short", "为什么先停机？", explanation="防止卷入。")
NUMERIC = Question("n", "numeric", "几分钟？", (Option("44..46", WHOLE),))
TRUTH = Question("t", "truefalse", "先停机。", truth=True)
MATCHING = Question("p", "matching", "连", (Option("G00", match="快移"), Option("G01", match="直线"), Option("G02", match="圆弧")))
ALL = (GAPS, SINGLE, MULTIPLE, ORDERING, SHORT, NUMERIC, TRUTH, MATCHING)


def of(question):
    return show(question, SEED)


# ---- grading


@pytest.mark.parametrize(("answer", "points"), [
    (["停稳", "测量"], 1000), (["停", "量"], 750), (["", "测量"], 500), (["停稳"], 500), ([], 0), (["测量", "停稳"], 0),
    (["　停 止 ", "ＡＢ"], 500)])
def test_each_gap_is_an_equal_share_and_worth_its_best_accepted_answer(answer, points):
    assert grade(of(GAPS), answer) == points


@pytest.mark.parametrize("answer", ["停稳", ["停稳", "测量", "多"], [1, 2], [["停稳"], "x"], {"0": "停稳"}, ["x" * 501, ""], None])
def test_an_impossible_answer_to_gaps_is_a_fault_and_earns_nothing(answer):
    assert answer is None or answer_fault(of(GAPS), answer)
    assert grade(of(GAPS), answer) == 0


def test_all_or_nothing_gives_no_part():
    shown = of(Question("m", "multiple", "哪些？", MULTIPLE.options, rule="whole"))
    a, b, c, d = shown.ids
    assert [grade(shown, x) for x in ([a, b], [b, a], [a], [a, b, d], [a, b, c], [])] == [1000, 1000, 0, 0, 0, 0]


def test_a_multiple_choice_sums_its_shares_and_wrong_ones_cost():
    a, b, c, d = of(MULTIPLE).ids
    assert [grade(of(MULTIPLE), x) for x in ([a, b], [a], [a, c], [a, b, c], [c, d])] == [1000, 500, 0, 500, 0]


def test_an_order_counts_right_places_and_twins_may_stand_for_each_other():
    a, b, c, d = of(ORDERING).ids
    assert [grade(of(ORDERING), x) for x in ([a, b, c, d], [b, a, c, d], [a, b, c])] == [1000, 500, 0]
    twins = of(Question("o", "ordering", "先后", (Option("甲"), Option("乙"), Option("甲"))))
    a, b, c = twins.ids
    assert grade(twins, [c, b, a]) == 1000


def test_a_short_answer_earns_nothing_by_itself():
    assert grade(of(SHORT), "防止卷入。") == 0
    assert answer_fault(of(SHORT), "x" * 2001) and answer_fault(of(SHORT), 5) and not answer_fault(of(SHORT), "x" * 2000)


def test_the_right_answer_of_every_kind_earns_the_whole():
    for question in ALL:
        shown = of(question)
        assert question.is_marked or grade(shown, right_answer(shown)) == WHOLE, question.kind
    assert {q.kind for q in ALL} == set(KINDS)


texts = st.text("停稳测量aA １", max_size=6)


@st.composite
def asked_and_answered(draw):
    """A question of any kind with any weights, and some answer to it, possible or not."""
    kind = draw(st.sampled_from(KINDS))
    weights = draw(st.lists(st.integers(-WHOLE, WHOLE), min_size=2, max_size=6))
    options = tuple(Option("1..9" if kind == "numeric" else f"{draw(texts)}{n}", w, match=f"m{n % 2}", gap=n % 3 if kind == "fillin" else 0)
                    for n, w in enumerate(weights))
    question = Question("q", kind, "s", () if kind in ("truefalse", "short") else options, truth=True,
                        rule=draw(st.sampled_from(["", "whole"])))
    shown = show(question, SEED)
    ids = st.sampled_from(shown.ids or ("x",))
    answer = draw(st.one_of(ids, st.lists(ids, max_size=8), st.booleans(), texts, st.lists(texts, max_size=4), st.floats(), st.integers(),
                            st.dictionaries(ids, st.sampled_from(shown.choice_ids or ("x",))), st.none()))
    return shown, answer


@given(asked_and_answered())
def test_points_are_never_less_than_nothing_or_more_than_the_question(case):
    shown, answer = case
    assert 0 <= grade(shown, answer) <= WHOLE
    assert grade(shown, answer) == grade(shown, json.loads(json.dumps(answer))) or answer != answer


@given(asked_and_answered(), st.randoms())
def test_the_order_in_which_options_were_ticked_changes_nothing(case, chance):
    shown, answer = case
    if shown.question.kind == "multiple" and isinstance(answer, list):
        again = list(answer)
        chance.shuffle(again)
        assert grade(shown, again) == grade(shown, answer)


# ---- documents


def test_documents_name_what_is_new_only_where_it_says_something():
    old = questions_to([SINGLE])[0]
    assert set(old) == {"id", "kind", "stem", "options", "truth", "explanation", "tail"}
    assert set(old["options"][0]) == {"text", "permille", "feedback", "match"}
    new = questions_to([Question("g", "fillin", "__", GAPS.options, pool="a")])[0]
    assert new["pool"] == "a" and "rule" not in new and [o.get("gap", 0) for o in new["options"]] == [0, 0, 0, 1, 1]
    assert questions_from(json.loads(json.dumps(questions_to(list(ALL))))) == list(ALL)


def test_gaps_are_cut_where_they_stand_and_not_in_addresses():
    assert pieces_of("甲____乙__丙_丁") == ["甲", "乙", "丙_丁"]
    assert pieces_of("看图![a__b](/media/files/x/a__b.png)填__") == ["看图![a__b](/media/files/x/a__b.png)填", ""]
    assert stem_html("（____）和（____）") == ["（", "）和（", "）"]


# ---- pools


POOLED = [Question(f"q{n}", "truefalse", str(n), truth=True, pool="甲" if n < 20 else "乙" if n < 26 else "") for n in range(30)]


@given(st.binary(min_size=16, max_size=16), st.integers(1, 20), st.integers(1, 6))
def test_an_attempt_draws_so_many_of_each_pool_and_the_same_every_time(seed, a, b):
    draw = {"甲": a, "乙": b}
    found = drawn(POOLED, draw, seed)
    assert found == drawn(list(POOLED), dict(reversed(draw.items())), seed) and len(found) == drawn_count(POOLED, draw)
    assert [sum(q.pool == p for q in found) for p in ("甲", "乙", "")] == [a, b, 4]
    assert [int(q.stem) for q in found] == sorted(int(q.stem) for q in found)


def test_every_question_of_a_pool_is_drawn_about_equally_often():
    counts = dict.fromkeys((q.id for q in POOLED[:20]), 0)
    for n in range(600):
        for question in drawn(POOLED[:20], {"甲": 5}, n.to_bytes(16, "big")):
            counts[question.id] += 1
    assert all(100 < count < 200 for count in counts.values()), counts  # 150 each, within four deviations


@pytest.mark.parametrize(("draw", "fault"), [
    ({}, None), ({"甲": 20}, None), ({"甲": 21}, ("甲", 20)), ({"丙": 1}, ("丙", 0)), ({"甲": 0}, ("甲", 20)), ({"甲": True}, ("甲", 20)),
    ({"": 4}, None)])
def test_more_than_a_pool_has_cannot_be_drawn(draw, fault):
    found = draw_fault(POOLED, draw)
    assert (found and (found.pool, found.size)) == fault


# ---- keys that were put right


def points(question, answer, *decisions):
    key = Key(question)
    for decision in decisions:
        assert not decision_fault(key.question, decision), decision
        key = put_right(key, decision)
    return points_under(key, SEED, answer)


def test_a_corrected_key_judges_by_the_right_options():
    x, z, y = of(SINGLE).ids
    assert [points(SINGLE, i, {"right": [0]}) for i in (x, z, y)] == [1000, 0, 0]
    assert [points(SINGLE, i, {"right": [0, 1]}) for i in (x, z, y)] == [1000, 1000, 0]
    a, b, c, d = of(MULTIPLE).ids
    assert [points(MULTIPLE, i, {"right": [0, 3]}) for i in ([a, d], [a, b], [a, d, c])] == [1000, 0, 500]
    assert points(TRUTH, False, {"truth": False}) == 1000 and points(TRUTH, True, {"truth": False}) == 0
    assert points(GAPS, ["停下", "测量"], {"accept": ["停下"], "gap": 0}) == 1000
    assert points(NUMERIC, 48, {"accept": ["47..48"], "gap": 0}) == 1000


def test_a_question_for_everyone_earns_everybody_its_whole_also_after_another_decision():
    for question in ALL:
        assert points(question, None, {"everyone": True}) == WHOLE
    assert points(SINGLE, None, {"everyone": True}, {"right": [0]}) == WHOLE


@pytest.mark.parametrize(("question", "decision"), [
    (SINGLE, {}), (SINGLE, None), (SINGLE, {"right": []}), (SINGLE, {"right": [3]}), (SINGLE, {"right": [0, 0]}), (SINGLE, {"right": [-1]}),
    (SINGLE, {"truth": True}), (SINGLE, {"everyone": False}), (SINGLE, {"everyone": True, "right": [0]}), (TRUTH, {"truth": True}),
    (TRUTH, {"truth": "false"}), (GAPS, {"accept": [], "gap": 0}), (GAPS, {"accept": ["x"], "gap": 2}), (GAPS, {"accept": ["　"], "gap": 0}),
    (GAPS, {"accept": ["x"]}), (NUMERIC, {"accept": ["x"], "gap": 0}), (NUMERIC, {"accept": ["5..4"], "gap": 0}),
    (NUMERIC, {"accept": ["1..Infinity"], "gap": 0}), (NUMERIC, {"accept": ["NaN..NaN"], "gap": 0}), (SHORT, {"accept": ["x"], "gap": 0}),
    (ORDERING, {"right": [0]})])
def test_what_is_no_decision_about_the_question_is_refused(question, decision):
    assert decision_fault(question, decision)


def test_an_option_found_wrong_later_costs_what_wrong_ones_cost():
    a, b, c, d = of(MULTIPLE).ids
    assert points(MULTIPLE, [a, b, d], {"right": [0, 3]}) == 500, "c costs half, and so does b, which was right before"
    every = Question("e", "multiple", "哪些？", (Option("a", 333), Option("b", 333), Option("c", 333)))
    a, b, c = of(every).ids
    assert [points(every, i, {"right": [0, 1]}) for i in ([a, b], [a, b, c], [a])] == [1000, 0, 500]
