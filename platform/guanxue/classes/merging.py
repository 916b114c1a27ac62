"""The classes of two accounts of one person: places follow the person; where both had one, it is one place with all its lines.

No line of attendance is copied or changed: a place that is joined to another lends it its lines while the accounts stand
merged. Who was there under both accounts at once was there once.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from guanxue import jobs
from guanxue.accounts import Effect, Merging, Plan
from guanxue.classes import completing
from guanxue.classes.models import CLOSED, COMPLETED, SEATED, WITHDRAWN, Place, Teacher, TrainingClass
from guanxue.classes.places import move_up
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _

MOVE, JOIN, TAKE = "move", "join", "take"


@dataclass(frozen=True)
class Step:
    """What becomes of one place of the merged account: it moves, is joined to that of the account that stays, or its seat is
    taken over by that one, which had none."""

    place_id: int
    class_id: int
    what: str
    into_id: int | None


def plan_merge(kept_id: int, merged_id: int) -> Plan:
    """Class by class; and what is managed and taught."""
    effects, steps = [], []
    for place in session.scalars(select(Place).where(Place.person_id == merged_id).order_by(Place.id)):
        cls = session.get(TrainingClass, place.class_id)
        mine = session.scalar(select(Place).where(Place.class_id == place.class_id, Place.person_id == kept_id))
        what = MOVE if mine is None else TAKE if place.state in SEATED and mine.state not in SEATED else JOIN
        steps.append(Step(place.id, place.class_id, what, mine.id if mine else None))
        told = (_("培训班“%(title)s”转过来。", title=cls.title) if mine is None else
                _("培训班“%(title)s”两个账号都在名册上：合成一个名额，签到合在一起算。", title=cls.title))
        effects.append(Effect("place.moved" if mine is None else "place.joined", f"class:{cls.id}", told))
    managed = tuple(session.scalars(
        select(TrainingClass.id).where(TrainingClass.manager_id == merged_id).order_by(TrainingClass.id)))
    taught = tuple(session.scalars(select(Teacher.class_id).where(Teacher.person_id == merged_id).order_by(Teacher.class_id)))
    if managed or taught:
        count = len(set(managed) | set(taught))
        effects.append(Effect("classes.moved", "classes", _("负责或任教的 %(n)s 个培训班转过来。", n=count), count))
    return Plan(tuple(effects), (tuple(steps), managed, taught))


def merge(actor: Actor, merging: Merging, plan: Plan) -> dict:
    """Carry out the plan; gives what the way back needs."""
    steps, managed, taught = plan.steps
    done = [_merge_place(merging, step) for step in steps]
    session.flush()
    for class_id in managed:
        session.get(TrainingClass, class_id).manager_id = merging.kept_id
    moved = [class_id for class_id in taught if _give_teaching(class_id, merging.merged_id, merging.kept_id)]
    session.flush()
    for step in steps:
        cls = session.get(TrainingClass, step.class_id)
        move_up(actor, cls)  # two seats of one person are one
        if cls.state == CLOSED:  # together it may be enough; a merge itself completes nothing that it did not tell
            jobs.enqueue("classes.settle_class", {"class_id": cls.id}, key=str(cls.id))
    return {"places": done, "managed": list(managed), "taught": list(taught), "given": moved}


def _merge_place(merging: Merging, step: Step) -> dict:
    place = session.get(Place, step.place_id)
    told = {"place": place.id, "class": step.class_id, "what": step.what, "into": step.into_id, "state": place.state}
    if step.what == MOVE:
        place.person_id = merging.kept_id
        return told
    mine = session.get(Place, step.into_id)
    told |= {"was": mine.state, "undertaking": mine.undertaking_version}
    if step.what == TAKE and place.state != COMPLETED:
        mine.state, mine.withdrawn_at = place.state, None
        mine.undertaking_version, mine.undertaking_at = place.undertaking_version, place.undertaking_at
    elif place.state == COMPLETED and mine.state != COMPLETED:
        mine.state, mine.withdrawn_at = COMPLETED, None
    place.joined_to_id = mine.id
    return told


def _give_teaching(class_id: int, from_id: int, to_id: int) -> bool:
    """Who teaches a class is another account from now on; False where that one taught it already."""
    row = session.get(Teacher, (class_id, from_id))
    if row is None:
        return False
    there = session.get(Teacher, (class_id, to_id))
    if there is None:
        session.add(Teacher(class_id=class_id, person_id=to_id, added_by=row.added_by, added_at=row.added_at))
    session.delete(row)
    session.flush()
    return there is None


# ---- undoing it


def plan_part(merging: Merging, documents: dict) -> Plan:
    """Every place as it was; lines of attendance stay with the place for which they were written."""
    document = documents.get("classes", {"places": [], "managed": [], "taught": [], "given": []})
    ids = sorted({d["class"] for d in document["places"]})
    titles = dict(session.execute(select(TrainingClass.id, TrainingClass.title).where(TrainingClass.id.in_(ids))).all())
    effects = [Effect("place.returned", f"class:{one}", _("培训班“%(title)s”回到原来的账号。",
                                                          title=titles[one])) for one in ids]
    if document["managed"] or document["taught"]:
        effects.append(Effect("classes.returned", "classes", _("合并时转过来的培训班还回去。"),
                              len({*document["managed"], *document["taught"]})))
    return Plan(tuple(effects), (document,))


def part(actor: Actor, merging: Merging, plan: Plan) -> None:
    """Carry out the plan of a parting."""
    document = plan.steps[0]
    for told in document["places"]:
        _part_place(merging, told)
    for class_id in document["managed"]:
        cls = session.get(TrainingClass, class_id)
        if cls.manager_id == merging.kept_id:
            cls.manager_id = merging.merged_id
    for class_id in document["taught"]:
        if class_id in document["given"]:
            _give_teaching(class_id, merging.kept_id, merging.merged_id)
        elif session.get(Teacher, (class_id, merging.merged_id)) is None:
            session.add(Teacher(class_id=class_id, person_id=merging.merged_id, added_by=actor.ref, added_at=clock.now()))
    session.flush()


def _part_place(merging: Merging, told: dict) -> None:
    place = session.get(Place, told["place"])
    if told["what"] == MOVE:
        if place.person_id == merging.kept_id:
            place.person_id = merging.merged_id
        return
    place.joined_to_id = None
    mine = session.get(Place, told["into"])
    if mine.state != COMPLETED or told["state"] == COMPLETED:
        own = completing.own_completion(mine.id)
        mine.state = COMPLETED if own else told["was"]
    if told["was"] == WITHDRAWN and mine.state == WITHDRAWN:
        mine.withdrawn_at = clock.now()
