"""Subtitles as rows: kept by their content, found again, their address; and asking a machine to write them down."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from guanxue import audit, jobs
from guanxue.core import clock, events
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Conflict, Invalid
from guanxue.core.i18n import lazy as _
from guanxue.core.settings import settings
from guanxue.media.errors import NoSuchAsset
from guanxue.media.events import Transcribed
from guanxue.media.models import READY, Asset, Subtitles
from guanxue.media.narration import Cue
from guanxue.media.queries import get_asset
from guanxue.media.subtitles import LONGEST_TEXT, MOST_CUES, spoken, tidy

ORIGINS = ("upload", "spoken", "written", "transcribed")
CHINESE = "zh-Hans"


def keep_subtitles(actor: Actor, cues: Iterable[Cue], *, origin: str, lang: str = CHINESE, is_quiet: bool = False) -> Subtitles:
    """A version of subtitles; the same lines of the same origin are the same version. Lines may still be empty.

    `is_quiet`: a script saves it while somebody writes; nobody has pressed a button.
    Raises Invalid with the number of the line whose times or text cannot be kept.
    """
    if origin not in ORIGINS:
        raise ValueError(origin)
    kept = [[c.start_ms, c.end_ms, c.text] for c in tidied(cues)]
    _check(kept)
    text = json.dumps([lang, origin, kept], ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    found = _by_digest(digest)
    if found is not None:
        found.passed_at = None  # it is wanted again
        if not is_quiet:
            confirm_subtitles(found)
        return found
    made = Subtitles(digest=digest, lang=lang, cues=kept, origin=origin, created_by=actor.ref, created_at=clock.now(),
                     quiet_at=clock.now() if is_quiet else None)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:  # somebody kept the same a moment ago
        return _by_digest(digest)
    return made


# A script saves every few seconds. What one person saved so within that time is one version in the end: the last.
SESSION = timedelta(hours=2)
PASSED_KEPT_FOR = timedelta(days=1)  # whoever has one of the others open still is answered by what they read


def confirm_subtitles(subtitles: Subtitles) -> None:
    """Somebody pressed a button: this version stays."""
    subtitles.quiet_at = subtitles.passed_at = None
    session.flush()


def pass_subtitles(actor: Actor, before: Subtitles, by: Subtitles) -> None:
    """`by` took the place of `before`: a quiet save of the same person in the same session goes after a while."""
    if before.id == by.id or before.quiet_at is None or before.created_by != actor.ref:
        return
    if clock.now() - before.quiet_at <= SESSION:
        before.passed_at = clock.now()
        session.flush()


def list_passed() -> dict[int, str]:
    """Digests, by row id, of versions that may go if nothing names them."""
    return dict(session.execute(
        select(Subtitles.id, Subtitles.digest).where(Subtitles.passed_at <= clock.now() - PASSED_KEPT_FOR)).all())


def forget_subtitles(subtitles_ids: Iterable[int]) -> None:
    """Remove versions that were passed; nothing may name them."""
    session.execute(delete(Subtitles).where(Subtitles.id.in_(set(subtitles_ids)), Subtitles.passed_at.is_not(None)))


def tidied(cues: Iterable[Cue]) -> list[Cue]:
    """The lines as they are kept: no blank lines in their texts, nothing unseen."""
    return [Cue(c.start_ms, c.end_ms, tidy(c.text)[0]) for c in cues]


def _check(kept: list[list]) -> None:
    if len(kept) > MOST_CUES:
        raise Invalid(_("字幕超过 %(n)s 条，请分成几节课。", n=MOST_CUES))
    for n, (start, end, text) in enumerate(kept, 1):
        why = _("结束时间不在开始时间之后。") if start < 0 or end <= start else None
        why = _("超过 500 个字，应拆成几行。") if len(text) > LONGEST_TEXT else why
        if why is not None:
            raise Invalid(_("第 %(n)s 行：%(why)s", n=n, why=why), fields=[{"field": str(n), "message": why}])


def _by_digest(digest: str) -> Subtitles | None:
    return session.scalar(select(Subtitles).where(Subtitles.digest == digest))


def get_subtitles(subtitles_id: int) -> Subtitles:
    """The version with that row id. Raises NoSuchAsset."""
    found = session.get(Subtitles, subtitles_id)
    if found is None:
        raise NoSuchAsset(_("没有这份字幕。"))
    return found


def find_subtitles(digest: str) -> Subtitles | None:
    """The version of that content."""
    return _by_digest(digest)


def list_subtitles(subtitles_ids: Iterable[int]) -> dict[int, Subtitles]:
    """Versions by row id."""
    wanted = set(subtitles_ids)
    return {s.id: s for s in session.scalars(select(Subtitles).where(Subtitles.id.in_(wanted)))} if wanted else {}


def checked_subtitles(subtitles_ids: Iterable[int | None]) -> set[int]:
    """Of those row ids: which say something and were written, uploaded or looked through by somebody."""
    found = list_subtitles(x for x in subtitles_ids if x is not None)
    return {id for id, s in found.items() if s.origin != "transcribed" and words_of(s)}


def lines_of(subtitles: Subtitles) -> list[Cue]:
    """Its lines as they were written, empty ones as well."""
    return [Cue(*c) for c in subtitles.cues]


def words_of(subtitles: Subtitles) -> list[Cue]:
    """Its lines that say something, by time."""
    return spoken(lines_of(subtitles))


def track_of(subtitles: Subtitles) -> dict:
    """As players take it: lang, label, url. The address tells the content, so it may be kept for ever."""
    return {"lang": subtitles.lang, "label": "简体中文", "url": f"/media/subtitles/{subtitles.digest}.vtt"}


# ---- a machine that listens


def can_transcribe() -> bool:
    """Does this site have a program or service that writes down what is said?"""
    return bool(settings().transcribe)


def want_transcript(actor: Actor, asset: Asset) -> None:
    """Ask for what is said in a film, by a job; one that waits already is enough. Raises Conflict where that cannot be done."""
    if not can_transcribe():
        raise Conflict(_("这个平台没有接入听写程序。"))
    if asset.state != READY:
        raise Conflict(_("视频还没有做好，做好以后再听写。"))
    if not asset.facts.get("has_sound"):
        raise Conflict(_("这个视频没有声音，没有可以听写的。"))
    _note(asset, {"state": "waiting"})
    jobs.enqueue("media.transcribe", {"asset_id": asset.id}, key=str(asset.id), priority=70)
    audit.record(actor, "media.transcript.wanted", f"asset:{asset.id}")


def transcript_of(asset: Asset) -> dict:
    """How far it is: state ("", waiting, done, failed), `reason` of a failure, `subtitles_id` of what was heard."""
    return {"state": "", "reason": "", "subtitles_id": None, **asset.facts.get("transcript", {})}


def finish_transcript(asset_id: int, made: Subtitles) -> None:
    """What was heard is kept. Whoever listens is told."""
    _note(get_asset(asset_id), {"state": "done", "subtitles_id": made.id})
    events.emit(Transcribed(asset_id, made.id))


def fail_transcript(asset_id: int, reason: str) -> None:
    """Nothing came of it; `reason` is a sentence for its teacher."""
    _note(get_asset(asset_id), {"state": "failed", "reason": reason})


def _note(asset: Asset, told: dict) -> None:
    asset.facts = {**asset.facts, "transcript": told}
    session.flush()
