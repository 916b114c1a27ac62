"""The office of certificates: what waits for the first and the second pair of eyes, one certificate, and taking back."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, redirect, request, url_for

from guanxue import accounts, recognition
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import end_work
from guanxue.core.errors import Forbidden, NotFound, Problem
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import invalid_field
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.policies import LEVELS as KNOWN_LEVELS
from guanxue.recognition import File, Lookup
from guanxue.recognition.routes import blueprint, page_number, sent_proof, told_of
from guanxue.recognition.routes.telling import credit_words, row_of, row_of_filing, steps_of

TAB_WORDS = {"waiting": _("等核查"), "checked": _("等决定"), "done": _("已办")}
KNOWN_WORDS = dict(zip(KNOWN_LEVELS, (_("只有手机号"), _("填过证件，没有人看过"), _("证件看过"), _("证件看过，也核对过数据")),
                       strict=True))
LOOKUP_FIELDS = ("source", "looked_on", "found", "reference", "text", "contest")


def officer() -> Actor:
    """Whoever is asking, if they may: a credit officer who has shown a second factor. Raises the refusals."""
    actor = current_actor()
    recognition.must_be_office(actor)
    return actor


@blueprint.get("/office/recognition")
def queue() -> Response:
    """What waits, the longest first."""
    actor, tab = officer(), request.args.get("tab", "waiting")
    tab = tab if tab in recognition.TABS else "waiting"
    found = recognition.list_queue(actor, tab, page_number())
    names = accounts.names_of(f.person_id for f in found.items)
    return personal(page(
        "recognition/queue.html", tab=tab, tabs=TAB_WORDS.items(), total=found.total,
        rows=[row_of_filing(f) | {"name": names[f.person_id], "is_batch": f.batch_id is not None} for f in found.items],
        page=found.page, pages=found.pages, page_url=lambda n: url_for(".queue", tab=tab, page=n)))


@blueprint.get("/office/recognition/<code>")
def office_certificate(code: str) -> Response:
    """A certificate with every step. Number and pictures open for whoever says why."""
    return _page(recognition.get_filing(officer(), code))


def _page(file: File, problem: Problem | None = None, asked: str = "") -> Response:
    actor, f, form = current_actor(), file.filing, request.form if problem else {}
    part, is_open = recognition.part_in(actor, file), recognition.may_see_whole(actor, f)
    person = accounts.get_person(f.person_id)
    names = recognition.names_behind([f.filed_by, *(s.by for s in file.steps)])
    number = recognition.number_of(f) if is_open else ""
    level = accounts.level_of(f.person_id)
    is_undecided = f.state in ("waiting", "checked")
    return personal(page(
        "recognition/office_certificate.html", problem.status if problem else 200, asked=asked, it=row_of(file) | {
            "issuer": f.issuer, "issued_on": f.issued_on, "number": number, "contest": f.contest, "team_size": f.team_size,
            "by": names.get(f.filed_by, ""), "is_own": f.filed_by == f"person:{f.person_id}"},
        holder={"name": person.name, "id": person.id, "phone_masked": accounts.mask_phone(person.phone),
                "known": KNOWN_WORDS[level], "lacks": recognition.lacks_identity(f),
                "former": len(accounts.all_accounts_of(person.id)) - 1},
        is_open=is_open, purposes=recognition.LOOKS.items(), steps=steps_of(file, names),
        proofs=[{"code": p.code, "form": p.form} for p in file.proofs] if is_open else [], proof_count=len(file.proofs),
        hints=recognition.unlike(f.kind, f.level, number, f.issued_on) if number else [],
        rivals=[{"code": x.code, "state": recognition.STATE_WORDS[x.state]} for x in recognition.list_rivals(f)],
        may_check=is_undecided and recognition.why_not_checker(part) is None,
        why_not_check=recognition.why_not_checker(part) or "",
        may_decide=f.state == "checked" and recognition.why_not_decider(actor, file) is None,
        why_not_decide=recognition.why_not_decider(actor, file) or "",
        why_not_yet=(recognition.why_not_yet(file) or "") if f.state == "checked" else "",
        sources=recognition.PLACES.items(), founds=recognition.FOUND_WORDS.items(), reasons=recognition.REASONS.items(),
        contests=[c.name for c in recognition.list_contests()] if f.kind == recognition.CONTEST else [],
        is_contest=f.kind == recognition.CONTEST, today=clock.today().isoformat(),
        credit=credit_words(file), take_back=_asked(file, names),
        may_answer_take_back=file.take_back is not None and not accounts.is_same_person(
            actor, [file.take_back.by, f"person:{f.person_id}"]),
        may_ask_take_back=f.state == "approved" and file.take_back is None and not part.is_holder,
        values={name: form.get(name, "") for name in (*LOOKUP_FIELDS, "reason", "why", "authority")}
        | {"looked_on": form.get("looked_on") or clock.today().isoformat(), "contest": form.get("contest") or f.contest},
        **told_of(problem)))


def _asked(file: File, names: dict[str, str]) -> dict | None:
    asked = file.take_back
    return {"by": names.get(asked.by, ""), "text": asked.text, "authority": asked.reference} if asked else None


def lookup_in(form: dict, suffix: str = "") -> Lookup:
    """What a form says of a look-up."""
    return Lookup(**{name: form.get(name + suffix, "")[:2000] for name in LOOKUP_FIELDS})


@blueprint.post("/office/recognition/<code>/open")
def open_it(code: str) -> Response:
    """Number and pictures, for half an hour; why is kept."""
    return _do(code, "open", lambda actor, file: recognition.open_whole(actor, file, request.form.get("reason", "")))


@blueprint.post("/office/recognition/<code>/look-up")
def look_it_up(code: str) -> Response:
    """Where I looked it up and what I found."""
    return _do(code, "look-up", lambda actor, file: recognition.look_up(actor, file, lookup_in(request.form)))


@blueprint.post("/office/recognition/<code>/decide")
def decide_it(code: str) -> Response:
    """Recognise it, or not, with a reason."""
    form = request.form

    def decide(actor: Actor, file: File) -> object:
        if form.get("result") == "approve":
            return recognition.approve(actor, file)
        if form.get("result") == "refuse":
            return recognition.refuse(actor, file, form.get("why", ""), form.get("text", ""))
        raise invalid_field("result", _("请选认定还是不认定。"))

    return _do(code, "decide", decide)


@blueprint.post("/office/recognition/<code>/take-back")
def take_it_back(code: str) -> Response:
    """Ask that the recognition be taken back; or answer who asked."""
    form = request.form

    def take_back(actor: Actor, file: File) -> object:
        if form.get("answer") in ("yes", "no"):
            return recognition.answer_take_back(actor, file, agrees=form["answer"] == "yes")
        return recognition.ask_take_back(actor, file, form.get("text", ""), form.get("authority", ""))

    return _do(code, "take-back", take_back)


def _do(code: str, asked: str, deed: Callable[[Actor, File], object]) -> Response:
    """Do it and go back to the page, or show the page with what stands against it."""
    actor = officer()
    file = recognition.get_filing(actor, code)
    try:
        deed(actor, file)
    except (Forbidden, NotFound):
        raise
    except Problem as problem:
        end_work(commit=False)
        return _page(recognition.get_filing(actor, code), problem, asked)
    return redirect(url_for(".office_certificate", code=file.filing.code), 303)


@blueprint.get("/office/recognition/<code>/files/<proof>")
def office_proof(code: str, proof: str) -> Response:
    """A picture, for whoever said why within the last half hour."""
    actor = officer()
    file = recognition.get_filing(actor, code)
    if not recognition.may_see_whole(actor, file.filing):
        raise Forbidden(_("先写明为什么要看，再打开图片。"))
    found, body = recognition.open_proof(file.filing.id, proof)
    return sent_proof(found.form, body)


@blueprint.get("/office/recognition/find")
def find() -> Response:
    """A certificate by the code that its holder reads out."""
    officer()
    found = recognition.find_filing(request.args.get("code", "")[:40])
    if found is None:
        return personal(page("recognition/not_found.html", 404, code=request.args.get("code", "")[:40]))
    return redirect(url_for(".office_certificate", code=found.code), 303)

