"""Watch evidence: the player's protocol on the server's side, and what it adds up to.

What a request claimed is kept as it came, chained under the server's key; what it earned is decided by rules.judge() and
can be decided again from the kept claims alone.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Row, and_, case, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from guanxue import accounts, classes, courses, policies, quizzes
from guanxue.core import clock, events
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.core.settings import settings
from guanxue.courses import RevisionLesson
from guanxue.learning import carried, presence, rules
from guanxue.learning import sittings as offline
from guanxue.learning.aside import set_aside
from guanxue.learning.carried import Source
from guanxue.learning.errors import LessonNotReady
from guanxue.learning.events import StudyBegan
from guanxue.learning.models import BeatRow, Enrolment, Playback, Progress, Ticket
from guanxue.learning.queries import enrolment_for_lesson, get_enrolment, progress_rows
from guanxue.policies import Numbers


@dataclass(frozen=True)
class Answer:
    """What a beat or close is answered with; milliseconds, coverage in permille."""

    nonce: str
    next_seq: int
    acked_t_ms: int
    gained_ms: int
    credited_ms: int
    coverage_permille: int
    is_complete: bool
    has_ended: bool
    challenge: presence.Challenge | None = None  # a presence check that waits for an answer
    day_left_ms: int | None = None  # what the policy still lets count today, where it bounds a day


def nonce_of(code: str, n: int) -> str:
    """The word the request with seq n+1 must carry; nothing to store."""
    return rules.nonce_of(settings().derive_key("playback"), code, n)


def lock_enrolment(enrolment_id: int) -> Enrolment:
    """The enrolment, locked: what changes its evidence queues up here."""
    return session.scalar(select(Enrolment).where(Enrolment.id == enrolment_id).with_for_update()
                          .execution_options(populate_existing=True))


def has_beats(enrolment_id: int) -> bool:
    """Was anything ever claimed for this enrolment, or may it still be, by a player that had no network?"""
    since = clock.now_ms() - rules.GRACE_MS
    still = func.coalesce(Playback.ended_ms, Playback.contact_ms + rules.SILENCE_ENDS_MS) >= since
    taken = select(Ticket.id).where(Ticket.enrolment_id == enrolment_id, Ticket.until_ms >= since)
    if session.scalar(taken.limit(1)) is not None:
        return True
    return session.scalar(select(Playback.id).where(
        Playback.enrolment_id == enrolment_id, or_(Playback.last_seq > 0, still)).limit(1)) is not None


# ---- opening and ending


def open_playback(actor: Actor, lesson: RevisionLesson, key: str | None) -> tuple[Playback, bool]:
    """(playback, is it new). The same key is the same playback, also while the lesson rests or after they went on in a mended
    version: what was played in it is still told. A new one ends the person's other one at this instant.

    Raises NotEnrolled, LessonNotReady, and what courses.must_not_rest raises of a new one.
    """
    accounts.lock_person(actor.id)
    there = _by_key(actor, lesson, key)
    if there is not None and get_enrolment(there.enrolment_id).left_at is None:
        events.emit(StudyBegan(actor, f"playback:{there.id}"))
        return there, False
    enrolment = enrolment_for_lesson(actor, lesson)
    if lesson.kind == "quiz":
        raise LessonNotReady(_("考核不用播放。"))
    if lesson.duration_ms is None:
        raise LessonNotReady(_("这节课的视频还在制作，请稍后再来。"))
    courses.must_not_rest(lesson)
    now = clock.now_ms()
    end_playbacks(actor.id, now)
    numbers = policies.get_policy(enrolment.policy_id).numbers
    rate = numbers.max_rate_permille if lesson.kind == "video" else 1000
    code = secrets.token_urlsafe(15)
    playback = Playback(
        code=code, person_id=actor.id, enrolment_id=enrolment.id, revision_lesson_id=lesson.id, key=key, opened_ms=now,
        max_rate_permille=rate, contact_ms=now,
        chain=rules.first_link(chain_key(), code, actor.id, lesson.id, now, rate))
    try:
        with session.begin_nested():
            session.add(playback)
    except IntegrityError:
        return _by_key(actor, lesson, key), False
    events.emit(StudyBegan(actor, f"playback:{playback.id}"))
    return playback, True


def _by_key(actor: Actor, lesson: RevisionLesson, key: str | None) -> Playback | None:
    if key is None:
        return None
    return session.scalar(select(Playback).where(
        Playback.person_id == actor.id, Playback.revision_lesson_id == lesson.id, Playback.key == key))


def end_playbacks(person_id: int, now_ms: int | None = None, *, enrolment_id: int | None = None) -> None:
    """End the person's open playback, if there is one (in that enrolment, where given)."""
    now = clock.now_ms() if now_ms is None else now_ms
    silent = Playback.contact_ms + rules.SILENCE_ENDS_MS
    open_ones = update(Playback).where(Playback.person_id == person_id, Playback.ended_ms.is_(None))
    if enrolment_id is not None:
        open_ones = open_ones.where(Playback.enrolment_id == enrolment_id)
    session.execute(open_ones.values(ended_ms=case((silent < now, silent), else_=now))
                    .execution_options(synchronize_session="fetch"))


