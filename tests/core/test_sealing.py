"""Sealed values open for their purpose and owner only; keyed hashes find equals."""

import pytest

from guanxue.core.sealing import CannotOpen, keyed_hash, seal, unseal


def test_a_sealed_value_opens_again_and_looks_different_each_time(app):
    with app.app_context():
        one, two = (seal("citizen-id", "person:1", "990000199001010018") for _n in range(2))
        assert one != two and b"990000" not in one
        assert unseal("citizen-id", "person:1", one) == unseal("citizen-id", "person:1", two) == "990000199001010018"


@pytest.mark.parametrize(("purpose", "owner"), [("citizen-id", "person:2"), ("totp", "person:1")])
def test_a_sealed_value_does_not_open_for_another_purpose_or_owner(app, purpose, owner):
    with app.app_context(), pytest.raises(CannotOpen):
        unseal(purpose, owner, seal("citizen-id", "person:1", "x"))


def test_a_changed_byte_or_another_way_of_sealing_is_told(app):
    with app.app_context():
        sealed = seal("citizen-id", "person:1", "x")
        for changed in (sealed[:-1] + bytes([sealed[-1] ^ 1]), b"\x02" + sealed[1:], b""):
            with pytest.raises(CannotOpen):
                unseal("citizen-id", "person:1", changed)


def test_equal_values_hash_alike_within_one_purpose(app):
    with app.app_context():
        assert keyed_hash("citizen-id", "x") == keyed_hash("citizen-id", "x") != keyed_hash("phone", "x")
        assert keyed_hash("citizen-id", "x") != keyed_hash("citizen-id", "y")
