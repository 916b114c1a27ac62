"""A lesson's subtitles: who writes them, what a player shows, where words are said.

A correction is a change of the draft like any other: it reaches learners with the next publication, since what a revision
shows is frozen with it. Whoever studies an older revision keeps the subtitles of that one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Text, func, or_, select, type_coerce, update

from guanxue import audit, media
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _
from guanxue.courses import reviews, rules
from guanxue.courses.errors import NotReady, TextMoved
from guanxue.courses.models import Course, Lesson, RevisionLesson
from guanxue.courses.queries import get_lesson
from guanxue.courses.service import must_edit, touched


@dataclass(frozen=True)
class Subtitling:
    """A draft lesson's subtitles. `version` names what was read ("": none were written); `origin` as Subtitles has it, ""
    for none; `duration_ms` the film's, None while that is not known. `problems` are sentences for each line. `is_strange`: they
    were written for another film, and nobody has said that they fit this one.
    """

    lines: list[media.Cue]
    version: str
    origin: str
    duration_ms: int | None
    problems: list[list[object]]
    is_strange: bool = False

    @property
    def worth_a_look(self) -> int:
        """How many lines have a problem."""
        return sum(map(bool, self.problems))


@dataclass(frozen=True)
class Said:
    """Where a word is said: a lesson of a revision, the second, and the line."""

    lesson_slug: str
    lesson_title: str
    at_ms: int
    text: str


# ---- what is there


def subtitling_of(lesson: Lesson) -> Subtitling:
    """The draft's lines: what somebody wrote, else what the voice said."""
    asset = media.get_asset(lesson.asset_id) if lesson.asset_id else None
    duration_ms = asset.duration_ms if asset else None
    kept = media.get_subtitles(lesson.subtitles_id) if lesson.subtitles_id else None
    lines = media.lines_of(kept) if kept else spoken_in(lesson)
    origin = kept.origin if kept else "spoken" if lines else ""
    return Subtitling(lines, kept.digest if kept else "", origin, duration_ms, media.line_problems(lines, duration_ms),
                      rules.has_strange_subtitles(lesson))


def spoken_in(lesson: Lesson | RevisionLesson) -> list[media.Cue]:
    """What the machine's voice says in the lesson's film; empty where somebody filmed it or it is not made."""
    return media.cues(media.get_asset(lesson.asset_id)) if lesson.asset_id else []


def lines_at(lesson: Lesson, version: str) -> list[media.Cue]:
    """The lines of a version that was read: whoever has its name has read it. Raises TextMoved where there is none."""
    if not version:
        return spoken_in(lesson)
    kept = media.find_subtitles(version)
    if kept is None:
        raise TextMoved(_("这一页太旧了，请重新打开再改。"))
    return media.lines_of(kept)


def words_of(lesson: Lesson | RevisionLesson) -> list[media.Cue]:
    """What is said in the lesson's film and when: its own subtitles, else what the voice said; empty where nothing is known."""
    if lesson.subtitles_id is not None:
        return media.words_of(media.get_subtitles(lesson.subtitles_id))
    return spoken_in(lesson)


def play_of(lesson: Lesson | RevisionLesson) -> dict:
    """media.playable() of the lesson's film, with the lesson's own subtitles where it has some. Raises NoSuchAsset."""
    play = media.playable(media.get_asset(lesson.asset_id))
    if lesson.subtitles_id is not None:
        play["subtitles"] = [media.track_of(media.get_subtitles(lesson.subtitles_id))]
    return play


_CUES, _FACTS = type_coerce(media.Subtitles.cues, Text), type_coerce(media.Asset.facts, Text)


def where_said(course_of: dict[int, int], terms: Iterable[str]) -> dict[int, Said]:
    """By revision: the first place in its films where one of the words (folded, most wanted first) is said.

    `course_of` has the courses' row ids by their revisions'. A lesson that rests is left out.
    """
    ids, words = set(course_of), [t for t in terms if len(t) > 1 and '"' not in t and "\\" not in t][:8]
    if not ids or not words:
        return {}
    may_say = or_(*(func.lower(func.coalesce(_CUES, _FACTS)).contains(word, autoescape=True) for word in words))
    rows = session.execute(
        select(RevisionLesson.revision_id, RevisionLesson.slug, RevisionLesson.title, media.Subtitles.cues, media.Asset.facts)
        .join(media.Asset, media.Asset.id == RevisionLesson.asset_id)
        .outerjoin(media.Subtitles, media.Subtitles.id == RevisionLesson.subtitles_id)
        .where(RevisionLesson.revision_id.in_(ids), RevisionLesson.duration_ms.is_not(None), may_say)
        .order_by(RevisionLesson.revision_id, RevisionLesson.position)).all()
    found: dict[int, tuple[int, Said]] = {}
    rest = {id: reviews.resting(course_of[id], id) for id in {row.revision_id for row in rows}}
    for revision_id, slug, title, cues, facts in rows:
        if slug in rest[revision_id] or "" in rest[revision_id]:
            continue
        for start, _end, text in cues if cues is not None else facts.get("cues", []):
            place = next((n for n, word in enumerate(words) if word in text.lower()), None)
            if place is not None and (revision_id not in found or place < found[revision_id][0]):
                found[revision_id] = (place, Said(slug, title, start, text))
    return {revision_id: said for revision_id, (_place, said) in found.items()}


