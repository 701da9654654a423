"""Alembic's way in: runs the migrations in the transaction that storage/upgrade.py hands over."""

from __future__ import annotations

from alembic import context

from storage.upgrade import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    # Alembic takes SQLite for an engine without transactional DDL; with our own BEGIN it has it
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
