# SPDX-License-Identifier: Apache-2.0
"""The gdb half of coretool. coretool_gdb.py loads it; nothing here analyses or lays out anything.

    frames       the frames of docs/gdb-pipe.md on two file descriptors
    child        one running coretool: start, talk, kill
    inferior     what coretool asks about the process, answered by gdb
    parse        the texts of gdb that have no Python interface
    threads      gdb's thread numbers, the system's, and the user's selection
    signals      what signal stopped a process
    engine       one child for each process and stop; asks it, starts it again once
    catalogue    the commands that coretool has
    settings     set/show coretool
    commands     coretool COMMAND, info waits, info locks
    extras       coretool goto, coretool export
    texts        the help of all of them
    expressions  from what the user typed to an address
    completion   what TAB offers
    reports      JSON reports, and what the functions want out of them
    functions    $_coretool_owner() and its like
    printers     locks as values
    decorator    waits in backtraces
    autocheck    the check after an interrupt
    events       when what is known is worth nothing any more
"""


class _Loaded:
    """What load() made, for unload()."""

    settings = None
    engine = None
    events = None


def load(kept):
    """Registers everything with gdb. kept: what unload() of an older copy gave."""
    from . import (autocheck, catalogue, commands, decorator, engine, events, functions, printers,
                   settings, signals)

    _Loaded.settings = settings.Settings(kept)
    _Loaded.engine = engine.Engine(_Loaded.settings, signals.Signals())
    rows = catalogue.Catalogue(_Loaded.engine, _Loaded.settings)
    table = commands.Table(_Loaded.engine, _Loaded.settings, rows)
    functions.register(_Loaded.engine)
    printers.register(_Loaded.engine)
    decorator.register(_Loaded.engine)
    check = autocheck.AutoCheck(_Loaded.engine, _Loaded.settings)
    _Loaded.events = events.Events(_Loaded.engine, table, check)


def unload():
    """Undoes what the next load() does not replace by name. Gives the values of the settings."""
    if _Loaded.events:
        _Loaded.events.disconnect()
    if _Loaded.engine:
        _Loaded.engine.close()
    return _Loaded.settings.values() if _Loaded.settings else {}
