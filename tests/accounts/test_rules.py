"""Pure rules of phones, passwords, masks and waiting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxue.accounts import rules


@pytest.mark.parametrize("written", [
    "13800138000", " 138 0013 8000 ", "138-0013-8000", "+86 13800138000", "008613800138000", "8613800138000", "１３８００１３８０００",
])
def test_a_number_written_in_any_usual_way_is_the_same_number(written):
    assert rules.normal_phone(written) == "13800138000"


@pytest.mark.parametrize("written", ["", "12800138000", "1380013800", "138001380000", "13800138000.0", "abc", "1380013800x",
                                     "13800138000\0", "'; DROP TABLE", "٣٨٠٠١٣٨٠٠٠١"])
def test_what_is_no_mobile_number_is_none(written):
    assert rules.normal_phone(written) is None


@given(st.text(max_size=60))
def test_a_number_is_eleven_ascii_digits_or_nothing(text):
    found = rules.normal_phone(text)
    assert found is None or (len(found) == 11 and found.isascii() and found.isdigit())


@pytest.mark.parametrize(("address", "network"), [
    ("1.2.3.4", "1.2.3.4"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::", "2001:db8:1:2::/64"),
    ("2001:db8:1:3::", "2001:db8:1:3::/64"), ("::ffff:1.2.3.4", "1.2.3.4"), ("fe80::1%eth0", "fe80::/64"), ("", ""), ("unknown", "unknown")])
def test_an_address_counts_with_all_that_its_line_has_to_itself(address, network):
    assert rules.network_of(address) == network


def test_masks_hide_the_middle_of_a_number_and_all_but_the_first_character_of_a_name():
    assert rules.mask_phone("13800130001") == "138****0001"
    assert [rules.mask_name(n) for n in ("林小莲", "张三", "王", "欧阳小明明明")] == ["林**", "张*", "王*", "欧***"]


@pytest.mark.parametrize(("password", "fault"), [
    ("short", "short"), ("x" * 257, "long"), ("12345678", "common"), ("PASSWORD1", "common"), ("aaaaaaaa", "common"),
    ("my13800138000", "phone"), ("莞学最好用的密码", None), ("correct horse battery", None),
])
def test_weak_passwords_are_told_apart(password, fault):
    assert rules.password_fault(password, "13800138000") == fault


def test_waiting_grows_with_failures_and_never_lasts_longer_than_a_minute():
    waits = [rules.wait_s(n, 0, rules.FREE_FAILURES_PHONE) for n in range(200)]
    assert waits[:5] == [0.0] * 5 and waits[5] > 0
    assert waits == sorted(waits) and max(waits) <= 60
    assert rules.wait_s(200, 61, rules.FREE_FAILURES_PHONE) == 0.0
