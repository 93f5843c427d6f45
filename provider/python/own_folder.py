"""The provider's folders on a node. Root's umask may be 0077, and the SFTP user who fills a file there need not be
root, so permissions are set explicitly."""

import contextlib

# The subfolders of the settings' folder.
OURS = {"uploads", "set-aside"}


def make_own_folder(path, mode):
    """Makes a folder; missing parents can be entered by everyone but listed by root only."""
    missing = []
    while not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path)
    for each in reversed(missing):
        with contextlib.suppress(FileExistsError):  # another program has just made it
            os.mkdir(each, 0o700)
            os.chmod(each, mode if each == missing[0] else 0o711)


def let_enter(path):
    """Lets everyone enter an uploads folder made with such a umask, and its parent if that contains only our folders."""
    above = os.path.dirname(path)
    for each in [path] + ([above] if set(os.listdir(above)) <= OURS else []):
        mode = os.stat(each).st_mode & 0o7777
        if mode & 0o111 != 0o111:
            os.chmod(each, mode | 0o111)


def free_bytes(path):
    """The free space where a folder is or would be."""
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    space = os.statvfs(path)
    return space.f_bavail * space.f_frsize
