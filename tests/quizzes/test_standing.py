"""What a submission is worth, as a pure matter of rows: later corrections never take, marks count, the same rows give the same."""

from __future__ import annotations

from types import SimpleNamespace
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from guanxue.quizzes import standing
from guanxue.quizzes.rules import WHOLE, Option, Question, questions_to, show

QUESTIONS = [
    Question("s", "single", "哪一根？", (Option("X", WHOLE), Option("Z"), Option("Y", 500))),
    Question("m", "multiple", "哪些？", (Option("a", 500), Option("b", 500), Option("c", -500))),
    Question("t", "truefalse", "先停机。", truth=True),
    Question("f", "fillin", "垂直还是__", (Option("垂直", WHOLE),)),
    Question("w", "short", "为什么？"),
]
PAPER = SimpleNamespace(document=questions_to(QUESTIONS), draw={})
ATTEMPT = SimpleNamespace(id="a", paper_id=1, seed="00" * 16)
SHOWN = {q.id: show(q, bytes(16)) for q in QUESTIONS}

decisions = st.one_of(
    st.tuples(st.just("s"), st.lists(st.integers(0, 2), min_size=1, unique=True).map(lambda n: {"right": sorted(n)})),
    st.tuples(st.just("m"), st.lists(st.integers(0, 2), min_size=1, unique=True).map(lambda n: {"right": sorted(n)})),
    st.tuples(st.just("t"), st.booleans().map(lambda b: {"truth": b})),
    st.tuples(st.just("f"), st.sampled_from(["竖直", "平行"]).map(lambda w: {"accept": [w], "gap": 0})),
    st.tuples(st.sampled_from("smtfw"), st.just({"everyone": True})),
)
regrades = st.lists(decisions, max_size=6).map(
    lambda found: [SimpleNamespace(id=n, question_id=q, decision=d) for n, (q, d) in enumerate(found, 1)])
marks = st.lists(st.integers(0, WHOLE), max_size=3).map(
    lambda found: [SimpleNamespace(id=n, question_id="w", permille=p) for n, p in enumerate(found, 1)])
answers = st.fixed_dictionaries({}, optional={
    "s": st.sampled_from(SHOWN["s"].ids), "m": st.lists(st.sampled_from(SHOWN["m"].ids), unique=True), "t": st.booleans(),
    "f": st.sampled_from(["垂直", "竖直", "斜"]), "w": st.sampled_from(["怕卷入", " ", ""])})


def weigh(given_answers, given_marks, found, known=0):
    submission = SimpleNamespace(answers=given_answers, regrade_id=known, pass_mark=60)
    with mock.patch.object(standing, "get_paper", lambda _id: PAPER):
        return standing.weigh(ATTEMPT, submission, given_marks, found)


@given(answers, marks, regrades)
def test_a_later_correction_never_takes_a_point(given_answers, given_marks, found):
    before = weigh(given_answers, given_marks, [])
    for n in range(len(found) + 1):
        after = weigh(given_answers, given_marks, found[:n])
        assert all(after.points[q] >= before.points[q] for q in before.points) and after.score >= before.score
        assert set(after.waiting) <= set(before.waiting)
        before = after


@given(answers, marks, regrades, st.integers(0, 6))
def test_scores_stay_between_nothing_and_everything_and_are_the_same_every_time(given_answers, given_marks, found, known):
    one, two = (weigh(given_answers, given_marks, found, known) for _n in range(2))
    assert one == two and 0 <= one.score <= 100 and all(0 <= p <= WHOLE for p in one.points.values())


@given(answers, marks, regrades)
def test_whoever_hands_in_after_every_correction_is_judged_by_the_key_as_it_is_then(given_answers, given_marks, found):
    after = weigh(given_answers, given_marks, found, known=len(found))
    kept = weigh(given_answers, given_marks, found)
    assert all(kept.points[q] >= after.points[q] for q in kept.points), "they never have more than who was there before"


@given(answers, regrades)
def test_a_written_answer_waits_until_it_is_marked_or_counts_for_everybody(given_answers, found):
    is_written = bool(given_answers.get("w", "").strip())
    is_free = any(r.question_id == "w" for r in found)
    assert bool(weigh(given_answers, [], found).waiting) == (is_written and not is_free)
    assert weigh(given_answers, [SimpleNamespace(id=1, question_id="w", permille=0)], found).is_decided


@given(answers, st.integers(0, WHOLE), st.integers(0, WHOLE))
def test_the_newest_mark_is_the_one_that_counts(given_answers, first, second):
    rows = [SimpleNamespace(id=n, question_id="w", permille=p) for n, p in ((1, first), (2, second))]
    now = weigh(given_answers, rows, [])
    assert now.points["w"] == second and [m.id for m in now.marks] == [2]
