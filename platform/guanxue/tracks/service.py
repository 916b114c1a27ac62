"""Changes to tracks: making one, its stages and courses, publishing, joining, finishing."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from guanxue import accounts, audit, courses, jobs, learning, search, standards
from guanxue.core import clock, events, generation
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session
from guanxue.core.errors import Forbidden, Invalid
from guanxue.core.i18n import lazy as _
from guanxue.tracks import rules
from guanxue.tracks.errors import AlreadyInTrack, NotPublished
from guanxue.tracks.events import TrackFinished
from guanxue.tracks.models import DRAFT, PUBLISHED, Finish, Membership, Stage, StageCourse, Track
from guanxue.tracks.queries import (
    find_finish,
    find_membership,
    get_stage,
    get_stage_course,
    list_stages,
    list_tracks_with,
    required_course_ids,
)

# ---- the track


def create_track(actor: Actor, *, town_slug: str, title: str, summary: str = "", industry: str = "",
                 slug: str | None = None) -> Track:
    """A new draft of a town. Needs "curate" there. Raises Invalid with fields, NoSuchTown, Forbidden."""
    town = accounts.get_town(town_slug)
    _must_curate(actor, town.slug)
    _check_facts(title, industry, None)
    now = clock.now()
    track = Track(slug=slug or f"{town.slug}-{secrets.token_hex(3)}", town_id=town.id, title=title.strip(),
                  summary=summary.strip()[: rules.LONGEST_SUMMARY], industry=industry, occupations=[], state=DRAFT,
                  created_by=actor.ref, created_at=now, updated_at=now)
    session.add(track)
    session.flush()
    audit.record(actor, "tracks.track.created", f"track:{track.id}", {"slug": track.slug, "town": town.slug})
    return track


def _must_curate(actor: Actor, town_slug: str) -> None:
    if actor.kind != "system":
        actor.must_be_person()
    if not rules.may_curate(actor, town_slug):
        raise Forbidden(_("你不负责这个镇街的学习路线。"))


def _must_edit(actor: Actor, track: Track) -> None:
    town = next((t.slug for t in accounts.list_towns() if t.id == track.town_id), "")
    _must_curate(actor, town)


def _check_facts(title: str, industry: str, target_headcount: int | None) -> None:
    faults = []
    if not 2 <= len(title.strip()) <= rules.LONGEST_TITLE:
        faults.append({"field": "title", "message": _("名称应有 2 到 60 个字。")})
    if industry and industry not in {i.slug for i in standards.list_industries()}:
        faults.append({"field": "industry", "message": _("没有这个行业。")})
    if target_headcount is not None and not 1 <= target_headcount <= 10_000_000:
        faults.append({"field": "target_headcount", "message": _("目标人数应为正整数。")})
    if faults:
        raise Invalid(_("路线信息有误。"), fields=faults)


def edit_track(actor: Actor, track: Track, *, title: str, summary: str, industry: str, target_headcount: int | None = None,
               target_by_on: date | None = None) -> None:
    """Change a track's facts and target (people, city day). Raises Invalid, Forbidden."""
    _must_edit(actor, track)
    _check_facts(title, industry, target_headcount)
    track.title, track.summary, track.industry = title.strip(), summary.strip()[: rules.LONGEST_SUMMARY], industry
    track.target_headcount, track.target_by_on = target_headcount, target_by_on
    _changed(actor, track, "tracks.track.edited")


def _changed(actor: Actor, track: Track, action: str, detail: dict | None = None) -> None:
    """Tell everybody who keeps a copy; where it is published, whoever now meets it finishes."""
    track.updated_at = clock.now()
    session.flush()
    generation.bump("tracks")
    search.touch("track", track.slug)
    if track.state == PUBLISHED:
        jobs.enqueue("tracks.settle", {"track_id": track.id}, key=f"track:{track.id}")
    audit.record(actor, action, f"track:{track.id}", detail)


def publish_track(actor: Actor, track: Track) -> None:
    """Show it to everybody. Raises Invalid with every reason why not."""
    _must_edit(actor, track)
    stages = [(v.stage.title, len(v.courses), sum(c.is_required for c in v.courses)) for v in list_stages([track.id])[track.id]]
    faults = rules.publish_faults(track.title, stages)
    if faults:
        raise Invalid(_("还不能发布：%(why)s", why=faults[0]), fields=[{"field": "stages", "message": f} for f in faults])
    track.state = PUBLISHED
    track.published_at = track.published_at or clock.now()
    _changed(actor, track, "tracks.track.published")


def withdraw_track(actor: Actor, track: Track) -> None:
    """Back to a draft; members and finishes stay."""
    _must_edit(actor, track)
    track.state = DRAFT
    _changed(actor, track, "tracks.track.withdrawn")


# ---- stages


def add_stage(actor: Actor, track: Track, title: str) -> Stage:
    """A stage at the end. Raises Invalid."""
    _must_edit(actor, track)
    title = _stage_title(title)
    count = session.scalar(select(func.count()).select_from(Stage).where(Stage.track_id == track.id)) or 0
    if count >= rules.MOST_STAGES:
        raise Invalid(_("一条路线最多 %(n)s 个阶段。", n=rules.MOST_STAGES))
    stage = Stage(track_id=track.id, title=title, position=count + 1)
    session.add(stage)
    _changed(actor, track, "tracks.stage.added", {"title": title})
    return stage


