"""Changes of RBD images and groups: a list of operations over one connection, each of which may be done twice."""
import time


def open_image(ioctx, name):
    import rbd

    return rbd.Image(ioctx, name)


def create_image(ioctx, op):
    import rbd

    rbd.RBD().create(ioctx, op["image"], op["size"], old_format=False)


def create_group(ioctx, op):
    import rbd

    try:
        rbd.RBD().group_create(ioctx, op["group"])
    except rbd.ObjectExists:
        # An empty group is what is left of a removal that was cut off; one with images is somebody's.
        if list(rbd.Group(ioctx, op["group"]).list_images()):
            raise


def add_to_group(ioctx, op):
    import rbd

    try:
        rbd.Group(ioctx, op["group"]).add_image(ioctx, op["image"])
    except rbd.ObjectExists:
        pass


def remove_group(ioctx, op):
    import rbd

    try:
        others = [image["name"] for image in rbd.Group(ioctx, op["group"]).list_images()]
        if others:
            raise Failure("group", "the RBD group %s holds %s, which was not to be removed" % (op["group"], others))
        rbd.RBD().group_remove(ioctx, op["group"])
    except rbd.ObjectNotFound:
        pass


def resize_image(ioctx, op):
    with open_image(ioctx, op["image"]) as image:
        if op["size"] < image.size():
            raise Failure("shrink", "%s has %d bytes and is never made smaller" % (op["image"], image.size()))
        if op["size"] > image.size():
            image.resize(op["size"])


def set_metadata(ioctx, op):
    with open_image(ioctx, op["image"]) as image:
        present = dict(image.metadata_list())
        for key, value in op.get("set", {}).items():
            if present.get(key) != value:
                image.metadata_set(key, value)
        for key in op.get("unset", []):
            if key in present:
                image.metadata_remove(key)


def remove_image(ioctx, op):
    """Removes an image with its snapshots. A watcher of a QEMU that just ended goes away by itself: waited for."""
    import rbd

    until = time.monotonic() + op.get("busySeconds", 45)
    while True:
        try:
            with rbd.Image(ioctx, op["image"]) as image:
                for snapshot in image.list_snaps():
                    if image.is_protected_snap(snapshot["name"]):
                        image.unprotect_snap(snapshot["name"])
                    image.remove_snap(snapshot["name"])
                group = image.group()
                name = group["name"] if group else ""
            if name:
                rbd.Group(ioctx, name).remove_image(ioctx, op["image"])
            rbd.RBD().remove(ioctx, op["image"])
            return
        except rbd.ImageNotFound:
            return
        except rbd.ImageBusy:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def watchers(ioctx, op):
    """Who has the image open: a removal must not begin while someone writes to it."""
    import rbd

    try:
        with rbd.Image(ioctx, op["image"], read_only=True) as image:
            return [watcher["addr"] for watcher in image.watchers_list()]
    except rbd.ImageNotFound:
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


def storage(request):
    cluster, ioctx = connect()
    try:
        answers = []
        for op in request["operations"]:
            try:
                answers.append(OPERATIONS[op["op"]](ioctx, op))
            except Failure:
                raise
            except Exception as error:
                raise Failure(type(error).__name__, "%s: %s" % (op["op"], error)) from error
        return answers
    finally:
        disconnect(cluster, ioctx)


def main(encoded):
    run(storage, encoded)
