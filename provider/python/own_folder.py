"""Folders on a node for what is ours. Root's umask may be 0077, and whoever fills a file there by SFTP need not be root: so
permissions are given and not left to it."""

import contextlib

# What lies beside each other in the folder of the settings.
OURS = {"uploads", "set-aside"}


def make_own_folder(path, mode):
    """Makes a folder; those above it that are not there either can be entered by everybody, and listed by root alone."""
    missing = []
    while not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path)
    for each in reversed(missing):
        with contextlib.suppress(FileExistsError):  # somebody else has just made it
            os.mkdir(each, 0o700)
            os.chmod(each, mode if each == missing[0] else 0o711)


def let_enter(path):
    """Lets everybody enter a folder of uploads that was made under such a umask, and the one above where nothing but ours is in it."""
    above = os.path.dirname(path)
    for each in [path] + ([above] if set(os.listdir(above)) <= OURS else []):
        mode = os.stat(each).st_mode & 0o7777
        if mode & 0o111 != 0o111:
            os.chmod(each, mode | 0o111)


def free_bytes(path):
    """What is free where a folder is, or would be made."""
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    space = os.statvfs(path)
    return space.f_bavail * space.f_frsize
