"""What the codes that guard memories do with flipped bits, as a mask over one codeword."""

from __future__ import annotations


class Secded:
    """SECDED: one bit is corrected, two are detected."""

    def corrects(self, mask: int) -> bool:
        """Whether the code undoes these flips by itself."""
        return mask.bit_count() < 2

    def mistakes(self, mask: int) -> bool:
        """Whether the code may take these flips for others, and correct good bits."""
        return mask.bit_count() >= 3

    def remark(self, word: int, mask: int) -> str:
        """Every bit of such a memory is like every other."""
        return ""


class FrameCode:
    """The check word of configuration frames: one bit or two neighbours are corrected.

    Bit 32·w + b of a mask is bit b of word w; bit 0 of a word and bit 31 of the next are
    neighbours. The code has distance 6, so that four flips may look like two.
    """

    def corrects(self, mask: int) -> bool:
        """Whether the code undoes these flips by itself."""
        if mask.bit_count() != 2:
            return mask.bit_count() < 2
        low = (mask & -mask).bit_length() - 1
        high = mask.bit_length() - 1
        if low // 32 == high // 32:
            return high == low + 1
        return low % 32 == 0 and high == low + 63

    def mistakes(self, mask: int) -> bool:
        """Whether the code may take these flips for others, and correct good bits."""
        return mask.bit_count() >= 4
