"""Writes of one or several VMs, which go out together. Each has operations on its images, then CIB changes, and its own
answer: a rejected part does not take the others down."""
# Needs: storage, configure


def write_storage(writes):
    """An answer for each write: whether its operations succeeded."""
    if not any(each["storage"] for each in writes):
        return [{"ok": None} for _ in writes]
    pool = open_pool()
    try:
        return [attempt(lambda: [perform(pool, op) for op in each["storage"]]) for each in writes]
    finally:
        pool.close()


def patch_of(writes):
    changes = "".join(each["changes"] for each in writes)
    return '<diff format="2">%s</diff>' % changes if changes else ""


def write_cib(writes):
    """One patch for all; if Pacemaker refuses that, or there are crm commands to run, one for each."""
    if len(writes) > 1 and not any(each["commands"] for each in writes):
        together = attempt(lambda: configure({"patch": patch_of(writes)}))
        if "ok" in together:
            return [together for _ in writes]
    return [attempt(lambda: configure({"patch": patch_of([each]), "commands": each["commands"]})) for each in writes]


def write(request):
    writes = request["writes"]
    answers = write_storage(writes)
    ready = [index for index, answer in enumerate(answers) if "ok" in answer]
    for index, answer in zip(ready, write_cib([writes[index] for index in ready])):
        answers[index] = answer
    return answers


def main(encoded):
    run(write, encoded)
