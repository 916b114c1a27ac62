"""Lessons of slides: files come in, pages are ordered and spoken about, the film is asked for.

Files are read before writing begins. A script saves quietly as one writes; without one every button saves everything.
"""

from __future__ import annotations

import re
import secrets

from flask import Response, jsonify, redirect, request, url_for

from guanxue import courses, media
from guanxue.core import clock
from guanxue.core.db import begin_writing, end_work
from guanxue.core.enclosures import SOUND, read_address
from guanxue.core.errors import Conflict, Invalid, Problem, TooLarge
from guanxue.core.i18n import lazy as _
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor, reads_first, takes_upload
from guanxue.core.web.pages import page, personal
from guanxue.core.web.turnstile import outside
from guanxue.courses.routes import blueprint
from guanxue.courses.routes.files import prepare_file
from guanxue.courses.routes.lessons import both_texts, outline_rows
from guanxue.courses.routes.subtitles import subtitles_state
from guanxue.courses.routes.teach import asset_values, my_course, told_of

MOST_FILES = 120
_STEP = re.compile(r"(up|down|remove|mute)-(\d{1,3})")


# ---- a new one, and more pages


@blueprint.get("/teach/<slug>/slides/new")
def teach_slides_new(slug: str) -> Response:
    """The form for a lesson of slides, in the section in ?section=."""
    course = my_course(slug)
    count = sum(x.kind != "quiz" for x in courses.list_lessons(course.id))
    return _new_form(course, {"title": str(_("第 %(n)s 课", n=count + 1)), "section": request.args.get("section", ""),
                              "form_key": secrets.token_hex(8)})


