"""Going through the whole ledger: every hash, sum, number, node, head and guard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from sqlalchemy import select

from guanxue.core.append_only import missing_triggers
from guanxue.core.db import session
from guanxue.core.i18n import gettext as _
from guanxue.ledger import heads, merkle
from guanxue.ledger.canonical import entry_leaf
from guanxue.ledger.models import Account, Entry, Head, Posting, TreeNode


@dataclass
class Report:
    """What was found. `faults` are sentences, the first entry's first; empty means the ledger holds."""

    entries: int = 0
    faults: list[str] = field(default_factory=list)
    first_bad_entry: int | None = None

    @property
    def is_sound(self) -> bool:
        """True when nothing is wrong."""
        return not self.faults

    def fault(self, sentence: str, number: int | None = None) -> None:
        """Add a fault, of an entry where one can be named."""
        if number is not None and (self.first_bad_entry is None or number < self.first_bad_entry):
            self.first_bad_entry = number
        if len(self.faults) < 50:
            self.faults.append(sentence)


def verify() -> Report:
    """Recompute everything from the rows and compare it with the signed heads, in the database and outside it."""
    report = Report()
    leaves = _check_entries(report)
    _check_nodes(report, leaves)
    _check_heads(report, leaves)
    for name in missing_triggers(session.connection()):
        report.fault(_("防篡改触发器 %(name)s 不见了。", name=name))
    return report


def _entries() -> Iterator[tuple[Entry, list[tuple[str | None, int]]]]:
    """Every entry by number with its postings, streamed."""
    postings = session.execute(
        select(Posting.entry_number, Account.key, Posting.amount_millicredits)
        .outerjoin(Account, Account.id == Posting.account_id)
        .order_by(Posting.entry_number, Posting.position).execution_options(yield_per=5000))
    grouped = groupby(postings, key=lambda row: row[0])
    number, rows = next(grouped, (None, ()))
    columns = (Entry.number, Entry.key, Entry.kind, Entry.posted_at, Entry.reverses, Entry.document, Entry.leaf)
    for entry in session.execute(select(*columns).order_by(Entry.number).execution_options(yield_per=5000)):
        while number is not None and number < entry.number:
            number, rows = next(grouped, (None, ()))
        own = [(key, amount) for _n, key, amount in rows] if number == entry.number else []
        yield entry, own


def _check_entries(report: Report) -> list[bytes]:
    """The leaf hashes as recomputed from the rows."""
    leaves: list[bytes] = []
    for entry, postings in _entries():
        expected = len(leaves) + 1
        if entry.number != expected:
            report.fault(_("第 %(n)s 笔不见了：编号不连续。", n=expected), expected)
            leaves.extend(b"\0" * 32 for _missing in range(expected, entry.number))
        if not postings or sum(amount for _key, amount in postings):
            report.fault(_("第 %(n)s 笔借贷不平。", n=entry.number), entry.number)
        leaf = merkle.leaf_hash(entry_leaf(
            number=entry.number, key=entry.key, kind=entry.kind, posted_at=entry.posted_at, reverses=entry.reverses,
            document=entry.document, postings=[list(p) for p in postings]))
        if leaf != entry.leaf:
            report.fault(_("第 %(n)s 笔被改动过：内容与它的指纹不符。", n=entry.number), entry.number)
        leaves.append(leaf)
        report.entries += 1
    return leaves


def _check_nodes(report: Report, leaves: list[bytes]) -> None:
    """Compare the kept tree with the recomputed one, leaf level first: it names the entry that differs."""
    kept = {(n.level, n.index): n.hash for n in session.execute(select(TreeNode.level, TreeNode.index, TreeNode.hash))}
    for index, value in enumerate(leaves):
        if kept.get((0, index)) != value:
            number = index + 1
            report.fault(_("第 %(n)s 笔与账本的指纹树不符：被换过、插入过或删除过。", n=number), number)
    for number in sorted(index + 1 for level, index in kept if level == 0 and index >= len(leaves)):
        report.fault(_("指纹树里还有第 %(n)s 笔，账本里没有：尾部被截断。", n=number), number)
    if not report.faults:
        _check_upper_nodes(report, kept, leaves)


def _check_upper_nodes(report: Report, kept: dict[tuple[int, int], bytes], leaves: list[bytes]) -> None:
    """Only where every leaf fits: the nodes above are derived, so a difference here is the tree's, not an entry's."""
    wanted = {(0, index): value for index, value in enumerate(leaves)}
    level, hashes = 0, leaves
    while len(hashes) > 1:
        hashes = [merkle.node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes) - 1, 2)]
        level += 1
        wanted.update({(level, index): value for index, value in enumerate(hashes)})
    for (lvl, index) in sorted(wanted.keys() ^ kept.keys() | {k for k in wanted if kept.get(k) != wanted[k]}):
        report.fault(_("指纹树从第 %(n)s 笔起的一段不符。", n=(index << lvl) + 1))


def _check_heads(report: Report, leaves: list[bytes]) -> None:
    nodes: dict[tuple[int, int], bytes] = {}
    own_key = heads.public_bytes().hex()
    read = lambda level, index: nodes[level, index]  # noqa: E731
    wanted = [*_stored_heads(), *heads.kept_heads()]
    sizes = {h.get("size") for h in wanted}
    computed = {0: merkle.EMPTY_ROOT}
    for size, leaf in enumerate(leaves, 1):
        nodes.update(merkle.appended(size - 1, leaf, read))
        if size in sizes or size == len(leaves):
            computed[size] = merkle.root(size, read)
    for head in wanted:
        _check_head(report, head, computed, len(leaves), own_key)
    if leaves and len(leaves) not in sizes:
        report.fault(_("最后的 %(n)s 笔没有签名的账头。", n=len(leaves)), len(leaves))


def _stored_heads() -> list[dict]:
    return list(session.scalars(select(Head.document).order_by(Head.size)))


def _check_head(report: Report, head: dict, computed: dict[int, bytes], size: int, own_key: str) -> None:
    if "damaged" in head or not heads.is_genuine(head):
        report.fault(_("有一个账头的签名是假的或已损坏。"))
    elif head["public_key"] != own_key:
        report.fault(_("第 %(n)s 笔处的账头是用别的密钥签的。", n=head["size"]))
    elif head["size"] > size:
        report.fault(_("账头说有 %(a)s 笔，账本里只有 %(b)s 笔：尾部被截断。", a=head["size"], b=size), size + 1)
    elif computed[head["size"]].hex() != head["root"]:
        report.fault(_("前 %(n)s 笔与当时签名的账头不符。", n=head["size"]))