def end_of(playback: Playback) -> int | None:
    """When it ended; None while it is open."""
    return rules.end_of(playback.opened_ms, playback.ended_ms, playback.contact_ms, clock.now_ms())


def close_playback(playback: Playback) -> Answer:
    """End it now; again is the same."""
    if end_of(playback) is None:
        playback.ended_ms = playback.contact_ms = clock.now_ms()
        session.flush()
    return answer_of(playback)


# ---- where a playback stands


def terms_of(duration_ms: int | None, numbers: Numbers) -> rules.Terms:
    """By what a lesson of that length is judged under a policy."""
    return rules.Terms(duration_ms or 0, numbers.late_after_ms, numbers.late_cap_ms, numbers.beat_every_s * 1000)


def chain_key() -> bytes:
    """The key under which claims are chained."""
    return settings().derive_key("evidence")


def answer_of(playback: Playback, gained_ms: int = 0) -> Answer:
    """The present state, as beats and closing are answered."""
    lesson = courses.get_revision_lesson(playback.revision_lesson_id)
    progress = session.get(Progress, (playback.enrolment_id, lesson.id))
    credited = progress.credited_ms if progress else 0
    return Answer(nonce_of(playback.code, playback.last_seq), playback.last_seq + 1, playback.acked_t_ms, gained_ms, credited,
                  credited * 1000 // lesson.duration_ms if lesson.duration_ms else 0,
                  bool(progress and progress.is_complete), end_of(playback) is not None)


# ---- what it adds up to


def progress_row(enrolment: Enrolment, lesson: RevisionLesson) -> Progress:
    """The lesson's progress; what the cache has lost of the enrolment is made again from evidence first."""
    row = session.get(Progress, (enrolment.id, lesson.id))
    if row is None:
        restore_progress(enrolment)
        row = session.get(Progress, (enrolment.id, lesson.id)) or _empty_progress(enrolment, lesson)
        session.add(row)
        session.flush()
    return row


def _empty_progress(enrolment: Enrolment, lesson: RevisionLesson) -> Progress:
    return Progress(enrolment_id=enrolment.id, revision_lesson_id=lesson.id, spans=b"", credited_ms=0, late_ms=0, resume_ms=0,
                    is_complete=False)


