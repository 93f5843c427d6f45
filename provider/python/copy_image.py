"""Copies an RBD image with its snapshots into one that is there already, so that what is half copied has its mark and its
group from the first moment on: `rbd deep cp` makes the image itself, with the other VM's metadata. The oldest snapshot is
copied whole, as an image without any would be; of each later one only what differs. It speaks for itself, as qemu-img does."""

# Needs: pool
import threading

# As qemu-img says it, and rbd; an error may have a per cent of its own.
PER_CENT = re.compile(r"\((\d+)(?:\.\d+)?/100%\)|(\d+)% complete")


def follow(stream, step, steps):
    """Tells how far all steps are by what a tool says of its own; returns its other words."""
    words, text = "", ""
    while True:
        read = os.read(stream.fileno(), 4096)
        text += read.decode("utf-8", "replace")
        *lines, text = re.split("[\r\n]", text)
        for line in lines + ([] if read else [text]):
            found = PER_CENT.search(line)
            if found:
                print(
                    "    (%.2f/100%%)" % ((100 * step + int(found.group(1) or found.group(2))) / steps),
                    end="\r",
                    flush=True,
                )
            elif line.strip():
                words = line.strip()
        if not read:
            return words


def copy_whole(source, target, step, steps):
    argv = [
        "qemu-img",
        "convert",
        "-p",
        "-W",
        "-n",
        "--target-is-zero",
        "-f",
        "raw",
        "-O",
        "raw",
        "rbd:" + source,
        "rbd:" + target,
    ]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as running:
        follow(running.stdout, step, steps)
    if running.returncode != 0:
        raise Failure("copy", "qemu-img ended with exit code %d" % running.returncode)  # it has said why


def copy_difference(source, before, target, step, steps):
    """What has changed between two snapshots; the target, which has the first, gets the second as well."""
    reading = ["rbd"] + TIMEOUT + ["export-diff", "--from-snap=" + before, source, "-"]
    writing = ["rbd"] + TIMEOUT + ["import-diff", "--no-progress", "-", target]
    said = {}
    with subprocess.Popen(reading, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as export:
        with subprocess.Popen(writing, stdin=export.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as taken:
            export.stdout.close()
            reader = threading.Thread(target=lambda: said.update(taken=follow(taken.stderr, step, steps)))
            reader.start()
            said["export"] = follow(export.stderr, step, steps)
            reader.join()
    # Where the one fails the other does, for want of its end: the first cause is the reader's.
    for name, done in (("export", export), ("taken", taken)):
        if done.returncode != 0:
            raise Failure("copy", "%s: %s" % (source, said[name] or "rbd ended with exit code %d" % done.returncode))


def copy_image(pool, request):
    """
    @param request `from`, `to`; `snapshots`, those that come along, the oldest first; `last`, the snapshot that has what the
    image is to hold, which comes along where it is one of these; `size` in bytes, that of the image in the end where it is larger
    """
    name, target, keep = request["from"], request["to"], request["snapshots"]
    points = keep if request["last"] in keep else keep + [request["last"]]
    with pool.image(name, read_only=True) as image:
        found = {each["name"]: each for each in image.snapshots()}
    for point in points:
        if point not in found:
            raise Failure("snapshot", "%s has no snapshot %s any more" % (name, json.dumps(point)))
    with pool.image(target) as image:
        if image.size() != found[points[0]]["size"]:  # which the command calls an error
            image.resize(found[points[0]]["size"])
    for step, point in enumerate(points):
        if step == 0:
            copy_whole(spec(name, point), spec(target), step, len(points))
            with pool.image(target) as image:
                image.snapshot_create(point)
        else:
            copy_difference(spec(name, point), points[step - 1], spec(target), step, len(points))
    with pool.image(target) as image:
        for point in points:
            if point not in keep:
                image.snapshot_remove(point)
            elif found[point]["protected"]:
                image.snapshot_protect(point)
        if request["size"] > image.size():
            image.resize(request["size"])


def main(encoded):
    request = json.loads(base64.b64decode(encoded).decode("utf-8"))
    pool = None
    try:
        pool = open_pool()
        copy_image(pool, request)
    except (Failure, PoolError) as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    finally:
        if pool:
            pool.close()
