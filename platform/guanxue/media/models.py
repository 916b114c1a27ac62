"""Video and sound the site holds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.db import JsonDocument, Model, UtcMoment

WAITING, WORKING, READY, FAILED = "waiting", "working", "ready", "failed"


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
