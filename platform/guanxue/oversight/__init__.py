"""Oversight: what looks unlike honest study is found, shown with its evidence, and dismissed or made a case by a person.

Nothing here changes a record. Detectors are pure (detectors.py), their thresholds have reasons (thresholds.py); training rooms
are registered, so that many people on one machine are in order there. What a closed case says is to follow is carried out
here, because here everything is known. (docs/decisions/0026-cases.md)
"""

from guanxue.oversight.carrying import carry_out, carry_out_later, list_awards, list_missing, list_offered
from guanxue.oversight.detectors import KINDS
from guanxue.oversight.errors import Answered, NoSuchFinding, NoSuchRoom
from guanxue.oversight.models import Finding, Room, RoomMark, Sighting
from guanxue.oversight.opening import OPENERS, award_deciders
from guanxue.oversight.queries import (
    count_waiting,
    get_finding,
    get_room,
    list_findings,
    list_marks,
    list_rooms,
    people_of,
    sighting_of,
    sightings_of,
)
from guanxue.oversight.rooms import close_room, mark_device, mark_network, open_room, remove_mark
from guanxue.oversight.service import (
    add_findings,
    dismiss,
    forget_sightings,
    let_go,
    look,
    look_soon,
    make_case,
    note_sign,
    note_study,
    search,
    watch,
)

__all__ = [
    "Finding", "Room", "RoomMark", "Sighting", "Answered", "NoSuchFinding", "NoSuchRoom", "KINDS", "OPENERS", "note_study",
    "note_sign", "let_go", "look", "look_soon", "search", "watch", "add_findings", "forget_sightings", "dismiss", "make_case",
    "get_finding", "list_findings", "people_of", "count_waiting", "sighting_of", "sightings_of", "open_room", "close_room",
    "mark_device", "mark_network", "remove_mark", "get_room", "list_rooms", "list_marks", "carry_out", "carry_out_later",
    "list_awards", "list_missing", "list_offered", "award_deciders",
]
