"""`guanxue backup` and `restore`: a whole copy while the site writes, back at one stroke, and no ledger made younger in silence."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from tests.clients import is_chinese
from tests.conftest import make_app
from tests.factories import make_course, make_person

from guanxue import audit, backups, ledger, media, search
from guanxue.core.actor import SYSTEM
from guanxue.core.command import Application
from guanxue.core.db import db, session, writing
from guanxue.ledger.commands import group as ledger_group


def run(app, command, *args):
    return CliRunner().invoke(command, [str(a) for a in args], obj=Application(lambda: app))


def backup(app, *args):
    return run(app, backups.backup, *args)


def restore(app, *args):
    return run(app, backups.restore, *args)


def verify(app):
    return run(app, ledger_group, "verify")


def deposit(app, *numbers):
    with app.test_request_context():
        for n in numbers:
            with writing():
                ledger.post(SYSTEM, key=f"k{n}", kind="completion", postings=[("mint:course", -32), ("person:1", 32)], document={})
                ledger.seal()


def rows(app) -> dict[str, list]:
    """Every row of every table, but the line that says a backup was restored."""
    with app.test_request_context():
        found = {name: sorted(map(repr, session.execute(text(f'SELECT * FROM "{name}"')))) for name in db.metadata.tables}
    found["audit_line"] = [x for x in found["audit_line"] if "site.restored" not in x]
    return found


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def fill(app, folder: Path) -> None:
    """A course, people, five entries, an original, a finished video and a file beside texts."""
    with app.test_request_context(), writing():
        make_person()
        make_course()
        (folder / "media" / "originals").mkdir(parents=True)
        with (folder / "film.mp4").open("wb") as f:
            f.write(b"film" * 1000)
        with (folder / "film.mp4").open("rb") as f:
            media.create_from_upload(SYSTEM, "film.mp4", f)
        made = folder / "media" / "assets" / "1" / "abc"
        made.mkdir(parents=True)
        (made / "video.mp4").write_bytes(b"made" * 1000)
        media.keep_file(SYSTEM, media.prepare_file("图纸.pdf", io.BytesIO(b"%PDF-1.7 drawing")))
        media.note_prepared(SYSTEM, media.prepare_file("图纸.pdf", io.BytesIO(b"%PDF-1.7 drawing")))
        work = folder / "media" / "work" / "1-1"
        work.mkdir(parents=True)
        (work / "half.mp4").write_bytes(b"half")
        (folder / "media" / "originals" / ".draft.part").write_bytes(b"half")
    deposit(app, 1, 2, 3, 4, 5)
    (folder / "film.mp4").unlink()


@pytest.fixture
def filled(bare_app, site):
    fill(bare_app, site)
    return bare_app


@pytest.fixture
def empty(tmp_path):
    """A site on another machine: settings, nothing else."""
    app = make_app(tmp_path / "other")
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_a_backup_restored_elsewhere_is_the_same_site(filled, empty, site, tmp_path):
    before = rows(filled)
    made = backup(filled, tmp_path / "b", "--with-keys")
    assert made.exit_code == 0 and made.stdout == f"{tmp_path / 'b'}\n"
    originals = [f"media/originals/{p.name}" for p in (site / "media" / "originals").glob("[!.]*")]
    beside = [str(p.relative_to(site)) for p in (site / "media" / "files").glob("??/*.pdf")]
    assert len(originals) == 1 == len(beside) and set(files(tmp_path / "b")) == {
        "backup.json", "guanxue.db", "ledger/heads.jsonl", "keys/ledger.pem", "keys/credential.pem", "credentials/keys.json", "media/assets/1/abc/video.mp4", *originals, *beside}
    assert (tmp_path / "b").stat().st_mode & 0o077 == 0
    back = restore(empty, tmp_path / "b")
    assert back.exit_code == 0 and back.stdout.startswith("已恢复"), back.output
    assert rows(empty) == before
    other = files(tmp_path / "other")
    assert other["ledger/heads.jsonl"] == (site / "ledger" / "heads.jsonl").read_bytes()
    assert other["media/assets/1/abc/video.mp4"] == b"made" * 1000 and other[beside[0]] == b"%PDF-1.7 drawing"
    assert verify(empty).exit_code == 0
    with empty.test_request_context():
        assert search.query("安全测量").total == 1
        assert [x.action for x in audit.list_lines(subject="site")] == ["site.restored"]


def test_a_backup_taken_while_others_write_holds_together(filled, empty, tmp_path):
    stop, errors = threading.Event(), []

    def go():
        n = 100
        try:
            while not stop.is_set():
                deposit(filled, n)
                n += 1
        except Exception as error:
            errors.append(error)

    writer = threading.Thread(target=go)
    writer.start()
    try:
        made = [backup(filled, tmp_path / f"b{n}", "--with-keys") for n in range(3)]
    finally:
        stop.set()
        writer.join()
    assert errors == [] and [m.exit_code for m in made] == [0, 0, 0]
    assert restore(empty, tmp_path / "b2").exit_code == 0
    assert verify(empty).exit_code == 0
    for n in range(3):
        assert sqlite3.connect(tmp_path / f"b{n}" / "guanxue.db").execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_keys_stay_out_and_that_is_said(filled, empty, site, tmp_path):
    made = backup(filled, tmp_path / "b")
    assert made.exit_code == 0 and "密钥没有备份" in made.stderr and not (tmp_path / "b" / "keys").exists()
    key = (site / "keys" / "ledger.pem").read_bytes()
    assert not any(key in content for content in files(tmp_path / "b").values())
    back = restore(empty, tmp_path / "b")
    assert back.exit_code == 0 and "私钥" in back.stderr
    (tmp_path / "other" / "keys").mkdir()
    shutil.copy(site / "keys" / "ledger.pem", tmp_path / "other" / "keys" / "ledger.pem")
    assert verify(empty).exit_code == 0


def test_restore_refuses_a_site_that_is_there_and_changes_nothing(filled, site, tmp_path):
    backup(filled, tmp_path / "b")
    deposit(filled, 6)
    before = rows(filled)
    result = restore(filled, tmp_path / "b")
    assert result.exit_code == 1 and result.stdout == "" and "--force" in result.stderr
    assert rows(filled) == before


def test_an_older_ledger_restored_fails_verify_until_the_rewind_is_signed(filled, tmp_path):
    old = rows(filled)
    backup(filled, tmp_path / "b")
    deposit(filled, 6, 7)
    assert restore(filled, tmp_path / "b", "--force").exit_code == 0
    assert rows(filled) == old  # seen by a site that had the database open all the while
    told = verify(filled)
    assert told.exit_code == 1 and "7" in told.stdout
    assert run(filled, ledger_group, "rewind", "--reason", "磁盘坏了", "--authority", "信息科").exit_code == 0
    told = verify(filled)
    assert told.exit_code == 0 and "磁盘坏了" in told.stdout
    deposit(filled, 8)
    assert verify(filled).exit_code == 0


def test_restoring_the_newest_backup_needs_no_rewind(filled, tmp_path):
    backup(filled, tmp_path / "b")
    assert restore(filled, tmp_path / "b", "--force").exit_code == 0 and verify(filled).exit_code == 0


def spoil_json(folder: Path, **changes) -> None:
    path = folder / "backup.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


SPOILT = {
    "no manifest": lambda b: (b / "backup.json").unlink(),
    "another form": lambda b: spoil_json(b, format="other/1"),
    "a manifest of another kind": lambda b: (b / "backup.json").write_text("[]"),
    "another database": lambda b: spoil_json(b, engine="postgresql"),
    "a cut database": lambda b: (b / "guanxue.db").write_bytes((b / "guanxue.db").read_bytes()[:50_000]),
    "a changed database": lambda b: (b / "guanxue.db").open("ab").write(b"x"),
    "no database": lambda b: (b / "guanxue.db").unlink(),
    "a lost video": lambda b: shutil.rmtree(b / "media" / "assets"),
    "a newer version": lambda b: newer(b),
}


def newer(folder: Path) -> None:
    with sqlite3.connect(folder / "guanxue.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from-the-future'")
    connection.close()
    spoil_json(folder, digest=backups.hashlib.sha256((folder / "guanxue.db").read_bytes()).hexdigest())


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_backup_is_refused_and_the_site_stands(filled, site, tmp_path, how):
    backup(filled, tmp_path / "b")
    SPOILT[how](tmp_path / "b")
    before = rows(filled)
    heads = (site / "ledger" / "heads.jsonl").read_bytes()
    result = restore(filled, tmp_path / "b", "--force")
    assert result.exit_code == 1 and result.stdout == "" and is_chinese(result.stderr), result.output
    assert rows(filled) == before and (site / "ledger" / "heads.jsonl").read_bytes() == heads


def test_a_database_in_use_is_left_as_it_was(filled, site, tmp_path, monkeypatch):
    backup(filled, tmp_path / "b")
    deposit(filled, 6)
    before = rows(filled)
    monkeypatch.setattr(backups, "WAIT_S", 0.5)
    other = sqlite3.connect(site / "guanxue.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        result = restore(filled, tmp_path / "b", "--force")
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert result.exit_code == 1 and is_chinese(result.stderr) and rows(filled) == before


def test_a_backup_that_breaks_off_leaves_nothing(filled, tmp_path, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backups.shutil, "copyfile", full)
    monkeypatch.setattr(backups.os, "link", full)
    result = backup(filled, tmp_path / "b")
    assert result.exit_code == 1 and result.stdout == "" and is_chinese(result.stderr)
    assert not list(tmp_path.glob("*b*"))


def test_a_backup_never_writes_over_anything(filled, empty, tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine").write_text("x")
    (tmp_path / "f").write_text("x")
    for dest in ("b", "f"):
        result = backup(filled, tmp_path / dest)
        assert result.exit_code == 1 and is_chinese(result.stderr)
    assert files(tmp_path / "b") == {"mine": b"x"}
    assert backup(empty, tmp_path / "n").exit_code == 1 and not (tmp_path / "n").exists()


def test_the_site_never_changes_a_file_a_backup_shares_with_it(filled, site, tmp_path):
    backup(filled, tmp_path / "b")
    before = files(tmp_path / "b")
    with filled.test_request_context():
        for path in (site / "media" / "originals").glob("[!.]*"):
            with path.open("rb") as f:
                media.keep_original(f)
    deposit(filled, 6)
    assert files(tmp_path / "b") == before


def test_postgresql_is_backed_up_and_comes_back(postgresql_app, tmp_path):
    fill(postgresql_app, tmp_path / "pgsite")
    before = rows(postgresql_app)
    made = backup(postgresql_app, tmp_path / "b", "--with-keys")
    assert made.exit_code == 0, made.output
    deposit(postgresql_app, 6, 7)
    assert restore(postgresql_app, tmp_path / "b").exit_code == 1
    back = restore(postgresql_app, tmp_path / "b", "--force")
    assert back.exit_code == 0, back.output
    assert rows(postgresql_app) == before
    assert verify(postgresql_app).exit_code == 1
    assert run(postgresql_app, ledger_group, "rewind", "--reason", "试", "--authority", "试").exit_code == 0
    assert verify(postgresql_app).exit_code == 0
    broken = tmp_path / "b" / "database.sql"
    broken.write_text(broken.read_text("utf-8") + "\nSELECT no_such_column;\n", "utf-8")
    spoil_json(tmp_path / "b", digest=backups.hashlib.sha256(broken.read_bytes()).hexdigest())
    deposit(postgresql_app, 9)
    before = rows(postgresql_app)
    result = restore(postgresql_app, tmp_path / "b", "--force")
    assert result.exit_code == 1 and is_chinese(result.stderr) and rows(postgresql_app) == before


def test_postgresql_without_its_programs_is_told_how_to_get_them(postgresql_app, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    result = backup(postgresql_app, tmp_path / "b")
    assert result.exit_code == 1 and "apt-get install postgresql-client" in result.stderr and not (tmp_path / "b").exists()
