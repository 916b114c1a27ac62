"""Going through the whole ledger: every hash, sum, number, node, head, key and guard.

Rows are read by the driver in order, some thousands at a time; hashes are computed over whole levels of the tree at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import BigInteger, BindParameter, bindparam, func, select
from sqlalchemy.orm import aliased

from guanxue.core.append_only import missing_triggers
from guanxue.core.db import session
from guanxue.core.i18n import gettext as _
from guanxue.core.prepared import Prepared
from guanxue.ledger import heads, keys, merkle, queries, sealing
from guanxue.ledger.canonical import account_text, posting_text, row_leaf
from guanxue.ledger.errors import NothingToRewind
from guanxue.ledger.merkle import leaf_hash
from guanxue.ledger.models import Account, Entry, Head, Posting, TreeNode

AT_ONCE = 5000
LARGEST_GAP = 1_000_000  # more numbers than that are not missing, they were written over
FIRST = -(2**63)


def _number(name: str) -> BindParameter:
    return bindparam(name, type_=BigInteger)  # beyond every number a row may have


# With the first two postings, which most entries have and no more: one row an entry instead of three.
_FIRST, _SECOND = aliased(Posting), aliased(Posting)
_ENTRIES = Prepared(
    select(Entry.number, Entry.key, Entry.kind, Entry.posted_at, Entry.reverses, Entry.document, Entry.leaf,
           _FIRST.account_id, _FIRST.amount_millicredits, _SECOND.account_id, _SECOND.amount_millicredits)
    .outerjoin(_FIRST, (_FIRST.entry_number == Entry.number) & (_FIRST.position == 0))
    .outerjoin(_SECOND, (_SECOND.entry_number == Entry.number) & (_SECOND.position == 1))
    .where(Entry.number > _number("after")).order_by(Entry.number).limit(AT_ONCE))
_FURTHER = Prepared(
    select(Posting.entry_number, Posting.position, Posting.account_id, Posting.amount_millicredits)
    .where(Posting.entry_number > _number("after"), Posting.entry_number <= _number("last"))
    .where((Posting.position < 0) | (Posting.position > 1))
    .order_by(Posting.entry_number, Posting.position))
_COUNTED = Prepared(select(func.count()).select_from(Posting))
_STRAYS = Prepared(select(Posting.entry_number).outerjoin(Entry, Entry.number == Posting.entry_number)
                   .where(Entry.number.is_(None)).distinct().order_by(Posting.entry_number).limit(AT_ONCE))
_ACCOUNTS = Prepared(select(Account.id, Account.key).where(Account.id > _number("after")).order_by(Account.id).limit(AT_ONCE))
_NODES = Prepared(select(TreeNode.index, TreeNode.hash)
                  .where(TreeNode.level == bindparam("level"), TreeNode.index > _number("after"))
                  .order_by(TreeNode.index).limit(AT_ONCE))


@dataclass
class Report:
    """What was found. `faults` are sentences, the first entry's first; empty means the ledger holds.

    `rewinds` and `rotations` are sentences too: what was put back or handed over on purpose, when, why and by whom.
    `unsealed` entries at the end wait for a signed head.
    """

    entries: int = 0
    unsealed: int = 0
    rewinds: list[str] = field(default_factory=list)
    rotations: list[str] = field(default_factory=list)
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


def verify(held: Iterable[dict] = ()) -> Report:
    """Recompute everything from the rows and compare it with the signed heads: in the database, outside it, and those that
    somebody else held and hands us."""
    report = Report()
    kept = heads.kept_heads()  # first: a head is kept after its commit, so every one read now is in what is read next
    trusted = _trusted(report, kept)
    tree = _check_rows(report)
    standing = _standing(report, kept, trusted)
    _check_heads(report, tree, [*_stored_heads(), *standing, *held], trusted)
    _check_tail(report, tree.size, standing)
    return report


def rewind_point() -> tuple[int, bytes, int]:
    """Where the ledger and the heads kept outside part: (size, root) they still share, and the size that was kept.

    Raises NothingToRewind when they agree, or when anything else is wrong: a rewind excuses an older ledger put back,
    never a change.
    """
    report = Report()
    kept = heads.kept_heads()
    trusted = _trusted(report, kept)
    tree = _check_rows(report)
    standing = _standing(report, kept, trusted)
    _check_heads(report, tree, _stored_heads(), trusted)
    parted = []
    for head in standing:
        alone = Report()
        _check_head(alone, head, tree, trusted)
        if alone.faults and not (keys.is_genuine(head) and keys.may_sign(trusted, head)):
            report.faults += alone.faults
        elif alone.faults:
            parted.append(head["size"])
    if report.faults:
        raise NothingToRewind(_("账本还有别的问题，不能登记回退：%(why)s", why=report.faults[0]))
    if not parted:
        raise NothingToRewind(_("账本和库外保存的账头相符，没有要登记的回退。"))
    size = min(tree.size, min(parted) - 1)
    return size, merkle.root(size, tree.read), max(parted)


# ---- rows


def _check_rows(report: Report) -> merkle.Tree:
    """Everything but the heads; the tree as recomputed."""
    tree = _check_entries(report)
    tree.grow()
    _check_nodes(report, tree)
    for name in missing_triggers(session.connection()):
        report.fault(_("防篡改触发器 %(name)s 不见了或被改过。", name=name))
    return tree


def _accounts() -> dict[int, str]:
    found, after = {}, FIRST
    while rows := _ACCOUNTS.tuples(after=after):
        found.update((id, account_text(key)) for id, key in rows)
        after = rows[-1][0]
    return found


def _check_entries(report: Report) -> merkle.Tree:
    """The leaf hashes as recomputed from the rows."""
    tree, accounts, after, sides = merkle.Tree(), _accounts(), FIRST, 0
    while rows := _ENTRIES.tuples(after=after):
        further = _further(after, rows[-1][0])
        leaves = tree.levels[0]
        expected = tree.size + 1
        for row in rows:
            number, key, kind, posted_at, reverses, document, stored, account, amount, second, back = row
            if number != expected:
                if not _fill_gap(report, tree, number):
                    return tree
                expected = tree.size + 1
            sides += (amount is not None) + (back is not None) + len(further.get(number, ()))
            try:
                if number in further or amount is None or back is None or amount + back:
                    text = _odd_sides(report, row, accounts, further.get(number, []))
                else:
                    text = f"[{accounts.get(account)},{amount}],[{accounts.get(second)},{back}]"
                leaf = leaf_hash(row_leaf(number, key, kind, posted_at, reverses, document, text))
            except (TypeError, ValueError):  # a column holds what its type does not allow: SQLite lets it in
                leaf = b"\0" * 32
            if leaf != stored:
                report.fault(_("第 %(n)s 笔被改动过：内容与它的指纹不符。", n=number), number)
            leaves += leaf
            expected += 1
        report.entries += len(rows)
        after = rows[-1][0]
    if _COUNTED.tuples()[0][0] != sides:  # some move a balance and stand under no head
        for (number,) in _STRAYS.tuples():
            report.fault(_("有分录记在第 %(n)s 笔上，账本里没有这一笔。", n=number), number)
    return tree


def _further(after: int, last: int) -> dict[int, list[tuple]]:
    """The postings that stand elsewhere than in an entry's first two places, by its number."""
    found: dict[int, list[tuple]] = {}
    for number, *side in _FURTHER.tuples(after=after, last=last):
        found.setdefault(number, []).append(tuple(side))
    return found