# ---- changes


def write_subtitles(actor: Actor, course: Course, lesson_id: int, lines: Iterable[media.Cue], *, base: str,
                    origin: str = "written", is_quiet: bool = False) -> str:
    """Give the draft's lesson these lines in place of version `base`; the version that stands now. The same lines again
    change nothing, but that what a machine heard counts as looked through once it is "written" (or uploaded) anew.

    `is_quiet`: a script saves while somebody writes. Of one person's quiet saves in a session the last one stays.
    Raises TextMoved (nothing is changed) when somebody wrote a newer version meanwhile, Invalid with the line's number.
    """
    must_edit(actor, course)
    lesson = _filmed(course, lesson_id)
    here, wanted = subtitling_of(lesson), media.tidied(lines)
    if wanted == here.lines and (origin == here.origin or here.origin != "transcribed"):
        if lesson.subtitles_id is not None and not is_quiet:
            media.confirm_subtitles(media.get_subtitles(lesson.subtitles_id))
        return here.version
    made = media.keep_subtitles(actor, wanted, origin=origin, is_quiet=is_quiet)
    before = _put(lesson, base, made.id, _("你打开以后，别人保存了新的字幕。两份都在下面，请选一份。"), fits=not here.lines)
    if before is not None:
        media.pass_subtitles(actor, before, made)
    touched(course)
    return made.digest


def keep_for_film(actor: Actor, course: Course, lesson_id: int, *, base: str) -> None:
    """Somebody has looked: the subtitles of the film before fit the lesson's new one, too. Raises TextMoved."""
    must_edit(actor, course)
    lesson = _filmed(course, lesson_id)
    if lesson.subtitles_id is None or not rules.has_strange_subtitles(lesson):
        return
    kept = media.get_subtitles(lesson.subtitles_id)
    if kept.digest != base:
        raise TextMoved(_("你打开以后，别人保存了新的字幕。请看过再确认。"))
    media.confirm_subtitles(kept)
    lesson.other_film_id = None
    touched(course)
    audit.record(actor, "courses.subtitles.kept", f"course:{course.id}", {"lesson": lesson.slug, "asset": lesson.asset_id})


def take_up_subtitles(actor: Actor, course: Course, lesson_id: int, version: str, *, base: str) -> None:
    """Give the draft's lesson a version that was kept before: a file that was looked at. Raises TextMoved, as above."""
    must_edit(actor, course)
    lesson, kept = _filmed(course, lesson_id), media.find_subtitles(version)
    if kept is None:
        raise Invalid(_("这份字幕不在了，请重新上传。"))
    if kept.id != lesson.subtitles_id or lesson.other_film_id is not None:
        _put(lesson, base, kept.id, _("你打开以后，别人保存了新的字幕，没有替换。请看过再上传一次。"), fits=True)
        touched(course)


def take_subtitles_off(actor: Actor, course: Course, lesson_id: int, *, base: str) -> None:
    """The draft's lesson has no subtitles of its own any more; published revisions keep theirs. Raises TextMoved."""
    must_edit(actor, course)
    lesson = _filmed(course, lesson_id)
    if lesson.subtitles_id is not None:
        _put(lesson, base, None, _("你打开以后，别人保存了新的字幕，没有删掉。"), fits=True)
        touched(course)


def _put(lesson: Lesson, base: str, subtitles_id: int | None, moved: object, *, fits: bool) -> media.Subtitles | None:
    """One step that two people cannot both take from the same version; what stood before. `fits`: they are for this film."""
    before = media.find_subtitles(base) if base else None
    if base and before is None:
        raise TextMoved(moved)
    put = session.execute(
        update(Lesson).where(Lesson.id == lesson.id, Lesson.subtitles_id.is_not_distinct_from(before.id if before else None))
        .values(subtitles_id=subtitles_id, **({"other_film_id": None} if fits or before is None else {}))
        .execution_options(synchronize_session="fetch"))
    if not put.rowcount:
        raise TextMoved(moved)
    session.refresh(lesson)  # of one made in this same transaction the session does not notice it
    return before


def ask_for_transcript(actor: Actor, course: Course, lesson_id: int) -> None:
    """Let the site's program write down what is said. Raises Conflict where there is none, or nothing to hear."""
    must_edit(actor, course)
    lesson = _filmed(course, lesson_id)
    if lesson.asset_id is None:
        raise NotReady(_("先上传视频，再加字幕。"))
    media.want_transcript(actor, media.get_asset(lesson.asset_id))


def take_transcript(event: media.Transcribed) -> None:
    """What a machine heard becomes the subtitles of drafts with that film that have none; nobody's words are overwritten."""
    waiting = session.scalars(select(Lesson).where(Lesson.asset_id == event.asset_id, Lesson.subtitles_id.is_(None),
                                                   Lesson.is_narrated.is_(False))).all()
    for lesson in waiting:
        course = session.get(Course, lesson.course_id)
        if course.state != "submitted":
            lesson.subtitles_id, lesson.other_film_id = event.subtitles_id, None
            touched(course)


def _filmed(course: Course, lesson_id: int) -> Lesson:
    lesson = get_lesson(course, lesson_id)
    if lesson.kind != "video":
        raise NotReady(_("只有视频课有字幕。"))
    return lesson
