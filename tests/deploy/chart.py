# SPDX-License-Identifier: Apache-2.0
"""Renders a Helm chart that keeps to the simplest of templates, without Helm.

    chart.py DIRECTORY

knows {{ .Release.Name }}, {{ .Chart.X }} and {{ .Values.X.Y }}, these with
"quote", or with "toYaml" and "nindent" behind "{{-", and fails for all else.
Prints the objects as one array of JSON.
"""
import json
import pathlib
import re
import sys

import yaml

ACTION = re.compile(r'([ \n]*){{- toYaml (\S+) \| nindent (\d+) }}|'
                    r'{{ (\S+)( \| quote)? }}')


def lookup(path, scope):
    """A value that must be there."""
    value = scope
    for name in path.strip('.').split('.'):
        value = value[name[:1].lower() + name[1:]
                      if value is scope['Chart'] else name]
    return value


def render(text, scope):
    """The template's text with all values in it."""
    def action(match):
        if match[2]:
            lines = yaml.safe_dump(lookup(match[2], scope)).splitlines()
            return ''.join('\n' + ' ' * int(match[3]) + line
                           for line in lines)
        value = lookup(match[4], scope)
        return json.dumps(str(value)) if match[5] else str(value)

    text = ACTION.sub(action, text)
    if '{{' in text:
        raise ValueError('more than is known here: ' +
                         text[text.index('{{'):][:60])
    return text


def main():
    """All templates of the directory."""
    chart = pathlib.Path(sys.argv[1])
    scope = {'Release': {'Name': 'push'},
             'Chart': yaml.safe_load((chart / 'Chart.yaml').read_text()),
             'Values': yaml.safe_load((chart / 'values.yaml').read_text())}
    print(json.dumps([
        yaml.safe_load(render(path.read_text(), scope))
        for path in sorted((chart / 'templates').glob('*.yaml'))]))


main()
