"""A quiz lesson as a list of questions: written one by one, put in order, brought in from files. What is kept is GIFT.

A change names the version it was made on, as every change of a lesson does; bringing in adds to what stands there now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from guanxue import audit, quizzes
from guanxue.core.actor import Actor
from guanxue.core.errors import Invalid, NotFound
from guanxue.core.i18n import lazy as _
from guanxue.courses import papers
from guanxue.courses.models import Course, Lesson
from guanxue.courses.queries import list_lessons
from guanxue.courses.service import add_lesson, edit_lesson, must_edit

BROUGHT_IN = "courses.questions.brought_in"
MOST_QUESTIONS = 1000
MOST_NAMED = 200  # lines of one kind that the record of an import keeps
LONGEST_NAMED = 160


@dataclass(frozen=True)
class Brought:
    """What bringing in came to: read questions = added + twins + conflicts."""

    lesson: Lesson | None
    merge: quizzes.Merge


def find_quiz(course: Course) -> Lesson | None:
    """The course's quiz, None while it has none."""
    return next((x for x in list_lessons(course.id) if x.kind == "quiz"), None)


def questions_in(lesson: Lesson | None) -> list[quizzes.Question]:
    """Its questions in order."""
    return quizzes.read_gift(lesson.body).questions if lesson is not None else []


def has_comments(lesson: Lesson | None) -> bool:
    """Does its text hold comments, which writing it anew from the list would lose?"""
    lines = lesson.body.split("\n") if lesson is not None else []
    return any(x.lstrip().startswith("//") and "guanxue:" not in x for x in lines)


def foresee_questions(lesson: Lesson | None, report: quizzes.Report, *, replaces: bool) -> quizzes.Merge:
    """What bringing the report's questions in would do; changes nothing."""
    return quizzes.merge([] if replaces else questions_in(lesson), report.questions)


def bring_questions(actor: Actor, course: Course, report: quizzes.Report, *, replaces: bool, name: str = "") -> Brought:
    """Add the report's questions, or put them in the place of those that are there. Nothing is doubled. Raises Invalid."""
    lesson = find_quiz(course)
    merged = foresee_questions(lesson, report, replaces=replaces)
    if merged.added:
        lesson = _written(actor, course, lesson, ([] if replaces else questions_in(lesson)) + merged.added)
    audit.record(actor, BROUGHT_IN, f"course:{course.id}", _record(report, merged, replaces, name))
    return Brought(lesson, merged)


def last_brought(course: Course) -> audit.AuditLine | None:
    """The record of the last import, None where there was none."""
    return next(iter(audit.list_lines(subject=f"course:{course.id}", action=BROUGHT_IN, limit=1)), None)


def _record(report: quizzes.Report, merged: quizzes.Merge, replaces: bool, name: str) -> dict:
    """The loss report as it was on that day, in the words of who brought it in."""
    return {
        "format": report.format, "name": name[:80], "unit": report.unit, "total": report.total, "replaces": replaces,
        "added": len(merged.added), "twins": len(merged.twins), "conflicts": _named(merged.conflicts, _of_conflict),
        "left_out": _named(report.left_out, lambda x: (x.line, x.text, str(x.reason))),
        "doubts": _named(report.doubts, lambda x: (x.line, x.text, str(x.reason))),
        "dropped": _named(report.dropped, lambda x: (x.line, x.text, "；".join(str(w) for w in x.what))),
    }


def _of_conflict(met: quizzes.Met) -> tuple[int, str, str]:
    return 0, met.incoming.stem, str(_("这里已有同样的题，答案不同；没有改动原来的。"))


def _named(found: list, words) -> dict:
    lines = [(line, text[:LONGEST_NAMED], reason[:LONGEST_NAMED]) for line, text, reason in map(words, found[:MOST_NAMED])]
    return {"count": len(found), "lines": lines}


def put_question(actor: Actor, course: Course, question: quizzes.Question, *, instead_of: str = "",
                 version: int | None = None) -> quizzes.Question:
    """Write a new question at the end, or in the place of the one of that name. Raises Invalid, NotFound, TextMoved."""
    lesson = find_quiz(course)
    questions = questions_in(lesson)
    if instead_of:
        at = _place(questions, instead_of)
        question = replace(question, id=instead_of)
        questions[at] = question
    else:
        merged = quizzes.merge(questions, [question])
        if not merged.added:
            raise Invalid(_("已经有一道同样的题了。"), fields=[{"field": "stem", "message": _("已经有一道同样的题了。")}])
        question = merged.added[0]
        questions.append(question)
    _written(actor, course, lesson, questions, version)
    return question


