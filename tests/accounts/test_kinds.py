"""Kinds of documents: what can be a number of one, what is the same number, what is shown of it. Nobody has these numbers."""

from __future__ import annotations

from datetime import date

import pytest

from guanxue.accounts import kinds
from guanxue.accounts.kinds import CITIZEN, FOREIGN, HK_MACAO, PASSPORT, TAIWAN, Number

TODAY = date(2026, 11, 26)


def checked(body: str) -> str:
    """With the check digit of GB 11643 (ISO 7064, MOD 11-2), worked out another way than the site does: by powers of two."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(body))
    return body + "0123456789X"[(1 - total) % 11]


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_the_standards_own_examples_have_their_check_digit(number):
    assert checked(number[:17]) == number


@pytest.mark.parametrize(("kind", "country", "number"), [
    (CITIZEN, "", checked("99000019900101001")), (CITIZEN, "", checked("81000019900101001")),
    (CITIZEN, "", checked("82000019900101001")), (CITIZEN, "", checked("83000020000229002")),
    (PASSPORT, "CN", "E12345678"), (PASSPORT, "CN", "EA1234567"), (PASSPORT, "CN", "G12345678"),
    (PASSPORT, "VN", "B1234567"), (PASSPORT, "US", "123456789"), (PASSPORT, "DE", "C01X00T47"),
    (HK_MACAO, "", "H12345678"), (HK_MACAO, "", "M12345678"), (HK_MACAO, "", "HA1234567"), (TAIWAN, "", "12345678"),
    (FOREIGN, "", "CAN110108010112"), (FOREIGN, "", checked("91112419810803001"))])
def test_what_can_be_a_document_is_taken(kind, country, number):
    assert kinds.fault(kind, kinds.normal(kind, number), country, TODAY) is None


@pytest.mark.parametrize(("kind", "country", "number", "says"), [
    (CITIZEN, "", checked("81010019900101001"), "居住证"), (CITIZEN, "", checked("83000020010229002"), "真实的日期"),
    (PASSPORT, "CN", "X12345678", "中国护照"), (PASSPORT, "VN", "ABCDEFGH", "至少有一位数字"), (PASSPORT, "VN", "B12", "5 到 12 位"),
    (PASSPORT, "VN", "B1234567٣", "5 到 12 位"), (HK_MACAO, "", "T12345678", "H 或 M"), (HK_MACAO, "", "H1234567", "H 或 M"),
    (TAIWAN, "", "1234567", "8 位"), (FOREIGN, "", "CAN11010801011", "3 个字母"),
    (FOREIGN, "", checked("91112419810803001")[:-1] + "#", "3 个字母"), (FOREIGN, "", checked("11112419810803001"), "9 开头")])
def test_what_can_be_none_is_told_how_it_should_look(kind, country, number, says):
    assert says in str(kinds.fault(kind, kinds.normal(kind, number), country, TODAY))


def test_every_wrong_check_digit_of_a_residents_number_is_found():
    right = checked("83000019900101001")
    wrong = [right[:-1] + c for c in "0123456789X" if c != right[-1]]
    assert all(kinds.fault(CITIZEN, one, "", TODAY) for one in wrong) and len(wrong) == 10


@pytest.mark.parametrize(("kind", "typed", "same"), [
    (HK_MACAO, "h1234567801", "H12345678"), (HK_MACAO, " Ｈ12345678 ", "H12345678"), (HK_MACAO, "H12345678(01)", "H12345678"),
    (TAIWAN, "1234567801", "12345678"), (TAIWAN, "12345678 01 (B)", "12345678"), (PASSPORT, "e-1234 5678", "E12345678")])
def test_a_number_is_the_same_however_it_is_written_and_however_often_the_card_was_issued(kind, typed, same):
    assert kinds.normal(kind, typed) == same


def test_numbers_of_eighteen_digits_are_one_space_and_passports_are_one_for_each_country():
    card = checked("91112419810803001")
    assert Number(CITIZEN, "", card).hashed_as == Number(FOREIGN, "", card).hashed_as
    assert Number(PASSPORT, "VN", "B1234567").hashed_as != Number(PASSPORT, "MM", "B1234567").hashed_as
    assert Number(TAIWAN, "", "12345678").hashed_as != Number(PASSPORT, "CN", "12345678").hashed_as


@pytest.mark.parametrize(("number", "masked"), [
    (Number(PASSPORT, "CN", "E12345678"), "E1*******"), (Number(HK_MACAO, "", "H12345678"), "H1*******"),
    (Number(FOREIGN, "", checked("91112419810803001")), "911***************")])
def test_the_mask_shows_less_than_a_neighbour_knows(number, masked):
    assert number.masked == masked


@pytest.mark.parametrize(("code", "is_one"), [("CN", True), ("VN", True), ("HK", False), ("TW", False), ("ZZ", False), ("cn", False),
                                              ("CHN", False), ("", False)])
def test_a_passport_is_of_a_country(code, is_one):
    assert kinds.is_country(code) is is_one
