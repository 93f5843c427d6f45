"""The pool of RBD images, in one of two equivalent ways: librbd's Python module, or the commands if a node lacks it. A
program gets all of it by its line "# Needs: pool"."""

# Needs: pool_librbd, pool_commands
from concurrent.futures import ThreadPoolExecutor

POOL = "rbd"
AT_ONCE = 8


class PoolError(Failure):
    """Ceph's refusal; `kind` is the name of librbd's exception: ImageNotFound, ImageExists, ImageBusy, ObjectExists…"""


def refuse_empty(key, value):
    """python-rbd of Ceph 16 drops an empty value from its list but keeps the key. In vm-mgr, all later keys then get
    their neighbours' values. So never write an empty value."""
    if value == "":
        raise PoolError(
            "EmptyMetadata", "the metadata %s would be empty, which moves the values of all others in vm-mgr" % key
        )


def split_readable(metadata):
    """The text part of an image's metadata, and a reason if some of it is not text."""
    found = {}
    for key, value in metadata.items():
        try:
            (key + value).encode("utf-8")
            found[key] = value
        except UnicodeEncodeError:
            shown = key.encode("ascii", "backslashreplace").decode("ascii")
            return {"metadata": {}, "broken": "its metadata %s is no UTF-8 text" % shown}
    return {"metadata": found}


def readable_names(names):
    """The names that are text: other names belong to no VM, and must not prevent reading the rest."""

    def is_text(name):
        try:
            return name.encode("utf-8") != b""
        except UnicodeEncodeError:
            return False

    return [name for name in names if is_text(name)]


def in_parallel(work, names):
    """The result of `work` by name, without those that are gone by now, for which it raises ImageNotFound or
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
