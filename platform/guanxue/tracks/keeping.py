"""What this room tells a person about their tracks, and forgets when they go."""

from __future__ import annotations

from sqlalchemy import select, update

from guanxue.accounts import Effect
from guanxue.core import clock, generation
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.tracks.models import Finish, JoinedFinish, Membership, Track

# Table → where export() tells of it.
KEEPS = {"tracks_membership": "tracks", "tracks_finish": "finishes", "tracks_joined_finish": "joined_finishes"}


def export(person_id: int) -> dict:
    """Tracks the person joined, and finished."""
    joined = session.execute(select(Membership, Track.title).join(Track, Track.id == Membership.track_id)
                             .where(Membership.person_id == person_id).order_by(Membership.joined_at))
    finished = session.execute(select(Finish, Track.title).join(Track, Track.id == Finish.track_id)
                               .where(Finish.person_id == person_id).order_by(Finish.id))
    joined_finishes = session.execute(select(JoinedFinish, Track.title).join(Track, Track.id == JoinedFinish.track_id)
                                      .where(JoinedFinish.person_id == person_id).order_by(JoinedFinish.id))
    return {
        "joined_finishes": [{"track": title, "code": f.merge_code, "finished_at": f.finished_at.isoformat()}
                            for f, title in joined_finishes],
        "tracks": [{"track": title, "joined_at": m.joined_at.isoformat(), "left_at": m.left_at.isoformat() if m.left_at else ""}
                   for m, title in joined],
        "finishes": [{"track": title, "finished_at": f.finished_at.isoformat()} for f, title in finished],
    }


def erase(actor: Actor, person_id: int) -> list[Effect]:
    """Leave every track. Finishes stay: a town's count rests on them."""
    session.execute(update(Membership).where(Membership.person_id == person_id, Membership.left_at.is_(None))
                    .values(left_at=clock.now()).execution_options(synchronize_session="fetch"))
    generation.bump("tracks")
    return left(person_id)


def left(person_id: int) -> list[Effect]:
    """What stays, and why; also told before."""
    return [Effect("finish.kept", "tracks", _(
        "加入和学完学习路线的记录以“已注销用户”保留：镇街的人数统计凭它们。"))]
