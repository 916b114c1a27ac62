"""What is kept of an erased person's number while the credit that was paid for has to be found by it."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts_kept_number",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number_hash", sa.String(), nullable=False),
        sa.Column("masked", sa.String(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_accounts_kept_number_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_kept_number")),
    )
    op.create_index(op.f("ix_accounts_kept_number_person_id"), "accounts_kept_number", ["person_id"])
    op.create_index(op.f("ix_accounts_kept_number_number_hash"), "accounts_kept_number", ["number_hash"])


def downgrade() -> None:
    op.drop_table("accounts_kept_number")
