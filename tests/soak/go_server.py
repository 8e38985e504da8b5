# SPDX-License-Identifier: Apache-2.0
"""The Go servers of Debian's suites: how each one is started on loopback, and where it prints its own
goroutines (net/http/pprof).
"""

import contextlib
import http.client
import json
import re
import threading

from go_load import Ask, Load
from server import Server, free_port

CONNECTIONS = 8
READ_SECONDS = 30


class GoServer(Server):
    """Subclasses say how to start it. Beside self.port it may need self.other_port."""

    package = None
    pages = ("/metrics",)
    asks = ()  # under load, beside its pages
    least_named = 1.0

    def __init__(self, unpacked):
        super().__init__()
        self.file = unpacked.program(self.program)
        self.port, self.other_port = free_port(), free_port()
        self.idle = []

    @property
    def pprof_port(self):
        return self.port

    def find_program(self):
        return self.file

    def ready(self):
        return self.answers_on(self.port) and self.answers_on(self.pprof_port)

    def load(self):
        """Some requests at a time; the connections then stay open and idle."""
        self.idle = [http.client.HTTPConnection("127.0.0.1", self.port, timeout=READ_SECONDS)
                     for _ in range(CONNECTIONS)]
        askers = [threading.Thread(target=self.ask, args=(one,)) for one in self.idle]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        self.stack.callback(lambda: [one.close() for one in self.idle])

    def ask(self, connection):
        with contextlib.suppress(OSError, http.client.HTTPException):
            for i in range(50):
                connection.request("GET", self.pages[i % len(self.pages)])
                connection.getresponse().read()

    def loaded(self):
        return True

    def headers(self):
        """What each request under load tells with it."""
        return {}

    def pressed(self):
        """Load that lasts as long as the block."""
        return Load(self.port, [*map(Ask, self.pages), *self.asks], self.headers())

    def goroutines(self):
        """What it prints of all of them."""
        connection = http.client.HTTPConnection("127.0.0.1", self.pprof_port, timeout=READ_SECONDS)
        try:
            connection.request("GET", "/debug/pprof/goroutine?debug=2")
            return connection.getresponse().read().decode(errors="replace")
        finally:
            connection.close()


class Prometheus(GoServer):
    """Scrapes itself."""

    name = package = program = "prometheus"
    pages = ("/metrics", "/api/v1/query?query=up", "/graph", "/api/v1/label/__name__/values")
    asks = (Ask("/api/v1/query", "query=count(count_over_time({__name__=~'.%2B'}[10m]))"),
            Ask("/api/v1/query_range", "query=rate(prometheus_http_requests_total[1m])&start=0&end=3600&step=1"),
            Ask("/federate?match[]=%7B__name__=~'.%2B'%7D"), Ask("/api/v1/status/tsdb"),
            Ask("/debug/pprof/profile?seconds=1"), Ask("/api/v1/notifications/live", streams=True))

    def prepare(self):
        (self.dir / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
            "scrape_configs:\n- job_name: self\n"
            f"  static_configs: [{{targets: ['127.0.0.1:{self.port}']}}]\n")

    def command(self):
        return [self.file, f"--config.file={self.dir}/prometheus.yml",
                f"--storage.tsdb.path={self.dir}/data", f"--web.listen-address=127.0.0.1:{self.port}"]


class NodeExporter(GoServer):
    name = package = program = "prometheus-node-exporter"
    asks = (Ask("/"), Ask("/metrics?collect[]=cpu&collect[]=loadavg&collect[]=netdev"))

    def command(self):
        return [self.file, f"--web.listen-address=127.0.0.1:{self.port}"]


