"""Snapshots of all disks of a VM: made, removed, protected. Each operation runs under one lock, and partial failures
are undone here, where no broken link can interfere."""

# Needs: pool, vm_lock, between, quiesce
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

SNAPSHOT_MARK = "_seapath_snapshot_"


def system_image(vm):
    return "system_%s" % vm


def disks_of(pool, vm):
    """The images of the VM's group, the system disk first."""
    try:
        names = pool.group_images(vm)
    except PoolError as error:
        if error.kind != "ObjectNotFound":
            raise
        names = []
    if system_image(vm) not in names:
        raise Failure("NoVm", "its RBD group does not hold %s" % system_image(vm))
    return sorted(names, key=lambda name: (not name.startswith("system_"), len(name), name))


def found_on(images, name):
    """The snapshot with that name on each image that has it."""
    rows = {disk: [each for each in image.snapshots() if each["name"] == name] for disk, image in images.items()}
    return {disk: each[0] for disk, each in rows.items() if each}


def read_mark(images, vm, name):
    text = images[system_image(vm)].metadata().get(SNAPSHOT_MARK + name)
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def write_mark(images, vm, name, mark):
    images[system_image(vm)].metadata_set(SNAPSHOT_MARK + name, json.dumps(mark, sort_keys=True))


def remove_from(image, name):
    """Removes a snapshot, protected or not. If it is already gone, that is fine."""
    try:
        if {each["name"]: each for each in image.snapshots()}.get(name, {}).get("protected"):
            image.snapshot_unprotect(name)
        image.snapshot_remove(name)
    except PoolError as error:
        if error.kind != "ImageNotFound":
            raise


def everywhere(images, work):
    """Works on all images at once, and waits for all before it reports the first failure."""
    with ThreadPoolExecutor(len(images) or 1) as threads:
        running = {disk: threads.submit(work, image) for disk, image in images.items()}
    failed = ["%s: %s" % (disk, done.exception()) for disk, done in running.items() if done.exception()]
    if failed:
        raise Failure("disk", "; ".join(failed))


def children_on(images, name):
    return sorted(child for disk in found_on(images, name) for child in images[disk].snapshot_children(name))


def open_all(stack, pool, names):
    return {name: stack.enter_context(pool.image(name)) for name in names}


def is_open(pool, names, patience=0):
    """Whether a client writes to one of the disks: checked before this program opens them, which would count too. Ceph
    still shows a killed program for half a minute: `patience`, in seconds, waits for that."""
    until = time.monotonic() + patience
    while any(watchers_of(pool, name) for name in names):
        if time.monotonic() >= until:
            return True
        time.sleep(0.5)
    return False


def watchers_of(pool, name):
    with pool.image(name, read_only=True) as image:
        return image.watchers()


# How long Ceph keeps the watcher of a killed program, plus a margin.
DEAD_SECONDS = 40


def take(images, name, request, running):
    """Makes it on every disk, with the guest frozen if requested and possible. Returns the description of that."""
    mode, guest = request["quiesce"], request.get("guest")
    if not running:
        everywhere(images, lambda image: image.snapshot_create(name))
        return {"quiesced": True, "consistency": "the VM did not run: nothing was written meanwhile"}
    if mode == "none":
        everywhere(images, lambda image: image.snapshot_create(name))
        return {"quiesced": False, "consistency": "crash-consistent, each disk by itself: no freeze was asked for"}
    why = "Pacemaker does not know on which node it runs"
    if guest is not None:
        with Quiesced(request["freezer"], request["vm"], guest["node"], guest["user"], guest["seconds"]) as held:
            if held.closed and request.get("ownLink"):
                # Nothing was made yet: the provider may have its own link to that node.
                raise Failure("closed", held.why)
            if held.frozen is not None or mode != "required":
                everywhere(images, lambda image: image.snapshot_create(name))
        if held.held:
            count = held.frozen
            return {
                "quiesced": True,
                "consistency": "%d file system%s frozen" % (count, "s were" if count != 1 else " was"),
            }
        why = held.why
    elif mode != "required":
        everywhere(images, lambda image: image.snapshot_create(name))
    if mode == "required":
        raise Failure("quiesce", why)
    return {"quiesced": False, "consistency": "crash-consistent, each disk by itself: not frozen, %s" % why}


