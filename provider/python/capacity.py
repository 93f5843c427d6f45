"""What a cluster has to offer and what it runs: each node's processors and memory as libvirt says, Ceph's bytes, the
versions of the tools. Other nodes are asked by libvirt's own SSH; one that does not answer has nothing to say."""
import re
import socket
from concurrent.futures import ThreadPoolExecutor


def virsh(uri, *words):
    return command(["env", "LC_ALL=C.UTF-8", "virsh", "--connect", uri] + list(words), timeout=20)


def read_node(node, uri):
    try:
        told = dict(
            (key.strip(), value.strip())
            for key, _, value in (line.partition(":") for line in virsh(uri, "nodeinfo").splitlines())
            if value
        )
        return {"node": node, "vcpus": int(told["CPU(s)"]), "memoryBytes": int(told["Memory size"].split()[0]) * 1024}
    except (Failure, subprocess.TimeoutExpired) as error:
        return {"node": node, "error": str(error)[:300]}


def read_ceph():
    cluster, ioctx = connect()
    try:
        stats = cluster.get_cluster_stats()
        code, out, said = cluster.mon_command(json.dumps({"prefix": "version", "format": "json"}), b"")
        if code != 0:
            raise Failure("ceph", "ceph version failed (%d): %s" % (code, said))
        return {
            "totalBytes": stats["kb"] * 1024,
            "usedBytes": stats["kb_used"] * 1024,
            "availableBytes": stats["kb_avail"] * 1024,
            "version": json.loads(out)["version"],
        }
    finally:
        disconnect(cluster, ioctx)


def read_libvirt():
    """`virsh version` says "Using library: libvirt 9.0.0" and "Running hypervisor: QEMU 7.2.22"."""
    told = virsh("qemu:///system", "version")
    found = {name: re.search(words + r" (\S+)", told) for name, words in (("libvirt", "Using library: libvirt"), ("qemu", "hypervisor: QEMU"))}
    return {name: match.group(1) if match else "" for name, match in found.items()}


def first_number(argv):
    match = re.search(r"\d+(?:\.\d+)+", command(argv))
    return match.group(0) if match else ""


def capacity(request):
    here = socket.gethostname()
    with ThreadPoolExecutor(8) as pool:
        nodes = [
            pool.submit(
                read_node,
                node,
                "qemu:///system" if node == here else "qemu+ssh://%s@%s/system?no_tty=1" % (request["user"], node),
            )
            for node in request["nodes"]
        ]
        ceph = pool.submit(read_ceph)
        virtual = pool.submit(read_libvirt)
        corosync = pool.submit(first_number, ["corosync", "-v"])
        pacemaker = pool.submit(first_number, ["crmadmin", "--version"])
        storage = ceph.result()
        # "ceph version 16.2.15 (…) pacific (stable)", as the monitor says it
        number = re.search(r"\d+(?:\.\d+)+", storage["version"])
        storage["version"] = number.group(0) if number else storage["version"]
        versions = dict(virtual.result(), corosync=corosync.result(), pacemaker=pacemaker.result(), ceph=storage.pop("version"))
        return {"nodes": [node.result() for node in nodes], "ceph": storage, "versions": versions}


def main(encoded):
    run(capacity, encoded)
