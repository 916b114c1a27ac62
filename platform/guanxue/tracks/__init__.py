"""One-town-one-product tracks (一镇一品): a town's industry as a path of courses in ordered stages.

A curator of the town builds a track from the catalogue and publishes it; learners join and see how far they are. A finish
is written down once, with the completions it rests on, so that later changes of the track take nothing from anybody.
"""

from guanxue.tracks.errors import AlreadyInTrack, NoSuchStage, NoSuchTrack, NotPublished
from guanxue.tracks.events import TrackFinished
from guanxue.tracks.models import Finish, Membership, Stage, StageCourse, Track
from guanxue.tracks.queries import (
    StageView,
    count_members,
    find_finish,
    find_membership,
    find_track,
    get_stage,
    get_track,
    list_joined,
    list_stages,
    list_towns_curated,
    list_tracks,
)
from guanxue.tracks.rules import Step, TrackProgress, measure, propose_stages
from guanxue.tracks.service import (
    add_course,
    add_stage,
    create_track,
    edit_track,
    join_track,
    leave_track,
    load_tracks,
    move_course,
    move_stage,
    publish_track,
    remove_course,
    remove_stage,
    rename_stage,
    set_required,
    settle_completion,
    settle_later,
    settle_person,
    withdraw_track,
)

__all__ = [
    "Track", "Stage", "StageCourse", "Membership", "Finish", "StageView", "Step", "TrackProgress", "TrackFinished",
    "NoSuchTrack", "NoSuchStage", "AlreadyInTrack", "NotPublished", "get_track", "get_stage", "list_tracks", "list_stages",
    "list_joined", "list_towns_curated", "find_membership", "find_track", "find_finish", "count_members", "measure",
    "propose_stages", "create_track", "edit_track", "add_stage", "rename_stage", "move_stage", "remove_stage", "add_course",
    "move_course",
    "remove_course", "set_required", "publish_track", "withdraw_track", "join_track", "leave_track", "settle_completion",
    "settle_later", "settle_person", "load_tracks",
]