def _odd_sides(report: Report, row: tuple, accounts: dict[int, str], further: list[tuple]) -> str:
    """The postings as written, of an entry that has other than two, or whose two do not sum to zero."""
    sides = [(place, *row[at:at + 2]) for place, at in ((0, 7), (1, 9)) if row[at + 1] is not None]
    sides = sorted([*sides, *further])
    if not sides or sum(amount for _place, _account, amount in sides):
        report.fault(_("第 %(n)s 笔借贷不平。", n=row[0]), row[0])
    return ",".join(posting_text(accounts.get(account, "null"), amount) for _place, account, amount in sides)


def _fill_gap(report: Report, tree: merkle.Tree, number: int) -> bool:
    """Is this the number that follows? Missing ones are named and take a place of zeros; False where far too many are."""
    expected = tree.size + 1
    if number != expected:
        report.fault(_("第 %(n)s 笔不见了：编号不连续。", n=expected), expected)
        if number - expected > LARGEST_GAP:
            return False
        tree.levels[0] += b"\0" * 32 * max(0, number - expected)
    return True


def _nodes(level: int) -> Iterator[list[tuple[int, bytes]]]:
    after = FIRST
    while rows := _NODES.tuples(level=level, after=after):
        yield rows
        after = rows[-1][0]


def _check_nodes(report: Report, tree: merkle.Tree) -> None:
    """Compare the kept tree with the recomputed one, leaf level first: it names the entry that differs.

    The kept one may end where the newest head does: it grows when it is sealed.
    """
    seen = 0
    for rows in _nodes(0):
        seen = _compare_leaves(report, tree, rows, seen)
    for index in range(seen, min(tree.size, queries.sealed_size())):
        _name_leaf(report, index)
    if not report.faults:
        _check_upper_nodes(report, tree, seen)


