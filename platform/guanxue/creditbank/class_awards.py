"""Attended class hours become credit: once for a person and a class, by entries of a kind of their own.

The completion of a class names its evidence (classes/completing.py); what of it counts is derived from there, and worth what
the class's policy says, each meeting as a lesson. Bounds on a day and on a year are bounds on online study: hours in a room
with a teacher are bounded by the room. (docs/decisions/0025-classes.md)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from sqlalchemy import select

from guanxue import accounts, audit, classes, jobs, ledger, policies
from guanxue.accounts import Effect, Merging
from guanxue.classes import ClassCompletion
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.core.i18n import marked as N_
from guanxue.creditbank import rules
from guanxue.creditbank.models import ClassAward, ClassMove

Step = tuple[int, int, int, str]  # completion, millicredits, thousandths of hours, the rule that forbids to count it again
MINT, ENTRY = "mint:classes", "class"
MOVES = {"merged": "class-merge", "parted": "class-part", "returned": "class-return"}
KINDS = (ENTRY, *MOVES.values())
_REASON = N_("培训班结业")
_REASONS = {
    "merged": N_("账号并入：培训班的学分跟着人走"), "parted": N_("账号分开：培训班的学分回到原来的账号"),
    "returned": N_("冲销之前，学分先回到原来的账号"), "once": N_("账号并入：同一个培训班一个人只算一次，保留的账号已经有了"),
}
_EXPLAINS = ("course", "class", "title", "policy", "content_ms", "class_hours_milli", "class_hour_ms", "class_hours_per_credit",
             "class_completed_at")


def award_class(event: classes.ClassCompleted) -> ClassAward | None:
    """Post what a completed class is worth; again is the same. None when it is worth less than a thousandth."""
    return award_attended(classes.get_completion(event.completion_id))


def award_class_later(event: classes.ClassCompleted) -> None:
    """What an award that failed is left to: a job, which tries until it is posted."""
    jobs.enqueue("credits.award_class", {"completion_id": event.completion_id}, key=str(event.completion_id), priority=10)


def award_attended(completion: ClassCompletion) -> ClassAward | None:
    """The award of a completed class, posted if it is not yet."""
    accounts.lock_person(completion.person_id)
    there = _award_of(completion.person_id, completion.class_id)
    if there is not None:
        return there
    its = worth_attended(completion)
    if not its.credits_milli or waits(completion):
        return None
    if completion.class_id in _class_ids(completion.person_id):
        audit.record(SYSTEM, "creditbank.credit.refused", f"class-completion:{completion.id}",
                     {"rule": "once", "millicredits": its.credits_milli})
        return None
    code = rules.new_code()
    entry = ledger.post(
        SYSTEM, key=_key(completion), kind=ENTRY, document=_document(completion, its, code),
        postings=[(MINT, -its.credits_milli), (f"person:{completion.person_id}", its.credits_milli)])
    made = ClassAward(completion_id=completion.id, person_id=completion.person_id, class_id=completion.class_id,
                      entry_number=entry.number, code=code, awarded_at=clock.now())
    session.add(made)
    session.flush()
    audit.record(SYSTEM, "creditbank.credit.awarded", f"class-completion:{completion.id}",
                 {"millicredits": its.credits_milli, "entry": entry.number})
    return made


def waits(completion: ClassCompletion, level: int | None = None) -> bool:
    """Is its person not known well enough yet, or would not be at that level? Then the credit waits (waiting.py)."""
    asked = accounts.level_asked(policies.get_policy(completion.policy_id).numbers, "claim")
    return asked > (accounts.level_of(completion.person_id) if asked and level is None else level or 0)


def _key(completion: ClassCompletion) -> str:
    return f"class:{completion.person_id}:{completion.class_id}"


def worth_attended(completion: ClassCompletion) -> policies.Worth:
    """What a completion's evidence is worth under its policy; nothing where it does not hold."""
    return _worth(completion, classes.derive_completion(completion))


