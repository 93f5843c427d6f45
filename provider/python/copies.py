"""Pacemaker's tools on a copy of the CIB: what they would do, without touching the cluster."""

# Needs: secret_words
import os
import re

# crmsh 5 colours its errors even in pipes.
COLOURED = re.compile(r"\x1b\[[0-9;]*m")

# The words that identify a crm command: behind them come parameters, which may be passwords.
TELLING_WORDS = 4


def told_words(argv):
    return words_masked(" ".join(argv if len(argv) <= TELLING_WORDS else argv[:TELLING_WORDS] + ["…"]))


def holds_changes(patch):
    """Whether a patch has any content: Pacemaker 3 refuses an empty one."""
    return "<change" in patch


def on_copy(argv, path, folder, stdin=None):
    """Runs a Pacemaker tool on a copy of the CIB instead of on the cluster."""
    done = subprocess.run(
        argv,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        env=dict(os.environ, CIB_file=path, CIB_shadow_dir=folder),
    )
    if done.returncode != 0:
        said = words_masked(COLOURED.sub("", done.stderr or done.stdout).strip())[-1500:]
        raise Failure("crm" if argv[0] == "crm" else "cib", "%s: %s" % (told_words(argv), said))
    return done.stdout
