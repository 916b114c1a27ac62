"""People, their roles and sessions, and the organisations of the city (towns and parks, schools, enterprises, bureaux).

A person signs in with a phone number and a password. A session is a row that can be listed and ended; browsers hold its
key in a signed cookie, programs as a bearer token. What a person may do is a set of capabilities on the Actor.
"""

from guanxue.accounts.attempts import claim_attempt
from guanxue.accounts.checking import count_waiting as count_unchecked
from guanxue.accounts.codes import ask_code, check_code, count_try, notify, use_code, wrong_code
from guanxue.accounts.consent import current_edition
from guanxue.accounts.erasure import erase_person
from guanxue.accounts.errors import CannotMerge, IdentityNeeded, PhoneTaken, WrongCode, WrongProof
from guanxue.accounts.events import IdentityDisputed, IdentityRaised, PersonRenamed
from guanxue.accounts.gateway import can_send
from guanxue.accounts.identity import register_relier
from guanxue.accounts.joined import levels_after_part
from guanxue.accounts.keepers import Effect, Keeper, Merging, Plan
from guanxue.accounts.keepers import register as register_keeper
from guanxue.accounts.kept_numbers import Retainer, let_numbers_go, list_come_back, list_erased_before, register_retainer
from guanxue.accounts.levels import (
    is_known_for,
    level_after_merge,
    level_asked,
    level_of,
    list_levels,
    must_be_known,
)
from guanxue.accounts.merging import (
    Foreseen,
    ever_one_with,
    find_merge,
    foresee_merge,
    foresee_part,
    get_merge,
    list_merges,
    merge_accounts,
    merged_into,
    must_not_be_merged,
    part_accounts,
    part_until,
)
from guanxue.accounts.models import Organisation, Person, Session
from guanxue.accounts.naming import holder_at, name_at
from guanxue.accounts.numbers import (
    IDENTITY_TRIES_A_DAY,
    Standing,
    arrive_by_code,
    change_phone,
    give_up_number,
    proof_key,
    release_phone,
    reset_by_code,
    show_second_proof,
    standing_of,
    tell_of_new_device,
    unlock,
)
from guanxue.accounts.queries import (
    SignedIn,
    accounts_of,
    all_accounts_of,
    capabilities_of,
    find_holder,
    find_person,
    find_person_by_phone,
    find_session,
    find_town,
    get_person,
    get_town,
    has_demo_people,
    is_same_person,
    list_sessions,
    list_teachers_of,
    list_teaching_places,
    list_towns,
    lock_person,
    names_of,
)
from guanxue.accounts.rules import mask_name, mask_phone
from guanxue.accounts.second_factor import TRIES_A_DAY as FACTOR_TRIES_A_DAY
from guanxue.accounts.second_factor import (
    FactorState,
    begin_second_factor,
    confirm_second_factor,
    factor_key,
    factor_state,
    has_second_factor,
    new_recovery_codes,
    pending_secret,
    prove_session,
    remove_second_factor,
    show_second_factor,
)
from guanxue.accounts.service import (
    DEMO_PEOPLE,
    ROLES,
    change_password,
    checked_phone,
    create_demo_people,
    end_other_sessions,
    end_session,
    end_session_by_key,
    grant_role,
    hash_password,
    load_towns,
    prove,
    register_person,
    reset_password,
    see,
    set_town,
    start_session,
)
from guanxue.accounts.telling import ends_with, shown_document

__all__ = [
    "Person", "Session", "SignedIn", "Organisation", "register_person", "prove", "start_session", "end_session",
    "end_session_by_key", "change_password", "reset_password", "hash_password", "checked_phone", "grant_role",
    "see", "set_town", "find_session", "find_holder", "list_sessions", "find_person",
    "find_person_by_phone", "get_person", "names_of", "capabilities_of", "mask_name", "mask_phone", "list_towns", "get_town",
    "FactorState", "begin_second_factor", "confirm_second_factor", "factor_key", "factor_state", "has_second_factor",
    "new_recovery_codes", "pending_secret", "prove_session", "remove_second_factor", "show_second_factor", "claim_attempt",
    "end_other_sessions", "ask_code", "check_code", "count_try", "notify", "use_code", "wrong_code", "can_send",
    "PhoneTaken", "WrongCode", "WrongProof", "IDENTITY_TRIES_A_DAY", "FACTOR_TRIES_A_DAY",
    "Standing", "arrive_by_code", "change_phone",
    "give_up_number", "proof_key", "release_phone", "reset_by_code", "show_second_proof", "standing_of",
    "tell_of_new_device", "unlock",
    "Foreseen", "Plan", "ever_one_with", "find_merge", "foresee_merge", "foresee_part", "get_merge", "list_merges",
    "merge_accounts", "merged_into", "must_not_be_merged", "part_accounts", "part_until",
    "Effect", "Keeper", "Merging", "register_keeper", "PersonRenamed", "current_edition", "holder_at", "name_at",
    "Retainer", "register_retainer", "list_erased_before", "list_come_back", "let_numbers_go",
    "register_relier", "IdentityRaised", "IdentityDisputed", "IdentityNeeded", "level_of", "list_levels", "levels_after_part",
    "level_after_merge", "CannotMerge", "level_asked", "is_known_for", "must_be_known", "count_unchecked",
    "erase_person", "accounts_of", "all_accounts_of", "is_same_person",
    "list_teaching_places", "list_teachers_of",
    "ends_with", "shown_document",
    "find_town", "lock_person", "load_towns", "create_demo_people", "has_demo_people", "DEMO_PEOPLE", "ROLES",
]
