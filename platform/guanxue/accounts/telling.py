"""What a record of a person may show of their document, and whether what somebody typed is the person's."""

from __future__ import annotations

import hmac

from guanxue.accounts import kinds
from guanxue.accounts.levels import list_known
from guanxue.accounts.queries import accounts_of, get_person
from guanxue.core import sealing


def shown_document(person_id: int) -> tuple[str, str] | None:
    """(kind in words, the masked number) of the document that counts for the person; None where none was stated."""
    known = [k for one in reversed(accounts_of(person_id)) for k in list_known(one)]
    return (str(kinds.name_of(known[0].document.kind, known[0].document.masked)), known[0].document.masked) if known else None


def ends_with(person_id: int, digits: str) -> bool:
    """Are these the last four of a document that the person stated; of the phone number where none was?"""
    rows = [k.document for one in accounts_of(person_id) for k in list_known(one)]
    numbers = [sealing.unseal(d.kind, f"person:{d.person_id}", d.number_sealed) for d in rows]
    if not numbers:
        numbers = [get_person(person_id).phone or ""]
    typed = digits.strip().upper()
    return len(typed) == 4 and any(hmac.compare_digest(n[-4:].upper().encode(), typed.encode()) for n in numbers)
