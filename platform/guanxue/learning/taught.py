"""Where two accounts are one person: study beside classes that count, and classes beside study. One moment counts once.

What the account that stays was credited with goes first. Names are kept with the merge, so that it can be worked out again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from guanxue import accounts, classes
from guanxue.core import clock
from guanxue.learning import beside_classes, carried, rules
from guanxue.learning.models import Playback

Names = dict[str, list]  # "playing" [[playback, last seq]], "classes" [class completion]: of the account that stays


def list_beside(person_ids: Sequence[int], playbacks: Sequence[Playback]) -> tuple[int, ...]:
    """Completions of classes of these people that met while any of the playbacks was heard."""
    heard = [(p.opened_ms, p.opened_ms + p.acked_t_ms) for p in playbacks]
    return tuple(c.id for one in sorted(person_ids) for c in classes.list_completions(one) if _meets(c, heard))


def _meets(completion: classes.ClassCompletion, spans: Sequence[tuple[int, int]]) -> bool:
    return any(begins < to_ms and from_ms < ends for _id, begins, ends, _breaks in completion.evidence["meetings"]
               for from_ms, to_ms in spans)


def names_beside(kept_id: int, completion: classes.ClassCompletion) -> Names:
    """What the account that stays was playing and sitting in, as it stands, while a class of the other met."""
    people = [kept_id, *accounts.merged_into(kept_id)]
    playing: dict[int, int] = {}
    for _id, begins, ends, _breaks in completion.evidence["meetings"]:
        playing |= dict(beside_classes.name_playing(people, begins, ends))
    met = [(begins, ends) for _id, begins, ends, _breaks in completion.evidence["meetings"]]
    own = [c.id for one in sorted(people) for c in classes.list_completions(one) if _meets(c, met)]
    return {"playing": [[one, last] for one, last in sorted(playing.items())], "classes": own}


def attended_beside(completion: classes.ClassCompletion, names: Names) -> classes.Derived:
    """What of a class counts without these moments."""
    taken = [*beside_classes.playing(names["playing"]), *carried.classes_spans(names["classes"])]
    return classes.derive_completion(completion, taken)


def names_at_merge(merged_id: int, kept_id: int) -> dict[str, Names]:
    """{class completion of the merged account: what the other did beside it}."""
    found = {str(c.id): names_beside(kept_id, c) for c in classes.list_completions(merged_id)}
    return {one: names for one, names in found.items() if names["playing"] or names["classes"]}


@dataclass(frozen=True)
class _Stretch:
    """A meeting in the shape of a playback that was heard all through it."""

    opened_ms: int
    acked_t_ms: int


def end_playing(merged_id: int, kept_id: int) -> None:
    """Nothing more may be claimed for moments of a class that came with the merge: what the account that stays left open
    beside it ends where it was heard last."""
    met = [_Stretch(begins, ends - begins) for c in classes.list_completions(merged_id)
           for _id, begins, ends, _breaks in c.evidence["meetings"]]
    end_unheard(kept_id, met)


def end_unheard(kept_id: int, counted: Sequence) -> None:
    """End what the account left open beside what is counted now, where it was heard last."""
    for playback in carried.list_unheard(kept_id, counted, clock.now_ms() - rules.GRACE_MS):
        heard = playback.opened_ms + playback.acked_t_ms
        if playback.ended_ms is None or playback.ended_ms > heard:
            playback.ended_ms = heard
