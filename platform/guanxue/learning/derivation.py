"""Deriving a completion again from append-only evidence, revisions and policies; never from a cache."""

from __future__ import annotations

from dataclasses import dataclass

from guanxue import courses, policies, quizzes
from guanxue.core.i18n import lazy as _
from guanxue.learning import evidence
from guanxue.learning.models import Completion
from guanxue.learning.queries import get_enrolment


@dataclass(frozen=True)
class Derivation:
    """What the evidence says: the content in milliseconds (0 when it is no completion), and every fault found."""

    content_ms: int
    faults: list[object]


def derive_completion(completion: Completion) -> Derivation:
    """Judge all evidence of a completion again."""
    enrolment = get_enrolment(completion.enrolment_id)
    numbers = policies.get_policy(completion.policy_id).numbers
    faults: list[object] = [
        _("第 %(id)s 次播放的原始记录被改动过。", id=playback_id)
        for playback_id, last_seq, chain in completion.evidence["playbacks"]
        if evidence.chain_fault(playback_id, last_seq, chain)
    ]
    spans, passed = evidence.derive_spans(enrolment), _passed(completion, faults)
    content_ms = 0
    for lesson in courses.lessons_of(completion.revision_id):
        content_ms += lesson.duration_ms or 0
        if lesson.kind == "quiz":
            if lesson.id not in passed:
                faults.append(_("“%(title)s”没有合格的答卷。", title=lesson.title))
            continue
        credited = spans[lesson.id].credited_ms if lesson.id in spans else 0
        if not evidence.counts_as_complete(lesson, credited, numbers):
            faults.append(_("“%(title)s”计入的时间不够。", title=lesson.title))
    return Derivation(0 if faults else content_ms, faults)


def _passed(completion: Completion, faults: list[object]) -> set[int]:
    """Quiz lessons whose named attempt, graded again, reaches the revision's pass mark; a score that was changed is a fault."""
    pass_mark = courses.get_revision(completion.revision_id).pass_mark
    found = set()
    for lesson_id, attempt_id in completion.evidence["attempts"]:
        submission = quizzes.find_submission(attempt_id)
        if submission is None:
            continue
        score = quizzes.derive_score(submission)
        if score != submission.score:
            faults.append(_("答卷的成绩记录被改动过：记为 %(a)s 分，重新评分为 %(b)s 分。", a=submission.score, b=score))
        if score >= pass_mark:
            found.add(lesson_id)
    return found
