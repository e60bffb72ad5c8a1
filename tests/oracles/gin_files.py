"""Golden data for tests/config: what gin-config 0.5.0 makes of whole files, generated and damaged.

    pip install gin-config==0.5.0 && python tests/oracles/gin_files.py [count [seed [output]]]

writes gin_files.json beside it: a list of cases,

    ["parse", text, statements]    statements: null if gin refuses the text, else a list of
                                   ["bind", scope, name, parameter, value] (a macro has no
                                   parameter), ["import", module] and ["include", file]
    ["resolve", files, values]     files: {name: text}, where a.gin is read; values: null if gin
                                   refuses them, else {"scope/name": {parameter: value}} with null
                                   where calling fails, as a required parameter is missing

with values tagged as in gin_literals.py. Imports are in the first kind only. Left out are the texts
on which Accumbens differs on purpose; docs/gin.md has the list. "left out" is printed with the counts.
"""

import collections
import json
import os
import pathlib
import random
import re
import sys
import tempfile

import gin
from gin import config_parser

from gin_literals import MISREAD, Delegate, Different, damaged, literal, tagged

counts = collections.Counter()

# ---- statements


def different(reason):
    counts["left out: " + reason] += 1
    raise Different


def tagged_or_different(value):
    try:
        return tagged(value)
    except Different:
        different("literals")


def statements_of(text):
    if MISREAD.search(text):
        different("misread by gin")
    try:
        parsed = list(config_parser.ConfigParser(text, Delegate()))
    except IndentationError:
        different("indentation that Python refuses")
    except Exception:
        return None
    result = []
    for statement in parsed:
        if isinstance(statement, config_parser.BindingStatement):
            result.append(["bind", statement.scope, statement.selector, statement.arg_name,
                           tagged_or_different(statement.value)])
        elif isinstance(statement, config_parser.ImportStatement):
            result.append(["import", statement.module])
        elif isinstance(statement, config_parser.IncludeStatement):
            result.append(["include", statement.filename])
    return result


def layout(rng, statement):
    """Comments, spaces, continued and empty lines around a statement."""
    before = rng.choice(["", "", "", "\n", "# c\n", "\n\n# é = 'x\n", "   \n"])
    after = rng.choice(["", "", "", "  # c", " ", "\t", "#"])
    return before + statement + after + "\n"


def equals(rng):
    return rng.choice([" = ", "=", " =", "= ", "  =  ", " = \\\n  ", " \\\n = "])


def name(rng):
    scope = rng.choice(["", "", "", "a/", "a/b/", "import/"])
    module = rng.choice(["", "", "m.", "lib.m."])
    return scope + module + rng.choice(["A", "Bc", "_d", "include", "x1", "True"])


def statement(rng):
    kind = rng.randrange(12)
    if kind < 6:
        return name(rng) + "." + rng.choice(["x", "y_1", "from"]) + equals(rng) + literal(rng)
    if kind < 8:
        macro = rng.choice(["M", "a/M", "N_1", "a/b/C"])
        return macro + equals(rng) + literal(rng)
    if kind < 9:
        return rng.choice(["import a", "import a.b.c", "import a.b as c", "from a.b import c",
                           "from a import b as c", "import  a", "import a.b as", "from a import"])
    if kind < 10:
        return "include " + rng.choice(["'x.gin'", '"a/b.gin"', "'a' 'b'", "x", "5", "('x')"])
    indent = rng.choice([" ", "  ", "    ", "\t"])
    lines = [indent + rng.choice(["x", "y", "import"]) + equals(rng) + literal(rng)
             for _ in range(rng.randrange(1, 4))]
    gap = rng.choice(["\n", "\n", "\n\n", "  # c\n", "\n" + indent + "# c\n"])
    return name(rng) + ":" + gap + gap.join(lines)


def parse_case(rng):
    text = "".join(layout(rng, statement(rng)) for _ in range(rng.randrange(1, 5)))
    if rng.random() < 0.5:
        text = damaged(rng, text)
    if len(text) > 160:
        raise Different
    return ["parse", text, statements_of(text)]


# ---- configurations


def returns(marker):
    return ("reference", marker)


@gin.configurable("Agent", module="lib.agents")
def agent(gamma=0.5, period=4, flag=False, name="a", shape=(1, 2), network=None):
    return dict(gamma=gamma, period=period, flag=flag, name=name, shape=shape, network=network)


@gin.configurable("Env", module="lib.one")
def env_one(name="one", size=1):
    return dict(name=name, size=size)


@gin.configurable("Env", module="lib.two")
def env_two(name="two", size=2):
    return dict(name=name, size=size)


