"""Energy data in and out: meter files, tariffs, emission factors, footprints for partners."""
