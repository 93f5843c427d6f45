"""The full state of a cluster, read by one program in one go: Pacemaker, Ceph, libvirt, this node. The request may
include image operations to do just before the read."""

# Needs: pool, libvirt_node, storage, image_file, let_in
import configparser
import os
import re
import secrets
import socket
import time
import xml.etree.ElementTree as ElementTree

# In the metadata of a VM whose domain changed while it ran; see the vmmgr layer.
RESTART_KEY = "_seapath_restart"


# A manager daemon that has just started or taken over reports no pool usage for some seconds.
USAGE_SECONDS = 15


def pool_usage(pool):
    end = time.monotonic() + USAGE_SECONDS
    while True:
        for each in pool.monitor("df")["pools"]:
            if each["name"] == POOL:
                return each["stats"]
        if time.monotonic() > end:
            raise Failure(
                "usage", "Ceph does not say how full the pool %s is; does `ceph -s` show a mgr that is active?" % POOL
            )
        time.sleep(0.5)


def read_space(pool):
    """What the pool can still take, and Ceph's flags for a full pool: with one of them, every write hangs."""
    usage = pool_usage(pool)
    osds = pool.monitor("osd dump")
    kept = next(each for each in osds["pools"] if each["pool_name"] == POOL)
    return {
        "available": usage["max_avail"],
        "stored": usage["stored"],
        "objects": usage["objects"],
        "quotaBytes": kept["quota_max_bytes"],
        "quotaObjects": kept["quota_max_objects"],
        "poolFlags": kept["flags_names"].split(","),
        "clusterFlags": osds.get("flags_set", []),
    }


def read_storage(disks):
    pool = open_pool()
    try:
        with ThreadPoolExecutor(3) as threads:
            space = threads.submit(read_space, pool)
            groups = threads.submit(lambda: in_parallel(pool.group_images, pool.groups()))
            names = [name for name in pool.images() if name.startswith(("system_", "data_", "retained_"))]
            detailed = ("system_", "data_") if disks else "system_"
            images = pool.facts(names, {name for name in names if name.startswith(detailed)})
            return {
                "images": images,
                "groups": [{"name": name, "images": found} for name, found in groups.result().items()],
                "space": space.result(),
            }
    finally:
        pool.close()


def live_domains(uri, vms):
    """The live XML of domains on a node; those that libvirt does not show are left out. The texts are passed on
    unparsed. A domain contains untrusted text, such as `<metadata>` with a <domain> in it, so its content cannot show
    where the next one begins. A random word marks that instead."""
    mark = "next:" + secrets.token_hex(16)
    # virsh takes its commands as one text, so only valid names go into it.
    known = [vm for vm in vms if re.fullmatch("[A-Za-z0-9]+", vm)]
    words = "; ".join("echo %s; dumpxml %s" % (mark, vm) for vm in known)
    try:
        done = subprocess.run(
            ["virsh", "--quiet", "--readonly", "--connect", uri, words],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=20,
        )
    except subprocess.TimeoutExpired:
        return {}
    # With --quiet, no line break follows the word.
    texts = [text.strip() for text in done.stdout.split(mark)[1:]]
    return {vm: text for vm, text in zip(known, texts) if text}


def read_live(storage, status):
    """The live domains of VMs whose stored domain changed while they ran: only these matter."""
    here = socket.gethostname()
    nodes = {}
    for resource in ElementTree.fromstring(status).iter("resource"):
        places = [node.get("name") for node in resource.findall("node")]
        nodes[resource.get("id")] = places[0] if len(places) == 1 else None
    wanted = {}
    for image in storage["images"]:
        metadata = image.get("metadata", {})
        vm = image["name"][len("system_") :]
        node = nodes.get(vm)
        if RESTART_KEY not in metadata or node is None:
            continue
        user = metadata.get("_migration_user", "root")
        try:
            if node != here and user == "root" and not root_is_let_in(node):
                user = "libvirtadmin"
            uri = LOCAL_URI if node == here else libvirt_uri(node, user)
        except Failure:
            continue  # a read of this VM reports its invalid metadata
        wanted.setdefault(uri, []).append(vm)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        found = {}
        for domains in threads.map(lambda item: live_domains(*item), wanted.items()):
            found.update(domains)
        return found


