# SPDX-License-Identifier: Apache-2.0
"""The servers: how each one is started, loaded and what of it is looked at."""

import shutil
import subprocess
from pathlib import Path

from server import LOAD_SECONDS, Cannot, Server, free_port

CONNECTIONS = 100


class Mariadb(Server):
    """100 connections that all want to change the same few rows."""

    name, program = "mariadb", "mariadbd"
    ROWS = 3
    ROUNDS = 20000

    def prepare(self):
        self.data, self.socket = self.dir / "data", self.dir / "socket"
        installer = shutil.which("mariadb-install-db")
        if not installer:
            raise Cannot("mariadb: mariadb-install-db is not installed")
        self.run([installer, "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db",
                  "--skip-name-resolve", f"--datadir={self.data}"])

    def command(self):
        return [self.find_program(), "--no-defaults", f"--datadir={self.data}", f"--socket={self.socket}",
                "--skip-networking", f"--max-connections={CONNECTIONS + 20}",
                f"--pid-file={self.dir / 'pid'}", "--skip-log-bin",
                # Else it reserves 8 TiB to grow into, which gdb writes out as zeros.
                "--loose-innodb-buffer-pool-size-max=128M"]

    def client(self):
        return ["timeout", str(LOAD_SECONDS), "mariadb", "--no-defaults", f"--socket={self.socket}",
                "--user=root", "--batch", "--skip-column-names", "--force"]

    def ask(self, sql):
        return subprocess.run(self.client() + ["-e", sql], check=True, capture_output=True, text=True,
                              env=self.environment()).stdout

    def ready(self):
        return self.ask("select 1") == "1\n"

    def load(self):
        self.ask("create database shop; create table shop.stock (id int primary key, n int) engine=innodb;"
                 + "".join(f"insert into shop.stock values ({i}, 0);" for i in range(self.ROWS)))
        for i in range(CONNECTIONS):
            sql = self.dir / f"load{i % self.ROWS}.sql"
            if not sql.exists():
                sql.write_text((f"begin; update shop.stock set n = n + 1 where id = {i % self.ROWS}; "
                                "do sleep(0.01); commit;\n") * self.ROUNDS)
            with sql.open("rb") as stdin:
                self.spawn(self.client(), stdin=stdin)

    def loaded(self):
        busy = "select count(*) from information_schema.innodb_trx where trx_state = 'LOCK WAIT'"
        return int(self.ask(busy)) > CONNECTIONS * 8 // 10


class Redis(Server):
    """Threads for I/O, and clients that keep them busy."""

    name, program = "redis", "redis-server"

    def prepare(self):
        self.port = free_port()

    def command(self):
        return [self.find_program(), "--port", self.port, "--bind", "127.0.0.1", "--save", "",
                "--appendonly", "no", "--dir", self.dir, "--io-threads", "4", "--io-threads-do-reads", "yes"]

    def ready(self):
        return self.answers_on(self.port)

    def load(self):
        self.spawn(["timeout", str(LOAD_SECONDS), "redis-benchmark", "-h", "127.0.0.1", "-p", self.port,
                    "-c", "50", "-n", "50000000", "-r", "100000", "-P", "16", "-t", "set,get,lpush"])


class RedisIdle(Redis):
    """The same with nothing to do: the main thread parks the others behind locks that it holds."""

    name = "redis-idle"

    def load(self):
        pass

    def loaded(self):
        return True


class Memcached(Server):
    """Several workers behind one listener."""

    name, program = "memcached", "memcached"

    def prepare(self):
        self.port = free_port()

    def command(self):
        return [self.find_program(), "-l", "127.0.0.1", "-p", self.port, "-U", "0", "-t", "4", "-m", "32"]

    def ready(self):
        return self.answers_on(self.port)

    def load(self):
        self.spawn_clients(["memcached", self.port, 10], count=2)


