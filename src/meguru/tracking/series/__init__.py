"""Metric series: many points of one metric of one run.

A series has a row that sums it up (`summaries`), and its points: chunks of up to some thousand in one row
each, and rows of one point each (`read` merges them). Points that come together become a chunk at once
(`append`); those that came one by one are joined into chunks later (`join`).
"""

from meguru.tracking.series.append import append
from meguru.tracking.series.change import add, truncate_from
from meguru.tracking.series.columns import Columns, Found, PointPosition
from meguru.tracking.series.downsample import sample
from meguru.tracking.series.latest import tail
from meguru.tracking.series.read import by_time, pieces
from meguru.tracking.series.summaries import counts, names, newest, numbers, series_of, summaries
from meguru.tracking.series.times import micros, moment

__all__ = [
    "Columns",
    "Found",
    "PointPosition",
    "add",
    "append",
    "by_time",
    "counts",
    "micros",
    "moment",
    "names",
    "newest",
    "numbers",
    "pieces",
    "sample",
    "series_of",
    "summaries",
    "tail",
    "truncate_from",
]
