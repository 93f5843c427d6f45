"""Changes of RBD images and groups: a list of idempotent operations over one connection."""

# Needs: pool
import re
import time

# This project's note on a data disk, as JSON. A copy of the image has the note too: it is valid only if "image" is the
# image's name.
DISK_KEY = "_seapath_disk"


def create_image(pool, op):
    try:
        pool.create(op["image"], op["size"])
    except PoolError as error:
        if error.kind != "ImageExists" or not is_half_removed(pool, op["image"]):
            raise
        finish_removal(pool, op["image"])
        pool.create(op["image"], op["size"])


# Longer than another program takes to make an image, which is listed before it can be opened.
MAKING_SECONDS = 3


def is_half_removed(pool, name):
    """Whether an image is listed but cannot be opened, and not because it is just being made."""
    for pause in (MAKING_SECONDS, 0):
        try:
            with pool.image(name, read_only=True) as image:
                image.size()
            return False
        except PoolError as error:
            if error.kind != "ImageNotFound":
                raise
        time.sleep(pause)
    return True


def create_group(pool, op):
    try:
        pool.group_create(op["group"])
    except PoolError as error:
        # An empty group is a leftover of an interrupted removal; one with images belongs to another program.
        if error.kind != "ObjectExists" or pool.group_images(op["group"]):
            raise


def add_to_group(pool, op):
    try:
        pool.group_add(op["group"], op["image"])
    except PoolError as error:
        if error.kind != "ObjectExists":
            raise


def remove_group(pool, op):
    try:
        others = pool.group_images(op["group"])
        if others:
            raise Failure("group", "the RBD group %s holds %s, which was not to be removed" % (op["group"], others))
        pool.group_remove(op["group"])
    except PoolError as error:
        if error.kind != "ObjectNotFound":
            raise


def resize_image(pool, op):
    with pool.image(op["image"]) as image:
        size = image.size()
        if op["size"] < size:
            raise Failure("shrink", "%s has %d bytes and is never made smaller" % (op["image"], size))
        if op["size"] > size:
            image.resize(op["size"])


def set_metadata(pool, op):
    """Sets and removes keys; with `expect`, only while the values that the change is based on are still there."""
    for key, value in op.get("set", {}).items():
        refuse_empty(key, value)
    with pool.image(op["image"]) as image:
        present = image.metadata()
        for key, value in op.get("expect", {}).items():
            if present.get(key) != value:
                raise Failure("MetadataChanged", "the metadata %s of %s was changed meanwhile" % (key, op["image"]))
        for key, value in op.get("set", {}).items():
            if present.get(key) != value:
                image.metadata_set(key, value)
        for key in op.get("unset", []):
            if key in present:
                image.metadata_remove(key)


def count_disks(pool, op):
    """Records the number of a VM's data disks, which vm-mgr's clone relies on; without any, records nothing."""
    own = re.compile("data_%s_[0-9]+" % re.escape(op["vm"]))
    count = sum(1 for name in pool.images() if own.fullmatch(name))
    change = {"set": {"_additional_disks": json.dumps(count)}} if count else {"unset": ["_additional_disks"]}
    set_metadata(pool, dict(change, image="system_%s" % op["vm"]))


def disk_note(image, name):
    try:
        note = json.loads(image.metadata().get(DISK_KEY, "{}"))
    except ValueError:
        return {}
    return note if isinstance(note, dict) and note.get("image") == name else {}


def keep_image(pool, name, group):
    """Detaches an image from its VM without touching its content: out of the group, under a name that no VM uses."""
    taken = set(pool.images())
    base = "retained_%s" % name.split("_", 1)[1]
    kept = next(each for each in [base] + ["%s_%d" % (base, n) for n in range(2, 1000)] if each not in taken)
    if group:
        pool.group_take(group, name)
    pool.rename(name, kept)
    return kept


def finish_removal(pool, image):
    """An interrupted removal leaves a name that is listed, but cannot be opened or reused for another image."""
    if image not in pool.images():
        return
    try:
        pool.remove(image)
    except PoolError as error:
        if error.kind != "ImageNotFound":
            raise


def remove_image(pool, op):
    """Removes an image with its snapshots. The watcher of a QEMU that just ended disappears by itself, so this waits
    for it. A retained disk is kept under another name. With `nonce`, only an image with that note is removed, whatever
    it says."""
    until = time.monotonic() + op.get("busySeconds", 45)
    gone = []  # from earlier attempts too
    while True:
        try:
            with pool.image(op["image"]) as image:
                note = disk_note(image, op["image"])
                if "nonce" in op and note.get("nonce") != op["nonce"]:
                    return {"snapshots": gone, "kept": None}
                group = image.group()
                retain = "nonce" not in op and (op.get("retain") or note.get("retain"))
                for snapshot in [] if retain else image.snapshots():
                    if snapshot["protected"]:
                        image.snapshot_unprotect(snapshot["name"])
                    image.snapshot_remove(snapshot["name"])
                    gone.append(snapshot["name"])
            if retain:
                return {"snapshots": gone, "kept": keep_image(pool, op["image"], group)}
            if group:
                pool.group_take(group, op["image"])
            pool.remove(op["image"])
            return {"snapshots": gone, "kept": None}
        except PoolError as error:
            if error.kind == "ImageNotFound":
                finish_removal(pool, op["image"])
                return {"snapshots": gone, "kept": None}
            if error.kind != "ImageBusy" or time.monotonic() > until:
                raise
            time.sleep(0.5)


