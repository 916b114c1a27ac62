"""Video and sound the site holds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.append_only import append_only
from guanxue.core.db import JsonDocument, Model, UtcMoment

WAITING, WORKING, READY, FAILED = "waiting", "working", "ready", "failed"
IMPROVING = "improving"  # the stage of an asset that plays already while its better sizes wait or are made


class Asset(Model):
    """A video by its source (a narration or an uploaded file); the same source is the same asset.

    state: waiting, working, ready, failed. `version` names the folder of what was made; `facts` say what it is
    (width, height, has_sound, renditions, subtitles, bytes by file, `companions`: what goes beside the film) and what was done
    to the source.
    """

    __tablename__ = "media_asset"
    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]  # narrated, upload
    source: Mapped[dict] = mapped_column(JsonDocument)
    state: Mapped[str] = mapped_column(default=WAITING)
    stage: Mapped[str] = mapped_column(default="")
    progress_permille: Mapped[int] = mapped_column(default=0)
    version: Mapped[str] = mapped_column(default="")
    duration_ms: Mapped[int | None] = mapped_column(BigInteger)
    facts: Mapped[dict] = mapped_column(JsonDocument, default=dict)
    failure: Mapped[str] = mapped_column(default="")
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcMoment)
    ready_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class File(Model):
    """A picture, sound or attachment beside texts (files.py). `key` stands in its address and tells content and measures.

    `size_bytes` is what it takes of the disk; `created_by` whose quota bears it.
    """

    __tablename__ = "media_file"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]  # picture, sound, attachment
    name: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int | None]
    height: Mapped[int | None]
    facts: Mapped[dict] = mapped_column(JsonDocument, default=dict)
    created_by: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(UtcMoment)


OPEN, WHOLE, EXPIRED, DROPPED = "open", "whole", "expired", "dropped"


class Upload(Model):
    """A file on its way in (uploads.py). How much has arrived its file says; `arrived_bytes` is what was known last.

    state: open, whole (its video is `asset_id`; `used_at` once a lesson took it), expired, dropped. `code` stands in its
    address, `metadata_text` is Upload-Metadata as it came, `aim` what the page that sent it wants it for.
    """

    __tablename__ = "media_upload"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    filename: Mapped[str]
    metadata_text: Mapped[str]
    aim: Mapped[str] = mapped_column(default="")
    modified_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    arrived_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    state: Mapped[str] = mapped_column(default=OPEN)
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("media_asset.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcMoment)
    expires_at: Mapped[datetime] = mapped_column(UtcMoment, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class Subtitles(Model):
    """What is said in a film and when: a version that somebody wrote, never changed. Known by its content.

    `quiet_at` is set while only a script has saved it; `passed_at` once the same person's next one took its place: such a
    version goes after a while, if nothing names it. All others stay.

    `cues` are [[start_ms, end_ms, text], …]; origin: upload, spoken (what the voice said), written (in the editor, also a
    checked transcript), transcribed (by a machine, checked by nobody yet).
    """

    __tablename__ = "media_subtitle"
    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    lang: Mapped[str]
    cues: Mapped[list] = mapped_column(JsonDocument)
    origin: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcMoment)
    quiet_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    passed_at: Mapped[datetime | None] = mapped_column(UtcMoment)


append_only(Subtitles, free=("quiet_at", "passed_at"), may_go="passed_at")
