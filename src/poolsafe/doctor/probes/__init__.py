"""One file per probe: its queries, and what the answers mean. Probes use clients and do not depend on the driver."""
