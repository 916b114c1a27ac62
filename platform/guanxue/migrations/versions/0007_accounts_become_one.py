"""Two accounts become one: what was earned under the one counts for the other, as long as they stand merged."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    op.add_column("learning_enrolment", sa.Column("is_joined", sa.Boolean(), nullable=False, server_default=sa.false()))
    _carries()
    _moves()
    _finishes()


def _carries() -> None:
    name = "learning_carry"
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merge_code", sa.String(), nullable=False),
        sa.Column("from_enrolment_id", sa.Integer(), nullable=False),
        sa.Column("to_enrolment_id", sa.Integer(), nullable=False),
        sa.Column("to_person_id", sa.Integer(), nullable=False),
        sa.Column("completion_id", sa.Integer(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("carried_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        _refers(name, "from_enrolment_id", "learning_enrolment.id"),
        _refers(name, "to_enrolment_id", "learning_enrolment.id"),
        _refers(name, "to_person_id", "accounts_person.id"),
        _refers(name, "completion_id", "learning_completion.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("merge_code", "from_enrolment_id", name=op.f(f"uq_{name}_merge_code")),
    )
    for column in ("from_enrolment_id", "to_enrolment_id", "to_person_id", "completion_id"):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])


def _moves() -> None:
    name = "creditbank_move"
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merge_code", sa.String(), nullable=False),
        sa.Column("award_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("from_person_id", sa.Integer(), nullable=False),
        sa.Column("to_person_id", sa.Integer(), nullable=False),
        sa.Column("off_entry", sa.Integer(), nullable=True),
        sa.Column("on_entry", sa.Integer(), nullable=True),
        sa.Column("moved_at", MOMENT, nullable=False),
        _refers(name, "award_id", "creditbank_award.id"),
        _refers(name, "course_id", "courses_course.id"),
        _refers(name, "from_person_id", "accounts_person.id"),
        _refers(name, "to_person_id", "accounts_person.id"),
        _refers(name, "off_entry", "ledger_entry.number"),
        _refers(name, "on_entry", "ledger_entry.number"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("merge_code", "award_id", "step", name=op.f(f"uq_{name}_merge_code")),
        sa.UniqueConstraint("off_entry", name=op.f(f"uq_{name}_off_entry")),
        sa.UniqueConstraint("on_entry", name=op.f(f"uq_{name}_on_entry")),
    )
    for column in ("award_id", "to_person_id"):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])


def _finishes() -> None:
    name = "tracks_joined_finish"
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merge_code", sa.String(), nullable=False),
        sa.Column("track_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("finish_id", sa.Integer(), nullable=True),
        sa.Column("is_double", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("finished_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        _refers(name, "track_id", "tracks_track.id"),
        _refers(name, "person_id", "accounts_person.id"),
        _refers(name, "finish_id", "tracks_finish.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("merge_code", "track_id", name=op.f(f"uq_{name}_merge_code")),
    )
    for column in ("track_id", "person_id"):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])


def downgrade() -> None:
    for table in ("tracks_joined_finish", "creditbank_move", "learning_carry"):
        op.drop_table(table)
    with op.batch_alter_table("learning_enrolment") as enrolment:
        enrolment.drop_column("is_joined")
