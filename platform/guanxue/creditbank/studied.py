"""Courses and classes as sources of credit: their completions as outcomes, and the same derived again from evidence."""

from __future__ import annotations

import hashlib

from sqlalchemy import select

from guanxue import classes, courses, learning, policies
from guanxue.classes import ClassCompletion
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.core.i18n import marked as N_
from guanxue.creditbank.models import Award
from guanxue.creditbank.outcomes import ATTENDANCE, CLASS, COMPONENTS, COURSE, MARK, Outcome
from guanxue.creditbank.sources import Derived, Source, register_source
from guanxue.learning import Completion

_CLASS_REASON = N_("培训班结业")
_CATEGORY = "skills-upgrading"  # of a class that goes with no course


# ---- courses


def outcome_of_course(completion: Completion) -> Outcome:
    """A completed course; lessons that were spared by testing out count for nothing."""
    revision, policy = courses.get_revision(completion.revision_id), policies.get_policy(completion.policy_id)
    spared = set(completion.evidence.get("tested_out", []))
    studied = [x for x in courses.lessons_of(completion.revision_id) if x.id not in spared]
    lessons = [(x.kind, x.duration_ms or 0) for x in studied]
    its, slug = policies.worth_of(policy.numbers, lessons), revision.document["slug"]
    return Outcome(
        COURSE, _key_of(completion), completion.person_id, f"course:{slug}", revision.title,
        its.credits_milli, its.hours_milli, category=revision.document.get("kind", ""),
        provider=courses.provider_of(completion.course_id), level=revision.document.get("level"),
        finished_at=completion.completed_at, is_online=True,
        policy_id=policy.id, ref=f"completion:{completion.id}", measure=lambda: _measure_course(completion), document={
            "course": slug, "revision": revision.number, "revision_digest": revision.digest, "policy": policy.name,
            "content_ms": its.content_ms, "class_hour_ms": policy.numbers.class_hour_ms,
            "class_hours_per_credit": policy.numbers.class_hours_per_credit, "evidence": completion.evidence_digest,
            "completed_at": completion.completed_at.isoformat(),
            "content": [content_of(x) for x in studied if x.kind != "quiz"]})


def _measure_course(completion: Completion) -> dict[str, int]:
    """How much of the whole course was attended (also of what was spared), and the lowest of its marks as they are today."""
    attended, mark = learning.derive_completion(completion).attended_permille, learning.mark_of(completion)
    return {name: value for name, value in ((ATTENDANCE, attended), (MARK, mark)) if value is not None}


def content_of(lesson: courses.RevisionLesson) -> str:
    """What a lesson is, whatever course it stands in: its film, or its text."""
    text = hashlib.sha256("".join(lesson.body.split()).encode()).hexdigest()[:16]
    return f"film:{lesson.asset_id}" if lesson.asset_id else f"text:{text}"


def _key_of(completion: Completion) -> str:
    return f"{completion.person_id}:{completion.course_id}"


def completion_of(outcome: Outcome) -> Completion:
    """The completion of a course's outcome."""
    return learning.get_completion(int(outcome.ref.partition(":")[2]))


def _list_courses(person_id: int | None) -> list[Outcome]:
    return [outcome_of_course(c) for c in learning.list_completions(person_id)]


def _list_courses_but(person_id: int, keys: frozenset[str]) -> list[Outcome]:
    return [outcome_of_course(c) for c in learning.list_completions(person_id) if _key_of(c) not in keys]


def _derive_course(outcome: Outcome) -> Derived:
    completion = completion_of(outcome)
    derived, pinned = learning.derive_completion(completion), policies.get_policy(completion.policy_id)
    held = policies.held_at(pinned.code, learning.get_enrolment(completion.enrolment_id).enrolled_at)
    its, faults = policies.worth_of((held or pinned).numbers, derived.lessons), list(derived.faults)
    if held is None or held.id != pinned.id:
        faults.append(_("报名那天用的不是这一版规则（%(name)s）。", name=pinned.name))
    if completion.content_ms != derived.content_ms and not faults:
        faults.append(_("学习总时长与记录不符。"))
    return Derived(its.content_ms, its.hours_milli, its.credits_milli, tuple(faults))


def _is_spent(outcome: Outcome) -> str:
    """Did evidence that the completion rests on earn a credit before, under an account that was merged and parted?"""
    shared = [_key_of(learning.get_completion(n)) for n in learning.shares_evidence(completion_of(outcome))]
    query = select(Award.id).where(Award.source == COURSE, Award.key.in_(shared)).limit(1)
    return "evidence" if shared and session.scalar(query) is not None else ""


def _foresee(kept_id: int, merged_id: int) -> dict[str, str]:
    return {_key_of(learning.get_completion(n)): rule for n, rule in learning.foresee_completions(kept_id, merged_id).items()}


def _rule_at(merge, key: str) -> str:
    person_id, course_id = (int(part) for part in key.split(":"))
    completion = next(c for c in learning.list_completions(person_id) if c.course_id == course_id)
    step = next(s for s in merge.document["learning"]["steps"] if s["from"] == completion.enrolment_id)
    return "overlap" if learning.overlaps(completion, step["beside"], step.get("taught", ())) else ""


