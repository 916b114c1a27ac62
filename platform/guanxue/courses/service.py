"""Changes to courses: making, writing lessons, review, publishing, wishes."""

from __future__ import annotations

import secrets

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from guanxue import accounts, audit, media, policies, quizzes, search, standards
from guanxue.core import clock, events, generation
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Forbidden, Invalid
from guanxue.core.i18n import lazy as _
from guanxue.courses import editing, papers, removals, rules, slidetext
from guanxue.courses.errors import NotReady, TextMoved
from guanxue.courses.events import CoursePublished, LessonReady
from guanxue.courses.models import (
    DRAFT,
    PUBLISHED,
    SUBMITTED,
    Course,
    CourseTown,
    Lesson,
    Removed,
    Revision,
    RevisionLesson,
    Wish,
)
from guanxue.courses.queries import get_lesson, list_lessons, list_town_ids

LONGEST_TITLE = 80


# ---- the course


def create_course(actor: Actor, *, title: str, kind: str, summary: str = "", level: int | None = None, industry: str = "",
                  town_slugs: tuple[str, ...] = (), slug: str | None = None, is_subsidised: bool = False,
                  policy_code: str = "") -> Course:
    """A new draft of the actor's own. Needs "teach". Raises Invalid with fields."""
    actor.require("teach")
    _check_facts(title, kind, level, industry, why_not_policy(policy_code, is_subsidised=is_subsidised))
    now = clock.now()
    course = Course(slug=slug or f"c-{secrets.token_hex(4)}", title=title.strip(), kind=kind, summary=summary.strip()[:500],
                    level=level, industry=industry, is_subsidised=is_subsidised, policy_code=policy_code, owner_id=actor.id,
                    state=DRAFT, syllabus=[], created_at=now, updated_at=now)
    session.add(course)
    session.flush()
    set_towns(course, town_slugs)
    audit.record(actor, "courses.course.created", f"course:{course.id}", {"slug": course.slug})
    return course


def _check_facts(title: str, kind: str, level: int | None, industry: str, policy_fault: object = None) -> None:
    faults = [{"field": "policy_code", "message": policy_fault}] if policy_fault else []
    if not 2 <= len(title.strip()) <= LONGEST_TITLE:
        faults.append({"field": "title", "message": _("名称应有 2 到 80 个字。")})
    if kind not in rules.KINDS:
        faults.append({"field": "kind", "message": _("请选择课程类别。")})
    if level is not None and level not in standards.LEVELS:
        faults.append({"field": "level", "message": _("没有这个等级。")})
    if industry and industry not in {i.slug for i in standards.list_industries()}:
        faults.append({"field": "industry", "message": _("没有这个行业。")})
    if faults:
        raise Invalid(_("课程信息有误。"), fields=faults)


def why_not_policy(code: str, *, is_subsidised: bool) -> object | None:
    """Why a course cannot go by that policy ("" is the usual one of its kind); None where it can."""
    if not code:
        return None
    found = next((p for p in policies.list_current() if p.code == code), None)
    if found is None:
        return _("没有名为“%(code)s”的计学规则。", code=code)
    if found.numbers.is_voluntary == is_subsidised:
        return _("申请补贴的课程要用严格的规则，自愿学习的课程要用宽松的规则。")
    return None


def edit_course(actor: Actor, course: Course, *, title: str, kind: str, summary: str, level: int | None, industry: str,
                town_slugs: tuple[str, ...] = (), is_subsidised: bool = False, policy_code: str = "") -> None:
    """Change the draft's facts. What is published stays as it is until the next approval."""
    must_edit(actor, course)
    _check_facts(title, kind, level, industry, why_not_policy(policy_code, is_subsidised=is_subsidised))
    course.title, course.kind, course.summary = title.strip(), kind, summary.strip()[:500]
    course.level, course.industry, course.is_subsidised = level, industry, is_subsidised
    course.policy_code = policy_code
    set_towns(course, town_slugs)
    touched(course)


def set_towns(course: Course, town_slugs: tuple[str, ...] | list[str]) -> None:
    """Say which towns the course is for; unknown ones are passed over."""
    wanted = {t.id for t in accounts.list_towns() if t.slug in set(town_slugs)}
    if wanted == set(list_town_ids(course.id)):
        return
    session.execute(delete(CourseTown).where(CourseTown.course_id == course.id))
    session.add_all(CourseTown(course_id=course.id, town_id=t) for t in sorted(wanted))
    session.flush()


