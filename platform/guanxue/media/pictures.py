"""Pictures as teachers have them, made into what a phone of 2017 reads and what costs little: nothing of the camera stays.

Every picture is drawn anew, so whatever hid in the file (place, owner, a second file behind it) is gone. Transparent ground
becomes white: black lines on nothing would vanish in the dark.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

from guanxue.core.i18n import lazy as _
from guanxue.media.errors import BadFile

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
LONGEST_SIDE, LONGEST_SIDE_READ = 1600, 30_000
# A JPEG is decoded small from the start, unless its lines come in several rounds; all others stand in memory whole.
MOST_PIXELS, MOST_PIXELS_WHOLE = 80_000_000, 24_000_000
_SHRINKS = (8, 4, 2)  # by how much the decoder can make it smaller on the way
_SHRUNK_FIRST = ("L", "LA", "RGB", "RGBA", "CMYK")  # whose points may be mixed as they are
_FRAMES, _SCAN = (0xC0, 0xC1), 0xDA
_SRGB = ImageCms.createProfile("sRGB")


@dataclass(frozen=True)
class Drawn:
    """A picture made anew: `body` is JPEG or PNG (`extension`), which every browser reads, `webp` the same smaller, or b""."""

    body: bytes
    extension: str
    webp: bytes
    width: int
    height: int


def redraw(path: Path) -> Drawn:
    """The picture in that file, upright, at most 1600 points long, its first frame. Raises BadFile."""
    try:
        with Image.open(path, formats=FORMATS) as opened:
            source = opened.format
            _must_fit(opened, path)
            image = _small(opened)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    # Everything that Pillow raises for broken files.
    except (OSError, ValueError, SyntaxError, EOFError, TypeError, IndexError, OverflowError):
        raise BadFile(_("图片读不出来，可能没有传完或已经损坏。")) from None
    return _encoded(image, may_be_lines=source != "JPEG")


def measures(made: Path) -> tuple[int, int]:
    """Width and height of a picture that redraw() made."""
    with Image.open(made, formats=FORMATS) as opened:
        return opened.size


def _too_large() -> BadFile:
    return BadFile(_("图片的尺寸太大；请用手机截图或裁剪后再传。"))


def _must_fit(opened: Image.Image, path: Path) -> None:
    """Only the header has been read. Raises BadFile for what no memory should hold."""
    width, height = opened.size
    is_light = opened.format == "JPEG" and width * height > MOST_PIXELS_WHOLE and _is_light(path)
    if max(width, height) > LONGEST_SIDE_READ or width * height > (MOST_PIXELS if is_light else MOST_PIXELS_WHOLE):
        raise _too_large()


def _is_light(path: Path) -> bool:
    with path.open("rb") as f:
        return is_in_one_scan(f.read(1024 * 1024))


def is_in_one_scan(head: bytes) -> bool:
    """Does a JPEG that begins so come line by line with all its colours? Else its decoder keeps it whole to the last round."""
    at, colours = 2, 0
    while at + 4 <= len(head) and head[at] == 0xFF:
        marker, length = head[at + 1], int.from_bytes(head[at + 2:at + 4], "big")
        if marker == 0xFF:  # filling
            at += 1
            continue
        if marker in _FRAMES and at + 10 <= len(head):
            colours = head[at + 9]
        if marker == _SCAN:
            return colours > 0 and head[at + 4:at + 5] == bytes((colours,))
        at += 2 + max(length, 2)
    return False


def _small(opened: Image.Image) -> Image.Image:
    width, height = opened.size
    # What it is asked for is the size it should give: the shorter side of a panorama must not keep the longer one large.
    shrink = next((n for n in _SHRINKS if max(width, height) >= n * LONGEST_SIDE), 1)
    opened.draft("RGB", (max(1, width // shrink), max(1, height // shrink)))  # does something for JPEG only
    if opened.mode in _SHRUNK_FIRST and "transparency" not in opened.info:  # in its place: a second one is as large
        opened.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    image = _in_srgb(ImageOps.exif_transpose(opened))
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return image


def _in_srgb(image: Image.Image) -> Image.Image:
    """Three plain channels, without a profile of its own, on white."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I") or image.mode == "F":
        image = image.point(lambda value: value / 256).convert("L")
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        image = Image.new("RGB", layer.size, "white")
        image.paste(layer, mask=layer.getchannel("A"))
    if profile and image.mode == "RGB":
        try:
            return ImageCms.profileToProfile(image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), _SRGB, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            pass  # a profile nobody can read changes nothing
    return image.convert("RGB")


def _encoded(image: Image.Image, *, may_be_lines: bool) -> Drawn:
    """A photograph as JPEG; drawings and pictures of screens as PNG where that stays about as small, for their edges."""
    bare = Image.new("RGB", image.size)
    bare.paste(image)  # leaves every remark of the file behind
    body, extension = _saved(bare, "JPEG", quality=82, optimize=True, progressive=True), "jpg"
    is_lines = False
    if may_be_lines:
        sharp = _saved(bare, "PNG", optimize=True)
        if is_lines := len(sharp) <= len(body) * 13 // 10:
            body, extension = sharp, "png"
    webp = _saved(bare, "WEBP", method=4, **({"lossless": True} if is_lines else {"quality": 76}))
    return Drawn(body, extension, webp if len(webp) < len(body) else b"", *bare.size)


def _saved(image: Image.Image, form: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()