@gin.configurable("Small", module="lib.nets")
def small():
    return returns("Small")


@gin.configurable("Large", module="lib.nets")
def large():
    return returns("Large")


CONSTANTS = {"lib.SIZE": 7, "other.SIZE": 8, "lib.SHAPE": (3, 4), "lib.RATE": 0.25}
for constant, value in CONSTANTS.items():
    gin.constant(constant, value)
CONFIGURABLES = {"lib.agents.Agent": agent, "lib.one.Env": env_one, "lib.two.Env": env_two}
SCOPES = ["", "a", "a/b", "c"]
TYPES = {"gamma": "float", "period": "int", "flag": "bool", "name": "str", "shape": "shape",
         "network": "network", "size": "int"}


def fits(kind, value):
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "float":
        return number
    if kind == "int":
        return number and isinstance(value, int)
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "str":
        return isinstance(value, str)
    if kind == "shape":
        return isinstance(value, (list, tuple)) and all(fits("int", v) for v in value)
    return value is None or (isinstance(value, tuple) and len(value) == 3 and value[0] == "@")


def constant_named(wanted):
    return [full for full in [*CONSTANTS, "gin.REQUIRED"]
            if full == wanted or full.endswith("." + wanted)]


REQUIRED = object()


def expanded(value, macros, open_=()):
    """The value with macros and constants replaced."""
    if isinstance(value, tuple) and len(value) == 2 and value[0] == "%":
        constants = constant_named(value[1])
        if len(constants) == 1:
            return CONSTANTS.get(constants[0], REQUIRED)
        if constants:
            return REQUIRED  # ambiguous: gin refuses it while parsing
        if value[1] in open_:
            different("macros that are defined by themselves")
        if value[1] not in macros:
            different("macros that are not defined, which gin finds when it needs them")
        return expanded(macros[value[1]], macros, (*open_, value[1]))
    if isinstance(value, tuple) and len(value) == 3 and value[0] == "@":
        if not re.fullmatch(r"([^/]*/)*(lib\.)?(nets\.)?(Small|Large)", value[1]):
            # unknown, which gin refuses while parsing, or Agent and Env
            if re.fullmatch(r"([^/]*/)*((lib\.)?(agents|one|two)\.)?(Agent|Env)", value[1]):
                different("references to what has parameters")
        return value
    if isinstance(value, (list, tuple)):
        return type(value)(expanded(v, macros, open_) for v in value)
    if isinstance(value, dict):
        return {expanded(k, macros, open_): expanded(v, macros, open_) for k, v in value.items()}
    return value


def check_comparable(files):
    """Raises Different where Accumbens checks what gin does not."""
    for text in files.values():
        if MISREAD.search(text):
            different("misread by gin")
    bindings = []

    # in the order in which they are bound
    def read(file, depth=0):
        if file not in files or depth > 3:
            return  # gin refuses it
        try:
            parsed = list(config_parser.ConfigParser(files[file], Delegate()))
        except IndentationError:
            different("indentation that Python refuses")
        except Exception:
            return
        for item in parsed:
            if isinstance(item, config_parser.ImportStatement):
                different("imports")
            if isinstance(item, config_parser.IncludeStatement) and "/" in item.filename:
                different("folders of included files")
            if isinstance(item, config_parser.IncludeStatement):
                read(item.filename, depth + 1)
            if isinstance(item, config_parser.BindingStatement):
                bindings.append(item)

    read("a.gin")
    macros = {}
    for item in bindings:
        if not item.arg_name:
            macros["/".join(filter(None, [item.scope, item.selector]))] = item.value
            if constant_named(item.selector):
                different("macros that hide a constant")
        elif item.selector.split(".")[-1] in ("macro", "constant", "singleton"):
            different("gin's own configurables")
    for item in bindings:
        value = expanded(item.value, macros)
        tagged_or_different(item.value)
        kind = TYPES.get(item.arg_name)
        if item.arg_name and kind and value is not REQUIRED and not fits(kind, value):
            different("types")


def received(kind, value):
    if kind == "float":
        return ["float", float(value).hex()]
    if kind == "shape":
        return ["tuple", [["int", str(v)] for v in value]]
    if kind == "network":
        if callable(value):
            value = value()
        return ["none"] if value is None else ["str", value[1]]
    return tagged(value)


