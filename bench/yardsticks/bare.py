"""The least a site of this kind can do, in one file: bare Flask, Jinja and SQLite. Run as a script it makes the database.

/cards      20 cards from SQLite by Jinja, as plain as a page can be
/search     the same page of what FTS5's trigram index finds
/beat       a heartbeat: one upsert, committed
/checked/…  the same with the caller's token looked up and the beat's nonce checked
/weight     a page of a given number of bytes, for first visits
"""

import csv
import hashlib
import hmac
import json
import os
import random
import sqlite3
import threading

from flask import Flask, abort, request

app = Flask(__name__)
FOLDER = os.environ["BENCH_FOLDER"]
PATH = os.path.join(FOLDER, "bare.db")
KEY = hmac.new(os.environ["BENCH_SECRET"].encode(), b"guanxue:playback", hashlib.sha256).digest()
PER_PAGE = 20
_here = threading.local()


def database() -> sqlite3.Connection:
    """This thread's connection, as durable as our site's."""
    if not hasattr(_here, "connection"):
        _here.connection = sqlite3.connect(PATH, isolation_level=None, timeout=10)
        _here.connection.execute("pragma journal_mode=wal")
        _here.connection.execute("pragma synchronous=normal")
        _here.connection.row_factory = sqlite3.Row
    return _here.connection


CARDS = app.jinja_env.from_string("""<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><title>课程</title><style>
body{font:16px/1.5 sans-serif;margin:1rem}.card{border:1px solid #bbb;padding:1rem;margin:1rem 0}</style></head>
<body><h1>{{ total }} 门课</h1>
{% for one in rows %}<article class="card"><h2><a href="/courses/{{ one.slug }}">{{ one.title }}</a></h2>
<p>{{ one.category }} · {{ one.level }}</p><p>{{ one.about[:220] }}</p></article>
{% endfor %}<nav>{% for n in range(1, pages + 1) %}<a href="?page={{ n }}">{{ n }}</a> {% endfor %}</nav></body></html>""")


@app.get("/cards")
def cards():
    """A page of the catalogue."""
    page = max(1, request.args.get("page", 1, int))
    total = database().execute("select count(*) from course").fetchone()[0]
    rows = database().execute("select * from course order by id limit ? offset ?", (PER_PAGE, (page - 1) * PER_PAGE)).fetchall()
    return CARDS.render(rows=[dict(r) for r in rows], total=total, pages=-(-total // PER_PAGE))


@app.get("/search")
def search():
    """What has all the words. The trigram index knows no word under three characters: those are looked for in every row."""
    words = request.args.get("q", "").split()[:8]
    if words and min(map(len, words)) >= 3:
        asked = " AND ".join('"' + word.replace('"', '""') + '"' for word in words)
        rows = database().execute("select course.* from found join course on course.id = found.rowid where found match ? "
                                  "order by rank limit ?", (asked, PER_PAGE)).fetchall()
    else:
        every = " and ".join("(title like ? or title_en like ? or about like ?)" for _word in words) or "1"
        values = [f"%{word}%" for word in words for _column in range(3)]
        rows = database().execute(f"select * from course where {every} limit ?", (*values, PER_PAGE)).fetchall()
    return CARDS.render(rows=[dict(r) for r in rows], total=len(rows), pages=1)


UPSERT = ("insert into progress values (?, ?, ?) "
          "on conflict (code) do update set seq = excluded.seq, to_s = excluded.to_s")


@app.post("/beat/<code>")
def beat(code: str):
    """Kept, whoever sent it."""
    told = request.get_json()
    database().execute(UPSERT, (code, told["seq"], told["beats"][-1]["to_s"]))
    return {"credited_s": told["beats"][-1]["to_s"]}


@app.post("/checked/<code>")
def checked(code: str):
    """Kept when its sender is signed in and the nonce is the right one."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    digest = hashlib.sha256(token.encode()).hexdigest()
    owner = database().execute("select code from session where token_hash = ?", (digest,)).fetchone()
    told = request.get_json()
    wanted = hmac.new(KEY, f"{code}/{told['seq'] - 1}".encode(), hashlib.sha256).hexdigest()[:32]
    if owner is None or owner["code"] != code or not hmac.compare_digest(wanted, told["nonce"]):
        abort(403)
    database().execute(UPSERT, (code, told["seq"], told["beats"][-1]["to_s"]))
    return {"credited_s": told["beats"][-1]["to_s"]}


@app.get("/weight")
def weight():
    """One document of that many bytes that no compression could make smaller."""
    filling = random.Random(1).randbytes(max(0, request.args.get("bytes", 0, int) - 200) // 2).hex()
    return f'<!doctype html><html><head><meta charset="utf-8"><title>-</title><!--{filling}--></head><body><h1>课程</h1></body></html>'


def make() -> None:
    """A fresh database: the shipped catalogue, its trigram index, the learners' tokens."""
    if os.path.exists(PATH):
        os.remove(PATH)
    connection = sqlite3.connect(PATH)
    connection.executescript("""pragma journal_mode=wal;
        create table course (id integer primary key, slug, title, title_en, category, level, about);
        create virtual table found using fts5(title, title_en, about, tokenize='trigram', content='course', content_rowid='id');
        create table session (token_hash primary key, code) without rowid;
        create table progress (code primary key, seq, to_s) without rowid;""")
    with open(os.environ["BENCH_CATALOGUE"], encoding="utf-8-sig", newline="") as f:
        connection.executemany("insert into course (slug, title, title_en, category, level, about) values (?, ?, ?, ?, ?, ?)", [
            (r["course_id"], r["title_zh"], r["title_en"], r["category_path"], r["level"], r["syllabus"])
            for r in csv.DictReader(f)])
    connection.execute("insert into found (found) values ('rebuild')")
    with open(os.path.join(FOLDER, "learners.json"), encoding="utf-8") as f:
        connection.executemany("insert into session values (?, ?)", [
            (hashlib.sha256(one["token"].encode()).hexdigest(), one["code"]) for one in json.load(f)])
    connection.commit()
    connection.close()


if __name__ == "__main__":
    make()
