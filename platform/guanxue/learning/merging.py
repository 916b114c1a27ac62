"""The study of two accounts of one person: what counts for which, worked out, carried out, undone.

Evidence stays under the account it was earned on. A merge adds a Carry an enrolment, and makes the cache of progress anew;
a parting ends the Carry and makes the cache anew again. The decisions are rules.join(); docs/decisions/0010-merging.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, or_, select, update

from guanxue import accounts, courses, policies, quizzes
from guanxue.accounts import Effect, Merging, Plan
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.learning import carried, evidence, presence, proving, rules, taught
from guanxue.learning.derivation import derive_completion
from guanxue.learning.models import Carry, Completion, Enrolment, Note, Playback
from guanxue.learning.queries import completion_of, course_progress, find_enrolment
from guanxue.learning.service import complete_course, count_all_attempts


@dataclass(frozen=True)
class Step:
    """What becomes of one enrolment of the merged account. `what` is a word of rules.join()."""

    what: str
    course_id: int
    from_id: int
    to_id: int | None
    completion_id: int | None = None
    playbacks: tuple[tuple[int, int], ...] = ()
    beside: tuple[tuple[int, int], ...] = ()
    own: tuple[tuple[int, int], ...] = ()
    taught: tuple[int, ...] = ()  # completions of classes of the account that stays

    @property
    def is_carried(self) -> bool:
        """Does evidence count for the account that stays?"""
        return self.what in (rules.FINISHED, rules.STUDY)


def lock_study(kept_id: int, merged_id: int) -> None:
    """Queue up behind every beat, quiz and completion of both, in the order in which they lock: playbacks, then enrolments."""
    both = (kept_id, merged_id)
    since = clock.now_ms() - rules.GRACE_MS - rules.SILENCE_ENDS_MS
    session.execute(select(Playback.id).where(Playback.person_id.in_(both), or_(Playback.ended_ms.is_(None),
                                                                              Playback.ended_ms > since))
                    .order_by(Playback.id).with_for_update())
    session.execute(select(Enrolment.id).where(Enrolment.person_id.in_(both)).order_by(Enrolment.id).with_for_update())


# ---- what a merge would do


def plan_merge(kept_id: int, merged_id: int) -> Plan:
    """Course by course, oldest enrolment first; then the notes."""
    theirs = session.scalars(select(Enrolment).where(Enrolment.person_id == merged_id).order_by(Enrolment.id)).all()
    titles = {c.id: c.title for c in courses.courses_by_id([e.course_id for e in theirs]).values()}
    effects, steps = [], []
    for enrolment in theirs:
        step = _step(enrolment, find_enrolment(kept_id, enrolment.course_id), kept_id)
        steps.append(step)
        effects += _effects(step, enrolment, titles[enrolment.course_id])
    if presence.find_open_check(merged_id) is not None:
        effects.append(Effect("presence.unanswered", "learning", _(
            "有一次在场确认还没有回答：那一段先不计入，合并以后可以在“我的在场确认”里补。")))
    count = session.scalar(select(func.count()).select_from(Note).where(Note.person_id == merged_id)) or 0
    if count:
        effects.append(Effect("notes.moved", "learning", _("%(n)s 条笔记转过来。", n=count), count))
    return Plan(tuple(effects), tuple(steps))


def foresee_completions(kept_id: int, merged_id: int) -> dict[int, str]:
    """{completion of the merged account: "" where it would count for the one that stays, else the rule that forbids it}.

    Rules: "once" (that account completed the course itself), "overlap" (it was playing too). For the rooms above.
    """
    words = {rules.FINISHED: "", rules.KEEP: "once", rules.REFUSE: "overlap"}
    found = {}
    for enrolment in session.scalars(select(Enrolment).where(Enrolment.person_id == merged_id).order_by(Enrolment.id)):
        completion = completion_of(enrolment)
        if completion is not None:
            found[completion.id] = words[_step(enrolment, find_enrolment(kept_id, enrolment.course_id), kept_id).what]
    return found


def overlaps(completion: Completion, beside: carried.Names, met: Sequence[int] = ()) -> bool:
    """Does a completion no longer stand without the moments in which those playbacks played too, or those classes met?"""
    return bool(beside or met) and bool(derive_completion(completion, beside, met).faults)


def _step(theirs: Enrolment, mine: Enrolment | None, kept_id: int) -> Step:
    completion = completion_of(theirs)
    playbacks = carried.list_evidence(theirs.id)
    people = [kept_id, *accounts.merged_into(kept_id)]
    near, met = carried.list_beside(people, playbacks), taught.list_beside(people, playbacks)
    names, beside = carried.names_of(playbacks), carried.names_of(near)
    holds = completion is None or not overlaps(completion, beside, met)
    what = rules.join(_standing(theirs), _standing(mine) if mine else None, holds=holds)
    counts = completion.id if completion is not None and what == rules.FINISHED else None
    before = carried.names_of(carried.list_evidence(mine.id)) if mine else ()
    return Step(what, theirs.course_id, theirs.id, mine.id if mine else None, counts, names, beside, before, met)


def _standing(enrolment: Enrolment) -> rules.Standing:
    has_study = bool(carried.list_evidence(enrolment.id)) or count_attempts(enrolment) > 0
    return rules.Standing(completion_of(enrolment) is not None, has_study, enrolment.left_at is not None)


def count_attempts(enrolment: Enrolment) -> int:
    """How many attempts were made in the enrolment."""
    own = carried.own(enrolment)
    return sum(len(quizzes.list_attempts(who, subject)) for lesson in courses.lessons_of(enrolment.revision_id)
               if lesson.kind == "quiz" for who, subject in own.subjects(lesson.id))


def _effects(step: Step, theirs: Enrolment, title: str) -> list[Effect]:
    subject = f"course:{step.course_id}"
    if step.what == rules.FINISHED:
        ms = session.get(Completion, step.completion_id).content_ms
        return [Effect("completion.moved", subject, _("《%(title)s》的结业算到保留的账号上。", title=title), ms)]
    if step.what == rules.REFUSE:
        why = _("《%(title)s》的结业不算过来：学它的时候，另一个账号也在播放或者上课。可以在保留的账号上重学。", title=title)
        return [Effect("completion.refused", subject, why)]
    if step.what == rules.STUDY:
        return _study(step, theirs, title, subject)
    if step.what == rules.PLACE:
        return [Effect("enrolment.moved", subject, _("《%(title)s》转到保留的账号，还没有开始学。", title=title))]
    if completion_of(theirs) is not None:
        return [Effect("completion.kept", subject, _("《%(title)s》两个账号都学完了，用保留的账号的结业记录。", title=title))]
    return [Effect("enrolment.kept", subject, _("《%(title)s》用保留的账号的报名。", title=title))]


def _study(step: Step, theirs: Enrolment, title: str, subject: str) -> list[Effect]:
    """What both studied, added up as it will count; and everything that does not."""
    mine = session.get(Enrolment, step.to_id) if step.to_id else None
    to = mine or theirs
    lent = carried.source(theirs, to, step.playbacks, step.beside, step.own, step.taught)
    own = carried.sources_of(mine) if mine else []
    joint = evidence.derive_spans(to, [*own, lent])
    total = _total(to, joint)
    if mine and carried.list_evidence(mine.id):
        told = _("《%(title)s》两个账号都学过：合起来算 %(m)s 分钟，看过两遍的只算一次。", title=title, m=_minutes(total))
        effects = [Effect("enrolment.joined", subject, told, total)]
    else:
        told = _("《%(title)s》转过来接着学：已学 %(m)s 分钟。", title=title, m=_minutes(total))
        effects = [Effect("enrolment.moved", subject, told, total)]
    whole = _union(evidence.derive_spans(to, own) if own else {}, evidence.derive_spans(to, [replace(lent, busy=())]))
    if whole > total:
        m = _minutes(whole - total)
        told = (_("《%(title)s》有 %(m)s 分钟不算：两个账号同时播放的只算一次，补传的合起来不超过上限。", title=title, m=m)
                if m else
                _("《%(title)s》有不到 1 分钟不算：两个账号同时播放的只算一次，补传的合起来不超过上限。", title=title))
        effects.append(Effect("study.uncounted", subject, told, whole - total))
    changed = _total(theirs, {k: v for k, v in evidence.derive_spans(theirs).items() if k not in lent.lessons})
    if changed:
        told = _("《%(title)s》有 %(m)s 分钟学的是另一个版本，那几节不一样，要重新学。", title=title, m=_minutes(changed))
        effects.append(Effect("study.changed", subject, told, changed))
    attempts = count_attempts(theirs)
    if attempts:
        told = _("《%(title)s》考核用过的 %(n)s 次机会一起算；没交的答卷不带过来。", title=title, n=attempts)
        effects.append(Effect("attempts.joined", subject, told, attempts))
    if _is_whole(to, joint, [*own, lent]):
        told = _("《%(title)s》两个账号合起来已经学完：合并以后点“记入结业”就行。", title=title)
        effects.append(Effect("course.ready", subject, told))
    return effects


def _minutes(ms: int) -> int:
    return ms // 60_000


def _total(enrolment: Enrolment, derived: dict[int, evidence.Derived]) -> int:
    return sum(x.credited_ms for x in derived.values())


def _union(first: dict[int, evidence.Derived], second: dict[int, evidence.Derived]) -> int:
    return sum(rules.covered_ms(rules.merge_spans(first[i].spans if i in first else [], second[i].spans if i in second else []))
               for i in {*first, *second})


def _is_whole(to: Enrolment, derived: dict[int, evidence.Derived], sources: list[carried.Source]) -> bool:
    """Is every lesson complete?"""
    numbers = policies.get_policy(to.policy_id).numbers
    passed = {lesson.id for lesson, _attempt_id in evidence.passed_attempts(to, sources)}
    lessons = courses.lessons_of(to.revision_id)
    return bool(lessons) and all(
        x.id in passed if x.kind == "quiz" else
        x.id in derived and evidence.counts_as_complete(x, derived[x.id].credited_ms, numbers) for x in lessons)


# ---- doing it


def merge(actor: Actor, merging: Merging, plan: Plan) -> dict:
    """Carry out the plan. Gives {"steps": [...], "notes": [...]} for the way back, and "attended" (taught.py)."""
    attended = taught.names_at_merge(merging.merged_id, merging.kept_id)
    taught.end_playing(merging.merged_id, merging.kept_id)
    evidence.end_playbacks(merging.merged_id)
    proving.end_silently(merging.merged_id)
    done = [_carry(merging, step) for step in plan.steps]
    notes = list(session.scalars(select(Note.id).where(Note.person_id == merging.merged_id).order_by(Note.id)))
    _give_notes(notes, merging.merged_id, merging.kept_id)
    return {"steps": done, "notes": notes, "attended": attended}


def _carry(merging: Merging, step: Step) -> dict:
    """One course: the place in it, the Carry, the cache; the merged account leaves the course."""
    theirs, now = session.get(Enrolment, step.from_id), clock.now()
    was_left = theirs.left_at
    to, is_made, was_mine_left = _place(merging, step, theirs)
    carry_id = None
    if step.is_carried:
        taught.end_unheard(merging.kept_id, carried.list_evidence(step.from_id))
        carry = Carry(merge_code=merging.code, from_enrolment_id=theirs.id, to_enrolment_id=to.id, to_person_id=to.person_id,
                      completion_id=step.completion_id, carried_at=now,
                      document={"taught": list(step.taught),
                                **{name: [list(x) for x in getattr(step, name)] for name in ("playbacks", "beside", "own")}})
        session.add(carry)
        to.is_joined = True
        session.flush()
        evidence.rebuild_progress(to)
        carry_id = carry.id
    theirs.left_at = was_left or now
    session.flush()
    return {"course": step.course_id, "from": theirs.id, "to": to.id if to else None, "made": is_made, "carry": carry_id,
            "beside": [list(x) for x in step.beside], "taught": list(step.taught),
            "was_left": _text(was_left), "was_mine_left": _text(was_mine_left), "had": _study_count(to) if to else 0}


def _place(merging: Merging, step: Step, theirs: Enrolment) -> tuple[Enrolment | None, bool, datetime | None]:
    """(the enrolment of the account that stays, was it made now, when it had been left if it is taken up again)."""
    mine = session.get(Enrolment, step.to_id) if step.to_id else None
    if mine is None and step.what not in (rules.KEEP, rules.REFUSE):
        mine = Enrolment(person_id=merging.kept_id, course_id=theirs.course_id, revision_id=theirs.revision_id,
                         policy_id=theirs.policy_id, enrolled_at=theirs.enrolled_at, studied_at=theirs.studied_at,
                         left_at=theirs.left_at)
        session.add(mine)
        session.flush()
        return mine, True, None
    is_taken_up = mine is not None and mine.left_at is not None and theirs.left_at is None
    if is_taken_up and step.what not in (rules.KEEP, rules.REFUSE):
        was, mine.left_at = mine.left_at, None
        return mine, False, was
    return mine, False, None


def _study_count(enrolment: Enrolment) -> int:
    """How much was ever done in the enrolment itself; grows with every request."""
    rows = session.scalar(select(func.coalesce(func.sum(Playback.last_seq), 0)).where(Playback.enrolment_id == enrolment.id))
    opened = session.scalar(select(func.count()).select_from(Playback).where(Playback.enrolment_id == enrolment.id)) or 0
    return int(rows or 0) + opened + count_all_attempts(enrolment)


def _give_notes(note_ids: list[int], from_id: int, to_id: int) -> None:
    session.execute(update(Note).where(Note.id.in_(note_ids), Note.person_id == from_id).values(person_id=to_id)
                    .execution_options(synchronize_session="fetch"))


def _text(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


# ---- undoing it


@dataclass(frozen=True)
class Return:
    """How one course goes back. `stays`: something was done in it since, by the account that stays.

    Where a lesson's length became known only after the merge, either may be complete now.
    """

    done: dict
    stays: bool
    completes: bool
    completes_theirs: bool


def plan_part(merging: Merging, documents: dict) -> Plan:
    """Every course back to the account it was studied on; what was studied since stays with the other."""
    document = documents.get("learning", {"steps": [], "notes": []})
    titles = {c.id: c.title for c in courses.courses_by_id([d["course"] for d in document["steps"]]).values()}
    effects, steps = [], []
    for done in document["steps"]:
        back = _return(done)
        steps.append(back)
        subject, title = f"course:{done['course']}", titles[done["course"]]
        effects.append(Effect("enrolment.returned", subject, _("《%(title)s》回到原来的账号，停在合并时的地方。", title=title),
                              _total_of(done["from"])))
        if back.stays:
            effects.append(Effect("study.stays", subject, _(
                "《%(title)s》合并以后学的，留在这个账号。", title=title), _total_of(done["to"])))
        if back.completes_theirs:
            told = _("《%(title)s》在原来的账号上已经学完，记入结业。", title=title)
            effects.append(Effect("completion.made", subject, told))
        if back.completes:
            told = _("《%(title)s》在这个账号上自己也学完了，记入结业。", title=title)
            effects.append(Effect("completion.made", subject, told))
    if document["notes"]:
        effects.append(Effect("notes.returned", "learning", _("合并时转过来的笔记还回去。"), len(document["notes"])))
    return Plan(tuple(effects), (tuple(steps), tuple(document["notes"])))


def _return(done: dict) -> Return:
    mine, theirs = (session.get(Enrolment, done[x]) if done[x] else None for x in ("to", "from"))
    whole = completion_of(theirs) is None and _is_whole_by_itself(theirs)
    if mine is None:
        return Return(done, stays=False, completes=False, completes_theirs=whole)
    others = [c for c in carried.list_standing(mine) if c.id != done["carry"]]
    sources = carried.sources_of(mine, others)
    own = session.scalar(select(Completion.id).where(Completion.enrolment_id == mine.id))
    completes = (own is None and done["carry"] is not None and not any(c.completion_id for c in others)
                 and _is_whole(mine, evidence.derive_spans(mine, sources), sources))
    stays = (own is not None and done["made"]) or _study_count(mine) > done["had"]
    return Return(done, stays, completes, whole)


def _is_whole_by_itself(enrolment: Enrolment) -> bool:
    sources = [carried.own(enrolment)]
    return _is_whole(enrolment, evidence.derive_spans(enrolment, sources), sources)


def _total_of(enrolment_id: int) -> int:
    """Milliseconds that the enrolment's own claims are worth."""
    enrolment = session.get(Enrolment, enrolment_id)
    return _total(enrolment, evidence.derive_spans(enrolment, [carried.own(enrolment)]))


