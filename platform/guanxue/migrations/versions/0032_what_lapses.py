"""Study that was never credited may go when its time is over: rows that may be marked for it, and what went."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
GUARDED = ("learning_beat", "learning_ticket", "learning_check", "learning_check_step", "learning_room_seat")


def upgrade() -> None:
    for table in GUARDED:
        op.add_column(table, sa.Column("let_go_at", MOMENT, nullable=True))
    op.create_table(
        "learning_lapse",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("studied_at", MOMENT, nullable=False),
        sa.Column("years", sa.Integer(), nullable=False),
        sa.Column("playbacks", sa.Integer(), nullable=False),
        sa.Column("lapsed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["learning_enrolment.id"], name=op.f("fk_learning_lapse_enrolment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_lapse")),
    )
    op.create_index(op.f("ix_learning_lapse_enrolment_id"), "learning_lapse", ["enrolment_id"])


def downgrade() -> None:
    op.drop_table("learning_lapse")
    for table in GUARDED:
        op.drop_column(table, "let_go_at")
