"""ormar: `DatabaseConnection(url, **options)` creates its engine with the options of SQLAlchemy's engine function."""

from sqlalchemy.ext.asyncio import create_async_engine


class DatabaseConnection:
    def __init__(self, url, force_rollback=False, **options):
        self.engine = create_async_engine(url, **options)