def read_ceph_hosts():
    """The hosts of `ceph orch host ls`, or none if there is no orchestrator (exit 2), or no such command."""
    pool = open_pool()
    try:
        if not pool.may_be_orchestrated():
            return []
    finally:
        pool.close()
    try:
        done = subprocess.run(
            ["ceph", "orch", "host", "ls", "--format", "json"], capture_output=True, text=True, timeout=30
        )
    except FileNotFoundError:
        return []
    if done.returncode != 0:
        return []
    return [host["hostname"] for host in json.loads(done.stdout)]


def read_observer(path="/etc/cluster.conf"):
    """The observer, and the reason if the file is unreadable, so that the observer is unknown."""
    config = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    try:
        with open(path, encoding="utf-8") as file:
            config.read_file(file)
    except FileNotFoundError:
        return {"observer": None}
    except (configparser.Error, OSError, UnicodeDecodeError) as error:
        return {
            "observer": None,
            "observerUnknown": "%s cannot be read: %s" % (path, " ".join(str(error).split())[:300]),
        }
    return {"observer": config.get("machines", "observer", fallback="") or None}


def find_damage(path, driver):
    """Why an image is damaged. `convert` silently reads the missing part of a truncated file as zeros, so `check`
    decides. Formats without a check (raw) report nothing (exit 63), and leaks (3) are harmless."""
    done = subprocess.run(
        ["qemu-img", "check", "-f", driver, "--output=json", "--", path], capture_output=True, text=True, timeout=600
    )
    if done.returncode in (0, 3, 63):
        return None
    if done.returncode == 2:
        found = json.loads(done.stdout)
        count = found.get("check-errors", 0) + found.get("corruptions", 0)
        return "the image is damaged or truncated (qemu-img check finds %d errors)" % count
    return "qemu-img check failed (exit %d): %s" % (done.returncode, done.stderr.strip()[:300])


def read_node_source(path, asked):
    """An image file on this node. It must be judged before QEMU may open it."""
    with opened(path) as handle:
        said, _ = judge(sample_of(handle), asked)
    driver = FORMATS[said]
    done = subprocess.run(
        ["qemu-img", "info", "-f", driver, "--output=json", "--", path], capture_output=True, text=True, timeout=60
    )
    if done.returncode != 0:
        raise NoDisk(done.stderr.strip())
    info = json.loads(done.stdout)
    others = external_parts(info, path)
    if others:
        raise NoDisk("it needs other files (%s); give a whole image" % shown(", ".join(others).encode()))
    damage = find_damage(path, driver)
    if damage:
        raise NoDisk(damage)
    return {"format": said, "driver": driver, "virtualSize": info["virtual-size"]}


def read_source(question):
    """An image file: one on this node, or a local one of the provider, whose beginning and end came with the request."""
    found = {"key": question["key"], "path": question["path"]}
    try:
        if "head" not in question:
            return dict(found, **read_node_source(question["path"], question.get("format")))
        head, tail = (base64.b64decode(question[part]) for part in ("head", "tail"))
        said, size = judge(Sample(question["size"], head, tail), question.get("format"))
        return dict(found, format=said, driver=FORMATS[said], virtualSize=size)
    except FileNotFoundError:
        return dict(found, missing=True)
    except OSError as error:
        return dict(found, error=error.strerror)
    except NoDisk as error:
        return dict(found, error=str(error), **({"unsaid": error.unsaid} if error.unsaid else {}))


def write_before(operations):
    pool = open_pool()
    try:
        return [attempt(lambda: perform(pool, op)) for op in operations]
    finally:
        pool.close()


def inventory(request):
    done = write_before(request["before"]) if request.get("before") else []
    with ThreadPoolExecutor(6) as pool:
        cib = pool.submit(command, ["cibadmin", "--query"])
        status = pool.submit(command, ["crm_mon", "-1", "--output-as=xml"])
        storage = pool.submit(read_storage, request.get("disks"))
        virtual = pool.submit(read_libvirt)
        hosts = pool.submit(read_ceph_hosts) if request.get("cephHosts") else None
        sources = [pool.submit(read_source, question) for question in request.get("sources", [])]
        found = {
            "node": socket.gethostname(),
            "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            "before": done,
            "cib": cib.result(),
            "status": status.result(),
            **read_observer(),
            "storage": storage.result(),
            "libvirt": virtual.result(),
            "cephHosts": hosts.result() if hosts else [],
            "sources": [source.result() for source in sources],
        }
    found["live"] = read_live(found["storage"], found["status"])
    return found


def main(encoded):
    run(inventory, encoded)
