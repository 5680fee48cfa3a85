"""Models of other people's code: SQLAlchemy, Alembic, pydantic, FastAPI, the standard library and others.

The known names are listed in `poolsafe.libraries`. Each module here models the calls to one library, and
`library_models` combines them. To add a library, write a stub (`library_stubs`); if Python cannot express its
behaviour, add a name and a handler.
"""

from poolsafe.inference.models.addresses import is_address
from poolsafe.inference.models.alembic import CONFIGURE
from poolsafe.inference.models.clients import PREPARED_STATEMENT, PREPARING
from poolsafe.inference.models.sqlalchemy_engines import engine_url, schemes_of, single_scheme
from poolsafe.inference.models.urls import parse_url
from poolsafe.inference.objects import Connectable, ConnectionFactory, SessionMaker, TextClause

__all__ = [
    "CONFIGURE",
    "PREPARED_STATEMENT",
    "PREPARING",
    "Connectable",
    "ConnectionFactory",
    "SessionMaker",
    "TextClause",
    "engine_url",
    "is_address",
    "parse_url",
    "schemes_of",
    "single_scheme",
]