def _worth(completion: ClassCompletion, derived: classes.Derived) -> policies.Worth:
    attended = [("meeting", ms) for ms in derived.meetings_ms if ms]
    return policies.worth_of(policies.get_policy(completion.policy_id).numbers, attended)


def _document(completion: ClassCompletion, its: policies.Worth, code: str) -> dict:
    """Everything the entry is explained by: class, institution, policy, rule, measure, evidence."""
    cls = classes.classes_by_id([completion.class_id])[completion.class_id]
    place, policy = classes.institution_of(cls), policies.get_policy(completion.policy_id)
    return {
        "person": completion.person_id, "class": cls.code, "title": cls.title, "institution": place.name if place else "",
        "policy": policy.name, "rule": classes.RULE, "content_ms": its.content_ms, "class_hours_milli": its.hours_milli,
        "class_hour_ms": policy.numbers.class_hour_ms, "class_hours_per_credit": policy.numbers.class_hours_per_credit,
        "evidence": completion.evidence_digest, "code": code, "reason": _REASON,
        "class_completed_at": completion.completed_at.isoformat(),  # not "completed_at": by that years.py bounds online study
    }


# ---- finding them


def _award_of(person_id: int, class_id: int) -> ClassAward | None:
    return session.scalar(select(ClassAward).where(ClassAward.person_id == person_id, ClassAward.class_id == class_id))


def find_class_award(code: str) -> ClassAward | None:
    """The award with that normalised code."""
    return session.scalar(select(ClassAward).where(ClassAward.code == code))


def standing_class_move(award_id: int) -> ClassMove | None:
    """How the award stands away from the account that earned it; None while it is at home."""
    newest = session.scalar(select(ClassMove).where(ClassMove.award_id == award_id).order_by(ClassMove.id.desc()).limit(1))
    return newest if newest is not None and newest.step == "merged" else None


def class_codes(numbers: list[int]) -> dict[int, str]:
    """The code to show for each of these entries that has one: of an award, or of one that came and stands."""
    codes = dict(session.execute(select(ClassAward.entry_number,
                                        ClassAward.code).where(ClassAward.entry_number.in_(numbers))).all())
    for move in session.scalars(select(ClassMove).where(ClassMove.on_entry.in_(numbers))).all():
        if standing_class_move(move.award_id) is move:
            codes[move.on_entry] = session.get(ClassAward, move.award_id).code
    return codes


def list_refused_classes(person_id: int) -> list[tuple[str, str, int]]:
    """(code, title, millicredits) of classes' credits that a merge took off another account and that do not count again."""
    moves = session.scalars(select(ClassMove).where(
        ClassMove.to_person_id == person_id, ClassMove.step == "merged",
        ClassMove.on_entry.is_(None)).order_by(ClassMove.id)).all()
    awards = [session.get(ClassAward, m.award_id) for m in moves if standing_class_move(m.award_id) is m]
    return [(a.code, json.loads(ledger.get_entry(a.entry_number).document)["title"], _amount(a)) for a in awards]


def has_class_awards_since(person_id: int, moment) -> bool:
    """Was a class awarded since then, or did one follow them?"""
    own = select(ClassAward.id).where(ClassAward.person_id == person_id, ClassAward.awarded_at >= moment)
    came = select(ClassMove.id).where(ClassMove.to_person_id == person_id, ClassMove.on_entry.is_not(None),
                                      ClassMove.moved_at >= moment)
    return any(session.scalar(query.limit(1)) is not None for query in (own, came))


def _class_ids(person_id: int) -> set[int]:
    """Classes that count on the person's account: its own, and what came with merges that stand."""
    found = set(session.scalars(select(ClassAward.class_id).where(ClassAward.person_id == person_id)))
    came = session.scalars(select(ClassMove).where(ClassMove.to_person_id == person_id, ClassMove.on_entry.is_not(None),
                                                   ClassMove.step == "merged")).all()
    return found | {session.get(ClassAward, m.award_id).class_id for m in came if standing_class_move(m.award_id) is m}


def _amount(one: ClassAward) -> int:
    return dict(ledger.postings_of(one.entry_number))[f"person:{one.person_id}"]


