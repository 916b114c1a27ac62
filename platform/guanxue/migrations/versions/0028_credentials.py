"""Credentials: what was issued, its files, what was revoked, who compared a name."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "credentials_credential",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("entry_number", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("status_index", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["entry_number"], ["ledger_entry.number"], name=op.f("fk_credentials_credential_entry_number")),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_credentials_credential_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credentials_credential")),
        sa.UniqueConstraint("serial", name=op.f("uq_credentials_credential_serial")),
        sa.UniqueConstraint("code", "edition", name=op.f("uq_credentials_credential_code")),
        sa.UniqueConstraint("status_index", name=op.f("uq_credentials_credential_status_index")),
        sa.UniqueConstraint("digest", name=op.f("uq_credentials_credential_digest")),
    )
    op.create_index(op.f("ix_credentials_credential_person_id"), "credentials_credential", ["person_id"])
    op.create_index(op.f("ix_credentials_credential_entry_number"), "credentials_credential", ["entry_number"])
    op.create_table(
        "credentials_file",
        sa.Column("credential_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["credential_id"], ["credentials_credential.id"],
                                name=op.f("fk_credentials_file_credential_id")),
        sa.PrimaryKeyConstraint("credential_id", name=op.f("pk_credentials_file")),
    )
    op.create_table(
        "credentials_revocation",
        sa.Column("credential_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("revoked_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["credential_id"], ["credentials_credential.id"],
                                name=op.f("fk_credentials_revocation_credential_id")),
        sa.PrimaryKeyConstraint("credential_id", name=op.f("pk_credentials_revocation")),
    )
    op.create_table(
        "credentials_look",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("is_match", sa.Boolean(), nullable=False),
        sa.Column("looked_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_credentials_look_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credentials_look")),
    )
    op.create_index(op.f("ix_credentials_look_person_id"), "credentials_look", ["person_id"])


def downgrade() -> None:
    for table in ("credentials_look", "credentials_revocation", "credentials_file", "credentials_credential"):
        op.drop_table(table)
