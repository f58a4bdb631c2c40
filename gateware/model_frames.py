"""Golden model of the controller's configuration frames: their code and the scanner.

A frame of 16 words is a polynomial of degree below 512 over GF(2), bit 31 of word 0 first. It is a
multiple of CRC-32C's polynomial (Castagnoli 1993, as in RFC 3720) while nothing is wrong, which its
last word, the check word, sees to. The syndrome, its remainder, names a wrong bit or two adjacent
ones. The scanner's fatal state takes an upset of the scanner itself, which the model has none of.
"""

from __future__ import annotations

from collections.abc import Sequence

FRAMES = 16
FRAME_WORDS = 16
WORDS = FRAMES * FRAME_WORDS
IDLE, OBSERVATION, INJECTION = range(3)  # diagnostics.config_state.state

_POLYNOMIAL = 0x1EDC6F41
_FRAME_BITS = 32 * FRAME_WORDS
_LAST = FRAMES - 1
_MASK16 = 0xFFFF
_MASK32 = 0xFFFF_FFFF
_ENABLE = 1 << 31
# Bits of diagnostics.config_error
_VALID, _UNCORRECTABLE, _ADJACENT, _ESSENTIAL = (1 << bit for bit in (31, 30, 29, 28))


def _remainders() -> tuple[int, ...]:
    """x^0 to x^511 modulo the polynomial: the syndromes of one wrong bit."""
    power, powers = 1, []
    for _ in range(_FRAME_BITS):
        powers.append(power)
        power = power << 1 & _MASK32 ^ (_POLYNOMIAL if power >> 31 else 0)
    return tuple(powers)


_POWERS = _remainders()


def _byte_table(degree: int) -> tuple[int, ...]:
    """Remainders of the 256 values of a byte whose bit 0 stands at a degree."""
    table = [0]
    for bit in range(8):
        table += [entry ^ _POWERS[degree + bit] for entry in table]
    return tuple(table)


_T0, _T1, _T2, _T3 = (_byte_table(degree) for degree in (32, 40, 48, 56))


