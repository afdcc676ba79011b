"""Damage to files: any bytes, fields of headers, what lies inside of archives, and JSON."""

from __future__ import annotations

import copy
import gzip
import io
import json
import random
import re
import struct
import zipfile
from collections.abc import Callable
from typing import Any

# What headers claim when they lie: nothing, the largest of each width, billions.
_NUMBERS = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 10**6, 2**31 - 1, 2**31, 2**32 - 1, 4 * 10**9)
_WIDE = (*_NUMBERS, 2**40, 2**62, 2**63 - 1, 2**64 - 1)
_TEXTS = ("", "-1", "0", "1e308", "nan", "-inf", "99999999999", "1" * 400, "\x00", "../../x", "é")
_VALUES = (
    None, True, False, 0, -1, 2**31, 2**64, 10**400, 1.5, -1e308, float("nan"), float("inf"), "",
    "a", "../../etc/passwd", "/dev/zero", "\ud800", "\x1b[31m", [], {}, [[]], {"": None}, ["a"] * 3,
)  # fmt: skip


def damage(content: bytes, rng: random.Random) -> bytes:
    """Return other bytes: one to three changes at random places, half of them near an end."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        rng.choice(_CHANGES)(changed, rng)
    return bytes(changed)


def _place(content, rng):
    size = len(content)
    if not size:
        return 0
    near = min(size, 512)
    return rng.choice((rng.randrange(size), rng.randrange(near), size - 1 - rng.randrange(near)))


def _flip(content, rng):
    for _ in range(rng.randint(1, 8) if content else 0):
        content[_place(content, rng)] ^= 1 << rng.randrange(8)


def _cut(content, rng):
    del content[_place(content, rng) :]


def _insert(content, rng):
    at = _place(content, rng)
    content[at:at] = rng.randbytes(rng.choice((1, 2, 4, 8, 100)))


def _remove(content, rng):
    at = _place(content, rng)
    del content[at : at + rng.choice((1, 2, 4, 8, 100))]


def _field(content, rng):
    at, code = _place(content, rng), rng.choice("BHIQ")
    number = rng.choice(_WIDE) % 2 ** (8 * struct.calcsize(code))
    field = struct.pack(rng.choice("<>") + code, number)
    content[at : at + len(field)] = field


def _swap(content, rng):
    size = rng.choice((4, 16, 64, 512))
    one, other = sorted((_place(content, rng), _place(content, rng)))
    if other - one >= size:
        first, second = content[one : one + size], content[other : other + size]
        content[other : other + size], content[one : one + size] = first, second


def _repeat(content, rng):
    at = _place(content, rng)
    piece = content[at : at + rng.choice((1, 16, 256))]
    content[at:at] = piece * rng.choice((1, 2, 50))


def _number(content, rng):
    """Replace a number or a word that is written as text."""
    found = list(re.finditer(rb"-?\d+(?:\.\d+)?|[A-Za-z_]+", bytes(content[:20_000])))
    if found:
        one = rng.choice(found)
        text = rng.choice((*_TEXTS, str(rng.choice(_WIDE)), "[" * 2000))
        content[one.start() : one.end()] = text.encode("utf-8", "surrogatepass")


_CHANGES = (_flip, _flip, _cut, _insert, _remove, _field, _field, _field, _swap, _repeat, _number)


def damage_zip(content: bytes, rng: random.Random) -> bytes:
    """Damage a member of a zip file and pack it again with the right checksum, or the whole."""
    if rng.random() < 0.4:
        return damage(content, rng)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice(list(members))
    members[name] = damage(members[name], rng)
    if rng.random() < 0.1:
        other = rng.choice(("../x", "/x", "a/" * 1000 + "x", "x\x00", name + "x", "x" * 300))
        members[other] = members.pop(name)
    new = io.BytesIO()
    packing = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA))
    with zipfile.ZipFile(new, "w", packing) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return new.getvalue()


def damage_gzip(content: bytes, rng: random.Random) -> bytes:
    """Damage what a gzip file holds, or the whole."""
    if rng.random() < 0.4:
        return damage(content, rng)
    return gzip.compress(damage(gzip.decompress(content), rng), 1)


def damage_json(
    content: bytes, rng: random.Random, seal: Callable[[Any], Any] | None = None
) -> bytes:
    """Replace, remove, nest or repeat values of JSON; `seal` writes a checksum that is right."""
    if rng.random() < 0.3:
        return damage(content, rng)
    value = json.loads(content)
    for _ in range(rng.choice((1, 1, 2, 5))):
        value = _changed(value, rng)
    try:
        return json.dumps(seal(value) if seal else value).encode("utf-8", "surrogatepass")
    except (ValueError, TypeError, AttributeError, RecursionError):
        return json.dumps(value).encode() if rng.random() < 0.5 else b"[" * 100_000


def _changed(value, rng):
    if isinstance(value, dict | list) and value and rng.random() < 0.85:
        value = copy.copy(value)
        key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
        what = rng.random()
        if what < 0.1:
            del value[key]
        elif what < 0.15 and isinstance(value, dict):
            value[rng.choice(_TEXTS)] = value.pop(key)
        else:
            value[key] = _changed(value[key], rng)
        return value
    return copy.deepcopy(rng.choice((*_VALUES, [value], {"a": value}, str(value))))
