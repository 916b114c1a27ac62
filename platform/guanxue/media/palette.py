"""The colours and letters of what is drawn: the house's look (woven, drawn, stamped)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

PAPER, CARD, LINE, INK, MUTED = "#FAF9F5", "#FFFFFF", "#DDDBD2", "#1B2420", "#55605A"
SEDGE, DEEP, TINT, LITCHI, LITCHI_TINT, AMBER, AMBER_TINT = (
    "#1F6B4A", "#134A33", "#E6F0EA", "#B3262E", "#FBEAEA", "#8A5A00", "#FBF1DC")
FONT_FOLDERS = ("/usr/share/fonts/opentype/noto", "/usr/share/fonts/noto-cjk", "/usr/share/fonts/google-noto-cjk")
SIMPLIFIED = 2  # the collection's faces: JP, KR, SC, TC, HK


@lru_cache(maxsize=64)
def font(size: int, *, bold: bool = True) -> ImageFont.FreeTypeFont:
    """Noto Sans CJK of that many pixels. FileNotFoundError where it is not installed."""
    name = f"NotoSansCJK-{'Bold' if bold else 'Regular'}.ttc"
    for folder in FONT_FOLDERS:
        if (Path(folder) / name).exists():
            return ImageFont.truetype(str(Path(folder) / name), size, index=SIMPLIFIED)
    raise FileNotFoundError(f"{name}: install fonts-noto-cjk")
