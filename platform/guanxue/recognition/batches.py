"""Tables of certificates that officers and towns bring: read and told line by line, taken whole or not at all, once.

A line names somebody by phone and name. Whether a number has an account is told to nobody: a wrong name and no account sound
the same. Each line becomes a certificate like any other: its holder is told and may withdraw it, and it passes the same four
eyes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from guanxue import accounts, audit, standards
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Forbidden, Invalid, Problem
from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.i18n import marked as N_  # noqa: N812 gettext's own name for it
from guanxue.core.plain import invalid_field
from guanxue.core.sheets import read_table
from guanxue.recognition import conversion, deciding, queries, rules
from guanxue.recognition.errors import NotNow
from guanxue.recognition.models import Batch, Filing
from guanxue.recognition.queries import OFFICE, open_filing
from guanxue.recognition.service import Checked, Facts, add_filing, check_facts, must_be_new, new_code, note, tell

MOST_LINES = 300
TOWN = "curate:"
# The columns of a table, in the order of the template; each with other words that people put there.
COLUMNS = {
    "name": (N_("姓名"), "名字", "name"), "phone": (N_("手机号"), "手机", "手机号码", "联系电话", "phone"),
    "kind": (N_("证书种类"), "证书类别", "种类", "kind"), "number": (N_("证书编号"), "编号", "证书号", "number"),
    "occupation": (N_("职业（工种）"), "职业(工种)", "职业", "工种", "occupation"), "level": (N_("等级"), "级别等级", "level"),
    "issuer": (N_("发证机构"), "发证单位", "评价机构", "issuer"), "issued_on": (N_("发证日期"), "日期", "issued_on"),
    "contest": (N_("竞赛名称"), "竞赛", "contest"), "scope": (N_("竞赛级别"), "赛级", "scope"),
    "rank": (N_("名次"), "奖项", "rank"), "team_size": (N_("队员人数"), "人数", "team_size"),
}
NEEDED = ("name", "phone", "kind", "issuer", "issued_on")
_KINDS = {"技能等级": rules.SKILL, "职业资格": rules.QUALIFICATION, "专项": rules.ABILITY, "竞赛": rules.CONTEST}
_SCOPES = {"国": "national", "全国": "national", "省": "province", "市": "city"}
_DIGITS = str.maketrans("一二三四五", "12345")


@dataclass(frozen=True)
class Line:
    """A line that can be taken: where it stands, whose it is, what it says."""

    number: int
    name: str
    phone: str
    person_id: int
    checked: Checked


@dataclass(frozen=True)
class Fault:
    """What is wrong with a line."""

    number: int
    text: str
    whys: tuple[object, ...]


@dataclass(frozen=True)
class Read:
    """A table as it was read."""

    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]


def may_bring(actor: Actor) -> bool:
    """May the actor bring tables: an officer, or who curates a town?"""
    return actor.is_person and (actor.may(OFFICE) or any(c.startswith(TOWN) for c in actor.capabilities))


def must_bring(actor: Actor) -> None:
    """Raise unless may_bring(), with a second factor shown: it asks for credit in other people's names."""
    if not may_bring(actor):
        actor.must_be_person()
        raise Forbidden(_("你没有做这件事的权限。"))
    actor.require_proved()


# ---- reading


def read_file(actor: Actor, data: bytes, filename: str) -> tuple[list[dict], Read]:
    """(its rows as plain cells, what they say). Writes nothing. Raises Invalid where it is no table, Forbidden."""
    must_bring(actor)
    rows = _rows(read_table(data, filename, most_rows=MOST_LINES + 20))
    return rows, look_at(actor, rows)


def _rows(table: list[tuple[int, list[str]]]) -> list[dict]:
    """Each row as {column: text}, with the number of its line."""
    for at, (_number, cells) in enumerate(table[:10]):
        heads = [c.strip().lower().rstrip("：:*") for c in cells]
        places = {name: next((i for i, head in enumerate(heads) if head in words), None) for name, words in COLUMNS.items()}
        if all(places[name] is not None for name in NEEDED):
            found = [{"line": str(number), **_cells(row, places)} for number, row in table[at + 1:]]
            return [row for row in found if any(value for name, value in row.items() if name != "line")]
    raise Invalid(_("没有找到表头。请用空白表格里的表头：姓名、手机号、证书种类、证书编号等。"))