def restore_progress(enrolment: Enrolment) -> None:
    """Make the rows again that the cache should have: all at once, for late time is counted over the whole course."""
    if enrolment.is_joined or carried.has_moved(enrolment):  # rows of this revision rest on evidence of others
        rebuild_progress(enrolment)
        return
    lost = set(session.scalars(
        select(Playback.revision_lesson_id)
        .outerjoin(Progress, and_(Progress.enrolment_id == Playback.enrolment_id,
                                  Progress.revision_lesson_id == Playback.revision_lesson_id))
        .where(Playback.enrolment_id == enrolment.id, Playback.last_seq > 0, Progress.enrolment_id.is_(None))))
    derived = derive_spans(enrolment) if lost else {}
    numbers = policies.get_policy(enrolment.policy_id).numbers
    for lesson in courses.lessons_of(enrolment.revision_id) if lost else []:
        if lesson.id in lost and lesson.id in derived:
            row, found = _empty_progress(enrolment, lesson), derived[lesson.id]
            row.spans, row.credited_ms, row.late_ms = rules.pack_spans(found.spans), found.credited_ms, found.late_ms
            row.resume_ms = found.resume_ms
            row.is_complete = counts_as_complete(lesson, row.credited_ms, numbers)
            session.add(row)
    for lesson, _attempt_id in passed_attempts(enrolment):
        if session.get(Progress, (enrolment.id, lesson.id)) is None:
            row = _empty_progress(enrolment, lesson)
            row.credited_ms, row.is_complete = lesson.duration_ms or 0, True
            session.add(row)
    session.flush()


def rebuild_progress(enrolment: Enrolment) -> None:
    """Make every row of the cache anew from what counts for the enrolment now, of its own and carried over."""
    session.flush()
    for row in progress_rows(enrolment.id).values():
        session.delete(row)
    session.flush()
    numbers = policies.get_policy(enrolment.policy_id).numbers
    derived, passed = derive_spans(enrolment), {lesson.id for lesson, _attempt_id in passed_attempts(enrolment)}
    for lesson in courses.lessons_of(enrolment.revision_id):
        row, found = _empty_progress(enrolment, lesson), derived.get(lesson.id)
        if found is not None:
            row.spans, row.credited_ms, row.late_ms = rules.pack_spans(found.spans), found.credited_ms, found.late_ms
            row.resume_ms, row.is_complete = found.resume_ms, counts_as_complete(lesson, found.credited_ms, numbers)
        if lesson.id in passed:
            row.credited_ms, row.is_complete = lesson.duration_ms or 0, True
        if found is not None or lesson.id in passed:
            session.add(row)
    session.flush()


def make_progress(enrolment_id: int, revision_lesson_id: int) -> None:
    """See that the lesson has a progress row, with everything the cache has lost."""
    progress_row(lock_enrolment(enrolment_id), courses.get_revision_lesson(revision_lesson_id))


def counts_as_complete(lesson: RevisionLesson, credited_ms: int, numbers: Numbers) -> bool:
    """Is the lesson complete by watching or reading? Quizzes complete by passing."""
    if lesson.kind == "quiz" or lesson.duration_ms is None:
        return False
    return rules.is_complete(credited_ms, lesson.duration_ms, numbers.share_watched_permille)


@dataclass
class Derived:
    """A lesson's coverage derived from kept claims alone. `resume_ms`: where the newest claim ended; `offline_ms` of it were
    studied without a network.
    """

    spans: list[tuple[int, int]]
    late_ms: int = 0
    resume_ms: int = 0
    offline_ms: int = 0
    by_day: Counter[date] = field(default_factory=Counter)  # what of it used up a day that is bounded

    @property
    def credited_ms(self) -> int:
        """Distinct milliseconds."""
        return rules.covered_ms(self.spans)


@dataclass(frozen=True)
class Judged:
    """One kept request as it was judged: `before` and `after` it the sitting, what counted before a day's bound and after."""

    row: Row
    lesson_id: int
    beats: Sequence[rules.Beat]
    before: rules.Sitting
    after: rules.Sitting
    allowed: Sequence[rules.Grant]
    grants: Sequence[rules.Grant]
    shut: presence.Spans
    spans: list[tuple[int, int]]  # what of the lesson had counted before
    taught: presence.Spans  # when they sat in a class that counted already
    is_aside: bool = False  # a case set the sitting aside