def _hours(one: ClassAward) -> int:
    return json.loads(ledger.get_entry(one.entry_number).document)["class_hours_milli"]


# ---- following their person


def plan_class_merge(kept_id: int, merged_id: int) -> tuple[list[Effect], tuple[Step, ...], tuple[int, int]]:
    """(what is told, a step each, (millicredits, thousandths of hours) that the account that stays gains: what comes, and what
    of its own still waits for its award)."""
    effects, steps, held = [], [], _class_ids(kept_id) | {c.class_id for c in classes.list_completions(kept_id)}
    titles = classes.classes_by_id(c.class_id for c in classes.list_completions(merged_id))
    for completion in classes.list_completions(merged_id):
        there = _award_of(merged_id, completion.class_id)
        its = (_amount(there), _hours(there)) if there else _figures(worth_attended(completion))
        if not its[0] or (there is not None and ledger.is_reversed(there.entry_number)):
            continue
        rule = "once" if completion.class_id in held else ""
        held |= {completion.class_id}
        steps.append((completion.id, *its, rule))
        title, amount = titles[completion.class_id].title, rules.decimal_text(its[0])
        told = (_("培训班“%(title)s”的 %(a)s 学分不再算一次：同一个班一个人只算一次。", title=title, a=amount) if rule else
                _("培训班“%(title)s”的 %(a)s 学分（%(h)s 学时）转到保留的账号。", title=title, a=amount,
                  h=rules.decimal_text(its[1])))
        effects.append(Effect("credit.refused" if rule else "credit.moved", f"class:{completion.class_id}", told, its[0]))
    level = accounts.level_after_merge(kept_id, merged_id)
    own = [worth_attended(c) for c in classes.list_completions(kept_id)
           if _award_of(kept_id, c.class_id) is None and not waits(c, level)]
    gained = [(s[1], s[2]) for s in steps if not s[3]] + [_figures(w) for w in own if w.credits_milli]
    return effects, tuple(steps), (sum(g[0] for g in gained), sum(g[1] for g in gained))


def _figures(its: policies.Worth) -> tuple[int, int]:
    return its.credits_milli, its.hours_milli


def award_waiting(*person_ids: int) -> None:
    """Post what waits for a job, before a merge."""
    for person_id in person_ids:
        for completion in classes.list_completions(person_id):
            award_attended(completion)


def merge_classes(actor: Actor, merging: Merging, steps: Iterable[Step]) -> None:
    """Carry out what plan_class_merge() told; award_waiting() was called before."""
    for completion_id, _amount_milli, _hours_milli, rule in steps:
        completion = classes.get_completion(completion_id)
        one = _award_of(completion.person_id, completion.class_id)
        _move(actor, merging, one, "merged", rule, merging.merged_id, None if rule else merging.kept_id)


def _move(actor: Actor, merging: Merging, one: ClassAward, step: str, rule: str, off: int | None, on: int | None) -> None:
    amount, entries = _amount(one), {}
    for word, person_id, signed in (("off", off, -amount), ("on", on, amount)):
        if person_id is not None:
            entries[word] = ledger.post(
                actor, key=_move_key(merging.code, step, word, one.entry_number), kind=MOVES[step],
                postings=[(f"person:{person_id}", signed), (MINT, -signed)], document=_move_document(merging, one, step,
                    rule)).number
    kept, merged = merging.kept_id, merging.merged_id
    giver, taker = (merged, kept) if step == "merged" else (kept, merged)
    session.add(ClassMove(merge_code=merging.code, award_id=one.id, step=step, rule=rule, from_person_id=giver,
                          to_person_id=taker,
                          off_entry=entries.get("off"), on_entry=entries.get("on"), moved_at=clock.now()))
    session.flush()


def _move_key(code: str, step: str, word: str, entry: int) -> str:
    return f"{MOVES[step]}:{code}:{word}:{entry}"


