"""What a learner sees before handing in is the same whatever the key says: by value, by name, by order, by count."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from guanxue.quizzes import service
from guanxue.quizzes.rules import WHOLE, Option, Question, questions_to, show

QUESTIONS = (
    Question("s", "single", "哪一根？", (Option("X"), Option("Z", WHOLE), Option("Y"))),
    Question("m", "multiple", "哪些？", tuple(Option(t) for t in "甲乙丙丁戊")),
    Question("t", "truefalse", "先停机。", truth=True),
    Question("f", "fillin", "卡尺要与轴线", (Option("垂直", WHOLE),), tail="。"),
    Question("g", "fillin", "主轴__以后__", (Option("停稳", WHOLE), Option("测量", WHOLE, gap=1))),
    Question("n", "numeric", "几分钟？", (Option("44..46", WHOLE),)),
    Question("w", "short", "为什么？", explanation="防止卷入。"),
)
weights = st.lists(st.integers(-WHOLE, WHOLE), min_size=5, max_size=5)


def seen(question, seed=b"s" * 16):
    return service._for_learner(show(question, seed), service.to_html)


@given(st.sampled_from(QUESTIONS), weights, st.booleans(), st.sampled_from(["", "whole"]), st.text(max_size=5), st.integers(1, 4))
def test_nothing_that_is_shown_depends_on_the_key(question, permilles, truth, rule, words, count):
    options = tuple(replace(o, permille=p, feedback=words) for o, p in zip(question.options, permilles, strict=False))
    if question.kind in ("fillin", "numeric"):  # more accepted answers, other ones, longer ones
        gaps = question.gap_count or 1
        options = tuple(Option(words * n or "x", p, gap=gap) for gap in range(gaps) for n, p in zip(range(1, count + 1), permilles, strict=False))
    other = replace(question, options=options, truth=truth, rule=rule, explanation=words, pool=words)
    assert seen(other) == seen(question)


def test_the_names_of_what_is_shown_are_few_and_say_nothing():
    told = {q.id: set(seen(q)) for q in QUESTIONS}
    assert set().union(*told.values()) == {"id", "kind", "stem_html", "options", "tail_html", "gaps", "longest"}
    assert len(seen(QUESTIONS[4])["gaps"]) == 3


def test_the_order_in_which_things_are_shown_is_one_of_all_orders():
    ordering = Question("o", "ordering", "先后", tuple(Option(t) for t in "甲乙丙"))
    matching = Question("p", "matching", "连", tuple(Option(t, match=t * 2) for t in "甲乙丙"))
    for question, part in ((ordering, "options"), (matching, "choices")):
        orders = Counter("".join(x["html"][0] for x in seen(question, n.to_bytes(16, "big"))[part]) for n in range(1200))
        assert len(orders) == 6 and all(140 < count < 260 for count in orders.values()), orders


def test_what_was_not_drawn_is_nowhere_in_the_attempt(monkeypatch):
    questions = [replace(QUESTIONS[2], id=f"t{n}", stem=f"第{n}句", pool="库") for n in range(20)]
    paper = SimpleNamespace(document=questions_to(questions), draw={"库": 3})
    monkeypatch.setattr("guanxue.quizzes.standing.get_paper", lambda _id: paper)
    shown = str(service.questions_for_learner(SimpleNamespace(paper_id=1, seed="00" * 16)))
    assert sum(f"第{n}句" in shown for n in range(20)) == 3 and "库" not in shown
