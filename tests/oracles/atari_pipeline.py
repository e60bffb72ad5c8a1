"""Golden data for the Atari pipeline, from the code of the two peers themselves, on real ROMs.

Dopamine's class AtariPreprocessing and DQN Zoo's processors and environment wrappers run over
ale-py, with actions from a linear congruential generator and 10,000 agent steps per case. Only what
they import is replaced: Gym by a few lines over ALEInterface, chex by nothing, and the numbers of
no-ops come from RandomStream. Needs checkouts of both, dm-env, ale-py, opencv and Pillow before 13
(which resizes some tall images vertically first; DQN Zoo requires 10):

    python tests/oracles/atari_pipeline.py DOPAMINE_CHECKOUT DQN_ZOO_CHECKOUT

Writes atari_<case>.bin beside this file, one record per step, little-endian: CRC-32 of the
[84, 84] frame, float32 reward (unclipped), a byte for the step type (0 FIRST, 1 MID, 2 LAST) and a
byte of flags (1: discount is 1, 2: a life was lost but the game goes on); after 1,000 records only
the CRC-32 of each ten. Also atari_resize.json: CRC-32 of random images resized by OpenCV and Pillow.
"""

import json
import pathlib
import re
import struct
import sys
import types
import zlib

import ale_py
import cv2
import dm_env
import numpy as np
import PIL
from PIL import Image

from atari_games import RECORD_BYTES, SEED, make_ale, shortened
from philox import Stream, lcg

HERE = pathlib.Path(__file__).parent
STEPS = 10_000
FIRST, MID, LAST = 0, 1, 2
DISCOUNT_ONE, LOST_LIFE = 1, 2


def classes(path, names, scope):
    """Runs the named classes of a source file whose imports cannot run."""
    text = path.read_text()
    for name in names:
        match = re.search(rf"^class {name}\b.*?(?=^\S|\Z)", text, re.M | re.S)
        exec(compile(match.group(0), str(path), "exec"), scope)
    return [scope[name] for name in names]


def record(observation, reward, step_type, flags):
    frame = np.ascontiguousarray(observation, dtype=np.uint8).reshape(84, 84)
    return struct.pack("<IfBB", zlib.crc32(frame.tobytes()), reward, step_type, flags)


class GymOverAle:
    """What AtariPreprocessing uses of a Gymnasium environment."""

    def __init__(self, ale):
        self.ale = ale
        self.env = self
        self.actions = ale.getMinimalActionSet()
        self.observation_space = types.SimpleNamespace(shape=ale.getScreenDims())

    def reset(self):
        self.ale.reset_game()

    def step(self, action):
        reward = self.ale.act(self.actions[action])
        return None, reward, self.ale.game_over(), False, {}


def dopamine(checkout, rom, steps, sticky=True, life_loss=False):
    scope = {"np": np, "cv2": cv2}
    path = checkout / "dopamine/discrete_domains/atari_lib.py"
    (preprocessing,) = classes(path, ["AtariPreprocessing"], scope)
    ale = make_ale(rom, sticky)
    env = preprocessing(GymOverAle(ale), terminal_on_life_loss=life_loss)
    random = lcg(1)
    out = bytearray()
    begins = True
    resumes = False
    for _ in range(steps):
        action = next(random) % len(env.environment.actions)
        if begins:
            observation = env.reset()
            out += record(observation, 0, FIRST, DISCOUNT_ONE)
            begins = False
        elif resumes:  # Dopamine's runner: end_episode, then begin_episode with the same frame
            out += record(observation, 0, FIRST, DISCOUNT_ONE | LOST_LIFE)
            resumes = False
        else:
            observation, reward, terminal, _ = env.step(action)
            begins = env.game_over
            resumes = terminal and not begins
            flags = LOST_LIFE if resumes else 0 if terminal else DISCOUNT_ONE
            out += record(observation, reward, LAST if terminal else MID, flags)
    return out


