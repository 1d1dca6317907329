"""Analysis of quality: charts, causes, predictions, recognition, live signals."""
