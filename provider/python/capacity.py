"""The resources of a cluster and its versions: each node's processors and memory as libvirt reports them, Ceph's bytes,
the versions of the tools. Other nodes are asked through libvirt's own SSH; nodes that do not answer are left out."""

# Needs: pool, versions, between
import socket
from concurrent.futures import ThreadPoolExecutor


def virsh(uri, *words):
    return command(["env", "LC_ALL=C.UTF-8", "virsh", "--connect", uri] + list(words), timeout=20)


def read_other(node, user):
    """A node's data through the first user that it admits, and that user."""
    refused = []
    for each in [user] + [other for other in BETWEEN_NODES if other != user]:
        if each == "root" and not root_is_let_in(node):
            refused.append("root: " + ROOT_CLOSED)
            continue
        found = read_node(node, each)
        if "error" not in found:
            return dict(found, user=each)
        refused.append("%s: %s" % (each, found["error"]))
        if not LOGIN_REFUSED.search(found["error"]):
            break
    return {"node": node, "error": "; ".join(refused)[:600]}


def read_node(node, user):
    """@param user None for this node"""
    try:
        uri = LOCAL_URI if user is None else libvirt_uri(node, user)
        told = dict(
            (key.strip(), value.strip())
            for key, _, value in (line.partition(":") for line in virsh(uri, "nodeinfo").splitlines())
            if value
        )
        return {"node": node, "vcpus": int(told["CPU(s)"]), "memoryBytes": int(told["Memory size"].split()[0]) * 1024}
    except (Failure, subprocess.TimeoutExpired) as error:
        return {"node": node, "error": str(error)[:300]}


def read_ceph():
    """Its bytes and its version."""
    pool = open_pool()
    try:
        stats = pool.monitor("df")["stats"]
        version = pool.monitor("version")["version"]
    finally:
        pool.close()
    storage = {
        "totalBytes": stats["total_bytes"],
        "usedBytes": stats["total_used_raw_bytes"],
        "availableBytes": stats["total_avail_bytes"],
    }
    return storage, version_in(version)


def capacity(request):
    here = socket.gethostname()
    with ThreadPoolExecutor(8) as pool:
        wanted = [node for node in request["nodes"] if node == here or not request.get("alone")]
        nodes = [
            pool.submit(read_node, node, None) if node == here else pool.submit(read_other, node, request["user"])
            for node in wanted
        ]
        ceph = pool.submit(read_ceph)
        virtual = pool.submit(libvirt_versions)
        others = {name: pool.submit(first_number, *VERSION_COMMANDS[name]) for name in ("pacemaker", "corosync")}
        storage, version = ceph.result()
        versions = dict({name: found.result() for name, found in others.items()}, ceph=version, **virtual.result())
        return {"nodes": [node.result() for node in nodes], "ceph": storage, "versions": versions}


def main(encoded):
    run(capacity, encoded)
