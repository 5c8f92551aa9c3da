"""Every operation of datasets; importing this registers them."""

from meguru.datasets import blobs
from meguru.datasets.delta.operations import table
from meguru.datasets.diff import diff
from meguru.datasets.expectations.check import check, checks
from meguru.datasets.expectations.propose import propose
from meguru.datasets.folders.browse import browse, thumbnail
from meguru.datasets.folders.measure import blobs as measured_blobs
from meguru.datasets.folders.measure.keep import keep_measurement, last_measurement, measurements
from meguru.datasets.folders.register import register_folder
from meguru.datasets.free import free, garbage
from meguru.datasets.kind import DATASET
from meguru.datasets.personal.masking import look
from meguru.datasets.personal.propose import personal
from meguru.datasets.pulls.show import position, pulls, sources
from meguru.datasets.pulls.start import pull
from meguru.datasets.quality.report import report
from meguru.datasets.register import register
from meguru.datasets.remove import remove
from meguru.datasets.show import files, head, list_datasets, profile, show, versions
from meguru.datasets.sql.server_query import query
from meguru.datasets.versions.branches import branch, branches, drop_branch, merge
from meguru.datasets.versions.delete import delete_rows
from meguru.datasets.versions.retention import prune
from meguru.datasets.versions.tags import rollback, tag, tags, untag
from meguru.kernel.declarations import SpecOperations, operations_of

specs: SpecOperations = operations_of(DATASET)

__all__ = [
    "blobs",
    "branch",
    "branches",
    "browse",
    "check",
    "checks",
    "delete_rows",
    "diff",
    "drop_branch",
    "files",
    "free",
    "garbage",
    "head",
    "keep_measurement",
    "last_measurement",
    "list_datasets",
    "look",
    "measured_blobs",
    "measurements",
    "merge",
    "personal",
    "position",
    "profile",
    "propose",
    "prune",
    "pull",
    "pulls",
    "query",
    "register",
    "register_folder",
    "remove",
    "report",
    "rollback",
    "show",
    "sources",
    "specs",
    "table",
    "tag",
    "tags",
    "thumbnail",
    "untag",
    "versions",
]
