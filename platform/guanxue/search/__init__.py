"""Finding: words, synonyms, pinyin, initials and typing errors over whatever documents rooms register.

The index is a copy on disk (Whoosh); one writer at a time changes it, everybody reads. The room knows documents, no
feature: `load` and `list_ids` of each kind are given in wiring.py. What the words of the trade are called otherwise
stands in courses/synonyms.csv.
"""

from guanxue.search.marking import mark
from guanxue.search.models import Hit, Piece, SearchDocument, SearchResult, Status, Suggestion
from guanxue.search.service import (
    count_documents,
    edition,
    freshen,
    is_ready,
    query,
    rebuild,
    register,
    status,
    suggest,
    touch,
    update,
    warm,
)

__all__ = [
    "SearchDocument", "SearchResult", "Hit", "Suggestion", "Piece", "Status", "register", "touch", "update", "query", "suggest",
    "mark", "rebuild", "freshen", "status", "is_ready", "edition", "count_documents",
    "warm",
]
