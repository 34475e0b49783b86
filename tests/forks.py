"""Runs programs in processes that are forked from one that has imported and read everything once.

Most of what a short pytest or `opschecks` costs is its start: Python, the libraries, botocore's service models. Run as
a program this file pays that once, then waits on a socket, and forks for each program that it is asked to run. The
child has the folder, the environment, the arguments, the streams and the exit code that it would have had by itself;
so have the workers that pytest-xdist starts in it.
What only a new interpreter shows (Ctrl-C, what is imported, PYTHON… settings) is run by `subprocess` instead.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from opschecks.sandbox.seeds import sow_all

ROOT = Path(__file__).parent.parent
UNWANTED = ("randomly", "sugar", "asyncio", "hypothesispytest")
"""Plugins that change the order or the output of every run, or that take long to say that they have nothing to say."""
STARTING = ("opschecks", "rerunfailures")
"""Plugins that start threads, which do not survive a fork."""
WORKER = """
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as asked:
    asked.connect(sys.argv[1])
    told = {"module": "", "arguments": [], "folder": os.getcwd(), "environment": dict(os.environ), "first": sys.argv[2]}
    line = json.dumps(told).encode() + b"\\n"
    sent = socket.send_fds(asked, [line], [0, 1, 2])
    asked.sendall(line[sent:])
    answers = asked.makefile("r")
    answers.readline()
    os._exit(int(answers.readline()) & 255)
"""
"""What pytest-xdist starts in place of a Python: one that has it forked, with its streams, and ends as that does."""
TIMEOUT_S = 900
"""Many times as long as anything takes; only for what hangs."""


def run(
    module: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], first: str = ""
) -> subprocess.CompletedProcess[str]:
    """`python -m module …` in the folder, with nothing but this environment; TimeoutExpired when it hangs.

    `first` is Python that is executed in its process before.
    """
    told = {"module": module, "arguments": list(arguments), "folder": str(folder), "environment": dict(environment)}
    told["first"] = first
    with tempfile.TemporaryDirectory() as streams, socket.socket(socket.AF_UNIX) as asked:
        asked.settimeout(TIMEOUT_S)
        asked.connect(_server())
        asked.sendall(json.dumps({**told, "streams": streams}).encode() + b"\n")
        answers = asked.makefile("r")
        process = int(answers.readline())
        try:
            code = int(answers.readline())
        except TimeoutError:
            os.kill(process, signal.SIGKILL)
            raise subprocess.TimeoutExpired([module, *arguments], TIMEOUT_S) from None
        out, err = (Path(streams, name).read_text(encoding="utf-8") for name in ("out", "err"))
        return subprocess.CompletedProcess([module, *arguments], code, out, err)


@functools.cache
def _server() -> str:
    """The address of this process's server, which ends with it."""
    folder = tempfile.TemporaryDirectory()
    address = f"{folder.name}/asked"
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR", "LANG") if key in os.environ}
    process = subprocess.Popen(
        [sys.executable, __file__, address],
        cwd=ROOT,
        env={**kept, "PYTHONPATH": str(ROOT / "plugins"), "AWS_EC2_METADATA_DISABLED": "true"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )

    def end() -> None:
        process.kill()
        process.wait()
        folder.cleanup()

    atexit.register(end)
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    return address


def _import_all() -> None:
    """Import everything except the command line, which is run; pytest's plugins as pytest imports them."""
    import importlib
    import pkgutil

    import boto3
    import markdown_it.presets.commonmark
    import pytest
    import requests
    import websockets.sync.client

    import opschecks

    for one in pkgutil.walk_packages(opschecks.__path__, "opschecks."):
        if not one.name.endswith("__main__"):
            importlib.import_module(one.name)
    assert all((boto3, markdown_it, pytest, requests, websockets.sync.client))
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        unwanted = (part for name in (*UNWANTED, *STARTING) for part in ("-p", f"no:{name}"))
        code = pytest.main(["--rootdir", folder, "-c", os.devnull, "--collect-only", *unwanted, folder])
    assert code == pytest.ExitCode.NO_TESTS_COLLECTED, code


def _read_all() -> None:
    """Read what a sandbox needs: botocore's service models, moto's backends."""
    from opschecks.config.load import load_stacks
    from opschecks.sandbox.environment import Sandbox

    sandbox = Sandbox(load_stacks(ROOT / "tests" / "quick_stacks.toml").stacks["sandbox"])
    sandbox.start()
    sow_all(sandbox)
    sandbox.stop()


def _serve(address: str) -> None:
    _fork_workers(address)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            asked, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _answer(asked)
            asked.close()


def _fork_workers(address: str) -> None:
    """pytest-xdist's workers come from this server, too."""
    from execnet import gateway_io

    gateway_io.popen_args = lambda spec: [sys.executable, "-SEc", WORKER, address, gateway_io.popen_bootstrapline]


def _answer(asked: socket.socket) -> None:
    """Fork the requested program, and report its process id and exit code; returns in the child only."""
    line, streams, _, _ = socket.recv_fds(asked, 65536, 3)
    while not line.endswith(b"\n"):
        line += asked.recv(65536) or b"\n"
    told = json.loads(line)
    if not (process := os.fork()):
        asked.close()
        _become(told, streams or _opened(told["streams"]))
    for stream in streams:
        os.close(stream)
    asked.sendall(f"{process}\n".encode())
    _, status = os.waitpid(process, 0)
    asked.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _opened(folder: str) -> list[int]:
    names = (os.devnull, f"{folder}/out", f"{folder}/err")
    return [os.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND) for name in names]


def _become(told: Mapping[str, Any], streams: Sequence[int]) -> None:
    import runpy

    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(told["folder"])
    os.environ.clear()
    os.environ.update(told["environment"])
    time.tzset()
    sys.path[0] = told["folder"]
    sys.argv[1:] = told["arguments"]
    code = 1
    try:
        exec(told["first"], {"__name__": "first"})
        if told["module"]:
            runpy.run_module(told["module"], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
    except BaseException:  # noqa: BLE001 - it is printed, and the program ends with 1
        traceback.print_exc()
    finally:
        # as Python ends, but for freeing every object of the parent, which would copy all of its memory
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    with warnings.catch_warnings(action="ignore"):
        _import_all()
        _read_all()
    assert threading.active_count() == 1, "a thread does not survive a fork"
    gc.freeze()
    os.fsync = lambda _: None  # type: ignore[assignment] # only a power failure shows it, and it waits
    _serve(sys.argv[1])
