"""Golden data for tests/config: what gin-config 0.5.0 makes of generated and damaged texts.

    pip install gin-config==0.5.0 && python tests/oracles/gin_literals.py

writes gin_literals.json beside it: a list of [text, value], where value is null if gin refuses the
text and else the bound value, tagged by its type. Left out are the texts on which Accumbens differs
on purpose: bytes and complex numbers, integers outside 64 bits, floats outside a double, escapes that
name no Unicode character, and two mistakes of gin-config: it drops a minus before a reference or
constant, and it misreads an empty string that is joined with the next one.
"""

import json
import math
import pathlib
import random
import re
import sys
import warnings

from gin import config_parser

warnings.simplefilter("ignore")


class Delegate(config_parser.ParserDelegate):
    def configurable_reference(self, name, evaluate):
        return ("@", name, evaluate)

    def macro(self, name):
        return ("%", name)


class Different(Exception):
    """On purpose not what gin does."""


def tagged(value):
    if value is None:
        return ["none"]
    if isinstance(value, bool):
        return ["bool", value]
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise Different
        return ["int", str(value)]
    if isinstance(value, float):
        if math.isinf(value):
            raise Different
        return ["float", value.hex()]
    if isinstance(value, str):
        if any(0xD800 <= ord(c) < 0xE000 for c in value):
            raise Different
        return ["str", value]
    if isinstance(value, tuple) and len(value) == 3 and value[0] == "@":
        return ["reference", value[1], value[2]]
    if isinstance(value, tuple) and len(value) == 2 and value[0] == "%":
        return ["constant", value[1]]
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, [tagged(item) for item in value]]
    if isinstance(value, dict):
        return ["dict", [[tagged(key), tagged(item)] for key, item in value.items()]]
    raise Different


MISREAD = re.compile(r"""-(\s|\\\n|\#.*\n)*[@%]|(''|"")(\s|\\\n|\#.*\n)+[ruRU]?['"]""")


def parsed(text):
    if MISREAD.search(text):
        raise Different
    try:
        statements = list(config_parser.ConfigParser(text, Delegate()))
    except Exception:
        return None
    if len(statements) != 1 or not isinstance(statements[0], config_parser.BindingStatement):
        raise Different
    return tagged(statements[0].value)


def literal(rng, depth=0):
    kind = rng.randrange(8 if depth > 2 else 12)
    space = rng.choice(["", "", " ", "\n  " if depth else " ", "  # c\n" if depth else ""])
    if kind == 0:
        return rng.choice(["None", "True", "False", "0", "-0", "00", "0.", ".0", "1_0"])
    if kind in (1, 2):
        digits = lambda: "_".join(str(rng.randrange(1000)) for _ in range(rng.choice([1, 1, 2])))
        text = rng.choice(["", "-"]) + digits()
        if rng.random() < 0.5:
            text += "." + rng.choice(["", digits()])
        if rng.random() < 0.3:
            text += rng.choice("eE") + rng.choice(["", "+", "-"]) + str(rng.randrange(40))
        return text
    if kind == 3:
        return rng.choice(["0x%x", "0X%X", "0o%o", "-0x_%x"]) % rng.randrange(1 << 40)
    if kind in (4, 5):
        parts = []
        for _ in range(rng.choice([1, 1, 2])):
            quote = rng.choice(["'", '"', "'''", '"""'])
            body = "".join(
                rng.choice(["a", " ", "#", "é", "\\n", "\\x41", "\\u00e9", "\\101", "\\0", "\\'",
                            '\\"', "\\\\", "\\q", "\\\n", "😀"])
                for _ in range(rng.randrange(5))
            )
            parts.append(rng.choice(["", "", "", "r", "u"]) + quote + body + quote)
        return space.join(parts)
    if kind == 6:
        name = rng.choice(["f", "m.f", "s/f", "s/t/m.f", "a.b/f"])
        return "@" + name + rng.choice(["", "()"])
    if kind == 7:
        return "%" + rng.choice(["C", "lib.C", "s/C"])
    if kind in (8, 9, 10):
        open_, close = rng.choice(["[]", "()"])
        items = [literal(rng, depth + 1) for _ in range(rng.randrange(4))]
        tail = rng.choice(["", "", ","]) if items else ""
        return open_ + space + ("," + space).join(items) + tail + space + close
    items = [literal(rng, depth + 2) + ":" + literal(rng, depth + 1) for _ in range(rng.randrange(3))]
    return "{" + space + ("," + space).join(items) + space + "}"


def damaged(rng, text):
    for _ in range(rng.randrange(1, 3)):
        at = rng.randrange(len(text) + 1)
        junk = rng.choice(list("'\"[](){},:@%_.-+=#\\ 0919eExrT/\n") + ["None", "''"])
        text = rng.choice([text[:at] + text[at + 1 :], text[:at] + junk + text[at:],
                           text[:at] + junk + text[at + 1 :]])
    return text


def cases(count, seed):
    rng = random.Random(seed)
    seen = {}
    while len(seen) < count:
        text = "A.x = " + literal(rng)
        if rng.random() < 0.5:
            text = damaged(rng, text)
        if len(text) > 60 or text in seen:
            continue
        try:
            seen[text] = parsed(text)
        except Different:
            continue
    return [[text, value] for text, value in seen.items()]


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1500
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    target = pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else __file__).with_suffix(".json")
    lines = [json.dumps(case) for case in cases(count, seed)]
    target.write_text("[\n" + ",\n".join(lines) + "\n]\n")
