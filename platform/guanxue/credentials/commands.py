"""`guanxue credentials …`: keys, lists and revocation, from a terminal."""

from __future__ import annotations

import click

from guanxue import credentials
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.command import in_app, print_json


@click.group("credentials")
def group() -> None:
    """证书：公钥、换钥匙、撤销名单、撤销。"""


@group.command("keys")
@in_app()
def keys() -> None:
    """公布的全部公钥（JWKS）：谁拿着它都能离线核验。"""
    print_json({"keys": credentials.list_keys()})


@group.command("rotate-key")
@in_app(writes=True)
def rotate_key() -> None:
    """换一把签名私钥；以前出具的证书照样能核验，旧私钥被覆盖。换完重启网站和后台任务。"""
    old, new = credentials.rotate_key(SYSTEM)
    click.echo(f"已换钥匙：{old} → {new}。")


@group.command("status-list")
@click.argument("number", type=int, default=1)
@in_app()
def status_list(number: int) -> None:
    """签名的撤销名单，可以带走离线用。"""
    click.echo(credentials.signed_list(number, clock.now()))


@group.command("revoke")
@click.argument("serial")
@click.option("--reason", required=True, help="原因，本人和核验的人能看到")
@click.option("--authority", required=True, help="依据，例如文件号")
@in_app(writes=True)
def revoke(serial: str, reason: str, authority: str) -> None:
    """撤销一份证书（学分不动；学分冲销时证书自动作废）。"""
    credentials.revoke(SYSTEM, serial, reason=reason, authority=authority)
    click.echo("已撤销。")


COMMANDS = [group]
