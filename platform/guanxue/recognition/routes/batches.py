"""Tables of certificates: brought by officers and towns, looked at line by line, then passed by the same four eyes."""

from __future__ import annotations

from flask import Response, make_response, redirect, request, url_for

from guanxue import accounts, recognition
from guanxue.core import clock, sheets
from guanxue.core.db import end_work
from guanxue.core.errors import Forbidden, NotFound, Problem
from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import invalid_field
from guanxue.core.web.dispatch import current_actor, takes_upload
from guanxue.core.web.pages import page, personal
from guanxue.recognition import Batch
from guanxue.recognition.routes import blueprint, page_number, told_of
from guanxue.recognition.routes.office import lookup_in, officer
from guanxue.recognition.routes.telling import row_of_filing

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS_BYTES = 1024**2


@blueprint.get("/office/recognition/batches")
def batches() -> Response:
    """Tables that were brought, and the form for the next."""
    recognition.must_bring(current_actor())
    return _list()


def _list(problem: Problem | None = None) -> Response:
    actor = current_actor()
    found = recognition.list_batches(actor, page_number())
    names = recognition.names_behind(b.brought_by for b in found.items)
    return personal(page(
        "recognition/batches.html", problem.status if problem else 200, most=recognition.MOST_LINES,
        is_office=actor.may(recognition.OFFICE), page=found.page, pages=found.pages,
        rows=[{"code": b.code, "filename": b.filename, "count": b.count, "at": b.brought_at, "by": names.get(b.brought_by, "")}
              for b in found.items],
        page_url=lambda n: url_for(".batches", page=n), **told_of(problem)))


@blueprint.post("/office/recognition/batches")
@takes_upload(sheets.MOST_FILE_BYTES + 256 * 1024, from_all=True)
def batch_look() -> Response:
    """What a table says, line by line; nothing is written yet."""
    actor = current_actor()
    recognition.must_bring(actor)
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise invalid_field("file", _("请先选一个文件。"))
        rows, read = recognition.read_file(actor, file.read(sheets.MOST_FILE_BYTES + 1), file.filename)
    except (Forbidden, NotFound):
        raise
    except Problem as problem:
        return _list(problem)
    return personal(page(
        "recognition/batch_look.html", filename=file.filename[-80:], rows_json=recognition.dumped(rows),
        faults=[{"number": f.number, "text": f.text, "whys": [str(w) for w in f.whys]} for f in read.faults],
        lines=[{"number": x.number, "name": x.name, "kind": recognition.KIND_WORDS[x.checked.kind],
                "what": x.checked.contest or x.checked.occupation.name, "level": recognition.level_text(x.checked.level),
                "certificate_number": x.checked.number} for x in read.lines]))


@blueprint.post("/office/recognition/batches/confirm")
@takes_upload(MOST_ROWS_BYTES + 256 * 1024, most_text_bytes=MOST_ROWS_BYTES, from_all=True)
def batch_take() -> Response:
    """Take all of it, or nothing."""
    actor = current_actor()
    recognition.must_bring(actor)
    try:
        rows = recognition.loaded(request.form.get("rows", ""))
        made = recognition.take_batch(actor, rows, request.form.get("filename", ""))
    except (Forbidden, NotFound):
        raise
    except Problem as problem:
        end_work(commit=False)
        return _list(problem)
    return redirect(url_for(".batch", code=made.code), 303)


@blueprint.get("/office/recognition/batches/template.xlsx")
def batch_template() -> Response:
    """An empty table to fill in."""
    recognition.must_bring(current_actor())
    heading, examples = recognition.template()
    answer = make_response(sheets.write_workbook(gettext("证书换学分"), heading, examples,
                                                 widths=(14, 14, 18, 28, 14, 8, 22, 14, 24, 10, 10, 10)))
    answer.headers["Content-Type"] = XLSX
    answer.headers["Content-Disposition"] = 'attachment; filename="certificates.xlsx"'
    return answer


