"""The emulator that the oracles of the Atari pipeline share."""

import ale_py
from ale_py import roms

from philox import Stream

SEED = 11


def make_ale(rom, sticky):
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
    ale = ale_py.ALEInterface()
    ale.setFloat("repeat_action_probability", 0.25 if sticky else 0.0)
    ale.setInt("random_seed", Stream(SEED, "emulator/0").below(2**31))
    ale.setInt("frame_skip", 1)
    ale.loadROM(roms.get_rom_path(rom))
    return ale