class Gym:
    """What GymAtari uses of Gym's AtariEnv, without sticky actions."""

    def __init__(self, ale):
        self.ale = ale
        self.actions = ale.getMinimalActionSet()

    def reset(self):
        self.ale.reset_game()
        return self.ale.getScreenRGB()

    def step(self, action):
        reward = self.ale.act(self.actions[action])
        return self.ale.getScreenRGB(), float(reward), self.ale.game_over(), {}


def dqn_zoo(checkout, rom, steps, max_frames):
    sys.modules["chex"] = types.SimpleNamespace(assert_rank=lambda *_: None)
    sys.path.insert(0, str(checkout))
    from dqn_zoo import processors

    scope = {"np": np, "dm_env": dm_env, "specs": dm_env.specs}
    exec("from typing import *", scope)
    gym_atari, noops = classes(checkout / "dqn_zoo/gym_atari.py",
                               ["GymAtari", "RandomNoopsEnvironmentWrapper"], scope)
    inner = gym_atari.__new__(gym_atari)
    inner._gym_env = Gym(make_ale(rom, sticky=False))
    inner._start_of_episode = True
    env = noops(inner, max_noop_steps=30, min_noop_steps=1)
    stream = Stream(SEED, "noops/0")
    env._rng = types.SimpleNamespace(randint=lambda low, high: low + stream.below(high - low))
    processor = processors.atari(additional_discount=1.0, max_abs_reward=None,
                                 num_stacked_frames=1)

    random = lcg(1)
    out = bytearray()
    begins = True
    for _ in range(steps):
        action = next(random) % len(inner._gym_env.actions)
        if begins:
            processors.reset(processor)
            timestep = processor(env.reset())
            t = 0
        else:
            timestep = None
            while timestep is None:  # as in parts.run_loop
                t += 1
                raw = env.step(action)
                if t >= max_frames:
                    raw = raw._replace(step_type=dm_env.StepType.LAST)
                timestep = processor(raw)
        begins = timestep.last()
        discount = 1 if timestep.first() else timestep.discount
        out += record(timestep.observation, timestep.reward or 0, int(timestep.step_type),
                      DISCOUNT_ONE if discount else 0)
    return out


def resizes():
    """Images [height, width] filled by the generator's low bytes, and their resized CRCs."""
    cases = []
    for height, width, size in [(210, 160, 84), (250, 160, 84), (210, 160, 64), (210, 160, 160),
                                (213, 160, 107)]:
        for seed in range(4):
            random = lcg(seed)
            image = np.array([next(random) % 256 for _ in range(height * width)], np.uint8)
            if seed == 3:  # only black and white, so that sums saturate
                image = np.where(image > 127, 255, 0).astype(np.uint8)
            image = image.reshape(height, width)
            area = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
            bilinear = np.array(
                Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR))
            cases.append(dict(height=height, width=width, size=size, seed=seed,
                              area=zlib.crc32(area.tobytes()),
                              bilinear=zlib.crc32(bilinear.tobytes())))
    versions = f"opencv {cv2.__version__}, pillow {PIL.__version__}"
    (HERE / "atari_resize.json").write_text(
        json.dumps({"versions": versions, "cases": cases}, indent=0) + "\n")
    print(versions, "ale-py", ale_py.__version__, "numpy", np.__version__)


if __name__ == "__main__":
    dopamine_checkout, zoo_checkout = (pathlib.Path(path) for path in sys.argv[1:])
    resizes()
    for name, rom in [("pong", "pong"), ("breakout", "breakout"),
                      ("space_invaders", "space_invaders")]:
        cases = {
            f"dopamine_{name}": dopamine(dopamine_checkout, rom, STEPS),
            f"dqn_zoo_{name}": dqn_zoo(zoo_checkout, rom, STEPS, max_frames=800),
        }
        if rom != "pong":
            cases[f"life_loss_{name}"] = dopamine(dopamine_checkout, rom, STEPS, life_loss=True)
        for case, out in cases.items():
            (HERE / f"atari_{case}.bin").write_bytes(shortened(out))
            types_seen = out[8::RECORD_BYTES]
            print(case, len(types_seen), "steps,", types_seen.count(LAST), "LAST")
