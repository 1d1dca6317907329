"""Packets of GB/T 32960.3-2016 built from its tables, apart from the codec under test."""

VIN = "LSFAB12C3D4567890"
HEARTBEAT = "0101"


def packet(command: int, data: bytes, vin: str = VIN, answer: int = 0xFE) -> bytes:
    """Clause 6.2, table 2."""
    body = bytes((command, answer)) + vin.encode() + b"\x01" + len(data).to_bytes(2, "big") + data
    check = 0
    for byte in body:
        check ^= byte
    return b"##" + body + bytes((check,))


# 2026-07-01 08:00:05 in Beijing is 00:00:05 UTC.
TIME = bytes((26, 7, 1, 8, 0, 5))
TIME_US = 1_782_864_005_000_000
LOGIN = TIME + b"\x00\x01" + b"8" * 20 + b"\x01\x00"

# Table 9: started, not charging, electric, 100.5 km/h, 12345.6 km, 380.1 V, -12.5 A, 55 %,
# DC-DC working, gear 0E, 1,000 kOhm, pedal abnormal, brake invalid.
VEHICLE = bytes.fromhex("01" "01" "03" "01" "03ed" "0001e240" "0ed9" "2693" "37" "01" "0e" "03e8" "fe" "ff")  # fmt: skip # noqa: E501
# Tables 10 and 11: one motor, consuming, controller 60 degrees, 3,000 r/min, 120.5 N m, 70
# degrees, 379 V, 20 A.
MOTOR = bytes.fromhex("02" "01" "01" "01" "64" "59d8" "52d5" "6e" "0ece" "27d8")  # fmt: skip
# Table 14: valid, north, west; 116.404 and 39.915 degrees.
POSITION = bytes.fromhex("05" "04" "06f02f20" "02610df8")  # fmt: skip
# Table 17: level 2, flags, one battery fault, no others.
ALARM = bytes.fromhex("07" "02" "00000401" "01" "0000abcd" "00" "00" "00")  # fmt: skip
# Tables 18 and 19: a battery of 3 cells, the second abnormal.
VOLTAGES = bytes.fromhex("08" "01" "01" "0ed9" "2693" "0003" "0001" "03" "0fa0" "fffe" "0fa2")  # fmt: skip # noqa: E501
# Tables 20 and 21: 2 probes, 25 degrees and invalid.
PROBES = bytes.fromhex("09" "01" "01" "0002" "41" "ff")  # fmt: skip
CUSTOM = bytes.fromhex("80" "0003" "010203")  # fmt: skip
REPORT = TIME + VEHICLE + MOTOR + POSITION + CUSTOM + ALARM + VOLTAGES + PROBES
