"""One fixer at a time per stack: a lock with a holder and a lease, which a dead holder loses by itself."""

from __future__ import annotations

import getpass
import json
import os
import secrets
import socket
import time
from dataclasses import field
from datetime import datetime, timedelta

from ..core.dataclass import dataclass
from .storage import Storage

LEASE = timedelta(minutes=10)


class Locked(Exception):  # noqa: N818 - it is said of the stack
    """Somebody else is fixing this stack; the message says who, since when, and until when at the latest."""


class Lost(Exception):  # noqa: N818 - as above
    """The lease ran out and somebody else holds the lock: nothing more may be changed."""


def who() -> str:
    """This process, as a colleague would look for it."""
    try:
        user = getpass.getuser()
    except (ImportError, KeyError, OSError):  # a container without a user database, or Windows
        user = f"uid {os.getuid()}" if hasattr(os, "getuid") else "a user without a name"
    return f"{user} on {socket.gethostname()} (pid {os.getpid()})"


@dataclass
class Lock:
    """The lock of one stack. Each holder makes the next number, which only one can; the highest number counts.

    `number` is this holder's, 0 without the lock. Leases are counted by the clock of the place where the lock lies.
    """

    store: Storage
    lease: timedelta = LEASE
    number: int = 0
    _renewed: float = 0.0
    _token: str = field(default_factory=lambda: secrets.token_hex(8))
    _since: str = ""

    def __enter__(self) -> Lock:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def acquire(self) -> None:
        """Take it; Locked where somebody else holds it."""
        newest, told = self._newest()
        if told and told["state"] == "held" and datetime.fromisoformat(told["until"]) > self.store.now():
            raise Locked(
                f"{told['holder']} has been fixing this stack since {_shown(told['since'])}; the lock is released when "
                f"that ends, or expires at {_shown(told['until'])}"
            )
        self.number, self._since = newest + 1, self.store.now().isoformat()
        begun = awake_s()
        if not self.store.create(self._key(self.number), self._text("held")):
            self.number = 0
            raise Locked("somebody else has just begun to fix this stack; try again")
        self._renewed = begun
        for key in self.store.keys("lock")[:-2]:
            self.store.delete(key)

    def renew(self) -> None:
        """Hold it for another lease; Lost where somebody else has taken it over. Call it before each change."""
        begun = awake_s()
        try:
            newest, told = self._newest()
        except Locked as error:
            raise Lost(str(error)) from None
        if newest != self.number or not told or told["token"] != self._token:
            raise Lost("this run's lock expired and someone else holds it now")
        self.store.replace(self._key(self.number), self._text("held"))
        self._renewed = begun

    def require(self) -> None:
        """Lost unless the lock is certainly still held; call it right before each request that changes something.

        Asks the store only when a third of the lease has passed, as it has for a process that was suspended.
        """
        if awake_s() - self._renewed > self.lease.total_seconds() / 3:
            self.renew()

    def release(self) -> None:
        """Give it back, if it is still held."""
        newest, told = self._newest()
        if newest == self.number and told and told["token"] == self._token:
            self.store.replace(self._key(self.number), self._text("released"))

    def _newest(self) -> tuple[int, dict[str, str] | None]:
        keys = self.store.keys("lock")
        if not keys:
            return 0, None
        try:
            text = self.store.read(keys[-1])
            told = json.loads(text) if text else None
            if told is not None:
                datetime.fromisoformat(told["until"]), told["state"], told["holder"], told["since"], told["token"]
            return int(keys[-1].rpartition("/")[2].partition(".")[0]), told
        except (ValueError, KeyError, TypeError) as error:
            raise Locked(
                f"{self.store}/{keys[-1]} is damaged ({type(error).__name__}: {error}), so it is not known whether "
                "somebody is fixing this stack; delete it when nobody is"
            ) from None

    @staticmethod
    def _key(number: int) -> str:
        return f"lock/{number:012}.json"

    def _text(self, state: str) -> str:
        until = self.store.now() + self.lease
        told = {"state": state, "holder": who(), "token": self._token, "since": self._since}
        return json.dumps({**told, "until": until.isoformat()})


def awake_s() -> float:
    """Seconds since the machine started, those included in which it slept, whatever its clock was set to."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def _shown(moment: str) -> str:
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M:%S} UTC"
