"""Recognition: certificates and competition results become credit (技能证转学分).

Somebody files a certificate with its number and a picture, or a town brings a table of them. One officer writes down where it
was looked up, another decides, and neither filed it or holds it; the credit bank then gives what its rules leave of what the
table says. A number works once in the city. Everything that happened stays. (docs/decisions/0030-recognition.md)
"""

from guanxue.recognition.batches import (
    MOST_LINES,
    approve_batch,
    dumped,
    list_ready,
    loaded,
    look_at,
    look_up_batch,
    may_bring,
    must_bring,
    open_batch,
    read_file,
    take_batch,
    template,
)
from guanxue.recognition.conversion import Table, credits_text, level_text, told
from guanxue.recognition.deciding import (
    REST,
    Lookup,
    answer_take_back,
    approve,
    ask_take_back,
    lacks_identity,
    look_up,
    must_be_office,
    open_whole,
    part_in,
    refuse,
    settle_case,
    settle_case_later,
    settle_closed,
    why_not_decider,
    why_not_yet,
)
from guanxue.recognition.earning import SOURCES, decision_of, outcome_of
from guanxue.recognition.errors import NoSuchBatch, NoSuchFiling, NoSuchProof, NotNow, NumberUsed
from guanxue.recognition.models import Batch, Contest, Conversion, Filing, Look, Proof, Step
from guanxue.recognition.opening import register as register_opener
from guanxue.recognition.proofs import (
    MOST_FILES,
    drop_forgotten,
    keep_proof,
    list_pending,
    open_proof,
    prepare_proof,
    watch_proofs,
)
from guanxue.recognition.queries import (
    OFFICE,
    TABS,
    File,
    conversion_of,
    count_waiting,
    current_conversion,
    find_conversion,
    find_filing,
    get_batch,
    get_filing,
    get_own,
    has_news,
    list_batches,
    list_contests,
    list_conversions,
    list_in_batch,
    list_looks,
    list_news,
    list_own,
    list_queue,
    list_rivals,
    may_see_whole,
    names_behind,
    number_of,
    open_filing,
    title_of,
    worth_milli,
)
from guanxue.recognition.rules import (
    CONTEST,
    FOUND_WORDS,
    KIND_WORDS,
    KINDS,
    LEVELS,
    LOOKS,
    NUMBER_HINTS,
    QUALIFICATION,
    RANK_WORDS,
    REASONS,
    SCOPE_WORDS,
    SKILL,
    SPECIAL,
    STATE_WORDS,
    unlike,
    why_not_checker,
)
from guanxue.recognition.rules import (
    SOURCES as PLACES,
)
from guanxue.recognition.service import Facts, file_certificate, load_defaults, publish_conversion, see, withdraw

__all__ = [
    "REST",
    "Filing", "Proof", "Step", "Look", "Batch", "Contest", "Conversion", "Table", "File", "Facts", "Lookup",
    "NoSuchFiling", "NoSuchBatch", "NoSuchProof", "NotNow", "NumberUsed", "KINDS", "KIND_WORDS", "STATE_WORDS", "LEVELS",
    "SPECIAL", "SKILL", "QUALIFICATION", "CONTEST", "SCOPE_WORDS", "RANK_WORDS", "FOUND_WORDS", "PLACES", "REASONS", "LOOKS",
    "NUMBER_HINTS", "OFFICE", "TABS", "SOURCES", "MOST_FILES", "MOST_LINES",
    "file_certificate", "withdraw", "see", "prepare_proof", "keep_proof", "list_pending", "open_proof", "drop_forgotten",
    "watch_proofs", "open_whole", "may_see_whole", "look_up", "approve", "refuse", "ask_take_back", "answer_take_back",
    "must_be_office", "part_in", "why_not_checker", "why_not_decider", "why_not_yet", "lacks_identity",
    "settle_case", "settle_case_later", "settle_closed", "unlike",
    "may_bring", "must_bring", "read_file", "look_at", "take_batch", "open_batch", "look_up_batch", "approve_batch",
    "list_ready",
    "template", "dumped", "loaded", "get_batch", "list_batches", "list_in_batch",
    "get_own", "list_own", "list_news", "has_news", "get_filing", "find_filing", "open_filing", "list_queue", "count_waiting",
    "list_looks", "list_rivals", "number_of", "title_of", "worth_milli", "decision_of", "outcome_of", "names_behind",
    "list_contests", "publish_conversion", "load_defaults", "current_conversion", "conversion_of", "find_conversion",
    "list_conversions", "told", "level_text", "credits_text", "register_opener",
]
