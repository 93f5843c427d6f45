"""libvirt's domains on one node, each by its name: looked at, ended, set aside and put back. By virsh alone, which every
node has; whether there is a domain, and whether it runs, is looked up and never read from an error."""
import os
import time

ASIDE = "/var/lib/pulumi-seapath/set-aside"


def virsh(request, *words):
    argv = ["virsh", "--connect", request.get("uri") or "qemu:///system"] + list(words)
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
    """Ends a guest; one that has ended meanwhile is ended."""
    try:
        virsh(request, how, request["name"])
    except Failure:
        if is_active(request):
            raise


def describe(request):
    if request["name"] not in names(request, "--all"):
        return None
    return {"xml": virsh(request, "dumpxml", "--inactive", request["name"]), "active": is_active(request)}


def destroy(request):
    if is_active(request):
        end(request, "destroy")


def shutdown(request):
    """Presses the power button, again every few seconds, until the guest has ended or the time is over."""
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
    """Only the first press has to be taken: later ones may meet a guest that is half-way down."""
    try:
        end(request, "shutdown")
    except Failure:
        if first:
            raise


def start(request):
    if not is_active(request):
        virsh(request, "start", request["name"])


def aside(name):
    if "/" in name or name.startswith("."):
        raise Failure("name", "a domain of that name cannot be set aside: %s" % name)
    return os.path.join(ASIDE, name + ".xml")


def set_aside(request):
    """Undefines a domain that has ended. Its definition, with its passwords, stays on the node; so do its files."""
    path = aside(request["name"])
    if is_active(request):
        raise Failure("active", "the domain %s runs" % request["name"])
    if is_defined(request):
        os.makedirs(ASIDE, mode=0o700, exist_ok=True)
        text = virsh(request, "dumpxml", "--inactive", "--security-info", request["name"])
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        virsh(request, "undefine", "--keep-nvram", "--managed-save", request["name"])
    return path


def put_back(request):
    path = aside(request["name"])
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
