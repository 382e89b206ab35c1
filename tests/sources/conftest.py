"""Servers for the tests of sources."""

from tests.servers.mariadb import mariadb as mariadb
from tests.servers.mariadb import mariadb_server as mariadb_server
from tests.servers.mariadb import mariadb_template as mariadb_template
