"""Which cases of the suites have to notice which mutant: each of those named."""

from __future__ import annotations

# Mutant → suite and cases.
KILLED_BY: dict[str, tuple[str, tuple[str, ...]]] = {
    # -- gateware
    "voter ORs": ("upsets", ("triplication: a trip comes on in one copy",)),
    "voter takes copy A": ("upsets", ("triplication: a switch in copy A",)),
    "copies not repaired": (
        "upsets",
        ("triplication: the same switch in two copies, a second apart",),
    ),
    "SECDED corrects nothing": ("upsets", ("memory: one bit",)),
    "a check bit not corrected": ("upsets", ("memory: a check bit",)),
    "SECDED without write-back": ("upsets", ("memory: one bit",)),
    "double errors counted as corrected": ("upsets", ("memory: two bits are rewritten",)),
    "lost word misnamed": ("upsets", ("memory: two bits are rewritten",)),
    "scrubber skips the last word": ("upsets", ("memory: one bit of the last word",)),
    "scrubber never runs": (
        "upsets",
        ("memory: one bit", "memory: two bits, one after the other"),
    ),
    "over-current never trips": ("trays", ("latch-up: its switch opens, the others stay closed",)),
    "over-current not latched": ("trays", ("latch-up: its switch opens, the others stay closed",)),
    "over-current trips the neighbour": (
        "trays",
        ("latch-up: its switch opens, the others stay closed",),
    ),
    "last tray not guarded": ("trays", ("latch-up of the last tray",)),
    "over-temperature not debounced": ("sensors", ("one hot sample of a GPU trips nothing",)),
    "over-temperature never trips": (
        "sensors",
        ("GPU of a tray reads hot: the controller trips it, the others go on",),
    ),
    "over-temperature not latched": (
        "sensors",
        ("GPU of a tray reads hot: the controller trips it, the others go on",),
    ),
    "HBM not guarded": (
        "sensors",
        ("HBM of a tray reads hot: the controller trips it, the others go on",),
    ),
    "watchdog never expires": (
        "computing",
        ("flight software is off for longer than the watchdog",),
    ),
    "any write kicks": (
        "computing",
        ("an app fails for good: the watchdog makes the rack safe",),
    ),
    "a kick leaves the safe state": (
        "computing",
        ("the safe state stays until flight software decides to leave it",),
    ),
    "safe state leaves a switch closed": (
        "computing",
        ("flight software is off for longer than the watchdog",),
    ),
    "safe state without pump": (
        "computing",
        ("flight software is off for longer than the watchdog",),
    ),
    "safe state closes the bypass valve": (
        "computing",
        ("flight software is off for longer than the watchdog",),
    ),
    "thermostat dead": (
        "sensors",
        ("supply A reads cold: the controller's thermostat heats, nothing else changes",),
    ),
    "command lines stick": ("trays", ("a tray hangs twice and is reset twice",)),
    "command lines fall with their last tick only": (
        "flops",
        ("reset lines of all trays lose their vote: they are low again before a tray sees them",),
    ),
    "command lines dead": ("trays", ("a tray hangs and is reset",)),
    "hang without being asked for": (
        "flops",
        ("ticks of a hang that nobody asked for: the link stays up",),
    ),
    "one flop cuts off the sensors": (
        "flops",
        ("half of what cuts off the sensors: samples come on",),
    ),
    "frame scanner never scans": ("upsets", ("frames: one bit",)),
    "frame scanner skips frame 5": ("upsets", ("frames: one bit",)),
    "frame scanner flips the neighbour": ("upsets", ("frames: one bit",)),
    "frame pairs not corrected": ("upsets", ("frames: two neighbours",)),
    "lost frames not named": ("upsets", ("frames: two bits apart are rewritten",)),
    "scanner goes on from an illegal state": ("flops", ("the scanner's state machine",)),
    "RMAP target stays in an illegal state": (
        "flops",
        ("the state machine of the RMAP target",),
    ),
    "CRC-16 not checked": ("link", ("many bit errors", "frames are cut short and closed")),
    # -- flight software
    "no anti-windup": ("heat", ("GPU of a tray is hot: the tray is throttled",)),
    "HBM ignored": ("heat", ("HBM of a tray is hot: the tray is throttled",)),
    "no emergency cut": (
        "heat",
        ("both pumps seize at full load: the cut comes first, then the trays go off",),
    ),
    "bypass valve reversed": ("heat", ("bypass valve driven too far open",)),
    "pump failure not noticed": ("actuators", ("pump A seizes: pump B takes over",)),
    "a pump that spins up is a failed one": (
        "actuators",
        ("pump A has seized, pump B stands still for a moment: it spins up again",),
    ),
    "supply vote takes sensor A": ("sensors", ("supply A reads too much",)),
    "stuck sensors believed": ("sensors", ("supply B stands still while the coolant warms",)),
    "spikes believed": ("sensors", ("return temperature has spikes",)),
    "flow sensor always believed": ("sensors", ("flow reads nothing: pumps and heat deny it",)),
    "heat not asked about the flow": ("plant", ("coolant leaks away: the trays go off in time",)),
    "the loop taken for as designed": (
        "tolerances",
        ("warmer than modelled: a flow sensor that reads nothing is denied",),
    ),
    "cold trays judged as warm ones": (
        "heat",
        ("chips cooler than modelled, and a tray comes back from a trip: it is not suspect",),
    ),
    "battery current always believed": (
        "sensors",
        ("battery current reads a discharge that is none: array, loads and voltage deny it",),
    ),
    "voltage not asked about the current": (
        "sensors",
        ("array current reads 30 A too much: battery, voltage and trays deny it",),
    ),
    "array current always believed": (
        "sensors",
        (
            "array current reads 30 A too much: battery, voltage and trays deny it",
            "array current stands still, and it gets dark: the darkness is seen",
        ),
    ),
    "trays not asked about the current": (
        "sensors",
        ("current of the loads reads 30 A too little: battery, voltage and trays deny it",),
    ),
    "one hot tray throttles all": (
        "heat",
        ("GPU of a tray stands at 85 degC: it alone is throttled",),
    ),
    "watchdog shorter than a start": (
        "computing",
        ("flight software reboots, as long as a start takes: the watchdog waits for it",),
    ),
    "cuts for want of power not told": (
        "plant",
        ("half of the wings is lost: the load follows",),
    ),
    "ranges not checked": ("sensors", ("return line is open",)),
    "eclipse ignored": ("plant", ("a shadow that nobody forecast",)),
    "low battery ignored": ("plant", ("dark with the battery at its floor: trays are shed",)),
    "persistence ignored": (
        "sensors",
        ("return line is open for three seconds: no reason to tell",),
    ),
    "monitors blind": ("sensors", ("flow reads nothing: pumps and heat deny it",)),
    "safe state never left": (
        "computing",
        ("flight software is off for longer than the watchdog",),
    ),
    "app exception not isolated": ("computing", ("an app fails once",)),
    "apps not restarted": ("computing", ("an app fails until it is restarted",)),
    "watchdog kicked though an app hangs": (
        "computing",
        ("an app fails for good: the watchdog makes the rack safe",),
    ),
    "tripped trays re-armed at once, without end": (
        "trays",
        ("latch-up that comes back is given up",),
    ),
    "hung trays not reset": ("trays", ("a tray hangs and is reset",)),
    "weights never reloaded": ("trays", ("uncorrectable HBM error: weights are reloaded",)),
    "weights never checked": (
        "trays",
        ("wrong weights are found by their digest and reloaded",),
    ),
    "no faster scrub in radiation": (
        "plant",
        ("a solar particle event: scrubbing is faster",),
    ),
    "lost words not rewritten": ("upsets", ("memory: two bits are rewritten",)),
    "lost frames not rewritten": ("upsets", ("frames: two bits apart are rewritten",)),
    "golden copies not compared": (
        "upsets",
        ("memory: three bits that the code takes for one",),
    ),
    "registers not read back": (
        "flops",
        ("a limit loses its vote: it is read back and written again",),
    ),
    "protected store not scrubbed": ("upsets", ("store: one bit of a word that nobody uses",)),
    "CRC of the store not checked": ("upsets", ("store: three bits that the code takes for one",)),
    "no retries": ("link", ("one frame in fifty is lost",)),
    "stale replies accepted": (
        "link",
        ("every reply comes after its timeout: as good as silence",),
    ),
    "stale telemetry accepted": ("link", ("a rack that boots waits while nobody sees it",)),
    "silence ends no slot": ("link", ("every other reply is lost", "many bit errors")),
    "nothing taken over at a start": (
        "computing",
        ("flight software reboots between a command and its reply",),
    ),
    # -- flight software, its protections one by one
    "no standby on a fault": (
        "actuators",
        ("both pumps seize: the trays go off in time",),
    ),
    "no shedding on a fault": (
        "sensors",
        ("bus voltage reads below its limit for good: trays are shed",),
    ),
    "no degraded mode on a fault": ("sensors", ("two supply sensors lie",)),
    "no escalation": (
        "sensors",
        ("GPUs of all trays read just above slowdown: the rack is cut, then trays are shed",),
    ),
    "critical charge ignored": (
        "sensors",
        (
            "currents of battery and loads tell the same lie: the charge is taken for low, "
            "then critical",
        ),
    ),
    "currents that do not add up ignored": (
        "sensors",
        ("currents of battery and array lie: told, and neither is condemned",),
    ),
    "lost flow ignored": ("plant", ("coolant leaks away: the trays go off in time",)),
    "no freeze override": (
        "sensors",
        ("all supply sensors read cold: everything is done against freezing",),
    ),
    "load does not follow the array": (
        "plant",
        ("half of the wings is lost: the load follows",),
    ),
    "tripped trays never re-armed": (
        "trays",
        ("latch-up: its switch opens, the others stay closed",),
    ),
    "small latch-ups not noticed": (
        "trays",
        (
            "latch-up below the trip: it is told and power cycled",
            "the smallest latch-up that can be told",
            "latch-up of 60 A while weights are loaded: no trip, a power cycle",
        ),
    ),
    "idle trays allowed full power": (
        "trays",
        ("latch-up of 60 A while weights are loaded: no trip, a power cycle",),
    ),
    "current of a tray believed alone": (
        "trays",
        ("current of a tray reads 25 A too much: its power denies it",),
    ),
    "clock of a tray not asked": (
        "trays",
        ("latch-up of a throttled tray: its clock says that it draws too much",),
    ),
    "one look tells a latch-up": (
        "trays",
        ("weights are reloaded under load: power that falls is no latch-up",),
    ),
    "trays that stay hot not switched off": (
        "sensors",
        ("GPU of a tray reads just above slowdown: it alone is throttled, then switched off",),
    ),
    "no power cycles": ("trays", ("a tray hangs and its reset line is dead",)),
    "trays come on together": (
        "link",
        ("a rack that boots waits while nobody sees it",),
    ),
    "fatal scanner not restarted": ("flops", ("the scanner's state machine",)),
    "store without second copy": ("upsets", ("store: two bits in one copy of a record",)),
    "lost records kept": ("upsets", ("store: both copies of a record",)),
    "a port that failed is given up": ("link", ("unplugged and plugged in again",)),
    "telemetry goes before the kick": ("link", ("many bit errors",)),
    "lost configuration not noticed": (
        "flops",
        ("the watchdog's setting loses its vote: the controller is configured again",),
    ),
    "kept configuration not recognised": ("link", ("silence shorter than the watchdog",)),
    "mission time measures durations": (
        "computing",
        (
            "the clock jumps back",
            "the clock jumps far back while a hung tray is timed: it is reset in time",
        ),
    ),
    "decisions forgotten at a restart": (
        "computing",
        ("a reboot after a pump has seized: the other one stays in use",),
    ),
}
