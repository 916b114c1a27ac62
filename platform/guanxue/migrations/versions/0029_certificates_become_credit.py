"""Certificates that ask for credit: what was filed, looked up and decided, their pictures, tables, what they are worth."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def _id() -> sa.Column:
    return sa.Column("id", sa.Integer(), nullable=False)


def _text(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _keys(table: str, foreign: dict[str, str], uniques: tuple[str, ...] = (), primary: str = "id") -> list:
    return [
        *(sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}")) for column, to in foreign.items()),
        sa.PrimaryKeyConstraint(primary, name=op.f(f"pk_{table}")),
        *(sa.UniqueConstraint(column, name=op.f(f"uq_{table}_{column}")) for column in uniques)]


def upgrade() -> None:
    op.create_table(
        "recognition_conversion", _id(), sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False), sa.Column("effective_on", sa.Date(), nullable=False),
        *_text("published_by"), sa.Column("published_at", MOMENT, nullable=False),
        *_keys("recognition_conversion", {}, ("version",)))
    op.create_table(
        "recognition_contest", _id(), *_text("key", "name", "added_by"), sa.Column("added_at", MOMENT, nullable=False),
        *_keys("recognition_contest", {}, ("key",)))
    op.create_table(
        "recognition_batch", _id(), *_text("code", "digest", "filename"), sa.Column("count", sa.Integer(), nullable=False),
        *_text("brought_by"), sa.Column("brought_at", MOMENT, nullable=False),
        *_keys("recognition_batch", {}, ("code", "digest")))
    _filing()
    op.create_table(
        "recognition_proof", _id(), *_text("code"), sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("filing_id", sa.Integer(), nullable=True), *_text("form"),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        *_text("digest"), sa.Column("added_at", MOMENT, nullable=False), sa.Column("gone_at", MOMENT, nullable=True),
        *_keys("recognition_proof", {"person_id": "accounts_person.id", "filing_id": "recognition_filing.id"}, ("code",)))
    op.create_index(op.f("ix_recognition_proof_person_id"), "recognition_proof", ["person_id"])
    op.create_index(op.f("ix_recognition_proof_filing_id"), "recognition_proof", ["filing_id"])
    op.create_table(
        "recognition_step", _id(), sa.Column("filing_id", sa.Integer(), nullable=False), *_text("step", "source"),
        sa.Column("looked_on", sa.Date(), nullable=True), *_text("found", "reference", "text"),
        sa.Column("detail", sa.Text(), nullable=False), *_text("by"), sa.Column("at", MOMENT, nullable=False),
        *_keys("recognition_step", {"filing_id": "recognition_filing.id"}))
    op.create_index(op.f("ix_recognition_step_filing_id"), "recognition_step", ["filing_id"])
    op.create_table(
        "recognition_look", _id(), sa.Column("filing_id", sa.Integer(), nullable=False), *_text("reason", "by"),
        sa.Column("at", MOMENT, nullable=False), *_keys("recognition_look", {"filing_id": "recognition_filing.id"}))
    op.create_index(op.f("ix_recognition_look_filing_id"), "recognition_look", ["filing_id"])
    op.create_table(
        "recognition_use", sa.Column("filing_id", sa.Integer(), nullable=False), *_text("key"),
        *_keys("recognition_use", {"filing_id": "recognition_filing.id"}, ("key",), primary="filing_id"))


def _filing() -> None:
    op.create_table(
        "recognition_filing", _id(), *_text("code"), sa.Column("person_id", sa.Integer(), nullable=False), *_text("kind"),
        sa.Column("number_hash", sa.String(), nullable=True), sa.Column("number_sealed", sa.LargeBinary(), nullable=True),
        *_text("number_masked"), sa.Column("occupation_id", sa.Integer(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=True), *_text("contest"),
        sa.Column("contest_id", sa.Integer(), nullable=True),
        *_text("scope"), sa.Column("rank", sa.Integer(), nullable=True), sa.Column("team_size", sa.Integer(), nullable=False),
        *_text("issuer"), sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("conversion_id", sa.Integer(), nullable=False), sa.Column("batch_id", sa.Integer(), nullable=True),
        *_text("filed_by"), sa.Column("filed_at", MOMENT, nullable=False), *_text("state"),
        sa.Column("credited_to_id", sa.Integer(), nullable=True),
        *_keys("recognition_filing", {
            "person_id": "accounts_person.id", "occupation_id": "standards_occupation.id",
            "contest_id": "recognition_contest.id", "conversion_id": "recognition_conversion.id",
            "batch_id": "recognition_batch.id", "credited_to_id": "accounts_person.id"}, ("code",)))
    for column in ("person_id", "number_hash", "batch_id", "credited_to_id"):
        op.create_index(op.f(f"ix_recognition_filing_{column}"), "recognition_filing", [column])
    op.create_index("ix_recognition_filing_state_filed_at", "recognition_filing", ["state", "filed_at"])


def downgrade() -> None:
    for table in ("use", "look", "step", "proof", "filing", "batch", "contest", "conversion"):
        op.drop_table(f"recognition_{table}")
