"""What players were heard to claim, for whoever looks at the evidence: plays by time, and their beats."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from guanxue.core.db import session
from guanxue.learning import carried, rules
from guanxue.learning.models import BeatRow, Playback


@dataclass(frozen=True)
class Heard:
    """A playback as the server heard it; epoch milliseconds. `granted_ms`: what counted of it."""

    id: int
    person_id: int
    enrolment_id: int
    revision_lesson_id: int
    opened_ms: int
    heard_ms: int
    ended_ms: int | None
    requests: int
    granted_ms: int


_COLUMNS = (Playback.id, Playback.person_id, Playback.enrolment_id, Playback.revision_lesson_id, Playback.opened_ms,
            Playback.contact_ms, Playback.ended_ms, Playback.last_seq, Playback.granted_ms)


def list_heard(since_ms: int, until_ms: int) -> list[Heard]:
    """Playbacks that were opened in between, in order; those under a ticket, which are told afterwards, are left out."""
    rows = session.execute(select(*_COLUMNS).where(
        Playback.opened_ms >= since_ms, Playback.opened_ms < until_ms, Playback.ticket_id.is_(None))
        .order_by(Playback.opened_ms, Playback.id))
    return [Heard(*row) for row in rows]


def find_heard(playback_id: int) -> Heard | None:
    """The playback with that row id."""
    row = session.execute(select(*_COLUMNS).where(Playback.id == playback_id)).first()
    return Heard(*row) if row else None


def list_played(playback_id: int) -> tuple[tuple[int, int], ...]:
    """When the playback really played, as it would count: sorted, disjoint spans of epoch milliseconds."""
    heard = find_heard(playback_id)
    return carried.busy_of([(playback_id, heard.requests)]) if heard else ()


def list_claims(playback_id: int) -> list[tuple[int, list[rules.Beat]]]:
    """(received at, beats) of each request of a playback, in order."""
    rows = session.execute(select(BeatRow.received_ms, BeatRow.claims).where(BeatRow.playback_id == playback_id)
                           .order_by(BeatRow.seq))
    return [(received, rules.read_beats(claims)) for received, claims in rows]
