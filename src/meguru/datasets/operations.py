"""Every operation of datasets; importing this registers them."""

from meguru.datasets import blobs
from meguru.datasets.diff import diff
from meguru.datasets.expectations.check import check, checks
from meguru.datasets.folders.register import register_folder
from meguru.datasets.free import free, garbage
from meguru.datasets.kind import DATASET
from meguru.datasets.pulls.ask import pull
from meguru.datasets.pulls.show import pulls, sources
from meguru.datasets.register import register
from meguru.datasets.remove import remove
from meguru.datasets.show import files, head, list_datasets, profile, show, versions
from meguru.kernel.declarations import SpecOperations, operations_of

specs: SpecOperations = operations_of(DATASET)

__all__ = [
    "blobs",
    "check",
    "checks",
    "diff",
    "files",
    "free",
    "garbage",
    "head",
    "list_datasets",
    "profile",
    "pull",
    "pulls",
    "register",
    "register_folder",
    "remove",
    "show",
    "sources",
    "specs",
    "versions",
]
