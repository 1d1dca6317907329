"""Long runs under load, for faults that a short test meets too rarely; `./xl soak NAME`."""
