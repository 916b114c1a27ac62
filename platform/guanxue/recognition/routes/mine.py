"""技能证换学分: my certificates, filing one from a phone, what became of it."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue import recognition, standards
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import begin_writing, end_work, writing
from guanxue.core.errors import Conflict, Invalid, NotFound, Problem
from guanxue.core.i18n import Name
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import invalid_field
from guanxue.core.web.dispatch import current_actor, reads_first, takes_upload
from guanxue.core.web.pages import page, personal
from guanxue.recognition import Facts, File
from guanxue.recognition.routes import blueprint, leave_behind, sent_proof, told_of
from guanxue.recognition.routes.telling import credit_words, row_of, steps_of

MOST_FORM_BYTES = 32 * 1024**2  # three photos of a phone
FIELDS = ("kind", "number", "occupation", "level", "issuer", "issued_on", "contest", "scope", "rank", "team_size")


def _person() -> Actor:
    actor = current_actor()
    actor.must_be_person()
    return actor


@blueprint.get("/me/recognition")
def mine() -> Response:
    """Everything of mine, the newest first."""
    actor = _person()
    return personal(page("recognition/mine.html", rows=[
        row_of(f) | {"has_news": recognition.has_news(f)} for f in recognition.list_own(actor.id)]))


# ---- filing one


@blueprint.get("/me/recognition/new")
def new() -> Response:
    """Which kind, then the form for it; filled in with the trade and level of the address, or from a certificate of mine that
    was not recognised, where one is named."""
    actor, kind, code = _person(), request.args.get("kind", ""), request.args.get("again", "")
    values = _values_of(recognition.get_own(actor, code)) if code else {
        name: request.args.get(name, "") for name in ("occupation", "level")}
    kind = values.get("kind") or (kind if kind in recognition.KINDS else "")
    if not kind:
        return personal(page("recognition/kinds.html", kinds=recognition.KIND_WORDS.items()))
    return _form({**values, "kind": kind})


def _values_of(file: File) -> dict:
    """What was filed, for filing it again with what was wrong put right."""
    f = file.filing
    trade = next((o.slug for o in standards.list_occupations() if o.id == f.occupation_id), "")
    return {"kind": f.kind, "number": recognition.number_of(f), "occupation": trade,
            "level": "" if f.level is None else str(f.level), "issuer": f.issuer, "issued_on": f.issued_on.isoformat(),
            "contest": f.contest, "scope": f.scope, "rank": str(f.rank or ""), "team_size": str(f.team_size)}


def _form(values: dict, problem: Problem | None = None, proofs: list[str] | None = None) -> Response:
    actor, kind = current_actor(), values["kind"]
    pending = recognition.list_pending(actor.id, proofs or [])
    levels = [n for n in recognition.LEVELS if n != recognition.SPECIAL or kind == recognition.SKILL]
    more = {"code": problem.extra["code"]} if problem is not None and "code" in problem.extra else {"code": ""}
    return personal(page(
        "recognition/new.html", problem.status if problem else 200, kind=kind, kind_words=recognition.KIND_WORDS[kind],
        values={name: values.get(name, "") for name in FIELDS}, number_hint=recognition.NUMBER_HINTS[kind],
        levels=[(str(n), recognition.level_text(n)) for n in levels], trades=_trades(), today=clock.today().isoformat(),
        scopes=recognition.SCOPE_WORDS.items(), ranks=recognition.RANK_WORDS.items(),
        proofs=[{"code": p.code, "form": p.form, "size_bytes": p.size_bytes} for p in pending],
        most=recognition.MOST_FILES, already=more["code"], **told_of(problem)))


def _trades() -> list[dict]:
    """Trades by industry, as the picker shows them."""
    of: dict[int | None, list] = {}
    for one in standards.list_occupations():
        of.setdefault(one.industry_id, []).append({"slug": one.slug, "name": Name(one.name, one.name_en)})
    groups = [(Name(i.name, i.name_en), of.pop(i.id)) for i in standards.list_industries() if i.id in of]
    return [{"name": name, "trades": trades} for name, trades in groups] + [
        {"name": _("其他"), "trades": trades} for trades in of.values()]


@blueprint.post("/me/recognition/new")
@reads_first
@takes_upload(MOST_FORM_BYTES, from_all=True)
def file_it() -> Response:
    """File it. What was typed and the pictures stay where something is wrong."""
    actor, form = _person(), request.form
    facts = Facts(**{name: form.get(name, "")[:200] for name in FIELDS})
    proofs, fault = form.getlist("proof")[:20], None
    try:
        proofs += _take(actor)
    except Problem as problem:
        fault = problem
    begin_writing()
    try:
        if fault is not None:
            raise invalid_field("file", fault.message)
        made = recognition.file_certificate(actor, facts, proofs)
    except Problem as problem:
        if facts.kind not in recognition.KINDS:
            raise
        end_work(commit=False)
        leave_behind(problem)
        return _form({name: getattr(facts, name) for name in FIELDS}, problem, proofs)
    return redirect(url_for(".certificate", code=made.code), 303)


def _take(actor: Actor) -> list[str]:
    """Look at the pictures that came, which is slow, and keep them for this form or the next. Raises BadFile, TooLarge."""
    end_work(commit=False)
    found = [x for x in request.files.getlist("file") if x.filename][:recognition.MOST_FILES]
    prepared = [recognition.prepare_proof(x.stream) for x in found]
    if not prepared:
        return []
    with writing():
        return [recognition.keep_proof(actor, one).code for one in prepared]


# ---- one of them


@blueprint.get("/me/recognition/<code>")
def certificate(code: str) -> Response:
    """What I filed, every step since, and what I can do now."""
    return _page(recognition.get_own(_person(), code))


def _page(file: File, problem: Problem | None = None) -> Response:
    f = file.filing
    number = recognition.number_of(f)
    hints = recognition.unlike(f.kind, f.level, number, f.issued_on)
    return personal(page(
        "recognition/certificate.html", problem.status if problem else 200, it=row_of(file) | {
            "issuer": f.issuer, "issued_on": f.issued_on, "number": number or f.number_masked, "team_size": f.team_size,
            "is_brought": f.filed_by != f"person:{f.person_id}", "table": recognition.conversion_of(f).version},
        proofs=[{"code": p.code, "form": p.form} for p in file.proofs], steps=steps_of(file), hints=hints,
        openings=[{"at": x.at, "why": recognition.LOOKS[x.reason]} for x in recognition.list_looks(f.id)],
        credit=credit_words(file), may_withdraw=f.state in ("waiting", "checked"), has_news=recognition.has_news(file),
        needs_identity=f.state in ("waiting", "checked") and recognition.lacks_identity(f), **told_of(problem)))


@blueprint.post("/me/recognition/<code>")
def answer(code: str) -> Response:
    """Withdraw it, or say that I have read what is new."""
    actor, step = _person(), request.form.get("step", "")
    file = recognition.get_own(actor, code)
    try:
        if step == "withdraw":
            recognition.withdraw(actor, file)
        elif step == "seen":
            recognition.see(actor, file)
        else:
            raise Invalid(_("请选要做什么。"))
    except (Invalid, Conflict) as problem:
        end_work(commit=False)
        return _page(recognition.get_own(actor, code), problem)
    return redirect(url_for(".certificate", code=file.filing.code), 303)


@blueprint.get("/me/recognition/<code>/files/<proof>")
def own_proof(code: str, proof: str) -> Response:
    """A picture of mine."""
    file = recognition.get_own(_person(), code)
    found, body = recognition.open_proof(file.filing.id, proof)
    return sent_proof(found.form, body)


@blueprint.get("/me/recognition/pending/<proof>")
def pending_proof(proof: str) -> Response:
    """A picture that waits for its form."""
    actor = _person()
    if not recognition.list_pending(actor.id, [proof]):
        raise NotFound(_("没有这张图片，可能已经删除。"))
    found, body = recognition.open_proof(None, proof)
    return sent_proof(found.form, body)
