"""Awards and moves of the time when courses and classes had tables of their own are carried over, there and back."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text
from tests.classes.test_merging import attended, close, merge
from tests.clients import Learner
from tests.factories import make_course, make_person

from guanxue import creditbank, migrations
from guanxue.core import clock
from guanxue.core.db import begin_writing, end_work, session, writing

ROWS = ("SELECT source, key, person_id, entry_number, code, awarded_at FROM creditbank_award ORDER BY code",
        "SELECT m.merge_code, a.code, m.step, m.rule, m.from_person_id, m.to_person_id, m.off_entry, m.on_entry, m.moved_at "
        "FROM creditbank_move m JOIN creditbank_award a ON a.id = m.award_id ORDER BY a.code, m.step")


def rows(app) -> list:
    with app.app_context():
        return [[tuple(map(str, row)) for row in session.execute(text(query))] for query in ROWS]


def test_awards_and_moves_keep_their_codes_and_entries(any_app):
    with any_app.test_request_context(), writing():
        make_person("13800000001", "林小莲")
        make_course()
    Learner(any_app, "13800000001").finish()
    with any_app.test_request_context():
        begin_writing()
        teacher, kept = make_person("13800000003", "陈师傅", "instructor"), make_person("13800000002", "林小莲")
        merged = make_person("13800000004", "林小莲")
        cls, meeting = attended(teacher, merged)
        close(teacher, cls, meeting)
        with clock.travel(meeting.ends_at + timedelta(hours=1)):
            merge(kept, merged)
        kept_id = kept.id
        end_work(commit=True)
    before = rows(any_app)
    assert [row[0] for row in sorted(before[0])] == ["class", "course"] and len(before[1]) == 1
    with any_app.app_context():
        migrations.downgrade("0025")
        session.remove()
        old = [session.scalar(text(f"SELECT count(*) FROM creditbank_{name}")) for name in
               ("award", "class_award", "move", "class_move")]
        session.remove()
        migrations.upgrade()
    assert old == [1, 1, 0, 1] and rows(any_app) == before
    with any_app.test_request_context():
        assert creditbank.balance(kept_id) == 250
