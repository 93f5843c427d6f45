"""The type of an image file, from its first bytes, before anything opens it that would follow its references: an
image's author can put the name of any file on the node into it. Raw and qcow2 are recognized; other formats must be
declared."""

import contextlib
import os
import stat

# How much of a file is read; a VMDK's description must lie within it.
HEAD_BYTES = 65536
TAIL_BYTES = 512
# Format names as declared, and QEMU's names for them.
FORMATS = {"raw": "raw", "qcow2": "qcow2", "vmdk": "vmdk", "vdi": "vdi", "vhd": "vpc", "vhdx": "vhdx"}
# Offset, signature, and what it identifies.
NO_DISKS = (
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"\xfd7zXZ\0", "an xz archive"),
    (0, b"BZh", "a bzip2 archive"),
    (0, b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (0, b"\x04\x22\x4d\x18", "an lz4 archive"),
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"PK\x05\x06", "a zip archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!\x1a\x07", "a rar archive"),
    (257, b"ustar", "a tar archive, as an OVA is"),
    (0, b"!<arch>\n", "a Debian package"),
    (0, b"\xed\xab\xee\xdb", "an RPM package"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"\x7fELF", "a program"),
    (0, b"version https://git-lfs", "a pointer of Git LFS, and not what it points to"),
)
OTHER_FORMATS = (
    (0, b"QED\0", "QED"),
    (0, b"COWD", "VMDK of an old kind"),
    (0, b"WithoutFreeSpace", "Parallels"),
    (0, b"WithouFreSpacExt", "Parallels"),
    (0, b"Bochs Virtual HD Image", "Bochs"),
)
TEXT = frozenset(range(32, 127)) | frozenset(b"\t\n\r\f") | frozenset(range(128, 256))


class NoDisk(Exception):
    """Why a file is rejected; with the format to declare, if that is the only problem."""

    def __init__(self, why, unsaid=None):
        super().__init__(why)
        self.unsaid = unsaid


class Sample:
    """A file's size, beginning and end."""

    def __init__(self, size, head, tail):
        self.size, self.head, self.tail = size, head, tail

    def at(self, offset, magic):
        return self.head[offset : offset + len(magic)] == magic

    def number(self, offset, length, order="big"):
        found = self.head[offset : offset + length]
        if len(found) < length:
            raise NoDisk("it ends within its header")
        return int.from_bytes(found, order)


def shown(name):
    """A name from a file, in a form that is harmless to terminals and logs."""
    return json.dumps(name[:200].decode("utf-8", "replace"))[1:-1]


def what_text(head):
    first = head.lstrip()[:16].lower()
    if first.startswith((b"<!doctype html", b"<html")):
        return "an HTML page"
    if first.startswith(b"<?xml"):
        return "an XML document"
    if first.startswith(b"# disk descript"):
        return None  # a VMDK's description, without the disk
    return "a text" if head and set(head[:512]) <= TEXT else None


def known_format(sample):
    """The format that a file declares; None if it declares none, like raw ones."""
    if sample.at(0, b"QFI\xfb"):
        return "qcow2"
    if sample.at(0, b"KDMV") or sample.at(0, b"# Disk DescriptorFile"):
        return "vmdk"
    if sample.at(0x40, b"\x7f\x10\xda\xbe"):
        return "vdi"
    if sample.at(0, b"vhdxfile"):
        return "vhdx"
    if sample.at(0, b"conectix") or sample.tail.startswith(b"conectix"):
        return "vhd"
    return None


def refuse_strangers(sample):
    for offset, magic, what in NO_DISKS:
        if sample.at(offset, magic):
            raise NoDisk("it is no disk image, but %s" % what)
    for offset, magic, what in OTHER_FORMATS:
        if sample.at(offset, magic):
            raise NoDisk("it is an image of the format %s; make a qcow2 of it (qemu-img convert -O qcow2)" % what)
    if sample.tail.startswith(b"koly"):
        raise NoDisk("it is an image of the format DMG; make a qcow2 of it (qemu-img convert -O qcow2)")
    text = what_text(sample.head)
    if text:
        raise NoDisk("it is no disk image, but %s" % text)


