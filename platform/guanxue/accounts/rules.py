"""Pure rules about phones, passwords, names and how long a sign-in must wait."""

from __future__ import annotations

import re
import unicodedata

MOBILE = re.compile(r"1[3-9]\d{9}")  # mainland mobile numbers; prefixes change, so no prefix table
LONGEST_PASSWORD = 256
SHORTEST_PASSWORD = 8
COMMON_PASSWORDS = frozenset(
    """12345678 123456789 1234567890 87654321 11111111 88888888 66666666 00000000 99999999 12341234 11223344 123123123
    password password1 password123 passw0rd qwertyui qwerty123 1q2w3e4r 1qaz2wsx abc12345 a1234567 a12345678 aa123456
    abcd1234 iloveyou woaini1314 woaini520 5201314520 13141314 admin123 dongguan dongguan123 dongguan2026 guanxue123
    guanxue2026 zhongguo 147258369 789456123 31415926 asdfghjk zxcvbnm1 q1w2e3r4 woaiwojia a123456789""".split()
)
# After this many failures within the window, one attempt a pause.
FREE_FAILURES_PHONE, FREE_FAILURES_ADDRESS = 5, 50
WINDOW_S = 900
PAUSES_S = (5, 10, 30, 60)


def normal_phone(text: str) -> str | None:
    """The eleven digits of a mainland mobile number written in any usual way, or None."""
    digits = re.sub(r"[\s\-()]", "", unicodedata.normalize("NFKC", text))
    digits = re.sub(r"^(\+?86|0086)", "", digits)
    return digits if MOBILE.fullmatch(digits) else None


def mask_phone(phone: str | None) -> str:
    """138****0001; nothing where the number was given up."""
    return "" if phone is None else f"{phone[:3]}****{phone[-4:]}"


def mask_name(name: str) -> str:
    """The first character and stars, as many as help nobody guess more: 张*, 欧阳** → 欧**."""
    return name[:1] + "*" * min(3, max(1, len(name) - 1))


def password_fault(password: str, phone: str = "") -> str | None:
    """"short", "long", "common" or "phone", or None when the password will do (NIST SP 800-63B: length and a list)."""
    if len(password) < SHORTEST_PASSWORD:
        return "short"
    if len(password) > LONGEST_PASSWORD:
        return "long"
    folded = unicodedata.normalize("NFKC", password).casefold()
    if folded in COMMON_PASSWORDS or len(set(folded)) < 3:
        return "common"
    return "phone" if phone and phone in folded else None


def wait_s(failures: int, since_last_s: float, free: int) -> float:
    """How long until the next attempt may be made, after that many failures in the window; 0.0 for now."""
    over = failures - free
    if over < 0:
        return 0.0
    return max(0.0, PAUSES_S[min(over, len(PAUSES_S) - 1)] - since_last_s)
