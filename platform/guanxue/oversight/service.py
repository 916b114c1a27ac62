"""Noting from where people study, looking for what is unlike honest study, and answering what was found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, time, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from guanxue import accounts, audit, cases, classes, jobs, learning
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Forbidden
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import checked_text
from guanxue.oversight import detectors, queries, thresholds
from guanxue.oversight.detectors import Found, Play
from guanxue.oversight.errors import Answered
from guanxue.oversight.hashing import device_hash, network_hash
from guanxue.oversight.models import Finding, FindingPerson, Sighting

DISMISSED, CASE = "dismissed", "case"
LONGEST_REASON = 500
JOB = "oversight.look"
LOOK_BACK = timedelta(days=3)  # the nightly look: a night that was missed is made up for


# ---- from where


def note_study(event: learning.StudyBegan) -> None:
    """Keep from where a playback or an attempt was opened; once for each browser and network."""
    _note(event.actor, event.ref)


def note_sign(event: classes.SignedHere) -> None:
    """Keep from where somebody signed in or out in a class."""
    _note(event.actor, f"attendance:{event.attendance_id}")


def _note(actor: Actor, ref: str) -> None:
    device, network = device_hash(actor.where), network_hash(actor.where.network)
    if not (actor.is_person and (device or network)):
        return
    newest = session.execute(select(Sighting.device, Sighting.network).where(Sighting.ref == ref)
                             .order_by(Sighting.id.desc()).limit(1)).first()
    if newest is None or tuple(newest) != (device, network):
        session.add(Sighting(person_id=actor.id, ref=ref, device=device, network=network, at=clock.now()))
        session.flush()


def let_go(event: object) -> None:
    """Study goes on without a note: what is not noted is not found, and nobody loses by that."""


def forget_sightings() -> int:
    """Forget from where people studied once it is too old to be looked at; how many."""
    return session.execute(delete(Sighting).where(Sighting.at < clock.now() - thresholds.KEPT_FOR)).rowcount


# ---- looking


def look(since: datetime, until: datetime) -> list[Finding]:
    """Run every detector over what happened in between, and keep what is new. Safe to repeat."""
    return add_findings(search(since, until))


def search(since: datetime, until: datetime) -> list[Found]:
    """What every detector finds in what happened in between. It only reads, and may take minutes: nobody should wait for it."""
    owners = queries.Owners()
    since_ms, until_ms = (round(moment.timestamp() * 1000) for moment in (since, until))
    plays = queries.list_plays(since_ms, until_ms, owners)
    tries, all_tries = queries.list_tries(since, until, owners)
    month, lately = until.astimezone(clock.CITY).strftime("%Y-%m"), until - timedelta(days=thresholds.DEVICE_DAYS)
    return [
        *detectors.parallel(plays, tries, _played),
        *_one_a_person(detectors.pace(tries)),
        *_one_a_person(_regular(plays)),
        *detectors.answers(all_tries),
        *detectors.device(queries.list_devices(lately, until, owners), month, queries.people_on_devices(lately, owners)),
        *detectors.apart(queries.list_sat(since_ms, until_ms, owners), queries.outside_rooms(plays), _played),
        *(one for ref, who in queries.list_completed(since, until, owners).items()
          if (one := detectors.roll(ref, who)) is not None),
    ]


def _played(play: Play) -> Iterable[tuple[int, int]]:
    """When it really played, as it would count."""
    return learning.list_played(_row_id(play))


def _row_id(play: Play) -> int:
    return int(play.ref.partition(":")[2])


def _regular(plays: Iterable[Play]) -> Iterable[Found]:
    for play in plays:
        claims = learning.list_claims(_row_id(play))
        beats = [(b.t_ms, b.to_ms - b.from_ms) for _received, row in claims for b in row]
        if (one := detectors.regular(play.person_id, play.ref, beats)) is not None:
            yield one


def _one_a_person(found: Iterable[Found]) -> list[Found]:
    """What is new of each person as one finding: the strongest, with everything it was found in."""
    by_person: dict[tuple[int, ...], list[Found]] = {}
    for one in found:
        by_person.setdefault(one.person_ids, []).append(one)
    told = []
    for people, mine in by_person.items():
        known = queries.refs_found(mine[0].kind, people)
        if fresh := [x for x in mine if x.refs[0] not in known]:
            best = max(fresh, key=lambda x: x.score)
            told.append(replace(best, refs=tuple(r for x in fresh for r in x.refs), facts={**best.facts, "times": len(fresh)}))
    return told


def add_findings(found: Iterable[Found]) -> list[Finding]:
    """Keep what is new of these; what was found before stays as it is."""
    made = []
    for one in found:
        if queries.find_by_key(one.key) is not None:
            continue
        finding = Finding(kind=one.kind, key=one.key, score=one.score, refs=list(one.refs), facts=one.facts,
                          version=thresholds.VERSION, found_at=clock.now())
        try:
            with session.begin_nested():
                session.add(finding)
        except IntegrityError:  # another look was first
            continue
        session.add_all(FindingPerson(finding_id=finding.id, person_id=p) for p in one.person_ids)
        made.append(finding)
    session.flush()
    return made


def look_soon(actor: Actor) -> None:
    """Have the last month looked at now, in the background; asked for again while it waits is the same."""
    actor.require("inspect")
    jobs.enqueue(JOB, {"days": thresholds.DEVICE_DAYS}, key="now")
    audit.record(actor, "oversight.look.asked", "oversight")


def watch() -> None:
    """Have last days looked at tonight, while few study; asked for again it is the same."""
    tomorrow = datetime.combine(clock.today() + timedelta(days=1), time(3, 20), clock.CITY)
    jobs.enqueue(JOB, {"days": LOOK_BACK.days, "is_nightly": True}, key="nightly", run_at=tomorrow)


# ---- answering


def dismiss(actor: Actor, finding: Finding, reason: str) -> None:
    """It is in order, and why. By who may inspect and is not in it. Raises Forbidden, Answered, Invalid."""
    _must_answer(actor, finding)
    _answer(actor, finding, DISMISSED, checked_text("reason", reason, LONGEST_REASON))


def make_case(actor: Actor, finding: Finding, claim: str) -> cases.Case:
    """Open a case about it: those concerned are heard, somebody else decides. Raises Forbidden, Answered, Invalid."""
    _must_answer(actor, finding)
    people = queries.people_of([finding.id]).get(finding.id, [])
    case = cases.open_case(actor, kind="fraud", subject=f"finding:{finding.id}", claim=claim, evidence=finding.refs,
                           person_ids=people, key=f"finding:{finding.id}")
    _answer(actor, finding, CASE, "", case.id)
    return case


def _must_answer(actor: Actor, finding: Finding) -> None:
    actor.require("inspect")
    people = queries.people_of([finding.id]).get(finding.id, [])
    if accounts.is_same_person(actor, [f"person:{a}" for p in people for a in accounts.all_accounts_of(p)]):
        raise Forbidden(_("这件事和你有关，要由别人处理。"))
    session.refresh(finding, with_for_update=True)
    if finding.answer is not None:
        raise Answered(_("这条疑点已经有人处理了。"))


def _answer(actor: Actor, finding: Finding, answer: str, reason: str, case_id: int | None = None) -> None:
    finding.answer, finding.reason, finding.case_id = answer, reason, case_id
    finding.answered_by, finding.answered_at = actor.ref, clock.now()
    session.flush()
    audit.record(actor, f"oversight.finding.{answer}", f"finding:{finding.id}", {"kind": finding.kind, "reason": reason})
