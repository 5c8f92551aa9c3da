"""What must hold of a dataset's rows: one file a kind of expectation."""

from meguru.base.plugins import PluginFamily
from meguru.datasets.expectations.base import Expectation

EXPECTATIONS = PluginFamily(
    "expectation",
    {
        "allowed": "meguru.datasets.expectations.allowed:Allowed",
        "expression": "meguru.datasets.expectations.expression:RowExpression",
        "freshness": "meguru.datasets.expectations.freshness:Freshness",
        "length": "meguru.datasets.expectations.length:TextLength",
        "nulls": "meguru.datasets.expectations.nulls:NoNulls",
        "pattern": "meguru.datasets.expectations.pattern:Pattern",
        "range": "meguru.datasets.expectations.ranges:WithinRange",
        "reference": "meguru.datasets.expectations.reference:Reference",
        "schema": "meguru.datasets.expectations.columns:ExpectedColumns",
        "sql": "meguru.datasets.expectations.sql:FailingRowsQuery",
        "unique": "meguru.datasets.expectations.unique:UniqueValues",
        "volume": "meguru.datasets.expectations.volume:Volume",
    },
)

__all__ = ["EXPECTATIONS", "Expectation"]
