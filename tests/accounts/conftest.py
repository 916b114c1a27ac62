"""Fixtures of this room's stories."""

from tests.two_accounts import city, lives, nobody_is_slowed_down

__all__ = ["city", "lives", "nobody_is_slowed_down"]
