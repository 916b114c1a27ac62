"""Finding: words, synonyms, pinyin, initials and typing errors over whatever documents rooms register.

The index is a copy on disk (Whoosh); one writer (the worker) changes it, everybody reads. The room knows documents, no
feature: `load` and `list_ids` of each kind are given in wiring.py.
"""

from guanxue.search.models import Hit, SearchDocument, SearchResult, Suggestion
from guanxue.search.service import freshen, is_ready, query, rebuild, register, suggest, touch, update

__all__ = [
    "SearchDocument", "SearchResult", "Hit", "Suggestion", "register", "touch", "update", "query", "suggest", "rebuild",
    "freshen", "is_ready",
]
