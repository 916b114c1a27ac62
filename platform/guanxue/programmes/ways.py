"""What somebody can do today towards a target, and the shortest way there that the credit bank would give credit for.

Steps are courses that can be studied, courses half finished (what is left of them), classes with free seats, and certificates
that the person says they hold. The bank is asked twice: how much room its bounds leave, by
trying a credit that is far too large, and whether it would credit the very steps found, one after the other. What it would
refuse is left out and the way sought again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from guanxue import classes, courses, creditbank, learning, policies, recognition, standards
from guanxue.core import clock
from guanxue.creditbank import Holding, Outcome
from guanxue.programmes import planner
from guanxue.programmes.models import Programme
from guanxue.programmes.planner import Step, Way
from guanxue.programmes.rules import Piece, Progress

MINUTE_MS = 60_000
FILED_LEVELS, MOST_TRADES = (5, 4, 3), 2
GO_ON, FILE, BEGIN, ATTEND = range(4)  # in this order a way is told
ENOUGH_MILLI = 10**9
MOST_ROUNDS, MOST_ASKED = 6, 24


@dataclass(frozen=True)
class Offer:
    """Something a person could do: the outcome that the bank would be asked to credit, what it takes, where it begins.

    `minutes` of study that are left; `path` leads there; `rank` is GO_ON, FILE, BEGIN or ATTEND; `occupation` is its trade's
    slug; `adds` are the millicredits that it would add before any bound.
    """

    outcome: Outcome
    minutes: int
    path: str
    rank: int
    occupation: str
    adds: int

    @property
    def key(self) -> str:
        """Its name in a way."""
        return f"{self.outcome.source}:{self.outcome.key}"


@dataclass(frozen=True)
class Found:
    """The way found, its offers in order, certificates that would count if one held them, and whether the bank refused much.

    `is_narrowed`: the bank refused steps, and the way was sought again without them; it may not be the shortest then.
    """

    way: Way
    offers: tuple[Offer, ...]
    certificates: tuple[Offer, ...]
    is_narrowed: bool = False


# ---- what can be done today


class _About(NamedTuple):
    """What a course is, for the bank."""

    course_id: int
    slug: str
    title: str
    kind: str
    level: int | None
    provider: str


def list_offers(person_id: int) -> list[Offer]:
    """Everything that a person can study today, the half finished as what is left of it."""
    now, done = clock.now(), learning.completed_course_ids(person_id)
    mine = [p for p in learning.list_my_courses(person_id) if p.completion is None]
    begun = {p.enrolment.course_id for p in mine}
    fresh = [i for i in courses.snapshot().items if i.id not in done and i.id not in begun]
    offers = [*(_half_finished(p, now) for p in mine), *(_course(i, person_id, now) for i in fresh)]
    return [o for o in offers if o is not None] + _classes(person_id, done, now)


def _course(item: courses.Item, person_id: int, now: datetime) -> Offer | None:
    """A course of the catalogue that anybody may begin; None while it cannot be studied whole."""
    if item.status != "open" or item.is_stopped or not item.content_ms or item.ready_count < item.lesson_count - 1:
        return None
    its = policies.Worth(item.content_ms, item.hours_milli, item.credits_milli)
    about = _About(item.id, item.slug, item.title, item.kind, item.level, item.provider)
    outcome = _outcome_of_course(person_id, about, its, policies.get_policy(item.policy_id), now)
    return Offer(outcome, _minutes(item.content_ms), f"/courses/{item.slug}", BEGIN, item.occupation, its.credits_milli)


def _half_finished(progress: learning.CourseProgress, now: datetime) -> Offer | None:
    """What is left of a course one is in; None while a video of it is in the making."""
    lengths = [x.lesson.duration_ms for x in progress.lessons]
    if None in lengths:
        return None
    enrolment, revision = progress.enrolment, courses.get_revision(progress.enrolment.revision_id)
    policy, words = policies.get_policy(enrolment.policy_id), revision.document
    its = policies.worth_of(policy.numbers, [(x.lesson.kind, x.lesson.duration_ms) for x in progress.lessons])
    left = sum(x.lesson.duration_ms - min(x.credited_ms, x.lesson.duration_ms) for x in progress.lessons
               if not x.is_complete and not x.is_spared)
    slug, ahead = words["slug"], progress.next_lesson
    about = _About(enrolment.course_id, slug, revision.title, words["kind"], words["level"],
                   courses.provider_of(enrolment.course_id))
    outcome = _outcome_of_course(enrolment.person_id, about, its, policy, now)
    path = f"/courses/{slug}/lessons/{ahead.lesson.slug}" if ahead else f"/courses/{slug}"
    return Offer(outcome, _minutes(left), path, GO_ON, words["occupation"], its.credits_milli)


def _minutes(ms: int) -> int:
    return -(-ms // MINUTE_MS)


def _outcome_of_course(person_id: int, about: _About, its: policies.Worth, policy: policies.Policy, now: datetime) -> Outcome:
    return Outcome(
        "course", f"{person_id}:{about.course_id}", person_id, f"course:{about.slug}", about.title, its.credits_milli,
        its.hours_milli, category=about.kind, provider=about.provider, level=about.level, finished_at=now, is_online=True,
        policy_id=policy.id, document={"course": about.slug, "policy": policy.name, "content_ms": its.content_ms,
                                       "completed_at": now.isoformat()})


def _classes(person_id: int, done: set[int], now: datetime) -> list[Offer]:
    """Classes that have not begun and have a free seat, without a course or with one that the person has completed."""
    mine, found = {cls.id for cls, _place in classes.list_mine(person_id)}, []
    for cls in classes.list_public():
        is_ready = cls.course_id is None or cls.course_id in done
        if cls.id in mine or not is_ready or cls.begins_on <= clock.today() or classes.count_seated(cls.id) >= cls.seats:
            continue
        lengths = [classes.taught_ms(m) for m in classes.list_meetings(cls.id, with_cancelled=False)]
        its = policies.worth_of(policies.get_policy(cls.policy_id).numbers, [("meeting", ms) for ms in lengths])
        institution = classes.institution_of(cls)
        outcome = Outcome(
            "class", f"{person_id}:{cls.id}", person_id, f"class:{cls.code}", cls.title, its.credits_milli,
            its.hours_milli, category=_category(cls.course_id), provider=institution.slug if institution else "city",
            level=None, finished_at=now, is_online=False, policy_id=cls.policy_id,
            document={"class": cls.code, "policy": policies.get_policy(cls.policy_id).name, "content_ms": its.content_ms})
        found.append(Offer(outcome, _minutes(sum(lengths)), f"/classes/{cls.code}", ATTEND, "", its.credits_milli))
    return found


def _category(course_id: int | None) -> str:
    item = courses.items_of([course_id]).get(course_id) if course_id else None
    return item.kind if item else "skills-upgrading"


def list_certificates(person_id: int) -> list[Offer]:
    """Skill certificates that the person could have recognised, if they hold them: of the trades they studied last, each level
    above the one they have credit for, worth the difference."""
    studied = [courses.find_item(c.slug) for c in _courses_of(person_id)]
    trades = list(dict.fromkeys(item.occupation for item in studied if item and item.occupation))[:MOST_TRADES]
    held = {h.subject: h for h in creditbank.list_holdings(person_id)}
    if not trades:
        return []
    table, names = recognition.current_conversion().table, {o.slug: o for o in standards.list_occupations()}
    return [offer for slug in trades if slug in names for level in FILED_LEVELS
            if (offer := _certificate(person_id, names[slug], level, table.levels[level], held)) is not None]


def _courses_of(person_id: int) -> list[courses.Course]:
    """The person's courses, the last studied first."""
    ids = [p.enrolment.course_id for p in learning.list_my_courses(person_id)]
    known = courses.courses_by_id(ids)
    return [known[i] for i in ids]


