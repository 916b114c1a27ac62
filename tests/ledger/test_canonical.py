"""Canonical bytes: RFC 8785 of what we take; what two readers could write differently is refused; the quick way is the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxue.ledger.canonical import LARGEST, account_text, canonical, entry_leaf, posting_text, row_leaf

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBER = st.integers(-LARGEST, LARGEST)


@pytest.mark.parametrize(("value", "written"), [
    ({"b": 1, "a": [True, None, "学分"]}, '{"a":[true,null,"学分"],"b":1}'),
    # RFC 8785 3.2.3: sorted by UTF-16; the member of the second plane of that example is what we refuse
    ({"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\u0080": 6, "\u00f6": 7},
     '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ufb33":3}'),
    # 3.2.2.2: the shortest escapes, others in lower-case hex, and nothing else escaped
    ("\u20ac$\u000f\nA'B\"\\\\\"/\u007f\U0001f600", '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\u007f\U0001f600"'),
    (LARGEST, "9007199254740991"), (-LARGEST, "-9007199254740991")])
def test_it_writes_as_the_rfc_does(value, written):
    assert canonical(value) == written.encode()


@pytest.mark.parametrize("value", [0.5, {"a": [1.0]}, LARGEST + 1, {"a": -LARGEST - 1}, {1: 2}, {"\U0001f600": 1}, {"a": {"b": {"\U0001f600": 1}}},
                                   float("nan"), "\ud800"])
def test_what_could_be_written_otherwise_is_refused(value):
    with pytest.raises(ValueError):
        canonical(value)


@given(number=NUMBER, key=TEXT, kind=TEXT, posted_at=TEXT, reverses=st.none() | NUMBER, document=st.dictionaries(TEXT, NUMBER | TEXT),
       postings=st.lists(st.tuples(TEXT, NUMBER), max_size=4))
def test_the_quick_leaf_is_the_canonical_one(postings, document, **facts):
    facts["document"] = json.dumps(document)
    written = ",".join(posting_text(account_text(account), amount) for account, amount in postings)
    assert row_leaf(**facts, postings=written) == entry_leaf(**facts, postings=[list(p) for p in postings])
