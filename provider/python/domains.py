"""libvirt's domains on one node, by name: read, stop, set aside and restore them. It uses only virsh, which every node
has. It looks up whether a domain exists and runs, and never infers that from an error."""

# Needs: own_folder, between
import os
import re
import socket
import tempfile
import time
import xml.etree.ElementTree as ElementTree

# What libvirt keeps for a domain besides its definition, and would have to delete to undefine it.
KEPT = (
    ("a saved state", "--with-managed-save"),
    ("snapshots of libvirt's", "--with-snapshot"),
    ("checkpoints of libvirt's", "--with-checkpoint"),
)


def virsh(request, *words):
    argv = ["virsh", "--connect", checked_uri(request.get("uri") or LOCAL_URI)] + list(words)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, env=dict(os.environ, LC_ALL="C.UTF-8"))
    if done.returncode != 0:
        said = (done.stderr.strip() or "exit %d" % done.returncode).replace("error: ", "")
        raise Failure("libvirtError", "virsh %s: %s" % (words[0], said))
    return done.stdout


def names(request, *which):
    return virsh(request, "list", "--name", *which).splitlines()


def is_active(request):
    return request["name"] in names(request)


def is_defined(request):
    return request["name"] in names(request, "--all", "--persistent")


def end(request, how):
    """Stops a guest; if it has stopped meanwhile, that is fine."""
    try:
        virsh(request, how, request["name"])
    except Failure:
        if is_active(request):
            raise


def describe(request):
    if request["name"] not in names(request, "--all"):
        return None
    return {
        "xml": virsh(request, "dumpxml", "--inactive", request["name"]),
        "active": is_active(request),
        "room": free_bytes(request["aside"]),
        "holds": [what for what, option in KEPT if request["name"] in names(request, "--all", option)],
    }


def destroy(request):
    """On this node, or on another one through one of `uris`. With `only`, on that node alone, over the provider's own
    link."""
    if request.get("only", socket.gethostname()) != socket.gethostname():
        return "elsewhere"

    def at(uri):
        there = dict(request, uri=uri)
        if is_active(there):
            end(there, "destroy")

    through(request.get("uris") or [LOCAL_URI], at)
    return None


def shutdown(request):
    """Presses the power button, again every few seconds, until the guest has shut down or the time is up."""
    until = time.monotonic() + request["seconds"]
    pressed = None
    while is_active(request):
        now = time.monotonic()
        if now > until:
            return False
        if pressed is None or now - pressed > 5:
            press(request, pressed is None)
            pressed = now
        time.sleep(0.3)
    return True


def press(request, first):
    """Only the first press must succeed: later ones may reach a guest that is half shut down."""
    try:
        end(request, "shutdown")
    except Failure:
        if first:
            raise


def start(request):
    if not is_active(request):
        virsh(request, "start", request["name"])


def aside(request):
    """The file of a domain. Its name includes the uuid, so that it never overwrites the file of another domain with
    that name."""
    if "/" in request["name"] or request["name"].startswith("."):
        raise Failure("name", "a domain of that name cannot be set aside: %s" % request["name"])
    if not re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", request["uuid"]):
        raise Failure("name", "a domain without a uuid cannot be set aside: %s" % request["name"])
    return os.path.join(request["aside"], "%s.%s.xml" % (request["name"], request["uuid"]))


def write_aside(path, text):
    """Written atomically. It may replace only an earlier file of the same domain."""
    folder = os.path.dirname(path)
    make_own_folder(folder, 0o700)
    with tempfile.NamedTemporaryFile("w", dir=folder, delete=False) as file:  # 0600 from the start
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def set_aside(request):
    """Undefines a stopped domain. Its definition, with passwords, stays on the node, and so do all its files: firmware
    variables, TPM state. If libvirt stores more for it, the domain stays defined, since undefining would delete that.
    """
    path = aside(request)
    if is_active(request):
        raise Failure("active", "the domain %s runs" % request["name"])
    if is_defined(request):
        text = virsh(request, "dumpxml", "--inactive", "--security-info", request["name"])
        root = ElementTree.fromstring(text)
        if root.findtext("uuid") != request["uuid"]:
            raise Failure("another", "another domain has the name %s now" % request["name"])
        write_aside(path, text)
        kept = ["--keep-tpm"] if root.find("devices/tpm/backend[@type='emulator']") is not None else []
        virsh(request, "undefine", "--keep-nvram", *kept, request["name"])
    return path


def put_back(request):
    path = aside(request)
    if not is_defined(request) and os.path.exists(path):
        virsh(request, "define", path)


OPERATIONS = {
    "describe": describe,
    "destroy": destroy,
    "shutdown": shutdown,
    "start": start,
    "setAside": set_aside,
    "putBack": put_back,
}


def domains(request):
    return OPERATIONS[request["op"]](request)


def main(encoded):
    run(domains, encoded)
