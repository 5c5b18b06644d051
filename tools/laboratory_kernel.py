"""Turn the laboratory's matrix product, a readable text, into WebAssembly in a script.

    python -m tools.laboratory_kernel

A page that is opened as a file may load scripts, but no other files: so the bytes stand in a
script.
"""

from __future__ import annotations

import base64

from .address import ROOT

FOLDER = ROOT / "book" / "_static" / "laboratory"
SOURCE, SCRIPT = FOLDER / "kernel.wat", FOLDER / "kernel.js"


def sections(module: bytes) -> list[tuple[int, bytes]]:
    """Split a WebAssembly module into its sections: the number of each, and its bytes."""
    found, at = [], 8  # after the magic number and the version
    while at < len(module):
        start, number, size, shift = at, module[at], 0, 0
        while True:  # the size, seven bits a byte, the lowest first
            at += 1
            size |= (module[at] & 0x7F) << shift
            shift += 7
            if module[at] < 0x80:
                break
        at += 1 + size
        found.append((number, module[start:at]))
    return found


def assemble(text: str) -> bytes:
    """Return the module that a WebAssembly text describes, without the names of its variables."""
    import wasmtime

    module = bytes(wasmtime.wat2wasm(text))
    return module[:8] + b"".join(part for number, part in sections(module) if number != 0)


def script(text: str) -> str:
    """Return the script that carries the module."""
    encoded = base64.b64encode(assemble(text)).decode("ascii")
    return (
        "// kernel.wat as WebAssembly, in base64; written by `python -m tools.laboratory_kernel`.\n"
        '"use strict";\n\n'
        f'laboratory.data.kernel = "{encoded}";\n'
    )


def main() -> None:
    """Write the script."""
    SCRIPT.write_text(script(SOURCE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{SCRIPT.name}: {SCRIPT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
