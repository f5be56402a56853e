#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""usage: browser.py URL DIRECTORY WIDTH...

Opens a page in Chromium, in windows of these widths, and prints as JSON what a
person sees and what the browser did for it:

    text      what is visible, by width
    overflow  by how many pixels the page is too wide, by width
    scripts   how many it has, with what begins with "on" among the attributes
    requests  the URLs that were asked for
    console   what was written there: errors, warnings, what the page's policy
              refused

DIRECTORY gets Chromium's files, and WIDTH.png, a picture.
"""

import base64
import json
import os
import select
import subprocess
import sys
import time

LIMIT_S = 120

SCRIPTS = """[...document.querySelectorAll('*')].filter(e =>
    e.localName == 'script' || [...e.attributes].some(a =>
        a.name.startsWith('on') || /^javascript:/i.test(a.value))).length"""
OVERFLOW = """Math.max(0, document.documentElement.scrollWidth -
    document.documentElement.clientWidth, ...[...document.querySelectorAll('*')]
    .map(e => e.getBoundingClientRect().right - innerWidth))"""


class Browser:
    """Chromium, by its DevTools protocol over a pair of pipes: it reads from
    its descriptor 3 and writes to 4, a message up to each NUL."""

    def __init__(self, directory):
        read_end, self.out = os.pipe()
        self.into, write_end = os.pipe()
        # Where neither is in the other's place.
        theirs = [os.dup2(fd, 100 + fd) for fd in (read_end, write_end)]
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{theirs[0]} 4>&{theirs[1]}', "-",
             "chromium", "--headless", "--remote-debugging-pipe",
             # Who is root has none.
             "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--disable-background-networking", "--disable-component-update",
             "--no-first-run", "--user-data-dir=" + directory],
            pass_fds=theirs, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for fd in [read_end, write_end] + theirs:
            os.close(fd)
        self.deadline = time.monotonic() + LIMIT_S
        self.data = b""
        self.number = 0
        self.session = None
        self.events = []

    def receive(self):
        while b"\0" not in self.data:
            left = self.deadline - time.monotonic()
            if left < 0 or not select.select([self.into], [], [], left)[0]:
                sys.exit("chromium says nothing")
            part = os.read(self.into, 1 << 20)
            if not part:
                sys.exit("chromium is gone")
            self.data += part
        message, self.data = self.data.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, method):
        while not any(e.get("method") == method for e in self.events):
            self.events.append(self.receive())

    def value(self, expression):
        # (The page's policy is for the page, not for who looks at it.)
        return self.ask("Runtime.evaluate", expression=expression,
                        returnByValue=True)["result"]["value"]

    def open_page(self, url):
        target = self.ask("Target.createTarget", url="about:blank")
        self.session = self.ask("Target.attachToTarget", flatten=True,
                                targetId=target["targetId"])["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.ask(domain + ".enable")
        self.events.clear()
        failed = self.ask("Page.navigate", url=url).get("errorText")
        if failed:
            sys.exit(f"{url}: {failed}")
        self.wait_for("Page.loadEventFired")

    def close(self):
        self.session = None
        self.ask("Browser.close")
        self.process.wait(LIMIT_S)


def events_of(browser, method):
    return [e["params"] for e in browser.events if e.get("method") == method]


def main(url, directory, *widths):
    browser = Browser(directory)
    seen = {"text": {}, "overflow": {}}
    browser.open_page(url)
    for width in widths:
        browser.ask("Emulation.setDeviceMetricsOverride", width=int(width),
                    height=900, deviceScaleFactor=1, mobile=int(width) < 600)
        seen["text"][width] = browser.value("document.body.innerText")
        seen["overflow"][width] = browser.value(OVERFLOW)
        picture = browser.ask("Page.captureScreenshot",
                              captureBeyondViewport=True)
        with open(os.path.join(directory, width + ".png"), "wb") as file:
            file.write(base64.b64decode(picture["data"]))
    seen["scripts"] = browser.value(SCRIPTS)
    seen["requests"] = [e["request"]["url"] for e in
                        events_of(browser, "Network.requestWillBeSent")]
    seen["console"] = [e["entry"]["text"] for e in
                       events_of(browser, "Log.entryAdded")] + \
        [str(e) for e in events_of(browser, "Runtime.consoleAPICalled") +
         events_of(browser, "Runtime.exceptionThrown")]
    browser.close()
    json.dump(seen, sys.stdout, indent=1)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
