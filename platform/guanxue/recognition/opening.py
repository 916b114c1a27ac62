"""How cases open a certificate: what it is, staff's page for it, whose it is."""

from __future__ import annotations

from guanxue import cases
from guanxue.core.i18n import lazy as _
from guanxue.recognition import queries, rules


def shown(code: str) -> cases.Shown | None:
    """A certificate by its code."""
    found = queries.find_filing(code)
    if found is None:
        return None
    title = _("证书：%(what)s（%(kind)s）", what=queries.title_of(found), kind=rules.KIND_WORDS[found.kind])
    return cases.Shown(found.ref, title, f"/office/recognition/{found.code}", found.person_id)


def deciders(code: str) -> set[str]:
    """Whoever of the office had a hand in it."""
    found = queries.find_filing(code)
    return {step.by for step in queries.open_filing(found).steps} if found is not None else set()


def register() -> None:
    """Let cases open certificates."""
    cases.register_opener("filing", shown, deciders)
