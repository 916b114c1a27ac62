"""Texts by their hash answer as a dict and a set of them would."""

from __future__ import annotations

from guanxue.search.hashed import Hashed

WORDS = ["数控", "车床", "g71", "", "shukong", "数"]


def test_numbers_are_found_by_text_and_of_equal_texts_the_first_counts():
    table = Hashed([*((word, n) for n, word in enumerate(WORDS)), ("数控", 99)])
    assert [table.get(word) for word in WORDS] == list(range(len(WORDS))) and len(table) == len(WORDS)


def test_texts_that_were_not_given_are_not_there():
    table = Hashed.set_of(WORDS)
    assert all(word in table for word in WORDS) and not any(word in table for word in ("数控车", "车", "G71", " "))
    assert Hashed.set_of([]).get("数控") is None
