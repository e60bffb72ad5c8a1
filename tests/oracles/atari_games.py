"""The emulator that the oracles of the Atari pipeline share, and the form of their files."""

import zlib

import ale_py
from ale_py import roms

from philox import Stream

SEED = 11
RECORD_BYTES = 10


def make_ale(rom, sticky):
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
    ale = ale_py.ALEInterface()
    ale.setFloat("repeat_action_probability", 0.25 if sticky else 0.0)
    ale.setInt("random_seed", Stream(SEED, "emulator/0").below(2**31))
    ale.setInt("frame_skip", 1)
    ale.loadROM(roms.get_rom_path(rom))
    return ale


def shortened(records):
    """The first 1,000 records as they are, and a little-endian CRC-32 for each ten that follow."""
    whole, ten = 1000 * RECORD_BYTES, 10 * RECORD_BYTES
    rest = [records[i:i + ten] for i in range(whole, len(records), ten)]
    return records[:whole] + b"".join(zlib.crc32(part).to_bytes(4, "little") for part in rest)