def resolved(files):
    check_comparable(files)
    gin.clear_config()
    with tempfile.TemporaryDirectory() as folder:
        home = os.getcwd()
        os.chdir(folder)
        try:
            for file, text in files.items():
                pathlib.Path(file).write_text(text)
            gin.parse_config_file("a.gin")
        except (Exception, RecursionError):
            return None
        finally:
            os.chdir(home)
    result = {}
    for scope in SCOPES:
        for full, function in CONFIGURABLES.items():
            key = (scope + "/" if scope else "") + full
            try:
                with gin.config_scope(scope or None):
                    values = function()
                result[key] = {p: received(TYPES[p], v) for p, v in values.items()}
            except Exception:
                result[key] = None
    # what stays at its default in every scope says nothing
    return {key: values for key, values in result.items()
            if key in CONFIGURABLES or values != result[key[key.rfind("/") + 1 :]]}


def typed_value(rng, kind):
    pick = {
        "float": ["0.5", "1", "-2.5e-3", "1_000", "%RATE", "%lib.RATE", "%G", "(\n 0.125\n)"],
        "int": ["3", "0x1F", "-7", "%lib.SIZE", "%other.SIZE", "%P", "%a/P", "%gin.REQUIRED"],
        "bool": ["True", "False"],
        "str": ["'x'", '"é"', "'a' 'b'", "'''t\n'''", "%S", "r'\\n'"],
        "shape": ["(84, 84)", "[4,\n 1]  # two", "()", "%lib.SHAPE", "%SHAPE", "(%P, 2)", "[5,]"],
        "network": ["None", "@Small", "@nets.Large", "@lib.nets.Small()", "@a/nets.Small",
                    "@c/Large()", "%W"],
    }
    wrong = ["%SIZE", "@Smal", "%Unknown", "None", "'x'", "1.5"]
    return rng.choice(wrong if rng.random() < 0.06 else pick[kind])


def known_statement(rng):
    kind = rng.randrange(20)
    scope = rng.choice(["", "", "", "a/", "a/b/", "c/", "b/"])
    if kind < 10:
        module = rng.choice(["", "", "agents.", "lib.agents.", "ib.agents." if rng.random() < 0.1 else ""])
        target, parameters = module + "Agent", ["gamma", "period", "flag", "name", "shape", "network"]
    elif kind < 14:
        target = rng.choice(["one.Env", "lib.two.Env", "two.Env", "lib.one.Env"])
        target = "Env" if rng.random() < 0.04 else target
        parameters = ["name", "size"]
    else:
        macro = rng.choice(["G", "P", "a/P", "S", "SHAPE2", "W"])
        kinds = {"G": "float", "P": "int", "a/P": "int", "S": "str", "SHAPE2": "shape",
                 "W": "network"}
        return macro + equals(rng) + typed_value(rng, kinds[macro])
    if rng.random() < 0.15:
        indent = rng.choice(["  ", "    "])
        lines = [indent + p + equals(rng) + typed_value(rng, TYPES[p])
                 for p in rng.sample(parameters, rng.randrange(1, len(parameters) + 1))]
        return scope + target + ":\n" + "\n".join(lines)
    parameter = rng.choice(parameters)
    value = typed_value(rng, TYPES[parameter])
    parameter = "gama" if rng.random() < 0.02 else parameter
    return scope + target + "." + parameter + equals(rng) + value


def known_text(rng, statements):
    return "".join(layout(rng, known_statement(rng)) for _ in range(statements))


def resolve_case(rng):
    macros = "G = 0.75\nP = 11\na/P = %P\nS = 's'\nW = @Small\n"
    text = (macros if rng.random() < 0.7 else "") + known_text(rng, rng.randrange(1, 7))
    files = {}
    if rng.random() < 0.3:
        target = rng.choice(["b.gin", "b.gin", "b.gin", "a.gin", "c.gin"])
        text = rng.choice([text + "include '%s'\n" % target, "include '%s'\n" % target + text])
        files["b.gin"] = known_text(rng, rng.randrange(0, 3))
        if rng.random() < 0.1:
            files["b.gin"] += "include 'a.gin'\n"
    if rng.random() < 0.3:
        text = damaged(rng, text)
    files["a.gin"] = text
    if sum(map(len, files.values())) > 320:
        raise Different
    return ["resolve", files, resolved(files)]


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    target = pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else __file__).with_suffix(".json")
    rng = random.Random(seed)
    lines = []
    while len(lines) < count:
        try:
            case = (parse_case if rng.random() < 0.5 else resolve_case)(rng)
        except Different:
            continue
        counts[case[0] + (" refused" if case[2] is None else " accepted")] += 1
        lines.append(json.dumps(case, ensure_ascii=False))
    target.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    for what, number in sorted(counts.items()):
        print(number, what)
