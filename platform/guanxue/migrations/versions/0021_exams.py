"""An attempt is held by one device; answers that came late, time granted in advance, marks by two people."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("quizzes_attempt") as attempt:
        attempt.add_column(sa.Column("extra_permille", sa.Integer(), nullable=False, server_default="0"))
        attempt.add_column(sa.Column("hold", sa.Integer(), nullable=False, server_default="0"))
        attempt.add_column(sa.Column("device", sa.String(), nullable=False, server_default=""))
        attempt.add_column(sa.Column("held_at", MOMENT, nullable=True))
        attempt.add_column(sa.Column("stamps", sa.Text(), nullable=False, server_default="{}"))
    with op.batch_alter_table("quizzes_mark") as mark:
        mark.add_column(sa.Column("is_joint", sa.Boolean(), nullable=False, server_default=sa.false()))
    _late_saves()
    _allowances()
    _opinions()


def _late_saves() -> None:
    name = "quizzes_late_save"
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("hold", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("expired_at", MOMENT, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["quizzes_attempt.id"], name=op.f(f"fk_{name}_attempt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_attempt_id"), name, ["attempt_id"])


def _allowances() -> None:
    name = "quizzes_allowance"
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("permille", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_person_id"), name, ["person_id"])


def _opinions() -> None:
    name = "quizzes_opinion"
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.String(), nullable=False),
        sa.Column("question_id", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("permille", sa.Integer(), nullable=False),
        sa.Column("remarks", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["quizzes_submission.attempt_id"], name=op.f(f"fk_{name}_attempt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("attempt_id", "question_id", "place", name=op.f(f"uq_{name}_attempt_id")),
    )


def downgrade() -> None:
    for name in ("quizzes_opinion", "quizzes_allowance", "quizzes_late_save"):
        op.drop_table(name)
    with op.batch_alter_table("quizzes_mark") as mark:
        mark.drop_column("is_joint")
    with op.batch_alter_table("quizzes_attempt") as attempt:
        for column in ("stamps", "held_at", "device", "hold", "extra_permille"):
            attempt.drop_column(column)
