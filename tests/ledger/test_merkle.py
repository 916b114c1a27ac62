"""The tree equals RFC 9162's recursive definition, written here again the plain way."""

import hashlib

import pytest

from guanxue.ledger import merkle


def plain_root(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + plain_root(leaves[:k]) + plain_root(leaves[k:])).digest()


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 100])
def test_every_root_and_path_equals_the_plain_definition(n):
    leaves = [merkle.leaf_hash(str(i).encode()) for i in range(n)]
    nodes = {}
    read = lambda level, index: nodes[level, index]
    for i, leaf in enumerate(leaves):
        nodes.update(merkle.appended(i, leaf, read))
    for size in range(n + 1):
        root = merkle.root(size, read)
        assert root == plain_root(leaves[:size])
        for i in range(size):
            path = merkle.path(i, size, read)
            assert len(path) <= size.bit_length()
            assert merkle.root_from_path(leaves[i], i, size, path) == root
            if path:
                assert merkle.root_from_path(leaves[i], i, size, [b"\0" * 32, *path[1:]]) != root
                with pytest.raises(ValueError):
                    merkle.root_from_path(leaves[i], i, size, path[:-1])
                with pytest.raises(ValueError):
                    merkle.root_from_path(leaves[i], i, size, [*path, path[0]])


def consistency_by_definition(first, leaves, is_whole=True):
    """SUBPROOF of RFC 9162 2.1.4.1, the plain way."""
    if first == len(leaves):
        return [] if is_whole else [plain_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if first <= k:
        return [*consistency_by_definition(first, leaves[:k], is_whole), plain_root(leaves[k:])]
    return [*consistency_by_definition(first - k, leaves[k:], False), plain_root(leaves[:k])]


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 13, 33])
def test_every_consistency_proof_equals_the_definition_and_proves_nothing_else(n):
    leaves = [merkle.leaf_hash(str(i).encode()) for i in range(n)]
    tree = merkle.Tree()
    tree.levels[0] += b"".join(leaves)
    tree.grow()
    roots = [plain_root(leaves[:size]) for size in range(n + 1)]
    assert merkle.consistency(0, n, tree.read) == [] and merkle.is_consistent(0, roots[0], n, roots[n], [])
    for second in range(1, n + 1):
        assert merkle.root(second, tree.read) == roots[second]
        for first in range(1, second + 1):
            path = merkle.consistency(first, second, tree.read)
            assert path == consistency_by_definition(first, leaves[:second])
            assert merkle.is_consistent(first, roots[first], second, roots[second], path)
            for bad in ([*path, b"\0" * 32], path[:-1] if path else [roots[1]], [b"\0" * 32, *path[1:]]):
                assert not merkle.is_consistent(first, roots[first], second, roots[second], bad)
            assert not merkle.is_consistent(first, b"\0" * 32, second, roots[second], path)
            assert not merkle.is_consistent(first, roots[first], second, b"\0" * 32, path)
    with pytest.raises(ValueError):
        merkle.consistency(n + 1, n, tree.read)
