"""Whether a type can be stored as a model, by its class alone: a run is refused before it trains."""

from __future__ import annotations

from importlib.metadata import packages_distributions

from meguru.flavors import FLAVORS

_LIBRARIES = {"pytorch": "torch"}
"""The library of a flavor that is not called like it."""
_NO_LIBRARY = {"function"}
HINT = (
    "hand it over as what one of these libraries can read, or keep it as it is, in a process of its own: "
    "Model(estimator=FunctionModel(target=estimator), …)"
)


def libraries() -> set[str]:
    """Return the libraries whose models some flavor stores."""
    return {_LIBRARIES.get(name, name) for name in FLAVORS.names() if name not in _NO_LIBRARY}


def why_unsupported(kind: type) -> str:
    """Return why no object of a class can be stored as a model; empty if it may be.

    Only what is certain is refused: a class of an installed library that no flavor is for, unless it is based
    on one that a flavor is for, and what scikit-learn has no form without pickle for.
    """
    module = kind.__module__ or ""
    if module.startswith("sklearn."):
        return _of_sklearn(kind)
    tops = {(base.__module__ or "").partition(".")[0] for base in kind.__mro__}
    top = module.partition(".")[0]
    # A class of the project itself may become a model of code; only what an installed library made can't
    # change.
    is_installed = top in packages_distributions() and top != "meguru"
    if not is_installed or tops & libraries():
        return ""
    return f"no flavor stores what {top} trains; there are {', '.join(sorted(libraries()))}"


def _of_sklearn(kind: type) -> str:
    from meguru.flavors.skopsfile import names

    is_search = kind.__module__.startswith("sklearn.model_selection")  # stored as what it finds
    return "" if is_search else names.REFUSED.get(kind.__name__, "")
