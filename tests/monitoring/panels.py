# SPDX-License-Identifier: Apache-2.0
"""Puts every query of a Grafana dashboard to a Prometheus.

    panels.py DASHBOARD queries
    panels.py DASHBOARD ask URL

Prints the queries, a line each, or those that return no number, and then
leaves with status 1.
"""
import json
import math
import sys
import urllib.parse
import urllib.request


def queries(path):
    """Yields title and query, with the values of Grafana's variables."""
    with open(path, encoding='utf-8') as file:
        dashboard = json.load(file)
    for panel in dashboard['panels']:
        for target in panel.get('targets', []):
            yield panel['title'], (target['expr']
                                   .replace('$__rate_interval', '1m')
                                   .replace('$instance', '.*'))
    for variable in dashboard['templating']['list']:
        if variable['type'] == 'query':
            name = variable['definition'].split('(')[1].split(',')[0]
            yield variable['label'], name


def ask(url, query):
    """The numbers that the query returns."""
    with urllib.request.urlopen(
            url + '/api/v1/query?' +
            urllib.parse.urlencode({'query': query}), timeout=10) as answer:
        result = json.load(answer)['data']['result']
    values = (float(sample['value'][1]) for sample in result)
    return [value for value in values if not math.isnan(value)]


def main():
    """What the arguments say."""
    status = 0
    for title, query in queries(sys.argv[1]):
        if sys.argv[2] == 'queries':
            print(query)
        elif not ask(sys.argv[3], query):
            print(f'{title}: {query}')
            status = 1
    return status


sys.exit(main())
