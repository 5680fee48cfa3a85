"""`poolsafe --doctor URL`: finds out by connecting which pooler is between a client and PostgreSQL.

Nothing here is imported unless the option is given, and `driver` alone imports asyncpg.
"""
