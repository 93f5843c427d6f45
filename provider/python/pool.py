"""The pool of RBD images, by one of two ways that answer alike: librbd's Python module, or the commands where a node does
not have it. A program gets all of it by its line "# Needs: pool"."""

# Needs: pool_librbd, pool_commands
from concurrent.futures import ThreadPoolExecutor

POOL = "rbd"
AT_ONCE = 8


class PoolError(Failure):
    """What Ceph refuses; `kind` is the name of librbd's exception: ImageNotFound, ImageExists, ImageBusy, ObjectExists…"""


def refuse_empty(key, value):
    """python-rbd of Ceph 16 leaves an empty value out of its list but not its key, so that in vm-mgr all keys after it have
    their neighbours' values: none is ever written."""
    if value == "":
        raise PoolError(
            "EmptyMetadata", "the metadata %s would be empty, which moves the values of all others in vm-mgr" % key
        )


def split_readable(metadata):
    """What of an image's metadata is text, and the words for it where some is not."""
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
    """Of names those that are text: what is called otherwise is no VM's, and must not keep anybody from reading the others."""

    def is_text(name):
        try:
            return name.encode("utf-8") != b""
        except UnicodeEncodeError:
            return False

    return [name for name in names if is_text(name)]


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
