"""One file per probe: how it asks, and what the answer means. Probes use clients and do not know the driver."""
