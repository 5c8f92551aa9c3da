"""All operations of samples to label."""

from meguru.labelling.label import decide, disputes, label, list_samples, next_item
from meguru.labelling.sample import sample

__all__ = ["decide", "disputes", "label", "list_samples", "next_item", "sample"]
