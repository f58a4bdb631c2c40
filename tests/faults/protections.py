"""Every protection of the controller and of flight software, and cases that need it.

Of each at least one case fails on a satellite without the protection: `mutants/kills.py` names it
for a mutant, and `make mutants` flies it. test_built_in_suites.py holds all of that together.
"""

from __future__ import annotations

# Protection → suite and case.
PROTECTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    # -- the controller
    "SECDED corrects a bit and writes it back": (
        ("upsets", "memory: one bit"),
        ("upsets", "memory: a check bit"),
    ),
    "the scrubber reaches every word": (("upsets", "memory: one bit of the last word"),),
    "the scrubber separates two upsets of a word": (
        ("upsets", "memory: two bits, one after the other"),
    ),
    "a lost word is counted and named": (("upsets", "memory: two bits are rewritten"),),
    "the frame scanner corrects a bit": (("upsets", "frames: one bit"),),
    "the frame scanner corrects two neighbours": (("upsets", "frames: two neighbours"),),
    "the frame scanner names a lost frame": (("upsets", "frames: two bits apart are rewritten"),),
    "an illegal state of the scanner stores nothing": (("flops", "the scanner's state machine"),),
    "state machines come back": (("flops", "the state machine of the RMAP target"),),
    "a vote of three copies": (
        ("upsets", "triplication: a switch in copy A"),
        ("upsets", "triplication: a trip comes on in one copy"),
        ("upsets", "triplication: the safe state comes on in one copy"),
        ("upsets", "triplication: the reset line of a tray comes on in one copy"),
    ),
    "copies are repaired": (
        ("upsets", "triplication: the same switch in two copies, a second apart"),
    ),
    "command lines are low while none is timed": (
        (
            "flops",
            "reset lines of all trays lose their vote: they are low again before a tray sees them",
        ),
    ),
    "no test facility acts by one upset": (
        ("flops", "ticks of a hang that nobody asked for: the link stays up"),
        ("flops", "half of what cuts off the sensors: samples come on"),
    ),
    "over-current trip": (
        ("trays", "latch-up: its switch opens, the others stay closed"),
        ("trays", "latch-up of the last tray"),
    ),
    "over-temperature trip": (
        ("sensors", "GPU of a tray reads hot: the controller trips it, the others go on"),
        ("sensors", "HBM of a tray reads hot: the controller trips it, the others go on"),
    ),
    "over-temperature debounce": (("sensors", "one hot sample of a GPU trips nothing"),),
    "watchdog": (
        ("computing", "flight software is off for longer than the watchdog"),
        ("link", "silence longer than the watchdog: the controller makes the rack safe"),
    ),
    "the safe state is latched": (
        ("computing", "the safe state stays until flight software decides to leave it"),
    ),
    "the safe state's drives": (
        ("computing", "flight software is off for longer than the watchdog"),
    ),
    "survival thermostat": (
        ("sensors", "supply A reads cold: the controller's thermostat heats, nothing else changes"),
    ),
    "CRC-16 of every frame": (("link", "frames are cut short and closed"),),
    # -- flight software: link
    "retries": (("link", "one frame in fifty is lost"),),
    "a reply is known by its transaction": (
        ("link", "every reply comes after its timeout: as good as silence"),
        ("link", "every reply comes twice"),
    ),
    "a bad link makes old data, not late cycles": (("link", "every other reply is lost"),),
    "the kick goes before telemetry that does not come": (("link", "many bit errors"),),
    "stale telemetry is not acted on": (
        ("link", "a rack that boots waits while nobody sees it"),
        ("link", "old telemetry is not acted on"),
    ),
    "a port that fails is used again": (("link", "unplugged and plugged in again"),),
    # -- flight software: computing
    "apps are isolated": (("computing", "an app fails once"),),
    "apps are restarted": (("computing", "an app fails until it is restarted"),),
    "no kick while an app is dead": (
        ("computing", "an app fails for good: the watchdog makes the rack safe"),
    ),
    "what was decided outlives a restart": (
        ("computing", "a reboot after a pump has seized: the other one stays in use"),
    ),
    "the rack is taken over after a restart": (
        ("computing", "flight software reboots between a command and its reply"),
        ("computing", "two reboots"),
    ),
    "the watchdog waits for a restart": (
        (
            "computing",
            "flight software reboots, as long as a start takes: the watchdog waits for it",
        ),
    ),
    "recovery from the safe state": (
        ("computing", "flight software is off for longer than the watchdog"),
    ),
    "a clock that jumps": (
        ("computing", "the clock jumps ahead"),
        ("computing", "the clock jumps back"),
        (
            "computing",
            "the clock jumps far back while a hung tray is timed: it is reset in time",
        ),
    ),
    # -- flight software: memories
    "the store corrects and scrubs": (("upsets", "store: one bit of a word that nobody uses"),),
    "the store has two copies": (("upsets", "store: two bits in one copy of a record"),),
    "the store has a CRC": (("upsets", "store: three bits that the code takes for one"),),
    "defaults where a record is lost": (("upsets", "store: both copies of a record"),),
    "lost words are rewritten": (
        ("upsets", "memory: two bits are rewritten"),
        ("upsets", "memory: two words of two bits at once"),
    ),
    "golden copies are compared": (("upsets", "memory: three bits that the code takes for one"),),
    "lost frames are rewritten": (("upsets", "frames: two bits apart are rewritten"),),
    "a fatal scanner is restarted": (("flops", "the scanner's state machine"),),
    "registers are read back": (
        ("flops", "a limit loses its vote: it is read back and written again"),
    ),
    "a controller that lost its configuration is configured again": (
        (
            "flops",
            "the watchdog's setting loses its vote: the controller is configured again",
        ),
    ),
    "scrubbing follows the flux": (("plant", "a solar particle event: scrubbing is faster"),),
    # -- flight software: trays
    "trays come on one after the other": (
        ("link", "a rack that boots waits while nobody sees it"),
    ),
    "tripped trays are re-armed": (
        ("trays", "latch-up: its switch opens, the others stay closed"),
    ),
    "trays that trip again are given up": (("trays", "latch-up that comes back is given up"),),
    "small latch-ups are power cycled": (
        ("trays", "latch-up below the trip: it is told and power cycled"),
        ("trays", "the smallest latch-up that can be told"),
        ("trays", "latch-up of a throttled tray: its clock says that it draws too much"),
        (
            "trays",
            "latch-up of 60 A while weights are loaded: no trip, a power cycle",
        ),
    ),
    "two sensors tell a latch-up": (
        ("trays", "current of a tray reads 25 A too much: its power denies it"),
    ),
    "a load that falls is no latch-up": (
        ("trays", "weights are reloaded under load: power that falls is no latch-up"),
    ),
    "hung trays are reset": (("trays", "a tray hangs and is reset"),),
    "hung trays are power cycled": (("trays", "a tray hangs and its reset line is dead"),),
    "weights are checked": (("trays", "wrong weights are found by their digest and reloaded"),),
    "weights are reloaded": (("trays", "uncorrectable HBM error: weights are reloaded"),),
    # -- flight software: sensors
    "vote of the supply sensors": (
        ("sensors", "supply A reads too much"),
        ("sensors", "supply C drifts away"),
    ),
    "stuck sensors are voted out": (("sensors", "supply B stands still while the coolant warms"),),
    "the flow sensor against pumps and heat": (
        ("sensors", "flow reads nothing: pumps and heat deny it"),
        ("sensors", "flow reads too much: pumps and heat deny it"),
        ("sensors", "flow reads nothing from the start"),
    ),
    "the heat denies a flow that does not flow": (
        ("sensors", "flow reads nothing, then the coolant leaks away: the heat tells"),
        ("plant", "coolant leaks away: the trays go off in time"),
    ),
    "a loop that was not built as designed is not taken for broken": (
        ("tolerances", "warmer than modelled: a flow sensor that reads nothing is denied"),
        (
            "tolerances",
            "warmer than modelled: a flow sensor that reads nothing from the start is denied",
        ),
        ("tolerances", "warmer than modelled: coolant leaks away, the trays go off in time"),
        (
            "tolerances",
            "cooler than modelled: a flow sensor that reads nothing is denied, "
            "then a leak is believed",
        ),
    ),
    "trays that come back are not taken for too hot": (
        (
            "heat",
            "chips cooler than modelled, and a tray comes back from a trip: it is not suspect",
        ),
    ),
    "the battery's current against the balance of the bus": (
        (
            "sensors",
            "battery current reads a discharge that is none: array, loads and voltage deny it",
        ),
        ("sensors", "battery current reads 20 A too much"),
        ("sensors", "battery current stands still, and it gets dark"),
    ),
    "the battery's voltage decides between current sensors": (
        ("sensors", "array current reads 30 A too much: battery, voltage and trays deny it"),
    ),
    "the array's current against battery and trays": (
        ("sensors", "array current reads 30 A too much: battery, voltage and trays deny it"),
        ("sensors", "array current stands still, and it gets dark: the darkness is seen"),
    ),
    "the trays decide between currents of array and loads": (
        (
            "sensors",
            "current of the loads reads 30 A too little: battery, voltage and trays deny it",
        ),
    ),
    "a disagreement of currents that nobody decides is told": (
        ("sensors", "currents of battery and array lie: told, and neither is condemned"),
    ),
    "trays off at a critical charge": (
        (
            "sensors",
            "currents of battery and loads tell the same lie: the charge is taken for low, "
            "then critical",
        ),
    ),
    "trays hotter than explained are throttled alone": (
        ("heat", "GPU of a tray stands at 85 degC: it alone is throttled"),
        (
            "sensors",
            "GPU of a tray reads just above slowdown: it alone is throttled, then switched off",
        ),
    ),
    "ranges": (("sensors", "return line is open"),),
    "spikes": (("sensors", "return temperature has spikes"),),
    "persistence": (
        ("sensors", "return line is open for three seconds: no reason to tell"),
        ("sensors", "bus voltage reads below its limit for a second: no reason to act"),
    ),
    "responses that do not help are escalated": (
        (
            "sensors",
            "GPUs of all trays read just above slowdown: the rack is cut, then trays are shed",
        ),
    ),
    "trays are shed for want of voltage": (
        ("sensors", "bus voltage reads below its limit for good: trays are shed"),
    ),
    "degraded when too little is known": (("sensors", "two supply sensors lie"),),
    # -- flight software: heat and power
    "governors of trays": (
        ("heat", "GPU of a tray is hot: the tray is throttled"),
        ("heat", "HBM of a tray is hot: the tray is throttled"),
    ),
    "emergency cut": (
        ("heat", "both pumps seize at full load: the cut comes first, then the trays go off"),
    ),
    "change of pumps": (
        ("actuators", "pump A seizes: pump B takes over"),
        ("heat", "pump A seizes at full load"),
    ),
    "a pump that spins up is not taken for failed": (
        (
            "actuators",
            "pump A has seized, pump B stands still for a moment: it spins up again",
        ),
    ),
    "trays off without flow": (("actuators", "both pumps seize: the trays go off in time"),),
    "bypass law": (("heat", "bypass valve driven too far open"),),
    "freeze override": (
        ("sensors", "all supply sensors read cold: everything is done against freezing"),
    ),
    "load follows the array": (("plant", "half of the wings is lost: the load follows"),),
    "cuts for want of power are told": (
        ("plant", "half of the wings is lost: the load follows"),
        ("plant", "a shadow that nobody forecast"),
    ),
    "darkness that nobody forecast": (("plant", "a shadow that nobody forecast"),),
    "trays are shed at the floor": (
        ("plant", "dark with the battery at its floor: trays are shed"),
    ),
}

# Monitors of fsw/monitors.py that no fault of the fault space reaches, and why.
OUT_OF_REACH = {
    "UPTIME_FROZEN": "ticks come from outside the controller, and nothing stops them",
}
