# SPDX-License-Identifier: Apache-2.0
"""Passes connections on, and what they carry so much later, both ways.

    delay.py SECONDS LISTEN-ADDRESS PORT TO-ADDRESS PORT

SIGUSR1 makes it pass everything on at once.
"""
import asyncio
import signal
import sys

LATER = {'s': float(sys.argv[1])}


async def pump(reader, writer):
    """One way; equal delays keep the order."""
    loop = asyncio.get_running_loop()
    data = b'-'
    while data:
        try:
            data = await reader.read(65536)
        except OSError:
            data = b''
        if data:
            loop.call_later(LATER['s'], writer.write, data)
        else:
            loop.call_later(LATER['s'], writer.close)


async def serve(reader, writer):
    """A connection."""
    there = await asyncio.open_connection(sys.argv[4], int(sys.argv[5]))
    await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))


async def main():
    """Until it is ended."""
    asyncio.get_running_loop().add_signal_handler(
        signal.SIGUSR1, LATER.update, {'s': 0})
    server = await asyncio.start_server(serve, sys.argv[2], int(sys.argv[3]))
    await server.serve_forever()


asyncio.run(main())
