"""Imports and definitions that several tests put before their programs."""

SETTINGS_HEAD = """
import pydantic
import sqlmodel
from pydantic import BaseModel, ConfigDict, Field, PostgresDsn, PrivateAttr, SecretStr, ValidationInfo, computed_field
from pydantic import field_validator, model_validator, validator
from pydantic_settings import BaseSettings
"""

URLS_HEAD = """
import os
from urllib.parse import urlparse, urlsplit, urlunparse
from pydantic import PostgresDsn, MultiHostUrl
from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine
"""
