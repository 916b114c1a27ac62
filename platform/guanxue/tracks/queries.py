"""Finding tracks, their stages and their people. visible_to() is the one place for row rights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select, true

from guanxue import accounts
from guanxue.accounts import Organisation
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.tracks import rules
from guanxue.tracks.errors import NoSuchStage, NoSuchTrack
from guanxue.tracks.models import PUBLISHED, Finish, JoinedFinish, Membership, Stage, StageCourse, Track


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Everybody sees published tracks; a town's curators its drafts too."""
    if actor.may("administer"):
        return true()
    town_ids = [t.id for t in list_towns_curated(actor)]
    return or_(Track.state == PUBLISHED, Track.town_id.in_(town_ids)) if town_ids else Track.state == PUBLISHED


def list_towns_curated(actor: Actor) -> list[Organisation]:
    """Towns whose tracks the actor may change, in the city's order."""
    if not (actor.may("administer") or any(c.startswith("curate:") for c in actor.capabilities)):
        return []
    return [t for t in accounts.list_towns() if rules.may_curate(actor, t.slug)]


def get_track(slug: str, actor: Actor) -> Track:
    """The track of that slug, where the actor may see it. Raises NoSuchTrack."""
    track = find_track(slug, actor)
    if track is None:
        raise NoSuchTrack(_("没有这条学习路线。"))
    return track


def find_track(slug: str, actor: Actor) -> Track | None:
    """The track of that slug, where the actor may see it."""
    return session.scalar(select(Track).where(Track.slug == slug, visible_to(actor)))


def list_tracks(actor: Actor, town_ids: Iterable[int] | None = None) -> list[Track]:
    """Tracks the actor may see, of some towns where given, by town and slug."""
    query = select(Track).where(visible_to(actor)).order_by(Track.town_id, Track.slug)
    if town_ids is not None:
        query = query.where(Track.town_id.in_(list(town_ids)))
    return list(session.scalars(query))


@dataclass(frozen=True)
class StageView:
    """A stage with its courses in order."""

    stage: Stage
    courses: list[StageCourse]


def list_stages(track_ids: Iterable[int]) -> dict[int, list[StageView]]:
    """By track id: its stages in order, each with its courses in order."""
    ids = list(track_ids)
    found: dict[int, list[StageView]] = {i: [] for i in ids}
    by_stage: dict[int, StageView] = {}
    for stage in session.scalars(select(Stage).where(Stage.track_id.in_(ids)).order_by(Stage.position, Stage.id)):
        by_stage[stage.id] = StageView(stage, [])
        found[stage.track_id].append(by_stage[stage.id])
    rows = select(StageCourse).where(StageCourse.track_id.in_(ids)).order_by(StageCourse.position, StageCourse.id)
    for row in session.scalars(rows):
        by_stage[row.stage_id].courses.append(row)
    return found


def get_stage(track: Track, stage_id: int) -> Stage:
    """A stage of the track. Raises NoSuchStage."""
    stage = session.get(Stage, stage_id)
    if stage is None or stage.track_id != track.id:
        raise NoSuchStage(_("没有这个阶段。"))
    return stage


def get_stage_course(track: Track, row_id: int) -> StageCourse:
    """A course's place in the track. Raises NoSuchStage."""
    row = session.get(StageCourse, row_id)
    if row is None or row.track_id != track.id:
        raise NoSuchStage(_("路线里没有这门课。"))
    return row


def find_membership(track_id: int, person_id: int) -> Membership | None:
    """The person's membership, left or not."""
    return session.get(Membership, (track_id, person_id))


def find_finish(track_id: int, person_id: int) -> Finish | JoinedFinish | None:
    """When and on what ground the person finished the track, themselves or under an account that was merged into theirs."""
    own = session.scalar(select(Finish).where(Finish.track_id == track_id, Finish.person_id == person_id))
    return own or session.scalar(select(JoinedFinish).where(
        JoinedFinish.track_id == track_id, JoinedFinish.person_id == person_id, JoinedFinish.ended_at.is_(None)).limit(1))


def list_joined(person_id: int) -> list[Track]:
    """Published tracks the person is in, last joined first."""
    return list(session.scalars(
        select(Track).join(Membership, Membership.track_id == Track.id)
        .where(Membership.person_id == person_id, Membership.left_at.is_(None), Track.state == PUBLISHED)
        .order_by(Membership.joined_at.desc())))


def count_members(track_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """By track: how many are in it (headcount, those who left not counted), how many finished it."""
    ids = list(track_ids)
    joined = dict(session.execute(
        select(Membership.track_id, func.count()).where(Membership.track_id.in_(ids), Membership.left_at.is_(None))
        .group_by(Membership.track_id)).all())
    done = dict(session.execute(
        select(Finish.track_id, func.count()).where(Finish.track_id.in_(ids)).group_by(Finish.track_id)).all())
    return {i: (joined.get(i, 0), done.get(i, 0) + more) for i, more in _more_finished(ids).items()}


def _more_finished(ids: list[int]) -> dict[int, int]:
    """By track: one more for whom only two merged accounts together finished it, one less for whom both did."""
    more = dict.fromkeys(ids, 0)
    for row in session.scalars(select(JoinedFinish).where(JoinedFinish.track_id.in_(ids), JoinedFinish.ended_at.is_(None))):
        more[row.track_id] += 1 if row.finish_id is None else -1 if row.is_double else 0
    return more


def list_tracks_with(person_id: int, course_id: int | None = None) -> list[Track]:
    """Tracks the person is in, with the course where given, whatever their state."""
    query = (select(Track).join(Membership, Membership.track_id == Track.id)
             .where(Membership.person_id == person_id, Membership.left_at.is_(None)))
    if course_id is not None:
        query = query.join(StageCourse, StageCourse.track_id == Track.id).where(StageCourse.course_id == course_id)
    return list(session.scalars(query))


def required_course_ids(track_id: int) -> list[int]:
    """Courses the track requires, as it stands."""
    return list(session.scalars(
        select(StageCourse.course_id).where(StageCourse.track_id == track_id, StageCourse.is_required)
        .order_by(StageCourse.course_id)))


def member_ids(track_id: int) -> list[int]:
    """Everybody in the track."""
    return list(session.scalars(
        select(Membership.person_id).where(Membership.track_id == track_id, Membership.left_at.is_(None))))
