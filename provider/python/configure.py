"""CIB changes: one patch, or a patch plus the user's crm commands, tried on a copy and applied as one patch."""

# Needs: copies
import os
import tempfile

# The verbs that change the CIB and do nothing else. The others read or write files, run programs, or destroy data:
# `save`, `load`, `filter`, `edit`, `graph`, `erase`. The provider has the same list (vmmgr/form/crm-commands.ts).
CRM_VERBS = frozenset(
    "node primitive group clone ms master promotable bundle rsc_template location colocation order rsc_ticket property "
    "rsc_defaults op_defaults fencing_topology role user acl_target acl_group tag alert monitor modgroup set rename delete xml".split()
)


def patch_with_commands(patch, commands):
    """The effect of the crm commands and the patch on a copy of the CIB, as one versionless patch."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = os.path.join(folder, "before.xml"), os.path.join(folder, "after.xml")
        text = command(["cibadmin", "--query"])
        for path in (before, after):
            with open(path, "w") as file:
                file.write(text)
        if holds_changes(patch):
            on_copy(["cibadmin", "--patch", "--xml-pipe"], after, folder, patch)
        for words in commands:
            if not words or words[0] not in CRM_VERBS:
                raise Failure(
                    "crm",
                    "`crm configure %s` is not one that changes the CIB alone, and is not run"
                    % " ".join(words[:2])[:200],
                )
            on_copy(["crm", "configure"] + words, after, folder)
        done = subprocess.run(
            ["crm_diff", "--no-version", "-o", before, "-n", after], capture_output=True, text=True, timeout=60
        )
        if done.returncode not in (0, 1):
            raise Failure("cib", "crm_diff failed (exit %d): %s" % (done.returncode, done.stderr.strip()))
        return done.stdout


def configure(request):
    patch = request.get("patch", "")
    if request.get("commands"):
        patch = patch_with_commands(patch, request["commands"])
    if not holds_changes(patch):
        return False
    done = subprocess.run(
        ["cibadmin", "--patch", "--xml-pipe"], input=patch, capture_output=True, text=True, timeout=60
    )
    if done.returncode != 0:
        first = (done.stderr.strip() or "exit %d" % done.returncode).splitlines()[-1]
        raise Failure("cib-%d" % done.returncode, first)
    return True


def main(encoded):
    run(configure, encoded)
