"""Append-only double-entry accounts in millicredits, provable to anybody; knows no feature.

Every entry's postings sum to zero, its `key` makes posting twice the same as once, and a mistake is undone by a contra
entry. Entries are leaves of a Merkle tree (RFC 9162 hashing); its head is signed with Ed25519 and kept outside the
database too, so that a cut tail is seen. Rooms above decide how much; the ledger only keeps.
"""

from guanxue.ledger.errors import AlreadyReversed, NoSuchEntry, NothingToRewind
from guanxue.ledger.heads import ensure_key, kept_bytes, kept_heads_path, public_bytes, seal_after_commit
from guanxue.ledger.models import Entry, Posting
from guanxue.ledger.proofs import read_proof, verify_proof
from guanxue.ledger.queries import (
    balance,
    balances,
    find_entry_by_key,
    get_entry,
    head,
    is_reversed,
    list_entries,
    postings_of,
    proof,
    reversed_among,
    statement,
)
from guanxue.ledger.service import post, reverse, rewind, seal
from guanxue.ledger.verification import Report, verify

__all__ = [
    "post", "reverse", "rewind", "seal", "balance", "balances", "statement", "get_entry", "find_entry_by_key", "is_reversed",
    "reversed_among", "list_entries", "postings_of", "head", "proof", "read_proof", "verify_proof", "verify", "Report",
    "ensure_key", "public_bytes", "seal_after_commit", "kept_bytes", "kept_heads_path", "Entry", "Posting", "NoSuchEntry",
    "AlreadyReversed", "NothingToRewind",
]
