"""Fixtures every test may use: a fresh app on a fresh database, a client, both databases, a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from playwright.sync_api import sync_playwright
from sqlalchemy import create_engine, text
from tests import factories, sparing, turns
from tests.journeys.site import chromium

from guanxue import credentials, ledger, migrations, wiring
from guanxue.app import create_app
from guanxue.config import Settings
from guanxue.core import db as database
from guanxue.core.actor import SYSTEM
from guanxue.core.append_only import install_triggers
from guanxue.core.db import writing
from guanxue.credentials import api as credentials_api
from guanxue.credentials import routes as credentials_routes
from guanxue.creditbank import api as creditbank_api
from guanxue.learning import api as learning_api


def make_settings(folder: Path, **changes) -> Settings:
    """Settings of a test site that lives below `folder`."""
    environ = {"GUANXUE_DATA": str(folder), "GUANXUE_SECRET_KEY": "test-secret-test-secret-test-secret-0123"}
    return replace(Settings.from_env(environ), **changes)


def make_app(folder: Path, **changes):
    """An app on `folder`; its database must have been prepared."""
    app = create_app(make_settings(folder, **changes))
    app.testing = True
    sparing.spare(app)
    return app


sparing.keep_rules()
sparing.keep_files()
sparing.keep_tables()
sparing.hash_quickly()


DATABASES = ["sqlite", "postgresql"]


def pytest_collection_modifyitems(config, items) -> None:
    """A story that runs on both databases runs on one of them in each turn (turns.py), but for what is marked."""
    on_both = {name for name, on in map(_told_on, items) if on == DATABASES[0]} & {
        name for name, on in map(_told_on, items) if on == DATABASES[1]}
    left = [item for item in items if (told := _told_on(item))[0] in on_both and item.get_closest_marker(turns.BOTH) is None
            and not turns.has_its_turn(told[0], DATABASES, told[1])]
    config.hook.pytest_deselected(items=left)
    gone = set(left)
    items[:] = turns.spread([item for item in items if item not in gone], lambda item: item.location[0])


def _told_on(item) -> tuple[str, str | None]:
    """A test's name without its parameters, and the database of any_app."""
    on = item.callspec.params.get("any_app") if hasattr(item, "callspec") else None
    return f"{item.location[0]}::{getattr(item, 'originalname', item.name)}", on


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end."""
    sparing.collect_seldom()


@pytest.fixture(scope="session", autouse=True)
def spoken_languages() -> None:
    """The catalogues the site reads, compiled where one is missing or older than its words: no test rests on make."""
    for words in (Path(__file__).parents[1] / "translations").glob("*/LC_MESSAGES/*.po"):
        compiled = words.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime_ns >= words.stat().st_mtime_ns:
            continue
        fresh = compiled.with_name(f"{os.getpid()}.mo")
        with words.open("rb") as read, fresh.open("wb") as written:
            write_mo(written, read_po(read, locale=words.parts[-3]))
        os.replace(fresh, compiled)  # whole at once: another process may be compiling too


@pytest.fixture(autouse=True)
def fresh_throttles():
    """Limits are kept in the process and by person: each test begins with none used up."""
    for throttle in (learning_api._beats, learning_api._openings, learning_api._answers, creditbank_api._checks,
                     credentials_api._checks, credentials_api._looks, credentials_routes._papers):
        throttle._buckets.clear()


@pytest.fixture(scope="session")
def _template_site(tmp_path_factory) -> Path:
    """A migrated, prepared SQLite site that tests copy: migrating once is enough."""
    folder = tmp_path_factory.mktemp("site")
    app = make_app(folder)
    prepare(app)
    with app.app_context():
        database.db.engine.dispose()
    return folder


def prepare(app) -> None:
    """Migrate and prepare an app's database."""
    with app.app_context():
        _make_tables()
        with writing():
            wiring.prepare(SYSTEM)


def _make_tables() -> None:
    if list((migrations.FOLDER / "versions").glob("*.py")):
        migrations.upgrade()
        return
    with database.db.engine.connect().execution_options(is_writing=True) as c, c.begin():
        database.Model.metadata.create_all(c)
        install_triggers(c)


@pytest.fixture
def site(tmp_path, _template_site) -> Path:
    """The folder of a fresh SQLite site."""
    folder = tmp_path / "site"
    shutil.copytree(_template_site, folder)
    return folder


@pytest.fixture
def bare_app(site):
    """A fresh app on SQLite with no app context pushed: for clients, threads and commands."""
    app = make_app(site)
    yield app
    with app.app_context():
        database.db.session.remove()
        database.db.engine.dispose()


