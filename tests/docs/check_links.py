"""Checks the links of all tracked Markdown files; exits with 1 where one is wrong.

  python3 tests/docs/check_links.py          # says what is wrong
  python3 tests/docs/check_links.py --fix    # and moves links to lines that have moved

A relative link must lead to a file or folder; its #anchor, if any, to a heading of a Markdown page
or, as #L12, to a line of another file. Where the text of a link to a line is a code span, the line
must contain it:

  [`times_due(options_.update_period`](../../src/accumbens/agents/dqn.cpp#L55)

--fix writes the number of the nearest line that contains it. Links to other sites are not followed.
"""

import argparse
import bisect
import pathlib
import re
import subprocess
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]

FENCE = re.compile(r'^ {0,3}(`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}\1[`~]* *$|\Z)', re.M | re.S)
COMMENT = re.compile(r'<!--.*?-->', re.S)
CODE = re.compile(r'(?<!`)(`+)(?!`)((?:(?!\n[ \t]*\n).)+?)(?<!`)\1(?!`)', re.S)
LINK = re.compile(r'\[((?:[^\[\]]|!?\[[^\[\]]*\](?:\([^()]*\))?)*)\]'
                  r'\(\s*<?((?:[^\s()<>]|\([^\s()<>]*\))+)>?(?:\s+"[^"]*")?\s*\)')
DEFINITION = re.compile(r'^ {0,3}\[([^\[\]]+)\]:[ \t]+<?(\S+?)>?(?:[ \t]+"[^"\n]*")?[ \t]*$', re.M)
HEADING = re.compile(r'^ {0,3}#{1,6}[ \t]+(.+?)(?:[ \t]+#+)?[ \t]*$', re.M)


def blank(match):
  """As many characters, and lines, of nothing."""
  return re.sub(r'[^\n]', ' ', match.group())


def without_blocks(text):
  return COMMENT.sub(blank, FENCE.sub(blank, text))


def without_code(text):
  """The same length, in which nothing within a code span looks like a link."""
  return CODE.sub(lambda m: re.sub(r'[^\n`]', 'x', m.group()), without_blocks(text))


def tracked_pages():
  listed = subprocess.run(['git', '-C', str(ROOT), 'ls-files', '-z', '--', '*.md'],
                          capture_output=True, text=True, check=False)
  if listed.returncode == 0:
    pages = [ROOT / name for name in listed.stdout.split('\0') if name]
  else:  # a copy without its history
    pages = [page for page in ROOT.rglob('*.md')
             if not any(part.startswith('.') or part == 'build'
                        for part in page.relative_to(ROOT).parts)]
  return sorted(page for page in pages if page.is_file())


def anchors_of(page):
  """What GitHub calls the headings of a page."""
  anchors = set(re.findall(r'<a (?:id|name)="([^"]+)"', page))
  times = {}
  for heading in HEADING.findall(without_blocks(page)):
    text = LINK.sub(lambda m: m.group(1), heading).replace('`', '')
    slug = re.sub(r'[^\w\- ]', '', text.strip().lower()).replace(' ', '-')
    count = times.get(slug, 0)
    times[slug] = count + 1
    anchors.add(f'{slug}-{count}' if count else slug)
  return anchors


def code_of(label):
  """What a link's text says in code, or None where it is not one code span."""
  match = CODE.fullmatch(label.strip())
  if not match:
    return None
  code = re.sub(r'\s*\n\s*', ' ', match.group(2)).replace('\\|', '|')
  return code.strip() or None


class Checker:
  def __init__(self, fix):
    self.fix = fix
    self.files = {}
    self.errors = []
    self.fixed = []
    self.links = 0

  def text_of(self, path):
    if path not in self.files:
      self.files[path] = path.read_text(encoding='utf-8')
    return self.files[path]

  def check_page(self, page):
    text = self.text_of(page)
    starts = [0] + [m.end() for m in re.finditer('\n', text)]
    masked = without_code(text)
    found = {}  # links within the text of another one are found in it
    pending = [(0, len(text))]
    while pending:
      begin, end = pending.pop()
      for match in LINK.finditer(masked, begin, end):
        found[match.span(2)] = text[slice(*match.span(1))]
        pending.append(match.span(1))
    for match in DEFINITION.finditer(masked):
      found[match.span(2)] = text[slice(*match.span(1))]

    changes = []
    for span in sorted(found):
      place = f'{page.relative_to(ROOT)}:{bisect.bisect_right(starts, span[0])}'
      change = self.check_link(page, place, found[span], text[slice(*span)])
      if change:
        changes.append((span, change))
    if changes:
      for (begin, end), target in reversed(changes):
        text = text[:begin] + target + text[end:]
      page.write_text(text, encoding='utf-8')
      self.files[page] = text

  def check_link(self, page, place, label, target):
    """Notes what is wrong; returns another target where that mends it."""
    if re.match(r'[a-z][a-z0-9+.-]*:|//', target, re.I):
      return None
    self.links += 1
    name, _, anchor = target.partition('#')
    name, anchor = urllib.parse.unquote(name), urllib.parse.unquote(anchor)
    path = page
    if name:
      path = ROOT / name.lstrip('/') if name.startswith('/') else page.parent / name
    if not path.exists():
      self.errors.append(f'{place}: {name} does not exist')
      return None
    if not anchor:
      return None
    if not path.is_file():
      self.errors.append(f'{place}: {name} is a folder, which has no #{anchor}')
      return None

    line = re.fullmatch(r'L([0-9]+)', anchor)
    if not line:
      if path.suffix != '.md':
        self.errors.append(f'{place}: #{anchor} is no line of {name}; write #L12')
      elif anchor not in anchors_of(self.text_of(path)):
        self.errors.append(f'{place}: {name or "this page"} has no heading #{anchor}')
      return None
    number = int(line.group(1))
    lines = self.text_of(path).removesuffix('\n').split('\n')
    code = code_of(label)
    if code is None:
      if not 1 <= number <= len(lines):
        self.errors.append(f'{place}: {name} has no line {number}, only {len(lines)}')
      return None
    if 1 <= number <= len(lines) and code in lines[number - 1]:
      return None

    where = [n for n, one in enumerate(lines, start=1) if code in one]
    if not where:
      self.errors.append(f'{place}: no line of {name} contains `{code}`')
      return None
    nearest = min(where, key=lambda n: abs(n - number))
    if not self.fix:
      self.errors.append(f'{place}: line {number} of {name} does not contain `{code}`, line '
                         f'{nearest} does; --fix writes that')
      return None
    self.fixed.append(f'{place}: `{code}` is in line {nearest} of {name}, no longer {number}')
    return target[:target.index('#')] + f'#L{nearest}'


def main():
  parser = argparse.ArgumentParser(description=__doc__,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('--fix', action='store_true', help='move links to lines that have moved')
  checker = Checker(parser.parse_args().fix)

  pages = tracked_pages()
  for page in pages:
    checker.check_page(page)
  for message in checker.fixed:
    print(f'fixed: {message}')
  for message in checker.errors:
    print(message, file=sys.stderr)
  print(f'{checker.links} links in {len(pages)} pages, {len(checker.errors)} wrong')
  return 1 if checker.errors or not pages else 0


if __name__ == '__main__':
  sys.exit(main())