def derive_spans(enrolment: Enrolment, sources: list[Source] | None = None, shut: dict[int, presence.Spans] | None = None,
                 tell: Callable[[Judged], None] | None = None, without: Container[int] | None = None) -> dict[int, Derived]:
    """By revision lesson: every kept claim judged again, in the order the server received them. Reads no cache.

    `sources`: whose claims, the enrolment's own first; without them its own and what is carried over to it now. What was
    carried over is judged as if it had come at that moment: late time is one budget, and the own claims before it go first.
    `shut`: by person the moments that earn nothing because presence was not shown; without it as that stands now. `tell` hears
    of each request in turn. `without`: playbacks that a case set aside; without it those that are set aside now.
    """
    found_sources = carried.sources_of(enrolment) if sources is None else sources
    if shut is None:
        shut = presence.shut_of(enrolment, [x.person_id for x in found_sources])
    without = set_aside([x.person_id for x in found_sources]) if without is None else without
    own, *lent = found_sources
    # Study without a network shows presence in its own way: what a check shuts out is not asked of it.
    closed = {id(x): tuple(rules.merge_spans(list(x.busy), shut.get(x.person_id, []))) for x in found_sources}
    rows = [(2 * sum(not x.comes_after(row.playback_id, row.seq) for x in lent), row, own) for row in _claimed(own)]
    rows += [(2 * n + 1, row, x) for n, x in enumerate(lent) for row in _claimed(x)]
    came = _moments([row for _turn, row, _source in rows])
    rows.sort(key=lambda x: (x[0], came[x[1].playback_id, x[1].seq], x[1].playback_id, x[1].seq))
    lessons = {x.id: x for x in courses.lessons_of(enrolment.revision_id)}
    found: dict[int, Derived] = {}
    sittings: dict[int, rules.Sitting] = {}
    late = 0
    numbers, without_network = policies.get_policy(enrolment.policy_id).numbers, offline.Judging(share_of(enrolment))
    newest: dict[int, int] = {}
    in_classes: dict[int, list[tuple[int, tuple[int, int]]]] = {}
    for _turn, row, source in rows:
        lesson_id = source.lesson_for(row.revision_lesson_id)
        if lesson_id not in lessons:
            continue  # the row was turned to another course's lesson: it earns nothing here, and its chain tells
        before = sittings.get(row.playback_id) or rules.Sitting(row.opened_ms, None, row.max_rate_permille)
        sitting = rules.Sitting(row.opened_ms, row.ended_ms, row.max_rate_permille, before.acked_t_ms, before.granted_ms)
        derived, taught, is_aside = found.setdefault(lesson_id, Derived([])), [], row.playback_id in without
        if row.ticket_id is not None:
            kept = offline.Row(row.ticket_id, row.most_ms, row.playback_id, row.received_ms, row.claims, row.room_ms)
            sittings[row.playback_id], grants, beats = without_network.judge(
                kept, sitting, lessons[lesson_id].duration_ms or 0, derived.spans, source.busy, is_aside=is_aside)
            allowed = grants
        else:
            beats = rules.read_beats(row.claims)
            terms = terms_of(lessons[lesson_id].duration_ms, numbers)
            taught = in_class(source.person_id, sitting, beats, row.received_ms, terms, in_classes)
            elsewhere = rules.merge_spans(list(closed[id(source)]), taught) if taught else closed[id(source)]
            outcome = rules.judge(sitting, beats, row.received_ms, terms, late, elsewhere)
            sittings[row.playback_id], allowed = outcome.sitting, outcome.grants
            grants = [] if is_aside else allowed
            if row.room_ms is not None:
                grants = rules.within_room(derived.spans, grants, row.room_ms)
            late_ms = sum(g.late_ms for g in grants)  # what a full day cut off is not used up
            derived.late_ms, late = derived.late_ms + late_ms, late + late_ms
        if is_aside:  # heard and judged like any other, so that what came after it is judged as it was, but worth nothing
            allowed = grants = []
        if tell is not None:
            tell(Judged(row, lesson_id, beats, sitting, sittings[row.playback_id], allowed, grants,
                        shut.get(source.person_id, []), derived.spans, taught, is_aside))
        before_ms = derived.credited_ms
        derived.spans = rules.merge_spans(derived.spans, [(g.from_ms, g.to_ms) for g in grants])
        derived.offline_ms += derived.credited_ms - before_ms if row.ticket_id is not None else 0
        if row.room_ms is not None:
            at_ms = row.received_ms if row.ticket_id is None else row.opened_ms
            derived.by_day[clock.city_day(clock.moment_of(at_ms))] += derived.credited_ms - before_ms
        if beats and row.received_ms >= newest.get(lesson_id, 0):
            newest[lesson_id] = row.received_ms
            derived.resume_ms = max(0, min(beats[-1].to_ms, lessons[lesson_id].duration_ms or 0))
    return found