class Etcd(GoServer):
    """Keys are told in base64. Of those who want one lock only one has it, and none gives it back."""

    name, package, program = "etcd", "etcd-server", "etcd"
    pages = ("/metrics", "/version", "/health")
    asks = (Ask("/v3/kv/put", '{"key": "a2V5", "value": "dmFsdWU="}'),
            Ask("/v3/kv/range", '{"key": "AA==", "range_end": "AA=="}'),
            Ask("/v3/lease/grant", '{"TTL": "5"}'),
            Ask("/v3/lock/lock", '{"name": "bG9jaw=="}', streams=True),
            Ask("/v3/watch", '{"create_request": {"key": "a2V5"}}', streams=True))

    def command(self):
        client, peer = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.other_port}"
        return [self.file, f"--data-dir={self.dir}/data", f"--listen-client-urls={client}",
                f"--advertise-client-urls={client}", f"--listen-peer-urls={peer}",
                f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}",
                "--enable-pprof"]


class Caddy(GoServer):
    """The server of the pages is another than that of the administrator, which prints goroutines."""

    name = package = program = "caddy"
    pages = ("/", "/caddy.json", "/nothing")
    asks = (Ask("/big"), Ask("/proxy/big"), Ask("/proxy/caddy.json"), Ask("/proxy/", "a=b"))

    def prepare(self):
        # Below /proxy it asks itself for the file, so that it is the client, too.
        itself = {"handler": "reverse_proxy", "upstreams": [{"dial": f"127.0.0.1:{self.port}"}],
                  "rewrite": {"strip_path_prefix": "/proxy"}}
        files = {"handler": "file_server", "root": str(self.dir)}
        routes = [{"match": [{"path": ["/proxy/*"]}], "handle": [itself], "terminal": True},
                  {"handle": [{"handler": "encode", "encodings": {"gzip": {}}}, files]}]
        server = {"listen": [f"127.0.0.1:{self.port}"], "automatic_https": {"disable": True},
                  "routes": routes}
        (self.dir / "caddy.json").write_text(json.dumps(
            {"admin": {"listen": f"127.0.0.1:{self.other_port}"},
             "apps": {"http": {"servers": {"files": server}}}}))
        (self.dir / "big").write_bytes(bytes(range(256)) * (8 << 12))

    @property
    def pprof_port(self):
        return self.other_port

    def command(self):
        return [self.file, "run", "--config", self.dir / "caddy.json"]


class Syncthing(GoServer):
    """Asks nobody outside for its peers."""

    name = package = program = "syncthing"
    pages = ("/", "/rest/noauth/health", "/metrics")
    asks = (Ask("/rest/system/status"), Ask("/rest/db/status?folder=default"),
            Ask("/rest/events?timeout=1"), Ask("/rest/events?timeout=60", streams=True),
            Ask("/rest/db/scan?folder=default", "{}"))
    OFF = ("globalAnnounceEnabled", "localAnnounceEnabled", "relaysEnabled", "natEnabled",
           "crashReportingEnabled", "startBrowser", "announceLANAddresses")

    @property
    def pprof_port(self):
        return self.other_port

    def environment(self):
        # As the child of its own monitor: there is no other process then.
        return super().environment() | {"STPROFILER": f"127.0.0.1:{self.other_port}", "STNOUPGRADE": "1",
                                        "STMONITORED": "yes"}

    def prepare(self):
        self.run([self.file, "generate", f"--home={self.dir}"])
        path = self.dir / "config.xml"
        text = path.read_text()
        for key in self.OFF:
            text = re.sub(f"<{key}>true</{key}>", f"<{key}>false</{key}>", text)
        text = re.sub("<urAccepted>.*?</urAccepted>", "<urAccepted>-1</urAccepted>", text)
        text = re.sub("<listenAddress>.*?</listenAddress>",
                      "<listenAddress>tcp://127.0.0.1:0</listenAddress>", text)
        path.write_text(text)

    def headers(self):
        key = re.search("<apikey>(.*?)</apikey>", (self.dir / "config.xml").read_text())
        return {"X-API-Key": key[1]} if key else {}

    def command(self):
        return [self.file, "serve", "--no-browser", "--no-restart", f"--home={self.dir}",
                f"--gui-address=127.0.0.1:{self.port}"]


SERVERS = (Prometheus, NodeExporter, Etcd, Caddy, Syncthing)
