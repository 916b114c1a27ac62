"""Courses say where their claims' sources stand, and whether a person of the trade has read them."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("courses_course") as table:
        table.add_column(sa.Column("facts_lesson", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("expert_review", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("courses_course") as table:
        table.drop_column("expert_review")
        table.drop_column("facts_lesson")
