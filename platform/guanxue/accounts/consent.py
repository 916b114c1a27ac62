"""What people were told and agreed to: documents by version, consents by purpose.

A document is a file templates/accounts/documents/<kind>-<day>.html. The day is its version and the day from which it holds;
a published file is never edited, a new text is a new file. An edition is the newest version of any of them: who answered an
edition is not asked again before the next one.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from guanxue import audit
from guanxue.accounts.models import Consent, Person
from guanxue.accounts.queries import accounts_of, get_person
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Invalid, NotFound, TooMany
from guanxue.core.i18n import lazy as _
from guanxue.core.settings import settings

TERMS, PRIVACY = "terms", "privacy"
DOCUMENTS = (TERMS, PRIVACY)
IDENTITY, IDENTITY_MATCH, COURSE_SMS = "identity", "identity-match", "course-sms"
ANSWERS_A_DAY = 20  # to one optional question: every answer is a line that stays
OPTIONAL = (COURSE_SMS,)  # said yes to and no again at will; nothing else hangs on them
# The demonstration's people are nobody: they were never asked, and are not.
DEMO = "demo"
_FILE = re.compile(r"(terms|privacy)-(\d{4}-\d{2}-\d{2})\.html")


# ---- documents


@functools.cache
def _published(folder: Path) -> dict[str, tuple[str, ...]]:
    """{kind: its versions, oldest first} of a folder; read once a process, for a release brings its documents along."""
    found = sorted(m.groups() for m in map(_FILE.fullmatch, (p.name for p in folder.iterdir())) if m)
    return {kind: tuple(version for k, version in found if k == kind) for kind in DOCUMENTS}


def versions_of(kind: str) -> tuple[str, ...]:
    """Every version of a document that holds or held, oldest first."""
    today = clock.today().isoformat()
    published = _published(settings().root / "templates" / "accounts" / "documents")
    return tuple(version for version in published[kind] if version <= today)


def current_version(kind: str, edition: str | None = None) -> str:
    """The version that holds now, or held in an edition; "" where there was none."""
    return next((v for v in reversed(versions_of(kind)) if edition is None or v <= edition), "")


def document_path(kind: str, version: str = "") -> tuple[str, str]:
    """(version, template) of a document; the present one without a version. Raises NotFound."""
    wanted = version or current_version(kind)
    if wanted not in versions_of(kind):
        raise NotFound(_("没有这个版本。"))
    return wanted, f"accounts/documents/{kind}-{wanted}.html"


def current_edition() -> str:
    """The newest version of any document that holds."""
    return max(current_version(kind) for kind in DOCUMENTS)


def must_ask(answered: str) -> bool:
    """Is somebody who answered that edition last to be asked again?"""
    return answered not in (DEMO, current_edition())


def documents_to_show(person_id: int) -> list[tuple[str, str]]:
    """(kind, version) of the documents the person has not agreed to as they stand."""
    agreed = {(c.purpose, c.version) for c in standing(person_id).values() if c.is_given}
    return [(kind, current_version(kind)) for kind in DOCUMENTS if (kind, current_version(kind)) not in agreed]


# ---- consents


def standing(person_id: int) -> dict[str, Consent]:
    """The newest line of each purpose: what the person says now."""
    return {line.purpose: line for line in list_consents(person_id)}


def list_consents(person_id: int) -> list[Consent]:
    """Everything the person ever agreed to or withdrew, oldest first."""
    return list(session.scalars(select(Consent).where(Consent.person_id == person_id).order_by(Consent.id)))


def has_agreed(person_id: int, purpose: str) -> bool:
    """Does the person agree to that now?"""
    line = standing(person_id).get(purpose)
    return line is not None and line.is_given


def note_registration(person: Person, edition: str, source: str) -> None:
    """Keep what a new person agreed to. An edition nobody published is no consent: they will be asked on the next page."""
    if edition == DEMO and person.is_demo:  # anybody else may send that word, too
        person.terms_version, person.accepted_at = DEMO, clock.now()
    elif edition and any(edition in versions_of(kind) for kind in DOCUMENTS):
        _add(person, [(kind, current_version(kind, edition)) for kind in DOCUMENTS], True, source)
        person.terms_version, person.accepted_at = edition, clock.now()


def answer_documents(actor: Actor, *, agrees: bool, edition: str = "") -> None:
    """The actor's answer to the edition they were shown: yes, or not yet. Either way it is not asked about again.

    An answer to an edition that holds no more is none: they are asked about the present one.
    """
    if edition not in ("", current_edition()):
        return
    person = get_person(actor.id)
    _add(person, documents_to_show(person.id), agrees, "banner")
    person.terms_version = current_edition()
    if agrees:
        person.accepted_at = clock.now()
    session.flush()


def set_optional(actor: Actor, purpose: str, *, agrees: bool) -> None:
    """Say yes or no to an optional purpose; again is the same. Raises Invalid for another purpose, TooMany."""
    if purpose not in OPTIONAL:
        raise Invalid(_("没有这一项可以选择。"))
    if has_agreed(actor.id, purpose) == agrees:
        return
    since = clock.now() - timedelta(days=1)
    # Taking it back is never refused.
    if agrees and sum(line.purpose == purpose and line.at > since for line in list_consents(actor.id)) >= ANSWERS_A_DAY:
        raise TooMany(_("今天试得太多次了，请明天再试，或者找管理员帮忙。"), retry_after_s=3600)
    _add(get_person(actor.id), [(purpose, current_version(PRIVACY))], agrees, "settings")


def agree_to(actor: Actor, purpose: str, *, agrees: bool, source: str = "settings") -> None:
    """A separate consent, given or withdrawn where the thing itself is; what follows from it is the caller's."""
    if has_agreed(actor.id, purpose) != agrees:
        _add(get_person(actor.id), [(purpose, current_version(PRIVACY))], agrees, source)


def _add(person: Person, what: Iterable[tuple[str, str]], is_given: bool, source: str) -> None:
    now = clock.now()
    session.add_all(Consent(person_id=person.id, purpose=purpose, version=version, is_given=is_given, source=source, at=now)
                    for purpose, version in what if version)
    session.flush()


# ---- who looked at what


@dataclass(frozen=True)
class Look:
    """Somebody of the platform looked at a person's data: what ("opened" the file, "listed" beside
    another's paper of the same name, "identity" the whole number), who, why."""

    what: str
    by: str
    reason: str
    at: datetime


def list_looks(person: Person, limit: int = 50) -> list[Look]:
    """Who looked at the person's data, newest first; for the person."""
    lines = [line for one in accounts_of(person.id) for action in LOOKS
             for line in audit.list_lines(subject=f"person:{one}", action=action, limit=limit)]
    return [Look(LOOKS[line.action], line.actor, line.detail.get("reason", ""), line.at)
            for line in sorted(lines, key=lambda line: line.id, reverse=True)[:limit]]


LOOKS = {"accounts.person.opened": "opened", "accounts.person.listed": "listed", "accounts.identity.seen": "identity"}
