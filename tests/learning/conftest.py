"""Fixtures of this room's stories; files with a school of their own use that."""

from tests.stopped_course import school

__all__ = ["school"]
