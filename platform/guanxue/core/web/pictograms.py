"""Line drawings of the city's trades, drawn by us on a 24 px grid with strokes of 1.75, and the words they belong to.

Industries are those of the standards; crafts are what towns say they make ("毛织", "模具"): a craft is drawn by itself and
coloured as the industry it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

INDUSTRIES = {
    "equipment": "M3 20h18M4 20v-9h6v9M10 13h3v4h-3M13 15h3M16 12h4v8M4 11V8h3v3M7 8h8M15 6v4M7 14.5v2",
    "smart": "M7 20h10M12 20v-4M8 16h8l1-5-3-2 1-4M10 9a2 2 0 1 0 4 0 2 2 0 0 0-4 0M15 5h4v3",
    "electronics": "M7 7h10v10H7zM10 10h4v4h-4zM9 7V3M15 7V3M9 21v-4M15 21v-4M7 9H3M7 15H3M21 9h-4M21 15h-4",
    "textiles": "M8 4l4 2 4-2 5 4-3 3-2-1v10H8V10l-2 1-3-3z",
    "light": "M5 10V5h14v5M3 10h18v5H3zM5 15v5M19 15v5",
    "food": "M4 11h16a8 8 0 0 1-16 0zM9 20h6M9 8c0-2 2-2 2-4M13 8c0-2 2-2 2-4",
    "services": "M4 11l8-7 8 7M6 10v10h12V10M10 20v-6h4v6",
    "care": "M12 20s-8-4.6-8-10.4A4.4 4.4 0 0 1 12 7a4.4 4.4 0 0 1 8 2.6C20 15.4 12 20 12 20zM8 12h2l1.5-2.5 2 5L15 12h1",
    "commerce": "M4 9l1-5h14l1 5M4 9v11h16V9M4 9c0 3 4 3 4 0 0 3 4 3 4 0 0 3 4 3 4 0 0 3 4 3 4 0M9 20v-5h6v5",
    "logistics": "M3 17V6h9v11M12 10h4l4 4v3M3 17h3M10 17h5M6 17a2 2 0 1 0 4 0 2 2 0 0 0-4 0M15 17a2 2 0 1 0 4 0 2 2 0 0 0-4 0",
    "automotive": "M3 16v-4l2-1 2-5h9l3 5 2 1v4h-2M9 16h6M5 16a2 2 0 1 0 4 0 2 2 0 0 0-4 0"
                  "M15 16a2 2 0 1 0 4 0 2 2 0 0 0-4 0M7 11h11",
    "digital": "M4 5h16v11H4zM9 20h6M12 16v4M9 9l-2 2 2 2M15 9l2 2-2 2",
    "construction": "M4 20h16M6 20V8h7v12M13 12h5v8M9 11v1M9 15v1M15 15v1M6 8l3-4h1l3 4",
    "environment": "M5 19c0-9 5-14 15-14 0 10-5 15-13 13M5 21c1-5 4-9 9-11",
    "quality": "M4 4h10v4M4 4v16h10v-3M8 9h3M8 13h2M13 13a4 4 0 1 0 8 0 4 4 0 0 0-8 0M20 16l2 3",
    "safety": "M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6zM8.5 12l2.5 2.5 4.5-5",
    "management": "M4 20V10M10 20V4M16 20v-7M21 20H3M20 9l-4-4-3 3",
    "culture": "M4 5h7a1 1 0 0 1 1 1v13a2 2 0 0 0-2-1H4zM20 5h-7a1 1 0 0 0-1 1v13a2 2 0 0 1 2-1h6z",
    "foundation": "M3 9l9-4 9 4-9 4zM7 11v5c2 2 8 2 10 0v-5M21 9v6",
    "career": "M4 8h16v11H4zM9 8V5h6v3M4 13h16M12 12v2",
    "emerging": "M12 12m-2 0a2 2 0 1 0 4 0 2 2 0 0 0-4 0M12 10V5M12 14v5M10 12H5M14 12h5M3 5h4M17 5h4M3 19h4M17 19h4"
                "M5 5l5 5M19 5l-5 5M5 19l5-5M19 19l-5-5",
    "town": "M4 20h16M6 20v-8l3-2 3 2v8M12 20V7l3-3 3 3v13M9 15v1M15 10v1M15 14v1",
}


@dataclass(frozen=True)
class Craft:
    """What a town makes: the words that mean it, the industry it is coloured as, its drawing."""

    words: tuple[str, ...]
    industry: str
    drawing: str


# The first craft one of whose words a town's trade contains is the trade's.
CRAFTS = {
    "knit": Craft(("毛织", "针织"), "textiles",
                  "M8 4c2 2 6 2 8 0l5 4-3 3-2-1v10H8V10l-2 1-3-3zM10 10l2 2 2-2M10 13l2 2 2-2M10 16l2 2 2-2"),
    "denim": Craft(("牛仔",), "textiles", "M7 4h10l2 16h-5l-2-10-2 10H5zM7 7h10M12 4v6M16 7c0 2 1 3 2 3M8 7c0 2-1 3-2 3"),
    "garment": Craft(("服装", "服饰"), "textiles", "M12 8V7a2 2 0 1 0-2-2M12 8l8 5H4zM7 13v7h10v-7M12 13v7"),
    "loom": Craft(("纺织",), "textiles", "M4 20V5h16v15M4 9h16M4 16h16M8 5v15M12 5v15M16 5v15M7 12.5h10"),
    "mould": Craft(("模具",), "equipment",
          "M4 13h16v7H4zM4 10V4h16v6M8 13a4 4 0 0 0 8 0M8 10a4 4 0 0 1 8 0M7 4v-1M17 4v-1M7 17v1M17 17v1"),
    "print3d": Craft(("增材",), "smart", "M4 20V4h16v16zM9 4v4h6V4M12 8v3M8 17h8M9 14h6M7 20h10"),
    "shoe": Craft(("鞋",), "light", "M4 7v10h17v-2c0-2-3-3-6-4l-4-5-3 2-4-1M4 20h17v-3M11 9l2-1M13 11l2-1"),
    "furniture": Craft(("家具",), "light", "M7 12V4h10v8M5 12h14v3H5zM7 15v6M17 15v6M10 4v8M14 4v8"),
    "toy": Craft(("玩具",), "light",
                 "M12 21a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM8.5 10.5a2.5 2.5 0 1 1 1-4.5M15.5 10.5a2.5 2.5 0 1 0-1-4.5"
                 "M9.5 6a4 4 0 0 1 5 0M10 14v.5M14 14v.5M10.5 17c1 1 2 1 3 0"),
    "print": Craft(("印刷",), "light", "M7 9V4h10v5M5 9h14v7h-2M7 16H5V9M7 13h10v7H7zM10 16h4"),
    "packing": Craft(("包装",), "light", "M4 8l8-4 8 4v9l-8 4-8-4zM4 8l8 4 8-4M12 12v9M8 6l8 4v4"),
    "paper": Craft(("造纸", "纸"), "light", "M4 6h12v12H4zM16 6a3 3 0 0 1 0 12M16 10a1.5 1.5 0 0 1 0 4M7 10h6M7 14h6"),
    "plastics": Craft(("塑胶", "塑料"), "light",
          "M3 20h18M5 20v-6h10v6M7 4h8l-3 6h-2zM10 10v4M12 10v4M15 16h3v2h-3M18 17h3M8 17h4"),
    "hardware": Craft(("五金",), "equipment", "M8 3h8l4 7-4 7H8l-4-7zM12 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 21h8"),
    "cable": Craft(("线缆",), "electronics", "M4 12a5 5 0 0 1 10 0v3a3 3 0 0 0 6 0V4M4 12v8M7 12v8M4 20h3M18 4h4"),
    "phone": Craft(("手机", "智能终端", "通信"), "electronics",
          "M8 3h8a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM7 17h10M11 6h2"),
    "screen": Craft(("光电", "办公", "计算机", "数码"), "electronics", "M3 5h18v12H3zM8 20h8M12 17v3M7 13l3-4 3 3 2-2 2 3"),
    "speaker": Craft(("音响", "家电"), "electronics",
          "M6 3h12v18H6zM12 17a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM12 6v.5M12 13v1"),
    "power": Craft(("电源", "新能源", "绿色能源"), "environment", "M7 6h10v15H7zM10 6V3h4v3M13 9l-3 5h4l-3 4"),
    "port": Craft(("港口", "港"), "logistics",
          "M3 16h18l-2 4H5zM6 16v-4h5v4M11 16V9h4v7M17 16V4h-6M11 4v2M3 22c2-1 3-1 5 0"),
    "rail": Craft(("铁路",), "logistics", "M7 4h10v12H7zM7 10h10M9 16l-3 4M15 16l3 4M7 18h10M10 13v.5M14 13v.5M12 4v6"),
    "oil": Craft(("石化", "化工", "涂料"), "emerging", "M5 20V8c0-3 8-3 8 0v12M5 11c2 1.5 6 1.5 8 0M13 14h4V7h3v13M3 20h18"),
    "golf": Craft(("高尔夫", "球具"), "culture", "M10 17V3l8 3.5-8 3.5M4 19c4-3 12-3 16 0M16 14a1.5 1.5 0 1 0 0-.01"),
    "dumpling": Craft(("粽", "米粉"), "food", "M12 4l9 13c-2 4-16 4-18 0zM12 4L8 19M12 4l5 15M5 14c4 2 10 2 14 0"),
    "grain": Craft(("粮", "农业", "水乡"), "emerging",
          "M12 21V9M12 9c-3-1-3-4 0-6 3 2 3 5 0 6zM12 14c-3 0-5-1-5-4 3 0 5 1 5 4zM12 14c3 0 5-1 5-4-3 0-5 1-5 4z"
                   "M12 19c-3 0-5-1-5-4 3 0 5 1 5 4zM12 19c3 0 5-1 5-4-3 0-5 1-5 4z"),
    "dragonboat": Craft(("龙舟",), "culture",
          "M2 13c3 5 17 5 20-2l-2-3-3 2 1 2c-4 2-11 2-14 0M8 12l-2 7M12 13l-1 7M16 12l1 6M20 8l1-2"),
    "stars": Craft(("七夕", "贡案"), "culture",
          "M16 3.5l1.3 2.7 3 .4-2.1 2.1.5 3-2.7-1.4-2.7 1.4.5-3-2.1-2.1 3-.4z"
          "M6.5 14l1 1.9 2 .3-1.5 1.5.4 2-1.9-1-1.9 1 .4-2-1.5-1.5 2-.3zM4 8c2 0 4 1 5 3"),
    "incense": Craft(("莞香", "香"), "culture", "M5 15h14l-2 5H7zM12 15V9M9 15v-3M15 15v-3M12 6c-2-1 2-2 0-4M4 20h16"),
    "fair": Craft(("会展",), "commerce", "M3 10l9-6 9 6M5 10v10h14V10M9 20v-6h6v6M12 4V2M9 10h6"),
    "tour": Craft(("旅游", "休闲"), "services", "M3 19l6-10 4 6 2-3 6 7zM17 7a2 2 0 1 0 0-.1M9 9l1.5 3-1.5 1-1.5-1"),
    "finance": Craft(("金融", "总部"), "management", "M3 9l9-5 9 5zM5 9v8M9.5 9v8M14.5 9v8M19 9v8M3 20h18M4 17h16"),
    "science": Craft(("科研", "科学", "材料", "生物"), "emerging",
          "M9 3h6M10 3v6l-5 9a2 2 0 0 0 2 3h10a2 2 0 0 0 2-3l-5-9V3M7.5 15h9M11 18v.5M14 17v.5"),
}
# What towns say of industries of the standards.
INDUSTRY_WORDS = {
    "汽车": "automotive", "物流": "logistics", "食品": "food", "电子": "electronics", "数码": "digital", "智能": "smart",
    "机电": "equipment", "装备": "equipment", "机械": "equipment",
    "制造": "equipment", "环保": "environment", "再生": "environment",
    "贸易": "commerce", "商贸": "commerce", "零售": "commerce", "教育": "foundation", "文化": "culture", "文创": "culture",
    "家政": "services", "服务": "services", "电商": "commerce",
    "数字": "digital", "软件": "digital", "医": "care", "建筑": "construction",
}
DRAWINGS = INDUSTRIES | {name: craft.drawing for name, craft in CRAFTS.items()}


def industry_of(name: str) -> str:
    """The industry whose colours a pictogram bears; "foundation" for a name nobody knows."""
    return CRAFTS[name].industry if name in CRAFTS else name if name in INDUSTRIES else "foundation"


def name_of(trade: str) -> str:
    """The pictogram of one of a town's trades ("毛织" → "knit"); "town" where we have drawn none."""
    for name, craft in CRAFTS.items():
        if any(word in trade for word in craft.words):
            return name
    return next((name for word, name in INDUSTRY_WORDS.items() if word in trade), "town")


def first_of(trades: Iterable[str]) -> str:
    """The pictogram of a town: its first trade that is drawn."""
    return next((name for trade in trades if (name := name_of(trade)) != "town"), "town")
