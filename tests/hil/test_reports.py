"""What flight software has told of, over restarts and whatever else it reports."""

from fsw.events import Event, Severity
from hil.faults.reports import Reports


def test_uncorrectable_words_add_up_over_a_restart() -> None:
    reports = Reports()
    for told in (0, 2, 3, 0, 1):  # flight software starts again after the third
        reports.read(
            {
                "fsw_memory_uncorrectable": told,
                "fsw_config_uncorrectable": 2 * told,
                "fsw_config_crc_errors": min(told, 1),
            }
        )
    assert reports.controller_memory == 4
    assert reports.config_frames == 8 + 2


def test_only_events_of_hangs_and_trips_name_a_damaged_tray() -> None:
    reports = Reports()
    for name, fields in (
        ("WEIGHTS_DAMAGED", {"tray": 3}),
        ("TRAY_RESET", {"tray": 3}),
        ("TRAY_TRIPPED", {"tray": 4}),
        ("LOAD_SHED", {"trays": 3}),
    ):
        reports.notice(Event(0, Severity.LOW, name, name, dict(fields)))
    assert reports.tray == {3: 1, 4: 1}
