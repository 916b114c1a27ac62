"""What an instructor can do about a lesson's video while it is made: stop it, or try again."""

from __future__ import annotations

from flask import Response, redirect, url_for

from guanxue import courses, media
from guanxue.core.errors import NotFound
from guanxue.core.i18n import lazy as _
from guanxue.core.web.dispatch import current_actor
from guanxue.courses.routes import blueprint
from guanxue.courses.routes.teach import my_course


def _asset_id(slug: str, lesson_id: int) -> int:
    film = courses.film_of(courses.get_lesson(my_course(slug), lesson_id))
    if film is None:
        raise NotFound(_("这节课没有视频。"))
    return film.id


@blueprint.post("/teach/<slug>/lessons/<int:lesson_id>/video/cancel")
def teach_video_cancel(slug: str, lesson_id: int) -> Response:
    """Stop making the lesson's video; its file stays."""
    media.cancel_asset(current_actor(), _asset_id(slug, lesson_id))
    return redirect(url_for(".teach_lesson", slug=slug, lesson_id=lesson_id), 303)


@blueprint.post("/teach/<slug>/lessons/<int:lesson_id>/video/retry")
def teach_video_retry(slug: str, lesson_id: int) -> Response:
    """Make the lesson's video once more."""
    media.retry_asset(current_actor(), _asset_id(slug, lesson_id))
    return redirect(url_for(".teach_lesson", slug=slug, lesson_id=lesson_id), 303)
