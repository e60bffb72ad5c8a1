"""Golden data for CartPole, Acrobot and MountainCar from Gymnasium 1.x: 10,000 steps each.

Actions are random; in MountainCar every other episode accelerates with the motion nine times in ten,
which reaches the goal. Writes cartpole_v1.bin, acrobot_v1.bin and mountain_car_v0.bin beside this
file. One record per event:
a byte for the action, a byte of flags (1 first, 2 terminated, 4 truncated, 8 sampled) and, where
sampled (first and last steps, and every tenth), the float64 state and the float32 observation.
Little-endian.

    python tests/oracles/cartpole_acrobot.py
"""

import pathlib

import gymnasium
import numpy as np

from philox import lcg

FIRST, TERMINATED, TRUNCATED, SAMPLED = 1, 2, 4, 8


def record(env_id, path, steps=10_000):
    env = gymnasium.make(env_id)
    random = lcg(1)
    out = bytearray()
    begins = True
    t = 0
    episodes = 0
    for step in range(steps):
        action = next(random) % env.action_space.n
        if env_id.startswith("MountainCar") and episodes % 2 and next(random) % 10:
            action = 2 if env.unwrapped.state[1] >= 0 else 0
        if begins:
            episodes += 1
            observation, _ = env.reset(seed=step)
            flags = FIRST
            t = 0
        else:
            observation, reward, terminated, truncated, _ = env.step(action)
            expected = {"CartPole": 1.0, "Acrobot": 0.0 if terminated else -1.0,
                        "MountainCar": -1.0}[env_id.split("-")[0]]
            assert reward == expected
            flags = TERMINATED * terminated + TRUNCATED * (truncated and not terminated)
            t += 1
        begins = bool(flags & (TERMINATED | TRUNCATED))
        if flags or t % 10 == 0:
            flags |= SAMPLED
        out += bytes([action, flags])
        if flags & SAMPLED:
            out += np.asarray(env.unwrapped.state, "<f8").tobytes()
            out += observation.astype("<f4").tobytes()
    path.write_bytes(out)
    print(f"{path.name}: {len(out)} bytes, gymnasium {gymnasium.__version__}, numpy {np.__version__}")


if __name__ == "__main__":
    here = pathlib.Path(__file__).parent
    record("CartPole-v1", here / "cartpole_v1.bin")
    record("Acrobot-v1", here / "acrobot_v1.bin")
    record("MountainCar-v0", here / "mountain_car_v0.bin")
