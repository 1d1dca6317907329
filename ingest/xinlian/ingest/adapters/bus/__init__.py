"""Between collectors and a log elsewhere: NATS JetStream. In one process, or on one machine, the
log's folder is the bus: readers follow it."""
