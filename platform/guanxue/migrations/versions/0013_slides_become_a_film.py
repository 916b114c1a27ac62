"""A lesson keeps its film while the next one is made of its slides."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("courses_lesson") as lesson:
        lesson.add_column(sa.Column("next_asset_id", sa.Integer(), nullable=True))
        lesson.create_foreign_key(op.f("fk_courses_lesson_next_asset_id"), "media_asset", ["next_asset_id"], ["id"])
        lesson.create_index(op.f("ix_courses_lesson_next_asset_id"), ["next_asset_id"])


def downgrade() -> None:
    with op.batch_alter_table("courses_lesson") as lesson:
        lesson.drop_index(op.f("ix_courses_lesson_next_asset_id"))
        lesson.drop_constraint(op.f("fk_courses_lesson_next_asset_id"), type_="foreignkey")
        lesson.drop_column("next_asset_id")