def _certificate(person_id: int, trade: standards.Occupation, level: int, milli: int,
                 held: Mapping[str, Holding]) -> Offer | None:
    """五级 of a trade is a framework's level 2, 四级 3 …: as recognition files it."""
    subject, stands = f"occupation:{trade.slug}", 7 - level
    mine = held.get(subject)
    if mine is not None and (mine.level or 0) >= stands:
        return None
    adds = milli - (mine.millicredits if mine else 0)
    outcome = Outcome(
        "certificate", f"{person_id}:{trade.slug}:{level}", person_id, subject, f"{trade.name} {recognition.level_text(level)}",
        milli, 0, category="skills-upgrading", provider="city", level=stands, finished_at=clock.now(), is_online=False)
    path = f"/me/recognition/new?kind=skill-level&occupation={trade.slug}&level={level}"
    return Offer(outcome, 0, path, FILE, trade.slug, adds) if adds > 0 else None


# ---- the way


def find_way(programme: Programme, progress: Progress, offers: Sequence[Offer], certificates: Sequence[Offer],
             held: Iterable[str] = ()) -> Found:
    """The shortest way from there by these offers. `held` are keys of certificates that the person says they hold."""
    told = set(held)
    useful = tuple(c for c in certificates if _step(programme, c) is not None)
    if progress.is_reached:
        return Found(planner.Way((), (), 0, progress.reach, True), (), useful)
    usable = {o.key: o for o in (*offers, *(c for c in useful if c.key in told)) if o.adds > 0}
    steps = [step for o in usable.values() if (step := _step(programme, o)) is not None]
    rooms = _rooms(usable[s.key].outcome for s in steps)
    steps = [replace(s, limits=(name,)) if (name := _bounded_by(usable[s.key].outcome)) in rooms else s for s in steps]
    is_narrowed = False
    for _round in range(MOST_ROUNDS):
        way = planner.find_way(programme.target.shape, progress.amounts, steps, rooms)
        refused = _refused(way, usable)
        if not refused:
            break
        is_narrowed = True
        steps = [replace(s, milli=refused[s.key]) if s.key in refused else s for s in steps if refused.get(s.key) != 0]
    else:
        way = planner.Way((), (), 0, progress.reach, progress.is_reached)
    return Found(way, tuple(usable[s.key] for s in way.steps), useful, is_narrowed)


