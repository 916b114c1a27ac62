"""Cases: a record is said to be wrong, a decision unfair, a document somebody else's, a study not the person's own.

One type for all of them: what is claimed about what, the evidence, a clock in working days, those concerned who are heard
first, a decision by a person who has no part in it, an appeal decided by another, a letter, and what follows. Everything that
happened stays. What follows is carried out by rooms above once the decision stands (CaseClosed); nothing ever without a
person who decided it. (docs/decisions/0026-cases.md)
"""

from guanxue.cases.errors import NoSuchCase, NotNow
from guanxue.cases.events import CaseClosed, CaseDecided, CaseOpened
from guanxue.cases.letters import letter, own_effects, plain_letter
from guanxue.cases.models import Case, Exhibit, Step
from guanxue.cases.openers import Shown, is_known, is_of, open_for, open_ref, register_opener
from guanxue.cases.queries import (
    Dossier,
    count_waiting,
    dossier,
    find_by_key,
    get_case,
    get_own,
    has_news,
    has_unclosed,
    is_wanted,
    list_cases,
    list_news,
    list_own,
    list_set_aside,
    parties_of,
)
from guanxue.cases.rules import (
    CERTIFICATE,
    COUNT_AGAIN,
    CREDIT_AGAIN,
    GIVING,
    KIND_WORDS,
    LONGEST,
    OWN_KINDS,
    RESULT_WORDS,
    SET_ASIDE,
    STATE_WORDS,
    TAKE_BACK,
    TERMS,
)
from guanxue.cases.service import (
    accept,
    add_evidence,
    appeal,
    ask,
    carried_out,
    close_over,
    decide,
    may_add_evidence,
    may_uphold,
    open_case,
    open_decided,
    open_dispute,
    say,
    see,
    watch_terms,
    why_not_decider,
    withdraw,
)
from guanxue.cases.workdays import add_workdays, is_workday, missing_years, workdays_until

__all__ = [
    "CERTIFICATE", "TAKE_BACK", "CREDIT_AGAIN", "LONGEST", "SET_ASIDE", "COUNT_AGAIN", "GIVING", "list_set_aside",
    "open_decided",
    "Case", "Exhibit", "Step", "Dossier", "NoSuchCase", "NotNow", "CaseOpened", "CaseDecided", "CaseClosed", "KIND_WORDS",
    "OWN_KINDS", "RESULT_WORDS", "STATE_WORDS", "TERMS", "open_case", "open_dispute", "say", "see", "appeal", "accept",
    "withdraw", "ask",
    "add_evidence", "may_add_evidence", "is_wanted",
    "decide", "carried_out", "close_over", "watch_terms", "why_not_decider", "may_uphold",
    "get_own", "get_case", "dossier", "find_by_key", "list_own", "list_news", "has_news", "list_cases", "count_waiting",
    "parties_of",
    "Shown", "register_opener", "open_ref", "open_for", "is_known", "is_of", "own_effects", "letter", "plain_letter",
    "add_workdays", "is_workday", "workdays_until", "missing_years", "has_unclosed",
]
