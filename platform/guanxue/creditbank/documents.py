"""Statements as tables and papers: the figures of one statement, in whatever form it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import segno

from guanxue import creditbank
from guanxue.core import clock, sheets
from guanxue.core.i18n import gettext, in_first_language
from guanxue.core.i18n import lazy as _
from guanxue.creditbank.wording import CATEGORY_NAMES, SOURCE_NAMES

GIVEN, TAKEN, ENDED, CAME, WENT = _("记入"), _("已收回"), _("到期"), _("转来"), _("转走")
ROWS_ON_FIRST = 12
NOTE = ("本对账单是账户的明细，由持有人自己打印，没有签名；每一笔的核验码都可以在核验页单独核对，以核验页为准。"
        "要一份带签名的，可在“我的证明”里出具。不是学历、学位证明，也不代替国家规定的职业（工种）评价证书。")


def is_earned(line: creditbank.Line) -> bool:
    """Is it the line by which a credit was first given?"""
    return kind_word(line) is GIVEN


def kind_word(line: creditbank.Line) -> object:
    """What happened, in a word; by the kind of the entry."""
    if line.kind in ("reversal", "expiry"):
        return TAKEN if line.kind == "reversal" else ENDED
    if line.kind.rpartition("-")[2] in ("merge", "part", "return"):
        return CAME if line.amount > 0 else WENT
    return GIVEN


def category_word(category: str) -> object:
    """A kind of the catalogue in words."""
    return CATEGORY_NAMES.get(category, _("没有分类"))


def source_word(source: str) -> object:
    """Where a credit comes from, in words."""
    return SOURCE_NAMES.get(source, source)


def told(its: creditbank.Statement) -> dict:
    """A statement's sums as people read them."""
    text = creditbank.decimal_text
    return {"opening": text(its.opening), "closing": text(its.closing), "given": text(its.given), "taken": text(its.taken),
            "hours": text(its.hours_milli), "count": len(its.rows),
            "categories": [(category_word(c), text(n)) for c, n in its.by_category().items()],
            "sources": [(source_word(s), text(n)) for s, n in its.by_source().items()]}


def workbook(its: creditbank.Statement, *, person_id: int, name: str, site: str, head: dict | None, at: datetime) -> bytes:
    """Two sheets: the sums with what a stranger checks them by, and every line. Credits and hours are numbers."""
    heading = [gettext("账本编号"), gettext("日期"), gettext("发生了什么"), gettext("名称"), gettext("从哪里来"),
               gettext("类别"), gettext("学时"), gettext("学分"), gettext("余额"), gettext("核验码"), gettext("原因"),
               gettext("依据"), gettext("怎么判的")]
    rows = [[x.number, clock.city_day(x.at).isoformat(), str(kind_word(x)), x.title, str(source_word(x.source)),
             str(category_word(x.category)), x.hours_milli / 1000, x.amount / 1000, x.balance / 1000, _code(x), x.reason,
             x.authority, "\n".join(str(s) for s in x.sentences)] for x in its.lines()]
    return sheets.write_sheets([
        (gettext("合计"), [gettext("学分对账单"), ""], list(_sums(its, person_id, name, site, head, at)), [30, 60]),
        (gettext("明细"), heading, rows, [10, 12, 12, 30, 12, 14, 10, 10, 10, 18, 30, 24, 60])])


def _sums(its: creditbank.Statement, person_id: int, name: str, site: str, head: dict | None,
          at: datetime) -> Iterator[list[sheets.Cell]]:
    yield [gettext("姓名"), name]
    yield [gettext("账户"), f"person:{person_id}"]
    yield [gettext("期间"), str(its.year) if its.year else gettext("全部")]
    yield [gettext("开出时间"), at.astimezone(clock.CITY).strftime("%Y-%m-%d %H:%M")]
    yield [gettext("期初余额"), its.opening / 1000]
    yield [gettext("记入"), its.given / 1000]
    yield [gettext("减少"), its.taken / 1000]
    yield [gettext("期末余额"), its.closing / 1000]
    yield [gettext("学时"), its.hours_milli / 1000]
    for category, amount in its.by_category().items():
        yield [gettext("类别：%(name)s", name=category_word(category)), amount / 1000]
    for source, amount in its.by_source().items():
        yield [gettext("来源：%(name)s", name=source_word(source)), amount / 1000]
    yield [gettext("核验网址"), f"{site}/verify"]
    if head is not None:
        yield [gettext("账本笔数"), head["size"]]
        yield [gettext("账本指纹"), head["root"]]
        yield [gettext("签名"), head["signature"]]


def _code(line: creditbank.Line) -> str:
    return creditbank.spaced_code(line.code or line.about)


def paper(its: creditbank.Statement, *, person_id: int, name: str, site: str, head: dict | None, at: datetime) -> dict:
    """What credentials.press() draws. A paper speaks Chinese, with its name in English below."""
    return in_first_language(lambda: _paper(its, f"{name}（账户 person:{person_id}）", f"{site}/verify", head, at))


def _paper(its: creditbank.Statement, holder: str, address: str, head: dict | None, at: datetime) -> dict:
    text, sums = creditbank.decimal_text, told(its)
    facts = [
        ["姓名  Name", holder], ["期间  Period", f"{its.year} 年" if its.year else "全部"],
        ["余额  Balance", f"期初 {sums['opening']}，记入 {sums['given']}，减少 {sums['taken']}，期末 {sums['closing']} 学分"],
        ["学时  Class hours", sums["hours"]], ["按类别  By category", _in_a_line(sums["categories"])],
        ["按来源  By source", _in_a_line(sums["sources"])]]
    if head is not None:
        facts.append(["账本  Ledger", f"{head['size']} 笔，指纹 {head['root']}"])
    return {
        "kind": "statement", "title": f"{its.year} 年学分对账单" if its.year else "学分对账单",
        "english": "Statement of Credits", "issuer": "莞学学分银行", "seal": "",
        "number": at.astimezone(clock.CITY).strftime("%Y-%m-%d %H:%M"), "issued_at": at.isoformat(), "address": address,
        "note": NOTE, "check": "扫码，或打开下面的网址，\n输入某一笔的核验码",
        "matrix": ["".join("1" if bit else "0" for bit in row) for row in segno.make(address, error="m").matrix],
        "rows": facts, "first_page": ROWS_ON_FIRST, "columns": ["日期", "内容", "核验码", "学时", "学分"],
        "widths": [20.0, 58.0, 39.0, 15.0, 18.0],  # a code of twelve Ws is 36 mm
        "lines": [[clock.city_day(x.at).isoformat(), x.title if is_earned(x) else f"{kind_word(x)}：{x.title}", _code(x),
                   text(x.hours_milli), text(x.amount, signed=True)] for x in its.lines()]}


def _in_a_line(sums: list[tuple[object, str]]) -> str:
    return "，".join(f"{name} {amount}" for name, amount in sums) or "无"
