"""Codes and amounts as people read them."""

from hypothesis import given
from hypothesis import strategies as st

from guanxue.creditbank import rules


def test_codes_have_no_letter_that_is_taken_for_another_and_do_not_repeat():
    codes = {rules.new_code() for _n in range(2000)}
    assert len(codes) == 2000
    assert not set("".join(codes)) & set("01IOL") - {"L"} and all(len(c) == 12 for c in codes)


def test_a_code_may_be_typed_in_any_case_with_blanks_and_hyphens():
    code = rules.new_code()
    for typed in (code.lower(), rules.spaced_code(code), f" {code[:6]} {code[6:]} ", rules.spaced_code(code).lower(), code.translate(
            {ord(c): ord(c) + 0xFEE0 for c in code})):
        assert rules.normal_code(typed) == code


@given(st.text(max_size=200))
def test_whatever_is_typed_gives_a_short_plain_code(text):
    assert len(rules.normal_code(text)) <= 40 and rules.normal_code(text).isalnum() or not rules.normal_code(text)


@given(st.integers(-10**9, 10**9))
def test_amounts_are_thousandths_without_rounding(milli):
    assert round(float(rules.decimal_text(milli)) * 1000) == milli
    assert rules.decimal_text(milli, signed=True)[0] in ("-", "+")


def test_a_small_minus_keeps_its_sign():
    assert [rules.decimal_text(n) for n in (0, 18, -18, 1018, -1000)] == ["0.000", "0.018", "-0.018", "1.018", "-1.000"]
