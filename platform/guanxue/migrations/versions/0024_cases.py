"""Cases, and what raises them."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "cases_case",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("claim", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("hear_until_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("appeal_until_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases_case")),
        sa.UniqueConstraint("code", name=op.f("uq_cases_case_code")),
        sa.UniqueConstraint("key", name=op.f("uq_cases_case_key")),
    )
    op.create_index(op.f("ix_cases_case_subject"), "cases_case", ["subject"])
    op.create_index("ix_cases_case_state_due_on", "cases_case", ["state", "due_on"])
    op.create_table(
        "cases_party",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases_case.id"], name=op.f("fk_cases_party_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_cases_party_person_id")),
        sa.PrimaryKeyConstraint("case_id", "person_id", name=op.f("pk_cases_party")),
    )
    op.create_index(op.f("ix_cases_party_person_id"), "cases_party", ["person_id"])
    op.create_table(
        "cases_exhibit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases_case.id"], name=op.f("fk_cases_exhibit_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases_exhibit")),
    )
    op.create_index(op.f("ix_cases_exhibit_case_id"), "cases_exhibit", ["case_id"])
    op.create_table(
        "cases_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases_case.id"], name=op.f("fk_cases_step_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases_step")),
    )
    op.create_index(op.f("ix_cases_step_case_id"), "cases_step", ["case_id"])


def downgrade() -> None:
    for table in ("cases_step", "cases_exhibit", "cases_party", "cases_case"):
        op.drop_table(table)
