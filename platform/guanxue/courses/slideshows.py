"""Lessons of slides: pages come in, are ordered and spoken about, and become the lesson's film."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from guanxue import audit, media
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.enclosures import PICTURE, SOUND, read_address
from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _
from guanxue.courses.errors import NotReady
from guanxue.courses.models import Course, Lesson
from guanxue.courses.queries import get_lesson, list_lessons
from guanxue.courses.service import change_film, edit_lesson, must_edit, touched
from guanxue.courses.slidetext import Page, read_pages, spec_of, write_pages

LONGEST_MS = 2 * 3_600_000


def is_slideshow(lesson: Lesson) -> bool:
    """Are its pages a teacher's slides? A film that somebody uploaded comes before them."""
    return may_be_slideshow(lesson) and bool(read_pages(lesson.body))


def may_be_slideshow(lesson: Lesson) -> bool:
    """Could slides be put in, without taking the place of a film or of a text?"""
    is_free = lesson.kind == "video" and (lesson.asset_id is None or lesson.is_narrated)
    return is_free and (not lesson.body.strip() or bool(read_pages(lesson.body)))


def film_of(lesson: Lesson) -> media.Asset | None:
    """The film that is being made or was made last; the lesson shows the one before until it is whole."""
    wanted = lesson.next_asset_id or lesson.asset_id
    return media.get_asset(wanted) if wanted else None


def is_film_current(lesson: Lesson) -> bool:
    """Does that film show the pages as they stand?"""
    film, pages = film_of(lesson), read_pages(lesson.body)
    return film is not None and bool(pages) and film.digest == spec_of(pages).digest


@dataclass(frozen=True)
class Put:
    """What came of a deck: how many pages were there and are there now; of how many slides there were notes (None: no
    .pptx came) for how many pages, and how many slides had any.
    """

    before: int
    now: int
    is_replaced: bool = False
    notes: int | None = None
    pages: int = 0
    written: int = 0


def put_pages(actor: Actor, course: Course, lesson_id: int, deck: media.Deck, *, is_replacing: bool = False) -> Put:
    """Put a deck's pages behind those that are there, or in their place: page by page what is said stays. A deck without
    pages brings its notes to pages about which nothing is written.

    Raises Invalid, TooLarge over the quota.
    """
    must_edit(actor, course)
    lesson = get_lesson(course, lesson_id)
    if not may_be_slideshow(lesson):
        raise NotReady(_("这节课已经有视频或讲稿；请另建一节幻灯片课。"))
    before = read_pages(lesson.body)
    if not deck.pages and not before:
        raise Invalid(_("只有 .pptx 还不行，平台不画 PPT 的页面。请先导出成 PDF，再和 .pptx 一起选："
                        "WPS 里是“文件 → 输出为 PDF”，PowerPoint 里是“文件 → 导出 → 创建 PDF/XPS 文档”。"))
    fresh = [Page(media.keep_file(actor, x).address) for x in deck.pages]
    if is_replacing and fresh:
        pages = [Page(page.picture, old.text, old.recording) for page, old in zip(fresh, before, strict=False)]
        pages, first = pages + fresh[len(before):], 0
    else:
        pages, first = before + fresh, len(before) if fresh else 0
    if len(pages) > media.MOST_PAGES:
        raise Invalid(_("一节课最多 %(n)s 页；请分成几节课。", n=media.MOST_PAGES))
    notes = _notes_for(len(pages) - first, deck)
    pages = [*pages[:first], *_with_notes(pages[first:], notes)]
    edit_lesson(actor, course, lesson_id, title=lesson.title, body=write_pages(pages))
    lesson.is_narrated = True
    audit.record(actor, "courses.slides.put", f"course:{course.id}", {"lesson": lesson.slug, "pages": len(pages)})
    return Put(len(before), len(pages), is_replacing and bool(fresh), len(notes) if deck.all_notes else None,
               len(pages) - first, sum(map(bool, notes)))


def _notes_for(count: int, deck: media.Deck) -> list[str]:
    """The notes of the slides that are shown, those of hidden ones as well where these were printed, too."""
    return deck.all_notes if len(deck.all_notes) == count and len(deck.notes) != count else deck.notes


def _with_notes(pages: list[Page], notes: list[str]) -> list[Page]:
    """The notes beside the pages about which nothing is written yet."""
    filled = [Page(p.picture, p.text or said, p.recording) for p, said in zip(pages, notes, strict=False)]
    return [*filled, *pages[len(filled):]]


def save_pages(actor: Actor, course: Course, lesson_id: int, *, title: str, pages: list[Page], version: int | None) -> Lesson:
    """Write a lesson's pages as somebody ordered and worded them. Raises Invalid, TextMoved as edit_lesson() does."""
    if len(pages) > media.MOST_PAGES:
        raise Invalid(_("一节课最多 %(n)s 页；请分成几节课。", n=media.MOST_PAGES))
    if not may_be_slideshow(get_lesson(course, lesson_id)):
        raise NotReady(_("这节课已经有视频或讲稿；请另建一节幻灯片课。"))
    for page in pages:
        if not _is_kept(page.picture, PICTURE) or (page.recording and not _is_kept(page.recording, SOUND)):
            raise Invalid(_("有一页的图片或录音不在了，请刷新页面再试。"))
    return edit_lesson(actor, course, lesson_id, title=title, body=write_pages(pages), version=version)


def _is_kept(address: str, kind: str) -> bool:
    told = read_address(address)
    return told is not None and told.kind == kind and media.find_kept(told) is not None


def make_film(actor: Actor, course: Course, lesson_id: int) -> media.Asset:
    """Let the lesson's film be made of its pages; the film before is shown until it is whole. The same pages are the same film.

    Raises Invalid where nothing is said at all, or too much.
    """
    must_edit(actor, course)
    lesson = get_lesson(course, lesson_id)
    pages = read_pages(lesson.body)
    if not pages:
        raise Invalid(_("还没有幻灯片，先上传 PDF 或图片。"))
    if not any(p.sentences or p.recording for p in pages):
        raise Invalid(_("每一页都没有讲稿，也没有录音；至少给一页写上要讲的话。"))
    if sum(p.lasts_ms for p in pages) > LONGEST_MS:
        raise Invalid(_("全部加起来超过 2 小时，学员坐不住；请分成几节课。"))
    film = media.create_narrated(actor, spec_of(pages))
    if lesson.asset_id is None or film.state == "ready":
        change_film(lesson, film.id)
        lesson.next_asset_id = None
    else:
        lesson.next_asset_id = film.id if film.id != lesson.asset_id else None
    lesson.is_narrated = True
    touched(course)
    return film


def make_films(actor: Actor, course: Course) -> None:
    """Ask for every film that does not show its pages as they stand: readers are to see what will be published."""
    for lesson in list_lessons(course.id):
        if is_slideshow(lesson) and not is_film_current(lesson):
            make_film(actor, course, lesson.id)


def take_film(event: media.AssetReady) -> None:
    """A film is whole: drafts that wait for it show it from now on."""
    for lesson in session.scalars(select(Lesson).where(Lesson.next_asset_id == event.asset_id)):
        change_film(lesson, event.asset_id)
        lesson.next_asset_id = None
    session.flush()
