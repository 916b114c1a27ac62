"""Keys of the ledger hand over to one another; postings and tree nodes lie by their key: half the writing of a deposit."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger_rotation",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ledger_rotation")),
    )
    _lay_out(is_by_row=False)


def downgrade() -> None:
    _lay_out(is_by_row=True)
    op.drop_table("ledger_rotation")


def _lay_out(*, is_by_row: bool) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for name in ("ledger_posting", "ledger_tree_node"):
        with op.batch_alter_table(name, recreate="always", table_kwargs={"sqlite_with_rowid": is_by_row}):
            pass