class Nginx(Server):
    """A master, workers, and threads for files."""

    name, program = "nginx", "nginx"
    CONFIGURATION = """
daemon off;
worker_processes 2;
error_log {dir}/error.log;
pid {dir}/pid;
thread_pool files threads=8;
events {{ worker_connections 256; }}
http {{
    access_log off;
    aio threads=files;
    client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
    server {{ listen 127.0.0.1:{port}; root {dir}/pages; }}
}}
"""

    def prepare(self):
        self.port = free_port()
        pages = self.dir / "pages"
        pages.mkdir()
        for i in range(20):
            (pages / f"page{i}.html").write_text("<p>page</p>\n" * (1 + 400 * i))
        (self.dir / "nginx.conf").write_text(self.CONFIGURATION.format(dir=self.dir, port=self.port))

    def command(self):
        return [self.find_program(), "-c", self.dir / "nginx.conf", "-e", self.dir / "error.log"]

    def ready(self):
        return self.answers_on(self.port)

    def load(self):
        self.spawn_clients(["http", self.port, 16], count=2)

    def processes(self):
        workers = [pid for pid, command in self.children() if "worker process" in command]
        return {"worker": max(workers, key=self.ticks), "master": self.main.pid}


class Postgresql(Server):
    """Backends that want the same row; they share memory, and each is a process."""

    name, program = "postgresql", "postgres"
    CLIENTS = 40

    def bin(self, name):
        found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
        if not found:
            raise Cannot(f"postgresql: {name} is not installed")
        return str(found[-1])

    def prepare(self):
        self.data, self.port = self.dir / "data", free_port()
        self.run([self.bin("initdb"), "-D", self.data, "-A", "trust", "-U", "soak", "--no-sync"])

    def command(self):
        return [self.bin("postgres"), "-D", self.data, "-k", self.dir, "-p", self.port,
                "-c", "listen_addresses=", "-c", "fsync=off"]

    def tool(self, name, *arguments):
        return [self.bin(name), "-h", self.dir, "-p", self.port, "-U", "soak", *arguments, "postgres"]

    def ready(self):
        return subprocess.run(list(map(str, self.tool("psql", "-c", "select 1"))), check=True,
                              capture_output=True, env=self.environment()).returncode == 0

    def load(self):
        self.run(self.tool("pgbench", "-i", "-q"))
        self.spawn(["timeout", str(LOAD_SECONDS), *self.tool(
            "pgbench", "-c", self.CLIENTS, "-j", 2, "-T", LOAD_SECONDS)])

    def backends(self, waiting):
        return [pid for pid, command in self.children() if "UPDATE" in command
                and ("waiting" in command) == waiting]

    def loaded(self):
        return len(self.backends(waiting=True)) > 2

    def processes(self):
        found = {"waiting": self.backends(waiting=True)[0]}
        for label in ("checkpointer", "walwriter"):
            found.update({label: pid for pid, command in self.children() if label in command})
        return found | {"postmaster": self.main.pid}

    def may_end(self, label):
        return label == "waiting"


class Chromium(Server):
    """A page with a worker and an animation."""

    name, program = "chromium", "chromium"
    gdb_core = False  # each process reserves up to a terabyte
    least_named = 0.25  # nearly all that it is made of is linked into it, and stripped
    PAGE = """<!doctype html><title>soak</title><p id=p>0</p><script>
let n = 0;
const worker = new Worker(URL.createObjectURL(new Blob(["let i = 0; setInterval(() => postMessage(i++), 5)"])));
worker.onmessage = e => { document.getElementById("p").textContent = e.data; };
(function frame() { n++; document.title = n; requestAnimationFrame(frame); })();
</script>
"""

    def prepare(self):
        (self.dir / "page.html").write_text(self.PAGE)

    def command(self):
        return [self.find_program(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                "--no-first-run", "--disable-background-networking", "--disable-component-update",
                "--disable-sync", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND",
                "--disable-breakpad", "--disable-crash-reporter", "--noerrdialogs",
                f"--user-data-dir={self.dir / 'profile'}", f"file://{self.dir / 'page.html'}"]

    def every(self):
        """[(pid, type)] of all processes below the first one."""
        found, ask = [], [self.main.pid]
        while ask:
            for pid, command in self.children(ask.pop()):
                ask.append(pid)
                kind = command.partition("--type=")[2].partition(" ")[0]
                if kind == "utility":
                    kind = command.partition("--utility-sub-type=")[2].partition(".")[0]
                found.append((pid, kind))
        return found

    def ready(self):
        return any(kind == "renderer" for _, kind in self.every())

    def processes(self):
        found = {kind: pid for pid, kind in self.every() if kind in ("renderer", "network", "gpu-process")}
        return found | {"browser": self.main.pid}


SERVERS = (Mariadb, Redis, RedisIdle, Memcached, Nginx, Postgresql, Chromium)
