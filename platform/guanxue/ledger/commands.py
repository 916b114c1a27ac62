"""`guanxue ledger …` and `guanxue verify`: the ledger, from a terminal."""

from __future__ import annotations

from pathlib import Path

import click

from guanxue import credentials, ledger
from guanxue.config import kept_heads_path, ledger_key_path, published_keys_path
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.command import fail, in_app, print_json, without_site
from guanxue.core.db import read_one_moment, writing

WHY = {
    "key": "签名用的不是可信的公钥。", "signature": "账头的签名是假的。", "sum": "这笔账借贷不平。",
    "algorithm": "账头用的签名算法不认识，不能断定真假。", "entry": "内容被改动过，与指纹不符。",
    "path": "这笔账不在签名的账本里。", "form": "这不是一份学分证明文件。",
}
WHY_NOT_CONSISTENT = WHY | {"path": "前一个账头之前的账被改写过。", "form": "这不是一份前后一致的证明，或不是为这个账头开的。"}
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("ledger")
def group() -> None:
    """学分账本：核对、账头、证明。"""


@group.command("verify")
@click.option("--head", "files", multiple=True, type=FILE, help="别人保存的账头（JSON，一个或多个）；账本要与它相符")
@in_app()
def verify(files: tuple[Path, ...]) -> None:
    """重新计算整本账；全部相符才以 0 退出，否则指出第一笔有问题的账。"""
    held = [head for file in files for head in _read_heads(file)]
    read_one_moment()  # entries posted meanwhile are no faults
    report = ledger.verify(held)
    for sentence in report.faults:
        click.echo(sentence)
    if not report.is_sound:
        where = f"；第一处在第 {report.first_bad_entry} 笔" if report.first_bad_entry else ""
        fail(f"账本有问题{where}。")
    click.echo(f"账本完好：{report.entries} 笔。")
    if held:
        click.echo(f"与保存在外的 {len(held)} 个账头相符。")
    if report.unsealed:
        click.echo(f"最后 {report.unsealed} 笔刚记下，几分钟内签账头。")
    for sentence in [*report.rotations, *report.rewinds]:
        click.echo(sentence)


def _read_heads(file: Path) -> list[dict]:
    heads = ledger.read_heads(file)
    if not heads:
        fail(f"文件里没有账头：{file}")
    return heads


@group.command("head")
@in_app()
def head() -> None:
    """最新的签名账头（JSON）。"""
    print_json(ledger.head())


@group.command("keys")
@in_app()
def keys() -> None:
    """签过账头的公钥，以及怎样一把接一把（JSON）。"""
    print_json(ledger.published_keys())


@group.command("seal")
@in_app(writes=True)
def seal() -> None:
    """给当前账本签一个账头。"""
    print_json(ledger.seal())


@group.command("rotate")
@click.option("--reason", required=True, help="为什么换")
@click.option("--new-key", type=FILE, help="新私钥（PEM，Ed25519）；不给就生成一把")
@in_app(writes=True)
def rotate(reason: str, new_key: Path | None) -> None:
    """换一把签名密钥：旧的签字交出，新的签字接过；以前的账头和证明照样能核对。

    新私钥放在原来的位置，旧私钥留在旁边，名字里有它的编号：请移走妥善保管，或销毁。
    """
    told = ledger.rotate(SYSTEM, reason=reason, new_key=new_key)
    click.echo(f"已换钥：{told['key_id']} 换成 {told['next']['key_id']}，新公钥 {told['next']['public_key']}。")


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


@group.command("consistency")
@click.argument("first", type=int)
@click.argument("second", type=int, required=False)
@in_app()
def consistency(first: int, second: int | None) -> None:
    """证明 FIRST 笔时的账本是 SECOND 笔时（不给就是现在）的开头（JSON）：中间没有改写过。"""
    print_json(ledger.consistency(first, second))


@click.command("verify")
@click.argument("file", type=FILE)
@click.option("--public-key", help="可信的公钥（十六进制）；不给就用本站自己的")
@click.option("--keys", "keys_file", type=FILE, help="平台公布的公钥文件：换过密钥以后，旧证明靠它核对")
@click.option("--since", type=FILE, help="FILE 是前后一致的证明时：自己早先保存的账头")
@click.option("--status", "lists", multiple=True, type=FILE, help="FILE 是证书时：签名的撤销名单（可以多张）")
@without_site
def verify_file(file: Path, public_key: str | None, keys_file: Path | None, since: Path | None,
                lists: tuple[Path, ...]) -> None:
    """离线核对一份学分证明或证书文件是不是真的，只需要公钥。"""
    if (token := credentials.read_file(file)) is not None:
        _verify_credential(token, keys_file or published_keys_path(), lists)
        return
    trusted = public_key or _own_key()
    rotations = _rotations(keys_file)
    document = ledger.read_proof(file)
    if since is not None:
        first = _read_heads(since)[0]
        fault, why = ledger.verify_consistency(document, first, trusted, rotations), WHY_NOT_CONSISTENT
    else:
        fault, why = ledger.verify_proof(document, trusted, rotations), WHY
    if fault:
        fail(why[fault])
    if trusted is None:  # anybody can sign a file of their own with a key of their own
        fail("内容和签名相符，但没有可信的公钥，不能断定是谁签的：请用 --public-key 给出发证平台公布的公钥。")
    click.echo("真实有效。" if since is None else "前后一致：早先那个账头之前的账没有改写过。")


def _verify_credential(token: str, keys_file: Path, lists: tuple[Path, ...]) -> None:
    published = keys_file.read_text("utf-8") if keys_file.is_file() else ""
    is_genuine, sentence = credentials.told_offline(token, published, [p.read_text("utf-8") for p in lists], clock.now())
    if not is_genuine:
        fail(sentence)
    click.echo(sentence)


def _own_key() -> str | None:
    path = ledger_key_path()
    return ledger.public_bytes(path).hex() if path.is_file() else None


def _rotations(keys_file: Path | None) -> list[dict]:
    """How keys led to one another: as published in a file, or as kept with this site's own heads."""
    if keys_file is None:
        return ledger.kept_rotations(kept_heads_path())
    document = ledger.read_proof(keys_file)
    if not isinstance(document, dict) or not isinstance(document.get("rotations"), list):
        fail(f"这不是平台公布的公钥文件：{keys_file}")
    return document["rotations"]


COMMANDS = [group, verify_file]
