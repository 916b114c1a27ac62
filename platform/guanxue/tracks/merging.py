"""The tracks of two accounts of one person: one membership, and what both finished, as long as they stand merged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from guanxue import courses, jobs, learning
from guanxue.accounts import Effect, Merging, Plan
from guanxue.core import clock, generation
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.tracks.models import Finish, JoinedFinish, Membership, Track
from guanxue.tracks.queries import find_finish, find_membership, required_course_ids


@dataclass(frozen=True)
class Step:
    """What becomes of one track of the merged account: `joins` it for the one that stays, `finish`es it by theirs ("own"), by
    what both completed ("both"), not (""), or twice ("double")."""

    track_id: int
    joins: bool
    finish: str
    evidence: tuple[tuple[str, int], ...] = ()


def plan_merge(kept_id: int, merged_id: int) -> Plan:
    """Track by track: memberships, finishes."""
    rules = learning.foresee_completions(kept_id, merged_id)
    counted = {c.course_id: c.id for c in learning.list_completions(merged_id) if rules.get(c.id) == ""}
    done = counted | {c.course_id: c.id for c in learning.list_counted(kept_id)}
    effects, steps = [], []
    for track in _tracks_of(kept_id, merged_id):
        step = _step(track, kept_id, merged_id, done)
        if step.joins or step.finish:
            steps.append(step)
            effects += _effects(step, track)
    return Plan(tuple(effects), tuple(steps))


def _tracks_of(*person_ids: int) -> list[Track]:
    """Tracks that either is in or has finished."""
    joined = select(Membership.track_id).where(Membership.person_id.in_(person_ids), Membership.left_at.is_(None))
    finished = select(Finish.track_id).where(Finish.person_id.in_(person_ids))
    return list(session.scalars(select(Track).where(Track.id.in_(joined.union(finished))).order_by(Track.id)))


def _step(track: Track, kept_id: int, merged_id: int, done: dict[int, int]) -> Step:
    mine, theirs = (find_membership(track.id, i) for i in (kept_id, merged_id))
    is_theirs, is_mine = (m is not None and m.left_at is None for m in (theirs, mine))
    finish = _finish(track, kept_id, merged_id, done, is_in=is_mine or is_theirs)
    evidence: tuple = ()
    if finish == "both":
        slugs = {i: c.slug for i, c in courses.courses_by_id(required_course_ids(track.id)).items()}
        evidence = tuple(sorted((slug, done[i]) for i, slug in slugs.items()))
    return Step(track.id, is_theirs and not is_mine, finish, evidence)


def _finish(track: Track, kept_id: int, merged_id: int, done: dict[int, int], *, is_in: bool) -> str:
    theirs = session.scalar(select(Finish.id).where(Finish.track_id == track.id, Finish.person_id == merged_id))
    mine = find_finish(track.id, kept_id)
    if mine is not None:
        return "double" if theirs is not None else ""
    if theirs is not None:
        return "own"
    required = required_course_ids(track.id)
    return "both" if is_in and required and set(required) <= set(done) else ""


def _effects(step: Step, track: Track) -> list[Effect]:
    subject, found = f"track:{track.id}", []
    if step.joins:
        found.append(Effect("membership.moved", subject, _("学习路线“%(title)s”转过来。", title=track.title)))
    if step.finish == "own":
        found.append(Effect("finish.moved", subject, _("学习路线“%(title)s”算学完。", title=track.title)))
    if step.finish == "both":
        told = _("学习路线“%(title)s”：两个账号学完的课合起来，这条路线算学完。", title=track.title)
        found.append(Effect("finish.joined", subject, told))
    if step.finish == "double":
        told = _("学习路线“%(title)s”两个账号都学完了，只算一个人。", title=track.title)
        found.append(Effect("finish.double", subject, told))
    return found


def merge(actor: Actor, merging: Merging, plan: Plan) -> dict:
    """Carry out the plan; gives what the way back needs."""
    now, done = clock.now(), []
    for step in plan.steps:
        done.append({"track": step.track_id, "was": _join(merging, step, now) if step.joins else None})
        if step.finish:
            _add_finish(merging, step, now)
    left = []
    for membership in session.scalars(select(Membership).where(
            Membership.person_id == merging.merged_id, Membership.left_at.is_(None)).order_by(Membership.track_id)):
        membership.left_at = now
        left.append(membership.track_id)
    session.flush()
    generation.bump("tracks")
    return {"steps": done, "left": left}


def _join(merging: Merging, step: Step, now: datetime) -> str:
    """The account that stays is in the track now; how it stood before: "" for never, else when it had left."""
    theirs, mine = (find_membership(step.track_id, i) for i in (merging.merged_id, merging.kept_id))
    if mine is None:
        session.add(Membership(track_id=step.track_id, person_id=merging.kept_id, joined_at=theirs.joined_at))
        return ""
    was, mine.left_at = mine.left_at, None
    return was.isoformat()


def _add_finish(merging: Merging, step: Step, now: datetime) -> None:
    theirs = session.scalar(select(Finish).where(Finish.track_id == step.track_id, Finish.person_id == merging.merged_id))
    session.add(JoinedFinish(
        merge_code=merging.code, track_id=step.track_id, person_id=merging.kept_id, finish_id=theirs.id if theirs else None,
        is_double=step.finish == "double", evidence=theirs.evidence if theirs else dict(step.evidence),
        finished_at=theirs.finished_at if theirs else now))


# ---- undoing it


def plan_part(merging: Merging, documents: dict) -> Plan:
    """Memberships as they were; finishes that came with the other account go back with it."""
    document = documents.get("tracks", {"steps": [], "left": []})
    ids = sorted({*(d["track"] for d in document["steps"]), *document["left"]})
    titles = dict(session.execute(select(Track.id, Track.title).where(Track.id.in_(ids))).all())
    effects = [Effect("membership.returned", f"track:{i}", _("学习路线“%(title)s”回到原来的账号。", title=titles[i]))
               for i in ids if i in titles]
    return Plan(tuple(effects), (tuple((d["track"], d["was"]) for d in document["steps"]), tuple(document["left"])))


def part(actor: Actor, merging: Merging, plan: Plan) -> None:
    """Carry out the plan of a parting; what the account that stays finished by itself meanwhile is written down for it."""
    steps, left = plan.steps
    for row in session.scalars(select(JoinedFinish).where(
            JoinedFinish.merge_code == merging.code, JoinedFinish.ended_at.is_(None))).all():
        row.ended_at = clock.now()
    for track_id, was in steps:
        if was is not None:
            _leave_again(find_membership(track_id, merging.kept_id), was)
    for track_id in left:
        membership = find_membership(track_id, merging.merged_id)
        if membership is not None:
            membership.left_at = None
    session.flush()
    generation.bump("tracks")
    for person_id in (merging.kept_id, merging.merged_id):
        jobs.enqueue("tracks.settle", {"person_id": person_id}, key=f"person:{person_id}")


def _leave_again(membership: Membership, was: str) -> None:
    if membership.left_at is not None:
        return
    if was:
        membership.left_at = datetime.fromisoformat(was)
    else:
        session.delete(membership)