def _stage_title(title: str) -> str:
    title = title.strip()
    if not 1 <= len(title) <= rules.LONGEST_TITLE:
        raise Invalid(_("阶段信息有误。"), fields=[{"field": "stage_title", "message": _("请填写阶段名称，最多 60 个字。")}])
    return title


def rename_stage(actor: Actor, track: Track, stage_id: int, title: str) -> None:
    """Give a stage another title. Raises NoSuchStage, Invalid."""
    _must_edit(actor, track)
    stage = get_stage(track, stage_id)
    stage.title = _stage_title(title)
    _changed(actor, track, "tracks.stage.renamed", {"stage": stage_id, "title": stage.title})


def move_stage(actor: Actor, track: Track, stage_id: int, steps: int) -> None:
    """Move a stage up (-1) or down (+1). Raises NoSuchStage."""
    _must_edit(actor, track)
    _move([v.stage for v in list_stages([track.id])[track.id]], get_stage(track, stage_id), steps)
    _changed(actor, track, "tracks.stage.moved", {"stage": stage_id, "steps": steps})


def _move(rows: list, row, steps: int) -> None:
    old = rows.index(row)
    rows.insert(max(0, min(len(rows) - 1, old + steps)), rows.pop(old))
    _number(rows)


def _number(rows: Sequence) -> None:
    for position, row in enumerate(rows, 1):
        row.position = position


def remove_stage(actor: Actor, track: Track, stage_id: int) -> None:
    """Take a stage with its courses out of the track. Raises NoSuchStage."""
    _must_edit(actor, track)
    stage = get_stage(track, stage_id)
    session.execute(delete(StageCourse).where(StageCourse.stage_id == stage.id))
    session.delete(stage)
    session.flush()
    _number([v.stage for v in list_stages([track.id])[track.id]])
    _changed(actor, track, "tracks.stage.removed", {"title": stage.title})


# ---- courses


def add_course(actor: Actor, track: Track, stage_id: int, course_slug: str, *, is_required: bool = True) -> StageCourse:
    """Put a course of the catalogue at the end of a stage. Raises NoSuchStage, NoSuchCourse, AlreadyInTrack, Invalid."""
    _must_edit(actor, track)
    stage, item = get_stage(track, stage_id), courses.find_item(course_slug)
    if item is None:
        raise courses.NoSuchCourse(_("目录里没有这门课。"))
    there = list(session.scalars(select(StageCourse).where(StageCourse.track_id == track.id)))
    if len(there) >= rules.MOST_COURSES:
        raise Invalid(_("一条路线最多 %(n)s 门课。", n=rules.MOST_COURSES))
    row = StageCourse(track_id=track.id, stage_id=stage.id, course_id=item.id, is_required=is_required,
                      position=1 + sum(r.stage_id == stage.id for r in there))
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise AlreadyInTrack(_("“%(title)s”已经在这条路线里了。", title=item.title)) from None
    _changed(actor, track, "tracks.course.added", {"course": course_slug, "stage": stage.title})
    return row


def move_course(actor: Actor, track: Track, row_id: int, steps: int) -> None:
    """Move a course up (-1) or down (+1); past the end of its stage it goes into the next one. Raises NoSuchStage."""
    _must_edit(actor, track)
    row = get_stage_course(track, row_id)
    views = list_stages([track.id])[track.id]
    here = next(n for n, v in enumerate(views) if v.stage.id == row.stage_id)
    rows = views[here].courses
    at = rows.index(row) + steps
    if 0 <= at < len(rows):
        _move(rows, row, steps)
    elif 0 <= here + steps < len(views):
        other = views[here + steps]
        rows.remove(row)
        row.stage_id = other.stage.id
        _number(rows)
        _number([*other.courses, row] if steps < 0 else [row, *other.courses])
    _changed(actor, track, "tracks.course.moved", {"row": row_id, "steps": steps})


def remove_course(actor: Actor, track: Track, row_id: int) -> None:
    """Take a course out of the track. Raises NoSuchStage."""
    _must_edit(actor, track)
    row = get_stage_course(track, row_id)
    stage_id, course_id = row.stage_id, row.course_id
    session.delete(row)
    session.flush()
    _number(next(v.courses for v in list_stages([track.id])[track.id] if v.stage.id == stage_id))
    _changed(actor, track, "tracks.course.removed", {"course_id": course_id})


def set_required(actor: Actor, track: Track, row_id: int, is_required: bool) -> None:
    """Make a course required or elective. Raises NoSuchStage."""
    _must_edit(actor, track)
    get_stage_course(track, row_id).is_required = is_required
    _changed(actor, track, "tracks.course.required" if is_required else "tracks.course.elective", {"row": row_id})


# ---- people


