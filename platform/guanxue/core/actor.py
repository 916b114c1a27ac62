"""Who acts. Made at the edge from a session or a command, passed first to every service verb."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from guanxue.core.errors import Forbidden, Unauthenticated
from guanxue.core.i18n import lazy as _


@dataclass(frozen=True)
class Actor:
    """A person, the system itself or an anonymous visitor, with capabilities such as "teach" or "curate:humen"."""

    kind: Literal["person", "system", "anonymous"]
    id: int | None = None
    name: str = ""
    capabilities: frozenset[str] = field(default_factory=frozenset)
    session_id: int | None = None

    @property
    def ref(self) -> str:
        """"person:17", "system:worker" or "anonymous": how audit and ledger name the actor."""
        return {"person": f"person:{self.id}", "system": f"system:{self.name}"}.get(self.kind, "anonymous")

    @property
    def is_person(self) -> bool:
        """True for somebody signed in."""
        return self.kind == "person"

    def may(self, verb: str, scope: str | None = None) -> bool:
        """May this actor `verb` (everywhere, or within `scope`)? The system and administrators may."""
        if self.kind == "system" or "administer" in self.capabilities or verb in self.capabilities:
            return True
        return scope is not None and f"{verb}:{scope}" in self.capabilities

    def must_be_person(self) -> None:
        """Raise Unauthenticated unless somebody is signed in."""
        if not self.is_person:
            raise Unauthenticated(_("请先登录。"))

    def require(self, verb: str, scope: str | None = None) -> None:
        """Raise Unauthenticated or Forbidden unless may()."""
        if not self.may(verb, scope):
            self.must_be_person()
            raise Forbidden(_("你没有做这件事的权限。"))


SYSTEM = Actor("system", name="worker")
ANONYMOUS = Actor("anonymous")
