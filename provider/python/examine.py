"""Which of a cluster's requirements this node meets, and how it reaches the others. Read-only. A failed check reports
its reason and does not stop the others."""

# Needs: versions, libvirt_node, lacking, on_node, pool
import glob
import importlib
import os
import platform
import re
import socket
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor

# The checks mostly wait for others.
LOOKS_AT_ONCE = 12
MOST_SAID = 400


def looked(act, *args):
    """{"ok": …}, or {"error": …} with the reason why this one check was impossible."""
    try:
        return {"ok": act(*args)}
    except FileNotFoundError as error:
        return {"error": "%s is not installed" % error.filename if error.filename else str(error)}
    except subprocess.TimeoutExpired as error:
        return {"error": "no answer within %d s" % error.timeout}
    except Exception as error:
        return {"error": " ".join((str(error) or type(error).__name__).split())[-MOST_SAID:]}


def has_module(name):
    try:
        importlib.import_module(name)
        return True
    except ImportError:
        return False


def ceph_health():
    """The health checks that failed, by Ceph's own names."""
    pool = open_pool()
    try:
        health = pool.monitor("health")
    finally:
        pool.close()
    return {
        name: {"severity": check["severity"], "message": check["summary"]["message"]}
        for name, check in health.get("checks", {}).items()
    }


def agents_of(provider):
    """The names of a provider's agents, in any folder where a Pacemaker build may keep them."""
    done = subprocess.run(
        ["crm_resource", "--list-agents", "ocf:%s" % provider], capture_output=True, text=True, timeout=30
    )
    if done.returncode != 0 and "No agents found" not in done.stderr:
        raise Failure("command", "crm_resource failed (exit %d): %s" % (done.returncode, done.stderr.strip()))
    return done.stdout.split() if done.returncode == 0 else []


def bridges():
    """The bridges of the kernel and of Open vSwitch."""
    kernel = [os.path.basename(os.path.dirname(path)) for path in glob.glob(os.path.join(NET, "*", "bridge"))]
    try:
        switched = command(["ovs-vsctl", "--timeout=10", "list-br"]).split()
    except FileNotFoundError:
        switched = []
    return sorted(set(kernel + switched))


def cpu_model():
    """libvirt's model of the processors: a guest with the full host CPU runs on no other model."""
    host = ElementTree.fromstring(virsh(["capabilities"])).find("host/cpu")
    return (host.findtext("model") or host.findtext("arch") or "") if host is not None else ""


def ssh_to(node, here):
    """By root's ssh, which also reads keys and capacity of other nodes. @raises Failure with ssh's words"""
    done = run_on_node(node, here, "true")
    if done.returncode != 0:
        raise Failure("ssh", last_words(done))


def libvirt_on(node, user):
    """As live migration connects. @raises Failure with libvirt's words"""
    if user == "root" and not root_is_let_in(node):
        raise Failure("libvirt", ROOT_CLOSED)
    done = subprocess.run(
        ["env", "LC_ALL=C.UTF-8", "virsh", "--connect", libvirt_uri(node, user), "uri"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=20,
    )
    if done.returncode != 0:
        raise Failure(
            "libvirt", re.sub(r"^error: (failed to connect to the hypervisor\n(error: )?)?", "", done.stderr.strip())
        )


def examine(request):
    began, here = time.time(), socket.gethostname()
    others = [node for node in request["nodes"] if node != here]
    hypervisors = [node for node in request["hypervisors"] if node != here] if here in request["hypervisors"] else []
    with ThreadPoolExecutor(LOOKS_AT_ONCE) as pool:
        versions = {name: pool.submit(looked, first_number, *argv) for name, argv in VERSION_COMMANDS.items()}
        virtual = pool.submit(looked, libvirt_versions)
        one = {
            "ceph": pool.submit(looked, ceph_health),
            "libvirt": pool.submit(looked, lambda: {"secret": read_libvirt()["secret"]}),
            "cpu": pool.submit(looked, cpu_model),
            "bridges": pool.submit(looked, bridges),
        }
        agents = {name: pool.submit(looked, agents_of, name) for name in request["providers"]}
        ssh = {node: pool.submit(looked, ssh_to, node, here) for node in others}
        moves = {
            node: {user: pool.submit(looked, libvirt_on, node, user) for user in request["users"]}
            for node in hypervisors
        }
        found = {
            "node": here,
            "root": os.geteuid() == 0,
            "versions": dict(
                {name: each.result() for name, each in versions.items()}, python={"ok": platform.python_version()}
            ),
            "virtual": virtual.result(),
            "modules": {name: has_module(name) for name in request["modules"]},
            "lacks": lacked(request["needs"]),
            "agents": {name: each.result() for name, each in agents.items()},
            "ssh": {node: each.result() for node, each in ssh.items()},
            "moves": {node: {user: each.result() for user, each in users.items()} for node, users in moves.items()},
            **{name: each.result() for name, each in one.items()},
        }
    return dict(found, clock=[began, time.time()])


def main(encoded):
    run(examine, encoded)
