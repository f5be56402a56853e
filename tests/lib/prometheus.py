# SPDX-License-Identifier: Apache-2.0
"""Holds standard input against Prometheus' text format 0.0.4, strictly.

Each metric has its help and type once, in front of its samples, which stand
together; no sample is there twice; a histogram's buckets rise to +Inf, which
is its count.  Says what is wrong, and leaves with status 1.
"""
import re
import sys

LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(%s(?:,%s)*)\})? '
                    r'(-?[0-9]+(?:\.[0-9]+)?)' % (LABEL, LABEL))
ENDINGS = {'histogram': ('_bucket', '_sum', '_count'), 'counter': ('',),
           'gauge': ('',)}


def check(text):
    """Yields a line for each mistake."""
    name = kind = None
    helps, types, samples = set(), {}, {}
    if text and not text.endswith('\n'):
        yield 'the last line is not ended'
    for line in text.splitlines():
        words = line.split(' ', 3)
        if line.startswith('# HELP '):
            name, kind = words[2], None
            if name in helps or len(words) < 4:
                yield f'a wrong help: {line}'
            helps.add(name)
        elif line.startswith('# TYPE '):
            if words[2] != name or name in types or words[3] not in ENDINGS:
                yield f'a wrong type: {line}'
            kind = types[name] = words[3]
        else:
            match = SAMPLE.fullmatch(line)
            if not match or kind is None or match[1] not in [
                    name + ending for ending in ENDINGS[kind]]:
                yield f'a wrong sample: {line}'
                continue
            if match.group(1, 2) in samples:
                yield f'twice: {line}'
            samples[match.group(1, 2)] = float(match[3])
            if kind == 'counter' and not name.endswith('_total'):
                yield f'a counter that is not called so: {line}'
    yield from check_histograms(types, samples)


def check_histograms(types, samples):
    """The same for what the samples of a histogram mean together."""
    last = {}
    for (name, labels), value in samples.items():
        base = re.sub('_bucket$', '', name)
        if base == name or types.get(base) != 'histogram':
            continue
        labels, bound = re.fullmatch('(.*?),?le="([^"]*)"', labels).groups()
        key = (base, labels or None)
        former = last.get(key, (float('-inf'), 0))
        if float(bound) <= former[0] or value < former[1]:
            yield f'{name} {labels}: falls at {bound}'
        last[key] = (float(bound), value)
    for (base, labels), (bound, value) in last.items():
        if bound != float('inf') or samples.get(
                (base + '_count', labels)) != value or (
                base + '_sum', labels) not in samples:
            yield f'{base} {labels}: its count is not that of +Inf'


def main():
    """The exit status."""
    status = 0
    for mistake in check(sys.stdin.read()):
        print(mistake, file=sys.stderr)
        status = 1
    return status


sys.exit(main())
