"""Policies bound hours: a course names its policy, beats keep the room of their day, days keep what counted."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("courses_course") as course:
        course.add_column(sa.Column("policy_code", sa.String(), nullable=False, server_default=""))
    op.add_column("learning_beat", sa.Column("room_ms", sa.Integer(), nullable=True))
    name = "learning_day"
    op.create_table(
        name,
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("counted_ms", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f(f"fk_{name}_person_id")),
        sa.PrimaryKeyConstraint("person_id", "day_on", name=op.f(f"pk_{name}")),
    )


def downgrade() -> None:
    op.drop_table("learning_day")
    with op.batch_alter_table("learning_beat") as beat:
        beat.drop_column("room_ms")
    with op.batch_alter_table("courses_course") as course:
        course.drop_column("policy_code")
