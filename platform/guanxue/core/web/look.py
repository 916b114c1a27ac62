"""How pages look in one browser: the theme, the size of text, how much data they may use; each in a small cookie of its own.

A browser that chose nothing has no cookie, and its pages are kept like anybody's: what was chosen is part of what a kept page
is found by (pagecache.py), and only the words below count as chosen, so that invented cookies make no pages of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, redirect, request

from guanxue.core.i18n import lazy as _
from guanxue.core.web.pages import own_site_path, tokenless

blueprint = Blueprint("look", __name__)
YEAR_S = 31536000
CHOICES = {
    "theme": {"": _("跟随系统"), "light": _("浅色"), "dark": _("深色")},
    "size": {"": _("标准字"), "large": _("大字")},
    "data": {"": _("跟随手机"), "save": _("省流量"), "full": _("不省")},
}


@dataclass(frozen=True)
class Look:
    """What this browser chose; "" where it leaves it to the system."""

    theme: str = ""
    size: str = ""
    data: str = ""
    phone_saves: bool = False  # it says so itself, by the header Save-Data

    @property
    def is_saving(self) -> bool:
        """Must this page get along with little data? What its reader chose here comes before what the phone says."""
        return self.data == "save" or (self.phone_saves and self.data == "")


def of(cookies: Mapping[str, str], save_data: str | None) -> Look:
    """The look that those cookies and that header Save-Data ask for."""
    return Look(**{name: _known(name, cookies.get(name, "")) for name in CHOICES}, phone_saves=save_data == "on")


def present() -> Look:
    """The look of the page that is asked for now."""
    return of(request.cookies, request.headers.get("Save-Data"))


def _known(name: str, value: str) -> str:
    return value if value in CHOICES[name] else ""


@blueprint.post("/look")
@tokenless
def choose() -> Response:
    """Choose theme, size of text or use of data for this browser and go back to where the form stood."""
    response = redirect(own_site_path(request.form.get("next"), "/"), 303)
    for name in CHOICES:
        if name not in request.form:
            continue
        if chosen := _known(name, request.form[name]):
            response.set_cookie(name, chosen, max_age=YEAR_S, samesite="Lax", httponly=True)
        else:
            response.delete_cookie(name, samesite="Lax", httponly=True)
    return response
