"""Pages of recognition: a person's own (mine.py), the office (office.py), tables (batches.py), what it is worth (worth.py)."""

from __future__ import annotations

from flask import Blueprint, Response, request

from guanxue.core.db import writing
from guanxue.core.errors import Problem
from guanxue.core.web.addresses import is_row_id

blueprint = Blueprint("recognition", __name__)


def page_number() -> int:
    """Which page of a list is asked for."""
    text = request.args.get("page", "1")
    return max(1, int(text)) if is_row_id(text) else 1


def told_of(problem: Problem | None) -> dict:
    """What a form's template shows of a problem: `message` above the form, `errors` by field; both empty without one."""
    if problem is None:
        return {"message": "", "errors": {}}
    return {"message": str(problem.message), "errors": {f["field"]: str(f["message"]) for f in problem.fields}}


def leave_behind(problem: Problem) -> None:
    """The page answers the problem itself, so what it wants remembered is written here."""
    if problem.remember:
        with writing():
            for leave in problem.remember:
                leave()


FORMS = {"jpg": "image/jpeg", "png": "image/png", "pdf": "application/pdf"}


def sent_proof(form: str, body: bytes) -> Response:
    """A picture for the eyes of whoever may see it, kept by no cache."""
    answer = Response(body, mimetype=FORMS[form])
    answer.headers["Content-Disposition"] = f'inline; filename="certificate.{form}"'
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
