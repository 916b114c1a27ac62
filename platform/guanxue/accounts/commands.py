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


COMMANDS = [user]
