"""Names whose value is changed by statements that bind other names: registries, hooks, fitted objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meguru.compute.code.actions import Acting
from meguru.compute.code.module import Module

if TYPE_CHECKING:
    from meguru.compute.code.reach import Walk

_MUTATING_LIBRARIES = {"heapq", "operator", "random", "bisect"}


class Registries:
    """Finds what fills the containers that a walk has reached."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk

    def follow(self) -> bool:
        """Reach every statement that calls code which touches a reached container; False if none is left."""
        containers = self._containers()
        grown = False
        for module in self.walk.project.modules().values() if containers else ():
            for acting in module.acting:
                if all(f"{module.name}.{name}" in self.walk.found for name in acting.names):
                    continue
                if self._fills(module, acting, containers):
                    for name in acting.names:
                        self.walk.resolve(module.name, (name,))
                    grown = True
        return grown

    def _containers(self) -> set[str]:
        """Return the reached names that hold something which can be changed."""
        project, reacheds = self.walk.project, self.walk.found
        modules = project.modules().values()
        stored = project.stored_attributes()
        names = {f"{module.name}.{name}" for module in modules for name in module.containers}
        reached = {name for name in reacheds if name in names or name.rpartition(".")[2] in stored}
        if self.walk.subclasses:
            reached |= {name for name, one in reacheds.items() if one.kind == "class"}
        return reached

    def _fills(self, module: Module, acting: Acting, containers: set[str]) -> bool:
        own = {f"{module.name}.{name}" for name in acting.names}
        return any(
            not (containers - own).isdisjoint(self._touches(module, chain))
            for chain in acting.chains
            if not self._is_harmless(module, chain)
        )

    def _is_harmless(self, module: Module, chain: tuple[str, ...]) -> bool:
        """Tell whether a name is a library's; those are taken not to change what they are given."""
        targets = module.imports.get(chain[0])
        if not targets or chain[0] in module.bindings:
            return False
        tops = {target.partition(".")[0] for target, _ in targets}
        return not (tops & _MUTATING_LIBRARIES) and all(
            self.walk.project.module(target) is None and not self.walk.project.is_folder(target)
            for target, _ in targets
        )

    def _touches(self, module: Module, chain: tuple[str, ...]) -> frozenset[str]:
        key = (module.name, chain)
        known = self.walk.project.touched
        if key not in known:
            # A walk of its own: what is merely looked through must not count as reached.
            walk = type(self.walk)(self.walk.project)
            walk.resolve(module.name, chain)
            known[key] = frozenset(walk.found)
        return known[key]