def _compare_leaves(report: Report, tree: merkle.Tree, rows: list[tuple], seen: int) -> int:
    """How many leaves are through after these rows of the kept tree, which begin after `seen` of them."""
    if _is_run(rows, seen, tree.levels[0]):
        return seen + len(rows)
    kept = dict(rows)
    for index in range(seen, min(rows[-1][0] + 1, tree.size)):
        if kept.get(index) != tree.read(0, index):
            _name_leaf(report, index)
    for index in kept:
        if not 0 <= index < tree.size:
            report.fault(_("指纹树里还有第 %(n)s 笔，账本里没有：尾部被截断。", n=index + 1), index + 1)
    return max(seen, rows[-1][0] + 1)


def _name_leaf(report: Report, index: int) -> None:
    number = index + 1
    report.fault(_("第 %(n)s 笔与账本的指纹树不符：被换过、插入过或删除过。", n=number), number)


def _is_run(rows: list[tuple], start: int, level: bytearray) -> bool:
    """Are these the level's hashes from `start` on, none left out?"""
    end = start + len(rows)
    return (rows[0][0] == start and rows[-1][0] == end - 1
            and b"".join([value for _index, value in rows]) == level[start * 32:end * 32])


def _check_upper_nodes(report: Report, tree: merkle.Tree, size: int) -> None:
    """Only where every leaf fits: the nodes above are derived, so a difference here is the tree's, not an entry's."""
    for level in range(1, len(tree.levels)):
        seen, wanted = 0, size >> level
        for rows in _nodes(level):
            if not _is_run(rows, seen, tree.levels[level]) or seen + len(rows) > wanted:
                break
            seen += len(rows)
        else:
            if seen == wanted:
                continue
        report.fault(_("指纹树从第 %(n)s 笔起的一段不符。", n=(seen << level) + 1))
    above = session.scalar(select(TreeNode.level).where((TreeNode.level < 0) | (TreeNode.level >= len(tree.levels))).limit(1))
    if above is not None:
        report.fault(_("指纹树从第 %(n)s 笔起的一段不符。", n=1))


# ---- keys and heads


