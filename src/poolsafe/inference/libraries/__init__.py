"""What the analysis knows of other people's code: SQLAlchemy, SQLModel, Alembic, pydantic, FastAPI and the rest.

The names stand in `library`. What a call of one of them gives stands in one module for each kind of thing, and
`library_calls` finds it there. Whoever teaches the analysis a new library begins with a name and a handler here.
"""