def _cells(row: list[str], places: dict[str, int | None]) -> dict[str, str]:
    return {name: row[i] if i is not None and i < len(row) else "" for name, i in places.items()}


def look_at(actor: Actor, rows: list[dict]) -> Read:
    """Every row looked at by itself and against the others. Writes nothing. Raises Invalid for none or too many."""
    if not rows:
        raise Invalid(_("表格里没有证书。"))
    if len(rows) > MOST_LINES:
        raise Invalid(_("一次最多 %(n)s 行，请分几次。", n=MOST_LINES))
    table, towns = queries.current_conversion().table, _towns_of(actor)
    trades = {o.name: o.slug for o in standards.list_occupations()}
    lines, faults, seen = [], [], {}
    for row in rows:
        number = int(row["line"]) if row.get("line", "").isdecimal() else 0
        try:
            line = _line(number, row, table, towns, trades)
            key = (line.checked.kind, line.checked.number) if line.checked.number else (line.person_id, line.checked)
            if key in seen:
                raise Invalid(_("和第 %(n)s 行是同一张证书。", n=seen[key]))
            seen[key] = number
            lines.append(line)
        except Problem as problem:
            whys = tuple(f["message"] for f in problem.fields) or (problem.message,)
            faults.append(Fault(number, " ".join(row[n] for n in ("name", "number", "contest") if row.get(n))[:60], whys))
    return Read(tuple(lines), tuple(faults))


def _digest(rows: list[dict]) -> str:
    """Of what a table says, however its file was saved and wherever its lines stand."""
    said = [[row.get(name, "") for name in COLUMNS] for row in rows]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def _towns_of(actor: Actor) -> set[int] | None:
    """Row ids of the towns whose people a town's table may name; None for an officer's, which may name all."""
    if actor.may(OFFICE):
        return None
    slugs = {c.removeprefix(TOWN) for c in actor.capabilities if c.startswith(TOWN)}
    return {t.id for t in accounts.list_towns() if t.slug in slugs}


def _line(number: int, row: dict, table: conversion.Table, towns: set[int] | None, trades: dict[str, str]) -> Line:
    name, phone = " ".join(row["name"].split()), accounts.checked_phone(row["phone"].strip().lstrip("'"))
    checked = check_facts(_facts(row, trades), table)
    person = accounts.find_person_by_phone(phone)
    is_theirs = person is not None and person.name == name and person.merged_into_id is None and person.disabled_at is None
    if not is_theirs or (towns is not None and person.town_id not in towns):
        raise Invalid(_("没有用这个手机号和姓名登记、又归这里管的人。"))
    must_be_new(person.id, checked)
    mine = set(accounts.all_accounts_of(person.id))
    same = queries.list_same_number(queries.hash_of(checked.kind, checked.number))
    if any(one.person_id not in mine for one in same):
        raise Invalid(_("这个编号不能用表格交，请本人自己交。"))
    return Line(number, name, phone, person.id, checked)


def _facts(row: dict, trades: dict[str, str]) -> Facts:
    """A row's words as a form's values; what is not known stays as it is, for the form's own words about it."""
    kind = next((value for word, value in _KINDS.items() if word in row.get("kind", "")), "")
    level = row.get("level", "").translate(_DIGITS).strip()
    level = str(rules.SPECIAL) if "特级" in level else level[:1]
    if kind in (rules.ABILITY, rules.CONTEST):
        level = ""
    trade = row.get("occupation", "").strip()
    scope = next((value for word, value in _SCOPES.items() if row.get("scope", "").startswith(word)), "")
    rank = next((c for c in row.get("rank", "").translate(_DIGITS) if c in "123"), "")
    return Facts(kind, row.get("number", ""), trades.get(trade, trade), level, row.get("issuer", ""), row.get("issued_on", ""),
                 row.get("contest", ""), scope, rank, row.get("team_size", ""))


# ---- taking it


