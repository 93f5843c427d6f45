"""Exclusive access to a VM's disks across all nodes: a lock in Ceph that expires after its holder dies, and is renewed
while it works."""

# Needs: pool
import os
import socket
import threading
import time
import uuid

LOCK = "seapath"
LOCK_SECONDS = 30
WAIT_SECONDS = 45


def process_name(pid):
    """A process of this node: its pid may be reused later, so the start time tells them apart."""
    with open("/proc/%s/stat" % pid) as file:
        return "%s/%s/%s" % (socket.gethostname(), pid, file.read().rpartition(")")[2].split()[19])


class VmLock:
    def __init__(self, pool, vm, wait=WAIT_SECONDS):
        self.pool, self.vm, self.image, self.wait = pool, vm, "system_%s" % vm, wait
        self.cookie, self.ended = "%s/%s" % (process_name(os.getpid()), uuid.uuid4().hex), threading.Event()
        self.thread = threading.Thread(target=self.renew, daemon=True)

    def take(self):
        return self.pool.lock(self.image, LOCK, self.cookie, LOCK_SECONDS)

    def break_of_dead(self):
        """Removes the lock of a killed program of this node; another node's expires soon enough."""
        for cookie in self.pool.lockers(self.image, LOCK):
            name = cookie.rpartition("/")[0]
            node, _, rest = name.partition("/")
            try:
                alive = node != socket.gethostname() or process_name(rest.partition("/")[0]) == name
            except (FileNotFoundError, ProcessLookupError):
                alive = False
            if not alive:
                self.pool.unlock_by_force(self.image, LOCK, cookie)

    def __enter__(self):
        until = time.monotonic() + self.wait
        while not self.take():
            if time.monotonic() > until:
                raise Failure(
                    "locked", "another program has been at work on the disks of %s for %d s" % (self.vm, self.wait)
                )
            self.break_of_dead()
            time.sleep(0.3)
        self.thread.start()
        return self

    def renew(self):
        while not self.ended.wait(LOCK_SECONDS / 4):
            try:
                self.take()
            except Exception:  # the next renewal repairs it, or the work itself fails with a reason
                traceback.print_exc()

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        try:
            self.pool.unlock(self.image, LOCK, self.cookie)
        except Exception:  # it expires
            traceback.print_exc()
