"""Every token and component alive on one page, for whoever builds pages; there is no such page in production."""

from __future__ import annotations

import re
from types import SimpleNamespace

from flask import Blueprint, Response, abort

from guanxue.core.settings import settings
from guanxue.core.web import pictograms
from guanxue.core.web.pages import page

blueprint = Blueprint("styleguide", __name__)
_TOKEN = re.compile(r"^  (--[\w-]+): (#\w{6});", re.MULTILINE)
_SYMBOL = re.compile(r'<symbol id="(\w+)"')
LONG = "五金模具与汽车零部件精密加工岗位技能提升综合实训（虎门长安班）"  # 30 characters: names get as long as that


@blueprint.get("/styleguide")
def styleguide() -> Response:
    """The page; the templates' own macros draw what is on it, so it cannot show what pages do not have."""
    if settings().is_production:
        abort(404)
    return page("pages/styleguide.html", tokens=_tokens(), icons=_icons(), covers=_covers(), courses=_courses(),
                tracks=_tracks(), industries=list(pictograms.INDUSTRIES), crafts=list(pictograms.CRAFTS))


def _static(name: str) -> str:
    return (settings().root / "static" / "base" / name).read_text("utf-8")


def _tokens() -> list[tuple[str, str]]:
    """(name, colour by day) of every colour, in the order of tokens.css."""
    return _TOKEN.findall(_static("tokens.css").partition("@media")[0])


def _icons() -> list[str]:
    return _SYMBOL.findall(_static("icons.svg"))


def _covers() -> list[tuple[str, str]]:
    """(subject, name): one of each hand, and two names of one subject."""
    return [("town", "humen"), ("town", "dongcheng"), ("knit", "dalang"), ("mould", "hengli"), ("hardware", "qishi"),
            ("electronics", "shilong"), ("furniture", "houjie"), ("port", "shatian")]


def _courses() -> list[SimpleNamespace]:
    """A course that is open, one half made, a plan with a long name."""
    common = {"level": "四级/中级工", "kind": "技能提升", "planned_hours": 36}
    rows = [
        {"slug": "knitwear-quality", "title": "毛织品质检验", "industry": "textiles", "status": "open", "ready": 4,
         "lessons": 4, "minutes": 23, "towns": ["大朗镇"]},
        {"slug": "mould-assembly", "title": "模具装配与试模", "industry": "equipment", "status": "open", "ready": 2,
         "lessons": 6, "minutes": 41, "towns": ["横沥镇", "长安镇"]},
        {"slug": "planned", "title": LONG, "industry": "automotive", "status": "planned", "ready": 0,
         "lessons": 0, "minutes": 0, "towns": ["虎门镇", "长安镇"]},
    ]
    return [SimpleNamespace(**common, **row) for row in rows]


def _tracks() -> list[SimpleNamespace]:
    common = {"is_published": True, "courses": 13, "joined": 1204, "finished": 86}
    some, none = ([SimpleNamespace(open=n % 2 == 1) for n in range(4)], [SimpleNamespace(open=0)] * 5)
    return [
        SimpleNamespace(slug="a", title="毛织品质检验", is_open=True, open=2, stages=some, **common),
        SimpleNamespace(slug="b", title=LONG, is_open=False, open=0, stages=none, **common),
    ]
