"""One table of awards and one of their moves, whatever a credit was earned with. Rows keep their codes and entries."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
PERSON, ENTRY = "accounts_person.id", "ledger_entry.number"
OLD = ("creditbank_move", "creditbank_award", "creditbank_class_move", "creditbank_class_award")
FACTS = "merge_code, step, rule, from_person_id, to_person_id, off_entry, on_entry, moved_at"


# ruff: noqa: S608 names of our own tables


def upgrade() -> None:
    _keep(OLD)
    own = [sa.Column("source", sa.String(), nullable=False), sa.Column("key", sa.String(), nullable=False)]
    _award("creditbank_award", own, {}, (("source", "key"), ("entry_number",), ("code",)))
    op.create_index(op.f("ix_creditbank_award_person_id"), "creditbank_award", ["person_id"])
    _move("creditbank_move", "creditbank_award")
    # Awards of classes get the numbers behind those of courses.
    shift, later = (f"(SELECT coalesce(max(id), 0) FROM old_creditbank_{name})" for name in ("award", "move"))
    columns = "id, source, key, person_id, entry_number, code, awarded_at"
    for name, item, source, more in (("award", "course_id", "course", "0"), ("class_award", "class_id", "class", shift)):
        _fill("creditbank_award", columns, f"SELECT id + {more}, '{source}', person_id || ':' || {item}, person_id, "
              f"entry_number, code, awarded_at FROM old_creditbank_{name}")
    _fill("creditbank_move", f"id, award_id, {FACTS}", f"SELECT id, award_id, {FACTS} FROM old_creditbank_move")
    _fill("creditbank_move", f"id, award_id, {FACTS}",
          f"SELECT id + {later}, award_id + {shift}, {FACTS} FROM old_creditbank_class_move")
    _let_go(OLD)
    _go_on_counting("creditbank_award", "creditbank_move")


def downgrade() -> None:
    """What is neither a course's nor a class's has no place in the old tables: its award goes, its entry stays."""
    _keep(("creditbank_move", "creditbank_award"))
    for name, item, parent, done, source in (
            ("award", "course_id", "courses_course.id", "learning_completion", "course"),
            ("class_award", "class_id", "classes_class.id", "classes_completion", "class")):
        own = [sa.Column("completion_id", sa.Integer(), nullable=False), sa.Column(item, sa.Integer(), nullable=False)]
        _award(f"creditbank_{name}", own, {"completion_id": f"{done}.id", item: parent},
               (("completion_id",), ("person_id", item), ("entry_number",), ("code",)))
        _fill(f"creditbank_{name}", f"id, completion_id, person_id, {item}, entry_number, code, awarded_at",
              f"SELECT a.id, c.id, a.person_id, c.{item}, a.entry_number, a.code, a.awarded_at FROM old_creditbank_award a "
              f"JOIN {done} c ON c.person_id = a.person_id AND a.key = c.person_id || ':' || c.{item} "
              f"WHERE a.source = '{source}'")
    _move("creditbank_move", "creditbank_award", sa.Column("course_id", sa.Integer(), nullable=False))
    _move("creditbank_class_move", "creditbank_class_award")
    _fill("creditbank_move", f"id, award_id, course_id, {FACTS}",
          f"SELECT m.id, m.award_id, a.course_id, {FACTS} FROM old_creditbank_move m "
          "JOIN creditbank_award a ON a.id = m.award_id")
    _fill("creditbank_class_move", f"id, award_id, {FACTS}",
          f"SELECT m.id, m.award_id, {FACTS} FROM old_creditbank_move m JOIN creditbank_class_award a ON a.id = m.award_id")
    _let_go(("creditbank_move", "creditbank_award"))
    _go_on_counting("creditbank_award", "creditbank_move", "creditbank_class_award", "creditbank_class_move")


def _fill(table: str, columns: str, rows: str) -> None:
    op.execute(f"INSERT INTO {table} ({columns}) {rows} ORDER BY 1")


def _keep(tables) -> None:
    """Rows aside, tables gone: names of constraints and indexes are free again."""
    for table in tables:
        op.execute(f"CREATE TABLE old_{table} AS SELECT * FROM {table}")
        op.drop_table(table)


def _let_go(tables) -> None:
    for table in tables:
        op.drop_table(f"old_{table}")


def _go_on_counting(*tables) -> None:
    """PostgreSQL numbers rows from a sequence that knows nothing of rows that came with their number."""
    if op.get_bind().dialect.name == "postgresql":
        for table in tables:
            op.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce(max(id), 0) + 1, false) FROM {table}")


def _award(name: str, own: list, parents: dict, uniques: tuple) -> None:
    foreign = {"person_id": PERSON, "entry_number": ENTRY, **parents}
    op.create_table(
        name, sa.Column("id", sa.Integer(), nullable=False), *own, sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("entry_number", sa.Integer(), nullable=False), sa.Column("code", sa.String(), nullable=False),
        sa.Column("awarded_at", MOMENT, nullable=False),
        *(sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{name}_{column}")) for column, to in foreign.items()),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        *(sa.UniqueConstraint(*columns, name=op.f(f"uq_{name}_{columns[0]}")) for columns in uniques))


def _move(name: str, award: str, *more) -> None:
    foreign = {"award_id": f"{award}.id", "from_person_id": PERSON, "to_person_id": PERSON, "off_entry": ENTRY,
               "on_entry": ENTRY, **{column.name: "courses_course.id" for column in more}}
    number = [sa.Column(column, sa.Integer(), nullable=False) for column in ("from_person_id", "to_person_id")]
    op.create_table(
        name, sa.Column("id", sa.Integer(), nullable=False), sa.Column("merge_code", sa.String(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False), *more, sa.Column("step", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False), *number, sa.Column("off_entry", sa.Integer(), nullable=True),
        sa.Column("on_entry", sa.Integer(), nullable=True), sa.Column("moved_at", MOMENT, nullable=False),
        *(sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{name}_{column}")) for column, to in foreign.items()),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        *(sa.UniqueConstraint(*columns, name=op.f(f"uq_{name}_{columns[0]}")) for columns in (
            ("merge_code", "award_id", "step"), ("off_entry",), ("on_entry",))))
    for column in ("award_id", "to_person_id"):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])
