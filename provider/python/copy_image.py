"""Copies an RBD image with its snapshots into an existing one, so that a partial copy has its mark and its group from
the start: `rbd deep cp` would create the image itself, with the source VM's metadata. The oldest snapshot is copied in
full, like an image without snapshots; for each later one, only the differences. It prints its own progress, as qemu-img
does."""

# Needs: pool
import threading

# The progress of qemu-img, and that of rbd; an error may contain a percentage too.
PER_CENT = re.compile(r"\((\d+)(?:\.\d+)?/100%\)|(\d+)% complete")


def follow(stream, step, steps):
    """Prints the overall progress from a tool's own progress; returns the tool's other words."""
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
        raise Failure("copy", "qemu-img ended with exit code %d" % running.returncode)  # it has printed the reason


def copy_difference(source, before, target, step, steps):
    """Applies the changes between two snapshots to the target, which has the first one; afterwards it has the second
    one as well."""
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
    # If one side fails, the other fails too, because its input or output ends: the first cause is the one to report.
    for name, done in (("export", export), ("taken", taken)):
        if done.returncode != 0:
            raise Failure("copy", "%s: %s" % (source, said[name] or "rbd ended with exit code %d" % done.returncode))


def copy_image(pool, request):
    """@param request `from`, `to`; `snapshots` to copy, oldest first; `last`, the snapshot with the image's final
    content, which is copied as a snapshot only if it is one of these; `size`, the image's final size in bytes if that
    is larger
    """
    name, target, keep = request["from"], request["to"], request["snapshots"]
    points = keep if request["last"] in keep else keep + [request["last"]]
    with pool.image(name, read_only=True) as image:
        found = {each["name"]: each for each in image.snapshots()}
    for point in points:
        if point not in found:
            raise Failure("snapshot", "%s has no snapshot %s any more" % (name, json.dumps(point)))
    with pool.image(target) as image:
        if image.size() != found[points[0]]["size"]:  # which the command treats as an error
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
