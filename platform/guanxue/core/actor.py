"""Who acts. Made at the edge from a session or a command, passed first to every service verb."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from guanxue.core import clock
from guanxue.core.errors import Forbidden, SecondFactorNeeded, Unauthenticated
from guanxue.core.i18n import lazy as _

PROOF_HOLDS = timedelta(hours=12)


@dataclass(frozen=True)
class Where:
    """From where a request came, as far as that tells two apart: a random mark that a browser keeps ("session:5" for programs,
    which keep none), and the network. Known while the request lasts; what is kept of it is hashed with the site's key.
    """

    device: str = ""
    network: str = ""


@dataclass(frozen=True)
class Actor:
    """A person, the system itself or an anonymous visitor, with capabilities such as "teach" or "curate:humen".

    `proved_at` is when the session they came with last showed a second factor.
    """

    kind: Literal["person", "system", "anonymous"]
    id: int | None = None
    name: str = ""
    capabilities: frozenset[str] = field(default_factory=frozenset)
    session_id: int | None = None
    proved_at: datetime | None = None
    where: Where = Where()

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

    @property
    def is_proved(self) -> bool:
        """Did this session show a second factor in the last 12 hours? The system needs none."""
        return self.kind == "system" or (self.proved_at is not None and self.proved_at > clock.now() - PROOF_HOLDS)

    def require_proved(self) -> None:
        """Raise SecondFactorNeeded unless is_proved; call it after require(), in the view that opens the sensitive page.

        For whatever shows ID numbers or money or changes other people's accounts:

            actor.require("administer")
            actor.require_proved()

        A page then leads to /me/settings/second-factor?next=… (to set one up, or to show it again) and back; the API answers
        403 with a problem document of the type second-factor-needed. Services behind such views call it as well.
        """
        if not self.is_proved:
            self.must_be_person()
            raise SecondFactorNeeded(_("打开这里之前，请先做两步验证。"))


SYSTEM = Actor("system", name="worker")
ANONYMOUS = Actor("anonymous")