def move_question(actor: Actor, course: Course, name: str, steps: int, *, version: int | None = None) -> None:
    """Move a question so many places down (up where negative), as far as it goes. Raises NotFound, TextMoved."""
    lesson = find_quiz(course)
    questions = questions_in(lesson)
    at = _place(questions, name)
    questions.insert(max(0, min(len(questions) - 1, at + steps)), questions.pop(at))
    _written(actor, course, lesson, questions, version)


def remove_question(actor: Actor, course: Course, name: str, *, version: int | None = None) -> None:
    """Take a question out of the draft. Raises NotFound, Invalid for the last one, TextMoved."""
    lesson = find_quiz(course)
    questions = questions_in(lesson)
    del questions[_place(questions, name)]
    if not questions:
        raise Invalid(_("考核至少要有一道题。要全部删掉，请在下面删掉这份考核。"))
    _written(actor, course, lesson, questions, version)


def _place(questions: list[quizzes.Question], name: str) -> int:
    at = next((n for n, q in enumerate(questions) if q.id == name), None)
    if at is None:
        raise NotFound(_("没有这道题。"))
    return at


def _written(actor: Actor, course: Course, lesson: Lesson | None, questions: list[quizzes.Question],
             version: int | None = None) -> Lesson:
    """The quiz with these questions; made where there is none yet."""
    if len(questions) > MOST_QUESTIONS:
        raise Invalid(_("一份考核最多 %(n)s 道题。", n=MOST_QUESTIONS))
    body = quizzes.write_gift(questions)
    if lesson is None:
        return add_lesson(actor, course, title=str(_("课程考核")), kind="quiz", body=body)
    return edit_lesson(actor, course, lesson.id, title=lesson.title, body=body, version=version)


def kept_beside(old: quizzes.Question, new: quizzes.Question) -> quizzes.Question:
    """The new words of a question with what the form does not show of the old one: remarks, shares, answers worth a part.

    Not the shares by which ticking everything would earn the whole: beside the form stands that a wrong tick earns nothing.
    """
    if old.kind != new.kind:
        return new
    before = {(o.text, o.gap): o for o in old.options}
    options = [replace(o, feedback=before[o.text, o.gap].feedback) if (o.text, o.gap) in before else o for o in new.options]
    if new.kind in ("single", "multiple") and _marked(old) == _marked(new) and not quizzes.is_won_by_all(old):
        options = [replace(o, permille=before[o.text, o.gap].permille) for o in options]
    if new.kind in ("fillin", "numeric"):
        named = {(o.text, o.gap) for o in options}
        options += [o for o in old.options if o.permille < quizzes.WHOLE and (o.text, o.gap) not in named and
                    o.gap < max(1, new.gap_count)]
    return replace(new, options=tuple(options))


def _marked(q: quizzes.Question) -> set[tuple[str, bool]]:
    """Each option with whether the form marks it as right: the best of a single choice, all that earn of a multiple one."""
    best = max(o.permille for o in q.options)
    return {(o.text, o.permille == best if q.kind == "single" else o.permille > 0) for o in q.options}


# ---- how hard they are

EASY_FROM, HARD_BELOW = 800, 500  # permille that first tries earned on average


def measured_levels(course: Course, lesson: Lesson | None) -> dict[str, str]:
    """{question without a level: the one that answers so far say}, of questions that learners have had as they stand now."""
    open_ones = {_asks(q): q.id for q in questions_in(lesson) if not q.level}
    found: dict[str, str] = {}
    for paper in papers.list_papers(course.id) if open_ones else ():
        for item in quizzes.list_items(paper.paper_id):
            name = open_ones.get(_asks(item.question))
            if name is not None and item.handed_in >= quizzes.FEWEST:
                found.setdefault(name, _level_of(item.permille))
    return found


def _asks(q: quizzes.Question) -> tuple[str, ...]:
    """What makes it the same question to a learner, also after its key was put right."""
    return q.id, q.pool, q.kind, q.stem


def _level_of(permille: int) -> str:
    return "easy" if permille >= EASY_FROM else "hard" if permille < HARD_BELOW else "middle"


def take_levels(actor: Actor, course: Course, lesson: Lesson) -> int:
    """Mark what nobody marked by what was measured; how many. Raises Forbidden."""
    must_edit(actor, course)
    measured = measured_levels(course, lesson)
    if measured:
        _written(actor, course, lesson, [replace(q, level=measured.get(q.id, q.level)) for q in questions_in(lesson)])
    return len(measured)
