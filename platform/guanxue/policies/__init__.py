"""The numbers that decide what learning counts: share to watch, pass mark, length of a class hour, hours a credit …

A policy is data with a code, a version and a day from which it holds. Enrolments pin the version they began under;
publishing a new version never touches what was earned. The shipped numbers are in defaults.py.
"""

from guanxue.policies.models import Policy
from guanxue.policies.queries import (
    current_policy,
    find_current,
    get_policy,
    get_version,
    held_at,
    list_current,
    list_policies,
    newest,
)
from guanxue.policies.rules import (
    LEVELS,
    MATCHED,
    PHONE,
    SEEN,
    STATED,
    Numbers,
    Worth,
    is_code,
    numbers_document,
    numbers_of_text,
    reading_ms,
    worth_of,
)
from guanxue.policies.service import load_defaults, publish_policy
from guanxue.policies.wording import cut_off

__all__ = [
    "Numbers", "Policy", "current_policy", "get_policy", "list_policies", "list_current", "find_current", "get_version",
    "newest", "held_at", "is_code",
    "Worth", "LEVELS", "PHONE", "STATED", "SEEN", "MATCHED",
    "numbers_document", "numbers_of_text", "worth_of", "reading_ms", "publish_policy", "load_defaults", "cut_off",
]
