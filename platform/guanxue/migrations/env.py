"""Alembic's entry: the connection is given by guanxue.migrations, which owns the transaction."""

from alembic import context

from guanxue.core.db import Model

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Model.metadata,
    render_as_batch=True,
    compare_type=False,
    transactional_ddl=False,  # we opened the transaction; Alembic must not commit in it
)
context.run_migrations()
