"""Every operation of erasures; importing this registers them."""

from meguru.datasets.personal.erase import erase
from meguru.datasets.personal.list import list_erasures
from meguru.datasets.personal.repeat import again, owed
from meguru.datasets.personal.screening import returned

__all__ = ["again", "erase", "list_erasures", "owed", "returned"]
