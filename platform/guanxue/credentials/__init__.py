"""What people show others: certificates of study and training, statements, as paper and as signed files (Open Badges 3.0).

A credential is issued once for an award and signed; its file is kept byte for byte. Anybody checks it offline with the
published keys; a signed list says what was taken back since. A corrected name makes a further edition.
"""

from guanxue.credentials.checking import WHY, Verdict, check, looks_like_token, read_file, read_keys, told_offline
from guanxue.credentials.document import issuer_of, words_of_ours
from guanxue.credentials.errors import NoSuchCredential, NotIssuable, NotPrinted
from guanxue.credentials.keys import ensure_key, list_keys, published_path, rotate_key, take_published
from guanxue.credentials.models import Credential
from guanxue.credentials.offline_page import words as page_words
from guanxue.credentials.offline_page import write as page_to_keep
from guanxue.credentials.paper import paper_of, press
from guanxue.credentials.queries import (
    Award,
    Issued,
    file_of,
    find_issued,
    get_own,
    list_awards,
    list_looks,
    list_statements,
    newest_of,
    page_of_awards,
)
from guanxue.credentials.resting import REST
from guanxue.credentials.rules import STATE_WORDS, read_serial
from guanxue.credentials.service import (
    checked_typed,
    issue,
    issue_all,
    issue_later,
    issue_statement,
    issuer_name,
    matches_holder,
    name_in,
    outdated_by,
    payload_of,
    revoke,
    signed_list,
)
from guanxue.credentials.signing import Malformed

__all__ = [
    "REST",
    "Award", "Credential", "Issued", "Malformed", "NoSuchCredential", "NotIssuable", "NotPrinted", "STATE_WORDS",
    "Verdict", "WHY", "check", "checked_typed", "ensure_key", "file_of", "find_issued", "get_own", "issue", "issue_all",
    "issue_later", "issue_statement", "issuer_name", "issuer_of", "list_awards", "list_keys", "list_looks",
    "list_statements", "looks_like_token", "matches_holder", "name_in", "outdated_by", "newest_of",
    "page_of_awards", "page_to_keep", "page_words",
    "paper_of", "payload_of", "press", "published_path", "read_file", "read_keys", "read_serial", "revoke", "rotate_key",
    "signed_list", "take_published", "told_offline", "words_of_ours",
]
