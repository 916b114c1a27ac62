"""Study without a network: a ticket says who may study which lesson until when; playbacks name theirs."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _ticket()
    op.add_column("learning_playback", sa.Column("ticket_id", sa.Integer(), nullable=True))


def _ticket() -> None:
    name = "learning_ticket"
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("revision_lesson_id", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("issued_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("phone_issued_ms", sa.BigInteger(), nullable=False),
        sa.Column("most_ms", sa.BigInteger(), nullable=False),
        sa.Column("max_rate_permille", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f(f"fk_{name}_person_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["learning_enrolment.id"], name=op.f(f"fk_{name}_enrolment_id")),
        sa.ForeignKeyConstraint(["revision_lesson_id"], ["courses_revision_lesson.id"],
                                name=op.f(f"fk_{name}_revision_lesson_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("code", name=op.f(f"uq_{name}_code")),
    )
    for column in ("person_id", "enrolment_id"):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])


def downgrade() -> None:
    with op.batch_alter_table("learning_playback") as playback:
        playback.drop_column("ticket_id")
    op.drop_table("learning_ticket")
