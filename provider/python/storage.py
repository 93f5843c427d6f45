"""Changes of RBD images and groups: a list of operations over one connection, each of which may be done twice."""
# Needs: pool
import time


def create_image(pool, op):
    pool.create(op["image"], op["size"])


def create_group(pool, op):
    try:
        pool.group_create(op["group"])
    except PoolError as error:
        # An empty group is what is left of a removal that was cut off; one with images is somebody's.
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


def remove_image(pool, op):
    """Removes an image with its snapshots. A watcher of a QEMU that just ended goes away by itself: waited for."""
    until = time.monotonic() + op.get("busySeconds", 45)
    while True:
        try:
            with pool.image(op["image"]) as image:
                for snapshot in image.snapshots():
                    if snapshot["protected"]:
                        image.snapshot_unprotect(snapshot["name"])
                    image.snapshot_remove(snapshot["name"])
                group = image.group()
            if group:
                pool.group_take(group, op["image"])
            pool.remove(op["image"])
            return
        except PoolError as error:
            if error.kind == "ImageNotFound":
                return
            if error.kind != "ImageBusy" or time.monotonic() > until:
                raise
            time.sleep(0.5)


def watchers(pool, op):
    """Who has the image open: a removal must not begin while someone writes to it."""
    try:
        with pool.image(op["image"], read_only=True) as image:
            return image.watchers()
    except PoolError as error:
        if error.kind != "ImageNotFound":
            raise
        return []


OPERATIONS = {
    "createImage": create_image,
    "createGroup": create_group,
    "addToGroup": add_to_group,
    "removeGroup": remove_group,
    "resizeImage": resize_image,
    "setMetadata": set_metadata,
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
