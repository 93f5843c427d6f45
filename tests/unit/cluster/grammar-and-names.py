"""Checks whether the running Python supports everything that a program uses: its grammar, each name from Python's
own modules, and each keyword argument of their functions. Prints its findings, one per line."""

import ast
import importlib
import inspect
import json
import sys

# They come with Ceph and libvirt.
NOT_PYTHONS = {"rbd", "rados", "libvirt", "libvirt_qemu"}
OLDEST = (3, 9)
# Newer than the oldest version and not in a module: builtins, methods, and keywords of builtins.
YOUNGER_BUILTINS = {
    "aiter",
    "anext",
    "ExceptionGroup",
    "BaseExceptionGroup",
    "EncodingWarning",
    "PythonFinalizationError",
}
YOUNGER_METHODS = {"bit_count", "add_note", "walk_up", "is_junction", "hardlink_to"}
YOUNGER_KEYWORDS = {
    "zip": {"strict"},
    "map": {"strict"},
    "rmtree": {"onexc"},
    "TemporaryDirectory": {"ignore_cleanup_errors", "delete"},
    "NamedTemporaryFile": {"delete_on_close"},
    "Popen": {"process_group", "pipesize"},
    "run": {"process_group", "pipesize"},
    "check_output": {"process_group", "pipesize"},
    "glob": {"root_dir", "dir_fd", "include_hidden"},
    "iglob": {"root_dir", "dir_fd", "include_hidden"},
    "bisect": {"key"},
    "insort": {"key"},
    "create_connection": {"all_errors"},
    "relative_to": {"walk_up"},
    "dataclass": {"slots", "kw_only"},
}


def modules_of(tree):
    """What each name in the program refers to: a module, or a member of one."""
    known, wrong = {}, []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] not in NOT_PYTHONS:
                    module = importlib.import_module(alias.name)
                    known[alias.asname or alias.name.split(".")[0]] = (
                        module if alias.asname else importlib.import_module(alias.name.split(".")[0])
                    )
        elif isinstance(node, ast.ImportFrom) and node.module.split(".")[0] not in NOT_PYTHONS:
            module = importlib.import_module(node.module)
            for alias in node.names:
                if not hasattr(module, alias.name):
                    wrong.append("%d: %s has no %s" % (node.lineno, node.module, alias.name))
                else:
                    known[alias.asname or alias.name] = getattr(module, alias.name)
    return known, wrong


def meant(node, known):
    """The value of an expression such as `os.path.join`; "missing" if it does not exist, or None if only a run would
    tell."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute):
        base = meant(node.value, known)
        if base is None or base == "missing" or not (inspect.ismodule(base) or inspect.isclass(base)):
            return None
        return getattr(base, node.attr, "missing")
    return None


def in_scopes(node, known):
    """Every node with the meaning of names there: a function's own variables hide modules."""
    if isinstance(node, (ast.FunctionDef, ast.Lambda)):
        arguments = (
            node.args.args
            + node.args.kwonlyargs
            + node.args.posonlyargs
            + [each for each in (node.args.vararg, node.args.kwarg) if each]
        )
        own = {each.arg for each in arguments} | {
            each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
        }
        known = {name: meaning for name, meaning in known.items() if name not in own}
    yield node, known
    for child in ast.iter_child_nodes(node):
        yield from in_scopes(child, known)


def wrong_keywords(node, function):
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    if any(each.kind == each.VAR_KEYWORD for each in parameters):
        return []
    return [each.arg for each in node.keywords if each.arg and each.arg not in {known.name for known in parameters}]


def faults(text):
    tree = ast.parse(text, feature_version=OLDEST)
    compile(text, "program", "exec")
    modules, wrong = modules_of(tree)
    own = {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    for node, known in in_scopes(tree, modules):
        if isinstance(node, ast.Attribute):
            if meant(node, known) == "missing":
                wrong.append("%d: there is no %s" % (node.lineno, ast.unparse(node)))
            if node.attr in YOUNGER_METHODS:
                wrong.append("%d: .%s came after Python %d.%d" % ((node.lineno, node.attr) + OLDEST))
        if isinstance(node, ast.Name) and node.id in YOUNGER_BUILTINS:
            wrong.append("%d: %s came after Python %d.%d" % ((node.lineno, node.id) + OLDEST))
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if not (isinstance(node.func, ast.Name) and name in own):
                wrong += [
                    "%d: %s(%s=) came after Python %d.%d" % ((node.lineno, name, each.arg) + OLDEST)
                    for each in node.keywords
                    if each.arg in YOUNGER_KEYWORDS.get(name, ())
                ]
            function = meant(node.func, known)
            if function is not None and function != "missing" and not inspect.ismodule(function):
                wrong += [
                    "%d: %s takes no %s=" % (node.lineno, ast.unparse(node.func), each)
                    for each in wrong_keywords(node, function)
                ]
    return wrong


for label, text in json.load(sys.stdin).items():
    try:
        found = faults(text)
    except (SyntaxError, ImportError) as error:
        found = ["%s: %s" % (getattr(error, "lineno", "?"), error)]
    for line in found:
        print("%s:%s" % (label, line))