def _trusted(report: Report, kept: list[dict]) -> dict[str, int | None]:
    """The keys that led to ours, each with the size up to which its heads count."""
    outside = [line for line in kept if line.get("kind") == keys.ROTATION]
    rotations = list({r.get("signature"): r for r in [*queries.list_rotations(), *outside]}.values())
    trusted = keys.trusted_keys(keys.public_bytes().hex(), rotations)
    for rotation in rotations:
        if not keys.is_rotation(rotation) or rotation["next"]["public_key"] not in trusted:
            report.fault(_("有一条换钥登记是假的，或不通向现在的密钥。"))
            continue
        report.rotations.append(_("%(at)s 换过签名密钥：%(a)s 换成 %(b)s，在第 %(n)s 笔之后；原因：%(why)s。",
                                  at=rotation.get("at"), a=rotation["key_id"], b=rotation["next"]["key_id"], n=rotation["size"],
                                  why=rotation.get("reason")))
    return trusted


def _standing(report: Report, kept: list[dict], trusted: dict[str, int | None]) -> list[dict]:
    """The kept heads that no later rewind gave up, in no order; sound rewinds are told, others are faults."""
    limit, standing = None, []
    for line in reversed(kept):
        head = {name: value for name, value in line.items() if name != "is_in_place"}
        is_given_up = limit is not None and _size_of(head) > limit and keys.is_genuine(head)
        if not is_given_up:
            standing.append(head)
        if "is_in_place" not in line:
            continue
        if not line["is_in_place"] or not keys.is_genuine(head) or not keys.may_sign(trusted, head):
            report.fault(_("有一条回退登记是假的，或不在它签名时的位置。"))
            continue
        limit = head["size"] if limit is None else min(limit, head["size"])
        report.rewinds.insert(0, _("%(at)s 登记过回退：从 %(a)s 笔退到 %(b)s 笔；原因：%(why)s；依据：%(by)s。", at=head["at"],
                                   a=head["from_size"], b=head["size"], why=head["reason"], by=head["authority"]))
    return standing


def _size_of(head: dict) -> int:
    size = head.get("size")
    return size if isinstance(size, int) else -1


def _stored_heads() -> list[dict]:
    return list(session.scalars(select(Head.document).order_by(Head.size)))


def _check_heads(report: Report, tree: merkle.Tree, wanted: Iterable[dict], trusted: dict[str, int | None]) -> None:
    """Each once: most heads stand in the database and outside it."""
    seen = set()
    for head in wanted:
        mark = repr(sorted(head.items())) if isinstance(head, dict) else repr(head)
        if mark not in seen:
            seen.add(mark)
            _check_head(report, head, tree, trusted)


def _check_head(report: Report, head: dict, tree: merkle.Tree, trusted: dict[str, int | None]) -> None:
    fault = "form" if "damaged" in head else keys.fault_of(head)
    if fault == "algorithm":
        report.fault(_("有一个账头用的签名算法不认识：%(name)s。", name=head["algorithm"]))
    elif fault or _size_of(head) < 0:
        report.fault(_("有一个账头的签名是假的或已损坏。"))
    elif not keys.may_sign(trusted, head):
        report.fault(_("第 %(n)s 笔处的账头是用别的密钥签的。", n=head["size"]))
    elif head["size"] > tree.size:
        report.fault(_("账头说有 %(a)s 笔，账本里只有 %(b)s 笔：尾部被截断。", a=head["size"], b=tree.size), tree.size + 1)
    elif merkle.root(head["size"], tree.read).hex() != head.get("root"):
        report.fault(_("前 %(n)s 笔与当时签名的账头不符。", n=head["size"]))


def _check_tail(report: Report, size: int, standing: list[dict]) -> None:
    """Entries after the newest head are in order while somebody is about to seal them."""
    sealed = max([queries.sealed_size(), *(_size_of(h) for h in standing if _size_of(h) <= size)])
    report.unsealed = max(0, size - sealed)
    if report.unsealed > 0 and not sealing.is_waiting():
        report.fault(_("最后的 %(n)s 笔没有签名的账头。", n=report.unsealed), size - report.unsealed + 1)
