"""Study without a network, over the API: a ticket while there is one, the phone's record when there is one again."""

from __future__ import annotations

from flask import g
from pydantic import BaseModel, Field, model_validator

from guanxue import courses, learning, policies
from guanxue.core.errors import NotFound
from guanxue.core.i18n import lazy as _
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.api import operation
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.throttle import Throttle

_tickets = Throttle(per_second=1, burst=60)  # a whole course is taken along at once
_syncs = Throttle(per_second=2, burst=10)
LATEST_MS = 10**14  # moments of a phone's clock, in its milliseconds since 1970
DEVICE = r"^[\w-]{8,64}$"


def _once(throttle: Throttle, key: object) -> None:
    """`find` runs twice (before and inside the writing transaction); the caller pays once."""
    if not g.get("throttled"):
        throttle.check(key)
        g.throttled = True


def _lesson(id: str) -> courses.RevisionLesson:
    if not is_row_id(id):
        raise NotFound(_("没有这节课。"))
    row = courses.get_revision_lesson(int(id))
    learning.enrolment_for_lesson(current_actor(), row)
    _once(_tickets, current_actor().id)
    return row


class TicketWish(BaseModel):
    """The phone's own name for itself, and what its clock says."""

    device: str = Field(pattern=DEVICE)
    now_ms: int = Field(ge=0, le=LATEST_MS)


@operation("POST", "/lessons/<id>/ticket", summary=_("下载一节课离线学"), body=TicketWish, find=_lesson)
def ticket(id: str, found: courses.RevisionLesson, body: TicketWish):
    """Leave to study a lesson without a network. `secret` is told this once: the phone chains its record with it."""
    made = learning.issue_ticket(current_actor(), found, body.device, body.now_ms)
    enrolment = learning.get_enrolment(made.enrolment_id)
    numbers = policies.get_policy(enrolment.policy_id).numbers
    asks = numbers.presence_max_ms > 0
    return {"ticket": made.code, "secret": learning.secret_of(made.code).hex(),
            "lesson_id": str(found.id), "person_id": str(made.person_id),
            "issued_ms": made.issued_ms, "until_ms": made.until_ms, "most_s": made.most_ms / 1000,
            "max_rate": made.max_rate_permille / 1000, "beat_every_s": numbers.beat_every_s,
            "asks_every_s": [numbers.presence_min_ms / 1000, numbers.presence_max_ms / 1000] if asks else None,
            "answer_s": numbers.presence_answer_ms / 1000 if asks else None}, 201


class Entry(BaseModel):
    """One line of the phone's record; all times are whole milliseconds. An answer to "still there?" has rate 0."""

    n: int = Field(ge=1, le=10**6)
    sitting: int = Field(ge=1, le=10**5)
    began_ms: int = Field(ge=0, le=LATEST_MS)
    t_ms: int = Field(ge=0, le=10**10)
    from_ms: int = Field(ge=0, le=10**12)
    to_ms: int = Field(ge=0, le=10**12)
    rate_permille: int = Field(ge=0, le=100_000)
    mac: str = Field(pattern=r"^[0-9a-f]{32}$")

    @model_validator(mode="after")
    def _forward(self) -> Entry:
        if self.from_ms > self.to_ms:
            raise ValueError(str(_("from_ms 大于 to_ms")))
        return self

    def to_rules(self) -> learning.Entry:
        """As the rules take it."""
        beat = learning.Beat(self.t_ms, self.from_ms, self.to_ms, self.rate_permille)
        return learning.Entry(self.n, self.sitting, self.began_ms, beat, self.mac)


class Record(BaseModel):
    """A piece of the phone's record, in order; what is here already may be sent again."""

    device: str = Field(pattern=DEVICE)
    lesson_id: str = Field(max_length=20)
    now_ms: int = Field(ge=0, le=LATEST_MS)
    entries: list[Entry] = Field(max_length=learning.MOST_ENTRIES)

    @model_validator(mode="after")
    def _rising(self) -> Record:
        if any(a.n >= b.n for a, b in zip(self.entries, self.entries[1:], strict=False)):
            raise ValueError(str(_("记录的次序不对")))
        if not is_row_id(self.lesson_id):
            raise ValueError(str(_("没有这节课。")))
        return self


def _own_ticket(id: str) -> None:
    learning.find_own_ticket(current_actor(), id)
    _once(_syncs, id)


@operation("POST", "/tickets/<id>/sync", summary=_("上传离线学习的记录"), body=Record, find=_own_ticket, finds_itself=True)
def sync(id: str, found: None, body: Record):
    """What was studied under a ticket. `acked`: entries up to this one are here and may be forgotten on the phone."""
    told = learning.sync_ticket(current_actor(), id, body.device, int(body.lesson_id), body.now_ms,
                                [e.to_rules() for e in body.entries])
    return {"acked": told.acked, "gained_s": told.gained_ms / 1000, "credited_s": told.credited_ms / 1000,
            "coverage": told.coverage_permille / 1000, "lesson_completed": told.is_complete,
            "refused": [{"code": r.code, "detail": str(r.message), "s": r.ms / 1000} for r in told.refused]}
