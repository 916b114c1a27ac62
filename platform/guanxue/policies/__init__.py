"""The numbers that decide what learning counts: share to watch, pass mark, length of a class hour, hours a credit …

A policy is data with a code, a version and a day from which it holds. Enrolments pin the version they began under;
publishing a new version never touches what was earned. The shipped numbers are in defaults.py.
"""

from guanxue.policies.models import Policy
from guanxue.policies.queries import current_policy, get_policy, list_policies
from guanxue.policies.rules import Numbers, class_hours_milli_of, credits_of, numbers_of_text, reading_ms
from guanxue.policies.service import load_defaults, publish_policy

__all__ = [
    "Numbers", "Policy", "current_policy", "get_policy", "list_policies",
    "numbers_of_text", "credits_of", "class_hours_milli_of", "reading_ms", "publish_policy", "load_defaults",
]
