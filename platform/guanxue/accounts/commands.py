"""`guanxue user …`: people, from a terminal."""

from __future__ import annotations

import secrets

import click

from guanxue import accounts
from guanxue.core.actor import SYSTEM
from guanxue.core.command import fail, in_app


@click.group()
def user() -> None:
    """人员：新建、授予角色、重设密码。"""


@user.command("create")
@click.argument("phone")
@click.argument("name")
@click.option("--password", help="密码；不给就随机生成并打印一次")
@in_app(writes=True)
def create(phone: str, name: str, password: str | None) -> None:
    """新建一个人。"""
    chosen = password or secrets.token_urlsafe(9)
    accounts.register_person(SYSTEM, phone=phone, name=name, password_hash=accounts.hash_password(chosen, phone))
    if password is None:
        click.echo(chosen)


@user.command("role")
@click.argument("phone")
@click.argument("role", type=click.Choice(accounts.ROLES))
@click.option("--organisation", help="镇街等单位的 slug，例如 humen")
@in_app(writes=True)
def role(phone: str, role: str, organisation: str | None) -> None:
    """授予角色。"""
    person = accounts.find_person_by_phone(accounts.checked_phone(phone))
    if person is None:
        fail("没有用这个手机号注册的人。")
    accounts.grant_role(SYSTEM, person, role, organisation)


@user.command("reset-password")
@click.argument("phone")
@in_app(writes=True)
def reset_password(phone: str) -> None:
    """重设密码，打印一次；这个人的所有登录都会结束。"""
    chosen = secrets.token_urlsafe(9)
    accounts.reset_password(SYSTEM, phone, accounts.hash_password(chosen))
    click.echo(chosen)


@user.command("erase")
@click.argument("person_id", type=int)
@click.confirmation_option(prompt="这个人的姓名、手机号、身份证号等会永久删除，不能恢复。确定吗？")
@in_app(writes=True)
def erase(person_id: int) -> None:
    """马上删除一个人的个人信息（学分和依据以“已注销用户”保留），例如恢复旧备份之后。"""
    for effect in accounts.erase_person(SYSTEM, accounts.get_person(person_id).id):
        click.echo(effect.sentence)


def _who(text: str) -> accounts.Person:
    """The person of a phone number, or of a name in records such as person:17. Leaves with a sentence where there is none."""
    if text.startswith("person:") and text[7:].isdigit():
        person = accounts.find_person(int(text[7:]))
    else:
        person = accounts.find_person_by_phone(accounts.checked_phone(text))
    return person or fail("没有这个人。")


@user.command("reset-second-factor")
@click.argument("who")
@in_app(writes=True)
def reset_second_factor(who: str) -> None:
    """关掉一个人的两步验证（手机和恢复码都丢了时）。WHO 是手机号或 person:编号。"""
    accounts.remove_second_factor(SYSTEM, _who(who))


@user.command("unlock")
@click.argument("who")
@in_app(writes=True)
def unlock(who: str) -> None:
    """忘掉一个人输错的次数，马上可以再试。WHO 是手机号或 person:编号。"""
    accounts.unlock(SYSTEM, _who(who))


@user.command("set-phone")
@click.argument("who")
@click.argument("phone")
@in_app(writes=True)
def set_phone(who: str, phone: str) -> None:
    """核实身份后，给一个人换手机号；这个人的所有登录都会结束。WHO 是原手机号或 person:编号。"""
    accounts.change_phone(SYSTEM, _who(who), phone, is_proved=False)


@user.command("release-phone")
@click.argument("who")
@in_app(writes=True)
def release_phone(who: str) -> None:
    """号码换了主人：从一个人的账号上取下手机号，记录都保留。WHO 是手机号或 person:编号。"""
    person = _who(who)
    accounts.release_phone(SYSTEM, person)
    click.echo(person.ref)


COMMANDS = [user]