def take_batch(actor: Actor, rows: list[dict], filename: str) -> Batch:
    """All of its certificates, or none of them where one line has a fault. The same table again is the same batch.

    Raises Invalid, Forbidden.
    """
    must_bring(actor)
    digest = _digest(rows)
    there = session.scalar(select(Batch).where(Batch.digest == digest))
    if there is not None:
        return queries.get_batch(actor, there.code)
    read = look_at(actor, rows)
    if read.faults:
        raise Invalid(_("有 %(n)s 行要改，一行也没有收。改好以后再传一次。", n=len(read.faults)))
    for person_id in sorted({line.person_id for line in read.lines}):
        accounts.lock_person(person_id)
    batch = Batch(code=new_code(), digest=digest, filename=filename[-80:], count=len(read.lines),
                  brought_by=actor.ref, brought_at=clock.now())
    try:
        with session.begin_nested():
            session.add(batch)
    except IntegrityError:  # sent twice at one moment
        return queries.get_batch(actor, session.scalar(select(Batch.code).where(Batch.digest == digest)))
    version = queries.current_conversion()
    for line in read.lines:
        made = add_filing(actor, line.person_id, line.checked, version, batch)
        note(actor, made, "filed", detail={"batch": batch.code})
        tell(made)
    audit.record(actor, "recognition.batch.brought", f"batch:{batch.code}", {"count": batch.count})
    return batch


# ---- a batch before the two pairs of eyes


def open_batch(actor: Actor, batch: Batch, reason: str) -> None:
    """Open the numbers of all its certificates for half an hour; why is kept with each. Raises Invalid, Forbidden."""
    for filing in queries.list_in_batch(batch.id):
        deciding.open_whole(actor, open_filing(filing), reason)


def look_up_batch(actor: Actor, batch: Batch, told: dict[str, deciding.Lookup]) -> int:
    """Look-ups by code of a certificate, all of them or none; how many. Raises Invalid, naming the code, Forbidden, NotNow."""
    if not told:
        raise Invalid(_("还没有填一行核查结果。"))
    mine = {f.code: f for f in queries.list_in_batch(batch.id)}
    for code, lookup in told.items():
        if code not in mine:
            raise NotNow(_("这张证书不在这份表格里。"))
        try:
            deciding.look_up(actor, open_filing(mine[code]), lookup)
        except Invalid as problem:
            raise Invalid(problem.message, fields=[{"field": f"{f['field']}-{code}", "message": f["message"]}
                                                   for f in problem.fields]) from None
    return len(told)


def approve_batch(actor: Actor, batch: Batch, codes: Iterable[str]) -> int:
    """Approve those of these that were looked up, all or none; how many. Raises as deciding.approve does."""
    chosen = set(codes)
    found = [f for f in queries.list_in_batch(batch.id) if f.code in chosen]
    if not found:
        raise invalid_field("code", _("请先选要认定的。"))
    for filing in found:
        deciding.approve(actor, open_filing(filing))
    return len(found)


def list_ready(filings: Iterable[Filing]) -> list[Filing]:
    """Those that were looked up, match, and have nothing against an approval."""
    return [f for f in filings if f.state == rules.CHECKED and deciding.why_not_yet(open_filing(f)) is None]


# ---- an empty table


def template() -> tuple[list[str], list[list[str]]]:
    """(the heading, two lines that show how) in the reader's language; the numbers are nobody's."""
    heading = [gettext(words[0]) for words in COLUMNS.values()]
    return heading, [
        ["张三（示例，请删）", "13800000000", "职业技能等级证书", "Y000044000001255000001", "车工", "五级", "示例评价机构",
         "2025-06-30", "", "", "", ""],
        ["李四（示例，请删）", "13800000000", "技能竞赛", "", "", "", "示例主办单位", "2025-06-30", "示例技能竞赛", "市级",
         "二等奖", "1"]]


def dumped(rows: list[dict]) -> str:
    """Rows for a form's hidden field, from a look to the confirmation."""
    return json.dumps(rows, ensure_ascii=False)


def loaded(text: str) -> list[dict]:
    """They again; whatever else was put there is no row. Raises Invalid."""
    try:
        rows = json.loads(text)
        assert isinstance(rows, list) and len(rows) <= MOST_LINES
        return [{name: str(row.get(name, ""))[:300] for name in ("line", *COLUMNS)} for row in rows]
    except (ValueError, AssertionError, AttributeError, RecursionError):
        raise Invalid(_("名单没有传完整，请重新传一次表格。")) from None

