"""Deriving a completion again from append-only evidence, revisions and policies; never from a cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from guanxue import accounts, courses, policies, quizzes
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.learning import carried, evidence, exams, presence, rules
from guanxue.learning.models import Carry, Completion, Playback, Progress
from guanxue.learning.queries import get_enrolment


@dataclass(frozen=True)
class Derivation:
    """What the evidence says: the content in milliseconds (0 when it is no completion), and every fault found."""

    content_ms: int
    faults: list[object]
    lessons: tuple[tuple[str, int], ...] = ()  # what counts, each (kind, ms)
    attended_permille: int | None = None  # of all that there is to attend; None where that is nothing, or nothing counts


def derive_completion(completion: Completion, beside: carried.Names = (), taught: Sequence[int] = ()) -> Derivation:
    """Judge all evidence of a completion again; without the moments in which playbacks `beside` it played too or classes
    (completions) `taught`, where given."""
    enrolment = get_enrolment(completion.enrolment_id)
    numbers = policies.get_policy(completion.policy_id).numbers
    faults: list[object] = []
    if evidence.digest_of(completion.evidence) != completion.evidence_digest:
        faults.append(_("结业记录被改动过。"))
    broken = _broken_playbacks(completion, faults)
    sources = _sources(completion, beside, taught, faults)
    shut = presence.shut_by_names(completion.evidence.get("checks", []), faults)
    without = frozenset(completion.evidence.get("set_aside", []))  # as it was when it was written
    spans, passed = evidence.derive_spans(enrolment, sources, shut, without=without), _passed(completion, faults)
    spared = _spared(completion, sources, faults)
    counted, attended_ms, whole_ms = [], 0, 0
    for lesson in courses.lessons_of(completion.revision_id):
        credited = spans[lesson.id].credited_ms if lesson.id in spans else 0
        if lesson.kind != "quiz":
            whole_ms += lesson.duration_ms or 0
            attended_ms += min(credited, lesson.duration_ms or 0)
        if lesson.id in broken:
            faults.append(_("“%(title)s”记着计入 %(a)s 秒，由原始记录算出 %(b)s 秒。", title=lesson.title,
                            a=_seconds(_stored_ms(enrolment.id, lesson.id)), b=_seconds(credited)))
        if lesson.id in spared:
            continue  # complete without it, and worth nothing: hours count what was studied
        counted.append((lesson.kind, lesson.duration_ms or 0))
        if lesson.kind == "quiz":
            if lesson.id not in passed:
                faults.append(_("“%(title)s”没有合格的答卷。", title=lesson.title))
            continue
        if not evidence.counts_as_complete(lesson, credited, numbers):
            needed = rules.needed_ms(lesson.duration_ms or 0, numbers.share_watched_permille)
            faults.append(_("“%(title)s”计入的时间不够：由原始记录算出 %(a)s 秒，要 %(b)s 秒。", title=lesson.title,
                            a=_seconds(credited), b=_seconds(needed)))
    if faults:
        return Derivation(0, faults)
    return Derivation(sum(ms for _kind, ms in counted), faults, tuple(counted),
                      attended_ms * 1000 // whole_ms if whole_ms else None)


def _broken_playbacks(completion: Completion, faults: list[object]) -> set[int]:
    """Lessons of the revision one of whose named playbacks is no longer what it was; a fault for each playback."""
    found = set()
    for playback_id, last_seq, chain in completion.evidence["playbacks"]:
        if not evidence.chain_fault(playback_id, last_seq, chain):
            continue
        playback = session.get(Playback, playback_id)
        if playback is None:
            faults.append(_("第 %(id)s 次播放的记录不见了。", id=playback_id))
        else:
            lesson = courses.get_revision_lesson(playback.revision_lesson_id)
            faults.append(_("“%(title)s”：第 %(id)s 次播放的原始记录被改动过。", title=lesson.title, id=playback_id))
            found.add(lesson.id)
    return found


def _stored_ms(enrolment_id: int, lesson_id: int) -> int:
    row = session.get(Progress, (enrolment_id, lesson_id))
    return row.credited_ms if row else 0


def _seconds(ms: int) -> str:
    return f"{ms / 1000:g}"


def mark_of(completion: Completion) -> int | None:
    """The lowest score, 0…100, of the exams that a completion rests on, as they stand today: marks and corrections only ever
    raise it. None where the course has no exam."""
    return min((quizzes.standing_of(quizzes.get_submission(attempt_id)).score
                for _lesson, attempt_id in completion.evidence["attempts"]), default=None)


def _sources(completion: Completion, beside: carried.Names, taught: Sequence[int],
             faults: list[object]) -> list[carried.Source]:
    """What the completion names of the enrolment's own evidence, and what it says was carried over when it was written.

    Study that came later lifts nothing: a completion is what it was when it was written.
    """
    enrolment = get_enrolment(completion.enrolment_id)
    carries = [session.get(Carry, carry_id) for carry_id in completion.evidence.get("carries", [])]
    for carry in carries:
        if carry is None or carry.to_enrolment_id != enrolment.id or accounts.find_merge(carry.merge_code) is None:
            faults.append(_("结业记录说合并过另一个账号的学习，但没有这次合并。"))
    own, *others = carried.sources_of(enrolment, [c for c in carries if c is not None])
    named = {playback_id: last_seq for playback_id, last_seq, _chain in completion.evidence["playbacks"]}
    sources = [replace(own, upto=named), *others]
    if not (beside or taught):
        return sources
    busy = rules.merge_spans(list(carried.busy_of(beside)), carried.classes_spans(taught))
    return [replace(s, busy=tuple(rules.merge_spans(list(s.busy), busy))) for s in sources]


def _spared(completion: Completion, sources: list[carried.Source], faults: list[object]) -> set[int]:
    """Lessons that the first try at the quiz spared, where it did by what the completion names."""
    def standing_of(attempt_id: str) -> quizzes.Standing:
        return quizzes.standing_by(quizzes.get_submission(attempt_id), *_named(completion, attempt_id, []))

    return exams.spared_by(completion, sources, standing_of, faults)


def _passed(completion: Completion, faults: list[object]) -> set[int]:
    """Quiz lessons whose named attempt, graded again, reaches the revision's pass mark; a score that was changed is a fault.

    Marks and corrections of the key count as the completion names them, and only while they are what it names.
    """
    pass_mark = courses.get_revision(completion.revision_id).pass_mark
    titles = {x.id: x.title for x in courses.lessons_of(completion.revision_id)}
    handed_in = dict(completion.evidence.get("answers", ()))  # completions of older versions name the attempts alone
    found = set()
    for lesson_id, attempt_id in completion.evidence["attempts"]:
        submission = quizzes.find_submission(attempt_id)
        if submission is None:
            continue
        if handed_in.get(attempt_id, digest := quizzes.digest_of(submission)) != digest:
            faults.append(_("“%(title)s”的答卷被改动过。", title=titles.get(lesson_id, "")))
        score = quizzes.derive_score(submission)
        if score != submission.score:
            faults.append(_("“%(title)s”的成绩被改动过：记为 %(a)s 分，重新评分为 %(b)s 分。", title=titles.get(lesson_id, ""),
                            a=submission.score, b=score))
        if quizzes.has_false_marks(attempt_id):
            faults.append(_("两位老师的批改和得出的分对不上。"))
        marks, regrades = _named(completion, attempt_id, faults)
        now = quizzes.standing_by(submission, marks, regrades)
        if now.is_decided and now.score >= pass_mark:
            found.add(lesson_id)
    return found


def _named(completion: Completion, attempt_id: str, faults: list[object]) -> tuple[set[int], set[int]]:
    """(marks, corrections) of the attempt that the completion names and that are still what it names."""
    marks = {m.id: m.permille for m in quizzes.list_marks(attempt_id)}
    regrades = {r.id: r.key for r in quizzes.list_regrades_of(attempt_id)}
    found: tuple[set[int], set[int]] = (set(), set())
    for there, part, into, why in (
            (marks, "marks", found[0], _("结业记录依据的批改被改动过。")),
            (regrades, "regrades", found[1], _("结业记录依据的答案更正被改动过。"))):
        for name, row_id, said in completion.evidence.get(part, []):
            if name != attempt_id:
                continue
            if there.get(row_id) == said:
                into.add(row_id)
            else:
                faults.append(why)
    return found
