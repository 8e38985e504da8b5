#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients that ask a server on loopback again and again: clients.py memcached|http PORT THREADS."""

import socket
import sys
import threading


def more(connection):
    """What comes next; a server may end a connection after so many requests."""
    got = connection.recv(65536)
    if not got:
        raise ConnectionResetError
    return got


def memcached(connection, me):
    """Stores and reads back; values of all sizes, so that slabs are moved."""
    key, n = f"key{me}", 0
    while True:
        n += 1
        value = b"x" * (n * 37 % 8192)
        connection.sendall(f"set {key}{n % 500} 0 60 {len(value)}\r\n".encode() + value + b"\r\n"
                           + f"get {key}{n % 500}\r\n".encode())
        got = b""
        while not got.endswith(b"END\r\n"):
            got += more(connection)


def http(connection, me):
    """Asks for pages."""
    n = me
    while True:
        n += 1
        connection.sendall(f"GET /page{n % 20}.html HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        got = b""
        while b"\r\n\r\n" not in got:
            got += more(connection)
        head, _, body = got.partition(b"\r\n\r\n")
        size = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:"))
        while len(body) < size:
            body += more(connection)


def client(talk, port, me):
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port)) as connection:
                talk(connection, me)
        except ConnectionResetError:
            continue
        except OSError:
            return


def main():
    talk, port, threads = {"memcached": memcached, "http": http}[sys.argv[1]], *map(int, sys.argv[2:4])
    for me in range(threads):
        threading.Thread(target=client, args=(talk, port, me)).start()


if __name__ == "__main__":
    main()
