"""When a class meets: adding a time, changing it, calling it off. Everybody on the roster reads why."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from guanxue import audit
from guanxue.classes import queries, rules
from guanxue.classes.errors import ClassState
from guanxue.classes.models import CANCELLED, CLOSED, OPEN, PRACTICE, Meeting, MeetingChange, TrainingClass
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import checked_text, invalid_field

LONGEST_TITLE, LONGEST_PLACE, LONGEST_REASON = 80, 80, 300
MOST_MEETINGS, MOST_BREAKS, MOST_SEATS = 200, 6, 1000
NO_THEORY = _("按这个班的计学规则，先学线上理论才能实操，可是班里没有线上课。"
              "请选一门课或换一条规则；已经开班的，只能排理论课。")
_BREAK = re.compile(r"(\d{1,2})[:：](\d{2})\s*[-–—~～至到]\s*(\d{1,2})[:：](\d{2})")


@dataclass(frozen=True)
class Plan:
    """What a meeting is, as its form holds it: a city day, two times of day, breaks as "10:30-10:45，12:00-13:30"."""

    kind: str
    title: str
    place: str
    on: date | None
    begins: time | None
    ends: time | None
    breaks: str
    seats: int | None


def add_meeting(actor: Actor, cls: TrainingClass, plan: Plan) -> Meeting:
    """One more time, that is still to come. Raises Invalid with fields, ClassState, Forbidden."""
    queries.must_lead(actor, cls)
    _must_stand(cls)
    if len(queries.list_meetings(cls.id)) >= MOST_MEETINGS:
        raise Invalid(_("一个班最多 %(n)s 次课。", n=MOST_MEETINGS))
    made = Meeting(class_id=cls.id, secret=secrets.token_hex(16), created_at=clock.now())
    _fill(cls, made, plan)
    session.add(made)
    session.flush()
    audit.record(actor, "classes.meeting.added", f"meeting:{made.id}", {"class": cls.code, **_told(made)})
    return made


def change_meeting(actor: Actor, cls: TrainingClass, meeting: Meeting, plan: Plan, reason: str) -> None:
    """Another time that is still to come, or another place, with the reason. Once somebody attended, its times stand; once the
    class is closed, all but the room's seats, for the roll goes on. Raises Invalid, ClassState."""
    queries.must_lead(actor, cls)
    if cls.state != CLOSED:
        _must_stand(cls)
    if meeting.cancelled_at is not None:
        raise ClassState(_("这次课已经取消。"))
    is_known = cls.opened_at is not None
    reason = checked_text("reason", reason, LONGEST_REASON, may_be_empty=not is_known)
    before, times = _told(meeting), (meeting.begins_at, meeting.ends_at, meeting.breaks, meeting.kind)
    with session.no_autoflush:
        _fill(cls, meeting, plan)
        fault = None
        if cls.state == CLOSED and _told(meeting) | {"seats": before["seats"]} != before:
            fault = _("这个班已经结班，这次课只能改座位。")
        elif times != (meeting.begins_at, meeting.ends_at, meeting.breaks, meeting.kind) and queries.has_attendance(meeting.id):
            fault = _("已经有人签到，时间和类型不能再改；地点可以改。")
        if fault is not None:
            session.refresh(meeting)
            raise ClassState(fault)
    if _told(meeting) == before:
        return
    if is_known:
        session.add(MeetingChange(meeting_id=meeting.id, before=before, reason=reason, by=actor.ref, changed_at=clock.now()))
    session.flush()
    audit.record(actor, "classes.meeting.changed", f"meeting:{meeting.id}", {"before": before, "reason": reason})


def cancel_meeting(actor: Actor, cls: TrainingClass, meeting: Meeting, reason: str) -> None:
    """Call it off, with the reason. Again is the same. Raises Invalid, ClassState once somebody attended."""
    queries.must_lead(actor, cls)
    _must_stand(cls)
    if meeting.cancelled_at is not None:
        return
    reason = checked_text("reason", reason, LONGEST_REASON)
    if queries.has_attendance(meeting.id):
        raise ClassState(_("已经有人签到，不能取消这次课。"))
    before, meeting.cancelled_at = _told(meeting), clock.now()
    session.add(MeetingChange(meeting_id=meeting.id, before=before, reason=reason, by=actor.ref, changed_at=clock.now()))
    session.flush()
    audit.record(actor, "classes.meeting.cancelled", f"meeting:{meeting.id}", {"reason": reason})


def _must_stand(cls: TrainingClass) -> None:
    if cls.state in (CLOSED, CANCELLED):
        raise ClassState(_("这个班已经结班或取消，课表不能再改。"))


