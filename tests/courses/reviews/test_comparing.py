"""What differs between two texts: nothing is lost and nothing is made up, whatever they are."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from guanxue.courses.reviews import comparing

PARAGRAPHS = st.lists(st.text("停机测量abc12，。 ", min_size=1, max_size=12).filter(str.strip), max_size=6).map("\n\n".join)


def side(blocks, mark) -> list[str]:
    """The paragraphs of one side as the blocks tell them; unchanged ones as None."""
    told = []
    for b in blocks:
        told += [None] * b.skipped
        text = "".join(p.text for p in b.pieces if p.mark in ("same", mark))
        if b.mark in ("changed", mark):
            told.append(text)
    return told


@settings(max_examples=200, deadline=None)
@given(PARAGRAPHS, PARAGRAPHS)
def test_both_texts_can_be_read_off_their_difference(old, new):
    blocks = comparing.compare_texts(old, new)
    before, after = comparing.paragraphs_of(old), comparing.paragraphs_of(new)
    if not blocks:
        assert before == after
        return
    for mark, paragraphs in (("removed", before), ("added", after)):
        told = side(blocks, mark)
        assert len(told) == len(paragraphs)
        assert all(t is None or t == p for t, p in zip(told, paragraphs, strict=True))


def test_numbers_and_latin_words_are_not_cut():
    pieces = comparing.words("转速 800 r/min，用 G01。", "转速 1200 r/min，用 G01。")
    assert [(p.mark, p.text) for p in pieces if p.mark != "same"] == [("removed", "800"), ("added", "1200")]


def test_texts_that_have_nothing_in_common_are_not_mixed():
    assert [b.mark for b in comparing.compare_texts("先停机再测量。", "打开阀门放水")] == ["removed", "added"]


def test_a_long_text_is_compared_without_hanging():
    old = "\n\n".join(f"第{n}段，讲停机和测量。" * 20 for n in range(300))
    new = old.replace("第150段", "第一百五十段", 1)
    changed = [b for b in comparing.compare_texts(old, new) if b.mark == "changed"]
    assert len(changed) == 1