def judge_qcow2(sample):
    version = sample.number(4, 4)
    if version not in (2, 3):
        raise NoDisk("it is qcow2 of version %d; 2 and 3 are taken" % version)
    backing = sample.number(8, 8)
    if backing:
        name = sample.head[backing : backing + min(sample.number(16, 4), 1023)]
        raise NoDisk("it is based on another file (%s); give a whole image (qemu-img convert -O qcow2)" % shown(name))
    if sample.number(32, 4):
        raise NoDisk("it is encrypted")
    features = sample.number(72, 8) if version == 3 else 0
    if features & 0b100:
        raise NoDisk("its data is in another file; give a whole image (qemu-img convert -O qcow2)")
    if features & ~0b11111:
        raise NoDisk("it has features that are not known here (0x%x)" % features)
    return sample.number(24, 8)


def judge_vmdk(sample):
    whole = "give one that is a file by itself (qemu-img convert -O vmdk, or an export of the kind streamOptimized)"
    capacity = sample.number(12, 8, "little") if sample.at(0, b"KDMV") else 0
    if not capacity:
        # QEMU opens whatever its lines name.
        raise NoDisk("it is a description of a disk whose data is in other files; %s" % whole)
    begin, length = (sample.number(offset, 8, "little") * 512 for offset in (28, 36))
    if length == 0 or begin + length > len(sample.head):
        raise NoDisk("it has no description in its first %d bytes; %s" % (HEAD_BYTES, whole))
    if b"parentfilenamehint" in sample.head.lower():
        raise NoDisk("it is based on another file; %s" % whole)
    lines = sample.head[begin : begin + length].rstrip(b"\0").decode("latin-1").splitlines()
    kind = next(
        (line.partition("=")[2].strip().strip('"') for line in lines if line.strip().lower().startswith("createtype")),
        "",
    )
    if kind not in ("monolithicSparse", "streamOptimized"):
        raise NoDisk("its data is in other files (it is %s); %s" % (shown(kind.encode()) or "of no kind", whole))
    return capacity * 512


def judge_vdi(sample):
    if sample.number(0x4C, 4, "little") not in (1, 2):
        raise NoDisk("it is based on another file; give a whole image")
    return sample.number(0x170, 8, "little")


def judge_vhd(sample):
    footer = Sample(sample.size, sample.head if sample.at(0, b"conectix") else sample.tail, b"")
    if footer.number(60, 4) not in (2, 3):
        raise NoDisk("it is based on another file; give a whole image")
    return footer.number(48, 8)


JUDGES = {"qcow2": judge_qcow2, "vmdk": judge_vmdk, "vdi": judge_vdi, "vhd": judge_vhd, "vhdx": lambda _: None}


def judge(sample, asked=None):
    """The declared format of a file, and the size of its disk if known. It opens nothing that the file names.
    @raises NoDisk if it is not a disk, or needs other files
    """
    if sample.size == 0:
        raise NoDisk("it is empty")
    if asked == "raw":
        return "raw", sample.size
    known = known_format(sample)
    if known is None:
        refuse_strangers(sample)
        if asked is not None:
            raise NoDisk("it is no image of the format %s" % asked)
        return "raw", sample.size
    if asked is None and known != "qcow2":
        raise NoDisk("it is an image of the format %s" % known, known)
    if asked not in (None, known):
        raise NoDisk("it is an image of the format %s, not %s" % (known, asked))
    return known, JUDGES[known](sample)


@contextlib.contextmanager
def opened(path):
    """Opens a file on this node for reading: anything but a regular file or a block device could block, or be anything."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISBLK(mode):
            raise NoDisk("it is neither a file nor a block device")
        yield handle
    finally:
        os.close(handle)


def sample_of(handle):
    size = os.lseek(handle, 0, os.SEEK_END)
    return Sample(size, os.pread(handle, HEAD_BYTES, 0), os.pread(handle, TAIL_BYTES, max(0, size - TAIL_BYTES)))


def version_of(handle):
    """Changes whenever the file does."""
    found = os.fstat(handle)
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def external_parts(info, path):
    """The other files that QEMU itself says an image needs."""
    data = (info.get("format-specific") or {}).get("data") or {}
    extents = [each.get("filename") for each in data.get("extents") or []]
    found = [info.get("backing-filename"), info.get("full-backing-filename"), data.get("data-file")] + [
        each for each in extents if each != path
    ]
    return [each for each in found if each]
