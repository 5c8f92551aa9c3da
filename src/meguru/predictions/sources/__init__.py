"""Rows of outcomes and feedback from outside: files, bodies of requests, databases.

Every source gives plain rows one after another, so that memory is bounded whatever its size; `shaped` makes
lists of structs of them.
"""

from meguru.predictions.sources.files import FORMS, Form, form_of, read_file
from meguru.predictions.sources.rows import SourceColumns, shaped
from meguru.predictions.sources.sql import read_sql

__all__ = ["FORMS", "Form", "SourceColumns", "form_of", "read_file", "read_sql", "shaped"]
