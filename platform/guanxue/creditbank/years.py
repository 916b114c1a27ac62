"""How many class hours of a city year are used up, by policy: worked out from the ledger alone, as it stood before an entry."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime

from guanxue import ledger, policies
from guanxue.core import clock
from guanxue.core.db import wait_for_turn
from guanxue.creditbank import rules
from guanxue.learning import Completion

EVERY = 1_000_000


def wait_for_years(*person_ids: int) -> None:
    """Queue up behind whatever else takes room in these people's years. Before the ledger is asked for its own turn: whoever
    holds that must wait for nobody."""
    for person_id in sorted(person_ids):
        wait_for_turn(f"year:{person_id}")


def used(person_id: int, before: int | None = None) -> Counter[tuple[str, int]]:
    """{(policy code, city year): thousandths of class hours} on the person's account, before that entry where one is named.

    What was reversed, or followed the person to another account, is gone from the year it was in.
    """
    entries = [(e, amount) for e, amount in ledger.statement(f"person:{person_id}", 1, EVERY).items
               if before is None or e.number < before]
    documents = {e.number: json.loads(e.document) for e, _amount in entries}
    found: Counter[tuple[str, int]] = Counter()
    for entry, amount in entries:
        document = documents.get(entry.reverses, {}) if entry.reverses is not None else documents[entry.number]
        if "completed_at" in document and "class_hours_milli" in document:
            found[place_of(document)] += document["class_hours_milli"] * (1 if amount > 0 else -1)
    return found


def place_of(document: dict) -> tuple[str, int]:
    """(policy code, city year) in which an entry's hours count: by when the course was finished."""
    return document["policy"].partition("/")[0], clock.city_day(datetime.fromisoformat(document["completed_at"])).year


def given(completion: Completion, its: policies.Worth, before: int | None = None) -> policies.Worth:
    """What of a completion's worth its year has room for, as the ledger stood before that entry."""
    policy = policies.get_policy(completion.policy_id)
    if not policy.numbers.yearly_cap_milli:
        return its
    place = policy.code, clock.city_day(completion.completed_at).year
    return rules.within_year(policy.numbers, its, used(completion.person_id, before)[place])
