"""Benches: `./xl bench NAME`. Each is a module with `main(arguments) -> exit code`."""