def watchers(pool, op):
    """Who has the image open: a removal must not begin while a client writes to it."""
    try:
        with pool.image(op["image"], read_only=True) as image:
            return image.watchers()
    except PoolError as error:
        if error.kind != "ImageNotFound":
            raise
        return []


def disks_of(pool, vm):
    """The images of a VM, the system disk first."""
    data = re.compile(r"data_%s_(\d+)$" % re.escape(vm))
    found = [(int(match.group(1)), match.group(0)) for match in map(data.match, pool.images()) if match]
    return ["system_" + vm] + [name for _, name in sorted(found)]


def hold_snapshots(pool, op):
    """Ensures a snapshot on every disk of a VM, to copy or share it. With `own`, it is taken now, on all or none;
    otherwise it must exist. With `protect`, it can have linked clones."""
    taken = []
    try:
        for name in disks_of(pool, op["vm"]):
            with pool.image(name) as image:
                found = {each["name"]: each["protected"] for each in image.snapshots()}
                if op["snapshot"] not in found:
                    if not op["own"]:
                        raise Failure("snapshot", "%s has no snapshot %s" % (name, op["snapshot"]))
                    image.snapshot_create(op["snapshot"])
                    taken.append(name)
                if op["protect"] and not found.get(op["snapshot"]):
                    image.snapshot_protect(op["snapshot"])
    except (Failure, PoolError):
        for name in taken:
            release_snapshot(pool, name, op["snapshot"])
        raise


def release_snapshot(pool, name, snapshot):
    try:
        with pool.image(name) as image:
            found = {each["name"]: each["protected"] for each in image.snapshots()}
            if snapshot not in found or image.snapshot_children(snapshot):
                return
            if found[snapshot]:
                image.snapshot_unprotect(snapshot)
            image.snapshot_remove(snapshot)
    except PoolError as error:
        if error.kind != "ImageNotFound":
            raise


def release_snapshots(pool, op):
    """Removes a snapshot from every disk of a VM. If an image still shares it, it stays."""
    for name in disks_of(pool, op["vm"]):
        release_snapshot(pool, name, op["snapshot"])


def clone_image(pool, op):
    """Makes an image that shares a snapshot's content. It gets metadata of its own, since Ceph copies that of the
    source."""
    pool.clone(op["parent"], op["snapshot"], op["image"])
    with pool.image(op["image"]) as image:
        for key in image.metadata():
            image.metadata_remove(key)
        for key, value in op.get("set", {}).items():
            image.metadata_set(key, value)
        if op.get("size", 0) > image.size():
            image.resize(op["size"])


def flatten_image(pool, op):
    with pool.image(op["image"]) as image:
        if image.parent():
            image.flatten()


def children(pool, op):
    """The images that share something with a disk of a VM; with `image`, with that one."""
    found = []
    for name in [op["image"]] if "image" in op else disks_of(pool, op["vm"]):
        try:
            with pool.image(name, read_only=True) as image:  # on a full pool, a client that may write hangs
                for snapshot in image.snapshots():
                    found += image.snapshot_children(snapshot["name"])
        except PoolError as error:
            if error.kind != "ImageNotFound":
                raise
    return sorted(set(found))


def changed_bytes(pool, op):
    """The bytes written between the snapshots, oldest first, and with `now` since the last one: the space that they
    hold."""
    names = op["snapshots"] + ([None] if op["now"] else [])
    with pool.image(op["image"], read_only=True) as image:
        return sum(image.changed_bytes(*pair) for pair in zip(names, names[1:]))


OPERATIONS = {
    "changedBytes": changed_bytes,
    "holdSnapshots": hold_snapshots,
    "releaseSnapshots": release_snapshots,
    "cloneImage": clone_image,
    "flattenImage": flatten_image,
    "children": children,
    "createImage": create_image,
    "createGroup": create_group,
    "addToGroup": add_to_group,
    "removeGroup": remove_group,
    "resizeImage": resize_image,
    "setMetadata": set_metadata,
    "countDisks": count_disks,
    "removeImage": remove_image,
    "watchers": watchers,
}


def perform(pool, op):
    try:
        return OPERATIONS[op["op"]](pool, op)
    except PoolError as error:
        raise Failure(error.kind, "%s: %s" % (op["op"], error)) from error
    except Failure:
        raise
    except Exception as error:
        raise Failure(type(error).__name__, "%s: %s" % (op["op"], error)) from error


def storage(request):
    pool = open_pool()
    try:
        return [perform(pool, op) for op in request["operations"]]
    finally:
        pool.close()


def main(encoded):
    run(storage, encoded)