def _told(meeting: Meeting) -> dict:
    """How it stands, as data; the same moment is the same text, whichever zone a form spoke of."""
    begins, ends = (moment.astimezone(UTC).isoformat() for moment in (meeting.begins_at, meeting.ends_at))
    return {"kind": meeting.kind, "title": meeting.title, "place": meeting.place, "begins_at": begins, "ends_at": ends,
            "breaks": meeting.breaks, "seats": meeting.seats}


def _fill(cls: TrainingClass, meeting: Meeting, plan: Plan) -> None:
    if plan.kind not in rules.KINDS:
        raise invalid_field("kind", _("请选理论课还是实操课。"))
    if plan.kind == PRACTICE != meeting.kind and cls.state == OPEN and queries.lacks_theory(cls):
        raise invalid_field("kind", NO_THEORY)
    title = checked_text("title", plan.title, LONGEST_TITLE)
    place = checked_text("place", plan.place, LONGEST_PLACE)
    if plan.seats is not None and not 1 <= plan.seats <= MOST_SEATS:
        raise invalid_field("seats", _("座位应在 1 到 %(n)s 之间。", n=MOST_SEATS))
    if plan.on is None or not cls.begins_on <= plan.on <= cls.ends_on:
        raise invalid_field("on", _("日期要在班的期间里（%(a)s 到 %(b)s）。", a=cls.begins_on.isoformat(),
                                    b=cls.ends_on.isoformat()))
    if plan.begins is None or plan.ends is None:
        raise invalid_field("begins" if plan.begins is None else "ends", _("请填时间。"))
    begins, ends = _moment(plan.on, plan.begins), _moment(plan.on, plan.ends)
    if ends <= begins:
        ends += timedelta(days=1)  # a night shift's class ends the next morning
    if (ends - begins) / timedelta(milliseconds=1) > rules.LONGEST_MEETING_MS:
        raise invalid_field("ends", _("一次课最长 14 小时。结束时间要晚于开始时间。"))
    breaks = _breaks(plan, begins, ends)
    if (meeting.kind, meeting.begins_at, meeting.ends_at, meeting.breaks) != (plan.kind, begins, ends, breaks):
        # hours are planned before they are had: none is made up afterwards
        if begins < clock.now().replace(second=0, microsecond=0):
            raise invalid_field("begins", _("开始时间已经过了，请选以后的时间。以前的课不能补排。"))
        _must_be_alone(cls, meeting, begins, ends)
    meeting.kind, meeting.title, meeting.place, meeting.seats = plan.kind, title, place, plan.seats
    meeting.begins_at, meeting.ends_at, meeting.breaks = begins, ends, breaks


def _must_be_alone(cls: TrainingClass, meeting: Meeting, begins: datetime, ends: datetime) -> None:
    """A class is in one room at a time: groups that learn side by side are classes of their own."""
    for other in queries.list_meetings(cls.id, with_cancelled=False):
        if other.id != meeting.id and other.begins_at < ends and begins < other.ends_at:
            raise invalid_field("begins", _(
                "这段时间已经有“%(title)s”这次课。请换时间；要分组同时上，请每组开一个班。", title=other.title))


def _moment(on: date, at: time) -> datetime:
    return datetime.combine(on, at, clock.CITY)


def _breaks(plan: Plan, begins: datetime, ends: datetime) -> list[list[int]]:
    """Breaks as sorted, disjoint spans inside the meeting, epoch milliseconds."""
    spans = []
    for part in [p for p in re.split(r"[,，;；、\n]+", plan.breaks) if p.strip()]:
        found = _BREAK.fullmatch(part.strip())
        if found is None or int(found[1]) > 23 or int(found[3]) > 23 or int(found[2]) > 59 or int(found[4]) > 59:
            raise invalid_field("breaks", _("休息时间请写成 10:30-10:45，几段之间用逗号隔开。"))
        a, b = (_moment(plan.on, time(int(found[n]), int(found[n + 1]))) for n in (1, 3))
        a, b = (x + timedelta(days=1) if x < begins else x for x in (a, b))
        if not begins <= a < b <= ends:
            raise invalid_field("breaks", _("休息时间要在上课时间里面。"))
        spans.append((round(a.timestamp() * 1000), round(b.timestamp() * 1000)))
    kept = rules.joined(spans)
    if len(spans) > MOST_BREAKS or rules.length_ms(kept) * 2 > (ends - begins) / timedelta(milliseconds=1):
        raise invalid_field("breaks", _("休息太多：最多 6 段，加起来不超过一半。"))
    return [list(s) for s in kept]