def part(actor: Actor, merging: Merging, plan: Plan) -> None:
    """Carry out the plan of a parting."""
    returns, notes = plan.steps
    for back in returns:
        _give_back(back)
    for back in returns:
        if back.completes_theirs:
            complete_course(session.get(Enrolment, back.done["from"]))
    _give_notes(list(notes), merging.kept_id, merging.merged_id)


def _give_back(back: Return) -> None:
    done = back.done
    session.get(Enrolment, done["from"]).left_at = _moment(done["was_left"])
    mine = session.get(Enrolment, done["to"]) if done["to"] else None
    if done["carry"] is not None:
        session.get(Carry, done["carry"]).ended_at = clock.now()
        session.flush()
        mine.is_joined = any(carried.list_standing(mine))
        evidence.rebuild_progress(mine)
    if mine is not None and not back.stays:
        _undo_place(mine, done)
    session.flush()
    if back.completes:
        complete_course(mine)


def _undo_place(mine: Enrolment, done: dict) -> None:
    if done["was_mine_left"] and mine.left_at is None:
        mine.left_at = _moment(done["was_mine_left"])
    if done["made"] and mine.left_at is None:
        mine.left_at = clock.now()


# ---- for the rooms above


def list_ready(person_id: int) -> list[Enrolment]:
    """Courses that merged accounts studied to their end together and that wait for complete_joined()."""
    joined = session.scalars(select(Enrolment).where(
        Enrolment.person_id == person_id, Enrolment.is_joined, Enrolment.left_at.is_(None)).order_by(Enrolment.id))
    return [e for e in joined.all() if completion_of(e) is None and course_progress(e).next_lesson is None]


def shares_evidence(completion: Completion) -> list[int]:
    """Ids of other completions that rest on evidence which this one rests on too: two accounts were merged in between."""
    tied = carried.list_tied(completion.enrolment_id)
    if not tied:
        return []
    mine = _rests_on(completion)
    others = session.scalars(select(Completion).where(Completion.enrolment_id.in_(tied)).order_by(Completion.id))
    return [c.id for c in others if _rests_on(c) & mine]


def _rests_on(completion: Completion) -> set:
    return ({("playback", p) for p, _seq, _chain in completion.evidence["playbacks"]}
            | {("attempt", a) for _lesson, a in completion.evidence["attempts"]})
