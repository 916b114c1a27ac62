"""What was earned under another account of the same person and counts for an enrolment: whose claims, for which lessons.

Nothing is copied and nothing changes its owner. A Carry says that another enrolment's evidence, as it stood when the accounts
were merged, counts here; when they part, it says no longer. Lessons are matched by what they are, from the frozen revisions:
the same film, the same words, the same paper. (docs/decisions/0010-merging.md)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from guanxue import classes, courses
from guanxue.core.db import session
from guanxue.courses import RevisionLesson
from guanxue.learning import rules, sittings
from guanxue.learning.models import BeatRow, Carry, Completion, Enrolment, Move, Playback

Names = Sequence[Sequence[int]]  # [playback id, last seq]: evidence as it stood


@dataclass(frozen=True)
class Source:
    """An enrolment whose evidence counts. Of another's only `upto` (last seq by playback), for `lessons` (its lesson → ours),
    not for moments that are `busy`, and judged after our own claims that were there `before` (last seq by playback).

    None and empty: the enrolment's own, all of it. `lessons` also where it went on in a mended revision.
    """

    enrolment_id: int
    person_id: int
    lessons: dict[int, int] | None = None
    upto: dict[int, int] | None = None
    busy: tuple[tuple[int, int], ...] = ()
    before: dict[int, int] | None = None

    def comes_after(self, playback_id: int, seq: int) -> bool:
        """Was that row of our own claims there before this was carried over?"""
        return seq <= (self.before or {}).get(playback_id, 0)

    def takes(self, playback_id: int, seq: int) -> bool:
        """Does this row of claims count?"""
        return self.upto is None or seq <= self.upto.get(playback_id, 0)

    def lesson_for(self, lesson_id: int) -> int | None:
        """Our lesson for one of theirs; None where ours is another."""
        return lesson_id if self.lessons is None else self.lessons.get(lesson_id)

    def subjects(self, lesson_id: int) -> list[tuple[int, str]]:
        """(person, subject) of the attempts at our quiz lesson that this enrolment made."""
        theirs = [lesson_id] if self.lessons is None else [a for a, b in self.lessons.items() if b == lesson_id]
        return [(self.person_id, f"enrolment:{self.enrolment_id}/lesson:{a}") for a in theirs]


def own(enrolment: Enrolment) -> Source:
    """The enrolment's own evidence, also what it earned before it went on in a mended revision."""
    return Source(enrolment.id, enrolment.person_id,
                  _lessons(enrolment, enrolment.revision_id, by_length=False) if has_moved(enrolment) else None)


def has_moved(enrolment: Enrolment) -> bool:
    """Did it go on in a mended revision?"""
    return session.scalar(select(Move.id).where(Move.enrolment_id == enrolment.id).limit(1)) is not None


def pinned_ids(enrolment: Enrolment) -> list[int]:
    """Row ids of every revision that the enrolment ever pinned, the present one last."""
    earlier = session.scalars(select(Move.from_revision_id).where(Move.enrolment_id == enrolment.id).order_by(Move.id))
    return [*earlier, enrolment.revision_id]


def moved_at(enrolment: Enrolment, revision_id: int) -> datetime | None:
    """When it went on from that revision to another; None where it did not."""
    return session.scalar(select(Move.moved_at).where(
        Move.enrolment_id == enrolment.id, Move.from_revision_id == revision_id).order_by(Move.id.desc()).limit(1))


def _lessons(enrolment: Enrolment, revision_id: int, *, by_length: bool = True) -> dict[int, int]:
    """{lesson of any revision that the enrolment ever pinned: the same lesson of this revision}."""
    ours: dict[int, int] = {}
    for pinned in pinned_ids(enrolment):
        ours |= match(courses.lessons_of(pinned), courses.lessons_of(revision_id), by_length=by_length)
    return ours


