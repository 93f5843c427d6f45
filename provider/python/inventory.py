"""Everything that is to be known of a cluster, read by one program in one go: Pacemaker, Ceph, libvirt, this node."""
import configparser
import os
import socket
from concurrent.futures import ThreadPoolExecutor


def read_image(ioctx, name, with_metadata):
    import rbd

    try:
        with rbd.Image(ioctx, name, read_only=True) as image:
            found = {"name": name, "size": image.size()}
            if with_metadata:
                found["metadata"] = dict(image.metadata_list())
            return found
    except rbd.ImageNotFound:
        return None  # removed between the listing and now


def read_group(ioctx, name):
    import rbd

    try:
        return {"name": name, "images": [image["name"] for image in rbd.Group(ioctx, name).list_images()]}
    except rbd.ObjectNotFound:
        return None


def read_storage():
    import rbd

    cluster, ioctx = connect()
    try:
        names = [name for name in rbd.RBD().list(ioctx) if name.startswith(("system_", "data_"))]
        with ThreadPoolExecutor(8) as pool:
            images = list(pool.map(lambda name: read_image(ioctx, name, name.startswith("system_")), names))
            groups = list(pool.map(lambda name: read_group(ioctx, name), rbd.RBD().group_list(ioctx)))
        stats = cluster.get_cluster_stats()
        return {
            "images": [image for image in images if image],
            "groups": [group for group in groups if group],
            "freeBytes": stats["kb_avail"] * 1024,
        }
    finally:
        disconnect(cluster, ioctx)


def read_libvirt():
    import libvirt

    connection = libvirt.open("qemu:///system")
    try:
        secrets = {secret.usageID(): secret.UUIDString() for secret in connection.listAllSecrets()}
        domains = [domain.name() for domain in connection.listAllDomains()]
        return {"secret": secrets.get("client.libvirt secret"), "domains": domains}
    finally:
        connection.close()


def read_ceph_hosts():
    """The hosts of `ceph orch host ls`, or none where there is no orchestrator (exit 2)."""
    done = subprocess.run(
        ["ceph", "orch", "host", "ls", "--format", "json"], capture_output=True, text=True, timeout=30
    )
    if done.returncode != 0:
        return []
    return [host["hostname"] for host in json.loads(done.stdout)]


def read_observer():
    config = configparser.ConfigParser()
    config.read("/etc/cluster.conf")
    return config.get("machines", "observer", fallback="") or None


def find_damage(path):
    """Why an image is not whole. `convert` reads what a truncated file lacks as zeros and says nothing, so it is
    `check` that is asked; formats without one (raw) have nothing to tell (exit 63), leaks (3) harm nobody."""
    done = subprocess.run(
        ["qemu-img", "check", "--output=json", "--", path], capture_output=True, text=True, timeout=600
    )
    if done.returncode in (0, 3, 63):
        return None
    if done.returncode == 2:
        found = json.loads(done.stdout)
        count = found.get("check-errors", 0) + found.get("corruptions", 0)
        return "the image is damaged or truncated (qemu-img check finds %d errors)" % count
    return "qemu-img check failed (exit %d): %s" % (done.returncode, done.stderr.strip()[:300])


def read_source(path):
    """An image file on this node, as qemu-img sees it."""
    if not os.path.exists(path):
        return {"path": path, "missing": True}
    done = subprocess.run(
        ["qemu-img", "info", "--output=json", "--", path], capture_output=True, text=True, timeout=60
    )
    if done.returncode != 0:
        return {"path": path, "error": done.stderr.strip()}
    info = json.loads(done.stdout)
    damage = find_damage(path)
    if damage:
        return {"path": path, "error": damage}
    return {
        "path": path,
        "format": info["format"],
        "virtualSize": info["virtual-size"],
        "backing": info.get("backing-filename"),
    }


def inventory(request):
    with ThreadPoolExecutor(6) as pool:
        cib = pool.submit(command, ["cibadmin", "--query"])
        status = pool.submit(command, ["crm_mon", "-1", "--output-as=xml"])
        storage = pool.submit(read_storage)
        virtual = pool.submit(read_libvirt)
        hosts = pool.submit(read_ceph_hosts) if request.get("cephHosts") else None
        sources = [pool.submit(read_source, path) for path in request.get("sources", [])]
        return {
            "node": socket.gethostname(),
            "cib": cib.result(),
            "status": status.result(),
            "observer": read_observer(),
            "storage": storage.result(),
            "libvirt": virtual.result(),
            "cephHosts": hosts.result() if hosts else [],
            "sources": [source.result() for source in sources],
        }


def main(encoded):
    run(inventory, encoded)
