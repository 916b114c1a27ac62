"""Pure decisions about videos: what a narration is, signed addresses."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import PurePath

from guanxue.core.errors import Invalid, TooLarge, TooMany
from guanxue.core.i18n import lazy as _
from guanxue.media.errors import BadHeader, NoRoom, WrongKind

# Addresses stay the same for an hour, so that a player that opens a page again finds its segments in its cache.
STEP_S, HOLDS_S = 3600, 12 * 3600
# Raise it when what goes beside a film changes: it is made anew for every film, the film is left alone.
COMPANIONS = 2
PICTURE_WIDTHS = (360, 720)


LOOK = 3  # of drawing and voice


@dataclass(frozen=True)
class SlideSpec:
    """A slide: its headline and the sentences spoken while it shows.

    A teacher's own slide has the address of its `picture` instead of a headline, and `recording` where somebody speaks it:
    then the sentences are its subtitles. One that says nothing is shown for a moment.
    """

    headline: str
    sentences: list[str]
    picture: str = ""
    recording: str = ""
    drawing: str = ""  # a layout as its text says it (layouts.py)

    @property
    def is_shown(self) -> bool:
        """Is there anything to hear or to see?"""
        return bool(self.sentences or self.picture)


@dataclass(frozen=True)
class NarrationSpec:
    """Everything a narrated video is made from; `accent` is an industry's slug and colours the weave."""

    title: str
    course_title: str
    accent: str
    slides: list[SlideSpec]
    voice: str = "cmn"
    look: int = LOOK  # raise it when the drawing or the voice changes, so that videos are made anew

    def to_document(self) -> dict:
        """As plain JSON. What came later is named only where there is any: what was made before keeps its digest."""
        slides = [{k: v for k, v in asdict(s).items() if v or k in ("headline", "sentences")} for s in self.slides]
        return {**asdict(self), "slides": slides}

    @classmethod
    def from_document(cls, document: dict) -> NarrationSpec:
        """From plain JSON."""
        return cls(**{**document, "slides": [SlideSpec(**s) for s in document["slides"]]})

    @property
    def digest(self) -> str:
        """Equal for equal narrations."""
        text = json.dumps(self.to_document(), ensure_ascii=False, sort_keys=True)
        return "narrated-" + hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Sizes:
    """What a lesson costs a phone, in bytes: its film at the smallest and the largest picture, or sound with pictures.

    `sound` is None while sound and pictures are not made, or where the film is silent.
    """

    small_film: int = 0
    film: int = 0
    sound: int | None = None

    def __add__(self, other: Sizes) -> Sizes:
        """Of both together; sound only where both have it."""
        both = None if self.sound is None or other.sound is None else self.sound + other.sound
        return Sizes(self.small_film + other.small_film, self.film + other.film, both)


@dataclass(frozen=True)
class Portable:
    """What a phone can take along of a film, in bytes: the small film as one file, sounds (type, bytes), the wide pictures
    by their kind ("webp", "jpg"; none where there is no sound).
    """

    film: int
    sounds: tuple[tuple[str, int], ...]
    pictures: dict[str, int]


def portable_of(facts: dict) -> Portable | None:
    """From an asset's facts; None while it is not made."""
    beside = facts.get("companions")
    if not beside:
        return None
    pictures = {kind: beside["pictures"]["bytes"][f"{PICTURE_WIDTHS[-1]}.{kind}"] for kind in ("webp", "jpg")}
    return Portable(beside["small_mp4"], tuple((s["type"], s["bytes"]) for s in beside["sounds"]), pictures)


def sizes_of(facts: dict) -> Sizes:
    """From an asset's facts. Sound with pictures is counted as a newer phone fetches it: Opus and wide AVIF."""
    stored, beside = facts.get("bytes", {}), facts.get("companions", {})
    films = [stored[name] for name in facts.get("renditions", ()) if name in stored]
    if not films:
        return Sizes()
    if not beside.get("sounds"):
        return Sizes(min(films), max(films))
    pictures = beside["pictures"]["bytes"][f"{PICTURE_WIDTHS[-1]}.avif"]
    return Sizes(min(films), max(films), beside["sounds"][0]["bytes"] + pictures)


