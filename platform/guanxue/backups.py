"""A consistent copy of the site while it serves, and back: `guanxue backup` and `guanxue restore`.

A backup is a folder: backup.json, the database (guanxue.db of SQLite, database.sql of PostgreSQL), ledger/heads.jsonl,
credentials/keys.json, media/originals, media/assets, media/files, media/proofs, and keys/ where that was asked for. What the
database names is on the disk before the database names it, and heads are kept after their commit: so heads are copied first,
then the database, then media.
Coming back, media are added first, and the database is switched in one transaction: broken off at any moment, the site
is the old one or the new one.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click
from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlalchemy.exc import DatabaseError

from guanxue import audit, credentials, ledger, migrations, search
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.command import fail, in_app
from guanxue.core.db import db, writing
from guanxue.core.i18n import gettext as _
from guanxue.core.settings import settings

FORMAT = "guanxue-backup/1"
MEDIA = ("originals", "assets", "files", "proofs")
DATABASE = {"sqlite": "guanxue.db", "postgresql": "database.sql"}
WAIT_S = 30


@click.command()
@click.argument("dest", type=click.Path(path_type=Path))
@click.option("--with-keys", is_flag=True, help="连同签名私钥和站点密钥一起备份；这样的备份要像密钥一样保管")
@in_app()
def backup(dest: Path, with_keys: bool) -> None:
    """把整个站点备份到文件夹 DEST（不能已有内容）；网站照常服务。

    包括数据库、上传的视频原件、做好的视频、图片和附件，还有库外保存的账头。密钥默认不备份。
    """
    dest = dest.absolute()
    if dest.exists() and (not dest.is_dir() or any(dest.iterdir())):
        fail(_("目标已经存在：%(path)s。", path=dest))
    if not _is_occupied():
        fail(_("这里还没有站点可以备份。"))
    draft = dest.with_name(f".{dest.name}.{secrets.token_hex(4)}")
    with _disk():
        _backup_by_way_of(draft, dest, with_keys)
    click.echo(str(dest))
    if not with_keys:
        click.echo(_("密钥没有备份。没有原来的签名私钥和站点密钥，恢复后旧的账头和学习证据无法核对：请另外妥善保管（%(where)s），"
                     "或加 --with-keys。", where=settings().ledger_key_path.parent), err=True)


@contextmanager
def _disk() -> Iterator[None]:
    """A disk that is full or may not be written ends in a sentence."""
    try:
        yield
    except OSError as error:
        fail(_("读写文件没有成功：%(why)s", why=f"{error.strerror} {error.filename or ''}".strip()))


def _backup_by_way_of(draft: Path, dest: Path, with_keys: bool) -> None:
    """Write beside, then rename: under its name stands a whole backup or none."""
    try:
        draft.mkdir(parents=True, mode=0o700)
        told = _write_backup(draft, with_keys)
        (draft / "backup.json").write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", "utf-8")
        os.sync()
        if dest.exists():
            dest.rmdir()
        os.rename(draft, dest)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_backup(draft: Path, with_keys: bool) -> dict:
    """Copy everything into the empty folder; what backup.json says."""
    (draft / "ledger").mkdir()
    (draft / "ledger" / "heads.jsonl").write_bytes(ledger.kept_bytes())
    if credentials.published_path().is_file():
        (draft / "credentials").mkdir()
        shutil.copyfile(credentials.published_path(), draft / "credentials" / "keys.json")
    engine = db.engine.dialect.name
    target = draft / DATABASE[engine]
    db.session.remove()
    if engine == "sqlite":
        _copy_sqlite(target)
    else:
        _run_postgresql("pg_dump", "--no-owner", "--no-privileges", "--file", str(target))
    with target.open("rb") as f:
        digest = hashlib.file_digest(f, "sha256").hexdigest()
    copied = _take_files(_media_files(settings().media_dir), settings().media_dir, draft / "media")
    if with_keys:
        _copy_keys(draft / "keys")
    return {"format": FORMAT, "made_at": clock.now().isoformat(timespec="seconds"), "engine": engine, "digest": digest,
            "media_files": copied, "with_keys": with_keys, "public_key": _public_key()}


def _copy_sqlite(target: Path) -> None:
    """One snapshot by SQLite's own backup, checked, in a single file."""
    with closing(sqlite3.connect(db.engine.url.database)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        if copy.execute("PRAGMA quick_check").fetchone() != ("ok",):
            fail(_("数据库已经损坏，没有备份：运行 guanxue doctor。"))


def _run_postgresql(program: str, *args: str) -> None:
    """pg_dump or psql on the site's database; the password goes by the environment, never by the arguments."""
    if shutil.which(program) is None:
        fail(_("没有找到 %(program)s，不能备份或恢复 PostgreSQL：apt-get install postgresql-client。", program=program))
    url = db.engine.url
    # A server behind a socket file is named in the address's query.
    given = {"PGHOST": url.host or url.query.get("host"), "PGPORT": url.port or url.query.get("port"), "PGUSER": url.username,
             "PGPASSWORD": url.password, "PGDATABASE": url.database, "PGOPTIONS": f"-c lock_timeout={WAIT_S}s"}
    environ = {**os.environ, **{name: str(value) for name, value in given.items() if value is not None}}
    done = subprocess.run([program, *args], env=environ, capture_output=True, text=True)
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["?"])[-1]
        fail(_("%(program)s 没有成功：%(why)s", program=program, why=said))


