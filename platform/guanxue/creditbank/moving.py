"""The entries by which a credit follows its person to another account and comes back. Nothing here decides whether it may."""

from __future__ import annotations

from guanxue import accounts, ledger
from guanxue.accounts import Merging
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.creditbank import past, rules
from guanxue.creditbank.models import Award, Move
from guanxue.creditbank.queries import credited, standing_move
from guanxue.creditbank.sources import Source, get_source
from guanxue.policies import Worth


def move_key(source: Source, merge_code: str, step: str, word: str, entry: int) -> str:
    """The only-once key of an entry that takes a credit off ("off") or puts it on ("on")."""
    return f"{source.move_kind(step)}:{merge_code}:{word}:{entry}"


def move(actor: Actor, merging: Merging, one: Award, step: str, rule: str, off: int | None, on: int | None,
         counted: Worth | None = None) -> None:
    """Take an award's credit off one account and put it on another; either may be left out. Again is the same.

    `counted`: what it counts on the account that stays, where a part of it counts there already.
    """
    amount, source, entries = credited(one), get_source(one.source), {}
    here = amount if counted is None else counted.credits_milli  # on the account that stays
    taken, given = (amount, here) if step == "merged" else (here, amount)
    for word, person_id, signed in (("off", off, -taken), ("on", on, given)):
        if person_id is not None:
            entries[word] = ledger.post(
                actor, key=move_key(source, merging.code, step, word, one.entry_number), kind=source.move_kind(step),
                postings=[(f"person:{person_id}", signed), (source.mint, -signed)],
                document=_document(merging, one, step, word, rule, counted if person_id == merging.kept_id else None)).number
    kept, merged = merging.kept_id, merging.merged_id
    giver, taker = (merged, kept) if step == "merged" else (kept, merged)
    session.add(Move(merge_code=merging.code, award_id=one.id, step=step, rule=rule, from_person_id=giver, to_person_id=taker,
                     off_entry=entries.get("off"), on_entry=entries.get("on"), moved_at=clock.now()))
    session.flush()


def _document(merging: Merging, one: Award, step: str, word: str, rule: str, counted: Worth | None) -> dict:
    """What the entry is explained by: the merge, the first entry with what it is for and its numbers, the rule, the reason."""
    first = past.document_at(one.entry_number)
    explains = {name: first[name] for name in past.EXPLAINS if name in first}
    if counted is not None:
        explains |= {"content_ms": counted.content_ms, "class_hours_milli": counted.hours_milli}
        rule = rule or "cut"
    return {**explains, "merge": merging.code, "entry": one.entry_number, "award": one.code,
            "kept": merging.kept_id, "merged": merging.merged_id, "rule": rule or "moved",
            "reason": rules.move_reason(one.source, step, word, rule)}


def give_back(actor: Actor, merging: Merging, moved: Move, step: str) -> None:
    """The other way: off the account that stayed, where it had been put on, and on the one that earned it."""
    one = session.get(Award, moved.award_id)
    kept_id = merging.kept_id if moved.on_entry else None
    move(actor, merging, one, step, moved.rule, kept_id, merging.merged_id, counted_of(moved))


def counted_of(moved: Move) -> Worth | None:
    """What a credit counts on the account that stays; None where that is all of it, or nothing."""
    if moved.on_entry is None:
        return None
    document = past.document_at(moved.on_entry)
    amount = dict(ledger.postings_of(moved.on_entry))[f"person:{moved.to_person_id}"]
    return Worth(document["content_ms"], document["class_hours_milli"], amount) if document["rule"] == "cut" else None


def bring_home(actor: Actor, one: Award) -> None:
    """Give an award back to the account that earned it, if it is with another: what is done to it is done there."""
    moved = standing_move(one.id)
    if moved is not None and not ledger.is_reversed(one.entry_number):
        merge = accounts.get_merge(moved.merge_code)
        give_back(actor, Merging(merge.code, merge.kept_id, merge.merged_id, merge.reason), moved, "returned")
