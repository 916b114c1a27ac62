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
