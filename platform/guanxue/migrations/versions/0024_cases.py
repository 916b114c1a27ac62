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
    _oversight()


def _oversight() -> None:
    op.create_table(
        "oversight_sighting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_oversight_sighting_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oversight_sighting")),
    )
    op.create_index("ix_oversight_sighting_person_at", "oversight_sighting", ["person_id", "at"])
    op.create_index("ix_oversight_sighting_device", "oversight_sighting", ["device"])
    op.create_index(op.f("ix_oversight_sighting_ref"), "oversight_sighting", ["ref"])
    op.create_index(op.f("ix_oversight_sighting_at"), "oversight_sighting", ["at"])
    op.create_table(
        "oversight_room",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oversight_room")),
    )
    op.create_table(
        "oversight_room_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["room_id"], ["oversight_room.id"], name=op.f("fk_oversight_room_mark_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oversight_room_mark")),
    )
    op.create_index(op.f("ix_oversight_room_mark_room_id"), "oversight_room_mark", ["room_id"])
    op.create_index(op.f("ix_oversight_room_mark_value"), "oversight_room_mark", ["value"])
    _findings()


def _findings() -> None:
    op.create_table(
        "oversight_finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("refs", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("found_at", MOMENT, nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases_case.id"], name=op.f("fk_oversight_finding_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oversight_finding")),
        sa.UniqueConstraint("key", name=op.f("uq_oversight_finding_key")),
    )
    op.create_index(op.f("ix_oversight_finding_answer"), "oversight_finding", ["answer"])
    op.create_table(
        "oversight_finding_person",
        sa.Column("finding_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["finding_id"], ["oversight_finding.id"], name=op.f("fk_oversight_finding_person_finding_id")),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_oversight_finding_person_person_id")),
        sa.PrimaryKeyConstraint("finding_id", "person_id", name=op.f("pk_oversight_finding_person")),
    )
    op.create_index(op.f("ix_oversight_finding_person_person_id"), "oversight_finding_person", ["person_id"])


def downgrade() -> None:
    for table in ("oversight_finding_person", "oversight_finding", "oversight_room_mark", "oversight_room",
                  "oversight_sighting", "cases_step", "cases_exhibit", "cases_party", "cases_case"):
        op.drop_table(table)
