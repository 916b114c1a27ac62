"""What learning is worth: outcomes become credits once, in the ledger; statements; checking by code.

Credits are whole thousandths (millicredits), rounded down once from whole milliseconds of content (policies.worth_of).
They are a record and never spent. Courses, classes, certificates and whatever a room above registers as a source go one way:
an Outcome asks, a Decision answers.
"""

from guanxue.creditbank.consequences import Consequence, Plan, Rest, Taking, foresee, register_rest
from guanxue.creditbank.credit_rules import CreditRules
from guanxue.creditbank.errors import NeedsSecond, NoSuchRecord, NotAsShown
from guanxue.creditbank.expiring import expire, expire_over, list_expiring, watch_expiry
from guanxue.creditbank.former import kept_until
from guanxue.creditbank.models import Award, CreditPolicy
from guanxue.creditbank.outcomes import Decision, Holding, Outcome
from guanxue.creditbank.queries import (
    Line,
    Refused,
    Verification,
    all_lines,
    balance,
    credited,
    find_award,
    has_awards_since,
    list_awards,
    list_holdings,
    list_refused,
    statement,
    study_hours_milli,
    verify,
)
from guanxue.creditbank.raised import settle_corrected, settle_marked
from guanxue.creditbank.recomputing import Difference, recompute
from guanxue.creditbank.rejudging import awards_again, find_outcome, ref_of, root_award, root_of, stands, stands_for, stood_for
from guanxue.creditbank.rules import decimal_text, normal_code, spaced_code
from guanxue.creditbank.service import (
    award,
    award_attended,
    award_class,
    award_class_later,
    award_completion,
    award_later,
    credit,
    list_uncredited,
    preview,
    preview_all,
    settle_person,
)
from guanxue.creditbank.sources import Derived, Source, register_source, source_names
from guanxue.creditbank.statements import Account, Row, Statement, document_of, lines_of, read_account
from guanxue.creditbank.studied import content_of, outcome_of_class, outcome_of_course
from guanxue.creditbank.taking_back import credit_again, foresee_again, take_back, told_again
from guanxue.creditbank.versions import (
    current_credit_policy,
    get_credit_policy,
    load_defaults,
    publish_credit_policy,
)
from guanxue.creditbank.waiting import Waiting, is_refused_by_number, list_waiting, settle_identity, settle_identity_later

__all__ = [
    "Outcome", "Decision", "Holding", "Source", "Derived", "register_source", "credit", "preview", "preview_all", "take_back",
    "list_holdings", "outcome_of_course", "outcome_of_class", "content_of", "award", "award_completion", "award_later",
    "award_class", "award_class_later", "award_attended", "settle_person",
    "Consequence", "Plan", "Rest", "Taking", "foresee", "register_rest", "NeedsSecond", "NotAsShown", "credit_again",
    "foresee_again", "told_again", "stands_for", "stood_for", "stands", "root_of", "root_award", "awards_again",
    "source_names",
    "find_outcome", "ref_of",
    "CreditPolicy", "CreditRules", "current_credit_policy", "get_credit_policy", "publish_credit_policy", "load_defaults",
    "expire", "expire_over", "list_expiring", "watch_expiry",
    "Account", "Row", "Statement", "read_account", "lines_of", "document_of",
    "Award", "Line", "Verification", "Difference", "NoSuchRecord",
    "recompute", "balance", "study_hours_milli", "statement", "all_lines", "find_award", "list_awards", "credited",
    "has_awards_since", "kept_until", "verify", "Waiting", "list_waiting", "settle_identity", "settle_identity_later",
    "settle_marked", "settle_corrected", "is_refused_by_number",
    "Refused", "list_refused", "list_uncredited", "decimal_text", "normal_code", "spaced_code",
]
