"""Pure rules about phones, passwords, names and how long a sign-in must wait."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from ipaddress import ip_address, ip_network

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
# Codes by message: (how many, within seconds) for one number, and for one address.
CODES_A_NUMBER = ((1, 60), (5, 3600), (10, 86_400))
CODES_AN_ADDRESS = ((60, 3600), (200, 86_400))  # a training room or a dormitory joins behind one address
# After so long without a sign of its owner a number may belong to somebody else.
QUIET = timedelta(days=90)
# What these may do opens only with a second factor: pages with other people's ID numbers.
TRUSTED = frozenset({"administer", "identify"})


def normal_phone(text: str) -> str | None:
    """The eleven digits of a mainland mobile number written in any usual way, or None."""
    digits = re.sub(r"[\s\-()]", "", unicodedata.normalize("NFKC", text))
    digits = re.sub(r"^(\+?86|0086)", "", digits)
    return digits if MOBILE.fullmatch(digits) else None


def network_of(address: str) -> str:
    """What limits by address count: of IPv6 its first 64 bits, since every line has all the others to itself."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return address
    return str(found.ipv4_mapped or ip_network((int(found) >> 64 << 64, 64)))


def prefix_of(address: str) -> str:
    """The network an address belongs to, told roughly: 24 bits of IPv4, 48 of IPv6; phones and lines move within those."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    found = getattr(found, "ipv4_mapped", None) or found
    return str(ip_network((found, 24 if found.version == 4 else 48), strict=False))


def mask_phone(phone: str | None) -> str:
    """138****0001; nothing where the number was given up."""
    return "" if phone is None else f"{phone[:3]}****{phone[-4:]}"


def mask_name(name: str) -> str:
    """The first character and stars, as many as help nobody guess more: 张*, 欧阳** → 欧**."""
    return name[:1] + "*" * min(3, max(1, len(name) - 1))


def are_one_name(*names: str) -> bool:
    """Are these one name? Latin letters are the same in either size."""
    return len({name.lower() for name in names}) == 1


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


def digits_of(typed: str) -> str:
    """What was typed without blanks and hyphens, full-width digits as digits; empty unless all of it is digits."""
    plain = re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", typed))
    return plain if plain.isascii() and plain.isdigit() else ""


def is_quiet(seen_at: datetime | None, created_at: datetime, now: datetime) -> bool:
    """Was nothing heard of the account's owner for 90 days?"""
    return (seen_at or created_at) <= now - QUIET


def proofs_for_signing_in(
    *, has_identity: bool, has_factor: bool, is_quiet: bool, is_disputed: bool, is_trusted: bool,
) -> tuple[str, ...]:
    """Which second proofs let a code to the number open the account, one of them; empty where the code alone does.

    `is_trusted`: has a role in TRUSTED. Without a second factor such an account would be its holder's SIM card.
    """
    if is_trusted and not has_factor:
        return ("password",)
    if not is_disputed and not (has_identity and is_quiet):
        return ()
    return ("password", *(["identity"] if has_identity else []), *(["factor"] if has_factor else []))


def proofs_for_new_password(
    *, has_identity: bool, has_factor: bool, is_quiet: bool, is_disputed: bool, is_trusted: bool,
) -> tuple[str, ...] | None:
    """Which second proof a new password takes beside the code: one kind, none (empty), or None where only an officer can help.

    Who has a second factor shows that one: a number on a card in the same purse may not stand in for it.
    """
    if has_factor:
        return ("factor",)
    if is_trusted:
        return None
    if has_identity:
        return ("identity",)
    return None if is_quiet or is_disputed else ()


def device_of(text: str) -> str:
    """A browser's description of itself, so coarse that an update of browser or system changes nothing."""
    machine = next((m for m in ("iPhone", "iPad", "HarmonyOS", "Android", "Windows", "Macintosh", "Linux") if m in text), "")
    browser = next((b for b in ("MicroMessenger", "DingTalk", "Edg", "QQBrowser", "UCBrowser", "Firefox", "Chrome", "Safari")
                    if b in text), "")
    return f"{machine} {browser}".strip() or text[:40]


# ---- the citizen's number (GB 11643-1999)

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
ID_LENGTH = 18
_ID_SHOWN = 3


def normal_citizen_id(text: str) -> str:
    """The number as it is compared: wide digits, blanks, hyphens and a small x are all the same."""
    return re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", text)).upper()


def citizen_id_fault(number: str, today: date) -> str | None:
    """"length", "characters", "place", "date", "future" or "check" of a normalised number; None when it could be one.

    Residents of Hong Kong, Macao and Taiwan have a number of the same make: 810000, 820000, 830000 stand for the place.
    """
    if len(number) != ID_LENGTH:
        return "length"
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return "characters"
    if number[:2] in ("81", "82", "83") and number[2:6] != "0000":
        return "place"
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return "date"
    if born > today:
        return "future"
    if born.year < today.year - 130:
        return "date"
    total = sum(int(digit) * weight for digit, weight in zip(number, _ID_WEIGHTS, strict=False))
    return None if _ID_CHECKS[total % 11] == number[17] else "check"


def mask_citizen_id(number: str) -> str:
    """441***************: the province and no more.

    A neighbour or workmate knows where somebody comes from and their birthday: that is fourteen of the eighteen. So nothing
    of the last four is shown, and the first three tell only what the accent does.
    """
    return number[:_ID_SHOWN] + "*" * (len(number) - _ID_SHOWN)


# ---- two accounts of one person


@dataclass(frozen=True)
class Account:
    """What decides whether an account may be merged. `for_life`: kinds of its documents of which a person has one number."""

    id: int
    name: str
    is_demo: bool
    is_leaving: bool
    is_disabled: bool
    is_disputed: bool
    has_identity: bool
    for_life: frozenset[str]
    is_seen: bool
    has_roles: bool
    has_second_factor: bool
    has_merged: bool


def merge_fault(kept: Account, merged: Account, *, by_administrator: bool) -> str | None:
    """Which rule forbids to merge the second account into the first; None when they may become one.

    Two numbers that one has for life are two people. Two documents of other kinds may be one person's: an administrator says
    so, of two accounts of one name, where an officer has seen at least one of the papers.
    """
    have_both = kept.has_identity and merged.has_identity
    is_one_name = are_one_name(kept.name, merged.name)
    faults = (
        ("same-account", kept.id == merged.id),
        ("leaving", kept.is_leaving or merged.is_leaving),
        ("disabled", kept.is_disabled or merged.is_disabled),
        ("demo", kept.is_demo != merged.is_demo),
        ("has-merged", merged.has_merged),
        ("two-identities", not kept.for_life.isdisjoint(merged.for_life)),
        ("two-papers", have_both and not by_administrator),
        ("unseen-papers", have_both and not (is_one_name and (kept.is_seen or merged.is_seen))),
        ("staff", merged.has_roles and not by_administrator),
        ("second-factor", merged.has_second_factor and not by_administrator),
        ("disputed", merged.is_disputed and not by_administrator),
    )
    return next((name for name, is_so in faults if is_so), None)
