"""Beats are small and quick: their table lies by its key, and the end of a playback's chain is kept with the playback alone."""

import hmac

import sqlalchemy as sa
from alembic import op
from flask import current_app

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_PLAYBACKS = sa.text("SELECT id, code, person_id, revision_lesson_id, opened_ms, max_rate_permille FROM learning_playback"
                     " WHERE last_seq > 0")
_ROWS = sa.text("SELECT seq, received_ms, ended_ms, claims FROM learning_beat WHERE playback_id = :id ORDER BY seq")
_FILL = sa.text("UPDATE learning_beat SET chain = :link WHERE playback_id = :id AND seq = :seq")


def upgrade() -> None:
    with op.batch_alter_table("learning_beat", recreate="auto", table_kwargs={"sqlite_with_rowid": False}) as beat:
        beat.drop_column("chain")


def downgrade() -> None:
    with op.batch_alter_table("learning_beat", recreate="auto", table_kwargs={"sqlite_with_rowid": True}) as beat:
        beat.add_column(sa.Column("chain", sa.LargeBinary(), nullable=True))
    _fill()
    with op.batch_alter_table("learning_beat") as beat:
        beat.alter_column("chain", existing_type=sa.LargeBinary(), nullable=False)


def _fill() -> None:
    """Give each row its link, as the release before this one makes and reads it."""
    key, bind = current_app.extensions["guanxue.settings"].derive_key("evidence"), op.get_bind()
    for id, *fixed in bind.execute(_PLAYBACKS).all():
        link = hmac.digest(key, "/".join(map(str, fixed)).encode(), "sha256")
        for seq, received_ms, ended_ms, claims in bind.execute(_ROWS, {"id": id}).all():
            link = hmac.digest(key, link + f"{seq}/{received_ms}/{ended_ms or 0}/".encode() + bytes(claims), "sha256")
            bind.execute(_FILL, {"link": link, "id": id, "seq": seq})
