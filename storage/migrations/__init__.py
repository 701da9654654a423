"""How a database of any earlier version becomes one of today's; read by Alembic."""