def _media_files(folder: Path) -> list[Path]:
    """The files of originals, of finished videos and beside texts; none half written, no notes of who sent them."""
    return sorted(p for name in MEDIA for p in (folder / name).rglob("*")
                  if p.is_file() and not any(part.startswith(".") for part in p.relative_to(folder).parts))


def _take_files(files: list[Path], source: Path, target: Path) -> int:
    """Bring files that never change again from `source` to below `target`: linked on the same disk, copied elsewhere."""
    with click.progressbar(files, label=_("媒体文件"), file=sys.stderr) as bar:
        for path in bar:
            to = target / path.relative_to(source)
            if to.is_file() and to.stat().st_size == path.stat().st_size:
                continue
            to.parent.mkdir(parents=True, exist_ok=True)
            draft = to.with_name(f".{to.name}.{secrets.token_hex(4)}")
            try:
                os.link(path, draft)
            except OSError:
                shutil.copyfile(path, draft)
            os.replace(draft, to)
    return len(files)


def _keys() -> dict[str, Path]:
    """Where this site's keys lie, by their name in a backup."""
    return {"ledger.pem": settings().ledger_key_path, "credential.pem": settings().credential_key_path,
            "secret": settings().data_dir / "keys" / "secret"}


def _copy_keys(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    for name, path in _keys().items():
        if path.is_file():
            _write_key(folder / name, path.read_bytes())
    if os.environ.get("GUANXUE_SECRET_KEY"):
        click.echo(_("站点密钥由 GUANXUE_SECRET_KEY 给出，不在备份里，请另外保管。"), err=True)


def _write_key(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.write_bytes(content)


def _public_key() -> str:
    try:
        return ledger.public_bytes().hex()
    except OSError:
        return ""


# ---- and back


@click.command()
@click.argument("src", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="这里已有站点也恢复；它现在的数据库会被换掉")
@in_app()
def restore(src: Path, force: bool) -> None:
    """从备份文件夹 SRC 恢复站点。已有站点（不管在不在运行）时拒绝，除非加 --force。

    先在旁边备齐，再一次换上：中途断了，站点不是旧的就是新的。库外保存的账头不会变少；恢复的账本比它旧，
    guanxue ledger verify 就不会通过，直到用 guanxue ledger rewind 登记回退。
    """
    told = _read_backup(src)
    if not force and _is_occupied():
        fail(_("这里已经有站点，它可能还在运行。先停下网站和后台任务；确定要换掉它的数据库，再加 --force。"))
    with _disk():
        _take_files(_media_files(src / "media"), src / "media", settings().media_dir)
    db.session.remove()
    db.engine.dispose()
    if told["engine"] == "sqlite":
        _switch_sqlite(src / DATABASE["sqlite"])
    else:
        _run_postgresql("psql", "--no-psqlrc", "--quiet", "--output", os.devnull, "--set", "ON_ERROR_STOP=1",
                        "--single-transaction", "--command", "DROP SCHEMA public CASCADE", "--command", "CREATE SCHEMA public",
                        "--file", str(src / DATABASE["postgresql"]))
    _take_heads(src)
    if (published := src / "credentials" / "keys.json").is_file():
        credentials.take_published(published.read_text("utf-8"))
    _take_keys(src, told)
    click.echo(_("已恢复 %(at)s 的备份。", at=told["made_at"]))
    _finish(told)


def _read_backup(src: Path) -> dict:
    """What backup.json says, after everything that can be wrong with a backup was looked for."""
    try:
        told = json.loads((src / "backup.json").read_text("utf-8"))
        is_ours = told["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError):
        is_ours = False
    if not is_ours:
        fail(_("这不是莞学的备份：%(path)s。", path=src))
    if told["engine"] != db.engine.dialect.name:
        fail(_("备份来自 %(a)s，这个站点用 %(b)s，不能互相恢复。", a=told["engine"], b=db.engine.dialect.name))
    database = src / DATABASE[told["engine"]]
    try:
        with database.open("rb") as f:
            is_whole = hashlib.file_digest(f, "sha256").hexdigest() == told["digest"]
    except OSError:
        is_whole = False
    if not is_whole or len(_media_files(src / "media")) < told["media_files"]:
        fail(_("备份不完整或被改动过，没有恢复。"))
    if told["engine"] == "sqlite" and not _is_known(database):
        fail(_("备份来自更新的版本，请先升级莞学再恢复。"))
    return told


def _is_known(database: Path) -> bool:
    """Do we have the migration this database stands at?"""
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    return any(s.revision == revision for s in ScriptDirectory(str(migrations.FOLDER)).walk_revisions())


def _is_occupied() -> bool:
    """Does this site have a database with tables?"""
    url = db.engine.url
    if db.engine.dialect.name == "sqlite" and not Path(url.database).exists():
        return False  # looking would make the file
    try:
        with db.engine.connect() as connection:
            return bool(inspect(connection).get_table_names())
    except DatabaseError as error:
        fail(_("数据库打不开：%(why)s。检查 GUANXUE_DATABASE_URL。", why=type(error).__name__))


def _switch_sqlite(source: Path) -> None:
    """All pages in one transaction of the living database: whoever has it open sees the old or the new."""
    deadline = time.monotonic() + WAIT_S

    def give_up(_status: int, _remaining: int, _total: int) -> None:
        if time.monotonic() > deadline:
            raise TimeoutError

    with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as backup_, \
            closing(sqlite3.connect(db.engine.url.database, timeout=1)) as site:
        site.execute("PRAGMA journal_mode=WAL")
        try:
            backup_.backup(site, progress=give_up)
        except (TimeoutError, sqlite3.OperationalError):
            fail(_("数据库一直被占用，没有恢复。先停下网站和后台任务。"))


def _take_heads(src: Path) -> None:
    """The heads kept on this machine are the witness: they stay, and are added to only where the backup's go on from them."""
    ours, theirs = ledger.kept_bytes(), (src / "ledger" / "heads.jsonl").read_bytes()
    if theirs.startswith(ours) and theirs != ours:
        path = ledger.kept_heads_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(theirs[len(ours):])
            file.flush()
            os.fsync(file.fileno())


def _take_keys(src: Path, told: dict) -> None:
    """The backup's keys where it has them; a different one that stood here is kept beside."""
    for name, path in _keys().items():
        given = src / "keys" / name
        if not given.is_file() or (path.is_file() and path.read_bytes() == given.read_bytes()):
            continue
        if path.is_file():
            path.rename(path.with_name(f"{path.name}.before-restore-{clock.now_ms()}"))
        _write_key(path, given.read_bytes())
    if told["public_key"] and _public_key() != told["public_key"]:
        click.echo(_("签名私钥不是备份时的那一把：把原来的私钥放到 %(path)s，再启动网站。",
                     path=settings().ledger_key_path), err=True)


def _finish(told: dict) -> None:
    """An audit line and the index, where the database is of this version; and what is left to do."""
    if not migrations.is_current():
        click.echo(_("备份来自较早的版本：运行 guanxue init，再运行 guanxue reindex。"), err=True)
        return
    with writing():
        audit.record(SYSTEM, "site.restored", "site", {"made_at": told["made_at"], "digest": told["digest"]})
    search.rebuild()
    click.echo(_("重新启动网站和后台任务，然后运行 guanxue ledger verify。"), err=True)


COMMANDS = [backup, restore]
