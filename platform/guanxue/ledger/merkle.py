"""The Merkle tree of RFC 9162 section 2.1, over leaf hashes given as bytes. Pure.

A tree of n leaves is kept as the hashes of its complete subtrees: node (level, index) covers leaves
index·2^level … (index+1)·2^level − 1. Appending leaf n adds one node for every trailing 1 bit of n, and the leaf.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

Node = tuple[int, int]  # level, index
Read = Callable[[int, int], bytes]
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256 of 0x00 and the leaf."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and both children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def appended(size: int, leaf: bytes, read: Read) -> list[tuple[Node, bytes]]:
    """The nodes that leaf number `size` (from 0; a leaf *hash*) completes, lowest first."""
    nodes = [((0, size), leaf)]
    level, index, value = 0, size, leaf
    while index & 1:
        value = node_hash(read(level, index - 1), value)
        level, index = level + 1, index >> 1
        nodes.append(((level, index), value))
    return nodes


def peaks(size: int) -> list[Node]:
    """The complete subtrees that make up a tree of `size` leaves, left to right."""
    found, start = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            found.append((level, start >> level))
            start += 1 << level
    return found


def root(size: int, read: Read) -> bytes:
    """The tree head of the first `size` leaves."""
    if size == 0:
        return EMPTY_ROOT
    hashes = [read(*node) for node in peaks(size)]
    value = hashes.pop()
    while hashes:
        value = node_hash(hashes.pop(), value)
    return value


def path(index: int, size: int, read: Read) -> list[bytes]:
    """The audit path of leaf `index` in the tree of the first `size` leaves, lowest first."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of that size")
    return _path(index, 0, size, read)


def _path(index: int, start: int, size: int, read: Read) -> list[bytes]:
    """Within the subtree of `size` leaves from `start`; `index` counts from `start`."""
    if size == 1:
        return []
    split = 1 << ((size - 1).bit_length() - 1)
    if index < split:
        return [*_path(index, start, split, read), _subtree(start + split, size - split, read)]
    return [*_path(index - split, start + split, size - split, read), _subtree(start, split, read)]


def _subtree(start: int, size: int, read: Read) -> bytes:
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return read(level, start >> level)
    split = 1 << ((size - 1).bit_length() - 1)
    return node_hash(_subtree(start, split, read), _subtree(start + split, size - split, read))


def root_from_path(leaf: bytes, index: int, size: int, hashes: list[bytes]) -> bytes:
    """The root that the audit path leads to (RFC 9162 2.1.3.2). ValueError for a path of the wrong length."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of that size")
    number, last, value = index, size - 1, leaf
    for sibling in hashes:
        if last == 0:
            raise ValueError("the path is too long")
        if number & 1 or number == last:
            value = node_hash(sibling, value)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        number, last = number >> 1, last >> 1
    if last:
        raise ValueError("the path is too short")
    return value


def consistency(first: int, second: int, read: Read) -> list[bytes]:
    """The proof that the tree of `first` leaves is the beginning of that of `second` (RFC 9162 2.1.4.1)."""
    if not 0 <= first <= second:
        raise ValueError("a tree is no beginning of a smaller one")
    return _consistency(first, 0, second, read, True) if first else []


def _consistency(first: int, start: int, size: int, read: Read, is_whole: bool) -> list[bytes]:
    """SUBPROOF of the RFC; `is_whole` says that the reader knows the hash of these `first` leaves already."""
    if first == size:
        return [] if is_whole else [_subtree(start, size, read)]
    split = 1 << ((size - 1).bit_length() - 1)
    if first <= split:
        return [*_consistency(first, start, split, read, is_whole), _subtree(start + split, size - split, read)]
    return [*_consistency(first - split, start + split, size - split, read, False), _subtree(start, split, read)]


def is_consistent(first: int, first_root: bytes, second: int, second_root: bytes, hashes: list[bytes]) -> bool:
    """Does the proof show that one tree begins the other (RFC 9162 2.1.4.2)? An empty tree begins every tree."""
    if first == 0 or first == second:
        return not hashes and first <= second and first_root == (EMPTY_ROOT if first == 0 else second_root)
    if not 0 < first < second or not hashes:
        return False
    if first & (first - 1) == 0:
        hashes = [first_root, *hashes]
    number, last = first - 1, second - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


class Tree:
    """A whole tree in memory, 64 bytes an entry: leaves are added in order, then grow() makes what stands above them."""

    def __init__(self) -> None:
        self.levels: list[bytearray] = [bytearray()]

    @property
    def size(self) -> int:
        """How many leaves."""
        return len(self.levels[0]) // 32

    def grow(self) -> None:
        """Compute every complete subtree above the leaves."""
        sha256, level = hashlib.sha256, self.levels[0]
        while len(level) >= 64:
            whole = bytes(level)
            level = bytearray().join(
                [sha256(b"\x01" + whole[at:at + 64]).digest() for at in range(0, len(whole) - 63, 64)])
            self.levels.append(level)

    def read(self, level: int, index: int) -> bytes:
        """The hash of a complete subtree."""
        return bytes(self.levels[level][index * 32:index * 32 + 32])
