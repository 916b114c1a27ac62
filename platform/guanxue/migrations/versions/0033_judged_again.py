"""Outcomes that are judged once more after an appeal or a taking back."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "creditbank_rejudgement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"],
                                name=op.f("fk_creditbank_rejudgement_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_creditbank_rejudgement")),
    )
    op.create_index(op.f("ix_creditbank_rejudgement_person_id"), "creditbank_rejudgement", ["person_id"])


def downgrade() -> None:
    op.drop_table("creditbank_rejudgement")
