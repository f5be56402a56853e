# SPDX-License-Identifier: Apache-2.0
"""Compares what callers were told with what the providers have seen.

    judge.py DIRECTORY CALLERS

reads told.json (see caller.py), record.json (of the simulator) and faults, a
line "PHASE FROM TO" for each fault.  Prints a line for each phase, as JSON, and
leaves with status 1 if something is not as it must be, which it says on
standard error.
"""
import collections
import json
import sys

DIRECTORY, CALLERS = sys.argv[1], int(sys.argv[2])
# A host that freezes is found dead in less than five seconds, by checks that are
# a second apart (haproxy/push-gateway.cfg).
FOUND_S, CHECK_S = 5, 1
# Where what is in flight may be delivered twice, where an answer that a host had
# begun may stay without its end, and where there may be none.
MAY_REPEAT = {'kill', 'freeze', 'cut', 'loss', 'kill HAProxy'}
MAY_CUT = {'kill', 'freeze', 'cut', 'kill HAProxy'}
MAY_LOSE = {'kill HAProxy', 'reload HAProxy'}
# A host that could reach no provider for longer than its requests take refuses
# them (breaker_pause_s) until it has asked again.  A HAProxy that is reloaded
# refuses one whose body is just coming.
MAY_REFUSE = {'back from the cut', 'reload HAProxy'}
# How much longer than the usual one of its phase a request may take, besides
# what a fault costs: as busy as the machine is, all of them are slow.
SLACK, LONGEST_SLACK = 5, 20


def lines(name):
    """The objects of a file."""
    with open(f'{DIRECTORY}/{name}', encoding='utf-8') as file:
        yield from map(json.loads, file)


def seen():
    """By text of the device: the statuses that providers answered."""
    result = collections.defaultdict(list)
    for request in lines('record.json'):
        if request['service'] in ('apns', 'fcm') and request['text']:
            result[request['text']].append(request['status'])
    return result


def is_false(text, told, statuses):
    """A verdict that the provider's own answers do not bear out."""
    dead = text.endswith(('-404', '-410'))
    if told == 'delivered':
        return dead or 200 not in statuses
    if told == 'rejected':
        return not dead or not {404, 410} & set(statuses)
    return False


def percentile(values, share):
    """Of a list that is not empty."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def lateness(times):
    """Yields what took too long.  A fault may hold up each caller once, so the
    99th of a hundred means something if there are more requests than that.
    """
    usual = percentile(times, 0.5)
    if len(times) - int(len(times) * 0.99) > CALLERS:
        late = percentile(times, 0.99)
        if late > CHECK_S + SLACK * usual:
            yield f'one in a hundred requests took {late} s, half {usual} s'
    if max(times) > FOUND_S + LONGEST_SLACK * usual:
        yield f'a request took {max(times)} s, half {usual} s'


class Phase:
    """What is counted of one."""

    def __init__(self, name):
        self.name = name
        self.times = []
        self.count = collections.Counter()

    def take(self, request, statuses):
        """Counts a request."""
        self.times.append(request['ended'] - request['began'])
        self.count['requests'] += 1
        if request['status'] is None:
            self.count['no answer'] += 1
        elif request['status'] != 200:
            self.count['not 200'] += 1
        elif 'nothing' in request['told'].values():
            self.count['cut short'] += 1
        for text, told in request['told'].items():
            self.count['devices'] += 1
            self.count[told] += 1
            self.count['false'] += is_false(text, told, statuses[text])
            self.count['twice'] += statuses[text].count(200) > 1

    def line(self):
        """What is printed of it."""
        names = ('requests', 'devices', 'no answer', 'cut short', 'not 200',
                 'failed', 'false', 'twice')
        return json.dumps({
            'phase': self.name, **{name: self.count[name] for name in names},
            **{f'p{round(share * 100)} ms':
               round(percentile(self.times, share) * 1000)
               for share in (0.5, 0.99, 1)}})

    def mistakes(self, in_flight):
        """Yields what is not as it must be."""
        count = self.count
        if self.name == 'reload HAProxy':
            # The old one closes idle connections a moment after the signal,
            # whether a request is just coming on them or not.
            in_flight = CALLERS
        if count['false']:
            yield f'{count["false"]} false verdicts'
        if ((count['not 200'] or count['failed']) and
                self.name not in MAY_REFUSE or
                self.name == 'reload HAProxy' and
                count['not 200'] > in_flight):
            yield 'requests refused, or items failed'
        if count['no answer'] > (in_flight if self.name in MAY_LOSE else 0):
            yield f'{count["no answer"]} requests without an answer'
        if count['cut short'] > (in_flight if self.name in MAY_CUT else 0):
            yield f'{count["cut short"]} answers cut short'
        if count['twice'] and self.name not in MAY_REPEAT:
            yield f'{count["twice"]} devices notified twice'
        yield from lateness(self.times)


def main():
    """All phases."""
    status = 0
    faults = collections.defaultdict(list)
    with open(DIRECTORY + '/faults', encoding='utf-8') as file:
        for line in file:
            name, begin, end = line.rsplit(' ', 2)
            faults[name].append((float(begin), float(end)))
    statuses = seen()
    phases, in_flight = {}, collections.Counter()
    for request in lines('told.json'):
        name = request['phase']
        phases.setdefault(name, Phase(name)).take(request, statuses)
        at_fault = any(request['began'] <= end + FOUND_S + 0.5 and
                       request['ended'] >= begin
                       for begin, end in faults[name])
        # One that is killed is there until the system has taken it apart.
        in_flight[name] += any(request['began'] <= end + 0.5 and
                               request['ended'] >= begin
                               for begin, end in faults[name])
        for text in request['told']:
            if (statuses[text].count(200) > 1 and name != 'loss' and
                    not at_fault):
                print(f'{name}: {text} twice, and not in flight at the fault',
                      file=sys.stderr)
                status = 1
    for name, phase in phases.items():
        print(phase.line())
        for words in phase.mistakes(in_flight[name]):
            print(f'{name}: {words}', file=sys.stderr)
            status = 1
    return status


sys.exit(main())
