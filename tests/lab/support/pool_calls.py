# Every method of the pool, in a script that runs both ways: each result, or the kind of its error.
import hashlib
import time


def everything(pool):
    told = []

    def call(label, do):
        try:
            answer = do()
            told.append([label, "gave", answer if isinstance(answer, (type(None), int, str, list, dict)) else "it"])
        except PoolError as error:
            told.append([label, "refused", error.kind])

    def on(image, label, do):
        def opened():
            with pool.image(image) as found:
                return do(found)

        call("%s of %s" % (label, image), opened)

    def ours(names):
        return sorted(name for name in names if name.startswith("bothways"))

    MIB = 1 << 20
    one, two, group = "bothwaysone", "bothwaystwo", "bothwaysgroup"
    call("create", lambda: pool.create(one, MIB))
    call("create again", lambda: pool.create(one, MIB))
    call("images", lambda: ours(pool.images()))
    on(one, "size", lambda image: image.size())
    on(one, "resize", lambda image: image.resize(2 * MIB))
    on(one, "shrink", lambda image: image.resize(MIB))
    on(one, "size", lambda image: image.size())
    on(one, "empty metadata", lambda image: image.metadata())
    for key, value in [("dash", "-v --help"), ("text", "a\nb 'é' \"漢\" $(id) \\"), ("xml", "<a b='c'/>" * 3000)]:
        on(one, "set " + key, lambda image: image.metadata_set(key, value))
    on(one, "set text", lambda image: image.metadata_set("text", "another"))
    on(one, "remove dash", lambda image: image.metadata_remove("dash"))
    on(one, "remove dash", lambda image: image.metadata_remove("dash"))
    on(
        one,
        "metadata",
        lambda image: {key: hashlib.md5(text.encode()).hexdigest() for key, text in image.metadata().items()},
    )
    on(one, "remove xml", lambda image: image.metadata_remove("xml"))
    call("facts", lambda: pool.facts([one, "bothwaysnone"], {one}))
    call("facts", lambda: pool.facts([one], set()))
    on(one, "no group", lambda image: image.group())
    on(one, "no parent", lambda image: image.parent())
    on(one, "watchers", lambda image: len(image.watchers()) <= 1)
    call("group", lambda: pool.group_create(group))
    call("group again", lambda: pool.group_create(group))
    call("groups", lambda: ours(pool.groups()))
    call("empty group", lambda: pool.group_images(group))
    call("add", lambda: pool.group_add(group, one))
    call("add again", lambda: pool.group_add(group, one))
    call("add none", lambda: pool.group_add(group, "bothwaysnone"))
    call("add to none", lambda: pool.group_add("bothwaysnone", one))
    call("group images", lambda: pool.group_images(group))
    call("images of no group", lambda: pool.group_images("bothwaysnone"))
    on(one, "group", lambda image: image.group())
    call("remove one of a group", lambda: pool.remove(one))
    call("rename", lambda: pool.rename(one, "bothwaysmoved"))
    call("rename to what is there", lambda: pool.rename("bothwaysmoved", "bothwaysmoved"))
    call("rename none", lambda: pool.rename("bothwaysnone", "bothwaysthree"))
    call("rename back", lambda: pool.rename("bothwaysmoved", one))
    on(one, "no snapshots", lambda image: image.snapshots())
    on(one, "snapshot", lambda image: image.snapshot_create("first"))
    on(one, "snapshot again", lambda image: image.snapshot_create("first"))
    call("clone of what is not protected", lambda: pool.clone(one, "first", two))
    on(one, "protect", lambda image: image.snapshot_protect("first"))
    on(one, "protect again", lambda image: image.snapshot_protect("first"))
    on(one, "protect none", lambda image: image.snapshot_protect("none"))
    on(
        one,
        "snapshots",
        lambda image: [dict(each, created=abs(each["created"] - time.time()) < 600) for each in image.snapshots()],
    )
    on(one, "changed bytes", lambda image: image.changed_bytes("first"))
    on(one, "changed bytes up to the same", lambda image: image.changed_bytes("first", "first"))
    on(one, "changed bytes since none", lambda image: image.changed_bytes("none"))
    call(
        "facts",
        lambda: [dict(each, snapshots=[row["name"] for row in each["snapshots"]]) for each in pool.facts([one], set())],
    )
    call("lock", lambda: pool.lock(one, "bothways", "first", 60))
    call("the same lock", lambda: pool.lock(one, "bothways", "second", 60))
    call("its own lock", lambda: pool.lock(one, "bothways", "first", 60))
    call("lockers", lambda: pool.lockers(one, "bothways"))
    call("unlock another's", lambda: pool.unlock(one, "bothways", "second"))
    call("the same lock still", lambda: pool.lock(one, "bothways", "second", 60))
    call("unlock", lambda: pool.unlock(one, "bothways", "first"))
    call("unlock again", lambda: pool.unlock(one, "bothways", "first"))
    call("lock then", lambda: pool.lock(one, "bothways", "second", 60))
    call("unlock then", lambda: pool.unlock_by_force(one, "bothways", "second"))
    call("no lockers", lambda: pool.lockers(one, "bothways"))
    call("lock none", lambda: pool.lock("bothwaysnone", "bothways", "first", 60))
    on(one, "remove a protected snapshot", lambda image: image.snapshot_remove("first"))
    call("clone", lambda: pool.clone(one, "first", two))
    call("clone again", lambda: pool.clone(one, "first", two))
    call("clone of none", lambda: pool.clone(one, "none", "bothwaysthree"))
    on(two, "parent", lambda image: image.parent())
    on(one, "children", lambda image: image.snapshot_children("first"))
    on(one, "children of none", lambda image: image.snapshot_children("none"))
    on(one, "unprotect with a child", lambda image: image.snapshot_unprotect("first"))
    on(two, "flatten", lambda image: image.flatten())
    on(two, "flatten again", lambda image: image.flatten())
    on(two, "parent", lambda image: image.parent())
    on(one, "unprotect", lambda image: image.snapshot_unprotect("first"))
    on(one, "unprotect again", lambda image: image.snapshot_unprotect("first"))
    on(one, "roll back", lambda image: image.snapshot_rollback("first"))
    on(one, "roll back to none", lambda image: image.snapshot_rollback("none"))
    call("take", lambda: pool.group_take(group, one))
    call("take again", lambda: pool.group_take(group, one))
    call("remove one with snapshots", lambda: pool.remove(one))
    on(one, "remove the snapshot", lambda image: image.snapshot_remove("first"))
    on(one, "remove the snapshot again", lambda image: image.snapshot_remove("first"))
    for image in [one, two, "bothwaysnone"]:
        on(image, "snapshots", lambda image: [image.snapshot_remove(each["name"]) for each in image.snapshots()])
        call("remove " + image, lambda: pool.remove(image))
    call("remove the group", lambda: pool.group_remove(group))
    call("remove the group again", lambda: pool.group_remove(group))
    call("monitor", lambda: sorted(pool.monitor("df")["stats"]))
    call("monitor", lambda: [each["pool_name"] for each in pool.monitor("osd dump")["pools"]])
    on("bothwaysnone", "size", lambda image: image.size())
    return told


def clear(pool):
    """Leftovers of a failed run."""
    for name in [name for name in pool.groups() if name.startswith("bothways")]:
        pool.group_remove(name)
    for name in sorted((name for name in pool.images() if name.startswith("bothways")), reverse=True):
        with pool.image(name) as image:
            for snapshot in image.snapshots():
                if snapshot["protected"]:
                    image.snapshot_unprotect(snapshot["name"])
                image.snapshot_remove(snapshot["name"])
        pool.remove(name)


def main(encoded):
    pool = open_pool()
    clear(pool)
    run(lambda request: {"by": type(pool).__name__, "told": everything(pool)}, encoded)
    pool.close()
