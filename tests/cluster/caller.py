# SPDX-License-Identifier: Apache-2.0
"""Callers that post all the time, and note what they are told.

    caller.py DIRECTORY CALLERS SECONDS-BETWEEN ADDRESS...

Each is a client with one connection that it keeps, to the first ADDRESS that
takes it, and 10 seconds of patience.  Four of five requests are single
notifications, the fifth is a batch of ten; half of the devices are at Apple,
half at Google; one in ten is dead.  A line of JSON for each request goes to
DIRECTORY/told.json, with the text of DIRECTORY/phase when it began and what was
told of each device:  delivered, rejected, failed or nothing.  It ends when
DIRECTORY/stop is there.
"""
import http.client
import json
import os
import random
import ssl
import sys
import threading
import time

IOS = 'de.gematik.erezept.ios.apns'
ANDROID = 'gematik-project.erezept.firebase'
DIRECTORY, CALLERS, PAUSE = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
ADDRESSES = sys.argv[4:]
LOCK = threading.Lock()


def device(text):
    """As the API wants it; the simulator reads the text again."""
    if text.startswith('ios'):
        return {'app_id': IOS, 'pushkey': text.encode().hex()}
    return {'app_id': ANDROID, 'pushkey': text}


def text_of(pushkey):
    """The text of a pushkey that came back."""
    try:
        return bytes.fromhex(pushkey).decode()
    except ValueError:
        return pushkey


class Caller(threading.Thread):
    """One client."""

    def __init__(self, number):
        super().__init__()
        self.number = number
        self.count = 0
        self.connection = None
        self.dice = random.Random(number)
        self.context = ssl.create_default_context(
            cafile=DIRECTORY + '/providers-ca.pem')
        self.context.load_cert_chain(DIRECTORY + '/client.pem',
                                     DIRECTORY + '/client-key.pem')

    def fresh_text(self):
        """A device that nobody else has."""
        self.count += 1
        kind = self.dice.choice(('ios', 'fcm'))
        dead = '-410' if kind == 'ios' else '-404'
        # (A number alone would be a script for the simulator.)
        return '%s-c%d-n%d%s' % (kind, self.number, self.count,
                               dead if self.dice.random() < 0.1 else '')

    def connect(self):
        """As any pool does: looks whether the kept one was closed."""
        sock = self.connection.sock if self.connection else None
        if sock is None:
            # The last answer said that it was the last.
            self.connection = None
        else:
            sock.settimeout(0)
            try:
                if sock.recv(1) == b'':
                    self.connection = None
            except (ssl.SSLWantReadError, BlockingIOError):
                sock.settimeout(10)
            except OSError:
                self.connection = None
        end = time.time() + 10
        while self.connection is None and time.time() < end:
            self.connection = self.connect_to_any()

    def connect_to_any(self):
        """A connection to the first address that takes it, or None."""
        for address in ADDRESSES:
            connection = http.client.HTTPSConnection(
                address, timeout=1, context=self.context)
            try:
                connection.connect()
            except OSError:
                continue
            connection.sock.settimeout(10)
            return connection
        return None

    def post(self, path, body):
        """Status, or None, and the whole answer, or None."""
        status = None
        try:
            self.connect()
            self.connection.request('POST', path, json.dumps(body), {
                'Content-Type': 'application/json'})
            answer = self.connection.getresponse()
            status = answer.status
            return status, json.loads(answer.read())
        except (OSError, ValueError, AttributeError,
                http.client.HTTPException):
            self.connection = None
            return status, None

    def single(self):
        """What became of one device."""
        text = self.fresh_text()
        status, answer = self.post('/push/v1/notify', {
            'notification': {'prio': 'high', 'devices': [device(text)]}})
        told = 'nothing'
        if answer and status == 200:
            rejected = [text_of(key) for key in answer['rejected']]
            told = 'rejected' if text in rejected else 'delivered'
        return status, {text: told}

    def batch(self):
        """What became of ten."""
        texts = [self.fresh_text() for _ in range(10)]
        status, answer = self.post('/push/v1/notify/batch', {
            'notifications': [
                {'id': text, 'notification': {
                    'prio': 'high', 'devices': [device(text)]}}
                for text in texts]})
        told = dict.fromkeys(texts, 'nothing')
        whole = answer and status == 200
        for result in answer['results'] if whole else ():
            told[result['id']] = (
                'rejected' if result['rejected'] else
                'delivered' if result['status'] == 'success' else 'failed')
        return status, told

    def run(self):
        with open(DIRECTORY + '/told.json', 'a', encoding='utf-8') as file:
            while not os.path.exists(DIRECTORY + '/stop'):
                with open(DIRECTORY + '/phase', encoding='utf-8') as phase:
                    name = phase.read().strip()
                began = time.time()
                status, told = (self.batch() if self.dice.random() < 0.2
                                else self.single())
                line = json.dumps({
                    'phase': name, 'began': began, 'ended': time.time(),
                    'status': status, 'told': told})
                with LOCK:
                    file.write(line + '\n')
                    file.flush()
                time.sleep(PAUSE * self.dice.uniform(0.5, 1.5))


for caller in [Caller(number) for number in range(CALLERS)]:
    caller.start()