# ---- classes


def outcome_of_class(completion: ClassCompletion) -> Outcome:
    """A completed class: what of its meetings counts by the evidence, each as a lesson; nothing where that does not hold."""
    cls, policy = classes.classes_by_id([completion.class_id])[completion.class_id], policies.get_policy(completion.policy_id)
    its, place = _worth_of(policy, classes.derive_completion(completion)), classes.institution_of(cls)
    pinned = courses.get_revision(cls.revision_id).document if cls.revision_id else {}
    return Outcome(
        CLASS, _class_key(completion), completion.person_id, f"class:{cls.code}", cls.title,
        its.credits_milli, its.hours_milli, category=pinned.get("kind", _CATEGORY), provider=place.slug if place else "city",
        level=None, finished_at=completion.completed_at, is_online=False, policy_id=policy.id,
        ref=f"class-completion:{completion.id}", measure=lambda: _measure_class(completion), document={
            "class": cls.code, "institution": place.name if place else "", "policy": policy.name, "rule": classes.RULE,
            "content_ms": its.content_ms, "class_hour_ms": policy.numbers.class_hour_ms,
            "class_hours_per_credit": policy.numbers.class_hours_per_credit, "evidence": completion.evidence_digest,
            "reason": _CLASS_REASON,
            # not "completed_at": by that past.py bounds online study
            "class_completed_at": completion.completed_at.isoformat()})


def _measure_class(completion: ClassCompletion) -> dict[str, int]:
    """How much of what was taught was attended; the mark is that of the course that goes with it."""
    attended, beside = classes.derive_completion(completion).attended_permille, completion.evidence.get("course")
    mark = learning.mark_of(learning.get_completion(beside)) if beside is not None else None
    return {name: value for name, value in ((ATTENDANCE, attended), (MARK, mark)) if value is not None}


def _worth_of(policy: policies.Policy, derived: classes.Derived) -> policies.Worth:
    return policies.worth_of(policy.numbers, [("meeting", ms) for ms in derived.meetings_ms if ms])


def _list_classes(person_id: int | None) -> list[Outcome]:
    return [outcome_of_class(c) for c in classes.list_completions(person_id)]


def _list_classes_but(person_id: int, keys: frozenset[str]) -> list[Outcome]:
    return [outcome_of_class(c) for c in classes.list_completions(person_id) if f"{person_id}:{c.class_id}" not in keys]


def _derive_class(outcome: Outcome) -> Derived:
    completion = classes.get_completion(int(outcome.ref.partition(":")[2]))
    derived, pinned = classes.derive_completion(completion), policies.get_policy(completion.policy_id)
    held = policies.held_at(pinned.code, classes.classes_by_id([completion.class_id])[completion.class_id].opened_at)
    its, faults = _worth_of(held or pinned, derived), list(derived.faults)
    if held is None or held.id != pinned.id:
        faults.append(_("开班那天用的不是这一版规则（%(name)s）。", name=pinned.name))
    if sum(derived.meetings_ms) != completion.attended_ms and not faults:
        faults.append(_("到课的时间与记录不符。"))
    return Derived(its.content_ms, its.hours_milli, its.credits_milli, tuple(faults))


def _rest_of(completion: ClassCompletion, names: learning.Names | None) -> policies.Worth | None:
    """What a class is worth without what the account that stays did at the same time; None where that takes nothing off."""
    if not names or not (names["playing"] or names["classes"]):
        return None
    whole, rest = classes.derive_completion(completion), learning.attended_beside(completion, names)
    same = rest.meetings_ms == whole.meetings_ms
    return None if same else _worth_of(policies.get_policy(completion.policy_id), rest)


def _foresee_cuts(kept_id: int, merged_id: int) -> dict[str, policies.Worth]:
    found = {_class_key(c): _rest_of(c, learning.names_beside(kept_id, c)) for c in classes.list_completions(merged_id)}
    return {key: rest for key, rest in found.items() if rest is not None}


def _cut_at(merge, key: str) -> policies.Worth | None:
    attended = (merge.document.get("learning") or {}).get("attended", {})  # merges made before did not ask
    one = next(c for c in classes.list_completions(merge.merged_id) if _class_key(c) == key)
    return _rest_of(one, attended.get(str(one.id)))


def _class_key(completion: ClassCompletion) -> str:
    return f"{completion.person_id}:{completion.class_id}"


register_source(Source(
    COURSE, kind="completion", mint="mint:courses", move_prefix="", is_once=True, components=COMPONENTS,
    list_outcomes=_list_courses, list_unposted=_list_courses_but, derive=_derive_course,
    why_not=_is_spent, foresee_merge=_foresee, rule_at_merge=_rule_at))
register_source(Source(
    CLASS, kind="class", mint="mint:classes", is_once=True, components=COMPONENTS, list_outcomes=_list_classes,
    list_unposted=_list_classes_but, derive=_derive_class, foresee_cuts=_foresee_cuts, cut_at_merge=_cut_at))
