"""Operations on what is online of feature views."""

from meguru.features.online.answer import get
from meguru.features.push.push import push

__all__ = ["get", "push"]
