"""What each test would pay for again though it cannot come out differently: paid once in a process.

Every test has an app of its own. What is compiled for it (templates, addresses) depends on texts alone,
so it is kept by those texts; what guards against a loss of power guards nothing in a test.
"""

from __future__ import annotations

import gc
import os
import shutil
from functools import cache
from pathlib import Path
from types import CodeType

from argon2 import PasswordHasher
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine, event
from sqlalchemy.engine import Dialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from guanxue.accounts import service as accounts_service
from guanxue.core import db as database
from guanxue.core import i18n
from guanxue.core.web.assets import Assets
from guanxue.search import analysis

MEMORY = Path("/dev/shm")
NEEDED_BYTES = 1 << 30


class Compiled(BytecodeCache):
    """Compiled templates of this process, by name and content: a template that is changed is compiled anew."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give the bucket its code where the same text was compiled before."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the bucket's code."""
        self._codes[bucket.key, bucket.checksum] = bucket.code


TEMPLATES = Compiled()
STATEMENTS = LRUCache(3_000)
_dialects: dict[str, Dialect] = {}


def spare(app) -> None:
    """Let a test's app use what was compiled before, and not wait for the disk."""
    app.jinja_env.bytecode_cache = TEMPLATES
    with app.app_context():
        engine = database.db.engine
    _share_statements(engine)
    if engine.dialect.name == "sqlite":  # a process that is killed still loses nothing so; a machine would
        event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF"))


def _share_statements(engine: Engine) -> None:
    # Compiled statements are kept by dialect: the first that has met its server serves every engine of its kind.
    known = _dialects.get(engine.dialect.name)
    if known is None or getattr(known, "server_version_info", None) is None:
        _dialects[engine.dialect.name] = engine.dialect
    else:
        engine.dialect = known
    engine._compiled_cache = STATEMENTS


def keep_rules() -> None:
    """Let addresses of the same text share what Werkzeug compiles of them; most of an app's start is that."""
    compile_anew, kept = Rule.compile, {}

    def compiled(rule: Rule) -> None:
        told = (rule.rule, rule.subdomain, rule.host, rule.map.host_matching, rule.merge_slashes, repr(rule.defaults))
        if told not in kept:
            compile_anew(rule)
            kept[told] = rule
            return
        first = kept[told]
        rule._parts, rule._trace, rule._converters = first._parts, first._trace, first._converters
        rule.arguments = set(first.arguments)
        rule._build, rule._build_unknown = (f.__func__.__get__(rule) for f in (first._build, first._build_unknown))

    Rule.compile = compiled


def keep_tables() -> None:
    """Let apps share what they read of synonyms and of the world's languages."""
    read, know, tell = analysis.read_synonyms, analysis.know, i18n.tags
    kept_synonyms = cache(lambda path, pages, _changed: read(path, pages))
    kept_tags = cache(lambda codes: tell(dict(codes)))
    kept_words = cache(know)
    analysis.know = lambda words: kept_words(tuple(words))
    analysis.read_synonyms = lambda path, pages=(): kept_synonyms(
        path, tuple(pages), tuple(p.stat().st_mtime_ns for p in (path, *pages) if p.exists()))
    i18n.tags = lambda codes: dict(kept_tags(tuple(codes.items())))


def keep_files() -> None:
    """Let apps share what they shrink and pack of the same folder; a file that changed is made anew all the same."""
    begin, kept = Assets.__init__, {}

    def begun(assets: Assets, folder: Path) -> None:
        begin(assets, folder)
        assets._files = kept.setdefault(assets.folder, assets._files)

    Assets.__init__ = begun


HASHER = accounts_service._hasher  # the product's own


def hash_quickly() -> None:
    """Let passwords cost little; a hash says itself how to compare with it. Most tests begin with somebody who signs in."""
    quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    accounts_service._hasher, accounts_service._nobody = quick, quick.hash("nobody's")


def collect_seldom() -> None:
    """Look for garbage seldom, and never among modules and tests: a third of the suite's time went there."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 10)


def memory_folder() -> str | None:
    """Where files live in memory and root may give them to others, if there is room; None: where temporary files are."""
    is_there = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    return str(MEMORY) if is_there and shutil.disk_usage(MEMORY).free > NEEDED_BYTES else None
