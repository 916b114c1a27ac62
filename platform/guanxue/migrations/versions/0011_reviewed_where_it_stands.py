"""Remarks stand where they are meant; rights are declared, complaints decided."""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
# The first list: the six points of the rule for online courses.
POINTS = [
    {"key": "content", "title": "内容", "hint": "知识和操作正确，没有过时的做法，和课程名称相符。"},
    {"key": "form", "title": "形式", "hint": "讲得清楚，长短合适，画面和声音看得清、听得清。"},
    {"key": "ideology", "title": "思想导向", "hint": "导向正确，没有违法和不良内容，没有借课推销。"},
    {"key": "format", "title": "格式", "hint": "视频、图片、字幕、题目能正常打开，写法统一。"},
    {"key": "quality", "title": "质量", "hint": "题目和讲的一致，答案正确，学完能用得上。"},
    {"key": "copyright", "title": "版权", "hint": "素材来源说明清楚，出镜的人同意，引用有出处。"},
]


def _text(name: str, default: str | None = None) -> sa.Column:
    return sa.Column(name, sa.String(), nullable=False, server_default=default)


def _number(name: str, *, may_miss: bool = False) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=may_miss)


def _moment(name: str, *, may_miss: bool = False) -> sa.Column:
    return sa.Column(name, MOMENT, nullable=may_miss)


def _document(name: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False)


def _table(name: str, *columns: sa.Column, refers: dict[str, str] | None = None, unique: tuple[tuple[str, ...], ...] = (),
           index: tuple[str, ...] = ()) -> sa.Table:
    made = op.create_table(
        name, _number("id"), *columns,
        *(sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{name}_{column}")) for column, to in (refers or {}).items()),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        *(sa.UniqueConstraint(*columns, name=op.f(f"uq_{name}_{columns[0]}")) for columns in unique))
    for column in index:
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])
    return made


def upgrade() -> None:
    checklist = _table("courses_checklist", _number("number"), _number("readers"), _document("points"), _moment("published_at"),
                       _text("published_by"), unique=(("number",),))
    op.bulk_insert(checklist, [{"id": 1, "number": 1, "readers": 1, "points": json.dumps(POINTS, ensure_ascii=False),
                                "published_at": datetime(2026, 11, 25, tzinfo=UTC), "published_by": "system:worker"}])
    if op.get_bind().dialect.name == "postgresql":  # its counter has not seen the row we numbered ourselves
        op.execute("SELECT setval(pg_get_serial_sequence('courses_checklist', 'id'), 1)")
    _reading()
    _rights()
    _cases()


def _reading() -> None:
    _table("courses_candidate", _number("course_id"), _number("number"), _text("digest"), _document("document"),
           _number("checklist_id"), _text("note"), _text("submitted_by"), _moment("submitted_at"),
           refers={"course_id": "courses_course.id", "checklist_id": "courses_checklist.id"}, unique=(("course_id", "number"),))
    _table("courses_verdict", _number("candidate_id"), _number("place"), _text("outcome"), _document("points"),
           _text("remarks"), _text("by"), _text("by_name"), _moment("at"), refers={"candidate_id": "courses_candidate.id"},
           unique=(("candidate_id", "place"),))
    _table("courses_remark", _number("course_id"), _number("candidate_id"), _text("lesson_slug"), _text("kind"), _text("place"),
           _text("quote"), _text("text"), _text("by"), _text("by_name"), _moment("at"),
           refers={"course_id": "courses_course.id", "candidate_id": "courses_candidate.id"}, index=("course_id",))
    _table("courses_remark_line", _number("remark_id"), _text("step"), _text("text"), _text("by"), _text("by_name"),
           _moment("at"), refers={"remark_id": "courses_remark.id"}, index=("remark_id",))


def _rights() -> None:
    _table("courses_rights", _number("course_id"), _text("lesson_slug"), _document("films"), _text("basis"), _text("licensor"),
           sa.Column("until_on", sa.Date(), nullable=True), _text("licence"), _text("people"), _text("by"), _text("by_name"),
           _moment("at"), refers={"course_id": "courses_course.id"}, index=("course_id",))


def _cases() -> None:
    _table("courses_complaint", _text("code"), _number("course_id"), _number("revision_id"), _text("lesson_slug"),
           _text("topic"), _text("text"), _text("contact"), _number("person_id", may_miss=True), _text("address_hash"),
           _text("state"), _text("outcome"), _moment("filed_at"), _moment("counter_due_at", may_miss=True),
           _moment("decided_at", may_miss=True),
           refers={"course_id": "courses_course.id", "revision_id": "courses_revision.id", "person_id": "accounts_person.id"},
           unique=(("code",),), index=("course_id", "person_id", "address_hash"))
    _table("courses_complaint_line", _number("complaint_id"), _text("step"), _text("text"), _text("by"), _text("by_name"),
           _moment("at"), refers={"complaint_id": "courses_complaint.id"}, index=("complaint_id",))
    _table("courses_stop", _number("course_id"), _text("lesson_slug"), _text("kind"), _text("reason"),
           _number("complaint_id", may_miss=True), _text("began_by"), _moment("began_at"),
           _number("revision_number", may_miss=True), sa.Column("ended_by", sa.String(), nullable=True),
           _moment("ended_at", may_miss=True),
           refers={"course_id": "courses_course.id", "complaint_id": "courses_complaint.id"}, index=("course_id",))


def downgrade() -> None:
    for table in ("courses_stop", "courses_complaint_line", "courses_complaint", "courses_rights", "courses_remark_line",
                  "courses_remark", "courses_verdict", "courses_candidate", "courses_checklist"):
        op.drop_table(table)
