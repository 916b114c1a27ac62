"""有问题: asking from any page, the thread, and the desk where staff answers."""

from __future__ import annotations

import re

from flask import Blueprint, Response, redirect, request, url_for

from guanxue import accounts, courses, helpdesk, learning
from guanxue.core import clock
from guanxue.core.errors import Invalid, Problem
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import own_site_path, page, personal

blueprint = Blueprint("helpdesk", __name__)
# What a ticket may carry along (see _context); older ones carry less.
UNKNOWN = {"page": "", "browser": "", "course": "", "course_title": "", "lesson": "", "lesson_title": "", "credited_ms": None,
           "last_sync_ms": None}
STATES = ("open", "answered", "closed")
_COURSE_PAGE = re.compile(r"/(courses|learn)/([^/?]+)(?:/([^/?]+))?")


@blueprint.get("/help")
def ask() -> Response:
    """The form, which knows the page one came from, and my earlier questions."""
    return _ask_page()


def _ask_page(problem: Problem | None = None) -> Response:
    actor = current_actor()
    mine = helpdesk.list_mine(actor.id) if actor.is_person else []
    source = own_site_path(request.values.get("from"), "")[:200]
    return personal(page(
        "helpdesk/ask.html", problem.status if problem else 200, source=source, topics=helpdesk.TOPICS,
        values={"topic": request.form.get("topic", _topic_of(source)), "text": request.form.get("text", ""),
                "contact": request.form.get("contact", "")},
        errors={f["field"]: str(f["message"]) for f in problem.fields} if problem else {},
        message=str(problem.message) if problem else "", mine=_rows(mine)))


def _topic_of(source: str) -> str:
    """What somebody who comes from that page most likely asks about."""
    for beginning, topic in (("/learn", "lesson"), ("/courses", "lesson"), ("/me/credits", "credit"), ("/verify", "credit"),
                             ("/me/certificates", "credit"), ("/login", "account"), ("/register", "account"),
                             ("/forgot", "account"), ("/me/settings", "account")):
        if source.startswith(beginning):
            return topic
    return "lesson"


def _rows(tickets: list[helpdesk.Ticket]) -> list[dict]:
    words, now = helpdesk.first_words([t.id for t in tickets]), clock.now()
    return [{"code": t.code, "topic": helpdesk.TOPICS.get(t.topic, ""), "words": words.get(t.id, ""), "state": t.state,
             "asked_at": t.asked_at, "is_late": helpdesk.is_late(t.state, t.asked_at, now)} for t in tickets]


@blueprint.post("/help")
def send() -> Response:
    """Open a ticket and show it."""
    form, actor = request.form, current_actor()
    source = own_site_path(form.get("from"), "")[:200]
    try:
        ticket = helpdesk.open_ticket(actor, topic=form.get("topic", ""), text=form.get("text", ""),
                                      context=_context(source), contact=form.get("contact", ""),
                                      address=request.remote_addr or "")
    except Problem as problem:
        return _ask_page(problem)
    return redirect(url_for(".ticket", code=ticket.code), 303)


def _context(source: str) -> dict:
    """What helps to answer: page, course and lesson, how far, when the server last heard of this lesson, which browser."""
    context = {"page": source.partition("?")[0], "browser": request.headers.get("User-Agent", "")[:200]}
    found, actor = _COURSE_PAGE.match(source), current_actor()
    course = courses.find_item(found[2]) if found else None
    if course is None:
        return context
    context |= {"course": course.slug, "course_title": course.title}
    if actor.is_person and found[1] == "learn" and found[3]:
        context |= learning.last_sync(actor.id, course.id, found[3])
    return context


@blueprint.get("/help/<code>")
def ticket(code: str) -> Response:
    """The thread: what was asked and answered."""
    return _thread(helpdesk.get_ticket(current_actor(), code))


def _thread(ticket: helpdesk.Ticket, problem: Problem | None = None, *, at_desk: bool = False) -> Response:
    actor = current_actor()
    messages = helpdesk.list_messages(ticket)
    names = accounts.names_of(m.person_id for m in messages if m.person_id)
    return personal(page(
        "helpdesk/ticket.html", problem.status if problem else 200, at_desk=at_desk, asker=_asker(ticket) if at_desk else None,
        ticket={"code": ticket.code, "topic": helpdesk.TOPICS.get(ticket.topic, ""), "state": ticket.state,
                "opened_at": ticket.opened_at, "context": UNKNOWN | ticket.context, "is_visitor": ticket.person_id is None,
                "is_mine": ticket.person_id is None or ticket.person_id == actor.id},
        messages=[{"text": m.text, "at": m.said_at, "is_staff": m.is_staff,
                   "name": names.get(m.person_id, "")} for m in messages],
        text=request.form.get("text", "") if problem else "", message=str(problem.message) if problem else ""))


def _asker(ticket: helpdesk.Ticket) -> dict:
    """Whom staff talks to: name and masked number, nothing that signs in."""
    if ticket.person_id is None:
        return {"name": "", "phone": ticket.contact}
    person = accounts.get_person(ticket.person_id)
    return {"name": person.name, "phone": accounts.mask_phone(person.phone)}


@blueprint.post("/help/<code>")
def speak(code: str) -> Response:
    """Go on with my question, or say that it is settled."""
    actor = current_actor()
    found = helpdesk.get_ticket(actor, code)
    try:
        if request.form.get("close"):
            helpdesk.close(actor, found)
        else:
            helpdesk.speak(actor, found, request.form.get("text", ""))
    except Invalid as problem:
        return _thread(found, problem)
    return redirect(url_for(".ticket", code=code) + "#end", 303)


@blueprint.get("/desk")
def desk() -> Response:
    """What waits, who has waited longest first."""
    current_actor().require("support")
    state = request.args.get("state", "open")
    number = request.args.get("page", "1")
    found = helpdesk.list_tickets(state if state in STATES else "open", max(1, int(number)) if is_row_id(number) else 1)
    return personal(page("helpdesk/desk.html", rows=_rows(list(found.items)), state=state if state in STATES else "open",
                         total=found.total, page=found.page, pages=found.pages,
                         page_url=lambda n: url_for(".desk", state=state, page=n)))


@blueprint.get("/desk/<code>")
def desk_ticket(code: str) -> Response:
    """A ticket with everything that was sent along."""
    current_actor().require("support")
    return _thread(helpdesk.get_ticket(current_actor(), code), at_desk=True)


@blueprint.post("/desk/<code>")
def reply(code: str) -> Response:
    """Answer, or close."""
    actor = current_actor()
    actor.require("support")
    found = helpdesk.get_ticket(actor, code)
    try:
        if request.form.get("text", "").strip() or not request.form.get("close"):
            helpdesk.answer(actor, found, request.form.get("text", ""))
        if request.form.get("close"):
            helpdesk.close(actor, found)
    except Invalid as problem:
        return _thread(found, problem, at_desk=True)
    return redirect(url_for(".desk"), 303)
