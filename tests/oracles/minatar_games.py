"""Golden data for the five MinAtar games from the package minatar 1.0.15.

The package's games get their random numbers from RandomStream (philox.py), so that equal games must
come out. Every other episode is played with foresight, by trying plans on copies of the game, which
know its random numbers too; so the late parts of the games are seen. Its last frames, and all other
episodes, are random.

Writes minatar_<game>.bin, 10,000 steps with sticky actions and ramping, and minatar_<game>_plain.bin,
2,000 without. A record per step: a byte of action + 8 (first) + 16 (terminated), a byte of reward,
and after every tenth step the CRC-32 of the ten observations, [channels, 10, 10] uint8 each.
Little-endian.

    pip install --no-deps minatar==1.0.15 numpy
    python tests/oracles/minatar_games.py
"""

import copy
import pathlib
import zlib

import minatar
import numpy as np

from philox import Stream, lcg

FIRST, TERMINATED = 8, 16

# what foresight is for, besides rewards and survival
WORTH = {
    "asterix": lambda game: 0,
    "breakout": lambda game: -0.1 * abs(game.pos - game.ball_x),
    "freeway": lambda game: -0.1 * game.pos,
    "seaquest": lambda game: 20 if game.diver_count < 0 else
        2 * game.diver_count - (game.sub_y if game.diver_count == 6 else 0),
    "space_invaders": lambda game: 0,
}


class Random:
    """What the games use of numpy's RandomState, from RandomStream."""

    def __init__(self, seed):
        self.stream = Stream(seed, "environment/0")

    def rand(self, size=None):
        if size is None:
            return self.stream.uniform()
        return np.array([self.stream.uniform() for _ in range(size)])

    def randint(self, low, high=None, size=None):
        if high is None:
            low, high = 0, low
        if size is None:
            return low + self.stream.below(high - low)
        return np.array([low + self.stream.below(high - low) for _ in range(size)])


def best_plan(env, plans):
    def value(plan):
        trial, total = copy.deepcopy(env), 0
        for action in plan:
            reward, terminated = trial.act(action)
            total += reward
            if terminated:
                return total - 100
        return total + WORTH[env.game_name()](trial.env)

    return max(plans, key=value)


def record(name, path, steps, **options):
    env = minatar.Environment(name, **options)
    env.random = env.env.random = Random(1)
    random = lcg(1)

    def random_plan():
        moves, plan = env.minimal_action_set(), []
        while len(plan) < 15:
            plan += [moves[next(random) % len(moves)]] * (1 + next(random) % 6)
        return plan[:15]

    out = bytearray()
    shown = b""
    begins, episodes, frame, total, level = True, 0, 0, 0, 0
    for step in range(steps):
        if begins:
            action, reward, terminated = 0, 0, False
            env.reset()
            plan, frame = random_plan(), 0
            episodes += 1
        else:
            foresight = episodes % 2 == 1 and frame < 1500
            plan = plan[1:] + [next(random) % 6]
            plan = best_plan(env, [plan] + [random_plan() for _ in range(10)]) if foresight else plan
            action = plan[0]
            reward, terminated = env.act(action)
            frame += 1
        out += bytes([action + FIRST * begins + TERMINATED * terminated, int(reward)])
        shown += np.transpose(env.state(), (2, 0, 1)).astype(np.uint8).tobytes()
        if step % 10 == 9:
            out += zlib.crc32(shown).to_bytes(4, "little")
            shown = b""
        begins = terminated
        total += int(reward)
        level = max(level, env.env.difficulty_ramp() or 0)
    path.write_bytes(out)
    print(f"{path.name}: {len(out)} bytes, {episodes} episodes, reward {total}, ramp {level}")


if __name__ == "__main__":
    here = pathlib.Path(__file__).parent
    for game in WORTH:
        record(game, here / f"minatar_{game}.bin", 10_000)
        record(game, here / f"minatar_{game}_plain.bin", 2_000, sticky_action_prob=0,
               difficulty_ramping=False)