def _moments(rows: Iterable[Row]) -> dict[tuple[int, int], int]:
    """When each request came, by playback and number: none before the one that it followed, though a clock was put back."""
    found: dict[tuple[int, int], int] = {}
    playback_id, latest = None, 0
    for row in sorted(rows, key=lambda r: (r.playback_id, r.seq)):
        latest = max(latest, row.received_ms) if row.playback_id == playback_id else row.received_ms
        playback_id = row.playback_id
        found[playback_id, row.seq] = latest
    return found


def in_class(
    person_id: int, sitting: rules.Sitting, beats: Sequence[rules.Beat], received_ms: int, terms: rules.Terms,
    known: dict[int, list[tuple[int, tuple[int, int]]]] | None = None,
) -> presence.Spans:
    """When the person sat in a class that counted already when these beats came in; asked only where one of them came late.

    A class takes no moment that online study had told it of: what is told later must not be counted twice. `known`: what was
    asked of people before, where many are asked about; it grows.
    """
    if not rules.is_any_late(sitting.opened_ms, sitting.acked_t_ms, beats, received_ms, terms):
        return []
    if known is not None and person_id not in known:
        known[person_id] = classes.counted_spans([person_id], 0, 2**62)
    there = classes.counted_spans([person_id], sitting.opened_ms, received_ms) if known is None else known[person_id]
    return rules.merge_spans([], [span for written_ms, span in there if written_ms <= received_ms])


def share_of(enrolment: Enrolment) -> offline.Share:
    """What may be studied of its course without a network."""
    numbers = policies.get_policy(enrolment.policy_id).numbers
    return offline.Share.of(numbers, (x.duration_ms or 0 for x in courses.lessons_of(enrolment.revision_id)))


def _claimed(source: Source) -> list[Row]:
    rows = session.execute(
        select(BeatRow.playback_id, BeatRow.seq, BeatRow.received_ms, BeatRow.ended_ms, BeatRow.room_ms, BeatRow.claims,
               Playback.revision_lesson_id, Playback.opened_ms, Playback.max_rate_permille, Playback.ticket_id, Ticket.most_ms)
        .join(Playback, Playback.id == BeatRow.playback_id).outerjoin(Ticket, Ticket.id == Playback.ticket_id)
        .where(Playback.enrolment_id == source.enrolment_id))
    return [row for row in rows if source.takes(row.playback_id, row.seq)]


