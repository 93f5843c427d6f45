"""Image files that were uploaded to this node: a cache of limited size, in which each file is named by the hash of its
content. A mark beside each holds the time of its last use, and its original name. The file's own times must not change,
since readers use them to detect writes. Any other files in the folder belong to others and are not touched."""

# Needs: own_folder
import contextlib
import fcntl
import hashlib
import stat
import time

UPLOAD_NAME = re.compile("[0-9a-f]{64}")
PART_NAME = re.compile(r"[0-9a-f]{64}\.[0-9a-f]{12}\.part")
MARK_NAME = re.compile(r"\.([0-9a-f]{64})\.used")
# From the last use until the import has opened it; from then on, removing it is harmless.
IN_USE_SECONDS = 3600
# The year 10889: times must fit into a calendar.
FAR_SECONDS = 2**48 // 1000
# Longer than any upload takes: anything older was left by a killed run.
PART_SECONDS = 86400


@contextlib.contextmanager
def locked_folder(path):
    """One at a time, so that no file is removed just as it comes into use."""
    make_own_folder(path, 0o711)
    let_enter(path)
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def file_facts(path):
    """The status of a regular file, or None."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def uploaded(folder):
    """The files, least recently used first."""
    found = []
    for name in filter(UPLOAD_NAME.fullmatch, os.listdir(folder)):
        facts, mark = file_facts(os.path.join(folder, name)), os.path.join(folder, ".%s.used" % name)
        if facts is None:
            continue
        used, origin = file_facts(mark), ""
        if used:
            with open(mark, encoding="utf-8", errors="replace") as file:
                origin = file.readline(300).strip()
        moment = max(0, min(int((used or facts).st_mtime), FAR_SECONDS))
        # A clock that was once wrong must not keep it forever.
        in_use = abs(time.time() - moment) < IN_USE_SECONDS
        found.append(
            {
                "hash": name,
                "origin": origin,
                "size": facts.st_size,
                "bytes": facts.st_blocks * 512,
                "used": moment,
                "inUse": in_use,
            }
        )
    return sorted(found, key=lambda row: (row["used"], row["hash"]))


def drop_upload(folder, row):
    os.unlink(os.path.join(folder, row["hash"]))
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(folder, ".%s.used" % row["hash"]))


def tidy_folder(folder):
    """Removes useless files: partial uploads, and marks of files that are gone."""
    for name in os.listdir(folder):
        path, mark = os.path.join(folder, name), MARK_NAME.fullmatch(name)
        facts = file_facts(path)
        if facts is None:
            continue
        orphan = mark and file_facts(os.path.join(folder, mark.group(1))) is None
        if orphan or (PART_NAME.fullmatch(name) and time.time() - facts.st_mtime > PART_SECONDS):
            os.unlink(path)


def use_upload(folder, request):
    """Marks a file as used, and returns its SHA-256, or None if it does not exist."""
    path = os.path.join(folder, request["name"])
    with locked_folder(folder):
        if file_facts(path) is None:
            return None
        with open(os.path.join(folder, ".%s.used" % request["name"]), "w", encoding="utf-8", errors="replace") as file:
            file.write(request["origin"])
        # Rewriting the same text does not change the time.
        os.utime(file.name)
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def make_room(folder, request):
    """Removes the least recently used files until the given number of bytes fits: within the limit, and on the disk."""
    with locked_folder(folder):
        tidy_folder(folder)
        rows = uploaded(folder)
        total, gone = sum(row["bytes"] for row in rows), []
        for row in rows:
            space = os.statvfs(folder)
            if total + request["bytes"] <= request["bound"] and space.f_bavail * space.f_frsize >= request["bytes"]:
                break
            if not row["inUse"]:
                drop_upload(folder, row)
                total -= row["bytes"]
                gone.append(row)
        return gone


def empty_folder(folder, _):
    with locked_folder(folder):
        tidy_folder(folder)
        rows = uploaded(folder)
        gone = [row for row in rows if not row["inUse"]]
        for row in gone:
            drop_upload(folder, row)
        return {"removed": gone, "kept": [row for row in rows if row["inUse"]]}


def list_uploads(folder, _):
    return uploaded(folder) if os.path.isdir(folder) else []


UPLOAD_ACTIONS = {"use": use_upload, "makeRoom": make_room, "empty": empty_folder, "list": list_uploads}


def uploads(request):
    return UPLOAD_ACTIONS[request["action"]](request["folder"], request)


def main(encoded):
    run(uploads, encoded)