def list_standing(enrolment: Enrolment) -> list[Carry]:
    """What is carried over to the enrolment now, oldest first; nobody asks for those who never merged."""
    if not enrolment.is_joined:
        return []
    return list(session.scalars(
        select(Carry).where(Carry.to_enrolment_id == enrolment.id, Carry.ended_at.is_(None)).order_by(Carry.id)))


def sources_of(enrolment: Enrolment, carries: Sequence[Carry] | None = None) -> list[Source]:
    """Everything that counts for the enrolment: its own evidence, and that of the carries (those that stand now)."""
    return [own(enrolment), *(of_carry(c, enrolment) for c in (list_standing(enrolment) if carries is None else carries))]


def of_carry(carry: Carry, to: Enrolment) -> Source:
    """A carry's evidence, as it stood then."""
    theirs, told = session.get(Enrolment, carry.from_enrolment_id), carry.document
    return source(theirs, to, told["playbacks"], told["beside"], told["own"], told.get("taught", ()))


def source(enrolment: Enrolment, to: Enrolment, playbacks: Names, beside: Names, before: Names,
           taught: Sequence[int] = ()) -> Source:
    """Another enrolment's evidence as it counts towards what `to` pins, beside what the account that stays was playing, and
    the classes (completions) that count for it."""
    lessons = _lessons(enrolment, to.revision_id, by_length=not (has_moved(enrolment) or has_moved(to)))
    return Source(enrolment.id, enrolment.person_id, lessons, _by_playback(playbacks),
                  tuple(rules.merge_spans(list(busy_of(beside)), classes_spans(taught))), _by_playback(before))


def _by_playback(names: Names) -> dict[int, int]:
    return dict(map(tuple, names))


def names_of(playbacks: Sequence[Playback]) -> tuple[tuple[int, int], ...]:
    """How evidence is named as it stands: (playback id, last seq)."""
    return tuple((p.id, p.last_seq) for p in playbacks if p.last_seq)


def match(theirs: Sequence[RevisionLesson], ours: Sequence[RevisionLesson], *, by_length: bool = True) -> dict[int, int]:
    """{their lesson: ours} where both are the same film, the same text or the same paper; each of ours once.

    Texts also have to be as long, which another policy may decide otherwise; not where a move promised the same words.
    """
    ids = {x.id for x in ours}
    found = {x.id: x.id for x in theirs if x.id in ids}
    free: dict[tuple, list[int]] = {}
    for lesson in ours:
        if lesson.id not in found:
            free.setdefault(_what(lesson, by_length), []).append(lesson.id)
    for lesson in theirs:
        if lesson.id not in found and (twins := free.get(_what(lesson, by_length))):
            found[lesson.id] = twins.pop(0)
    return found


def _what(lesson: RevisionLesson, by_length: bool) -> tuple:
    if lesson.kind == "quiz":  # what a question is worth in time is the policy's: a paper that was passed was passed
        return lesson.kind, lesson.paper_id
    content = lesson.asset_id if lesson.kind == "video" else lesson.body
    return lesson.kind, content, lesson.duration_ms if by_length else None


# ---- the moments in which both played


def list_evidence(enrolment_id: int) -> list[Playback]:
    """The enrolment's playbacks that claimed anything."""
    return list(session.scalars(
        select(Playback).where(Playback.enrolment_id == enrolment_id, Playback.last_seq > 0).order_by(Playback.id)))


def list_beside(person_ids: Sequence[int], playbacks: Sequence[Playback]) -> list[Playback]:
    """Playbacks of these people that heard claims for the time of any of the given ones."""
    return [p for p in _near(person_ids, playbacks, Playback.opened_ms + Playback.acked_t_ms)
            if any(_overlap(p.opened_ms + p.acked_t_ms, p, q) for q in playbacks)]


