"""Devices of running guests: read, attached and detached by virsh. It also reaches libvirt on the other nodes, as each
user that may be admitted there. With `only`, the request is for the node of that name, over the provider's own link:
any other node does nothing and answers "elsewhere"."""

# Needs: between
import os
import socket
import tempfile
from concurrent.futures import ThreadPoolExecutor

# virsh's words for failures that may happen at any time, and the kind of each.
KINDS = (
    ("failed to get domain", "no-domain"),
    ("domain is not running", "no-domain"),
    ("already exists", "exists"),
    ("No more available PCI slots", "no-slot"),
    ("device not found", "absent"),
)


def virsh(uri, words):
    argv = ["virsh", "--quiet", "--connect", checked_uri(uri)] + words
    english = dict(os.environ, LC_ALL="C.UTF-8")
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=60,
            env=english,
        )
    except subprocess.TimeoutExpired as error:
        raise Failure("libvirtError", "virsh %s did not answer within 60 s" % words[0]) from error
    if done.returncode == 0:
        return done.stdout
    lines = [
        line[len("error: ") :] if line.startswith("error: ") else line for line in done.stderr.splitlines() if line
    ]
    told = [line for line in lines if not line.startswith("Failed to ")] or lines
    words = "; ".join(told) or "virsh failed (exit %d)" % done.returncode
    raise Failure(next((kind for text, kind in KINDS if text in words), "libvirtError"), words)


def read(each):
    try:
        return through(each["uris"], lambda uri: virsh(uri, ["dumpxml", each["domain"]]))
    except Failure as failure:
        if failure.kind == "no-domain":
            return None  # it has moved or ended
        raise


def change(request):
    if request["verb"] == "resize":
        words = ["blockresize", request["domain"], request["target"], "%dB" % request["bytes"]]
        return through(request["uris"], lambda uri: virsh(uri, words))
    with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
        file.write(request["xml"])
        file.flush()
        words = [request["verb"] + "-device", request["domain"], file.name, "--live"]
        return through(request["uris"], lambda uri: virsh(uri, words))


def way(uri):
    virsh(uri, ["uri"])
    return uri


def devices(request):
    if request.get("only", socket.gethostname()) != socket.gethostname():
        return "elsewhere"
    if request["verb"] == "way":
        return through(request["uris"], way)
    if request["verb"] == "read":
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda each: attempt(lambda: read(each)), request["domains"]))
    change(request)
    return None


def main(encoded):
    run(devices, encoded)
