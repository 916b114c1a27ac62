"""What this room tells a person about their credentials; the files, which bear the name, go with them."""

from __future__ import annotations

from sqlalchemy import delete, select

from guanxue.accounts import Effect
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.credentials.models import Credential, CredentialFile, Look

# Table → where export() tells of it.
KEEPS = {"credentials_credential": "credentials", "credentials_look": "compared"}


def export(person_id: int) -> dict:
    """Every credential with its file, and when somebody compared a name or digits."""
    rows = session.execute(select(Credential, CredentialFile.token).outerjoin(
        CredentialFile, CredentialFile.credential_id == Credential.id)
        .where(Credential.person_id == person_id).order_by(Credential.id))
    looks = session.scalars(select(Look).where(Look.person_id == person_id).order_by(Look.id))
    return {
        "credentials": [{"code": c.serial, "kind": c.kind, "title": c.title, "issued_at": c.issued_at.isoformat(),
                         "expires_at": c.expires_at.isoformat() if c.expires_at else "", "reason": c.reason,
                         "key_id": c.key_id, "digest": c.digest, "file": token or ""} for c, token in rows],
        "compared": [{"code": x.code, "way": x.way, "is_match": x.is_match, "at": x.looked_at.isoformat()} for x in looks],
    }


def erase(actor: Actor, person_id: int) -> list[Effect]:
    """The files and the looks go; that something was issued stays, without a name."""
    ids = select(Credential.id).where(Credential.person_id == person_id)
    session.execute(delete(CredentialFile).where(CredentialFile.credential_id.in_(ids)))
    session.execute(delete(Look).where(Look.person_id == person_id))
    return left(person_id)


def left(person_id: int) -> list[Effect]:
    """What stays, and why; also told before."""
    return [Effect("credentials.kept", "credentials", _(
        "证书文件在平台上删除，再也下载不到；已经存到自己手机里的，别人照样能核验。证书的编号留在不记名的名册里。"))]
