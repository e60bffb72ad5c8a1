"""Golden data for the preset "baselines" of the Atari pipeline, and for RAM, on real ROMs.

Stable-Baselines3's wrappers (its maintained copy of OpenAI baselines'), then what Dopamine's PPO and
CleanRL put over them: OpenCV's resize in colour, and its luma. Numbers of no-ops and sticky actions
come from our random streams. Needs stable-baselines3, ale-py and opencv:

    python tests/oracles/atari_baselines.py

Writes atari_baselines_<game>.bin, with the records of atari_pipeline.py, and atari_ram_pong.bin:
CRC-32 of the memory after each of 10,000 agent steps: four frames, or the beginning of a game.
"""

import pathlib
import struct
import types
import zlib

import ale_py
import cv2
import gymnasium
import numpy as np
import stable_baselines3
from stable_baselines3.common import atari_wrappers

from atari_games import RECORD_BYTES, SEED, make_ale, shortened
from philox import Stream, lcg

HERE = pathlib.Path(__file__).parent
FIRST, MID, LAST = 0, 1, 2
DISCOUNT_ONE, LOST_LIFE = 1, 2


class Game(gymnasium.Env):
    """Gymnasium's AtariEnv without its own frame skip, seeds and limits."""

    def __init__(self, ale):
        self.ale = ale
        self.actions = ale.getMinimalActionSet()
        self.action_space = gymnasium.spaces.Discrete(len(self.actions))
        height, width = ale.getScreenDims()
        self.observation_space = gymnasium.spaces.Box(0, 255, (height, width, 3), np.uint8)
        stream = Stream(SEED, "noops/0")
        self._np_random = types.SimpleNamespace(
            integers=lambda low, high: low + stream.below(high - low))

    def get_action_meanings(self):
        return [action.name for action in self.actions]

    def reset(self, **_):
        self.ale.reset_game()
        return self.ale.getScreenRGB(), {}

    def step(self, action):
        reward = self.ale.act(self.actions[action])
        return self.ale.getScreenRGB(), reward, self.ale.game_over(), False, {}


def baselines(rom, steps):
    env = Game(make_ale(rom, sticky=True))
    env = atari_wrappers.NoopResetEnv(env, noop_max=30)
    env = atari_wrappers.MaxAndSkipEnv(env, skip=4)
    env = lives = atari_wrappers.EpisodicLifeEnv(env)
    if "FIRE" in env.unwrapped.get_action_meanings():
        env = atari_wrappers.FireResetEnv(env)
    random = lcg(1)
    out = bytearray()
    begins, lost_life = True, False
    for _ in range(steps):
        action = next(random) % env.action_space.n
        if begins:
            observation, _ = env.reset()
            reward, step_type = 0, FIRST
            flags = DISCOUNT_ONE | (LOST_LIFE if lost_life else 0)
            begins = False
        else:
            observation, reward, terminated, _, _ = env.step(action)
            begins, lost_life = terminated, terminated and not lives.was_real_done
            step_type = LAST if terminated else MID
            flags = LOST_LIFE if lost_life else 0 if terminated else DISCOUNT_ONE
        small = cv2.resize(observation, (84, 84), interpolation=cv2.INTER_AREA)
        gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        out += struct.pack("<IfBB", zlib.crc32(gray.tobytes()), reward, step_type, flags)
    return out


def ram(rom, steps):
    ale = make_ale(rom, sticky=True)
    actions = ale.getMinimalActionSet()
    random = lcg(1)
    out = bytearray()
    begins = True
    for _ in range(steps):
        action = next(random) % len(actions)
        if begins:
            ale.reset_game()
        else:
            for _ in range(4):
                ale.act(actions[action])
                if ale.game_over():
                    break
        begins = ale.game_over()
        out += struct.pack("<I", zlib.crc32(ale.getRAM().tobytes()))
    return out


if __name__ == "__main__":
    print("stable-baselines3", stable_baselines3.__version__, "ale-py", ale_py.__version__,
          "opencv", cv2.__version__, "numpy", np.__version__)
    for rom in ["pong", "breakout", "space_invaders"]:
        out = baselines(rom, 10_000)
        (HERE / f"atari_baselines_{rom}.bin").write_bytes(shortened(out))
        types_seen = out[8::RECORD_BYTES]
        print(rom, len(types_seen), "steps,", types_seen.count(LAST), "LAST")
    (HERE / "atari_ram_pong.bin").write_bytes(ram("pong", 10_000))
