"""The pool through the commands `rbd` and `rados`, for a node without python3-rbd: the methods of pool_librbd.py, with
the same answers and errors. (It uses `ceph`, which is Python itself and needs python3-rados, only where nothing else
works.) A command takes some 70 ms, so reads of many images run several at once.

The commands exit with the library's errno, which tells errors apart. `rbd` takes metadata values as arguments, which
all users of the node can see while it runs."""

import time

KINDS = {
    2: "NotFound",
    5: "IOError",
    16: "ImageBusy",
    17: "Exists",
    22: "InvalidArgument",
    28: "NoSpace",
    30: "ReadOnlyImage",
    33: "ArgumentOutOfRange",
    38: "FunctionNotSupported",
    39: "ImageHasSnapshots",
    108: "ConnectionShutdown",
    110: "Timeout",
    122: "DiskQuotaExceeded",
}
TIMEOUT = ["--client_mount_timeout", "20"]


def tool(argv, about="Image"):
    """The standard output of rbd or rados. `about`: Image or Object, the library's word for what is missing or exists."""
    try:
        done = subprocess.run(
            argv[:1] + TIMEOUT + argv[1:],
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError as error:
        raise Failure("missing", "neither python3-rbd nor the command %s is installed here" % argv[0]) from error
    if done.returncode == 0:
        return done.stdout
    kind = KINDS.get(done.returncode, "OSError" if done.returncode > 1 else "command")
    said = (done.stderr or done.stdout).strip().splitlines()
    own = [line for line in said if line.startswith("rbd: ")]
    words = (own or said or ["exit %d" % done.returncode])[-1]
    raise PoolError(
        about + kind if kind in ("NotFound", "Exists") else kind,
        "%s: %s" % (" ".join(argv[: argv.index("--")] if "--" in argv else argv), words),
    )


def answer(argv, about="Image"):
    return json.loads(tool(argv + ["--format", "json"], about))


def spec(name, snapshot=None):
    """An image or its snapshot in the commands' syntax: a name with one of their separators would mean another image."""
    for each in (name, snapshot):
        if each is not None and (not each or re.search("[/@]", each)):
            raise PoolError("InvalidArgument", "the commands have no way to say the name %s" % json.dumps(each))
    return "%s/%s" % (POOL, name) + ("@" + snapshot if snapshot is not None else "")


def read_metadata(name):
    """An image's metadata for `facts`. If unreadable, the reason: that affects its VM, not the others."""
    try:
        return split_readable(CommandsImage(name).metadata())
    except PoolError as error:
        if error.kind == "ImageNotFound":
            raise
        return {"metadata": {}, "broken": "its image cannot be read (%s)" % error}


class CommandsPool:
    def close(self):
        pass

    def images(self):
        return readable_names(answer(["rbd", "ls", POOL]))

    def facts(self, names, detailed):
        with ThreadPoolExecutor(2) as threads:
            # One command opens all images, ten at once.
            listing = threads.submit(answer, ["rbd", "ls", "--long", POOL])
            metadata = threads.submit(in_parallel, read_metadata, sorted(detailed))
            rows = listing.result()
        sizes = {row["image"]: row["size"] for row in rows if "snapshot" not in row}
        # The listing has no times.
        kept = in_parallel(
            lambda name: self.image(name).snapshots(),
            sorted({row["image"] for row in rows if "snapshot" in row} & set(names)),
        )
        read = [{"name": name, "size": sizes[name], "snapshots": kept.get(name, [])} for name in names if name in sizes]
        known = metadata.result()
        return [
            dict(found, **known[found["name"]]) if found["name"] in known else found
            for found in read
            if found["name"] in known or found["name"] not in detailed
        ]

    def monitor(self, prefix):
        return json.loads(command(["ceph", "--connect-timeout", "20"] + prefix.split() + ["--format", "json"]))

    def may_be_orchestrated(self):
        return True  # another command would take as long as asking for it

    def create(self, image, size):
        tool(["rbd", "create", "--image-format", "2", "--size", "%dB" % size, spec(image)])

    def remove(self, image):
        tool(["rbd", "rm", "--no-progress", spec(image)])

    def rename(self, image, name):
        tool(["rbd", "mv", spec(image), spec(name)])

    def clone(self, parent, snapshot, child):
        tool(["rbd", "clone", spec(parent, snapshot), spec(child)])

    def image(self, name, read_only=False):
        return CommandsImage(name)

    def groups(self):
        return readable_names(answer(["rbd", "group", "list", POOL]))

    def lock(self, image, name, cookie, seconds):
        argv = ["rados", "--pool", POOL, "lock", "get", self.header(image), name]
        try:
            tool(argv + ["--lock-cookie", cookie, "--lock-duration", str(seconds)], "Object")
            return True
        except PoolError:
            # It exits with 1 in any case.
            held = self.lockers(image, name)
            if not held:
                raise
        if cookie not in held:
            return False
        # No command can renew a lock: release and retake it, which leaves others a brief chance.
        self.unlock(image, name, cookie)
        return self.lock(image, name, cookie, seconds)

    def unlock(self, image, name, cookie):
        # Each command is a client of its own, so only force works.
        self.unlock_by_force(image, name, cookie)

    def unlock_by_force(self, image, name, cookie):
        for locker in self.locks(image, name):
            if locker["cookie"] == cookie:
                argv = ["rados", "--pool", POOL, "lock", "break", self.header(image), name, locker["name"]]
                tool(argv + ["--lock-cookie", cookie], "Object")

    def lockers(self, image, name):
        return [locker["cookie"] for locker in self.locks(image, name)]

    def locks(self, image, name):
        return answer(["rados", "--pool", POOL, "lock", "info", self.header(image), name], "Object")["lockers"]

    def header(self, image):
        return "rbd_header." + self.image(image).info()["id"]

    def group_images(self, group):
        return [row["image"] for row in answer(["rbd", "group", "image", "list", spec(group)], "Object")]

    def group_create(self, group):
        tool(["rbd", "group", "create", spec(group)], "Object")

    def group_remove(self, group):
        tool(["rbd", "group", "remove", spec(group)], "Object")

    def group_add(self, group, image):
        tool(["rbd", "group", "image", "add", spec(group), spec(image)], "Object")

    def group_take(self, group, image):
        tool(["rbd", "group", "image", "remove", spec(group), spec(image)], "Object")


class CommandsImage:
    def __init__(self, name):
        self.name = name

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def info(self):
        return answer(["rbd", "info", spec(self.name)])

    def size(self):
        return self.info()["size"]

    def resize(self, size):
        tool(["rbd", "resize", "--no-progress", "--allow-shrink", "--size", "%dB" % size, spec(self.name)])

    def metadata(self):
        found = tool(["rbd", "image-meta", "list", spec(self.name), "--format", "json"])
        return json.loads(found) if found.strip() else {}  # none: it prints nothing at all

    def metadata_set(self, key, value):
        refuse_empty(key, value)
        tool(["rbd", "image-meta", "set", spec(self.name), "--", key, value])

    def metadata_remove(self, key):
        # The exit code is the same whether the key or the image is missing.
        if key in self.metadata():
            tool(["rbd", "image-meta", "remove", spec(self.name), "--", key])

    def group(self):
        found = self.info().get("group")
        return found.split("/")[-1] if found else None

    def watchers(self):
        return [watcher["address"] for watcher in answer(["rbd", "status", spec(self.name)])["watchers"]]

    def parent(self):
        found = self.info().get("parent")
        return {"image": found["image"], "snapshot": found["snapshot"]} if found else None

    def flatten(self):
        tool(["rbd", "flatten", "--no-progress", spec(self.name)])

    def snapshots(self):
        return [
            {
                "name": row["name"],
                "size": row["size"],
                "protected": row["protected"] in (True, "true"),
                "created": int(time.mktime(time.strptime(row["timestamp"], "%a %b %d %H:%M:%S %Y"))),
            }
            for row in answer(["rbd", "snap", "ls", spec(self.name)])
        ]

    def changed_bytes(self, since, until=None):
        spec(self.name, since)
        return sum(int(row["length"]) for row in answer(["rbd", "diff", "--from-snap", since, spec(self.name, until)]))

    def snapshot_create(self, snapshot):
        tool(["rbd", "snap", "create", "--no-progress", spec(self.name, snapshot)])

    def snapshot_remove(self, snapshot):
        tool(["rbd", "snap", "rm", "--no-progress", spec(self.name, snapshot)])

    def snapshot_protect(self, snapshot):
        tool(["rbd", "snap", "protect", spec(self.name, snapshot)])

    def snapshot_unprotect(self, snapshot):
        tool(["rbd", "snap", "unprotect", spec(self.name, snapshot)])

    def snapshot_rollback(self, snapshot):
        tool(["rbd", "snap", "rollback", "--no-progress", spec(self.name, snapshot)])

    def snapshot_children(self, snapshot):
        return sorted(child["image"] for child in answer(["rbd", "children", spec(self.name, snapshot)]))
