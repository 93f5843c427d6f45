"""Everything that is to be known of a cluster, read by one program in one go: Pacemaker, Ceph, libvirt, this node."""
# Needs: pool, libvirt_node
import configparser
import os
import socket


def read_storage():
    pool = open_pool()
    try:
        with ThreadPoolExecutor(3) as threads:
            free = threads.submit(pool.free_bytes)
            groups = threads.submit(lambda: in_parallel(pool.group_images, pool.groups()))
            names = [name for name in pool.images() if name.startswith(("system_", "data_"))]
            images = pool.facts(names, {name for name in names if name.startswith("system_")})
            return {
                "images": images,
                "groups": [{"name": name, "images": found} for name, found in groups.result().items()],
                "freeBytes": free.result(),
            }
    finally:
        pool.close()


def read_ceph_hosts():
    """The hosts of `ceph orch host ls`, or none where there is no orchestrator (exit 2), or no such command."""
    try:
        done = subprocess.run(
            ["ceph", "orch", "host", "ls", "--format", "json"], capture_output=True, text=True, timeout=30
        )
    except FileNotFoundError:
        return []
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
