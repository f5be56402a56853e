#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Strangers who upload slowly.

    slow-uploads.py PORT COUNT SECONDS
        opens COUNT connections without a client certificate, announces a body
        of a megabyte on each, and sends 700 bytes of it a second, for so many
        seconds or until the server has ended every one of them.  Prints
        "begun" once all are open, then "ended N of COUNT".
"""

import select
import socket
import ssl
import sys
import time

HEAD = (b"POST /push/v1/notify HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n")


CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
CONTEXT.check_hostname = False
CONTEXT.verify_mode = ssl.CERT_NONE


def connect(port):
    connection = CONTEXT.wrap_socket(
        socket.create_connection(("127.0.0.1", port), 60),
        server_hostname="localhost")
    connection.sendall(HEAD)
    connection.setblocking(False)
    return connection


def has_ended(connection):
    """Whether the server has answered, or closed the connection."""
    try:
        return connection.recv(65536) is not None
    except ssl.SSLWantReadError:
        return False
    except OSError:
        return True


def send_more(connection):
    try:
        connection.send(b" " * 700)
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        pass
    except OSError:
        return False
    return True


def main():
    port, count, seconds = (int(word) for word in sys.argv[1:])
    connections = []
    for _ in range(count):
        try:
            connections.append(connect(port))
        except OSError:
            pass
    print("begun", flush=True)
    deadline = time.monotonic() + seconds
    while connections and time.monotonic() < deadline:
        ready = select.poll()
        for connection in connections:
            ready.register(connection, select.POLLIN)
        ready.poll(1000)
        connections = [connection for connection in connections
                       if not has_ended(connection) and send_more(connection)]
        time.sleep(1)
    print("ended", count - len(connections), "of", count, flush=True)


main()
