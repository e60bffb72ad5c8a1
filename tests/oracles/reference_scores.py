"""Writes atari_reference_scores.csv: what random actions and a human reach in 57 Atari games.

Peer: google-deepmind/dqn_zoo at 45061f4, `dqn_zoo/atari_data.py`, the table that its
`get_human_normalized_score` divides by. It needs nothing but Python:

    git clone https://github.com/google-deepmind/dqn_zoo && git -C dqn_zoo checkout 45061f4
    python tests/oracles/reference_scores.py dqn_zoo

One line per game: its ROM's name, the score of random actions, the human's. Each line is checked
against `get_human_normalized_score`.
"""

import importlib.util
import pathlib
import sys


def main(checkout):
    path = pathlib.Path(checkout) / "dqn_zoo" / "atari_data.py"
    spec = importlib.util.spec_from_file_location("atari_data", path)
    atari_data = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(atari_data)

    lines = ["game,random,human"]
    for game in atari_data.ATARI_GAMES:
        random, human = atari_data._ATARI_DATA[game]
        assert atari_data.get_human_normalized_score(game, random) == 0
        assert atari_data.get_human_normalized_score(game, human) == 1
        lines.append(f"{game},{random},{human}")
    output = pathlib.Path(__file__).with_name("atari_reference_scores.csv")
    output.write_text("\n".join(lines) + "\n")


main(sys.argv[1])
