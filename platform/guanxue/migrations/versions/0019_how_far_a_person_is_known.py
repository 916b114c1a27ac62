"""How far it is known who a person is: documents of several kinds, and the checks that were made of them."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
OLD, NEW, CHECKS = "accounts_identity", "accounts_stated_document", "accounts_identity_check"
CITIZEN = "citizen-id"
_KEPT = "person_id, kind, number_sealed, number_hash, masked, stated_at"
_GIVEN = ":" + _KEPT.replace(", ", ", :")


def upgrade() -> None:
    op.create_table(
        NEW,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("number_hash", sa.String(), nullable=False),
        sa.Column("masked", sa.String(), nullable=False),
        sa.Column("stated_at", MOMENT, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f(f"fk_{NEW}_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{NEW}")),
        sa.UniqueConstraint("code", name=op.f(f"uq_{NEW}_code")),
        sa.UniqueConstraint("number_hash", name=op.f(f"uq_{NEW}_number_hash")),
    )
    for column in ("person_id", "asked_at"):
        op.create_index(op.f(f"ix_{NEW}_{column}"), NEW, [column])
    _checks()
    connection = op.get_bind()
    for row in connection.execute(sa.text(f"SELECT {_KEPT} FROM {OLD} ORDER BY stated_at")).mappings().all():  # noqa: S608 our names
        connection.execute(sa.text(f"INSERT INTO {NEW} (code, country, {_KEPT}) VALUES (:code, '', {_GIVEN})"),  # noqa: S608 our names
                           {**row, "code": secrets.token_hex(8)})
    op.drop_table(OLD)


def _checks() -> None:
    op.create_table(
        CHECKS,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("document_code", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("of_id", sa.Integer(), nullable=True),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("looked_on", sa.Date(), nullable=True),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f(f"fk_{CHECKS}_person_id")),
        sa.ForeignKeyConstraint(["of_id"], [f"{CHECKS}.id"], name=op.f(f"fk_{CHECKS}_of_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{CHECKS}")),
    )
    for column in ("person_id", "document_code"):
        op.create_index(op.f(f"ix_{CHECKS}_{column}"), CHECKS, [column])


def downgrade() -> None:
    """What the older site cannot hold goes: other documents than the citizen's number, and every check."""
    op.create_table(
        OLD,
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("number_hash", sa.String(), nullable=False),
        sa.Column("masked", sa.String(), nullable=False),
        sa.Column("stated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f(f"fk_{OLD}_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f(f"pk_{OLD}")),
        sa.UniqueConstraint("number_hash", name=op.f(f"uq_{OLD}_number_hash")),
    )
    op.execute(sa.text(f"INSERT INTO {OLD} ({_KEPT}) SELECT {_KEPT} FROM {NEW} WHERE kind = '{CITIZEN}'"))  # noqa: S608 our names
    op.drop_table(CHECKS)
    op.drop_table(NEW)
