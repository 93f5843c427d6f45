"""The pool of RBD images, by one of two ways that answer alike: librbd's Python module, or the commands where a node does
not have it. A program gets all of it by its line "# Needs: pool"."""
# Needs: pool_librbd, pool_commands
from concurrent.futures import ThreadPoolExecutor

POOL = "rbd"
AT_ONCE = 8


class PoolError(Failure):
    """What Ceph refuses; `kind` is the name of librbd's exception: ImageNotFound, ImageExists, ImageBusy, ObjectExists…"""


def in_parallel(work, names):
    """What `work` gives for each name, by name; without those that are gone by now, for which it raises ImageNotFound or
    ObjectNotFound."""

    def one(name):
        try:
            return name, work(name)
        except PoolError as error:
            if error.kind not in ("ImageNotFound", "ObjectNotFound"):
                raise
            return None

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return dict(found for found in threads.map(one, names) if found)


def open_pool():
    """The pool; the caller closes it."""
    try:
        return LibrbdPool()
    except ImportError:
        return CommandsPool()
