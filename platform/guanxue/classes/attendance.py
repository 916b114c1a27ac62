"""Who was there: signing in and out with a code from the screen in the room, and the roll that a teacher calls.

Lines are only ever added. Nobody writes one for themselves but by a code, and nobody calls the roll on themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from guanxue import accounts, audit, policies
from guanxue.classes import completing, queries, rules, study
from guanxue.classes.codes import Seen
from guanxue.classes.errors import ClassState, CodeExpired, ElsewhereNow, NoSuchPlace, NotSignedIn, TheoryMissing
from guanxue.classes.events import SignedHere
from guanxue.classes.models import (
    CLOSED,
    COMPLETED,
    ENROLLED,
    IN,
    INVITED,
    OPEN,
    OUT,
    PRACTICE,
    ROLL,
    SEATED,
    Attendance,
    Meeting,
    Place,
    TrainingClass,
)
from guanxue.classes.places import take_place
from guanxue.core import clock, events
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Forbidden, Invalid
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import checked_text, invalid_field
from guanxue.core.sealing import keyed_hash

LONGEST_REASON = 200
PRESENT, LATE, LEFT, ABSENT = "present", "late", "left", "absent"
ROLL_OVER = _("下课超过 7 天，班主任和任课老师不能再改考勤。要改，请主办单位的负责人或管理员来记。")
STAYED = "stayed"  # of whoever signed in: to the end
MARKS = {PRESENT: _("全程到课"), LATE: _("迟到"), LEFT: _("早退"), ABSENT: _("没有来")}


@dataclass(frozen=True)
class Where:
    """From where somebody signs: only hashes of it are kept."""

    address: str = ""
    agent: str = ""
    device: str = ""

    def hashes(self) -> dict[str, str]:
        """Equal for the same network, browser, phone; worth nothing else."""
        told = (("address_hash", self.address), ("agent_hash", self.agent), ("device_hash", self.device))
        return {name: keyed_hash(f"class-{name}", text)[:24] if text else "" for name, text in told}


def sign(actor: Actor, cls: TrainingClass, meeting: Meeting, seen: Seen, where: Where, *, promises: bool = False) -> Attendance:
    """Sign in or out with what was seen on the screen. Signing in while one is in is the same, and so is the same code again.

    Raises CodeExpired outside of its time or where it is older than the last sign-out, NoSuchPlace, ClassState where the roll
    said until when or the room is full, NotSignedIn, ElsewhereNow, TheoryMissing; Invalid where the undertaking is not given
    yet.
    """
    actor.must_be_person()
    accounts.lock_person(actor.id)
    _must_be_now(cls, meeting, seen)
    place = _place_of(actor, cls)
    theory = theory_of(cls, meeting, place) if seen.way == IN else None
    rows = queries.list_attendance([meeting.id], queries.joined_ids(place))
    now = queries.presence_of(rows)
    if now.is_told:
        raise ClassState(_("老师已经给你记了到课时间，不用再扫码。记得不对，请找老师改。"))
    if rows and (rows[-1].kind, rows[-1].way, rows[-1].step) == (seen.way, seen.by, seen.step):
        return rows[-1]  # the same form sent twice
    if seen.way == IN:
        if now.is_in:
            return rows[-1]
        _must_be_out(now, seen)
        _must_be_free(actor, meeting, seen)
        _must_fit(cls, meeting, place, seen.at_ms, None)
        _give_undertaking(actor, place, promises=promises)
        into = [place.id]
    else:
        into = _signed_into(rows, seen.at_ms)
        if not into:
            raise NotSignedIn(
                _("你已经签退了。还要接着上课，请先再签到；如果当时没有走，请找老师补记。") if now.until_ms is not None else
                _("你这次课还没有签到，不能签退。如果当时没有签上，请找老师补记。"))
    made = [Attendance(
        meeting_id=meeting.id, place_id=one, person_id=actor.id, kind=seen.way, way=seen.by, step=seen.step,
        from_ms=seen.at_ms if seen.way == IN else None, to_ms=seen.at_ms if seen.way == OUT else None,
        theory_permille=theory, by=actor.ref, received_ms=clock.now_ms(), **where.hashes()) for one in into]
    session.add_all(made)
    session.flush()
    for row in made:
        events.emit(SignedHere(actor, row.id))
    return made[-1]


def _signed_into(rows: list[Attendance], at_ms: int) -> list[int]:
    """The places under which the person is in: a sign-out goes where the sign-in is, whichever of merged accounts that was."""
    return [place_id for place_id, presence in queries.presences_of(rows).items()
            if presence.is_in and presence.stays[-1][0] <= at_ms]


def _must_be_now(cls: TrainingClass, meeting: Meeting, seen: Seen) -> None:
    if cls.state != OPEN or meeting.cancelled_at is not None:
        raise ClassState(_("这次课已经取消，或者班没有开。"))
    if not rules.is_window(seen.at_ms, queries.begins_ms(meeting), queries.ends_ms(meeting), seen.way):
        raise CodeExpired(_("现在不是这次课签到或签退的时间。"))


def _place_of(actor: Actor, cls: TrainingClass) -> Place:
    place = queries.find_place(actor, cls)
    if place is None:
        raise NoSuchPlace(_("名册上没有你，所以不能签到。请当场告诉老师。"))
    queries.must_not_teach(actor.id, cls)
    if place.state not in SEATED:
        raise ClassState(_("你在这个班里没有名额（候补，或者已经退班）。请当场告诉老师。"))
    return place


def theory_of(cls: TrainingClass, meeting: Meeting, place: Place) -> int | None:
    """Permille of the online lessons that is done, where a practice asks for it; None where nothing is asked. Raises
    TheoryMissing where that is not enough."""
    needed = policies.get_policy(cls.policy_id).numbers.theory_share_permille
    if meeting.kind != PRACTICE or not needed or cls.course_id is None:
        return None
    done = study.ask().theory_permille(accounts.accounts_of(place.person_id), cls.course_id) if place.person_id else 0
    if done < needed:
        raise TheoryMissing(_("实操之前要先学完线上理论：需要 %(a)s%%，现在是 %(b)s%%。", a=needed // 10, b=done // 10))
    return done


def _must_be_free(actor: Actor, meeting: Meeting, seen: Seen) -> None:
    """Nobody is in two rooms at once: a meeting that overlaps, where they are or were when they scanned, comes first."""
    mine = select(Place.id).where(Place.person_id.in_(accounts.accounts_of(actor.id)))
    others = session.scalars(
        select(Meeting).join(Attendance, Attendance.meeting_id == Meeting.id)
        .where(Attendance.place_id.in_(mine), Meeting.id != meeting.id, Meeting.begins_at < meeting.ends_at,
               Meeting.ends_at > clock.moment_of(seen.at_ms)).distinct())
    for other in others:
        now = queries.presence_of(session.scalars(select(Attendance).where(
            Attendance.meeting_id == other.id, Attendance.place_id.in_(mine)).order_by(Attendance.id)))
        if now.is_in:
            raise ElsewhereNow(_("你正在另一次课“%(title)s”里，还没有签退。一个人不能同时上两次课。", title=other.title))
        _must_be_out(now, seen)


def _must_be_out(presence: rules.Presence, seen: Seen) -> None:
    """A code that was scanned before signing out would begin a stay inside of the one that ended."""
    if presence.until_ms is not None and seen.at_ms < presence.until_ms:
        raise CodeExpired(_("扫这个码的时候，你还没有签退。请对着现场屏幕重新扫一次。"))


def _must_fit(cls: TrainingClass, meeting: Meeting, place: Place, since_ms: int, until_ms: int | None) -> None:
    """A room holds no more people at once than it has seats, whoever says that they were there."""
    if meeting.seats is None:
        return
    session.get(Meeting, meeting.id, with_for_update=True)  # of two at one instant the second counts the first
    others = queries.roll_of(meeting, [p for p in queries.list_places(cls.id) if p.id != place.id])
    beside = [h for h in others if h.since_ms is not None and (until_ms is None or h.since_ms < until_ms)
              and (h.until_ms is None or since_ms < h.until_ms)]
    if len(beside) >= meeting.seats:
        raise ClassState(_("教室只有 %(n)s 个座位，都有人了。座位数填得不对，请班主任改这次课。", n=meeting.seats))


def _give_undertaking(actor: Actor, place: Place, *, promises: bool) -> None:
    take_place(actor, place)
    if place.undertaking_at is None:
        if not promises:
            raise Invalid(_("请先读一遍承诺，并打勾。"), fields=[{"field": "promise",
                                                      "message": _("请先读一遍承诺，并打勾。")}])
        cls = session.get(TrainingClass, place.class_id)
        accounts.must_be_known(actor.id, policies.get_policy(cls.policy_id).numbers, "enrol")
        place.undertaking_version, place.undertaking_at = rules.UNDERTAKING, clock.now()
        audit.record(actor, "classes.place.taken", f"place:{place.id}", {"undertaking": rules.UNDERTAKING,
            "state": place.state})
    if place.state == INVITED:
        place.state = ENROLLED


# ---- the roll


@dataclass(frozen=True)
class Mark:
    """What a teacher says of somebody: present from beginning to end, late since, left at, not there. Epoch milliseconds."""

    what: str
    since_ms: int | None = None
    until_ms: int | None = None


def call_roll(actor: Actor, cls: TrainingClass, meeting: Meeting, place: Place, mark: Mark, reason: str) -> Attendance:
    """Say who was there and who was not, with the reason; it stands over everything before it, whichever of the person's
    merged accounts that was written for.

    What was before the class was opened, or before they had a seat, is left out. Raises Forbidden for oneself, Invalid,
    ClassState before the meeting begins, a week after it for who teaches the class, after the class was completed, where the
    place had no seat or its holder teaches the class, or the room is full; TheoryMissing.
    """
    _must_mark(actor, cls, meeting, place)
    since, until = _since_seated(cls, meeting, place, *_checked_mark(meeting, mark))
    theory = theory_of(cls, meeting, place) if since is not None else None
    if since is not None:
        _must_fit(cls, meeting, place, since, until)
    reason = checked_text("reason", reason, LONGEST_REASON)
    lines = queries.list_attendance([meeting.id], queries.joined_ids(place))
    rows = [_by_hand(actor, meeting, one, ROLL, reason, from_ms=since, to_ms=until, theory_permille=theory)
            for one in sorted({place.id, *(r.place_id for r in lines)})]
    audit.record(actor, "classes.roll.called", f"meeting:{meeting.id}",
                 {"place": place.id, "mark": mark.what, "from_ms": since, "to_ms": until, "reason": reason,
                  "is_late": _is_late(meeting)})
    if cls.state == CLOSED:
        completing.settle_place(cls, place)
    return next(r for r in rows if r.place_id == place.id)


def _must_mark(actor: Actor, cls: TrainingClass, meeting: Meeting, place: Place) -> None:
    """May the actor say of that place whether it was there?"""
    queries.must_teach(actor, cls)
    if place.person_id is not None and accounts.is_same_person(actor, [f"person:{place.person_id}"]):
        raise Forbidden(_("不能给自己点名。请另一位老师来记。"))
    if _leads(place, cls):
        raise ClassState(_("这个人管着这个班，不能同时当学员，也就不能点名。"))
    if cls.state not in (OPEN, CLOSED) or meeting.cancelled_at is not None:
        raise ClassState(_("这次课已经取消，或者班没有开。"))
    if clock.now_ms() < queries.begins_ms(meeting) - rules.EARLY_MS:
        raise ClassState(_("还没有到这次课的时间，不能点名。"))
    if is_roll_over(actor, cls, meeting):
        raise ClassState(ROLL_OVER)
    if place.state == COMPLETED:
        raise ClassState(_("这个人已经结业，考勤不能再改。记多了，请告诉督查员；记少了，请在另一个班里补上这些课时。"))
    if place.state not in SEATED:
        raise ClassState(_("这个人在班里没有名额，不能点名。"))


def is_roll_over(actor: Actor, cls: TrainingClass, meeting: Meeting) -> bool:
    """Is it too late for the actor to call the roll? After a week only somebody does who neither manages nor teaches the class:
    hours that are told of late take two people."""
    return _is_late(meeting) and queries.is_named(actor.id, cls)


def _is_late(meeting: Meeting) -> bool:
    return clock.now_ms() > queries.ends_ms(meeting) + rules.ROLL_MS


def _leads(place: Place, cls: TrainingClass) -> bool:
    return place.person_id is not None and queries.teaches(place.person_id, cls)


def _by_hand(actor: Actor, meeting: Meeting, place_id: int, kind: str, reason: str, **told: int | None) -> Attendance:
    """A line that somebody wrote for somebody else."""
    row = Attendance(meeting_id=meeting.id, place_id=place_id, person_id=None, kind=kind, way=ROLL, step=None, by=actor.ref,
                     reason=reason, received_ms=clock.now_ms(), **told)
    session.add(row)
    session.flush()
    return row


def _since_seated(
    cls: TrainingClass, meeting: Meeting, place: Place, since: int | None, until: int | None,
) -> tuple[int | None, int | None]:
    """(from, to) of a mark without what was before the class was opened and the place had a seat: nobody is put on a roster
    afterwards and marked for hours that are past."""
    if since is None:
        return since, until
    earliest = max(cls.opened_at, queries.seated_at(place)).replace(second=0, microsecond=0)
    since = max(since, round(earliest.timestamp() * 1000))
    if since >= (queries.ends_ms(meeting) if until is None else until):
        raise ClassState(_("那时班还没有开，或者这个人还没有进班，不能补记。"))
    return since, until


def _checked_mark(meeting: Meeting, mark: Mark) -> tuple[int | None, int | None]:
    """(from, to) of a mark. While the meeting goes on nobody was there to its end yet: to is None."""
    begins, ends = queries.begins_ms(meeting), queries.ends_ms(meeting)
    is_over = clock.now_ms() >= ends
    if mark.what == ABSENT:
        return None, None
    if mark.what == PRESENT:
        return begins, ends if is_over else None
    if mark.what == LATE and mark.since_ms is not None and begins < mark.since_ms < ends:
        return mark.since_ms, ends if is_over else None
    if mark.what == LEFT and mark.until_ms is not None and begins < mark.until_ms <= min(ends, clock.now_ms()):
        since = mark.since_ms if mark.since_ms is not None and begins <= mark.since_ms < mark.until_ms else begins
        return since, mark.until_ms
    if mark.what in MARKS:
        raise invalid_field("at", _("请填上课时间里的一个时刻；还没有到的时刻不能记。"))
    raise invalid_field("mark", _("请选一种情况。"))


def list_unsigned(cls: TrainingClass, meeting: Meeting) -> list[tuple[Place, list[int]]]:
    """Who signed in and not out, each with the places under which they are in; not who signed out by a line that a case set
    aside, and nobody who leads the class."""
    found = []
    for here in queries.roll_of(meeting, queries.list_places(cls.id)):
        place = here.place
        if here.since_ms is None or here.until_ms is not None or place.state not in (INVITED, ENROLLED) or _leads(place, cls):
            continue
        if into := _signed_into(queries.list_attendance([meeting.id], queries.joined_ids(place)), queries.ends_ms(meeting)):
            found.append((place, into))
    return found


def close_meeting(actor: Actor, cls: TrainingClass, meeting: Meeting, reason: str) -> int:
    """Whoever signed in and not out stayed to the end: how many. Never oneself. Raises ClassState before it ends, Invalid."""
    queries.must_teach(actor, cls)
    ends = queries.ends_ms(meeting)
    if clock.now_ms() < ends:
        raise ClassState(_("这次课还没有结束。"))
    if is_roll_over(actor, cls, meeting):
        raise ClassState(ROLL_OVER)
    reason = checked_text("reason", reason, LONGEST_REASON)
    unsigned = list_unsigned(cls, meeting)
    for place, into in unsigned:
        _must_mark(actor, cls, meeting, place)
        for one in into:  # when they were away between two stays they remain away
            _by_hand(actor, meeting, one, OUT, reason, to_ms=ends)
        audit.record(actor, "classes.roll.called", f"meeting:{meeting.id}",
                     {"place": place.id, "mark": STAYED, "to_ms": ends, "reason": reason, "is_late": _is_late(meeting)})
        if cls.state == CLOSED:
            completing.settle_place(cls, place)
    return len(unsigned)
