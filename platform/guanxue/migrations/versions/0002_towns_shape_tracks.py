"""Towns shape tracks."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("accounts_organisation") as organisation:
        organisation.add_column(sa.Column("short_name", sa.String(), nullable=False, server_default=""))
        organisation.add_column(sa.Column("map_column", sa.Integer(), nullable=True))
        organisation.add_column(sa.Column("map_row", sa.Integer(), nullable=True))
    op.create_table(
        "tracks_track",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("town_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("title_en", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("industry", sa.String(), nullable=False),
        sa.Column("occupations", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("target_headcount", sa.Integer(), nullable=True),
        sa.Column("target_by_on", sa.Date(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["town_id"], ["accounts_organisation.id"], name=op.f("fk_tracks_track_town_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracks_track")),
        sa.UniqueConstraint("slug", name=op.f("uq_tracks_track_slug")),
    )
    op.create_index(op.f("ix_tracks_track_town_id"), "tracks_track", ["town_id"])
    op.create_table(
        "tracks_stage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("track_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["track_id"], ["tracks_track.id"], name=op.f("fk_tracks_stage_track_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracks_stage")),
    )
    op.create_index(op.f("ix_tracks_stage_track_id"), "tracks_stage", ["track_id"])
    op.create_table(
        "tracks_stage_course",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("track_id", sa.Integer(), nullable=False),
        sa.Column("stage_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["track_id"], ["tracks_track.id"], name=op.f("fk_tracks_stage_course_track_id")),
        sa.ForeignKeyConstraint(["stage_id"], ["tracks_stage.id"], name=op.f("fk_tracks_stage_course_stage_id")),
        sa.ForeignKeyConstraint(["course_id"], ["courses_course.id"], name=op.f("fk_tracks_stage_course_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracks_stage_course")),
        sa.UniqueConstraint("track_id", "course_id", name=op.f("uq_tracks_stage_course_track_id")),
    )
    op.create_index(op.f("ix_tracks_stage_course_stage_id"), "tracks_stage_course", ["stage_id"])
    op.create_index(op.f("ix_tracks_stage_course_course_id"), "tracks_stage_course", ["course_id"])
    op.create_table(
        "tracks_membership",
        sa.Column("track_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["track_id"], ["tracks_track.id"], name=op.f("fk_tracks_membership_track_id")),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_tracks_membership_person_id")),
        sa.PrimaryKeyConstraint("track_id", "person_id", name=op.f("pk_tracks_membership")),
    )
    op.create_index(op.f("ix_tracks_membership_person_id"), "tracks_membership", ["person_id"])
    op.create_table(
        "tracks_finish",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("track_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["track_id"], ["tracks_track.id"], name=op.f("fk_tracks_finish_track_id")),
        sa.ForeignKeyConstraint(["person_id"], ["accounts_person.id"], name=op.f("fk_tracks_finish_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracks_finish")),
        sa.UniqueConstraint("track_id", "person_id", name=op.f("uq_tracks_finish_track_id")),
    )
    op.create_index(op.f("ix_tracks_finish_person_id"), "tracks_finish", ["person_id"])


def downgrade() -> None:
    for table in ("tracks_finish", "tracks_membership", "tracks_stage_course", "tracks_stage", "tracks_track"):
        op.drop_table(table)
    with op.batch_alter_table("accounts_organisation") as organisation:
        for column in ("map_row", "map_column", "short_name"):
            organisation.drop_column(column)