@blueprint.get("/office/recognition/batches/<code>")
def batch(code: str) -> Response:
    """A table with what became of each line, and the forms of both pairs of eyes."""
    actor = current_actor()
    recognition.must_bring(actor)
    return _page(recognition.get_batch(actor, code))


def _page(one: Batch, problem: Problem | None = None) -> Response:
    actor, filings = current_actor(), recognition.list_in_batch(one.id)
    names = accounts.names_of(f.person_id for f in filings)
    form = request.form if problem else {}
    is_office = actor.may(recognition.OFFICE)
    ready = {f.code for f in recognition.list_ready(filings)} if is_office else set()
    rows = []
    for f in filings:
        file = recognition.open_filing(f)
        part = recognition.part_in(actor, file)
        looked = file.lookup
        rows.append(row_of_filing(f) | {
            "name": names[f.person_id], "issuer": f.issuer, "issued_on": f.issued_on,
            "number": recognition.number_of(f) if is_office and recognition.may_see_whole(actor, f) else f.number_masked,
            "found": recognition.FOUND_WORDS[looked.found] if looked else "", "reference": looked.reference if looked else "",
            "may_check": is_office and f.state == "waiting" and recognition.why_not_checker(part) is None,
            "may_approve": f.code in ready and recognition.why_not_decider(actor, file) is None,
            "is_contest": f.kind == recognition.CONTEST, "contest": form.get(f"contest-{f.code}") or f.contest,
            "values": {name: form.get(f"{name}-{f.code}", "") for name in ("found", "reference", "text")}})
    return personal(page(
        "recognition/batch.html", problem.status if problem else 200, is_office=is_office, rows=rows,
        it={"code": one.code, "filename": one.filename, "count": one.count, "at": one.brought_at,
            "by": recognition.names_behind([one.brought_by]).get(one.brought_by, "")},
        is_open=is_office and all(recognition.may_see_whole(actor, f) for f in filings), purposes=recognition.LOOKS.items(),
        sources=recognition.PLACES.items(), founds=recognition.FOUND_WORDS.items(), today=clock.today().isoformat(),
        contests=[c.name for c in recognition.list_contests()],
        common={"source": form.get("source", ""), "looked_on": form.get("looked_on") or clock.today().isoformat()},
        **told_of(problem)))


@blueprint.post("/office/recognition/batches/<code>/open")
def batch_open(code: str) -> Response:
    """The whole numbers, for half an hour; why is kept."""
    actor = officer()
    one = recognition.get_batch(actor, code)
    return _do(one, lambda: recognition.open_batch(actor, one, request.form.get("reason", "")))


@blueprint.post("/office/recognition/batches/<code>/look-up")
def batch_look_up(code: str) -> Response:
    """Where the lines were looked up, and what was found of each that is filled in."""
    actor, form = officer(), request.form
    one = recognition.get_batch(actor, code)
    told = {}
    for name in form:
        if name.startswith("found-") and form[name]:
            suffix = name.removeprefix("found")
            its = {key: form.get(key + suffix, "") for key in ("found", "reference", "text", "contest")}
            told[suffix[1:]] = lookup_in({**its, "source": form.get("source", ""), "looked_on": form.get("looked_on", "")})
    return _do(one, lambda: recognition.look_up_batch(actor, one, told))


@blueprint.post("/office/recognition/batches/<code>/approve")
def batch_approve(code: str) -> Response:
    """Recognise those that are ticked, all or none."""
    actor = officer()
    one = recognition.get_batch(actor, code)
    return _do(one, lambda: recognition.approve_batch(actor, one, request.form.getlist("code")))


def _do(one: Batch, deed) -> Response:
    try:
        deed()
    except (Forbidden, NotFound):
        raise
    except Problem as problem:
        end_work(commit=False)
        return _page(recognition.get_batch(current_actor(), one.code), problem)
    return redirect(url_for(".batch", code=one.code), 303)
