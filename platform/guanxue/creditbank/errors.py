"""What can go wrong at the credit bank's counter."""

from guanxue.core.errors import NotFound


class NoSuchRecord(NotFound):
    """No record has this code."""
