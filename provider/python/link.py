"""Ends this program and everything it started once its caller is gone: the SSH connection broke, or the deadline
passed. sshd closes the channels of a broken connection but ends no programs: one that prints nothing just then, such as
qemu-img in the middle of a large image, would run on. So this watches the sshd above the program."""

import os
import signal
import threading
import time

MARK = "SEAPATH_RUN"
# The provider waits longer than this before it goes on (transport/ssh/pool.ts): interrupted work must not write any
# more while it is being undone.
LOOK_EVERY_SECONDS = 0.4


def process_status(pid):
    """A process's name, parent and start time, or None if it does not exist."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()
    return text[text.index("(") + 1 : text.rindex(")")], int(fields[1]), fields[19]


def find_sshd():
    """The pid and start time of the sshd that this program came through, past shells and sudo; None without one."""
    pid = os.getppid()
    while pid > 1:
        status = process_status(pid)
        if status is None:
            return None
        name, parent, began = status
        if name.startswith("sshd"):
            return pid, began
        pid = parent
    return None


def end_marked():
    """Ends everything with this run's mark in its environment, this program last."""
    mark = ("%s=%s" % (MARK, os.environ[MARK])).encode()
    for pid in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
        try:
            with open("/proc/%d/environ" % pid, "rb") as file:
                if pid != os.getpid() and mark in file.read().split(b"\0"):
                    os.kill(pid, signal.SIGKILL)
        except OSError:
            continue  # it ended meanwhile, or belongs to another user
    os.kill(os.getpid(), signal.SIGKILL)


def watch_link(sshd, until):
    while time.monotonic() < until:
        status = process_status(sshd[0])
        if status is None or status[2] != sshd[1]:
            break
        time.sleep(LOOK_EVERY_SECONDS)
    end_marked()


def begin_watch(seconds):
    sshd = find_sshd()
    if sshd and MARK in os.environ:
        threading.Thread(target=watch_link, args=(sshd, time.monotonic() + seconds), daemon=True).start()
