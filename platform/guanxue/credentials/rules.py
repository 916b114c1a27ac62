"""Pure rules: serials, names as people type them, words that no paper of ours uses."""

from __future__ import annotations

import re
import secrets
import unicodedata
import uuid
from hashlib import sha256

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # as the codes of credits: nothing that can be taken for another
STATEMENT_DAYS = 90
# Kind of the ledger's entry → kind of the credential. What was credited for somebody else's certificate has that certificate.
KINDS = {"completion": "course", "class": "class"}
# Words by which the state names its own certificates; none stands on a page or paper of ours as what the paper is.
STATE_WORDS = (
    "国家职业资格", "职业资格证书", "职业技能等级证书", "专项职业能力证书", "特种作业操作证", "上岗证",
    "学历证书", "毕业证书", "学位证书", "结业证书", "中华人民共和国", "人力资源和社会保障", "教育部",
    "National Vocational", "Diploma")
_SERIAL = re.compile(r"([2-9A-HJKMNP-Z]{12})-([1-9]\d{0,3})")


def new_code() -> str:
    """The code of a statement: twelve characters by chance."""
    return "".join(secrets.choice(ALPHABET) for _n in range(12))


def serial_of(code: str, edition: int) -> str:
    """ABCDEFGHJKMN-1. It names no level, trade, body or year: nobody takes it for the number of a state certificate."""
    return f"{code}-{edition}"


def read_serial(text: str) -> tuple[str, int] | None:
    """(code, edition) of a serial; None for anything else."""
    found = _SERIAL.fullmatch(text)
    return (found[1], int(found[2])) if found else None


def digest_of(token: str) -> str:
    """The SHA-256 of a signed file."""
    return sha256(token.encode()).hexdigest()


def subject_of(key: bytes, serial: str) -> str:
    """An address for the holder that no two credentials share, so that nobody puts two together by it."""
    return f"urn:uuid:{uuid.UUID(bytes=sha256(key + serial.encode()).digest()[:16], version=4)}"


def plain_name(name: str) -> str:
    """A name as it is compared: width, blanks, case and the dot between parts of a name do not matter."""
    return re.sub(r"[\s·•・.]", "", unicodedata.normalize("NFKC", name)).casefold()
