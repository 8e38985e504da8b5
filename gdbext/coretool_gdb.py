# SPDX-License-Identifier: Apache-2.0
"""coretool inside gdb: who waits for what, who holds it, and how that is known.

Put this into ~/.gdbinit, or type it at gdb's prompt:

    source .../coretool_gdb.py

It works as well under the name that gdb loads by itself (PROGRAM-gdb.py, by a symbolic link). To source
it again replaces what was there, with an edited copy too. It prints nothing, starts nothing and looks
at no program: that begins with the first prompt, which wants to know the commands. 'help coretool' tells how to go on.
"""


def _load_coretool(script):
    import importlib
    import importlib.util
    import os
    import sys

    name = "coretool_ext"
    folder = os.path.join(os.path.dirname(os.path.realpath(script)), name)
    old = sys.modules.get(name)
    kept = old.unload() if hasattr(old, "unload") else {}
    importlib.invalidate_caches()
    for module in [m for m in sys.modules if m == name or m.startswith(name + ".")]:
        del sys.modules[module]
    spec = importlib.util.spec_from_file_location(
        name, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder])
    package = importlib.util.module_from_spec(spec)
    sys.modules[name] = package
    writes = sys.dont_write_bytecode
    sys.dont_write_bytecode = True  # where the package lies is nothing of this gdb's user
    try:
        spec.loader.exec_module(package)
        package.load(kept)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    finally:
        sys.dont_write_bytecode = writes


_load_coretool(__file__)
del _load_coretool
