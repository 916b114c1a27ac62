"""Who did what to what, and why: append-only lines written in the same transaction as the deed."""

from guanxue.audit.models import AuditLine
from guanxue.audit.queries import list_lines, list_lines_about
from guanxue.audit.service import record

__all__ = ["AuditLine", "list_lines", "list_lines_about", "record"]
