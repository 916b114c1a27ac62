"""How far somebody is in a track, and how a first draft is laid."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from guanxue.tracks.rules import Candidate, Step, measure, propose_stages, publish_faults

STEPS = st.lists(st.builds(Step, st.integers(1, 50), st.booleans(), st.booleans(), st.booleans()), max_size=12,
                 unique_by=lambda s: s.course_id)


def test_only_required_courses_decide():
    progress = measure([Step(1, True, True, True), Step(2, False, True), Step(3, True, True)])
    assert (progress.done, progress.required, progress.next_id, progress.is_finished) == (1, 2, 3, False)
    assert measure([Step(1, True, True, True), Step(2, False, True)]).is_finished


def test_what_is_planned_is_waited_for_and_never_the_next():
    progress = measure([Step(1, True, False), Step(2, False, True)])
    assert (progress.waiting, progress.next_id) == (1, 2)


def test_a_track_without_required_courses_is_never_finished():
    assert not measure([Step(1, False, True, True)]).is_finished and not measure([]).is_finished


@given(STEPS)
def test_finished_means_nothing_required_is_left(steps):
    progress = measure(steps)
    left = [s for s in steps if s.is_required and not s.is_complete]
    assert progress.is_finished == (not left and any(s.is_required for s in steps))
    assert 0 <= progress.permille <= 1000
    if progress.next_id is not None:
        assert next(s for s in steps if s.course_id == progress.next_id).is_open


def test_a_proposal_goes_from_easy_to_hard_and_requires_what_can_be_studied():
    found = propose_stages(["turner"], [Candidate(1, 3, False, "turner", "丙"), Candidate(2, 5, False, "turner", "甲"),
                                        Candidate(3, 5, True, "turner", "乙"), Candidate(4, None, False, "turner", "丁"),
                                        Candidate(5, 5, True, "welder", "焊")])
    assert found == [(5, [(3, True), (2, False)]), (3, [(1, False)]), (None, [(4, False)])]


def test_where_nothing_can_be_studied_the_first_course_is_required():
    assert propose_stages(["a"], [Candidate(1, 5, False, "a", "甲"), Candidate(2, 5, False, "a", "乙")]) == [
        (5, [(2, True), (1, False)])]


def test_faults_name_every_empty_stage():
    faults = publish_faults("路线", [("入门", 0, 0), ("提高", 2, 0)])
    assert len(faults) == 2 and "入门" in str(faults[0])
    assert publish_faults("", []) and not publish_faults("路线", [("入门", 1, 1)])
