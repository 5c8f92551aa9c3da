"""The driver of a Ray cluster, in a process of its own: Ray ends its driver when the cluster is lost.

Run as ``python -P -m meguru.compute.executors.rayhost FD ADDRESS WAIT``; FD is a socket to the engine
that carries one JSON object a line, WAIT how many seconds a step may fit no node. It ends when the engine
hangs up, and when the cluster's head is gone.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import socket
import sys
import threading
import time
from typing import Any

import msgspec
import ray
import ray.exceptions

from meguru.compute.executors import raytask
from meguru.compute.executors.base import Ended, died
from meguru.compute.executors.raytask import FromRay, Said, ToRay
from meguru.compute.executors.work import StepJob

GONE = 70
"""The code with which this process ends when the head of the cluster is gone."""
LOCAL = "local"
_PROBE_SECONDS = 1.0
_MAX_MISSED = 5
"""Probes in a row without an answer, after which the head counts as gone; a busy network may lose one."""
_CONNECT_SECONDS = 60.0
_CANCEL_SECONDS = 15.0
"""How long a cancelled task may take before its worker is killed."""
_FIT_SECONDS = 5.0
"""How often it is looked whether waiting tasks fit a node at all."""
_WAIT_SECONDS = 0.05
"""How long one wait for tasks lasts: a new order waits as long at most."""


class _Host:
    def __init__(self, control: socket.socket, wait: float) -> None:
        self.control, self.wait = control, wait
        self.orders: queue.SimpleQueue[ToRay] = queue.SimpleQueue()
        self.tasks: dict[Any, str] = {}
        self.killed: dict[str, float] = {}
        self.jobs: dict[str, StepJob] = {}
        self.unfit: dict[str, float] = {}
        self.looked = time.monotonic()
        self.addresses: list[str] = []
        self.lock = threading.Lock()
        self.remote = ray.remote(raytask.perform)

    def read(self) -> None:
        """Take orders until the engine hangs up."""
        decode = msgspec.json.Decoder(ToRay).decode
        with self.control.makefile("rb") as lines:
            for line in lines:
                self.orders.put(decode(line))
        os._exit(0)  # Ray ends the tasks of a driver that went away, and a local cluster with it

    def work(self) -> None:
        """Start, end and follow tasks."""
        self.send(FromRay(name=""))
        while True:
            with contextlib.suppress(queue.Empty):
                self.handle(self.orders.get(block=not self.tasks, timeout=None if not self.tasks else 0))
                while True:
                    self.handle(self.orders.get_nowait())
            if self.tasks:
                self.relay()
            if self.killed:
                self.kill_late()
            if time.monotonic() > self.looked + min(_FIT_SECONDS, self.wait):
                self.give_up_unfit()

    def handle(self, order: ToRay) -> None:
        if order.job is None:
            self.cancel(order.name)
            return
        job = order.job
        task = self.remote.options(
            num_cpus=job.cpu or 1.0,
            num_gpus=job.gpu,
            memory=job.memory or None,
            max_retries=0,  # the engine decides whether a step is tried again, and notes it
            num_returns="streaming",
            name=f"meguru {job.function}",
        ).remote(msgspec.json.encode(job), order.preload)
        self.tasks[task] = order.name
        self.jobs[order.name] = job

    def cancel(self, name: str) -> None:
        for task, its in self.tasks.items():
            if its == name:
                self.killed[name] = time.monotonic()
                ray.cancel(task)

    def kill_late(self) -> None:
        """End the workers of tasks that don't end though they were cancelled."""
        late = time.monotonic() - _CANCEL_SECONDS
        for task, name in self.tasks.items():
            if self.killed.get(name, late) < late:
                self.killed[name] = late + 2 * _CANCEL_SECONDS
                ray.cancel(task, force=True)

    def give_up_unfit(self) -> None:
        """Give up steps that have fitted no node of the cluster for too long."""
        self.looked = time.monotonic()
        there = [node["Resources"] for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
        for task, name in list(self.tasks.items()):
            wanted = _wanted(self.jobs[name])
            if any(all(one.get(kind, 0) >= count for kind, count in wanted.items()) for one in there):
                self.unfit.pop(name, None)
            elif self.looked > self.unfit.setdefault(name, self.looked) + self.wait:
                ray.cancel(task, force=True)
                del self.tasks[task]
                self.forget(name)
                text = ", ".join(f"{count:g} {kind}" for kind, count in wanted.items())
                ended = died(f"no node of the cluster has {text}", f"for {self.wait:g} s", type="NoNode")
                self.send(FromRay(name=name, said=Said(ended=ended)))

    def forget(self, name: str) -> None:
        """Drop what was known of a step that has ended."""
        for known in (self.killed, self.jobs, self.unfit):
            known.pop(name, None)

    def relay(self) -> None:
        """Pass on what running tasks say."""
        tasks = list(self.tasks)
        ready, _ = ray.wait(tasks, num_returns=1, timeout=_WAIT_SECONDS, fetch_local=False)
        if ready:
            ready, _ = ray.wait(tasks, num_returns=len(tasks), timeout=0, fetch_local=False)
        for task in ready:
            said = self.next_report(task)
            if said.ended is not None:
                name = self.tasks.pop(task)
                self.forget(name)
                self.send(FromRay(name=name, said=said))
            elif said.log or said.metrics:
                self.send(FromRay(name=self.tasks[task], said=said))

    def next_report(self, task: Any) -> Said:
        try:
            return msgspec.json.decode(ray.get(next(task)), type=Said)
        except StopIteration:
            return Said(ended=died("its task ended without a word", lost=True))
        except ray.exceptions.RayError as error:
            if self.tasks[task] in self.killed:
                return Said(ended=died("it was ended", "with its task on the cluster"))
            if not is_there(self.addresses):
                os._exit(GONE)  # all steps are lost, and none more must be sent here
            return Said(ended=_ended(error))

    def send(self, news: FromRay) -> None:
        with self.lock, contextlib.suppress(OSError):
            self.control.sendall(msgspec.json.encode(news) + b"\n")


def _wanted(job: StepJob) -> dict[str, float]:
    wanted = {"CPU": job.cpu or 1.0, "GPU": job.gpu, "memory": float(job.memory)}
    return {kind: count for kind, count in wanted.items() if count}


def _ended(error: ray.exceptions.RayError) -> Ended:
    said = str(error).strip().partition("\n")[0]
    if isinstance(error, ray.exceptions.OutOfMemoryError):
        return died("its node ran out of memory", said, type="MemoryLimit")
    if isinstance(error, ray.exceptions.RayTaskError):
        # Not the step's doing: it has a process of its own. If it is always so, the engine gives up soon.
        return died("its worker could not run it", str(error)[-2000:], lost=True)
    return died(f"its node or worker was lost ({type(error).__name__})", said, lost=True)


def watch(addresses: list[str]) -> None:
    """End this process when the head of the cluster, or the node that it is joined by, answers no more."""
    missed = 0
    while missed < _MAX_MISSED:
        time.sleep(_PROBE_SECONDS)
        # In a row: one probe that is lost to a busy head would end every step of this host.
        missed = 0 if is_there(addresses) else missed + 1
    os._exit(GONE)


def is_there(addresses: list[str]) -> bool:
    """Tell whether all of some addresses answer."""
    try:
        for address in addresses:
            _answers(address)
    except OSError:
        return False
    return True


def connect(address: str) -> list[str]:
    """Join a cluster, or start one on this machine; return where its head and our node are."""
    if re.fullmatch(r"[^/]+:\d+", address):
        _answers(address)  # Ray itself would try for a long time
    giving_up = threading.Timer(_CONNECT_SECONDS, os._exit, [GONE])
    giving_up.daemon = True
    giving_up.start()
    more: dict[str, Any] = {"include_dashboard": False} if address == LOCAL else {}
    ray.init(address=address, namespace="meguru", log_to_driver=False, **more)
    giving_up.cancel()
    us = ray.get_runtime_context()
    nodes = ray.nodes()  # type: ignore[no-untyped-call]
    ours = [node for node in nodes if node["NodeID"] == us.get_node_id()]
    # A new head may be at the same address soon, but it would not know this driver.
    return [us.gcs_address, *(f"{one['NodeManagerAddress']}:{one['NodeManagerPort']}" for one in ours)]


def _answers(address: str) -> None:
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=_PROBE_SECONDS):
        pass


def main() -> None:
    """Serve until the engine or the cluster is gone."""
    host = _Host(socket.socket(fileno=int(sys.argv[1])), float(sys.argv[3]))
    threading.Thread(target=host.read, name="orders", daemon=True).start()
    try:
        host.addresses = connect(sys.argv[2])
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
        os._exit(GONE)
    threading.Thread(target=watch, args=(host.addresses,), name="head", daemon=True).start()
    host.work()


if __name__ == "__main__":
    main()