def must_edit(actor: Actor, course: Course) -> None:
    """Call it before every change of a draft. Raises Forbidden for who is no author, NotReady while readers have the course.

    An administrator who changes another's draft is kept in mind: they wrote what readers will read.
    """
    actor.require("teach")
    if not rules.may_edit_course(actor, course):
        raise Forbidden(_("这门课由别的老师负责。"))
    if course.state == SUBMITTED and actor.kind != "system":
        raise NotReady(_("课程正在审核，暂时不能修改。"))
    editing.note_editor(actor, course)


def touched(course: Course) -> None:
    """The draft has changed: call it after every change of a course or its lessons."""
    course.updated_at = clock.now()
    if course.state == PUBLISHED:
        course.state = DRAFT  # what is published stays; the draft has moved on
    session.flush()
    if course.is_planned or course.revision_id is not None:  # listed: a plan by the draft's words, all by their last change
        _changed(course)


# ---- its lessons


def add_lesson(actor: Actor, course: Course, *, title: str, kind: str, body: str = "", section: str = "",
               slug: str | None = None, is_narrated: bool = False, form_key: str = "") -> Lesson:
    """A lesson at the end of its section, or of everything (a quiz stays last). Quiz bodies are GIFT. Raises Invalid."""
    must_edit(actor, course)
    title = title.strip()
    if not 1 <= len(title) <= LONGEST_TITLE:
        raise Invalid(_("课的信息有误。"), fields=[{"field": "title", "message": _("请填写课名，最多 80 个字。")}])
    if kind not in rules.LESSON_KINDS:
        raise Invalid(_("课的信息有误。"), fields=[{"field": "kind", "message": _("请选择课的形式。")}])
    lessons = list_lessons(course.id)
    if kind == "quiz" and any(x.kind == "quiz" for x in lessons):
        raise NotReady(_("一门课只有一份考核，请在原来的考核里修改。"))
    lesson = Lesson(course_id=course.id, slug=slug or next_slug(lessons, kind), title=title, kind=kind,
                    body=rules.plain_lines(body), section=section or _last_section(course, lessons, kind),
                    position=len(lessons) + 1, is_narrated=is_narrated, form_key=form_key, saved_by=actor.ref,
                    saved_at=clock.now())
    if kind == "quiz":
        _must_be_gift(body)
    media.keep_named(actor, lesson.body)
    session.add(lesson)
    session.flush()
    put_in_order(rules.in_order(course.sections, [*lessons, lesson]))
    touched(course)
    return lesson


def _last_section(course: Course, lessons: list[Lesson], kind: str) -> str:
    names = rules.section_names(course.sections, lessons)
    return names[-1] if names and kind != "quiz" else ""


def next_slug(lessons: list[Lesson], kind: str) -> str:
    """A slug that none of the lessons has."""
    if kind == "quiz":
        return "quiz"
    used = {x.slug for x in lessons}
    return next(f"lesson-{n}" for n in range(1, 1000) if f"lesson-{n}" not in used)


def _must_be_gift(body: str) -> None:
    report = quizzes.read_gift(body)
    if report.questions and not report.left_out:
        return
    faults = [{"field": "body", "message": _("第 %(line)s 行：%(why)s", line=x.line, why=x.reason)}
              for x in report.left_out[:20]]
    raise Invalid(_("考核题没有保存：有题读不出来。") if faults else _("没有读到一道题。"),
                  fields=faults or [{"field": "body", "message": _("请粘贴 GIFT 格式的题。")}])


def put_in_order(lessons: list[Lesson]) -> None:
    """Give the draft's lessons the order they are given in."""
    for position, lesson in enumerate(lessons, 1):
        lesson.position = position
    session.flush()


def edit_lesson(actor: Actor, course: Course, lesson_id: int, *, title: str, body: str, version: int | None = None) -> Lesson:
    """Change a lesson's title and text. `version` is the one that was changed; where somebody has saved a newer one since,
    nothing is changed and TextMoved tells it. The same words again change nothing. Raises Invalid, NoSuchLesson.
    """
    must_edit(actor, course)
    lesson = get_lesson(course, lesson_id)
    title, body = title.strip(), rules.plain_lines(body)
    if not 1 <= len(title) <= LONGEST_TITLE:
        raise Invalid(_("课的信息有误。"), fields=[{"field": "title", "message": _("请填写课名，最多 80 个字。")}])
    if (title, body) == (lesson.title, lesson.body):
        return lesson
    if version is not None and version != lesson.version:
        raise TextMoved(_("你打开以后，别人保存了新的内容。两份都在，请选一份，或合成一份。"))
    if lesson.kind == "quiz":
        _must_be_gift(body)
    if lesson.is_narrated and body != lesson.body:
        lesson.subtitles_id = lesson.other_film_id = None  # other words are spoken, and the speech brings their moments
    media.keep_named(actor, body)
    lesson.title, lesson.body, lesson.version = title, body, lesson.version + 1
    lesson.saved_by, lesson.saved_at = actor.ref, clock.now()
    touched(course)
    return lesson


