"""Presence is shown: checks, what became of them, training rooms whose officer sees who is there."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _check()
    _step()
    _presence()
    _room()
    _seat()


def _check() -> None:
    name = "learning_check"
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("revision_lesson_id", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        *(sa.Column(moment, sa.BigInteger(), nullable=False)
          for moment in ("since_ms", "drawn_ms", "due_ms", "counted_ms", "at_ms")),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f(f"fk_{name}_person_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["learning_enrolment.id"], name=op.f(f"fk_{name}_enrolment_id")),
        sa.ForeignKeyConstraint(["revision_lesson_id"], ["courses_revision_lesson.id"],
                                name=op.f(f"fk_{name}_revision_lesson_id")),
        sa.ForeignKeyConstraint(["policy_id"], ["policies_policy.id"], name=op.f(f"fk_{name}_policy_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("code", name=op.f(f"uq_{name}_code")),
        sa.UniqueConstraint("person_id", "number", name=op.f(f"uq_{name}_person_id")),
    )
    op.create_index(op.f(f"ix_{name}_enrolment_id"), name, ["enrolment_id"])


def _step() -> None:
    name = "learning_check_step"
    op.create_table(
        name,
        sa.Column("check_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["check_id"], ["learning_check.id"], name=op.f(f"fk_{name}_check_id")),
        sa.PrimaryKeyConstraint("check_id", "number", name=op.f(f"pk_{name}")),
    )


def _presence() -> None:
    name = "learning_presence"
    op.create_table(
        name,
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seed", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("counted_ms", sa.BigInteger(), nullable=False),
        sa.Column("check_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f(f"fk_{name}_person_id")),
        sa.ForeignKeyConstraint(["check_id"], ["learning_check.id"], name=op.f(f"fk_{name}_check_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_check_id"), name, ["check_id"])


def _room() -> None:
    name = "learning_training_room"
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f(f"fk_{name}_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_person_id"), name, ["person_id"])


def _seat() -> None:
    name = "learning_room_seat"
    op.create_table(
        name,
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("joined_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["learning_training_room.id"], name=op.f(f"fk_{name}_room_id")),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f(f"fk_{name}_person_id")),
        sa.PrimaryKeyConstraint("room_id", "person_id", name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_person_id"), name, ["person_id"])


def downgrade() -> None:
    for name in ("learning_room_seat", "learning_training_room", "learning_presence", "learning_check_step", "learning_check"):
        op.drop_table(name)
