"""Films arrive piece by piece, files lie beside lessons, subtitles are somebody's work."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _files()
    _uploads()
    _subtitles()


def _files() -> None:
    name = "media_file"
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("key", name=op.f(f"uq_{name}_key")),
    )
    op.create_index(op.f(f"ix_{name}_created_by"), name, ["created_by"])


def _uploads() -> None:
    name = "media_upload"
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("metadata_text", sa.String(), nullable=False),
        sa.Column("aim", sa.String(), nullable=False),
        sa.Column("modified_ms", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("arrived_bytes", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asset_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f(f"fk_{name}_person_id")),
        sa.ForeignKeyConstraint(["asset_id"], ["media_asset.id"], name=op.f(f"fk_{name}_asset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("code", name=op.f(f"uq_{name}_code")),
    )
    for column in ("person_id", "asset_id", "expires_at"):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])


def _subtitles() -> None:
    name = "media_subtitle"
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("cues", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("digest", name=op.f(f"uq_{name}_digest")),
    )
    for table in ("courses_lesson", "courses_revision_lesson"):
        with op.batch_alter_table(table) as lesson:
            lesson.add_column(sa.Column("subtitles_id", sa.Integer(), nullable=True))
            lesson.create_foreign_key(op.f(f"fk_{table}_subtitles_id"), name, ["subtitles_id"], ["id"])
            lesson.create_index(op.f(f"ix_{table}_subtitles_id"), ["subtitles_id"])
    with op.batch_alter_table("courses_course") as course:
        course.add_column(sa.Column("is_subsidised", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("courses_course") as course:
        course.drop_column("is_subsidised")
    for table in ("courses_revision_lesson", "courses_lesson"):
        with op.batch_alter_table(table) as lesson:
            lesson.drop_index(op.f(f"ix_{table}_subtitles_id"))
            lesson.drop_constraint(op.f(f"fk_{table}_subtitles_id"), type_="foreignkey")
            lesson.drop_column("subtitles_id")
    op.drop_table("media_subtitle")
    op.drop_table("media_upload")
    op.drop_table("media_file")