def sign(key: bytes, asset_id: int, version: str, now_s: int) -> str:
    """A token that opens one version of one asset for about 12 hours."""
    until = (now_s // STEP_S + 1) * STEP_S + HOLDS_S
    return f"{until:x}-{_mac(key, asset_id, version, until)}"


def is_genuine(key: bytes, token: str, asset_id: int, version: str, now_s: int) -> bool:
    """Did we sign this token for this version, and does it still hold?"""
    until_text, _dash, mac = token.partition("-")
    try:
        until = int(until_text, 16)
    except ValueError:
        return False
    return until >= now_s and hmac.compare_digest(mac.encode(), _mac(key, asset_id, version, until).encode())


def _mac(key: bytes, asset_id: int, version: str, until: int) -> str:
    made = hmac.new(key, f"{asset_id}/{version}/{until}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made[:18]).decode().replace("-", ".")


# ---- files on their way in

MOST_UPLOAD_BYTES = 8 * 1024**3
MOST_PACKAGE_BYTES = 4 * 1024**3
PACKAGE = "package"  # the aim of an upload that is a course package: no video is made of it
MOST_UNFINISHED_BYTES = 24 * 1024**3  # of one teacher; whole sizes count, whatever has arrived of them
MOST_FILES_A_DAY = 60
SPARE_BYTES = 1024**3  # what the site itself needs of the disk
UPLOAD_HOLDS = timedelta(days=7)
LONGEST_NAME, LONGEST_METADATA = 120, 2000
VIDEO_ENDINGS = frozenset("mp4 m4v mov qt mkv webm avi wmv asf flv f4v mpg mpeg m2v vob ts mts m2ts 3gp 3gpp 3g2".split())
_WHOLE_NUMBER, _KEY = re.compile(r"[0-9]{1,19}"), re.compile(r"[!-+\--~]+")  # visible ASCII but the comma
_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Announced:
    """What a browser says of a file before it sends it. `aim` is what it is for, in the page's own words ("lesson:12").

    `modified_ms` is when the file was last changed on its phone or computer (0: not said), `metadata` all of it as it came.
    """

    size_bytes: int
    filename: str = ""
    kind: str = ""
    aim: str = ""
    modified_ms: int = 0
    metadata: str = ""


def whole_number(text: str | None, name: str) -> int:
    """A header's number, 0…2^63-1. Raises BadHeader."""
    if text is None or not _WHOLE_NUMBER.fullmatch(text) or int(text) > _LARGEST:
        raise BadHeader(_("请求头 %(name)s 应为非负整数。", name=name))
    return int(text)


def read_metadata(text: str) -> dict[str, str]:
    """Upload-Metadata: names, each with a text in base64 of UTF-8. Raises BadHeader."""
    if len(text) > LONGEST_METADATA:
        raise BadHeader(_("请求头 %(name)s 太长。", name="Upload-Metadata"))
    told: dict[str, str] = {}
    for pair in text.split(",") if text.strip() else ():
        key, _space, value = pair.strip(" ").partition(" ")
        if not _KEY.fullmatch(key) or key in told:
            raise BadHeader(_("请求头 %(name)s 读不懂。", name="Upload-Metadata"))
        told[key] = _text_of(value)
    return told


def _text_of(value: str) -> str:
    try:
        text = base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise BadHeader(_("请求头 %(name)s 读不懂。", name="Upload-Metadata")) from None
    if any(ord(c) < 32 or ord(c) == 127 for c in text):  # a line end in a name would end a header or a log line
        raise BadHeader(_("文件名里有换行之类的字符，请改名后再传。"))
    return text


def announced(size: int, metadata: str) -> Announced:
    """What the two headers of a new upload say. Raises BadHeader."""
    told = read_metadata(metadata)
    modified = told.get("modified", "0")
    return Announced(
        size_bytes=size, filename=PurePath(told.get("filename", told.get("name", "")).replace("\\", "/")).name[-LONGEST_NAME:],
        kind=told.get("filetype", told.get("type", "")).lower()[:LONGEST_NAME], aim=told.get("for", "")[:LONGEST_NAME],
        modified_ms=whole_number(modified, "modified"), metadata=metadata)


def must_be_welcome(file: Announced) -> None:
    """Refuse, before a byte is sent, what can never become a lesson's video, or is no course package where one is meant.

    Raises Invalid, TooLarge, WrongKind.
    """
    if file.size_bytes == 0:
        raise Invalid(_("文件是空的，请检查后重新选择。"))
    if file.aim == PACKAGE:
        _must_be_package(file)
        return
    if file.size_bytes > MOST_UPLOAD_BYTES:
        raise TooLarge(_("这个视频有 %(n)s GB，最大 %(m)s GB。请压缩，或剪成几节再传。",
                         n=f"{file.size_bytes / 1024**3:.1f}", m=MOST_UPLOAD_BYTES // 1024**3))
    ending = PurePath(file.filename).suffix.lower().lstrip(".")
    is_unknown = not ending and not file.kind
    if not (is_unknown or ending in VIDEO_ENDINGS or file.kind.startswith("video/")):
        raise WrongKind(_("“%(name)s”不是视频。请选 MP4、MOV、MKV、AVI、FLV、WMV 等视频文件。",
                          name=file.filename or file.kind))


def _must_be_package(file: Announced) -> None:
    if file.size_bytes > MOST_PACKAGE_BYTES:
        raise TooLarge(_("课程包最大 %(n)s GB。请不带视频导出，视频在课里另外上传。", n=MOST_PACKAGE_BYTES // 1024**3))
    if PurePath(file.filename).suffix.lower() != ".zip":
        raise WrongKind(_("“%(name)s”不是课程包。课程包是 .zip 文件。", name=file.filename or file.kind))


def must_be_within_quota(size: int, unfinished_bytes: int, files_today: int) -> None:
    """What one teacher may have on the way, and begin in 24 hours. Raises TooLarge, TooMany."""
    if files_today >= MOST_FILES_A_DAY:
        raise TooMany(_("一天最多上传 %(n)s 个视频，请明天接着传。", n=MOST_FILES_A_DAY), retry_after_s=3600)
    if unfinished_bytes + size > MOST_UNFINISHED_BYTES:
        raise TooLarge(_("没传完的视频加起来太大了（最多 %(n)s GB）。请先传完，或删掉不要的。",
                         n=MOST_UNFINISHED_BYTES // 1024**3))


def must_have_room(size: int, free_bytes: int, promised_bytes: int) -> None:
    """Room for the file, for as much again that is made of it, and for what others were promised. Raises NoRoom."""
    if free_bytes - promised_bytes - SPARE_BYTES < 2 * size:
        raise NoRoom(_("服务器的磁盘快满了，放不下这个视频。请告诉管理员，过一会儿再传。"))


def must_fit(size: int, offset: int, length: int | None) -> None:
    """A piece of `length` bytes (None: not said) may not go beyond the file's end. Raises TooLarge."""
    if length is not None and offset + length > size:
        raise TooLarge(_("传来的内容比说好的文件大，没有收下。"))
