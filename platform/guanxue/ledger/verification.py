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
from guanxue.ledger.errors import NothingToRewind
from guanxue.ledger.models import Account, Entry, Head, Posting, TreeNode


@dataclass
class Report:
    """What was found. `faults` are sentences, the first entry's first; empty means the ledger holds.

    `rewinds` are sentences too: what was put back on purpose, when, why and on whose authority.
    """

    entries: int = 0
    rewinds: list[str] = field(default_factory=list)
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
    kept = heads.kept_heads()  # first: a head is kept after its commit, so every one read now is in what is read next
    leaves = _check_rows(report)
    _check_heads(report, leaves, [*_stored_heads(), *_standing(report, kept)])
    return report


def rewind_point() -> tuple[int, bytes, int]:
    """Where the ledger and the heads kept outside part: (size, root) they still share, and the size that was kept.

    Raises NothingToRewind when they agree, or when anything else is wrong: a rewind excuses an older ledger put back,
    never a change.
    """
    report = Report()
    kept = heads.kept_heads()
    leaves = _check_rows(report)
    stored, standing = _stored_heads(), _standing(report, kept)
    _check_heads(report, leaves, stored)
    roots, own_key = _roots(leaves, {h.get("size") for h in standing}), heads.public_bytes().hex()
    parted = []
    for head in standing:
        alone = Report()
        _check_head(alone, head, roots, len(leaves), own_key)
        if alone.faults and (not heads.is_genuine(head) or head["public_key"] != own_key):
            report.faults += alone.faults
        elif alone.faults:
            parted.append(head["size"])
    if report.faults:
        raise NothingToRewind(_("账本还有别的问题，不能登记回退：%(why)s", why=report.faults[0]))
    if not parted:
        raise NothingToRewind(_("账本和库外保存的账头相符，没有要登记的回退。"))
    size = min(len(leaves), min(parted) - 1)
    return size, _roots(leaves, {size})[size], max(parted)


def _check_rows(report: Report) -> list[bytes]:
    """Everything but the heads; the leaf hashes as recomputed."""
    leaves = _check_entries(report)
    _check_strays(report)
    _check_nodes(report, leaves)
    for name in missing_triggers(session.connection()):
        report.fault(_("防篡改触发器 %(name)s 不见了或被改过。", name=name))
    return leaves


def _check_strays(report: Report) -> None:
    """Postings of no entry move a balance and stand under no head."""
    strays = (select(Posting.entry_number).outerjoin(Entry, Entry.number == Posting.entry_number)
              .where(Entry.number.is_(None)).distinct().order_by(Posting.entry_number))
    for number in session.scalars(strays):
        report.fault(_("有分录记在第 %(n)s 笔上，账本里没有这一笔。", n=number), number)


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


def _standing(report: Report, kept: list[dict]) -> list[dict]:
    """The kept heads that no later rewind gave up, in no order; sound rewinds are told, others are faults."""
    own_key, limit, standing = heads.public_bytes().hex(), None, []
    for head in reversed(kept):
        place = head.pop("is_in_place", None)
        is_given_up = limit is not None and heads.is_genuine(head) and head["size"] > limit
        if not is_given_up:
            standing.append(head)
        if place is None:
            continue
        if not place or not heads.is_genuine(head) or head["public_key"] != own_key:
            report.fault(_("有一条回退登记是假的，或不在它签名时的位置。"))
            continue
        limit = head["size"] if limit is None else min(limit, head["size"])
        report.rewinds.insert(0, _("%(at)s 登记过回退：从 %(a)s 笔退到 %(b)s 笔；原因：%(why)s；依据：%(by)s。", at=head["at"],
                                   a=head["from_size"], b=head["size"], why=head["reason"], by=head["authority"]))
    return standing


def _roots(leaves: list[bytes], sizes: set) -> dict[int, bytes]:
    """The root after each of these sizes and after all."""
    nodes: dict[tuple[int, int], bytes] = {}
    read = lambda level, index: nodes[level, index]  # noqa: E731
    computed = {0: merkle.EMPTY_ROOT}
    for size, leaf in enumerate(leaves, 1):
        nodes.update(merkle.appended(size - 1, leaf, read))
        if size in sizes or size == len(leaves):
            computed[size] = merkle.root(size, read)
    return computed


def _check_heads(report: Report, leaves: list[bytes], wanted: list[dict]) -> None:
    own_key, sizes = heads.public_bytes().hex(), {h.get("size") for h in wanted}
    computed = _roots(leaves, sizes)
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
