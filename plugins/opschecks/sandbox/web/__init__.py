"""The sandbox's web side: backend tasks, their load balancer and a CDN front, live on 127.0.0.1."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any, Self, TypeVar

from .cdn import Cdn, Fetch, StoredObject
from .listener import HOST, Listener, Respond
from .proxy import Proxy
from .tasks import BackendTask

__all__ = ["BackendTask", "Cdn", "Proxy", "StoredObject", "Web"]

PATIENCE_S = 30.0
"""How long the loop may take, for work of milliseconds, before that counts as an error."""
ANSWERS_S = 5.0
"""How long a stopping task may take to answer earlier requests."""

T = TypeVar("T")


class Web:
    """The whole web side, run by one event loop in one daemon thread.

    Knobs on `tasks`, `proxy` and `cdn` may be set by any thread, before and after `start`; the next
    request sees them.

    Attributes:
        backend_url: where the load balancer listens, once it does.
        dashboard_url: where the CDN front listens, once it does.
    """

    backend_url: str
    dashboard_url: str

    def __init__(self, task_ids: Sequence[str], fetch: Fetch, *, tls: ssl.SSLContext | None = None) -> None:
        self.tasks: list[BackendTask] = [BackendTask(task_id) for task_id in task_ids]
        self.proxy = Proxy(in_rotation=lambda: list(self.tasks), secure=tls is not None)
        self.cdn = Cdn(fetch)
        self._tls = tls
        self._open = AsyncExitStack()
        self._loop: asyncio.AbstractEventLoop
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Return when everything listens; OSError where it cannot."""
        if self._thread is not None:
            raise RuntimeError("the sandbox's web side is already running")
        runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._loop = runner.get_loop()
        self._thread = threading.Thread(target=_live, args=(runner,), name="opschecks-sandbox-web", daemon=True)
        self._thread.start()
        try:
            self._run(self._start())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Close every session and socket, and end the thread; may be called twice."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        try:
            self._run(self._open.aclose())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join(PATIENCE_S)

    def add_task(self, task_id: str) -> BackendTask:
        """Start one more task; it takes requests when this returns."""
        task = BackendTask(task_id)
        self._run(task.start())
        self.tasks = [*self.tasks, task]
        return task

    def remove_task(self, task_id: str) -> None:
        """Stop a task: it answers earlier requests, and its sessions are closed with 1001."""
        stopped = next(task for task in self.tasks if task.task_id == task_id)
        self.tasks = [task for task in self.tasks if task is not stopped]
        self._run(stopped.stop(ANSWERS_S))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """Have the loop's thread do something, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _start(self) -> None:
        # Closed in reverse order: the tasks end their sessions while the load balancer still forwards messages.
        self.dashboard_url = f"http://{HOST}:{await self._listen(self.cdn.answer)}"
        await self._open.enter_async_context(self.proxy.asking())
        scheme = "https" if self._tls else "http"
        self.backend_url = f"{scheme}://{HOST}:{await self._listen(self.proxy.answer, self._tls)}"
        self._open.push_async_callback(self._stop_tasks)
        for task in self.tasks:
            await task.start()

    async def _listen(self, answer: Respond, tls: ssl.SSLContext | None = None) -> int:
        listener = Listener(answer)
        self._open.push_async_callback(listener.stop)
        return await listener.start(tls)

    async def _stop_tasks(self) -> None:
        await asyncio.gather(*(task.stop() for task in self.tasks))


def _live(runner: asyncio.Runner) -> None:
    with runner:
        runner.get_loop().run_forever()
