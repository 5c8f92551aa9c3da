"""Every operation of waivers; importing this registers them."""

from meguru.governance.waivers.decide import deny, grant
from meguru.governance.waivers.request import request
from meguru.governance.waivers.revoke import revoke
from meguru.governance.waivers.show import list_waivers, show

__all__ = ["deny", "grant", "list_waivers", "request", "revoke", "show"]
