"""Names are corrected; what was issued before bears the old one."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts_former_name",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_accounts_former_name_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_former_name")),
    )
    op.create_index(op.f("ix_accounts_former_name_person_id"), "accounts_former_name", ["person_id"])


def downgrade() -> None:
    op.drop_table("accounts_former_name")
