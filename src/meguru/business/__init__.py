"""Business metrics: named numbers over predictions, outcomes and datasets, in the unit people count in."""
