"""The evidence itself: what a player claimed, what was answered, from where. Each look is kept and told to its owner."""

from __future__ import annotations

from datetime import datetime

from flask import Response

from guanxue import accounts, audit, cases, classes, learning, oversight, quizzes
from guanxue.core import clock
from guanxue.core.db import session, writing
from guanxue.core.errors import NotFound
from guanxue.core.i18n import lazy as _
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.oversight.models import Sighting
from guanxue.oversight.routes import blueprint

MOST_BEATS = 400
NOTHING = {"beats": [], "left_out": 0, "answers": [], "facts": [], "sightings": []}


@blueprint.get("/oversight/evidence/<what>/<key>")
def evidence(what: str, key: str) -> Response:
    """A playback, an attempt, a sign-in in a class, or an account."""
    actor = current_actor()
    actor.require("inspect")
    actor.require_proved()
    shown = cases.open_ref(f"{what}:{key}") if what in _PARTS and cases.is_known(f"{what}:{key}") else None
    if shown is None or shown.person_id is None:
        raise NotFound(_("没有这份证据，可能是网址写错了。"))
    with writing():
        audit.record(actor, "accounts.person.opened", f"person:{shown.person_id}", {"reason": str(shown.title)})
    owner = accounts.get_person(shown.person_id)
    seen = oversight.sighting_of(shown.ref)
    return personal(page(
        "oversight/evidence.html", kind=what, title=str(shown.title),
        owner={"id": owner.id, "name": owner.name, "phone": accounts.mask_phone(owner.phone)},
        seen=_place(seen) if seen else None, **(NOTHING | _PARTS[what](key))))


def _place(seen: Sighting) -> dict:
    """Hashes as short signs: equal ones are the same browser, the same line."""
    return {"ref": seen.ref, "at": seen.at, "device": seen.device[:6], "network": seen.network[:6]}


def _second(moment: datetime) -> str:
    return moment.astimezone(clock.CITY).strftime("%Y-%m-%d %H:%M:%S")


def _playback(key: str) -> dict:
    heard, rows = learning.find_heard(int(key)), []
    for received, beats in learning.list_claims(heard.id):
        for b in beats:
            rows.append({"received_ms": received, "t_ms": b.t_ms, "late_ms": received - heard.opened_ms - b.t_ms,
                         "from_ms": b.from_ms, "to_ms": b.to_ms, "rate": b.rate_permille / 1000})
    facts = [(_("打开"), _second(clock.moment_of(heard.opened_ms))),
             (_("最后一次听到"), _second(clock.moment_of(heard.heard_ms))),
             (_("结束"), _second(clock.moment_of(heard.ended_ms)) if heard.ended_ms else "—"),
             (_("上报"), str(heard.requests)), (_("计入"), f"{heard.granted_ms // 1000} s")]
    return {"beats": rows[:MOST_BEATS], "facts": facts, "left_out": max(0, len(rows) - MOST_BEATS)}


def _attempt(key: str) -> dict:
    attempt, submission = session.get(quizzes.Attempt, key), quizzes.find_submission(key)
    facts = [(_("开始"), _second(attempt.started_at)), (_("交卷"), _second(submission.submitted_at) if submission else "—")]
    if submission:
        lasted = (submission.submitted_at - attempt.started_at).total_seconds()
        facts += [(_("用时"), f"{lasted:.1f} s"), (_("得分"), str(submission.score))]
    given = quizzes.list_given(attempt, submission) if submission else []
    return {"facts": facts, "answers": [{"stem": x.stem, "words": x.words, "is_right": x.is_right} for x in given]}


def _attendance(key: str) -> dict:
    row = session.get(classes.Attendance, int(key))
    moments = ((_("签到"), row.from_ms), (_("签退"), row.to_ms), (_("收到"), row.received_ms))
    facts = [(words, _second(clock.moment_of(ms))) for words, ms in moments if ms is not None]
    if row.way == "roll":
        caller = accounts.find_person(int(row.by.partition(":")[2]))
        facts += [(_("点名的人"), caller.name if caller else "—"), (_("写的理由"), row.reason)]
    return {"facts": facts}


def _person(key: str) -> dict:
    return {"sightings": [_place(s) | {"title": str(cases.open_ref(s.ref).title), "address": cases.open_ref(s.ref).address}
                          for s in oversight.sightings_of(int(key))]}


_PARTS = {"playback": _playback, "attempt": _attempt, "attendance": _attendance, "person": _person}
