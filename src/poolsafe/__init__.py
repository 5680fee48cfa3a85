"""Find and repair SQLAlchemy + asyncpg engines that break behind PgBouncer and other connection poolers."""

__version__ = "0.2.0"
