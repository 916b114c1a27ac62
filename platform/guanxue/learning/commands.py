"""`guanxue presence …`: presence checks drawn again, from a terminal."""

from __future__ import annotations

import sys

import click

from guanxue import accounts, learning
from guanxue.core import clock
from guanxue.core.command import fail, in_app


@click.group("presence")
def group() -> None:
    """在场确认：由存好的种子重新抽一遍。"""


@group.command("schedule")
@click.argument("phone")
@in_app()
def schedule(phone: str) -> None:
    """由种子再抽一遍这个人每次确认的时间，与记录比较；有出入就以 1 退出。种子和下一次不显示。"""
    person = accounts.find_person_by_phone(accounts.checked_phone(phone))
    if person is None:
        fail("没有用这个手机号注册的人。")
    found = learning.list_schedule(person.id)
    for d in found:
        at = clock.moment_of(d.check.drawn_ms).astimezone(clock.CITY).isoformat(timespec="seconds")
        click.echo(f"{d.check.number}\t{at}\t{d.policy}\t应在 {d.check.due_ms} 毫秒\t再抽 {d.due_again_ms} 毫秒\t"
                   f"实际 {d.check.counted_ms} 毫秒\t{'相符' if d.agrees else '不符'}")
    if not all(d.agrees for d in found):
        sys.exit(1)
    click.echo(f"全部相符：{len(found)} 次。")


COMMANDS = [group]
