"""Pure rules of tracks: who may change one, what may be published, how far somebody is, how a town's first track is laid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from guanxue.core.actor import Actor
from guanxue.core.i18n import lazy as _

LONGEST_TITLE, LONGEST_SUMMARY = 60, 500
MOST_STAGES, MOST_COURSES = 12, 60
MOST_PROPOSED = 4  # courses a stage; a longer list is a catalogue, not a path


def may_curate(actor: Actor, town_slug: str) -> bool:
    """A curator of the town, and administrators."""
    return actor.may("curate", town_slug)


@dataclass(frozen=True)
class Step:
    """A course of a track as one person stands to it. `permille` of its content is done."""

    course_id: int
    is_required: bool
    is_open: bool
    is_complete: bool = False
    permille: int = 0


@dataclass(frozen=True)
class TrackProgress:
    """How far a person is in a track; only required courses count. `next_id` is the course to go on with, if any is open."""

    done: int
    required: int
    waiting: int
    next_id: int | None

    @property
    def is_finished(self) -> bool:
        """Every required course is complete; a track that requires nothing is never finished."""
        return self.required > 0 and self.done == self.required

    @property
    def permille(self) -> int:
        """Of the required courses."""
        return self.done * 1000 // self.required if self.required else 0


def measure(steps: Sequence[Step]) -> TrackProgress:
    """How far somebody is; `steps` in the track's order. `waiting` counts required courses that are not open yet."""
    required = [s for s in steps if s.is_required]
    ahead = [s for s in required if s.is_open and not s.is_complete] or [s for s in steps if s.is_open and not s.is_complete]
    return TrackProgress(
        done=sum(s.is_complete for s in required), required=len(required),
        waiting=sum(not s.is_open and not s.is_complete for s in required), next_id=ahead[0].course_id if ahead else None)


def publish_faults(title: str, stages: Sequence[tuple[str, int]]) -> list[object]:
    """What keeps a track from being published; `stages` are (title, number of courses, of which required) in order."""
    faults: list[object] = []
    if not title.strip():
        faults.append(_("路线还没有名称。"))
    if not stages:
        faults.append(_("至少要有一个阶段。"))
    faults += [_("“%(title)s”里还没有课程。", title=name) for name, count, *_rest in stages if not count]
    if stages and not sum(s[2] for s in stages):
        faults.append(_("至少要有一门必修课，否则没有人能学完。"))
    return faults


@dataclass(frozen=True)
class Candidate:
    """A course that may stand in a town's track."""

    course_id: int
    level: int | None
    is_open: bool
    occupation: str
    title: str


Proposal = list[tuple[int | None, list[tuple[int, bool]]]]


def propose_stages(occupations: Sequence[str], candidates: Iterable[Candidate], *, is_begun: bool = False) -> Proposal:
    """A first draft from the catalogue: [(level, [(course id, is required)])], a stage a level, easiest first, none last.

    Of each level the courses that can be studied come first, then the trades in the track's order, at most MOST_PROPOSED.
    Required is what can be studied; where nothing can, the first course of the first stage, unless something stands before.
    """
    rank = {slug: n for n, slug in enumerate(occupations)}
    fitting = [c for c in candidates if c.occupation in rank]
    stages = []
    for level in sorted({c.level for c in fitting}, key=lambda n: -(n or 0)):
        here = sorted((c for c in fitting if c.level == level), key=lambda c: (not c.is_open, rank[c.occupation], c.title))
        stages.append((level, [(c.course_id, c.is_open) for c in here[:MOST_PROPOSED]]))
    if stages and not is_begun and not any(is_required for _level, courses in stages for _id, is_required in courses):
        level, courses = stages[0]
        stages[0] = (level, [(courses[0][0], True), *courses[1:]])
    return stages