def move_lesson(actor: Actor, course: Course, lesson_id: int, steps: int) -> None:
    """Move a lesson up (-1) or down (+1), over a section's edge into the next; the quiz stays last."""
    must_edit(actor, course)
    lesson, lessons = get_lesson(course, lesson_id), list_lessons(course.id)
    if lesson.kind == "quiz":
        return
    section, place = rules.place_after(course.sections, lessons, lesson, steps)
    lesson.section = section
    others = [x for x in rules.in_order(course.sections, lessons) if x is not lesson]
    within = [x for x in others if x.section == section and x.kind != "quiz"]
    at = others.index(within[place]) if place < len(within) else (others.index(within[-1]) + 1 if within else 0)
    put_in_order(rules.in_order(course.sections, others[:at] + [lesson] + others[at:], as_given=True))
    touched(course)


def remove_lesson(actor: Actor, course: Course, lesson_id: int) -> Removed:
    """Take a lesson out of the draft; what can put it back (outline.put_back()). Published revisions keep theirs."""
    must_edit(actor, course)
    lesson = get_lesson(course, lesson_id)
    removed = removals.note_lesson(actor, lesson)
    session.delete(lesson)
    session.flush()
    touched(course)
    audit.record(actor, "courses.lesson.removed", f"course:{course.id}", {"title": removed.title})
    return removed


def attach_video(actor: Actor, course: Course, lesson_id: int, asset: media.Asset) -> Lesson:
    """Give a lesson a video; the old one stays with the revisions made from it. Subtitles of the old one wait for a word."""
    must_edit(actor, course)
    lesson = get_lesson(course, lesson_id)
    change_film(lesson, asset.id)
    lesson.next_asset_id, lesson.is_narrated = None, False
    touched(course)
    return lesson


def change_film(lesson: Lesson, asset_id: int) -> None:
    """Another film for a lesson: subtitles belong to the film they were written for, until somebody says that they fit."""
    if lesson.subtitles_id is None or lesson.other_film_id == asset_id:
        lesson.other_film_id = None
    elif lesson.other_film_id is None and lesson.asset_id != asset_id:
        lesson.other_film_id = lesson.asset_id or 0
    lesson.asset_id = asset_id


# ---- publication (the way there is reviews/service.py)


def must_be_publishable(course: Course) -> list[Lesson]:
    """The draft's lessons, where nothing keeps them from publication. Raises Invalid with every fault."""
    lessons = list_lessons(course.id)
    faults = rules.publish_faults(course.title, lessons)
    failed = {a.id for a in media.list_assets({x.asset_id for x in lessons if x.asset_id}) if a.state == "failed"}
    faults += [rules.Fault(x.slug, _("“%(title)s”的视频没有做成，请重新上传。", title=x.title))
               for x in lessons if x.asset_id in failed and not x.is_narrated]  # what the machine speaks it makes again
    faults += rules.strange_subtitle_faults(lessons)
    if course.is_subsidised:
        faults += rules.subtitle_faults(lessons, media.checked_subtitles(x.subtitles_id for x in lessons))
    faults += [fault for x in lessons if x.kind == "quiz" and (fault := papers.draw_fault(x)) is not None]
    if course.is_subsidised:
        faults += [fault for x in lessons if x.kind == "quiz" for fault in papers.thin_faults(x)]
    if faults:
        raise Invalid(_("还不能提交：%(why)s", why=faults[0].message),
                      fields=[{"field": f.where, "message": f.message} for f in faults])
    return lessons


def publish_course(actor: Actor, course: Course) -> Revision:
    """Publish the draft as it stands, without readers: for the system and administrators. Others go through review."""
    actor.require("administer")
    return freeze_course(actor, course)


def frozen_content(course: Course, lessons: list[Lesson]) -> tuple[dict, list[dict]]:
    """What a revision would freeze of the draft: (the course's words, its lessons), by content: no row's number is in it."""
    videos = {a.id: a.digest for a in media.list_assets({x.asset_id for x in lessons if x.asset_id and not x.is_narrated})}
    return _document(course), [lesson_content(x, None if x.is_narrated else videos.get(x.asset_id)) for x in lessons]