def _new_form(course: courses.Course, values: dict, problem: Problem | None = None) -> Response:
    return personal(page("courses/teach_slides_new.html", problem.status if problem else 200, lesson=values,
                         course={"slug": course.slug, "title": course.title}, may_edit=course.state != "submitted",
                         most_pages=media.MOST_PAGES, most_megabytes=media.MOST_DECK_BYTES // 1024**2, **told_of(problem)))


@blueprint.post("/teach/<slug>/slides")
@reads_first
@takes_upload(media.MOST_DECK_BYTES + 1024**2)
def teach_slides_add(slug: str) -> Response:
    """Pages of the files in `files` for the lesson in `lesson`, or for a new one of that title."""
    course, form, actor = my_course(slug), request.form, current_actor()
    lesson_id = int(form["lesson"]) if is_row_id(form.get("lesson", "")) else None
    before = courses.get_lesson(course, lesson_id) if lesson_id else None
    there = len(courses.read_pages(before.body)) if before is not None and form.get("way") != "replace" else 0
    try:
        deck = _deck(media.MOST_PAGES - there)
        begin_writing()
        course = my_course(slug)
        lesson = courses.get_lesson(course, lesson_id) if lesson_id else _lesson_for(course, form)
        put = courses.put_pages(actor, course, lesson.id, deck, is_replacing=form.get("way") == "replace")
    except (Invalid, TooLarge, media.Busy) as problem:
        course = my_course(slug)
        if lesson_id:
            return slides_page(course, courses.get_lesson(course, lesson_id), problem)
        return _new_form(course, {n: form.get(n, "") for n in ("title", "section", "form_key")}, problem)
    return redirect(url_for(".teach_slides", slug=slug, lesson_id=lesson.id, **_counts(put)), 303)


def _counts(put: courses.Put) -> dict[str, int]:
    """What the next page says about what came, as its address bears it."""
    counts = {}
    if put.is_replaced and put.before and put.before != put.now:
        counts = {"before": put.before, "now": put.now}
    if put.notes is not None and (put.notes != put.pages or not put.written):
        counts |= {"notes": put.notes, "pages": put.pages, "written": put.written}
    return counts


def _said_of_counts() -> list[object]:
    """Sentences about what one should look at, from the numbers of the address."""
    told, counts = [], {n: int(x) for n, x in request.args.items() if x.isdecimal() and len(x) < 5}
    if {"before", "now"} <= counts.keys():
        told.append(_("原来有 %(a)s 页，现在 %(b)s 页；讲稿按页的次序留下了，请核对。", a=counts["before"], b=counts["now"]))
    if {"notes", "pages", "written"} <= counts.keys():
        there = {"a": counts["notes"], "b": counts["pages"]}
        told.append(_(".pptx 有 %(a)s 页，图片有 %(b)s 页，备注是按次序放的，请逐页核对。", **there) if counts["written"] else
                    _(".pptx 里没有写备注，讲稿要自己写。"))
    return told


def _deck(most_pages: int) -> media.Deck:
    """The files that came, read while others pass by: it takes a program and a while."""
    uploads = [x for x in request.files.getlist("files") if x.filename]
    if not uploads:
        raise Invalid(_("请先选文件：一份 PDF，或者几张图片。"))
    if len(uploads) > MOST_FILES:
        raise Invalid(_("一次最多选 %(n)s 个文件。", n=MOST_FILES))
    media.must_have_room(current_actor())
    end_work(commit=False)  # nothing is kept open in the database meanwhile
    with outside(request.environ):
        deck = media.read_deck([(x.filename, x.stream) for x in uploads], most_pages)
    for x in deck.pages:
        media.note_prepared(current_actor(), x)
    return deck


def _lesson_for(course: courses.Course, form) -> courses.Lesson:
    key = form.get("form_key", "")[:32]
    made = courses.find_made_with(course, key)
    if made is not None:  # the answer to the first time was lost on the way
        if courses.read_pages(made.body):
            raise Conflict(_("这份幻灯片已经传好了，请回到课程大纲打开它。"))
        return made
    return courses.add_lesson(current_actor(), course, title=form.get("title", ""), kind="video", is_narrated=True,
                              section=form.get("section", "").strip()[:40], form_key=key)


# ---- its pages


@blueprint.get("/teach/<slug>/lessons/<int:lesson_id>/slides")
def teach_slides(slug: str, lesson_id: int) -> Response:
    """A lesson's slides with what is said on each, and its film."""
    course = my_course(slug)
    lesson = courses.get_lesson(course, lesson_id)
    if not courses.may_be_slideshow(lesson):
        return redirect(url_for(".teach_lesson", slug=slug, lesson_id=lesson_id), 303)
    return slides_page(course, lesson)


def slides_page(course: courses.Course, lesson: courses.Lesson, problem: Problem | None = None,
                written: tuple[str, list[courses.Page]] | None = None) -> Response:
    """The page, with what could not be done just now and the words that were not saved."""
    title, pages = written or (lesson.title, courses.read_pages(lesson.body))
    film, shown = courses.film_of(lesson), media.get_asset(lesson.asset_id) if lesson.asset_id else None
    return personal(page(
        "courses/teach_slides.html", problem.status if problem else 200, course={"slug": course.slug, "title": course.title},
        lesson={"id": lesson.id, "title": title, "version": lesson.version, "saved_at": lesson.saved_at,
                "asset": asset_values(film), "is_current": courses.is_film_current(lesson),
                "play": media.playable(shown) if shown is not None and shown.state == "ready" else None,
                "is_behind": film is not None and shown is not None and film.id != shown.id},
        pages=[_page_values(x) for x in pages], total_ms=_total_ms(pages), unwritten=sum(x.is_unwritten for x in pages),
        outline=outline_rows(course), may_edit=course.state != "submitted", told=_said_of_counts(),
        subtitling=subtitles_state(course, lesson), remarks=courses.remarks_here(course, lesson.slug),
        most_pages=media.MOST_PAGES, most_megabytes=media.MOST_DECK_BYTES // 1024**2, **told_of(problem)))


def _page_values(x: courses.Page) -> dict:
    told = read_address(x.picture)
    return {"picture": x.picture, "text": x.text, "recording": x.recording, "takes": _takes(x),
            "width": told.width if told else 0, "height": told.height if told else 0}


def _takes(x: courses.Page) -> str:
    seconds = max(1, round(x.lasts_ms / 1000))
    if not x.recording and not x.sentences:
        return str(_("没有讲稿，停 %(n)s 秒", n=seconds))
    return str(_("%(n)s 秒", n=seconds) if x.recording else _("约 %(n)s 秒", n=seconds))


def _total_ms(pages: list[courses.Page]) -> int:
    return sum(x.lasts_ms for x in pages)


@blueprint.post("/teach/<slug>/lessons/<int:lesson_id>/slides")
@reads_first
@takes_upload(media.MOST_FILE_BYTES[SOUND] * 2)
def teach_slides_save(slug: str, lesson_id: int) -> Response:
    """Save the pages, and do what the button in `do` says: save, up-3, down-3, remove-3, mute-3, make."""
    course, form = my_course(slug), request.form
    is_quiet = request.accept_mimetypes.best == "application/json"
    title, pages = form.get("title", ""), _posted()
    version = int(form["version"]) if is_row_id(form.get("version", "")) else None
    try:
        prepared = _recordings(len(pages))
        begin_writing()
        course = my_course(slug)
        kept = {n: media.keep_file(current_actor(), x).address for n, x in prepared.items()}
        pages = [courses.Page(x.picture, x.text, kept.get(n, x.recording)) for n, x in enumerate(pages)]
        pages, at = _after(form.get("do", ""), pages)
        lesson = courses.save_pages(current_actor(), course, lesson_id, title=title, pages=pages, version=version)
        if form.get("do") == "make":
            courses.make_film(current_actor(), course, lesson_id)
            at = "seen"  # where its progress is told
    except courses.TextMoved as problem:
        return both_texts(course, lesson_id, {"title": title, "body": courses.write_pages(pages)}, problem, is_quiet)
    except (Invalid, TooLarge, media.Busy) as problem:
        course = my_course(slug)
        if is_quiet:
            return personal(jsonify(message=str(problem.message))), problem.status
        return slides_page(course, courses.get_lesson(course, lesson_id), problem, (title, pages))
    if is_quiet:
        return personal(jsonify(_told_quietly(lesson)))
    return redirect(url_for(".teach_slides", slug=slug, lesson_id=lesson_id, _anchor=at or None), 303)


def _posted() -> list[courses.Page]:
    """The form's pages in their order."""
    said, heard = request.form.getlist("text"), request.form.getlist("recording")
    return [courses.Page(picture, courses.plain_said(said[n] if n < len(said) else ""), heard[n] if n < len(heard) else "")
            for n, picture in enumerate(request.form.getlist("picture"))]


def _recordings(count: int) -> dict[int, media.Prepared]:
    """Recordings that came with the form, in fields sound-0, sound-1 … by the place of their page."""
    came = {n: x for n in range(count) if (x := request.files.get(f"sound-{n}")) is not None and x.filename}
    prepared = {n: prepare_file(x) for n, x in came.items()}
    if any(x.enclosure.kind != SOUND for x in prepared.values()):
        raise Invalid(_("录音请选声音文件，例如 MP3、M4A、WAV、AMR。"))
    return prepared


def _after(step: str, pages: list[courses.Page]) -> tuple[list[courses.Page], str]:
    """(the pages after that button, where to look then)."""
    found = _STEP.fullmatch(step)
    if found is None or int(found[2]) >= len(pages):
        return pages, ""
    way, n = found[1], int(found[2])
    if way == "remove":
        return pages[:n] + pages[n + 1:], f"page-{max(1, n)}" if len(pages) > 1 else ""
    if way == "mute":
        return [courses.Page(x.picture, x.text, "" if m == n else x.recording) for m, x in enumerate(pages)], f"page-{n + 1}"
    other = n + (-1 if way == "up" else 1)
    if 0 <= other < len(pages):
        pages = list(pages)
        pages[n], pages[other] = pages[other], pages[n]
        n = other
    return pages, f"page-{n + 1}"


def _told_quietly(lesson: courses.Lesson) -> dict:
    """What a script that saves needs: which version stands, when it was saved, how long each page takes."""
    at, pages = (lesson.saved_at or clock.now()).astimezone(clock.CITY), courses.read_pages(lesson.body)
    return {"version": lesson.version, "saved": at.strftime("%H:%M"), "takes": [_takes(x) for x in pages],
            "total_ms": _total_ms(pages), "is_current": courses.is_film_current(lesson)}