def _move_document(merging: Merging, one: ClassAward, step: str, rule: str) -> dict:
    first = json.loads(ledger.get_entry(one.entry_number).document)
    return {**{name: first[name] for name in _EXPLAINS if name in first}, "merge": merging.code, "entry": one.entry_number,
            "award": one.code, "kept": merging.kept_id, "merged": merging.merged_id, "rule": rule or "moved",
            "reason": _REASONS[rule if step == "merged" and rule else step]}


def standing_class_moves(merge_code: str) -> list[ClassMove]:
    """What a merge took off one account and that has not gone back."""
    moves = session.scalars(select(ClassMove).where(ClassMove.merge_code == merge_code, ClassMove.step == "merged")
                            .order_by(ClassMove.id)).all()
    return [m for m in moves if standing_class_move(m.award_id) is m]


def plan_class_part(merging: Merging) -> tuple[list[Effect], tuple[int, ...], int]:
    """(what is told, the moves that go back, millicredits that the account that stayed loses)."""
    effects, steps, lost = [], [], 0
    for move in standing_class_moves(merging.code):
        one = session.get(ClassAward, move.award_id)
        lost += _amount(one) if move.on_entry else 0
        steps.append(move.id)
        title = classes.classes_by_id([one.class_id])[one.class_id].title
        told = _("培训班“%(title)s”的 %(a)s 学分回到原来的账号。", title=title, a=rules.decimal_text(_amount(one)))
        effects.append(Effect("credit.returned", f"class:{one.class_id}", told, _amount(one)))
    return effects, tuple(steps), lost


def part_classes(actor: Actor, merging: Merging, move_ids: Iterable[int]) -> None:
    """Carry out what plan_class_part() told."""
    for move_id in move_ids:
        _give_back(actor, merging, session.get(ClassMove, move_id), "parted")


def _give_back(actor: Actor, merging: Merging, moved: ClassMove, step: str) -> None:
    one = session.get(ClassAward, moved.award_id)
    _move(actor, merging, one, step, moved.rule, merging.kept_id if moved.on_entry else None, merging.merged_id)


def reverse_class_award(actor: Actor, one: ClassAward, *, reason: str, authority: str) -> None:
    """Take a class's award back; one that followed its person goes home first. Raises AlreadyReversed, Invalid."""
    actor.require("administer")
    moved = standing_class_move(one.id)
    if moved is not None and not ledger.is_reversed(one.entry_number):
        merge = accounts.get_merge(moved.merge_code)
        _give_back(actor, Merging(merge.code, merge.kept_id, merge.merged_id, merge.reason), moved, "returned")
    ledger.reverse(actor, one.entry_number, reason=reason, authority=authority)


# ---- deriving them again


def check_classes(person_id: int | None) -> Iterator[tuple[int, str, int, int, str]]:
    """(person, what, millicredits stored, derived, why) of every difference between evidence of classes and the ledger."""
    known: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for completion in classes.list_completions(person_id):
        known[ENTRY].add(_key(completion))
        yield from _check(completion)
    for merge in accounts.list_merges(person_id):
        for kind, key, person, amount in _entries(merge):
            known[kind].add(key)
            yield from _compare(key, person, amount)
    for kind in KINDS:
        yield from _orphans(kind, known[kind], person_id)


def _check(completion: ClassCompletion) -> Iterator[tuple[int, str, int, int, str]]:
    derived = classes.derive_completion(completion)
    should = _worth(completion, derived).credits_milli
    entry = ledger.find_entry_by_key(_key(completion))
    has = _on(entry, completion.person_id)
    whys = [str(f) for f in derived.faults]
    if entry is not None and json.loads(entry.document)["evidence"] != completion.evidence_digest:
        whys.append(str(_("账上写的依据不是这条结业记录。")))
    if sum(derived.meetings_ms) != completion.attended_ms and not whys:
        whys.append(str(_("到课的时间与记录不符。")))
    if entry is None and should and (waits(completion) or _came_before(completion)):
        should = 0
    if has != should or whys:
        title = classes.classes_by_id([completion.class_id])[completion.class_id].title
        yield completion.person_id, title, has, should, "；".join(whys) or str(_("金额不符。"))