@pytest.fixture
def app(bare_app):
    """A fresh app on SQLite, inside an app context with a writing transaction open: for service tests."""
    with bare_app.test_request_context():
        database.begin_writing()
        yield bare_app
        database.end_work(commit=False)


@pytest.fixture
def client(bare_app):
    """A signed-out test client."""
    return bare_app.test_client()


# ---- PostgreSQL: a cluster of our own behind a socket file, gone after the run


@pytest.fixture(scope="session")
def postgresql():
    """A real PostgreSQL server; its URL with a place for the database's {name}."""
    programs = _postgresql_programs()
    # Not below pytest's own folder: another run that starts meanwhile closes that to every other user.
    folder = Path(tempfile.mkdtemp(prefix="guanxue-pg-", dir=sparing.memory_folder()))
    data = folder / "data"
    as_user = []
    if os.geteuid() == 0:  # initdb refuses root
        shutil.chown(folder, "postgres")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    run = lambda *args: subprocess.run([*as_user, *args], check=True, capture_output=True, cwd="/")  # noqa: E731
    run(programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
    log = (folder / "log").open("wb")
    server = subprocess.Popen(
        [*as_user, programs / "postgres", "-D", data, "-k", str(folder), "-c", "listen_addresses=", "-c", "fsync=off",
         "-c", "full_page_writes=off", "-c", "autovacuum=off", "-c", "max_wal_size=160MB", "-c", "max_connections=100"],
        stdout=log, stderr=log, cwd="/",
    )
    # A socket file of our own: no port that somebody else may take between looking and listening.
    url = f"postgresql+psycopg://postgres@/{{name}}?host={folder}"
    try:
        _wait_for(url)
        yield url
    finally:
        if server.poll() is not None:  # it died in the middle: say why
            print((folder / "log").read_text("utf-8", "replace")[-3000:])
        server.send_signal(signal.SIGINT)  # fast shutdown: does not wait for clients
        server.wait(20)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _postgresql_programs() -> Path:
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    assert found, "PostgreSQL is missing: `make test` installs it"
    return Path(found).resolve().parent


def _wait_for(url: str) -> None:
    engine = create_engine(url.format(name="postgres"))
    for _ in range(600):
        try:
            with engine.connect():
                return
        except Exception:
            time.sleep(0.1)
    raise RuntimeError("PostgreSQL did not start")


@pytest.fixture
def postgresql_app(postgresql, tmp_path):
    """A fresh app on a fresh PostgreSQL database, no context pushed."""
    name = f"t{time.time_ns()}"
    admin = create_engine(postgresql.format(name="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        template = _template_database(connection, postgresql, tmp_path)
        # In memory a copy of the files is quickest; on a disk it would wait for them.
        how = "STRATEGY file_copy" if _is_copied_quickest(connection, postgresql) else ""
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} {how}"))
    app = make_app(tmp_path / "pgsite", database_url=postgresql.format(name=name))
    with app.app_context():
        ledger.ensure_key()  # the copied database has its rows, this folder not yet its keys
        credentials.ensure_key()
    yield app
    with app.app_context():
        database.db.session.remove()
        database.db.engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def _is_copied_quickest(connection, url: str) -> bool:
    return f"host={sparing.MEMORY}/" in url and connection.dialect.server_version_info >= (15,)


_templates: dict[str, str] = {}


def _template_database(connection, base: str, folder: Path) -> str:
    """The name of a prepared database to copy, made once a server."""
    if base not in _templates:
        connection.execute(text("CREATE DATABASE prepared"))
        app = make_app(folder / "pgtemplate", database_url=base.format(name="prepared"))
        prepare(app)
        with app.app_context():
            database.db.session.remove()
            database.db.engine.dispose()
        _templates[base] = "prepared"
    return _templates[base]


@pytest.fixture(params=DATABASES)
def any_app(request):
    """A fresh app on each database in turn, no context pushed: for what writes."""
    return request.getfixturevalue("bare_app" if request.param == "sqlite" else "postgresql_app")


@pytest.fixture
def any_db(any_app):
    """Like `app`, on each database in turn."""
    with any_app.test_request_context():
        database.begin_writing()
        yield any_app
        database.end_work(commit=False)


@pytest.fixture
def cast():
    """The fixed cast: see factories.py."""
    return factories


@pytest.fixture(scope="session")
def browser():
    """Chromium, running; one of a process, for Playwright starts but once in each."""
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        yield browser
        browser.close()
