"""Fills an RBD image from an image file on this node. The file is judged again in its current state, since it may have
been replaced after the first check. QEMU gets the judged file, by its handle, in the declared format."""
# Needs: image_file


def import_image(request):
    with opened(request["path"]) as handle:
        before = version_of(handle)
        said, _ = judge(sample_of(handle), request.get("format"))
        if FORMATS[said] != request["driver"]:
            raise NoDisk("it is another one than it was: %s" % said)
        argv = ["qemu-img", "convert", "-p", "-W", "-n", "--target-is-zero", "-f", request["driver"], "-O", "raw"]
        code = subprocess.run(
            argv + ["/proc/self/fd/%d" % handle, "rbd:rbd/" + request["image"]],
            stdin=subprocess.DEVNULL,
            pass_fds=(handle,),
        ).returncode
        if code == 0 and version_of(handle) != before:
            raise NoDisk("it was written to while it was read")
        return code


def main(encoded):
    request = json.loads(base64.b64decode(encoded).decode("utf-8"))
    try:
        code = import_image(request)
    except NoDisk as error:
        print("%s: %s" % (request.get("name", request["path"]), error), file=sys.stderr)
        code = 1
    except OSError as error:
        print("%s: %s" % (request.get("name", request["path"]), error.strerror), file=sys.stderr)
        code = 1
    sys.exit(code if code >= 0 else 128 - code)