def _step(programme: Programme, offer: Offer) -> Step | None:
    """The offer as a step; None where the target would not take its credit."""
    o, today = offer.outcome, clock.today()
    piece = Piece(offer.key, o.title, o.source, o.category, o.provider, offer.occupation, o.level, o.is_online, offer.adds,
                  today)
    if programme.target.why_not(piece, today):
        return None
    return Step(offer.key, o.subject, offer.adds, offer.minutes, programme.target.place(piece), offer.rank)


def _with_content(outcome: Outcome) -> Outcome:
    """A course's outcome with what its lessons are, by which the bank knows the same content again."""
    item = courses.find_item(outcome.document["course"]) if "course" in outcome.document else None
    if item is None or item.revision_id is None:
        return outcome
    content = [creditbank.content_of(x) for x in courses.lessons_of(item.revision_id) if x.kind != "quiz"]
    return replace(outcome, document={**outcome.document, "content": content})


def _bounded_by(outcome: Outcome) -> str:
    """Which outcomes the bank bounds together, as far as one can tell from outside."""
    return "/".join((outcome.source, outcome.document.get("policy", ""), outcome.provider, outcome.category))


def _rooms(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """Millicredits that the bank has room for, for each kind of outcome that it bounds at all."""
    rooms: dict[str, int] = {}
    for name, outcome in {_bounded_by(o): o for o in outcomes}.items():
        probe = replace(outcome, key=f"probe:{name}", subject=f"probe:{name}", title=f"probe:{name}", asked_milli=ENOUGH_MILLI,
                        hours_milli=ENOUGH_MILLI * 100)
        given = creditbank.preview_all([probe])[0].given_milli
        if given < ENOUGH_MILLI:
            rooms[name] = given
    return rooms


def _refused(way: Way, usable: dict[str, Offer]) -> dict[str, int]:
    """{key: millicredits it gives} of steps that the bank would credit with less than the way counts on.

    Of a long way the first MOST_ASKED steps are asked about; the others when they are nearer.
    """
    asked = way.steps[:MOST_ASKED]
    decisions = creditbank.preview_all([_with_content(usable[s.key].outcome) for s in asked])
    return {step.key: decision.given_milli for step, counted, decision in zip(asked, way.given, decisions, strict=False)
            if decision.given_milli < counted}
