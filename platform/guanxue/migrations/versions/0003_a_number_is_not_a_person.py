"""A number is not a person: codes, second factors, stated IDs, consents, merges."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
PERSON = ["accounts_person.id"]


def _person(table: str, column: str = "person_id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], PERSON, name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    with op.batch_alter_table("accounts_person") as person:
        person.alter_column("phone", existing_type=sa.String(), nullable=True)
        for name in ("phone_proved_at", "phone_disputed_at", "erase_after_at", "erased_at", "seen_at"):
            person.add_column(sa.Column(name, MOMENT, nullable=True))
        person.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        person.create_foreign_key(op.f("fk_accounts_person_merged_into_id"), "accounts_person", ["merged_into_id"], ["id"])
    with op.batch_alter_table("accounts_session") as signed_in:
        signed_in.add_column(sa.Column("proved_at", MOMENT, nullable=True))
        signed_in.add_column(sa.Column("method", sa.String(), nullable=True))
    op.execute("UPDATE accounts_person SET seen_at = coalesce((SELECT max(last_seen_at) FROM accounts_session"
               " WHERE accounts_session.person_id = accounts_person.id), created_at)")
    _codes()
    _identities()
    _merges()


def _codes() -> None:
    op.create_table(
        "accounts_sms_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_sms_code")),
    )
    op.create_index("ix_accounts_sms_code_phone_sent_at", "accounts_sms_code", ["phone", "sent_at"])
    op.create_index("ix_accounts_sms_code_address_sent_at", "accounts_sms_code", ["address", "sent_at"])
    op.create_table(
        "accounts_second_factor",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        _person("accounts_second_factor"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_accounts_second_factor")),
    )
    op.create_table(
        "accounts_recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        _person("accounts_recovery_code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_recovery_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_accounts_recovery_code_code_hash")),
    )
    op.create_index(op.f("ix_accounts_recovery_code_person_id"), "accounts_recovery_code", ["person_id"])


def _identities() -> None:
    op.create_table(
        "accounts_identity",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("number_hash", sa.String(), nullable=False),
        sa.Column("masked", sa.String(), nullable=False),
        sa.Column("stated_at", MOMENT, nullable=False),
        _person("accounts_identity"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_accounts_identity")),
        sa.UniqueConstraint("number_hash", name=op.f("uq_accounts_identity_number_hash")),
    )
    op.create_table(
        "accounts_consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("is_given", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        _person("accounts_consent"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_consent")),
    )
    op.create_index(op.f("ix_accounts_consent_person_id"), "accounts_consent", ["person_id"])


def _merges() -> None:
    op.create_table(
        "accounts_merge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.Column("merged_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("merged_at", MOMENT, nullable=False),
        sa.Column("parted_at", MOMENT, nullable=True),
        _person("accounts_merge", "kept_id"),
        _person("accounts_merge", "merged_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts_merge")),
        sa.UniqueConstraint("code", name=op.f("uq_accounts_merge_code")),
    )
    op.create_index(op.f("ix_accounts_merge_kept_id"), "accounts_merge", ["kept_id"])
    op.create_index(op.f("ix_accounts_merge_merged_id"), "accounts_merge", ["merged_id"])


def downgrade() -> None:
    for table in ("accounts_merge", "accounts_consent", "accounts_identity", "accounts_recovery_code",
                  "accounts_second_factor", "accounts_sms_code"):
        op.drop_table(table)
    with op.batch_alter_table("accounts_session") as signed_in:
        signed_in.drop_column("method")
        signed_in.drop_column("proved_at")
    # The old schema knows nobody without a number: those who gave theirs up get a mark that no phone can be.
    op.execute("UPDATE accounts_person SET phone = 'gone-' || id WHERE phone IS NULL")
    with op.batch_alter_table("accounts_person") as person:
        person.drop_constraint(op.f("fk_accounts_person_merged_into_id"), type_="foreignkey")
        for name in ("merged_into_id", "seen_at", "erased_at", "erase_after_at", "phone_disputed_at",
                     "phone_proved_at"):
            person.drop_column(name)
        person.alter_column("phone", existing_type=sa.String(), nullable=False)
