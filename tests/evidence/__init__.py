"""The verdicts shown on real servers: PostgreSQL, PgBouncer, and clients of several versions in several processes.

`client/` is run by the interpreters of other environments and imports nothing of poolsafe, nor of this folder.
"""
