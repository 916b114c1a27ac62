"""Append-only double-entry accounts in millicredits, provable to anybody; knows no feature.

Every entry's postings sum to zero, its `key` makes posting twice the same as once, and a mistake is undone by a contra
entry. Entries are leaves of a Merkle tree (RFC 9162 hashing); its head is signed in batches with Ed25519 and kept outside
the database too, so that a cut tail is seen. Rooms above decide how much; the ledger only keeps.
"""

from guanxue.ledger.errors import AlreadyReversed, CannotRotate, NoSuchEntry, NoSuchHead, NothingToRewind
from guanxue.ledger.events import EntryReversed
from guanxue.ledger.heads import kept_bytes, kept_heads_path, kept_rotations, seal_after_commit
from guanxue.ledger.keys import ensure_key, public_bytes
from guanxue.ledger.models import Entry, Posting
from guanxue.ledger.proofs import read_heads, read_proof, verify_consistency, verify_proof
from guanxue.ledger.queries import (
    balance,
    balances,
    entries_among,
    find_entry_by_key,
    get_entry,
    is_reversed,
    list_entries,
    list_heads,
    list_rotations,
    postings_of,
    reversed_among,
    sealed_size,
    size,
    statement,
)
from guanxue.ledger.sealing import consistency, head, proof, published_keys, seal, watch
from guanxue.ledger.service import post, reverse, rewind, rotate
from guanxue.ledger.verification import Report, verify

__all__ = [
    "post", "reverse", "rewind", "rotate", "seal", "watch", "size", "sealed_size", "balance", "balances", "statement",
    "get_entry", "entries_among", "find_entry_by_key", "is_reversed", "reversed_among", "list_entries", "list_heads",
    "list_rotations", "postings_of", "head", "proof", "consistency", "published_keys", "read_proof", "read_heads",
    "verify_proof", "verify_consistency", "verify", "Report", "EntryReversed", "ensure_key", "public_bytes",
    "seal_after_commit", "kept_bytes", "kept_heads_path", "kept_rotations", "Entry", "Posting", "NoSuchEntry", "NoSuchHead",
    "AlreadyReversed", "CannotRotate", "NothingToRewind",
]
