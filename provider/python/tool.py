"""Runs one command whose output goes straight to the caller, and which ends with the connection: for commands that may
take long and would otherwise run on without a caller."""


def main(encoded):
    argv = json.loads(base64.b64decode(encoded).decode("utf-8"))
    try:
        code = subprocess.run(argv, stdin=subprocess.DEVNULL).returncode
    except FileNotFoundError:
        print("%s is not installed here" % argv[0], file=sys.stderr)
        code = 125
    sys.exit(code if code >= 0 else 128 - code)
