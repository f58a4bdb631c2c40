"""pyserial protocol handlers. Importing this package makes `model://`, `rtl://`, `gates://`,
`replay://` and `faulty://` known to `serial.serial_for_url`."""

import serial

if __name__ not in serial.protocol_handler_packages:
    serial.protocol_handler_packages.append(__name__)
