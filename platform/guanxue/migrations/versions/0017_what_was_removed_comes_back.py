"""What was removed from a draft comes back; subtitles know which film they are for; organisations can be closed."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("courses_lesson") as lesson:
        lesson.add_column(sa.Column("other_film_id", sa.Integer(), nullable=True))
    with op.batch_alter_table("media_subtitle") as subtitle:
        subtitle.add_column(sa.Column("quiet_at", MOMENT, nullable=True))
        subtitle.add_column(sa.Column("passed_at", MOMENT, nullable=True))
    with op.batch_alter_table("accounts_organisation") as organisation:
        organisation.add_column(sa.Column("closed_at", MOMENT, nullable=True))
    _removed()


def _removed() -> None:
    name = "courses_removed"
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Integer(), nullable=True),
        sa.Column("subtitles_id", sa.Integer(), nullable=True),
        sa.Column("removed_by", sa.String(), nullable=False),
        sa.Column("removed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses_course.id"], name=op.f(f"fk_{name}_course_id")),
        sa.ForeignKeyConstraint(["asset_id"], ["media_asset.id"], name=op.f(f"fk_{name}_asset_id")),
        sa.ForeignKeyConstraint(["subtitles_id"], ["media_subtitle.id"], name=op.f(f"fk_{name}_subtitles_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    for column in ("course_id", "asset_id", "subtitles_id"):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])


def downgrade() -> None:
    op.drop_table("courses_removed")
    with op.batch_alter_table("accounts_organisation") as organisation:
        organisation.drop_column("closed_at")
    with op.batch_alter_table("media_subtitle") as subtitle:
        subtitle.drop_column("passed_at")
        subtitle.drop_column("quiet_at")
    with op.batch_alter_table("courses_lesson") as lesson:
        lesson.drop_column("other_film_id")
