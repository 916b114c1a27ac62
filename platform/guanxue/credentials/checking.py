"""Is this file genuine? Decided offline: from the token, the published keys and, where given, the published lists.

Whatever the file says about how it should be checked is not believed: keys come from the reader, the algorithm from the key.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from guanxue.core.i18n import lazy as _
from guanxue.credentials import status_list
from guanxue.credentials.document import CONTEXTS
from guanxue.credentials.signing import ALGORITHMS, LARGEST_BYTES, Malformed, Token, is_signed_by, parse

# Fault → what people are told.
WHY = {
    "form": _("这不是一份可以核验的证书文件，或者内容已经损坏。"),
    "algorithm": _("文件没有签名，或者用了不认识的签名算法。"),
    "key": _("签名用的钥匙不在公布的公钥里。"),
    "signature": _("签名对不上：内容被改动过，或者不是我们签的。"),
    "schema": _("签名没有问题，但内容不合证书的格式。"),
    "retired": _("这把钥匙在文件写的日期已经停用。"),
    "early": _("文件写的生效时间还没有到。"),
    "expired": _("已经过了有效期。"),
    "revoked": _("这份证书已经撤销，不再作数。"),
    "replaced": _("这份证书已经由更正后的新证书代替。"),
    "list": _("撤销名单是假的、过期了，或者不是这份证书的那一张。"),
}


@dataclass(frozen=True)
class Verdict:
    """`fault` is a word of WHY, "" for none; `detail` which member of the form is wrong. `listed_at` is the day of the list
    that was looked at ("" where none was, so that nobody knows whether it was revoked since)."""

    is_valid: bool
    fault: str
    detail: str
    payload: dict
    key_id: str
    listed_at: str

    @property
    def why(self) -> str:
        """The fault in words; nothing where there is none."""
        return str(WHY[self.fault]) if self.fault else ""


def looks_like_token(text: str) -> bool:
    """Is the text in the form of a signed token, whatever it says?"""
    try:
        return bool(parse(text).header)
    except Malformed:
        return False


def read_file(path: Path) -> str | None:
    """The text of a file that has the form of a signed token; None for any other file."""
    try:
        text = path.read_text("ascii") if path.stat().st_size <= LARGEST_BYTES else ""
    except (OSError, ValueError):
        return None
    return text if looks_like_token(text) else None


def check(text: str, keys: Iterable[dict], now: datetime, lists: Iterable[str] = ()) -> Verdict:
    """Judge a credential file. `keys` are JWKs (with `since` and `until` where they were retired), `lists` signed lists."""
    known = list(keys)
    found = _signed(text, known)
    if isinstance(found, Verdict):
        return found
    token, named = found
    fault, detail, listed_at = _judge(token, named, known, now, list(lists))
    return Verdict(not fault, fault, detail, token.payload, token.key_id, listed_at)


def _signed(text: str, keys: list[dict]) -> tuple[Token, list[dict]] | Verdict:
    """The token and the key that signed it (once for each time in which it signed), or why not."""
    try:
        token = parse(text)
    except Malformed as error:
        return Verdict(False, "form", str(error), {}, "", "")
    algorithm = token.header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS or "crit" in token.header:
        return Verdict(False, "algorithm", str(algorithm), {}, token.key_id, "")
    named = [k for k in keys if k.get("kid") == token.key_id]  # more than once where a key came back with a backup
    if not named:
        return Verdict(False, "key", token.key_id, {}, token.key_id, "")
    if not all(is_signed_by(token, key) for key in named):
        return Verdict(False, "signature", "", {}, token.key_id, "")
    return token, named


def _judge(token: Token, named: list[dict], keys: list[dict], now: datetime, lists: list[str]) -> tuple[str, str, str]:
    payload = token.payload
    if faults := schema_faults(payload):
        return "schema", faults[0], ""
    valid_from, valid_until = _moment(payload["validFrom"]), _moment(payload.get("validUntil"))
    if not any(_moment(k.get("since"), valid_from) <= valid_from <= _moment(k.get("until"), valid_from) for k in named):
        return "retired", token.key_id, ""
    if valid_from > now:
        return "early", payload["validFrom"], ""
    if valid_until is not None and valid_until < now:
        return "expired", payload["validUntil"], ""
    return _standing(payload["credentialStatus"], keys, now, lists) if lists else ("", "", "")


def _standing(entry: dict, keys: list[dict], now: datetime, lists: list[str]) -> tuple[str, str, str]:
    """Revoked, replaced or neither, by the list the credential names."""
    for text in lists:
        found = _signed(text, keys)
        if isinstance(found, Verdict) or not is_list(found[0].payload):
            return "list", "", ""
        listed = found[0].payload
        if listed["id"].rpartition("/")[2] != entry["statusListCredential"].rpartition("/")[2]:
            continue
        if not _moment(listed["validFrom"]) <= now <= _moment(listed["validUntil"]):
            return "list", listed["validUntil"], listed["validFrom"]
        index = int(entry["statusListIndex"])
        if status_list.is_set(status_list.unpack(listed["credentialSubject"]["encodedList"]), index):
            return "replaced" if index in listed["replacedIndexes"] else "revoked", "", listed["validFrom"]
        return "", "", listed["validFrom"]
    return "list", entry["statusListCredential"], ""


def is_list(payload: dict) -> bool:
    """Does the payload have the form of a signed list?"""
    try:
        subject = payload["credentialSubject"]
        return ("BitstringStatusListCredential" in payload["type"] and subject["type"] == "BitstringStatusList"
                and subject["statusPurpose"] == "revocation" and isinstance(payload["replacedIndexes"], list)
                and None not in (_moment(payload["validFrom"]), _moment(payload["validUntil"]))
                and bool(status_list.unpack(subject["encodedList"])) and isinstance(payload["id"], str))
    except (KeyError, TypeError, ValueError, AttributeError):
        return False


# ---- the rules of Open Badges 3.0


def schema_faults(payload: dict) -> list[str]:
    """Where the payload breaks the rules of Open Badges 3.0 that can be read off it, each as a path; nothing where it holds.

    From 1EdTech's JSON schema of the AchievementCredential (required members and their types) and its section on VC-JWT (the
    registered claims say what the credential says).
    """
    faults: list[str] = []

    def must(condition: object, where: str) -> None:
        if not condition:
            faults.append(where)

    try:
        _check_credential(payload, must)
        _check_subject(payload["credentialSubject"], must)
        _check_claims(payload, must)
        _check_status(payload["credentialStatus"], must)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        faults.append(str(error))
    return faults


def _check_credential(payload: dict, must) -> None:
    contexts = payload.get("@context")
    must(isinstance(contexts, list) and tuple(contexts[:2]) == CONTEXTS, "@context")
    must(_is_address(payload.get("id")), "id")
    types = payload.get("type")
    must(isinstance(types, list) and "VerifiableCredential" in types
         and {"OpenBadgeCredential", "AchievementCredential"} & set(types), "type")
    must(_is_text(payload.get("name")), "name")
    issuer = payload.get("issuer")
    must(isinstance(issuer, dict) and _is_address(issuer.get("id")) and "Profile" in issuer.get("type", ()), "issuer")
    must(_moment(payload.get("validFrom")), "validFrom")
    must("validUntil" not in payload or _moment(payload["validUntil"]), "validUntil")
    must("awardedDate" not in payload or _moment(payload["awardedDate"]), "awardedDate")
    must(all(_is_text(s.get("id")) and s.get("type") for s in payload.get("credentialSchema", [])), "credentialSchema")
    must(all("Evidence" in e.get("type", ()) for e in payload.get("evidence", [])), "evidence")


def _check_subject(subject: dict, must) -> None:
    must("AchievementSubject" in subject.get("type", ()), "credentialSubject.type")
    must(_is_address(subject.get("id")) or subject.get("identifier"), "credentialSubject.id")
    for one in subject.get("identifier", []):
        must(one.get("type") == "IdentityObject" and isinstance(one.get("hashed"), bool) and _is_text(one.get("identityHash"))
             and _is_text(one.get("identityType")), "credentialSubject.identifier")
    achievement = subject["achievement"]
    must(_is_address(achievement.get("id")), "achievement.id")
    must("Achievement" in achievement.get("type", ()), "achievement.type")
    for name in ("name", "description"):
        must(_is_text(achievement.get(name)), f"achievement.{name}")
    criteria = achievement.get("criteria")
    must(isinstance(criteria, dict) and (_is_text(criteria.get("narrative")) or _is_address(criteria.get("id"))),
         "achievement.criteria")
    for name in ("activityStartDate", "activityEndDate"):
        must(name not in subject or _moment(subject[name]), f"credentialSubject.{name}")
    must(isinstance(subject.get("creditsEarned", 0), (int, float)), "credentialSubject.creditsEarned")


def _check_claims(payload: dict, must) -> None:
    must(payload.get("iss") == payload["issuer"]["id"], "iss")
    must(payload.get("jti") == payload["id"], "jti")
    must(payload.get("sub") == payload["credentialSubject"].get("id"), "sub")
    must(payload.get("nbf") == _seconds(payload["validFrom"]), "nbf")
    must(payload.get("exp") == (_seconds(payload["validUntil"]) if "validUntil" in payload else None), "exp")


def _check_status(status: dict, must) -> None:
    must(_is_address(status.get("id")) and status.get("type") == "BitstringStatusListEntry", "credentialStatus")
    must(status.get("statusPurpose") == "revocation" and _is_address(status.get("statusListCredential")), "credentialStatus")
    index = status.get("statusListIndex")
    must(isinstance(index, str) and index.isdecimal() and int(index) < status_list.BITS, "credentialStatus.statusListIndex")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_address(value: object) -> bool:
    return isinstance(value, str) and value.partition(":")[0] in ("https", "http", "urn", "did") and ":" in value


def _moment(value: object, default: datetime | None = None) -> datetime | None:
    """The moment that a text with a time zone names; None where it names none."""
    try:
        found = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except (AttributeError, ValueError):
        return default
    return found.astimezone(UTC) if found.tzinfo else default


def _seconds(text: str) -> int | None:
    found = _moment(text)
    return int(found.timestamp()) if found else None


def read_keys(text: str) -> list[dict]:
    """The keys of a published set (RFC 7517). Raises Malformed."""
    try:
        keys = json.loads(text)["keys"]
        return [dict(k) for k in keys]
    except (ValueError, KeyError, TypeError) as error:
        raise Malformed(str(error)) from error


def told_offline(text: str, published: str, lists: Iterable[str], now: datetime) -> tuple[bool, str]:
    """(is it genuine, a sentence) of a credential file, for the command line. `published` is a set of keys, "" for none."""
    try:
        keys = read_keys(published) if published else []
    except Malformed:
        keys = []
    if not keys:
        return False, str(_("没有可信的公钥：请用 --keys 给出发证平台公布的 /.well-known/jwks.json。"))
    seen = check(text, keys, now, lists)
    if not seen.is_valid:
        return False, str(_("无效：%(why)s", why=seen.why))
    said = seen.payload["microCredential"]
    listed = _("没有被撤销。") if seen.listed_at else _(
        "没有看撤销名单：要知道之后有没有撤销，请用 --status 给出名单，或者上网核验。")
    return True, str(_("真实有效：%(name)s，%(title)s，%(body)s，%(day)s。%(listed)s", name=said["learner"],
                       title=said["title"], body=said["awardingBody"], day=said["date"][:10], listed=listed))