def create(pool, request):
    vm, name = request["vm"], request["name"]
    with VmLock(pool, vm), ExitStack() as stack:
        disks = disks_of(pool, vm)
        with pool.image(system_image(vm), read_only=True) as image:
            cut_off = SNAPSHOT_MARK + name in image.metadata() and "guest" not in request
        running = is_open(pool, disks, DEAD_SECONDS if cut_off else 0)
        images = open_all(stack, pool, disks)
        mark, present = read_mark(images, vm, name), found_on(images, name)
        if mark and mark.get("making") and mark.get("owner") == request["owner"]:
            # An interrupted one of ours: its maker is dead, or would hold the lock.
            everywhere({disk: images[disk] for disk in present}, lambda image: remove_from(image, name))
            present = {}
        if present:
            raise Failure("exists", "it already exists on %s" % ", ".join(sorted(present)))
        write_mark(images, vm, name, {"owner": request["owner"], "making": True})
        try:
            said = take(images, name, request, running)
            if request["protect"]:
                everywhere(images, lambda image: image.snapshot_protect(name))
        except BaseException:
            # Under the lock, anything with that name now belongs to this run.
            everywhere(images, lambda image: remove_from(image, name))
            images[system_image(vm)].metadata_remove(SNAPSHOT_MARK + name)
            raise
        made = {disk: each["created"] for disk, each in found_on(images, name).items()}
        write_mark(images, vm, name, dict(said, owner=request["owner"], disks=made))
        return None


def change(pool, request):
    """Protects it everywhere or nowhere, and records its owner in the metadata."""
    vm, name = request["vm"], request["name"]
    with VmLock(pool, vm), ExitStack() as stack:
        images = open_all(stack, pool, disks_of(pool, vm))
        present = found_on(images, name)
        if not present:
            raise Failure("NoSnapshot", "no disk has it")
        clones = [] if request["protect"] else children_on(images, name)
        if clones:
            raise Failure("children", "there are linked clones of it: %s" % ", ".join(clones))
        for disk, each in present.items():
            if each["protected"] and not request["protect"]:
                images[disk].snapshot_unprotect(name)
            elif request["protect"] and not each["protected"]:
                images[disk].snapshot_protect(name)
        mark = read_mark(images, vm, name) or {
            "quiesced": False,
            "consistency": "not known: another program made it",
            "disks": {disk: each["created"] for disk, each in present.items()},
        }
        write_mark(images, vm, name, dict(mark, owner=request["owner"]))
        return None


def remove(pool, request):
    """Removes it wherever it exists; with an `owner`, only if the mark names that owner."""
    vm, name = request["vm"], request["name"]
    try:
        with VmLock(pool, vm), ExitStack() as stack:
            images = open_all(stack, pool, disks_of(pool, vm))
            if "owner" in request and (read_mark(images, vm, name) or {}).get("owner") != request["owner"]:
                return []
            clones = children_on(images, name)
            if clones:
                raise Failure("children", "there are linked clones of it: %s" % ", ".join(clones))
            present = found_on(images, name)
            everywhere({disk: images[disk] for disk in present}, lambda image: remove_from(image, name))
            images[system_image(vm)].metadata_remove(SNAPSHOT_MARK + name)
            return sorted(present)
    except (Failure, PoolError) as error:
        if getattr(error, "kind", "") in ("NoVm", "ImageNotFound"):
            return []  # gone with its VM
        raise


def purge(pool, request):
    """Removes the named snapshots, and reports the reason for each that must stay. One that has since become protected,
    held by a program, or a different snapshot, is not one that was meant."""
    vm, removed, kept = request["vm"], [], {}
    with VmLock(pool, vm), ExitStack() as stack:
        images = open_all(stack, pool, disks_of(pool, vm))
        for asked in request["snapshots"]:
            name = asked["name"]
            present, mark = found_on(images, name), read_mark(images, vm, name)
            times = [each["created"] for each in present.values()]
            if not present:
                continue
            clones = children_on(images, name)
            if min(times) != asked["created"]:
                kept[name] = "it was made anew meanwhile"
            elif mark and mark.get("owner") and not request["includeManaged"]:
                kept[name] = "it belongs to %s" % mark["owner"]
            elif any(each["protected"] for each in present.values()) and not request["includeProtected"]:
                kept[name] = "it is protected"
            elif clones:
                kept[name] = "there are linked clones of it: %s" % ", ".join(clones)
            else:
                everywhere({disk: images[disk] for disk in present}, lambda image: remove_from(image, name))
                images[system_image(vm)].metadata_remove(SNAPSHOT_MARK + name)
                removed.append(name)
    return {"removed": removed, "kept": kept}


ACTIONS = {"create": create, "change": change, "remove": remove, "purge": purge}


def snapshots(request):
    if request.get("only", socket.gethostname()) != socket.gethostname():
        return "elsewhere"
    pool = open_pool()
    try:
        return ACTIONS[request["action"]](pool, request)
    except PoolError as error:
        raise Failure(error.kind, str(error)) from error
    finally:
        pool.close()


def main(encoded):
    run(snapshots, encoded)
