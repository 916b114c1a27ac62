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
LONGEST_SIDE = 1600
# A JPEG is decoded small from the start; the others stand in memory whole, four bytes a point.
MOST_PIXELS, MOST_PIXELS_WHOLE = 80_000_000, 24_000_000
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
            image = _small(opened)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    # Everything that Pillow raises for broken files.
    except (OSError, ValueError, SyntaxError, EOFError, TypeError, IndexError, OverflowError):
        raise BadFile(_("图片读不出来，可能没有传完或已经损坏。")) from None
    return _encoded(image, may_be_lines=source != "JPEG")


def _too_large() -> BadFile:
    return BadFile(_("图片的尺寸太大；请用手机截图或裁剪后再传。"))


def _small(opened: Image.Image) -> Image.Image:
    width, height = opened.size
    if width * height > (MOST_PIXELS if opened.format == "JPEG" else MOST_PIXELS_WHOLE):
        raise _too_large()
    opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # does something for JPEG only
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
