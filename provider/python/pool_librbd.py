"""The pool through librbd's own Python module, over one connection, wherever python3-rbd is installed. pool_commands.py
implements the same methods with commands: add a new one to both."""

import calendar
import functools

RENEW = 1  # LIBRADOS_LOCK_FLAG_MAY_RENEW
# Where librbd keeps an image's metadata: keys of its header object.
PREFIX = "metadata_"
PAGE = 256


def told(method):
    """Maps the library's errors to the names that both ways share."""

    @functools.wraps(method)
    def wrapped(*args, **kwargs):
        import rbd

        try:
            return method(*args, **kwargs)
        except rbd.Error as error:
            raise PoolError(type(error).__name__, str(error)) from error

    return wrapped


class LibrbdPool:
    def __init__(self):
        import rados
        import rbd

        self.rbd = rbd.RBD()
        self.cluster = rados.Rados(conffile="/etc/ceph/ceph.conf")
        self.cluster.connect(timeout=20)
        self.ioctx = self.cluster.open_ioctx(POOL)

    def close(self):
        self.ioctx.close()
        self.cluster.shutdown()

    @told
    def images(self):
        try:
            return self.rbd.list(self.ioctx)
        except UnicodeDecodeError:
            # If a single name is not UTF-8, librbd's Python returns none of them.
            return CommandsPool().images()

    def facts(self, names, detailed):
        """{"name", "size", "snapshots"} of each image, and "metadata" of those that are `detailed`; without those that
        are gone. An open image has its snapshots in memory, so they are almost free."""

        def read(name):
            try:
                with self.image(name, read_only=True) as image:
                    found = {"name": name, "size": image.size(), "snapshots": image.snapshots()}
                    return dict(found, **split_readable(image.metadata())) if name in detailed else found
            except PoolError as error:
                if error.kind == "ImageNotFound":
                    raise
                # An unreadable image affects its VM, which reports it, but does not stop the whole read.
                return {"name": name, "size": 0, "metadata": {}, "broken": "its image cannot be read (%s)" % error}

        return list(in_parallel(read, names).values())

    def monitor(self, prefix):
        """The answer of Ceph's monitors to a command, e.g. "df" or "osd dump"."""
        code, answer, said = self.cluster.mon_command(json.dumps({"prefix": prefix, "format": "json"}), b"", timeout=20)
        if code != 0:
            raise Failure("command", "ceph %s failed (exit %d): %s" % (prefix, -code, said))
        return json.loads(answer)

    def may_be_orchestrated(self):
        """Whether Ceph has an orchestrator. If none is set, a command to it takes long to fail."""
        return any(
            each["name"] == "mgr/orchestrator/orchestrator" and each["value"] for each in self.monitor("config dump")
        )

    @told
    def create(self, image, size):
        self.rbd.create(self.ioctx, image, size, old_format=False)

    @told
    def remove(self, image):
        self.rbd.remove(self.ioctx, image)

    @told
    def rename(self, image, name):
        self.rbd.rename(self.ioctx, image, name)

    @told
    def clone(self, parent, snapshot, child):
        """Makes a child that shares the blocks of a protected snapshot."""
        self.rbd.clone(self.ioctx, parent, snapshot, self.ioctx, child)

    def image(self, name, read_only=False):
        """An image to work on, for a `with`. @raises PoolError ImageNotFound, immediately or on first use."""
        return LibrbdImage(self.ioctx, name, read_only)

    @told
    def groups(self):
        try:
            return self.rbd.group_list(self.ioctx)
        except UnicodeDecodeError:
            return CommandsPool().groups()

    @told
    def lock(self, image, name, cookie, seconds):
        """Takes an advisory lock beside an image, or renews it. False: another program holds it. It expires, and is
        unrelated to librbd's own lock for writing."""
        import rados

        try:
            self.ioctx.lock_exclusive(self.header(image), name, cookie, "", seconds, RENEW)
            return True
        except rados.ObjectBusy:
            return False

    @told
    def unlock(self, image, name, cookie):
        import rados

        try:
            self.ioctx.unlock(self.header(image), name, cookie)
        except rados.ObjectNotFound:
            pass

    # librados' Python cannot tell who holds a lock.
    def lockers(self, image, name):
        """The cookies of the lock's holders."""
        return CommandsPool().lockers(image, name)

    def unlock_by_force(self, image, name, cookie):
        """Removes a lock, whoever holds it."""
        CommandsPool().unlock_by_force(image, name, cookie)

    def header(self, image):
        """An object that exists exactly as long as the image: a lock creates the object that it is put on."""
        import rbd

        with rbd.Image(self.ioctx, image, read_only=True) as found:
            return "rbd_header." + found.id()

    @told
    def group_images(self, group):
        """The names of its images; empty if the group does not exist."""
        import rbd

        return [image["name"] for image in rbd.Group(self.ioctx, group).list_images()]

    @told
    def group_create(self, group):
        self.rbd.group_create(self.ioctx, group)

    @told
    def group_remove(self, group):
        self.rbd.group_remove(self.ioctx, group)

    @told
    def group_add(self, group, image):
        import rbd

        rbd.Group(self.ioctx, group).add_image(self.ioctx, image)

    @told
    def group_take(self, group, image):
        """Removes an image from a group."""
        import rbd

        rbd.Group(self.ioctx, group).remove_image(self.ioctx, image)


