"""What two accounts of one person wrote for others stands under the one that stays; each course is rated once."""

from __future__ import annotations

from sqlalchemy import select, update

from guanxue.accounts import Effect, Merging, Plan
from guanxue.core import generation
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.discussions.models import Answer, Question, Rating, Report
from guanxue.discussions.service import GENERATION

TABLES = {"ratings": Rating, "questions": Question, "answers": Answer, "reports": Report}


def plan_merge(kept_id: int, merged_id: int) -> Plan:
    """Everything written, but ratings and reports of what the other account has rated or reported itself."""
    rated = set(session.scalars(select(Rating.course_id).where(Rating.person_id == kept_id)))
    reported = {tuple(row) for row in session.execute(select(Report.kind, Report.thing_id).where(Report.person_id == kept_id))}
    stays = {"ratings": lambda r: r.course_id in rated, "reports": lambda r: (r.kind, r.thing_id) in reported}
    steps = tuple(
        (name, tuple(row.id for row in session.scalars(select(table).where(table.person_id == merged_id).order_by(table.id))
                     if not stays.get(name, lambda _row: False)(row)))
        for name, table in TABLES.items())
    count = sum(len(ids) for _name, ids in steps)
    told = Effect("posts.moved", "discussions", _("%(n)s 条评价、提问、回答和举报转过来。", n=count), count)
    return Plan((told,) if count else (), steps)


def merge(actor: Actor, merging: Merging, plan: Plan) -> dict:
    """Carry out the plan; gives what moved, by table."""
    _give(plan.steps, merging.merged_id, merging.kept_id)
    return {name: list(ids) for name, ids in plan.steps}


def plan_part(merging: Merging, documents: dict) -> Plan:
    """What came along goes back."""
    document = documents.get("discussions", {})
    steps = tuple((name, tuple(document.get(name, ()))) for name in TABLES)
    count = sum(len(ids) for _name, ids in steps)
    told = Effect("posts.returned", "discussions", _("合并时转过来的评价、提问和回答还回去。"), count)
    return Plan((told,) if count else (), steps)


def part(actor: Actor, merging: Merging, plan: Plan) -> None:
    """Carry out the plan of a parting."""
    _give(plan.steps, merging.kept_id, merging.merged_id)


def _give(steps: tuple, from_id: int, to_id: int) -> None:
    for name, ids in steps:
        table = TABLES[name]
        session.execute(update(table).where(table.id.in_(ids), table.person_id == from_id).values(person_id=to_id)
                        .execution_options(synchronize_session="fetch"))
    generation.bump(GENERATION)
