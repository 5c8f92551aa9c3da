"""From what the checks found to a verdict with its reasons: what rings, what explains, what must last."""
