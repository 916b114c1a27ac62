"""Making classes, changing them, opening and closing them; who teaches them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, select

from guanxue import accounts, audit, courses, policies
from guanxue.accounts import Organisation
from guanxue.classes import completing, queries, rules
from guanxue.classes.errors import ClassState
from guanxue.classes.meetings import NO_THEORY
from guanxue.classes.models import CANCELLED, CLOSED, DRAFT, OPEN, PRACTICE, WITHDRAWN, Teacher, TrainingClass
from guanxue.classes.places import move_up
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Forbidden, Invalid
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import checked_text, invalid_field

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that can be taken for another
MOST_SEATS, LONGEST_TITLE, LONGEST_PLAN, LONGEST_REASON = 1000, 80, 4000, 300
SHORTEST_SHARE, USUAL_SHARE = 500, 800
LONGEST_DAYS = 400
MOST_TEACHERS, MOST_TRIES_A_DAY = 20, 60


@dataclass(frozen=True)
class Facts:
    """What a class is: what its form holds. `course` is a slug or "", `institution` too; `policy` a code."""

    title: str
    plan: str
    institution: str
    course: str
    policy: str
    begins_on: date | None
    ends_on: date | None
    seats: int
    share_permille: int
    is_public: bool


def list_institutions(actor: Actor) -> list[Organisation]:
    """Organisations for which the actor may hold a class: where they teach, and what they manage."""
    slugs = rules.scopes_of(actor)
    managed = session.scalars(select(Organisation).where(Organisation.slug.in_(slugs), Organisation.closed_at.is_(None)))
    found = {o.id: o for o in [*managed, *accounts.list_teaching_places(actor.id)]} if actor.is_person else {}
    return sorted(found.values(), key=lambda o: o.name)


def create_class(actor: Actor, facts: Facts) -> TrainingClass:
    """A new class in preparation; the actor manages it. Raises Invalid with fields, Forbidden."""
    actor.must_be_person()
    if not rules.may_make(actor):
        raise Forbidden(_("你没有做这件事的权限。"))
    made = TrainingClass(code=_new_code(), manager_id=actor.id, state=DRAFT, created_at=clock.now(), policy_id=0)
    with session.no_autoflush:
        _fill(actor, made, facts)
    session.add(made)
    session.flush()
    if actor.may("teach") and not actor.may("administer"):
        session.add(Teacher(class_id=made.id, person_id=actor.id, added_by=actor.ref, added_at=clock.now()))
        session.flush()
    audit.record(actor, "classes.class.created", f"class:{made.id}", {"code": made.code, "title": made.title})
    return made


def _new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _n in range(8))


def edit_class(actor: Actor, cls: TrainingClass, facts: Facts) -> None:
    """Change it. Course, policy and share stand once it is open. More seats move up who waits. Raises Invalid, ClassState."""
    queries.must_lead(actor, cls)
    if cls.state not in (DRAFT, OPEN):
        raise ClassState(_("已经结班或取消的班不能再改。"))
    if facts.seats < queries.count_seated(cls.id):
        raise invalid_field("seats", _("名额不能少于班里已有的人数。"))
    before = {"title": cls.title, "seats": cls.seats, "begins_on": cls.begins_on.isoformat(),
              "ends_on": cls.ends_on.isoformat()}
    _fill(actor, cls, facts)
    session.flush()
    move_up(actor, cls)
    audit.record(actor, "classes.class.changed", f"class:{cls.id}", before)


def _fill(actor: Actor, cls: TrainingClass, facts: Facts) -> None:
    cls.title = checked_text("title", facts.title, LONGEST_TITLE)
    cls.plan = checked_text("plan", facts.plan, LONGEST_PLAN, may_be_empty=True)
    if facts.begins_on is None or facts.ends_on is None:
        raise invalid_field("begins_on" if facts.begins_on is None else "ends_on", _("请选日期。"))
    if not 0 <= (facts.ends_on - facts.begins_on).days <= LONGEST_DAYS:
        raise invalid_field("ends_on", _("结束日期不能早于开始日期，也不能超过 %(n)s 天。", n=LONGEST_DAYS))
    if cls.id and any(not facts.begins_on <= clock.city_day(m.begins_at) <= facts.ends_on
                      for m in queries.list_meetings(cls.id, with_cancelled=False)):
        raise invalid_field("ends_on", _("有一次课不在这个期间里。请先改那次课的时间。"))
    cls.begins_on, cls.ends_on, cls.is_public = facts.begins_on, facts.ends_on, facts.is_public
    if not 1 <= facts.seats <= MOST_SEATS:
        raise invalid_field("seats", _("名额应在 1 到 %(n)s 之间。", n=MOST_SEATS))
    cls.seats = facts.seats
    if cls.state == DRAFT:
        _pin(actor, cls, facts)


def _pin(actor: Actor, cls: TrainingClass, facts: Facts) -> None:
    """What does not change any more once the class is open."""
    if not SHORTEST_SHARE <= facts.share_permille <= 1000:
        raise invalid_field("share", _("出勤要求应在 50% 到 100% 之间。"))
    cls.share_permille = facts.share_permille
    chosen = {o.slug: o for o in list_institutions(actor)}
    now = queries.institution_of(cls)
    if facts.institution and facts.institution not in chosen and (now is None or now.slug != facts.institution):
        raise invalid_field("institution", _("只能选你任教或负责的单位。"))
    if facts.institution in chosen:
        cls.institution_id = chosen[facts.institution].id
    elif not facts.institution:
        cls.institution_id = None
    course = courses.find_course(facts.course, actor) if facts.course else None
    if facts.course and (course is None or course.revision_id is None):
        raise invalid_field("course", _("没有这门已发布的课。"))
    cls.course_id, cls.revision_id = (course.id, course.revision_id) if course else (None, None)
    holds = next((p for p in policies.list_current() if p.code == facts.policy), None)
    if holds is None:
        raise invalid_field("policy", _("请选一条计学规则。"))
    if course and (fault := courses.why_not_policy(facts.policy, is_subsidised=course.is_subsidised)):
        raise invalid_field("policy", fault)
    cls.policy_id = holds.id


# ---- opening, closing, calling off


def open_class(actor: Actor, cls: TrainingClass) -> None:
    """Learners see it from now on, and it goes by the version of its policy that holds now. Again is the same. Raises
    ClassState."""
    queries.must_lead(actor, cls)
    if cls.state == OPEN:
        return
    if cls.state != DRAFT:
        raise ClassState(_("已经结班或取消的班不能再开。"))
    meetings = queries.list_meetings(cls.id, with_cancelled=False)
    if not meetings:
        raise ClassState(_("先安排至少一次课，再开班。"))
    if not queries.teacher_ids(cls.id):
        raise ClassState(_("先登记至少一位任课老师，再开班。"))
    policy = policies.current_policy(policies.get_policy(cls.policy_id).code)  # the one of the draft may be last year's
    course = session.get(courses.Course, cls.course_id) if cls.course_id else None
    if course and (fault := courses.why_not_policy(policy.code, is_subsidised=course.is_subsidised)):
        raise ClassState(fault)  # whether it asks for a subsidy may have changed as well
    cls.policy_id = policy.id
    if queries.lacks_theory(cls) and any(m.kind == PRACTICE for m in meetings):
        raise ClassState(NO_THEORY)
    cls.state, cls.opened_at = OPEN, clock.now()
    session.flush()
    audit.record(actor, "classes.class.opened", f"class:{cls.id}", {"policy": policy.name})


def close_class(actor: Actor, cls: TrainingClass) -> int:
    """The class is over: whoever attended enough (and completed its course) has completed it. How many. Raises ClassState.

    Who completes the course later, or is put right on the roll, completes the class then. Again is the same.
    """
    queries.must_lead(actor, cls)
    if cls.state not in (OPEN, CLOSED):
        raise ClassState(_("这个班没有开，不能结班。"))
    meetings = queries.list_meetings(cls.id, with_cancelled=False)
    if any(m.ends_at > clock.now() for m in meetings):
        raise ClassState(_("还有课没有上完，不能结班。"))
    if cls.state == OPEN:
        cls.state, cls.closed_at = CLOSED, clock.now()
        session.flush()
        audit.record(actor, "classes.class.closed", f"class:{cls.id}")
    return completing.settle_class(cls.id)


def cancel_class(actor: Actor, cls: TrainingClass, reason: str) -> None:
    """Call it off, with a reason that everybody on the roster reads. Raises ClassState once somebody attended, Invalid."""
    queries.must_lead(actor, cls)
    if cls.state == CANCELLED:
        return
    reason = checked_text("reason", reason, LONGEST_REASON)
    if cls.state == CLOSED or any(queries.has_attendance(m.id) for m in queries.list_meetings(cls.id)):
        raise ClassState(_("已经有人来上过课，不能整班取消。可以取消还没上的课，再结班。"))
    cls.state, cls.reason, cls.closed_at = CANCELLED, reason, clock.now()
    session.flush()
    audit.record(actor, "classes.class.cancelled", f"class:{cls.id}", {"reason": reason})


# ---- who teaches it


def add_teacher(actor: Actor, cls: TrainingClass, phone: str) -> None:
    """Somebody with the number teaches it too; they must be a teacher on this site. Again is the same. Raises Invalid."""
    queries.must_lead(actor, cls)
    person = accounts.find_person_by_phone(accounts.checked_phone(phone))
    key = f"classes.teacher:{actor.id}"  # who tries numbers to learn whose they are is slowed down
    accounts.claim_attempt(key, most_a_day=MOST_TRIES_A_DAY)
    if person is None or person.disabled_at is not None or "teach" not in accounts.capabilities_of(person.id):
        why = _("这个号码不是莞学的老师。请他先由管理员登记为老师。")
        raise Invalid(why, fields=[{"field": "phone", "message": why}], remember=[lambda: accounts.claim_attempt(key)])
    ids = queries.teacher_ids(cls.id)
    if len(ids) >= MOST_TEACHERS:
        raise Invalid(_("一个班最多 %(n)s 位老师。", n=MOST_TEACHERS))
    mine = accounts.all_accounts_of(person.id)
    if any((p.person_id in mine or p.phone == person.phone) and p.state != WITHDRAWN for p in queries.list_places(cls.id)):
        raise ClassState(_("他在这个班的名册上（候补的也算），不能同时当老师。"))
    if person.id not in ids:
        session.add(Teacher(class_id=cls.id, person_id=person.id, added_by=actor.ref, added_at=clock.now()))
        session.flush()
        audit.record(actor, "classes.teacher.added", f"class:{cls.id}", {"person": person.ref})


def remove_teacher(actor: Actor, cls: TrainingClass, person_id: int) -> None:
    """They teach it no longer. Again is the same."""
    queries.must_lead(actor, cls)
    gone = session.execute(delete(Teacher).where(Teacher.class_id == cls.id, Teacher.person_id == person_id)).rowcount
    if gone:
        audit.record(actor, "classes.teacher.removed", f"class:{cls.id}", {"person": f"person:{person_id}"})
