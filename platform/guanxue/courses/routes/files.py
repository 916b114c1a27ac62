"""Pictures, sounds and attachments on their way into a lesson's text or a question: taken one at a time, answered as JSON."""

from __future__ import annotations

from threading import BoundedSemaphore

from flask import Response, jsonify, request

from guanxue import media
from guanxue.core.db import begin_writing, end_work
from guanxue.core.enclosures import PICTURE, Enclosure
from guanxue.core.errors import Invalid, Problem
from guanxue.core.i18n import lazy as _
from guanxue.core.web.dispatch import current_actor, reads_first, takes_upload
from guanxue.core.web.pages import personal
from guanxue.core.web.turnstile import outside
from guanxue.courses.routes import blueprint

MOST_FILE_BYTES = max(media.MOST_FILE_BYTES.values())
# A sound is converted by a program beside us, up to two minutes long: that many at once in a process, the next waits a while.
MOST_AT_ONCE, PATIENCE_S = 2, 20
making = BoundedSemaphore(MOST_AT_ONCE)


@blueprint.post("/teach/files")
@reads_first
@takes_upload(MOST_FILE_BYTES + 1024**2)
def teach_file() -> Response:
    """Take one file; its kind, address and the Markdown that shows it. A refusal is {message} with its status."""
    current_actor().require("teach")
    try:
        prepared = prepare_file(request.files.get("file"))
        begin_writing()
        told = media.keep_file(current_actor(), prepared)
    except Problem as problem:
        return personal(jsonify(message=str(problem.message))), problem.status
    return personal(jsonify(kind=told.kind, address=told.address, markdown=markdown_of(told)))


def prepare_file(upload) -> media.Prepared:
    """What came in a form's file field, made ready; slow, so it is done before writing begins.

    Raises Invalid, TooLarge, and Busy while too many sounds are in the making.
    """
    if upload is None or not upload.filename:
        raise Invalid(_("请先选一个文件。"))
    media.must_have_room(current_actor())
    end_work(commit=False)  # nothing is kept open in the database meanwhile
    if not media.is_sound(upload.stream):
        return _prepared(upload)
    with outside(request.environ):
        if not making.acquire(timeout=PATIENCE_S):
            raise media.Busy(_("好几个声音正在转换，请过一会儿再试一次。"), retry_after_s=PATIENCE_S)
        try:
            return _prepared(upload)
        finally:
            making.release()


def _prepared(upload) -> media.Prepared:
    return media.note_prepared(current_actor(), media.prepare_file(upload.filename, upload.stream))


def markdown_of(told: Enclosure) -> str:
    """How a text shows it: a picture with its name as the words for who cannot see it, a link to everything else."""
    said = told.name.rpartition(".")[0]
    return f"{'!' if told.kind == PICTURE else ''}[{said}]({told.address})"
