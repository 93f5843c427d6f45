"""Rolls all disks of a stopped VM back to a snapshot: all or none. librbd cannot undo a rollback, so each disk gets a
snapshot of its current state first. If interrupted at any point and restarted, it gives the same result."""
# Needs: snapshots

SAFETY = "seapathsafety"
ROLLBACK = "_seapath_rollback"
DONE = "_seapath_rollback_done"


def begin(pool, request):
    """Writes the mark of a rollback in progress; `instead_of` is an existing mark to take over. Returns the current
    mark, which differs if another program was first."""
    vm = request["vm"]
    with VmLock(pool, vm), pool.image(system_image(vm)) as image:
        present = image.metadata().get(ROLLBACK)
        if present is not None and present != request.get("insteadOf"):
            return present
        if present is None:
            image.metadata_remove(DONE)
        image.metadata_set(ROLLBACK, request["mark"])
        return request["mark"]


def back_to(images, name):
    everywhere(images, lambda image: image.snapshot_rollback(name))


def forget_safety(images):
    everywhere(images, lambda image: remove_from(image, SAFETY))


def keep_safety(images):
    """A snapshot of each disk's original state; those left by an earlier run are exactly that."""
    missing = {disk: image for disk, image in images.items() if disk not in found_on(images, SAFETY)}
    try:
        everywhere(missing, lambda image: image.snapshot_create(SAFETY))
    except Failure as failure:
        if len(missing) == len(images):
            forget_safety(images)
            raise Failure("unchanged", "what they hold now could not be kept: %s" % failure) from failure
        raise


def roll(pool, request):
    vm, name = request["vm"], request["name"]
    with VmLock(pool, vm), ExitStack() as stack:
        disks = disks_of(pool, vm)
        if is_open(pool, disks, DEAD_SECONDS):
            raise Failure("open", "a program has its disks open")
        images = open_all(stack, pool, disks)
        if images[system_image(vm)].metadata().get(DONE) != name:
            younger = sorted(set(images) - set(found_on(images, name)))
            if younger:
                raise Failure("younger", "%s: no snapshot %s of it" % (", ".join(younger), name))
            keep_safety(images)
            try:
                back_to(images, name)
            except Failure as failure:
                try:
                    back_to(images, SAFETY)
                except Failure as worse:
                    raise Failure("halfway", "%s; and then: %s" % (failure, worse)) from worse
                forget_safety(images)
                raise Failure("unchanged", str(failure)) from failure
            images[system_image(vm)].metadata_set(DONE, name)
        forget_safety(images)
        return disks


ROLLBACK_ACTIONS = {"begin": begin, "roll": roll}


def rollback(request):
    pool = open_pool()
    try:
        return ROLLBACK_ACTIONS[request["action"]](pool, request)
    except PoolError as error:
        raise Failure(error.kind, str(error)) from error
    finally:
        pool.close()


def main(encoded):
    run(rollback, encoded)
