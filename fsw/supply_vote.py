"""Vote of the three redundant coolant supply sensors."""

from __future__ import annotations

SENSORS = ("coolant_supply_a", "coolant_supply_b", "coolant_supply_c")


class SupplyVote:
    """Mid-value vote of three redundant temperatures.

    A sensor further than `limit_k` from the mid-value for `persistence` samples is an outlier
    until it has agreed for as long. One that stands still to the last count while the mid-value
    has moved away by `stuck_k` is stuck, and treated as an outlier.
    """

    STUCK_SAMPLES = 100

    def __init__(self, limit_k: float, persistence: int = 10, stuck_k: float = 0.5) -> None:
        self.limit_k = limit_k
        self._persistence = persistence
        self._stuck_k = stuck_k
        self._strikes = [0, 0, 0]
        self._out = [False, False, False]
        self._still = [0, 0, 0]
        self._still_value = [0.0, 0.0, 0.0]
        self._still_mid = [0.0, 0.0, 0.0]
        self.value_k: float | None = None

    @property
    def outliers(self) -> tuple[str, ...]:
        """Names of the sensors voted out."""
        return tuple(name for name, out in zip(SENSORS, self._out, strict=True) if out)

    def update(self, values_k: tuple[float, float, float], valid: tuple[bool, bool, bool]) -> float:
        """Voted temperature; the last one is held when no sensor is left."""
        out = self._out
        if valid == (True, True, True) and out == [False, False, False]:
            mid = sorted(values_k)[1]
        else:
            use = [k for k in (0, 1, 2) if valid[k] and not out[k]]
            use = use or [k for k in (0, 1, 2) if valid[k]]
            mid = self._middle([values_k[k] for k in use])
        for k in (0, 1, 2):
            self._judge(k, values_k[k], mid, valid[k])
        self.value_k = mid
        return mid

    def _middle(self, values_k: list[float]) -> float:
        if not values_k:
            return self.value_k if self.value_k is not None else 0.0
        if len(values_k) == 2:
            first, second = values_k
            if abs(first - second) <= self.limit_k or self.value_k is None:
                return 0.5 * (first + second)
            near = abs(first - self.value_k) <= abs(second - self.value_k)
            return first if near else second
        return sorted(values_k)[len(values_k) // 2]

    def _judge(self, k: int, value_k: float, mid_k: float, valid: bool) -> None:
        if value_k != self._still_value[k]:
            self._still[k] = 0
            self._still_value[k] = value_k
            self._still_mid[k] = mid_k
            stuck = False
        else:
            self._still[k] += 1
            stuck = (
                self._still[k] > self.STUCK_SAMPLES
                and abs(mid_k - self._still_mid[k]) > self._stuck_k
            )
        bad = not valid or stuck or abs(value_k - mid_k) > self.limit_k
        if bad == self._out[k]:
            self._strikes[k] = 0
            return
        self._strikes[k] += 1
        if self._strikes[k] >= self._persistence:
            self._strikes[k] = 0
            self._out[k] = bad
