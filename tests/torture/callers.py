#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Callers that put a steady load on a gateway, and a judge of what it told.

usage: callers.py load STAGE PORT PREFIX FILE [RATE]
       callers.py judge FILE RECORD [--torn]
       callers.py ready STAGE PORT PREFIX
       callers.py burst STAGE PORT PREFIX

load calls until it gets SIGTERM; what each device was told is a line in FILE.
The pushkeys begin with PREFIX, and each is used once.  judge holds them against
the simulator's record: nothing may be told that is not so, and nothing sent
again but where an answer may have been lost (--torn: anywhere).  Prints a line
of figures, and what is wrong; ready says by its status whether both providers
deliver, burst whether they do to callers that all come at once.
"""
import argparse
import collections
import http.client
import json
import random
import signal
import ssl
import sys
import threading
import time

IOS = 'de.gematik.erezept.ios.apns'
ANDROID = 'gematik-project.erezept.firebase'
CALLERS = 12
BURST_CALLERS = 40
TIMEOUT_S = 30
# The words of a pushkey for the simulator, and how often of 100.
MOODS = (('', 84), ('-410', 5), ('-slow300', 4), ('-slow900', 2),
         ('-503-once', 2), ('-429-once', 1), ('-500', 1), ('-hang-once', 1))


class Load:
    def __init__(self, arguments):
        self.context = ssl.create_default_context(
            cafile=f'{arguments.stage}/providers-ca.pem')
        self.context.load_cert_chain(f'{arguments.stage}/client.pem',
                                     f'{arguments.stage}/client-key.pem')
        self.port = arguments.port
        self.prefix = arguments.prefix
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.count = 0

    def device(self, mood=None):
        """(text, service, JSON) of a new one."""
        with self.lock:
            self.count += 1
            text = f'{self.prefix}{self.count:06d}'
        if mood is None:
            mood = random.choices([name for name, _ in MOODS],
                                  [often for _, often in MOODS])[0]
        if random.random() < 0.5:
            text += mood
            return text, 'apns', {'app_id': IOS,
                                  'pushkey': text.encode().hex()}
        text += mood.replace('-410', '-404')
        return text, 'fcm', {'app_id': ANDROID, 'pushkey': text}

    def one_of_each(self):
        """A device of each service, by its name; both are well."""
        devices = {}
        while len(devices) < 2:
            _, service, device = self.device('')
            devices[service] = device
        return devices

    def request(self):
        """(path, body, devices of each item)."""
        kind = random.random()
        if kind < 0.5:
            devices = [self.device() for _ in range(1 + (kind < 0.05))]
            return '/push/v1/notify', {'notification': {
                'event_id': '$e', 'prio': 'high', 'counts': {'unread': 2},
                'devices': [device[2] for device in devices]}}, [devices]
        if kind < 0.8:
            items = [[self.device()]]
            return '/push/v1/notifyEncrypted/batch', {'notifications': [
                {'id': f'i{i}', 'notification': {
                    'ciphertext': 'A' * 1404,
                    'time_message_encrypted': '2026-11',
                    'key_identifier': 'key', 'device': item[0][2]}}
                for i, item in enumerate(items)]}, items
        items = [[self.device() for _ in range(random.choice((1, 1, 2)))]
                 for _ in range(random.randint(2, 8))]
        return '/push/v1/notify/batch', {'notifications': [
            {'id': f'i{i}', 'notification': {
                'prio': 'high', 'devices': [device[2] for device in item]}}
            for i, item in enumerate(items)]}, items

    def connect(self):
        return http.client.HTTPSConnection(
            'localhost', self.port, timeout=TIMEOUT_S, context=self.context)

    def call(self, connection, path, body):
        """Its status and JSON; or None and the name of what went wrong."""
        try:
            connection.request('POST', path, json.dumps(body),
                               {'Content-Type': 'application/json'})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return None, type(error).__name__
        except ValueError:
            return answer.status, None

    def run(self, file, rate):
        """One caller, which keeps its connection."""
        connection = self.connect()
        while not self.over.wait(random.expovariate(rate / CALLERS)):
            path, body, items = self.request()
            began = time.monotonic()
            status, answer = self.call(connection, path, body)
            took = int((time.monotonic() - began) * 1000)
            lines = [json.dumps(dict(line, status=status, ms=took))
                     for line in told(status, answer, items)]
            with self.lock:
                file.write('\n'.join(lines) + '\n')
                file.flush()
        connection.close()


# --- what an answer says -----------------------------------------------------

def told(status, answer, items):
    """A line for each device: text, told and, if the answer is odd, why."""
    single = len(items) == 1 and isinstance(answer, dict) and \
        'results' not in answer
    if status is None:
        return everyone(items, 'nothing', answer)
    if status != 200:
        return everyone(items, 'refused')
    if answer is None:
        return everyone(items, 'nothing', 'odd: a 200 whose body is no JSON')
    if single:
        return told_single(answer, items[0])
    return told_batch(answer, items)


def everyone(items, what, why=None):
    return [{'text': device[0], 'told': what, 'why': why}
            for item in items for device in item]


def told_single(answer, devices):
    if not isinstance(answer.get('rejected'), list):
        return everyone([devices], 'nothing', 'odd: no list of rejected')
    silent = 'delivered' if len(devices) == 1 else 'unclear'
    return [{'text': text, 'told': 'rejected' if device['pushkey'] in
             answer['rejected'] else silent} for text, _, device in devices]


def told_batch(answer, items):
    results = answer.get('results')
    if not isinstance(results, list) or \
            [result.get('id') for result in results] != \
            [f'i{i}' for i in range(len(items))]:
        return everyone(items, 'nothing', 'odd: results are missing')
    tally = collections.Counter(result['status'] for result in results)
    if answer.get('summary') != {
            'total': len(items), 'successful': tally['success'],
            'failed': tally['failed'], 'partial': tally['partial']}:
        return everyone(items, 'nothing', 'odd: the sum is wrong')
    lines = []
    for result, item in zip(results, items):
        for text, _, device in item:
            if device['pushkey'] in result['rejected']:
                what = 'rejected'
            elif result['status'] == 'success' or (
                    result['status'] == 'partial' and
                    'error' not in result):
                what = 'delivered'
            else:
                what = 'unclear' if len(item) > 1 else 'not delivered'
            lines.append({'text': text, 'told': what})
    return lines


# --- what is so --------------------------------------------------------------

def is_dead(line):
    return line['status'] == 410 or (
        line['status'] == 404 and line['reason'] == 'UNREGISTERED')


def judge(arguments):
    record = collections.defaultdict(list)
    with open(arguments.record, encoding='utf-8') as file:
        for line in file:
            line = json.loads(line)
            if line.get('text') is not None:
                record[line['text']].append(line)
    figures = collections.Counter()
    wrong = []
    with open(arguments.file, encoding='utf-8') as file:
        lines = [json.loads(line) for line in file if line.strip()]
    for line in lines:
        text, what, why = line['text'], line['told'], line.get('why') or ''
        seen = record.get(text, [])
        # A stream that was refused was not sent.
        sent = sum(entry['reason'] != 'refuse' for entry in seen)
        accepted = sum(entry['status'] == 200 for entry in seen)
        figures['devices'] += 1
        figures[what] += 1
        if what in ('nothing', 'refused') and accepted:
            figures['accepted though not told'] += 1
        figures['duplicates'] += max(0, accepted - 1)
        if why.startswith('odd'):
            wrong.append(f'{text}: {why}')
        elif what == 'delivered' and accepted == 0:
            wrong.append(f'{text}: told delivered ({line["status"]})')
        elif what == 'rejected' and not any(map(is_dead, seen)):
            wrong.append(f'{text}: told rejected ({line["status"]})')
        if sent > 3:
            wrong.append(f'{text}: sent {sent} times')
        if accepted > 1 and not arguments.torn and \
                all(entry['status'] is not None for entry in seen):
            wrong.append(f'{text}: accepted {accepted} times')
        if wrong and wrong[-1].startswith(text):
            wrong[-1] += '; the providers: ' + (', '.join(
                f'{entry["status"]} {entry["reason"]}'
                for entry in seen) or 'nothing')
    print(', '.join(f'{count} {name}' for name, count in figures.items()))
    for words in wrong[:20]:
        print(f'  false: {words}')
    return 1 if wrong else 0


# --- what is asked for -------------------------------------------------------

def load(arguments):
    us = Load(arguments)
    signal.signal(signal.SIGTERM, lambda *_: us.over.set())
    with open(arguments.file, 'a', encoding='utf-8') as file:
        threads = [threading.Thread(target=us.run,
                                    args=(file, arguments.rate))
                   for _ in range(CALLERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return 0


def ready(arguments):
    us = Load(arguments)
    connection = us.connect()
    for device in us.one_of_each().values():
        status, answer = us.call(connection, '/push/v1/notify/batch', {
            'notifications': [{'id': 'i0', 'notification': {
                'prio': 'high', 'devices': [device]}}]})
        if status != 200 or answer is None or \
                answer['results'][0]['status'] != 'success':
            print(status, answer)
            return 1
    return 0


def burst(arguments):
    us = Load(arguments)
    together = threading.Barrier(BURST_CALLERS)
    answers = []

    def run():
        connection = us.connect()
        connection.connect()
        devices = us.one_of_each()
        together.wait(TIMEOUT_S)
        status, answer = us.call(connection, '/push/v1/notify/batch', {
            'notifications': [{'id': service, 'notification': {
                'prio': 'high', 'devices': [device]}}
                for service, device in devices.items()]})
        answers.append(status == 200 and answer is not None and
                       answer['summary']['successful'] == 2)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(BURST_CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 0 if answers == [True] * BURST_CALLERS else 1


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest='command', required=True)
    for name in ('load', 'ready', 'burst'):
        command = commands.add_parser(name)
        command.add_argument('stage')
        command.add_argument('port', type=int)
        command.add_argument('prefix')
        if name == 'load':
            command.add_argument('file')
            command.add_argument('rate', type=float, nargs='?', default=30)
    command = commands.add_parser('judge')
    command.add_argument('file')
    command.add_argument('record')
    command.add_argument('--torn', action='store_true')
    arguments = parser.parse_args()
    return {'load': load, 'judge': judge, 'ready': ready, 'burst': burst}[
        arguments.command](arguments)


if __name__ == '__main__':
    sys.exit(main())
