"""What learning is worth: completions become credits once, in the ledger; statements; checking by code.

Credits are whole thousandths (millicredits), rounded down once from whole milliseconds of content (policies.credits_of).
They are a record and never spent.
"""

from guanxue.creditbank.class_awards import award_attended, award_class, award_class_later
from guanxue.creditbank.errors import NoSuchRecord
from guanxue.creditbank.models import Award, ClassAward
from guanxue.creditbank.queries import (
    Line,
    Refused,
    Verification,
    balance,
    find_award,
    has_awards_since,
    list_capped,
    list_refused,
    statement,
    study_hours_milli,
    verify,
)
from guanxue.creditbank.recomputing import Difference, recompute
from guanxue.creditbank.rules import decimal_text, normal_code, spaced_code
from guanxue.creditbank.service import award, award_completion, award_later, reverse_award
from guanxue.creditbank.waiting import (
    Waiting,
    list_waiting,
    settle_identity,
    settle_identity_later,
    settle_person,
)

__all__ = [
    "award_class", "award_class_later", "award_attended",
    "Award", "ClassAward", "Line",
    "Verification", "Difference", "NoSuchRecord", "award", "award_completion", "award_later", "reverse_award",
    "recompute", "balance", "study_hours_milli", "statement", "find_award", "has_awards_since", "verify",
    "Waiting", "list_waiting", "settle_identity", "settle_identity_later", "settle_person",
    "Refused", "list_refused", "list_capped", "decimal_text", "normal_code", "spaced_code",
]
