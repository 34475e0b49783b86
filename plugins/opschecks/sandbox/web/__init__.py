"""The sandbox's web side: backend tasks, their load balancer and a CDN front, live on 127.0.0.1."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self, TypeVar

from opschecks.sandbox.web.cdn import Cdn, Fetch, StoredObject
from opschecks.sandbox.web.listener import Listener
from opschecks.sandbox.web.proxy import Proxy
from opschecks.sandbox.web.tasks import BackendTask, TaskServer

__all__ = ["BackendTask", "Cdn", "Proxy", "StoredObject", "Web"]

HOST = "127.0.0.1"

PATIENCE_S = 5.0
"""How long the loop may take for what it does in milliseconds, before that is called an error."""

T = TypeVar("T")


class Web:
    """The whole web side, run by one event loop in one daemon thread.

    Knobs on `tasks`, `proxy` and `cdn` may be set by any thread, before and after `start`; the next
    request sees them.
    """

    def __init__(self, task_ids: Sequence[str], fetch: Fetch, *, tls: ssl.SSLContext | None = None) -> None:
        self.tasks: list[BackendTask] = [BackendTask(task_id) for task_id in task_ids]
        self.proxy = Proxy(in_rotation=lambda: list(self.tasks), host=HOST, secure=tls is not None)
        self.cdn = Cdn(fetch)
        self._tls = tls
        self._servers: dict[str, TaskServer] = {}
        self._ports: dict[str, int] = {}
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    @property
    def backend_url(self) -> str:
        """Where the load balancer listens."""
        return f"{'https' if self._tls else 'http'}://{HOST}:{self._port('proxy')}"

    @property
    def dashboard_url(self) -> str:
        """Where the CDN front listens."""
        return f"http://{HOST}:{self._port('cdn')}"

    def start(self) -> None:
        """Return when everything listens; RuntimeError says why if it cannot."""
        if self._thread is not None:
            raise RuntimeError("the sandbox's web side is already running")
        ready: Future[None] = Future()
        thread = threading.Thread(
            target=lambda: asyncio.run(self._live(ready)), name="opschecks-sandbox-web", daemon=True
        )
        thread.start()
        try:
            ready.result(PATIENCE_S)
        except (OSError, TimeoutError) as error:
            thread.join(PATIENCE_S)
            raise RuntimeError(f"the sandbox's web side cannot listen on {HOST}: {error!r}") from error
        self._thread = thread

    def stop(self) -> None:
        """Close every session and socket, and end the thread; once is enough, twice is no harm."""
        thread, self._thread = self._thread, None
        if thread is None or self._loop is None or self._stopping is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        thread.join(PATIENCE_S)
        if thread.is_alive():
            raise RuntimeError(f"the sandbox's web side did not stop within {PATIENCE_S:g} s")

    def add_task(self, task_id: str) -> BackendTask:
        """Start one more task; it takes requests when this returns."""
        if any(task.task_id == task_id for task in self.tasks):
            raise ValueError(f"task {task_id} runs already")
        task = BackendTask(task_id)
        if self._thread is not None:
            self.run(self._start_task(task))
        self.tasks = [*self.tasks, task]
        return task

    def remove_task(self, task_id: str) -> None:
        """Stop a task; its sessions are closed with 1001 when this returns."""
        if all(task.task_id != task_id for task in self.tasks):
            raise ValueError(f"no task {task_id} runs")
        self.tasks = [task for task in self.tasks if task.task_id != task_id]
        if self._thread is not None:
            self.run(self._servers.pop(task_id).stop())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Have the loop's thread do something, and wait for it."""
        if self._thread is None or self._loop is None:
            work.close()
            raise RuntimeError("the sandbox's web side is not running")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _port(self, name: str) -> int:
        if name not in self._ports:
            raise RuntimeError("the sandbox's web side is not running, so it has no address")
        return self._ports[name]

    async def _live(self, ready: Future[None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        try:
            # Taken down in reverse: the tasks say goodbye while the load balancer still carries it.
            async with AsyncExitStack() as stack:
                stack.callback(self._ports.clear)
                for name, answer, tls in (
                    ("cdn", self.cdn.answer, None),
                    ("proxy", self.proxy.answer, self._tls),
                ):
                    listener = Listener(answer)
                    stack.push_async_callback(listener.stop)
                    self._ports[name] = await listener.start(HOST, tls)
                stack.push_async_callback(self._stop_tasks)
                for task in self.tasks:
                    await self._start_task(task)
                ready.set_result(None)
                await self._stopping.wait()
        except OSError as error:
            if ready.done():
                raise
            ready.set_exception(error)

    async def _start_task(self, task: BackendTask) -> None:
        server = TaskServer(task)
        await server.start(HOST)
        self._servers[task.task_id] = server

    async def _stop_tasks(self) -> None:
        await asyncio.gather(*(server.stop() for server in self._servers.values()))
        self._servers.clear()