def _place(degree: int) -> int:
    """32 times its word in the frame plus its place in the word, of the bit at a degree."""
    return 32 * (FRAME_WORDS - 1 - degree // 32) + degree % 32


# Places of the wrong bits by syndrome, the lower power of x first.
_CORRECTIONS: dict[int, tuple[int, ...]] = {
    _POWERS[degree]: (_place(degree),) for degree in range(_FRAME_BITS)
}
_CORRECTIONS |= {
    _POWERS[degree] ^ _POWERS[degree + 1]: (_place(degree), _place(degree + 1))
    for degree in range(_FRAME_BITS - 1)
}


def run_on(crc: int, word: int) -> int:
    """The CRC of words, initially 0, after one word more."""
    word ^= crc
    return _T0[word & 0xFF] ^ _T1[word >> 8 & 0xFF] ^ _T2[word >> 16 & 0xFF] ^ _T3[word >> 24]


def check_word(content: Sequence[int]) -> int:
    """Remainder of these words times x^32: what a frame's last word holds for the ones before."""
    crc = 0
    for word in content:
        crc = run_on(crc, word)
    return crc


class ConfigurationFrames:
    """16 frames with the mask of essential bits, the scanner's state, its counters and its pace."""

    def __init__(self, scan: int) -> None:
        self.words = [0] * WORDS
        self.essential = [0] * WORDS
        self.lost = 0  # bit i = frame i was uncorrectable when last scanned
        self.crc_error = False
        self.error = 0  # as register diagnostics.config_error
        self.corrected = 0
        self.uncorrectable = 0
        self.essential_corrected = 0
        self.crc_errors = 0
        self.passes = 0
        self.next_frame = 0
        self._injected = False  # frames were written through flip_config in idle
        self._crc = 0  # over the check words of this pass so far
        self._comparable = True  # no frame of this pass was lost, none was written
        self._syndromes = [0] * FRAMES
        self._stale = 0  # bit i = the syndrome kept of frame i is an old one
        self.configure(scan)

    def configure(self, scan: int) -> None:
        """Take a write to register control.config_scan: the period starts anew."""
        self._enabled = bool(scan & _ENABLE)
        self._period = max(scan & 0xFF, 1)
        self._ticks = 0
        if self._enabled:
            self._injected = False

    @property
    def state(self) -> int:
        """As diagnostics.config_state.state."""
        if self._enabled:
            return OBSERVATION
        return INJECTION if self._injected else IDLE

    @property
    def damaged(self) -> bool:
        """As fast.status.config_damaged."""
        return bool(self.lost) or self.crc_error

    def diagnostics(self) -> list[int]:
        """Registers diagnostics.config_state to config_progress."""
        return [
            self.state << 30 | self.crc_error << 29 | self.lost,
            self.error,
            self.corrected << 16 | self.uncorrectable,
            self.essential_corrected << 16 | self.crc_errors,
            self.passes << 16 | self.next_frame,
        ]

    def write(self, index: int, word: int) -> None:
        """Overwrite a word; the pass it falls into is not compared."""
        self.words[index] = word
        self._stale |= 1 << index // FRAME_WORDS
        self._comparable = False

    def flip(self, index: int, mask: int) -> None:
        """Invert bits of a word."""
        self.words[index] ^= mask
        self._stale |= 1 << index // FRAME_WORDS

    def inject(self, index: int, mask: int) -> None:
        """Invert bits of a word as a write to region flip_config does."""
        self.flip(index, mask)
        if not self._enabled:
            self._injected = True

    def pass_ticks(self, count: int) -> None:
        """Scan a frame whenever a period has passed. What else a tick does is no concern of it."""
        if not self._enabled:
            return
        self._ticks += count
        while self._ticks >= self._period:
            self._ticks -= self._period
            self._scan()

    def _scan(self) -> None:
        frame = self.next_frame
        syndrome = self._syndrome(frame)
        if syndrome and syndrome not in _CORRECTIONS:
            self._lose(frame)
        else:
            if syndrome:
                self._correct(frame, _CORRECTIONS[syndrome])
            self.lost &= ~(1 << frame)
            if frame < _LAST:
                self._crc = run_on(self._crc, self.words[FRAME_WORDS * frame + FRAME_WORDS - 1])
            elif self._comparable:
                self.crc_error = self._crc != self.words[WORDS - 2]
                self.crc_errors = self.crc_errors + self.crc_error & _MASK16
        if frame < _LAST:
            self.next_frame = frame + 1
        else:
            self.next_frame = self._crc = 0
            self._comparable = True
            self.passes = self.passes + 1 & _MASK16

    def _syndrome(self, frame: int) -> int:
        """Syndrome of a frame, worked out only when the frame has changed."""
        if self._stale >> frame & 1:
            *content, check = self.words[FRAME_WORDS * frame : FRAME_WORDS * (frame + 1)]
            self._syndromes[frame] = check_word(content) ^ check
            self._stale &= ~(1 << frame)
        return self._syndromes[frame]

    def _correct(self, frame: int, places: tuple[int, ...]) -> None:
        error = _VALID | frame << 16 | places[0]
        if len(places) == 2:
            error |= _ADJACENT
        for place in places:
            index, bit = FRAME_WORDS * frame + place // 32, 1 << place % 32
            self.words[index] ^= bit
            if self.essential[index] & bit:
                error |= _ESSENTIAL
        self._syndromes[frame] = 0
        self.error = error
        self.corrected = self.corrected + 1 & _MASK16
        if error & _ESSENTIAL:
            self.essential_corrected = self.essential_corrected + 1 & _MASK16

    def _lose(self, frame: int) -> None:
        self._comparable = False
        if not self.lost >> frame & 1:
            self.lost |= 1 << frame
            self.uncorrectable = self.uncorrectable + 1 & _MASK16
            self.error = _VALID | _UNCORRECTABLE | frame << 16
