"""Draws the last screen of a recorded terminal session as an SVG.

  pip install pyte rich
  script -q -c "stty rows 24 cols 110; ./run.sh CartPole --base_dir /tmp/run" session
  python scripts/terminal_picture.py session 24 110 './run.sh CartPole' terminal.svg
"""

import io
import pathlib
import sys

import pyte
import rich.console
import rich.terminal_theme

session, rows, columns, title, output = sys.argv[1:]
screen = pyte.Screen(int(columns), int(rows))
text = pathlib.Path(session).read_bytes().decode('utf-8')
text = text.split('\n', 1)[1].rsplit('\nScript done', 1)[0]  # what `script` adds
pyte.Stream(screen).feed(text.replace('\r\n', '\n').replace('\n', '\r\n'))

console = rich.console.Console(record=True, width=int(columns), file=io.StringIO())
lines = [line.rstrip() for line in screen.display]
while lines and not lines[-1]:
  lines.pop()
for line in lines:
  console.print(line, markup=False, highlight=False)
pathlib.Path(output).write_text(
    console.export_svg(title=title, theme=rich.terminal_theme.MONOKAI,
                       unique_id='terminal'), encoding='utf-8')
