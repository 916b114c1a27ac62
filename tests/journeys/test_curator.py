"""A town curator's way: from no track to a learner inside it."""

from __future__ import annotations

from tests.journeys import roads


def test_track_grows_from_nothing_to_a_learner_inside_it(open_page, whole_site):
    roads.curator(whole_site, open_page)
