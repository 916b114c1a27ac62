"""My credits as a bank's statement; checking a record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date

import segno
from flask import Response, redirect, request, url_for

from guanxue import courses, credentials, creditbank, ledger, policies, programmes
from guanxue.core import clock
from guanxue.core.db import end_work
from guanxue.core.errors import Conflict
from guanxue.core.i18n import Name, gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.settings import settings
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.core.web.throttle import Throttle
from guanxue.core.web.turnstile import outside
from guanxue.creditbank import documents
from guanxue.creditbank.api import check_throttle
from guanxue.creditbank.routes import blueprint

PER_PAGE = 20
DEEDS = {programmes.GO_ON: _("接着学"), programmes.FILE: _("去登记"), programmes.BEGIN: _("开始学"),
         programmes.ATTEND: _("去报名")}
_files = Throttle(per_second=0.2, burst=12)


@blueprint.get("/me/credits")
def credits() -> Response:
    """Balance and next step, then every entry explained; of a long account by year and kind."""
    actor = current_actor()
    actor.must_be_person()
    account = creditbank.read_account(actor.id)
    year, category = _asked_year(), request.args.get("category") or None
    rows, number = account.choose(year, category), _page_number()
    is_first = number == 1
    return personal(page(
        "creditbank/credits.html", balance_milli=account.balance, hours_milli=account.hours_milli,
        ahead=_next_step(actor.id, account) if is_first and not (year or category) else None,
        page=number, pages=max(1, -(-len(rows) // PER_PAGE)),
        lines=_lines(creditbank.lines_of(rows[(number - 1) * PER_PAGE:number * PER_PAGE])),
        page_url=lambda n: url_for(".credits", year=year, category=category, page=n),
        choices=_choices(account, year, category), is_chosen=bool(year or category), has_any=bool(account.rows),
        ending=[{"title": Name(h.title), "amount": creditbank.decimal_text(h.millicredits), "on": h.valid_until}
                for h in account.ending],
        refused=[{"title": x.title, "code": x.code, "amount": creditbank.decimal_text(x.amount), "reason": x.reason}
                 for x in creditbank.list_refused(actor.id)] if is_first else [],
        uncredited=[{"title": d.outcome.title, "amount": creditbank.decimal_text(d.outcome.asked_milli),
                     "sentences": d.sentences, "ref": creditbank.ref_of(d.outcome)}
                    for d in creditbank.list_uncredited(actor.id)] if is_first else [],
        waiting=[{"title": x.title, "amount": creditbank.decimal_text(x.amount)}
                 for x in creditbank.list_waiting(actor.id)] if is_first else []))


@blueprint.get("/me/credits/statement")
def statement() -> Response:
    """The statement of a year: what there was before, what came and went, what there is now."""
    actor = current_actor()
    actor.must_be_person()
    account = creditbank.read_account(actor.id)
    year = _asked_year() or (account.years[0] if account.years else clock.today().year)
    its = account.statement(year)
    return personal(page(
        "creditbank/statement.html", year=year, years=account.years, its=documents.told(its), head=ledger.head(),
        lines=[{"at": x.at, "title": Name(x.title), "kind": documents.kind_word(x), "code": x.code or x.about,
                "amount": creditbank.decimal_text(x.amount, signed=True), "balance": creditbank.decimal_text(x.balance)}
               for x in its.lines()]))


def _asked_year() -> int | None:
    text = request.args.get("year", "")
    return int(text) if is_row_id(text) and len(text) == 4 else None


def _asked_statement() -> tuple[creditbank.Statement, dict]:
    """The statement that a file is asked for, and who it is of."""
    actor = current_actor()
    actor.must_be_person()
    _files.check(actor.id)
    its = creditbank.read_account(actor.id).statement(_asked_year())
    return its, {"person_id": actor.id, "name": actor.name, "site": settings().base_url, "head": ledger.head(),
                 "at": clock.now().replace(microsecond=0)}


@blueprint.get("/me/credits.json")
def statement_json() -> Response:
    """The statement for programs (docs/formats.md)."""
    its, of = _asked_statement()
    text = json.dumps(creditbank.document_of(its, **of), ensure_ascii=False, indent=1)
    return _file(text, "application/json", its.year, "json")


@blueprint.get("/me/credits.xlsx")
def statement_table() -> Response:
    """The statement for Excel and WPS."""
    its, of = _asked_statement()
    return _file(documents.workbook(its, **of), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", its.year,
                 "xlsx")


@blueprint.get("/me/credits.pdf")
def statement_paper() -> Response:
    """The statement on paper; 409 where there is nothing to print."""
    its, of = _asked_statement()
    if not (its.rows or its.opening):
        raise Conflict(_("还没有学分，没有可以打印的。"))
    told = documents.paper(its, **of)
    end_work(commit=False)
    with outside(request.environ):
        pdf = credentials.press(told)
    return _file(pdf, "application/pdf", its.year, "pdf")


def _file(content: bytes | str, mimetype: str, year: int | None, ending: str) -> Response:
    response = personal(Response(content, mimetype=mimetype))
    name = f"guanxue-credits-{year or clock.today().isoformat()}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _page_number() -> int:
    text = request.args.get("page", "1")
    return max(1, int(text)) if is_row_id(text) else 1


def _choices(account: creditbank.Account, year: int | None, category: str | None) -> list[list[dict]]:
    """Years, then kinds, to choose lines by; none where the account fits one page or there is only one of them."""
    if len(account.rows) <= PER_PAGE:
        return []
    years = [(n, str(n)) for n in account.years]
    kinds = [(c, documents.category_word(c)) for c in account.categories if c]
    found = [[{"label": label, "count": len(account.choose(n, category)), "is_chosen": n == year,
               "url": url_for(".credits", year=None if n == year else n, category=category)} for n, label in years],
             [{"label": label, "count": len(account.choose(year, c)), "is_chosen": c == category,
               "url": url_for(".credits", year=year, category=None if c == category else c)} for c, label in kinds]]
    return [row for row in found if len(row) > 1]


def _next_step(person_id: int, account: creditbank.Account) -> dict | None:
    """The nearest goal of those chosen, else the first that is open: what is lacking and, of a chosen one, the next step."""
    pieces, chosen = programmes.pieces_from(account.holdings), programmes.list_goals(person_id)
    current = programmes.list_current()
    mine = [p for p in current if p.code in chosen]
    # Without a goal nobody needs more than the first that is ahead: the others are not even measured.
    ahead = ((p, far) for p in mine or current if not (far := programmes.progress_with(p, pieces)).is_reached)
    programme, far = min(ahead, key=lambda x: x[1].missing, default=(None, None)) if mine else next(ahead, (None, None))
    if programme is None:
        return {"title": gettext(mine[-1].title), "code": mine[-1].code, "missing": "", "step": None} if mine else None
    return {"title": gettext(programme.title), "code": programme.code, "missing": creditbank.decimal_text(far.missing),
            "step": _first_step(programme, far, person_id) if mine else None}


def _first_step(programme: programmes.Programme, how_far: programmes.Progress, person_id: int) -> dict | None:
    its = programmes.find_way(programme, how_far, programmes.list_offers(person_id), ())
    if not its.offers:
        return None
    offer = its.offers[0]
    return {"title": Name(offer.outcome.title), "path": offer.path, "deed": DEEDS[offer.rank], "minutes": offer.minutes}


def _lines(lines: list[creditbank.Line]) -> list[dict]:
    rules = {p.name: p for p in policies.list_policies()}
    studied = courses.lessons_at((x.course, x.revision) for x in lines if x.kind == "completion")
    return [_line(x) | {"rule": gettext(rules[x.policy].title) if x.policy in rules else "",
                        "lessons": _lengths(x, studied.get((x.course, x.revision), ()), rules.get(x.policy))} for x in lines]


def _lengths(line: creditbank.Line, lessons: Sequence[courses.LessonName], policy: policies.Policy | None) -> list[dict]:
    """A course's lessons and questions with how long each counted, which add up to the line's content.

    Without lengths where they would not: somebody was spared lessons, or the rule of then is not known.
    """
    kept = [(x.kind, x.duration_ms or 0) for x in lessons]
    is_whole = policy is not None and policies.worth_of(policy.numbers, kept).content_ms == line.content_ms
    tested = line.content_ms - sum(ms for kind, ms in kept if kind != "quiz")  # of the questions a rule may count a part
    return [{"slug": x.slug, "title": Name(x.title), "is_quiz": x.kind == "quiz",
             "ms": (tested if x.kind == "quiz" else x.duration_ms) if is_whole else 0} for x in lessons]


def _line(line: creditbank.Line) -> dict:
    item = courses.find_item(line.course) if line.course else None
    return {
        "number": line.number, "at": line.at, "kind": line.kind, "source": line.source, "kind_word": documents.kind_word(line),
        "is_earned": documents.is_earned(line),
        "title": Name(line.title, item.title_en if item and item.title == line.title else ""), "course": line.course,
        "amount": creditbank.decimal_text(line.amount, signed=True), "reason": Name(line.reason), "policy": line.policy or "",
        "revision": line.revision, "content_ms": line.content_ms, "class_hours_milli": line.class_hours_milli,
        "asked": creditbank.decimal_text(line.asked) if line.asked and line.bound_by == "year" else "",
        "is_cut": bool(line.bound_by), "sentences": line.sentences, "training_class": line.training_class,
        "authority": line.authority, "about": line.about, "institution": line.institution,
        "valid_until": date.fromisoformat(line.valid_until) if line.valid_until else None,
        "category": documents.category_word(line.category) if line.category else "",
        "balance": "" if line.balance is None else creditbank.decimal_text(line.balance),
        "code": line.code, "spaced_code": creditbank.spaced_code(line.code) if line.code else "",
        "is_reversed": line.is_reversed, "class_hour_minutes": line.class_hour_ms // 60_000,
        "hours_a_credit": line.class_hours_per_credit, "one_credit_ms": line.class_hour_ms * line.class_hours_per_credit,
    }


@blueprint.get("/verify")
def ask() -> Response:
    """Where a code from paper is typed in."""
    code = creditbank.normal_code(request.args.get("code", ""))
    if code:
        return redirect(url_for(".verify", code=code), 303)
    return page("creditbank/ask.html", code="", error="")


@blueprint.get("/verify/<code>")
def verify(code: str) -> Response:
    """Is it real? For anybody, signed in or not."""
    check_throttle()
    try:
        found = creditbank.verify(code)
    except creditbank.NoSuchRecord as problem:
        if (statement := credentials.find_issued(creditbank.normal_code(code))) is not None:
            return page("credentials/statement.html", issued=_issued(statement), code=statement.credential.code)
        # A letter misread from paper: it stays in the field, to be put right.
        shown = creditbank.spaced_code(creditbank.normal_code(code))
        return page("creditbank/ask.html", problem.status, code=shown, error=str(problem.message))
    address = settings().base_url + url_for(".verify", code=found.code)
    return page(
        "creditbank/verify.html", is_valid=found.is_valid, is_revoked=found.is_revoked, fault=found.fault,
        code=found.code, issued=_issued(credentials.find_issued(found.code)),
        merged_into=found.merged_into, is_counted=found.is_counted,
        holder=found.holder_masked, line=_line(found.line), address=address,
        qr=segno.make(address, error="m").svg_data_uri(border=2, dark="#1B2420", light="#FFFFFF"),
        proof=json.dumps(found.proof, ensure_ascii=False, indent=1), root=found.proof["head"]["root"],
        size=found.proof["head"]["size"], number=found.line.number)


def _issued(issued: credentials.Issued | None) -> dict | None:
    """What a stranger is told of a credential."""
    row = issued.credential if issued else None
    return row and {"serial": row.serial, "kind": row.kind, "state": issued.state, "reason": issued.reason,
                    "is_valid": issued.is_valid, "at": row.issued_at, "until": row.expires_at, "edition": row.edition}


@blueprint.get("/verify/<code>/proof.json")
def proof(code: str) -> Response:
    """The proof as a file: `guanxue verify FILE` checks it offline with the public key alone."""
    check_throttle()
    found = creditbank.verify(code)
    response = Response(json.dumps(found.proof, ensure_ascii=False, indent=1), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="guanxue-{found.code}.json"'
    return response
