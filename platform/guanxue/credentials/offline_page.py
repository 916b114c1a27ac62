"""The check of a credential as one file to keep: page, program, keys and list in it, no server and no network needed."""

from __future__ import annotations

import json

from flask_babel import get_locale
from markupsafe import escape

from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.settings import settings
from guanxue.credentials.checking import WHY

WORDS = {
    "valid": _("真实有效"), "invalid": _("无效"), "unknown": _("这个浏览器判断不了"),
    "fits": _("签名正确，内容没有改动，在有效期内。"),
    "learner": _("姓名"), "title": _("项目"), "body": _("出具机构"), "work": _("学时 / 学分"),
    "date": _("出具日期"), "serial": _("编号"),
    "listed": _("对照了 {day} 的撤销名单：没有被撤销。"),
    "unlisted": _("没有对照撤销名单，不知道之后有没有撤销：请上网输入核验码再看一次。"),
}
BROWSER = _("这个浏览器不会核对这种签名（Ed25519），或者网址不是 https。请换新版的 Chrome、Edge、Safari 或 Firefox，"
            "或者上网输入核验码，或者在电脑上运行 guanxue verify。")
_STYLE = """body{font:16px/1.6 system-ui,"PingFang SC","Noto Sans CJK SC",sans-serif;
color:#1b2420;background:#faf9f5;
max-width:40rem;margin:0 auto;padding:24px 16px}h1{font-size:1.5rem}.card{background:#fff;padding:16px;border:1px solid #dddbd2}
dl{display:grid;grid-template-columns:7em 1fr;gap:4px 12px}dd{margin:0}"""


def words() -> dict:
    """What the program says, in the reader's language."""
    return {**{name: str(text) for name, text in WORDS.items()},
            "why": {**{fault: str(text) for fault, text in WHY.items()}, "browser": str(BROWSER)}}


def write(keys: list[dict], lists: list[str]) -> str:
    """The whole page. `lists` are signed lists that it takes along."""
    static = settings().root / "static" / "credentials"
    program, style = ((static / name).read_text("utf-8") for name in ("check.js", "check.css"))
    heading, told = gettext("核验证书文件"), gettext("选一份证书文件（.jwt）。在这台机器上核对，不上传，不用上网。")
    data = " ".join(f'data-{name}="{escape(json.dumps(value, ensure_ascii=False))}"'
                    for name, value in (("keys", keys), ("words", words()), ("lists", lists)))
    return (f'<!doctype html><html lang="{str(get_locale()).replace("_", "-")}"><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{heading}</title>'
            f"<style>{_STYLE}{style}</style><h1>{heading}</h1><p>{told}</p>"
            f'<div id="check" {data}><div class="drop" id="pick" hidden><label for="file">{gettext("证书文件")}</label>'
            '<input type="file" id="file" accept=".jwt"></div></div>'
            '<div id="result" hidden><h2 id="verdict" tabindex="-1"></h2><p id="why"></p><dl id="facts"></dl>'
            '<p id="listed"></p></div>'
            f"<script>{program}</script></html>\n")