def lesson_content(lesson: Lesson | RevisionLesson, film: str | None) -> dict:
    """A lesson by content, as digests and comparisons take it; `film` is the digest of a video that somebody made.

    What came later is named only where there is any, so that older revisions keep their digest.
    """
    content = {"slug": lesson.slug, "section": lesson.section, "title": lesson.title, "kind": lesson.kind, "body": lesson.body,
               "asset_id": film}
    if lesson.subtitles_id is not None:
        content["subtitles"] = media.get_subtitles(lesson.subtitles_id).digest
    return content | ({"settings": lesson.settings} if lesson.settings else {})


def freeze_course(actor: Actor, course: Course) -> Revision:
    """Freeze the draft as the next revision, which new learners enrol in. The same content is the same revision."""
    lessons = must_be_publishable(course)
    policy = policies.current_policy(course.policy_code or ("subsidised" if course.is_subsidised else "light"))
    document, content = frozen_content(course, lessons)
    # What the machine draws and says changes with its look: published again, the same text is another revision.
    made = {"look": media.LOOK} if any(x.is_narrated for x in lessons) else {}
    digest = rules.content_digest({**document, "policy": policy.id, **made}, content)
    if course.revision_id and session.get(Revision, course.revision_id).digest == digest:
        course.state = PUBLISHED
        _narrate_again(actor, course, lessons)
        return session.get(Revision, course.revision_id)
    number = (session.scalar(select(func.max(Revision.number)).where(Revision.course_id == course.id)) or 0) + 1
    revision = Revision(course_id=course.id, number=number, digest=digest, document=document, policy_id=policy.id,
                        pass_mark=policy.numbers.pass_mark if course.pass_mark is None else course.pass_mark,
                        published_at=clock.now(), published_by=actor.ref)
    session.add(revision)
    session.flush()
    for lesson in lessons:
        session.add(_frozen(actor, course, revision, lesson, policy.numbers))
    course.revision_id, course.state, course.updated_at = revision.id, PUBLISHED, clock.now()
    session.flush()
    _changed(course)
    audit.record(actor, "courses.course.published", f"course:{course.id}", {"revision": number, "digest": digest})
    events.emit(CoursePublished(course.id, revision.id))
    return revision


def _narrate_again(actor: Actor, course: Course, lessons: list[Lesson]) -> None:
    """Narrations that could not be made the last time (a full disk) are asked for once more."""
    for lesson in lessons:
        if lesson.is_narrated and lesson.asset_id and media.get_asset(lesson.asset_id).state == "failed":
            media.create_narrated(actor, _spec(course, lesson))


def _document(course: Course) -> dict:
    towns = {t.id: t.slug for t in accounts.list_towns()}
    return {
        **({"is_subsidised": True} if course.is_subsidised else {}),
        **({"policy": course.policy_code} if course.policy_code else {}),
        **({"facts": course.facts_lesson} if course.facts_lesson else {}),
        **({"expert_review": course.expert_review} if course.expert_review is not None else {}),
        "slug": course.slug, "title": course.title, "title_en": course.title_en, "kind": course.kind, "level": course.level,
        "industry": course.industry, "occupation": course.occupation, "summary": course.summary, "language": course.language,
        "pass_mark": course.pass_mark, "towns": sorted(towns[i] for i in list_town_ids(course.id)),
    }


def _frozen(actor: Actor, course: Course, revision: Revision, lesson: Lesson, numbers: policies.Numbers) -> RevisionLesson:
    """The lesson as this revision keeps it, with its duration where that is known already."""
    frozen = RevisionLesson(revision_id=revision.id, slug=lesson.slug, section=lesson.section, title=lesson.title,
                            kind=lesson.kind, position=lesson.position, body=lesson.body, settings=lesson.settings)
    if lesson.kind == "quiz":
        paper = quizzes.create_paper(actor, title=course.title, questions=quizzes.read_gift(lesson.body).questions,
                                     draw=papers.draw_of(lesson))
        frozen.paper_id, frozen.duration_ms = paper.id, paper.question_count * numbers.quiz_ms_per_question
    elif lesson.kind == "text":
        frozen.duration_ms = policies.reading_ms(numbers, rules.spoken_text(lesson.body))
    else:
        if lesson.asset_id is None or lesson.is_narrated:
            lesson.asset_id, lesson.is_narrated = media.create_narrated(actor, _spec(course, lesson)).id, True
            lesson.next_asset_id = None
        asset = media.get_asset(lesson.asset_id)
        frozen.asset_id, frozen.subtitles_id = asset.id, lesson.subtitles_id
        frozen.duration_ms = asset.duration_ms if asset.state == "ready" else None
    return frozen


