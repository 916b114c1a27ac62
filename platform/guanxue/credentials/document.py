"""What a credential says: an Open Badges 3.0 credential on the W3C's data model 2.0, with the EU's micro-credential fields.

Names and required members are those of 1EdTech's Open Badges 3.0 (AchievementCredential, Achievement, Profile) and of its
rules for signed tokens (section "VC-JWT": iss, jti, sub, nbf and exp repeat what the credential says). The eleven fields that
the Council of the EU asks of every micro-credential, and three it allows, stand under `microCredential`
(Recommendation 2022/C 243/02, annex I). Amounts are written as decimal numbers of thousandths.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from guanxue.credentials.status_list import BITS

CONTEXTS = ("https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json")
SCHEMA = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
FIELDS = ("learner", "title", "country", "awardingBody", "date", "learningOutcomes", "workload", "level", "assessment",
          "participation", "qualityAssurance")
MORE_FIELDS = ("identityCheck", "grade", "stackability")
ACHIEVEMENT_TYPES = {"course": "CertificateOfCompletion", "class": "CertificateOfCompletion", "statement": "Certificate"}


@dataclass(frozen=True)
class Facts:
    """Everything a credential says. `identity` is a masked document number, "" where none is known; thousandths of credits
    and class hours; `grade`, `level` and `quality` are "" where there is none."""

    serial: str
    code: str
    kind: str
    title: str
    name: str
    identity: str
    identity_check: str
    began_at: datetime | None
    ended_at: datetime
    institution: str
    issued_at: datetime
    expires_at: datetime | None
    credits_milli: int
    hours_milli: int
    outcomes: tuple[str, ...]
    criteria: str
    level: str
    assessment: str
    participation: str
    quality: str
    grade: str
    stackability: str
    entry_number: int | None
    status_index: int
    subject: str
    entries: tuple[dict, ...] = ()  # of a statement: {at, title, class_hours, credits, code}


def moment(at: datetime) -> str:
    """2026-11-26T08:00:00Z: whole seconds, in UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def decimal(milli: int) -> float:
    """Thousandths as a JSON number."""
    return milli / 1000


def context_url(base: str) -> str:
    """Where the words of ours that Open Badges has not are explained."""
    return f"{base}/credentials/context"


def issuer_of(base: str, name: str) -> dict:
    """Who issues, as a Profile."""
    return {"id": f"{base}/credentials/issuer", "type": ["Profile"], "name": name, "url": base,
            "address": {"type": ["Address"], "addressCountry": "CN", "addressRegion": "广东省", "addressLocality": "东莞市"}}


def credential(facts: Facts, *, base: str, issuer: str) -> dict:
    """The payload of the token. `base` is the site's address, `issuer` who runs it."""
    address = f"{base}/credentials/{facts.serial}"
    by, number, index = issuer_of(base, issuer), facts.status_index // BITS, facts.status_index % BITS
    lasting = {"validUntil": moment(facts.expires_at), "exp": int(facts.expires_at.timestamp())} if facts.expires_at else {}
    listed = f"{base}/credentials/status/{number + 1}"
    return {
        "@context": [*CONTEXTS, context_url(base)], "id": address, "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": facts.title, "issuer": by, "validFrom": moment(facts.issued_at), "awardedDate": moment(facts.ended_at),
        **lasting,
        "credentialSubject": _subject(facts, base, by),
        "credentialStatus": {"id": f"{listed}#{index}", "type": "BitstringStatusListEntry", "statusPurpose": "revocation",
                             "statusListIndex": str(index), "statusListCredential": listed},
        "credentialSchema": [{"id": SCHEMA, "type": "1EdTechJsonSchemaValidator2019"}],
        "evidence": [{"id": f"{base}/verify/{facts.code}", "type": ["Evidence"], "name": "学分账本里的记录",
                      **({"description": f"第 {facts.entry_number} 笔"} if facts.entry_number else {})}],
        "microCredential": _fields(facts, issuer),
        **({"entries": list(facts.entries)} if facts.kind == "statement" else {}),
        "iss": by["id"], "jti": address, "sub": facts.subject, "nbf": int(facts.issued_at.timestamp()),
    }


def _subject(facts: Facts, base: str, by: dict) -> dict:
    identifiers = [_identity("name", facts.name)]
    if facts.identity:
        identifiers.append(_identity("ext:masked-document", facts.identity))
    began = {"activityStartDate": moment(facts.began_at)} if facts.began_at else {}
    return {
        "id": facts.subject, "type": ["AchievementSubject"], "identifier": identifiers, **began,
        "activityEndDate": moment(facts.ended_at), "creditsEarned": decimal(facts.credits_milli),
        "achievement": {
            "id": f"{base}/credentials/{facts.serial}#achievement", "type": ["Achievement"], "name": facts.title,
            "achievementType": ACHIEVEMENT_TYPES[facts.kind], "creator": by, "inLanguage": "zh-CN",
            "description": "；".join(facts.outcomes) or facts.title, "criteria": {"narrative": facts.criteria},
            "creditsAvailable": decimal(facts.credits_milli)},
    }


def _identity(kind: str, text: str) -> dict:
    return {"type": "IdentityObject", "hashed": False, "identityHash": text, "identityType": kind}


def _fields(facts: Facts, issuer: str) -> dict:
    """The eleven fields, and of the three further ones those that are known."""
    further = {"identityCheck": facts.identity_check, "grade": facts.grade, "stackability": facts.stackability}
    return {
        "learner": facts.name, "title": facts.title, "country": "CN", "awardingBody": facts.institution or issuer,
        "date": moment(facts.issued_at), "learningOutcomes": list(facts.outcomes) or [facts.title],
        "workload": {"classHours": decimal(facts.hours_milli), "classHourMinutes": 45, "credits": decimal(facts.credits_milli)},
        "level": facts.level, "assessment": facts.assessment, "participation": facts.participation,
        "qualityAssurance": facts.quality, **{name: text for name, text in further.items() if text},
    }


def words_of_ours(base: str) -> dict:
    """The JSON-LD context of what is ours: each one JSON value, so that no other vocabulary has to know its members."""
    at = context_url(base)
    ours = ("microCredential", "entries", "replacedIndexes")
    return {"@context": {name: {"@id": f"{at}#{name}", "@type": "@json"} for name in ours}}


def status_list(number: int, encoded: str, replaced: list[int], *, base: str, issuer: str, at: datetime,
                until: datetime) -> dict:
    """The payload of a signed list: bits of those that are revoked, and which of them for a newer one of the same award."""
    address, by = f"{base}/credentials/status/{number}", issuer_of(base, issuer)
    return {
        "@context": [CONTEXTS[0], context_url(base)], "id": address, "issuer": by,
        "validFrom": moment(at), "validUntil": moment(until),
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "credentialSubject": {"id": f"{address}#list", "type": "BitstringStatusList", "statusPurpose": "revocation",
                              "encodedList": encoded},
        "replacedIndexes": replaced, "iss": by["id"], "jti": address, "sub": f"{address}#list",
        "nbf": int(at.timestamp()), "exp": int(until.timestamp()),
    }
