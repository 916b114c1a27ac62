"""Which credentials are no longer what they were: a bit each, in a signed list that anybody may fetch and keep.

The form is that of the W3C's Bitstring Status List 1.0 (May 2025): at least 131,072 bits, the first one leftmost, packed by
gzip, written as base64url behind a "u". Whoever fetches a list does not tell us which of its credentials is looked at.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable

from guanxue.credentials.signing import Malformed, decode, encode

BITS = 131_072


def pack(indexes: Iterable[int]) -> str:
    """`encodedList` of the bits that are set. The same bits are the same text."""
    bits = bytearray(BITS // 8)
    for index in indexes:
        bits[index // 8] |= 0x80 >> index % 8
    return "u" + encode(gzip.compress(bytes(bits), mtime=0))


def unpack(text: str) -> bytes:
    """The bits of an `encodedList`. Raises Malformed."""
    if not text.startswith("u"):
        raise Malformed("base64url is asked for")
    try:
        bits = gzip.GzipFile(fileobj=io.BytesIO(decode(text[1:]))).read(BITS // 8 + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Malformed(str(error)) from error
    if len(bits) != BITS // 8:
        raise Malformed("a list of another length")
    return bits


def is_set(bits: bytes, index: int) -> bool:
    """The bit of that index."""
    return bool(bits[index // 8] & 0x80 >> index % 8)
