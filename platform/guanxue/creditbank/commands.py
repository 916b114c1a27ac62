"""`guanxue credits …`: the credit bank, from a terminal."""

from __future__ import annotations

import sys

import click

from guanxue import accounts, creditbank
from guanxue.core.actor import SYSTEM
from guanxue.core.command import fail, in_app


@click.group("credits")
def group() -> None:
    """学分：由原始学习记录重新计算、冲销。"""


@group.command("recompute")
@click.option("--learner", help="只算一个人：手机号")
@in_app()
def recompute(learner: str | None) -> None:
    """由原始记录重新算出每一笔学分，与账本比较；有出入就以 1 退出并列表。"""
    person = accounts.find_person_by_phone(accounts.checked_phone(learner)) if learner else None
    if learner and person is None:
        fail("没有用这个手机号注册的人。")
    count, differences = creditbank.recompute(person.id if person else None)
    for d in differences:
        stored, derived = creditbank.decimal_text(d.stored), creditbank.decimal_text(d.derived)
        click.echo(f"{d.person}\t{d.course}\t账上 {stored}\t应为 {derived}\t{d.why}")
    if differences:
        sys.exit(1)
    click.echo(f"全部相符：{count} 次结业。")


@group.command("reverse")
@click.argument("code")
@click.option("--reason", required=True, help="原因，本人能看到")
@click.option("--authority", required=True, help="依据，例如文件号")
@in_app(writes=True)
def reverse(code: str, reason: str, authority: str) -> None:
    """冲销一笔学分（不删除，另记一笔）。"""
    creditbank.take_back(SYSTEM, code, reason=reason, authority=authority)
    click.echo("已冲销。")


COMMANDS = [group]