def join_track(actor: Actor, track: Track) -> Membership:
    """Join a published track; again is the same, also after leaving. Raises Unauthenticated, NotPublished."""
    actor.must_be_person()
    if track.state != PUBLISHED:
        raise NotPublished(_("这条路线还没有发布。"))
    membership = find_membership(track.id, actor.id)
    if membership is not None and membership.left_at is None:
        return membership
    if membership is None:
        membership = Membership(track_id=track.id, person_id=actor.id, joined_at=clock.now())
        try:
            with session.begin_nested():
                session.add(membership)
        except IntegrityError:  # the same person pressed twice
            return find_membership(track.id, actor.id)
    membership.left_at = None
    session.flush()
    generation.bump("tracks")
    audit.record(actor, "tracks.membership.joined", f"track:{track.id}")
    settle_person(track.id, actor.id)
    return membership


def leave_track(actor: Actor, track: Track) -> None:
    """Leave; courses and credits stay. Again is the same."""
    membership = find_membership(track.id, actor.id) if actor.is_person else None
    if membership is None or membership.left_at is not None:
        return
    membership.left_at = clock.now()
    session.flush()
    generation.bump("tracks")
    audit.record(actor, "tracks.membership.left", f"track:{track.id}")


def settle_completion(event: learning.CourseCompleted) -> None:
    """A course was completed: is a track of that person finished with it?"""
    for track in list_tracks_with(event.person_id, event.course_id):
        settle_person(track.id, event.person_id)


def settle_later(event: learning.CourseCompleted) -> None:
    """What a settling that failed is left to: a job."""
    jobs.enqueue("tracks.settle", {"person_id": event.person_id}, key=f"person:{event.person_id}")


def settle_person(track_id: int, person_id: int) -> bool:
    """Write the finish down where every required course is complete; once. True when it is (or was) finished."""
    if find_finish(track_id, person_id) is not None:
        return True
    required = required_course_ids(track_id)
    done = {c.course_id: c.id for c in learning.list_counted(person_id) if c.course_id in set(required)}
    if not required or len(done) < len(required):
        return False
    slugs = {i: c.slug for i, c in courses.courses_by_id(required).items()}
    finish = Finish(track_id=track_id, person_id=person_id, finished_at=clock.now(),
                    evidence={slugs[i]: completion_id for i, completion_id in sorted(done.items())})
    try:
        with session.begin_nested():
            session.add(finish)
    except IntegrityError:
        return True
    generation.bump("tracks")
    audit.record(SYSTEM, "tracks.track.finished", f"track:{track_id}", {"person": person_id, "evidence": finish.evidence})
    events.emit(TrackFinished(track_id, person_id))
    return True


# ---- the shipped tracks

FIRST_STAGE = "起步"  # data of the track, in its own language


def load_tracks(actor: Actor, rows: list[dict]) -> int:
    """Tracks from the catalogue's tracks.csv that are not there yet, with a first draft of stages, published.

    A track that is there is its town's own and left alone. How many rows there are. Needs "administer".
    """
    actor.require("administer")
    known = set(session.scalars(select(Track.slug)))
    towns = {t.slug: t for t in accounts.list_towns()}
    by_occupation: dict[str, list[rules.Candidate]] = {}
    by_slug: dict[str, int] = {}
    for item in courses.snapshot().items:
        by_occupation.setdefault(item.occupation, []).append(
            rules.Candidate(item.id, item.level, item.status == "open", item.occupation, item.title))
        if item.status == "open":
            by_slug[item.slug] = item.id
    industries = {i.id: i.slug for i in standards.list_industries()}
    for row in rows:
        if row["track_id"] not in known and row["town_id"] in towns:
            first = [by_slug[slug] for slug in (row.get("first_courses") or "").split(";") if slug in by_slug]
            _load_track(actor, row, by_occupation, industries, first)
    return len(rows)


def _load_track(actor: Actor, row: dict, by_occupation: dict, industries: dict[int, str], first: list[int]) -> None:
    """Lay one track. The courses of `first` are its first stage, all required; none of them stands in it again."""
    trades = [t for slug in row["occupation_ids"].split(";") if (t := standards.find_occupation(slug))]
    track = create_track(actor, town_slug=row["town_id"], title=row["title_zh"], slug=row["track_id"],
                         industry=industries.get(trades[0].industry_id, "") if trades else "")
    track.title_en, track.occupations = row["title_en"], [t.slug for t in trades]
    candidates = [c for t in trades for c in by_occupation.get(t.slug, []) if c.course_id not in first]
    stages = [(str(standards.level_name(level) or _("综合")), chosen)
              for level, chosen in rules.propose_stages(track.occupations, candidates, is_begun=bool(first))]
    if first:
        stages.insert(0, (FIRST_STAGE, [(course_id, True) for course_id in first]))
    for position, (title, chosen) in enumerate(stages, 1):
        stage = Stage(track_id=track.id, title=title, position=position)
        session.add(stage)
        session.flush()
        session.add_all(StageCourse(track_id=track.id, stage_id=stage.id, course_id=course_id, position=n, is_required=required)
                        for n, (course_id, required) in enumerate(chosen, 1))
    session.flush()
    if list_stages([track.id])[track.id]:
        publish_track(actor, track)
