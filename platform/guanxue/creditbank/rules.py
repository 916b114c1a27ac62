"""Pure rules: amounts as people read them, codes."""

from __future__ import annotations

import secrets
import unicodedata

# No letter or digit that can be taken for another when read aloud or from a photocopy.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 12


def new_code() -> str:
    """Twelve characters by chance, about 59 bits: cannot be guessed through a throttle."""
    return "".join(secrets.choice(ALPHABET) for _n in range(CODE_LENGTH))


def normal_code(text: str) -> str:
    """A code as typed: any case, blanks and hyphens anywhere."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum())[:40]


def spaced_code(code: str) -> str:
    """ABCD-EFGH-JKMN."""
    return "-".join(code[i:i + 4] for i in range(0, len(code), 4))


def decimal_text(milli: int, *, signed: bool = False) -> str:
    """Thousandths as people read them: 18 → "0.018"; with a sign for a statement's lines."""
    sign = "-" if milli < 0 else "+" if signed else ""
    return f"{sign}{abs(milli) // 1000}.{abs(milli) % 1000:03}"