def list_unheard(person_id: int, playbacks: Sequence[Playback], since_ms: int) -> list[Playback]:
    """Playbacks of the person that ended after `since_ms` or not yet, and so may still claim time of the given ones."""
    endless = 2**62
    end = func.coalesce(Playback.ended_ms, endless)
    return [p for p in _near([person_id], playbacks, end)
            if (p.ended_ms or endless) > since_ms and any(_overlap(p.ended_ms or endless, p, q) for q in playbacks)]


def _near(person_ids: Sequence[int], playbacks: Sequence[Playback], end) -> list[Playback]:
    if not playbacks:
        return []
    first, last = min(p.opened_ms for p in playbacks), max(p.opened_ms + p.acked_t_ms for p in playbacks)
    return list(session.scalars(select(Playback).where(
        Playback.person_id.in_(list(person_ids)), Playback.opened_ms < last, end > first).order_by(Playback.id)))


def _overlap(end_ms: int, playback: Playback, other: Playback) -> bool:
    return playback.opened_ms < other.opened_ms + other.acked_t_ms and other.opened_ms < end_ms


def busy_of(beside: Names) -> tuple[tuple[int, int], ...]:
    """When those playbacks were really playing, up to the named rows: from their kept claims, judged again."""
    found: list[tuple[int, int]] = []
    for playback_id, last_seq in beside:
        playback = session.get(Playback, playback_id)
        lesson = courses.get_revision_lesson(playback.revision_lesson_id)
        terms = rules.Terms(lesson.duration_ms or 0, 0, lesson.duration_ms or 0)
        sitting = rules.Sitting(playback.opened_ms, None, playback.max_rate_permille)
        rows = session.execute(select(BeatRow.received_ms, BeatRow.ended_ms, BeatRow.claims)
                               .where(BeatRow.playback_id == playback_id, BeatRow.seq <= last_seq).order_by(BeatRow.seq))
        for row in rows:
            sitting = rules.Sitting(sitting.opened_ms, row.ended_ms, sitting.max_rate_permille, sitting.acked_t_ms,
                                    sitting.granted_ms)
            kept = sittings.read_row(row.claims) if playback.ticket_id else sittings.Kept(beats=rules.read_beats(row.claims))
            sitting, spans = rules.busy_spans(sitting, kept.beats, row.received_ms, terms, kept.busy)
            found += spans
    return tuple(rules.merge_spans([], found))


def classes_spans(completion_ids: Sequence[int]) -> list[tuple[int, int]]:
    """When these completed classes count."""
    return rules.merge_spans([], [span for one in completion_ids
                                  for span in classes.derive_completion(classes.get_completion(one)).spans])


# ---- what is complete


def find_completion(enrolment: Enrolment) -> Completion | None:
    """The completion that was carried over to the enrolment, while it stands."""
    return next((session.get(Completion, c.completion_id) for c in list_standing(enrolment) if c.completion_id), None)


def list_completions(person_id: int) -> list[Completion]:
    """Completions that were carried over to the person, while they stand."""
    return list(session.scalars(
        select(Completion).join(Carry, Carry.completion_id == Completion.id)
        .where(Carry.to_person_id == person_id, Carry.ended_at.is_(None)).order_by(Completion.id)))


def list_elsewhere(enrolment_ids: set[int]) -> set[int]:
    """Those of them whose evidence counts in another revision than it was earned in, or for another enrolment."""
    moved = select(Move.enrolment_id).where(Move.enrolment_id.in_(enrolment_ids))
    lent = select(Carry.from_enrolment_id).where(Carry.from_enrolment_id.in_(enrolment_ids), Carry.ended_at.is_(None))
    return {*session.scalars(moved), *session.scalars(lent)}


def list_tied(enrolment_id: int) -> list[int]:
    """Enrolments that ever lent the enrolment their evidence, or it to them."""
    lent = select(Carry.from_enrolment_id).where(Carry.to_enrolment_id == enrolment_id)
    took = select(Carry.to_enrolment_id).where(Carry.from_enrolment_id == enrolment_id)
    return sorted({*session.scalars(lent), *session.scalars(took)})