def _spec(course: Course, lesson: Lesson) -> media.NarrationSpec:
    if pages := slidetext.read_pages(lesson.body):
        return slidetext.spec_of(pages)
    slides = [media.SlideSpec(s.headline, s.sentences, drawing=s.drawing) for s in rules.slides_of(lesson.body)]
    return media.NarrationSpec(title=lesson.title, course_title=course.title, accent=course.industry, slides=slides)


def _changed(course: Course) -> None:
    """Tell everybody who keeps a copy: pages by the generation, the index by a job."""
    generation.bump("catalogue")
    search.touch("course", course.slug)


# ---- what media says


def fill_durations(event: media.AssetReady) -> None:
    """A video is whole: the revisions that wait for it learn its duration, once."""
    waiting = session.scalars(select(RevisionLesson).where(
        RevisionLesson.asset_id == event.asset_id, RevisionLesson.duration_ms.is_(None))).all()
    for lesson in waiting:
        lesson.duration_ms = event.duration_ms
    session.flush()
    for lesson in waiting:
        events.emit(LessonReady(lesson.revision_id, lesson.id))
    generation.bump("catalogue")


def note_failure(_event: media.AssetFailed) -> None:
    """A video could not be made: pages that show its state must change."""
    generation.bump("catalogue")


def note_companions(_event: media.CompanionsMade) -> None:
    """Sound and pictures stand beside a film: pages that say what a lesson costs must change."""
    generation.bump("catalogue")


# ---- plans


def load_plans(actor: Actor, rows: list[dict]) -> int:
    """Plans from the catalogue's course_titles.csv, new or changed; safe to repeat. How many there are.

    A plan that has become a course keeps what its teacher wrote.
    """
    actor.require("administer")
    known = {c.slug: c for c in session.scalars(select(Course))}
    sector_of = {s: i.slug for i in standards.list_industries() for s in i.sectors}
    slug_of = {i.id: i.slug for i in standards.list_industries()}
    trade_of = {o.slug: slug_of.get(o.industry_id, "") for o in standards.list_occupations()}
    town_ids = {t.slug: t.id for t in accounts.list_towns()}
    fresh = []
    for row in rows:
        course = known.get(row["course_id"])
        if course is not None and (course.revision_id or course.owner_id):
            continue
        if course is None:
            course = Course(slug=row["course_id"], created_at=clock.now(), updated_at=clock.now())
            session.add(course)
            fresh.append((course, row))
        _plan(course, row)
        course.industry = trade_of.get(row["occupation_id"]) or sector_of.get(row["category_path"].split("/")[0], "")
    is_news = bool(fresh) or any(map(session.is_modified, known.values()))
    session.flush()
    for course, row in fresh:
        wanted = {town_ids[t] for t in row["town_ids"].split(";") if t in town_ids}
        session.add_all(CourseTown(course_id=course.id, town_id=t) for t in sorted(wanted))
    session.flush()
    if is_news:
        generation.bump("catalogue")
    return len(rows)


def _plan(course: Course, row: dict) -> None:
    course.title, course.title_en = row["title_zh"], row["title_en"]
    course.kind = rules.KIND_OF_TABLE[row["kind"]]
    course.level = standards.level_number(row["level"])
    course.occupation, course.category_path = row["occupation_id"], row["category_path"]
    course.delivery, course.planned_hours_milli = row["delivery"], int(row["hours"]) * 1000
    course.syllabus = [s for s in row["syllabus"].split(";") if s]
    course.is_planned = True


def wish_for(actor: Actor, course: Course) -> None:
    """我想学; again is the same. Raises NotReady for what can be studied already."""
    if course.revision_id is not None:
        raise NotReady(_("这门课已经可以学了。"))
    if session.get(Wish, (course.id, actor.id)) is None:
        try:
            with session.begin_nested():
                session.add(Wish(course_id=course.id, person_id=actor.id, at=clock.now()))
        except IntegrityError:
            return


def withdraw_wish(actor: Actor, course: Course) -> None:
    """Take 我想学 back; again is the same."""
    session.execute(delete(Wish).where(Wish.course_id == course.id, Wish.person_id == actor.id))


def take_on(actor: Actor, course: Course) -> None:
    """An instructor takes a plan on: it becomes their draft and stays listed as planned. Raises NotReady."""
    actor.require("teach")
    taken = session.execute(
        update(Course).where(Course.id == course.id, Course.owner_id.is_(None), Course.revision_id.is_(None))
        .values(owner_id=actor.id, updated_at=clock.now()).execution_options(synchronize_session="fetch"))
    if not taken.rowcount:
        raise NotReady(_("这门课已经有老师在做了。"))
    generation.bump("catalogue")
    audit.record(actor, "courses.course.taken_on", f"course:{course.id}")