def _came_before(completion: ClassCompletion) -> bool:
    """Did the same class count on the account already, through a merge that stood when this was completed?"""
    moves = session.execute(
        select(ClassMove, ClassAward.class_id).join(ClassAward, ClassAward.id == ClassMove.award_id)
        .where(ClassMove.to_person_id == completion.person_id, ClassMove.step == "merged", ClassMove.on_entry.is_not(None),
               ClassMove.moved_at <= completion.completed_at)).all()
    return completion.class_id in {class_id for _move_row, class_id in moves}


def _on(entry: ledger.Entry | None, person_id: int) -> int:
    return sum(a for account, a in ledger.postings_of(entry.number) if account == f"person:{person_id}") if entry else 0


def _entries(merge) -> Iterator[tuple[str, str, int, int]]:
    """(kind, key, person, millicredits) of every entry that a merge must have left, there and back."""
    size = merge.document.get("creditbank", {}).get("size", 0)
    held = {a.class_id for a in _awards_at(merge.kept_id, size)}
    held |= {c.class_id for c in classes.list_completions(merge.kept_id) if c.completed_at <= merge.merged_at}
    held |= _came_at(merge.kept_id, size)
    for one in _awards_at(merge.merged_id, size):
        contra = ledger.find_entry_by_key(f"reversal:{one.entry_number}")
        if contra is not None and contra.number <= size:
            continue
        amount, is_refused = _amount(one), one.class_id in held
        held |= {one.class_id}
        yield MOVES["merged"], _move_key(merge.code, "merged", "off", one.entry_number), merge.merged_id, -amount
        if not is_refused:
            yield MOVES["merged"], _move_key(merge.code, "merged", "on", one.entry_number), merge.kept_id, amount
        back = ledger.find_entry_by_key(_move_key(merge.code, "returned", "on", one.entry_number))
        returned = back is not None and contra is not None and contra.number > back.number
        step = "returned" if returned else "parted" if merge.parted_at is not None else ""
        if step and not is_refused:
            yield MOVES[step], _move_key(merge.code, step, "off", one.entry_number), merge.kept_id, -amount
        if step:
            yield MOVES[step], _move_key(merge.code, step, "on", one.entry_number), merge.merged_id, amount


def _awards_at(person_id: int, size: int) -> list[ClassAward]:
    return list(session.scalars(select(ClassAward).where(ClassAward.person_id == person_id, ClassAward.entry_number <= size)
                                .order_by(ClassAward.id)))


def _came_at(person_id: int, size: int) -> set[int]:
    """Classes that stood on the account then because they came with an earlier merge."""
    rows = session.execute(
        select(ClassMove, ClassAward.class_id).join(ClassAward, ClassAward.id == ClassMove.award_id)
        .where(ClassMove.to_person_id == person_id, ClassMove.step == "merged", ClassMove.on_entry <= size)).all()
    backs = {(m.merge_code, m.award_id) for m in session.scalars(select(ClassMove).where(
        ClassMove.from_person_id == person_id, ClassMove.step != "merged", ClassMove.off_entry <= size))}
    return {class_id for move, class_id in rows if (move.merge_code, move.award_id) not in backs}


def _compare(key: str, person_id: int, amount: int) -> Iterator[tuple[int, str, int, int, str]]:
    entry = ledger.find_entry_by_key(key)
    if (ledger.postings_of(entry.number) if entry else []) != [(f"person:{person_id}", amount), (MINT, -amount)]:
        yield person_id, key, _on(entry, person_id), amount, str(_("账号合并后的学分不符。"))


def _orphans(kind: str, known: set[str], person_id: int | None) -> Iterator[tuple[int, str, int, int, str]]:
    for entry in ledger.list_entries(kind):
        if entry.key in known:
            continue
        for account, amount in ledger.postings_of(entry.number):
            person = int(account.removeprefix("person:")) if account.startswith("person:") else None
            if person is not None and person_id in (None, person):
                yield person, entry.key, amount, 0, str(_("账上有培训班的学分，但没有对应的记录。"))
