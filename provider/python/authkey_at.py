"""The fixed scripts for /etc/pacemaker/authkey on one node."""
# Needs: on_node

LOOK = "if [ -e /etc/pacemaker/authkey ]; then sha256sum </etc/pacemaker/authkey; else echo absent; fi"
READ = "cat /etc/pacemaker/authkey"
# The link appears complete or not at all, and never replaces an earlier key.
PUT = """set -e; umask 077; [ -d /etc/pacemaker ] || install -d -m 750 -g haclient /etc/pacemaker; new=/etc/pacemaker/.authkey.$$; trap 'rm -f $new' EXIT
cat >$new; chgrp haclient $new; chmod 640 $new; ln $new /etc/pacemaker/authkey"""


def on(node, script, stdin=b""):
    """Runs a fixed script on a node; errors never contain its output."""
    done = run_on_node(node, LOCAL, script, stdin)
    if done.returncode != 0:
        raise Failure("unreachable", "%s: %s" % (node, last_words(done)))
    return done.stdout


LOCAL = None


def look(node):
    """The hash of a node's key, None if it has none, or why that is unknown."""
    try:
        said = on(node, LOOK).decode().split()[0]
        return node, None if said == "absent" else said, None
    except (Failure, subprocess.TimeoutExpired) as error:
        return node, None, str(error)


def put(node, key):
    """Gives a node a key. If it has got one meanwhile, that one stays; the next check shows whether it is the same."""
    try:
        on(node, PUT, key)
    except Failure:
        if look(node)[1] is None:
            raise
