"""The verdicts, tested on real servers: PostgreSQL, PgBouncer, and clients of several versions in several processes.

`client/` runs in the interpreters of other environments, and imports nothing from poolsafe or this folder.
"""
