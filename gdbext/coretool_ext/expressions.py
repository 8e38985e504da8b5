# SPDX-License-Identifier: Apache-2.0
"""From what the user typed to an address of the process."""
import gdb

U64 = (1 << 64) - 1
_NUMBERS = {gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_INT, gdb.TYPE_CODE_ENUM, gdb.TYPE_CODE_CHAR,
            gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_RANGE}
_REFERENCES = {gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF}


def address_of(value):
    """What a pointer or a number says; of any other value, where it lies."""
    if value.type.strip_typedefs().code in _REFERENCES:
        value = value.referenced_value()
    if value.type.strip_typedefs().code in _NUMBERS:
        return int(value) & U64
    if value.address is None:
        raise gdb.GdbError("The value is not in memory: it has no address.")
    return int(value.address) & U64


def address(text):
    """The address that an expression stands for. GdbError: it stands for none."""
    if not text:
        raise gdb.GdbError("Argument required (an expression: an address, or an object that has one).")
    try:
        return address_of(gdb.parse_and_eval(text))
    except (gdb.error, RuntimeError) as error:
        raise gdb.GdbError(str(error)) from None
