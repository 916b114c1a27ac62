"""How long the list of names in a zip is, told by its last bytes: before Python reads millions of names into memory.

And how its parts may be packed: zipfile unpacks more methods than people's programs use, and those fail in ways of their own.
"""

from __future__ import annotations

import os
import struct
import zlib
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile

PLAIN_METHODS = (ZIP_STORED, ZIP_DEFLATED)
# How zipfile fails on a file that is broken, packed in a way it does not know, or under a password (RuntimeError and its kin).
BROKEN = (BadZipFile, zlib.error, EOFError, struct.error, RuntimeError, KeyError)
_LONGEST_REMARK = 65_535
_END, _END_64, _PLACE_64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")


def listing_of(stream: BinaryIO) -> tuple[int, int]:
    """(how many names, how many bytes their list takes), as zipfile will read it; the stream may stand anywhere afterwards.

    Raises BadZipFile. A large package says it twice, and zipfile believes the longer form whatever the short one says.
    """
    size = stream.seek(0, os.SEEK_END)
    begin = max(0, size - _END.size - _LONGEST_REMARK - _PLACE_64.size - _END_64.size)
    stream.seek(begin)
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + _END.size:
        raise BadZipFile("no end of the list")
    _sign, _disk, _first, _here, count, length, _offset, _remark = _END.unpack_from(tail, at)
    place = at - _PLACE_64.size
    if place < 0 or not tail.startswith(b"PK\x06\x07", place):
        return count, length
    there = place - _END_64.size
    _sign, _disk, told_at, _disks = _PLACE_64.unpack_from(tail, place)
    if there < 0 or not tail.startswith(b"PK\x06\x06", there) or told_at != begin + there:
        raise BadZipFile("the long form of the end is not where it should be")
    *_before, count, length, _offset = _END_64.unpack_from(tail, there)
    return count, length
