"""Shows a header to Doxygen, whose comments then need not be written twice.

A comment behind a member is its documentation, and an option is documented by the meaning that its
struct gives in fields(). The functions that every such struct or class has are documented here.
"""

import re
import sys

ALIKE = {
    r"void fields\(": "Lists the options: names, meanings with units, ranges (config/options.h).",
    r"void check\(\) const": "Throws ConfigError where options contradict one another.",
    r"void state\(StateTree&.*\)": "Saves or loads everything, with the same lines (StateTree).",
    r"bool operator==": "Whether all members are equal.",
    r"HeadSpec head\(int64_t num_actions\) const": "What the network is asked for.",
    r"explicit \w+Noise\(const \w+Options& options\)": "Made of its options.",
    r"\w+Agent\(const \w+Options& options, int64_t batch": "As DqnAgent, with its own options.",
    r"void sample_noise\(": "Draws the noise of the following forward passes.",
    r"void clear_noise\(": "Goes on without noise.",
    r"Value\(\w.* value\) : data": "Holds a copy.",
}


def escaped(comment):
    """A comment without what Doxygen takes for a command or a tag; `code` stays as it is."""
    parts = comment.split("`")
    parts[::2] = [re.sub(r"[@%<>](?=\w|\.| |$)", r"\\\g<0>", part) for part in parts[::2]]
    return "`".join(parts)


lines = open(sys.argv[1]).read().splitlines()
meanings = dict(
    re.findall(r'field\(\s*"\w+", (\w+),\s*((?:"(?:[^"\\]|\\.)*"\s*)+)', "\n".join(lines))
)
documented = False  # by the line above
for number, line in enumerate(lines):
    code, slashes, comment = re.match(r"(.*?)(///? |$)(.*)", line).groups()
    if slashes == "// " and re.search(r"[;,] +$", code):
        slashes = "///< "
    last_parameter = re.match(r"([^(]*\w)\); +$", code)  # whose comment is not the function's
    if last_parameter and slashes == "///< ":
        print(last_parameter[1], slashes, escaped(comment))
        code, slashes, comment = ");", "", ""
    line = code + slashes + (escaped(comment) if slashes.startswith("///") else comment)

    declaration = lines[number + 1] if code.lstrip().startswith("template <") else code
    for start, text in ALIKE.items():
        if re.match(r"\s+(virtual )?" + start, declaration) and not documented:
            line = f"/** {text} */ {line}"
    member = re.match(r"\s+[\w:<>]+ (\w+)(?: =.*|\{.*\})?;$", line)
    if member and member[1] in meanings:
        meaning = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', meanings[member[1]]))
        line += "  ///< " + escaped(meaning.replace('\\"', '"'))
    documented = slashes == "/// " or code.lstrip().startswith("template <")
    print(line)
