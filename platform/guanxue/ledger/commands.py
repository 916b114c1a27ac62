"""`guanxue ledger …` and `guanxue verify`: the ledger, from a terminal."""

from __future__ import annotations

from pathlib import Path

import click

from guanxue import ledger
from guanxue.config import ledger_key_path
from guanxue.core.actor import SYSTEM
from guanxue.core.command import fail, in_app, print_json
from guanxue.core.db import read_one_moment, writing

WHY = {
    "key": "签名用的不是可信的公钥。", "signature": "账头的签名是假的。", "sum": "这笔账借贷不平。",
    "entry": "内容被改动过，与指纹不符。", "path": "这笔账不在签名的账本里。", "form": "这不是一份学分证明文件。",
}


@click.group("ledger")
def group() -> None:
    """学分账本：核对、账头、证明。"""


@group.command("verify")
@in_app()
def verify() -> None:
    """重新计算整本账；全部相符才以 0 退出，否则指出第一笔有问题的账。"""
    read_one_moment()  # entries posted meanwhile are no faults
    report = ledger.verify()
    for sentence in report.faults:
        click.echo(sentence)
    if not report.is_sound:
        where = f"；第一处在第 {report.first_bad_entry} 笔" if report.first_bad_entry else ""
        fail(f"账本有问题{where}。")
    click.echo(f"账本完好：{report.entries} 笔。")
    for sentence in report.rewinds:
        click.echo(sentence)


@group.command("head")
@in_app()
def head() -> None:
    """最新的签名账头（JSON）。"""
    print_json(ledger.head())


@group.command("seal")
@in_app(writes=True)
def seal() -> None:
    """给当前账本签一个账头。"""
    print_json(ledger.seal())


@group.command("rewind")
@click.option("--reason", required=True, help="为什么要退回到较早的账本")
@click.option("--authority", required=True, help="依据：谁批准的，哪份文件")
@in_app()
def rewind(reason: str, authority: str) -> None:
    """恢复了较早的备份之后，登记一次签名的回退；之后 ledger verify 才会通过，并说明这次回退。

    只能说明“账本变短了”，不能掩盖改动：任何一笔账、触发器或账头另有问题，都会拒绝。
    """
    with writing():
        told = ledger.rewind(SYSTEM, reason=reason, authority=authority)
    report = ledger.verify()
    if not report.is_sound:
        fail(f"回退没有登记成功：{report.faults[0]}")
    click.echo(f"已登记回退：从 {told['from_size']} 笔退到 {told['size']} 笔。")


@group.command("proof")
@click.argument("entry", type=int)
@in_app()
def proof(entry: int) -> None:
    """一笔账的证明（JSON），任何人可以离线核对。"""
    print_json(ledger.proof(entry))


@click.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--public-key", help="可信的公钥（十六进制）；不给就用本站自己的")
def verify_file(file: Path, public_key: str | None) -> None:
    """离线核对一份学分证明文件是不是真的，只需要公钥。"""
    trusted = public_key or _own_key()
    fault = ledger.verify_proof(ledger.read_proof(file), trusted)
    if fault:
        fail(WHY[fault])
    if trusted is None:  # anybody can sign a file of their own with a key of their own
        fail("内容和签名相符，但没有可信的公钥，不能断定是谁签的：请用 --public-key 给出发证平台公布的公钥。")
    click.echo("真实有效。")


def _own_key() -> str | None:
    path = ledger_key_path()
    return ledger.public_bytes(path).hex() if path.is_file() else None


COMMANDS = [group, verify_file]
