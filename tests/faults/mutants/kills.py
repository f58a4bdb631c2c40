"""Which cases of the suites have to notice which mutant: one of those named is enough."""

from __future__ import annotations

# Mutant → suite and cases, in the order in which they are tried.
KILLED_BY: dict[str, tuple[str, tuple[str, ...]]] = {
    # -- gateware
    "voter ORs": ("upsets", ("triplication: a trip comes on in one copy",)),
    "voter takes copy A": ("upsets", ("triplication: a switch in copy A",)),
    "copies not repaired": (
        "upsets",
        ("triplication: the same switch in two copies, a second apart",),
    ),
    "SECDED corrects nothing": ("upsets", ("memory: one bit",)),
    "SECDED without write-back": ("upsets", ("memory: one bit",)),
    "double errors counted as corrected": ("upsets", ("memory: two bits are rewritten",)),
    "lost word misnamed": ("upsets", ("memory: two bits are rewritten",)),
    "scrubber skips the last word": ("upsets", ("memory: one bit of the last word",)),
    "scrubber never runs": ("upsets", ("memory: one bit",)),
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
    "thermostat dead": (
        "sensors",
        ("supply A reads cold: the controller's thermostat heats, nothing else changes",),
    ),
    "command lines stick": ("trays", ("a tray hangs twice and is reset twice",)),
    "command lines dead": ("trays", ("a tray hangs and is reset",)),
    "frame scanner never scans": ("upsets", ("frames: one bit",)),
    "frame scanner skips frame 5": ("upsets", ("frames: one bit",)),
    "frame scanner flips the neighbour": ("upsets", ("frames: one bit",)),
    "frame pairs not corrected": ("upsets", ("frames: two neighbours",)),
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
    "supply vote takes sensor A": ("sensors", ("supply A reads too much",)),
    "stuck sensors believed": ("sensors", ("supply B stands still while the coolant warms",)),
    "spikes believed": ("sensors", ("return temperature has spikes",)),
    "flow sensor always believed": ("sensors", ("flow reads nothing: pumps and heat deny it",)),
    "heat not asked about the flow": ("plant", ("coolant leaks away: the trays go off in time",)),
    "battery current always believed": (
        "sensors",
        ("battery current reads a discharge that is none: array, loads and voltage deny it",),
    ),
    "voltage not asked about the current": (
        "sensors",
        ("array current reads 30 A too much: the battery's sensor is believed",),
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
}