def named(enrolment: Enrolment) -> dict:
    """Everything a completion rests on: each playback's chain as it stands, each passed quiz, and the time it was given.

    Where another account's study counts, its evidence is named too, and by what it counts ("carries"); what was handed in by
    its digest ("answers"); where people marked answers or a key was put right, so are those ("marks", "regrades"); under a
    policy with presence checks those ("checks"); which of the playbacks a case set aside ("set_aside").
    """
    passed, carries = passed_attempts(enrolment), carried.list_standing(enrolment)
    of = [enrolment.id, *(c.from_enrolment_id for c in carries)]
    playbacks = session.scalars(select(Playback).where(Playback.enrolment_id.in_(of)).order_by(Playback.id)).all()
    told = {
        "playbacks": [[p.id, p.last_seq, p.chain.hex()] for p in playbacks if p.last_seq],
        "attempts": [[lesson.id, attempt_id] for lesson, attempt_id in passed],
        "extensions": [[attempt_id, x.number, x.expires_at.isoformat()]
                       for _lesson, attempt_id in passed for x in quizzes.list_extensions(attempt_id)],
    }
    checks, aside = presence.names_of(enrolment), set_aside([p.person_id for p in playbacks])
    left_out = [playback_id for playback_id, _seq, _chain in told["playbacks"] if playback_id in aside]
    return told | ({"set_aside": left_out} if left_out else {}) | _judged([attempt_id for _lesson, attempt_id in passed]) | (
        {"carries": [c.id for c in carries]} if carries else {}) | ({"checks": checks} if checks else {})


def _judged(attempt_ids: list[str]) -> dict:
    """What the scores of these attempts rest on: what was handed in, marks and corrections; nothing where there is none."""
    answers, marks, regrades = [], [], []
    for attempt_id in attempt_ids:
        submission = quizzes.get_submission(attempt_id)
        now = quizzes.standing_of(submission)
        answers.append([attempt_id, quizzes.digest_of(submission)])
        marks += [[attempt_id, m.id, m.permille] for m in now.marks]
        regrades += [[attempt_id, r.id, r.key] for r in now.regrades]
    return {name: rows for name, rows in (("answers", answers), ("marks", marks), ("regrades", regrades)) if rows}


def digest_of(told: dict) -> str:
    """SHA-256, hex, of everything that a completion names."""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def passed_attempts(enrolment: Enrolment, sources: list[Source] | None = None) -> list[tuple[RevisionLesson, str]]:
    """(quiz lesson, id of the first attempt that passed) of the enrolment and of what is carried over to it."""
    found, sources = [], carried.sources_of(enrolment) if sources is None else sources
    pass_mark = courses.get_revision(enrolment.revision_id).pass_mark
    for lesson in courses.lessons_of(enrolment.revision_id):
        if lesson.kind != "quiz":
            continue
        tries = sorted(((a.started_at, a.id) for s in sources for who, subject in s.subjects(lesson.id)
                        for a, done in quizzes.list_attempts(who, subject)
                        if done is not None and quizzes.is_passed(done, pass_mark)))
        if tries:
            found.append((lesson, tries[0][1]))
    return found


def chain_fault(playback_id: int, last_seq: int, chain: str) -> bool:
    """Do the kept rows of a playback no longer give the chain that a completion named?"""
    playback = session.get(Playback, playback_id)
    if playback is None:
        return True
    link = rules.first_link(chain_key(), playback.code, playback.person_id, playback.revision_lesson_id, playback.opened_ms,
                            playback.max_rate_permille)
    rows = session.scalars(select(BeatRow).where(BeatRow.playback_id == playback_id, BeatRow.seq <= last_seq)
                           .order_by(BeatRow.seq).execution_options(populate_existing=True)).all()
    if [r.seq for r in rows] != list(range(1, last_seq + 1)):
        return True
    for row in rows:
        link = rules.next_link(chain_key(), link, row.seq, row.received_ms, row.ended_ms, row.claims, row.room_ms)
    return link.hex() != chain


def fits_key(newest: int = 10) -> bool:
    """Does any of the newest playbacks' evidence hold under the site's key? False where the key was changed."""
    rows = session.scalars(select(Playback).where(Playback.last_seq > 0).order_by(Playback.id.desc()).limit(newest)).all()
    return not rows or any(not chain_fault(p.id, p.last_seq, p.chain.hex()) for p in rows)
