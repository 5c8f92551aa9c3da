"""Every operation of applies; importing this registers them."""

from meguru.applies.carry_out import finish, start, step
from meguru.applies.plan import plan
from meguru.applies.show import list_applies, present, show

__all__ = ["finish", "list_applies", "plan", "present", "show", "start", "step"]