class LibrbdImage:
    def __init__(self, ioctx, name, read_only):
        self.ioctx, self.name, self.read_only = ioctx, name, read_only

    @told
    def __enter__(self):
        import rbd

        self.open = rbd.Image(self.ioctx, self.name, read_only=self.read_only)
        return self

    def __exit__(self, *_):
        self.open.close()

    @told
    def size(self):
        return self.open.size()

    @told
    def resize(self, size):
        self.open.resize(size)

    @told
    def metadata(self):
        """Its metadata, read from its OSD: Image.metadata_list() of Ceph 16 drops empty values but keeps their keys, so
        all later keys get their neighbours' values, and it loses some if there is more than one page. Bytes that are
        not UTF-8 become surrogates."""
        import rados

        found, last = {}, ""
        while True:
            with rados.ReadOpCtx() as reading:
                pairs, _ = self.ioctx.get_omap_vals(reading, last, PREFIX, PAGE)
                try:
                    self.ioctx.operate_read_op(reading, "rbd_header." + self.open.id())
                    page = list(pairs)
                except rados.ObjectNotFound as error:
                    raise PoolError("ImageNotFound", str(error)) from error
                except rados.Error as error:
                    raise PoolError(type(error).__name__, str(error)) from error
                except UnicodeDecodeError as error:
                    raise PoolError(
                        "Undecodable", "a key of the metadata of %s is no UTF-8 text" % self.name
                    ) from error
            # An OSD may return fewer than requested, so only an empty page is the last one.
            if not page:
                return found
            last = page[-1][0]
            for key, value in page:
                found[key[len(PREFIX) :]] = (value or b"").decode("utf-8", "surrogateescape")

    @told
    def metadata_set(self, key, value):
        refuse_empty(key, value)
        self.open.metadata_set(key, value)

    @told
    def metadata_remove(self, key):
        """Removes a key, if it is there."""
        try:
            self.open.metadata_remove(key)
        except KeyError:
            pass

    @told
    def group(self):
        """Its group, or None."""
        found = self.open.group()
        return (found["name"] if found else "") or None

    @told
    def watchers(self):
        """The addresses of the clients that have it open for writing."""
        return [watcher["addr"] for watcher in self.open.watchers_list()]

    @told
    def parent(self):
        """{"image", "snapshot"} of its parent if it is a clone, or None."""
        import rbd

        try:
            _, image, snapshot = self.open.parent_info()
            return {"image": image, "snapshot": snapshot}
        except rbd.ImageNotFound:
            return None

    @told
    def flatten(self):
        """Copies what it shares with its parent. Only clones can be flattened (InvalidArgument)."""
        self.open.flatten()

    @told
    def snapshots(self):
        """Its own snapshots, oldest first, without those of groups or mirrors."""
        import rbd

        return [
            {
                "name": each["name"],
                "size": each["size"],
                "protected": self.open.is_protected_snap(each["name"]),
                "created": calendar.timegm(self.open.get_snap_timestamp(each["id"]).timetuple()),
            }
            for each in self.open.list_snaps()
            if each["namespace"] == rbd.RBD_SNAP_NAMESPACE_TYPE_USER
        ]

    @told
    def changed_bytes(self, since, until=None):
        """The number of bytes written or discarded between a snapshot and a later one, or the current state."""
        found = []
        self.open.set_snap(until)
        try:
            self.open.diff_iterate(0, self.open.size(), since, lambda offset, length, exists: found.append(length))
        finally:
            self.open.set_snap(None)
        return sum(found)

    @told
    def snapshot_create(self, snapshot):
        self.open.create_snap(snapshot)

    @told
    def snapshot_remove(self, snapshot):
        self.open.remove_snap(snapshot)

    @told
    def snapshot_protect(self, snapshot):
        self.open.protect_snap(snapshot)

    @told
    def snapshot_unprotect(self, snapshot):
        self.open.unprotect_snap(snapshot)

    @told
    def snapshot_rollback(self, snapshot):
        self.open.rollback_to_snap(snapshot)

    @told
    def snapshot_children(self, snapshot):
        """The names of its clones."""
        self.open.set_snap(snapshot)
        try:
            return sorted(child["image"] for child in self.open.list_children2() if not child["trash"])
        finally:
            self.open.set_snap(None)
