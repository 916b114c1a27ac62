"""Targets: versions of programmes and schemes, who chose which, what schemes rewarded and on which credits."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "programmes_programme",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("published_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programmes_programme")),
        sa.UniqueConstraint("code", "version", name=op.f("uq_programmes_programme_code")),
    )
    op.create_table(
        "programmes_goal",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("chosen_at", MOMENT, nullable=False),
        sa.Column("left_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_programmes_goal_person_id")),
        sa.PrimaryKeyConstraint("person_id", "code", name=op.f("pk_programmes_goal")),
    )
    op.create_table(
        "programmes_reward",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("window", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("marked_by", sa.String(), nullable=False),
        sa.Column("marked_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_programmes_reward_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programmes_reward")),
        sa.UniqueConstraint("code", "person_id", "ordinal", name=op.f("uq_programmes_reward_code")),
    )
    op.create_index(op.f("ix_programmes_reward_person_id"), "programmes_reward", ["person_id"])
    op.create_table(
        "programmes_use",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reward_id", sa.Integer(), nullable=False),
        sa.Column("credit_code", sa.String(), nullable=False),
        sa.Column("millicredits", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["reward_id"], ["programmes_reward.id"], name=op.f("fk_programmes_use_reward_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programmes_use")),
        sa.UniqueConstraint("reward_id", "credit_code", name=op.f("uq_programmes_use_reward_id")),
    )
    op.create_index(op.f("ix_programmes_use_credit_code"), "programmes_use", ["credit_code"])


def downgrade() -> None:
    for table in ("programmes_use", "programmes_reward", "programmes_goal", "programmes_programme"):
        op.drop_table(table)
