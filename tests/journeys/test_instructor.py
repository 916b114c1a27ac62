"""An instructor's way: from an empty list to a course that strangers find and play."""

from __future__ import annotations

from tests.journeys import roads


def test_course_grows_from_nothing_to_found_by_search(open_page, whole_site):
    roads.instructor(whole_site, open_page)
