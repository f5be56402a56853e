#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The API's description, and what is held against it.

    openapi.py check FILE
        Is the description good in itself?  If openapi_spec_validator is
        installed, it is asked too.
    openapi.py answers FILE ANSWERS
        Does each answer match the description?  ANSWERS has a JSON object a
        line, of which method, path, status, type (the Content-Type) and body
        (its text) count.  A missing or empty file is a failure.
    openapi.py examples FILE
        Prints the examples of requests, a JSON object a line: operation,
        name, path, body (its text), status and expected (the answer's body).

Everything that is wrong is printed, a line each; then the status is 1.
"""

import json
import posixpath
import re
import sys
from urllib.parse import unquote

import yaml

# --- the document ------------------------------------------------------------

# The objects of OpenAPI 3.1, as far as the description uses them: the fields
# of each, "!" marks those that it must have.  A list stands for an array, a
# dictionary for a map of such objects.  Fields that begin with x- may hold
# anything, everything else is refused.
KINDS = {
    "document": {
        "openapi!": "text", "info!": "info", "servers": ["server"],
        "paths!": {"path": "path item"}, "components": "components",
        "security": ["security requirement"], "tags": ["tag"]},
    "info": {
        "title!": "text", "version!": "text", "summary": "text",
        "description": "text", "license": "license"},
    "license": {"name!": "text", "identifier": "text", "url": "text"},
    "server": {
        "url!": "text", "description": "text",
        "variables": {"name": "server variable"}},
    "server variable": {
        "default!": "text", "enum": ["text"], "description": "text"},
    "tag": {"name!": "text", "description": "text"},
    "path item": {
        "summary": "text", "description": "text", "parameters": ["parameter"],
        **{method: "operation" for method in (
            "get", "put", "post", "delete", "options", "head", "patch",
            "trace")}},
    "operation": {
        "operationId!": "text", "tags": ["text"], "summary": "text",
        "description": "text", "deprecated": "boolean",
        "parameters": ["parameter"], "requestBody": "request body",
        "responses!": {"status": "response"},
        "security": ["security requirement"]},
    "parameter": {
        "name!": "text", "in!": "text", "description": "text",
        "required": "boolean", "schema!": "schema"},
    "request body": {
        "content!": {"media type name": "media type"}, "description": "text",
        "required": "boolean"},
    "media type": {"schema!": "schema", "examples": {"name": "example"}},
    "response": {
        "description!": "text", "headers": {"name": "header"},
        "content": {"media type name": "media type"}},
    "header": {
        "schema!": "schema", "description": "text", "required": "boolean"},
    "example": {"value!": "any", "summary": "text", "description": "text"},
    "security requirement": {},
    "security scheme": {"type!": "text", "description": "text"},
    "components": {
        "schemas": {"name": "schema"}, "responses": {"name": "response"},
        "parameters": {"name": "parameter"}, "examples": {"name": "example"},
        "requestBodies": {"name": "request body"},
        "headers": {"name": "header"},
        "securitySchemes": {"name": "security scheme"}},
}

# What may stand elsewhere, and where in the components.
SHARED = {
    "schema": "schemas", "response": "responses", "parameter": "parameters",
    "example": "examples", "request body": "requestBodies",
    "header": "headers", "security scheme": "securitySchemes"}

# The names of maps.
NAMES = {
    "name": r"[A-Za-z0-9._-]+", "path": r"(/[^/?#]+)+",
    "media type name": r"[a-z]+/[a-z0-9.+-]+", "status": r"[1-5][0-9][0-9]"}

# The keywords of a schema, by what they hold.
ONE_SCHEMA = {"items", "contains", "not", "if", "then", "else",
              "additionalProperties", "unevaluatedProperties",
              "propertyNames"}
LIST_OF_SCHEMAS = {"allOf", "anyOf", "oneOf", "prefixItems"}
MAP_OF_SCHEMAS = {"properties", "patternProperties", "dependentSchemas"}
KEYWORDS = ONE_SCHEMA | LIST_OF_SCHEMAS | MAP_OF_SCHEMAS | {
    "$ref", "$comment", "type", "enum", "const", "required", "minItems",
    "maxItems", "uniqueItems", "minLength", "maxLength", "pattern", "format",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "multipleOf", "minProperties", "maxProperties", "title", "description",
    "default", "examples", "deprecated"}

JSON_TYPE = "application/json"

# Targets of so many bytes lead nowhere.
PATH_SIZE = 2048


class Fault(Exception):
    """What makes it impossible to go on."""


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML, but no name may stand twice in a map."""

    def construct_mapping(self, node, deep=False):
        names = [self.construct_object(key, deep) for key, _ in node.value]
        for name in names:
            if not isinstance(name, str) or names.count(name) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{name!r} is twice here, or no text",
                    node.start_mark)
        return super().construct_mapping(node, deep)


def load(file):
    try:
        with open(file, encoding="utf-8") as stream:
            document = yaml.load(stream, Loader)
        json.dumps(document, allow_nan=False)
    except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
        raise Fault(f"{file}: {error}") from error
    if not isinstance(document, dict):
        raise Fault(f"{file}: is not a map")
    return document


def pointer(parts):
    """A JSON pointer."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1")
                   for part in parts)


def resolve(document, reference):
    """What "#/a/b" points to."""
    value = document
    if not isinstance(reference, str) or not reference.startswith("#/"):
        raise Fault(f"{reference!r} does not point into this document")
    for part in reference[2:].split("/"):
        part = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(value, dict) or part not in value:
            raise Fault(f"{reference!r} points to nothing")
        value = value[part]
    return value


def follow(document, value):
    """The object itself, if a reference stands in its place."""
    while isinstance(value, dict) and "$ref" in value:
        value = resolve(document, value["$ref"])
    return value


def subschemas(schema):
    """The schemas right below one, with their places."""
    if isinstance(schema, bool):
        return
    for keyword, value in schema.items():
        if keyword in ONE_SCHEMA:
            yield [keyword], value
        elif keyword in LIST_OF_SCHEMAS:
            for i, below in enumerate(value):
                yield [keyword, i], below
        elif keyword in MAP_OF_SCHEMAS:
            for name, below in value.items():
                yield [keyword, name], below


def inline(document, schema, above=()):
    """The schema without references: it reads alike for all validators."""
    if isinstance(schema, bool):
        return schema
    result = dict(schema)
    for place, below in subschemas(schema):
        if len(place) == 1:
            result[place[0]] = inline(document, below, above)
        else:
            # A list or a map of its own, before it is changed.
            if result[place[0]] is schema[place[0]]:
                result[place[0]] = schema[place[0]].copy()
            result[place[0]][place[1]] = inline(document, below, above)
    reference = result.pop("$ref", None)
    if reference is None:
        return result
    if reference in above:
        raise Fault(f"{reference!r} leads back to itself")
    target = inline(document, resolve(document, reference),
                    (*above, reference))
    return {**result, "allOf": [*result.get("allOf", []), target]}


def is_integer(_checker, value):
    """1.0 is none: the gateway is stricter than JSON Schema."""
    return isinstance(value, int) and not isinstance(value, bool)


def unique_by(_validator, name, value, _schema):
    """The keyword x-unique-by."""
    from jsonschema.exceptions import ValidationError
    seen = [json.dumps(element.get(name)) for element in value
            if isinstance(element, dict)]
    if len(set(seen)) < len(seen):
        yield ValidationError(f"two elements have the same {name}")


def make_validator(document, schema):
    from jsonschema import Draft202012Validator, validators
    strict = validators.extend(
        Draft202012Validator, {"x-unique-by": unique_by},
        type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
            "integer", is_integer))
    return strict(inline(document, schema))


def depth(error):
    return len(error.absolute_path)


def explain(error):
    """A violation on one line."""
    while error.context:
        # Of several alternatives the one that was meant, if that is clear:
        # its own members' constants are there, and most of it is good.
        alternatives = {}
        for below in error.context:
            alternatives.setdefault(below.relative_schema_path[0],
                                    []).append(below)
        meant = sorted((max(errors, key=depth)
                        for errors in alternatives.values() if not any(
                            below.validator == "const" and
                            depth(below) <= depth(error) + 1
                            for below in errors)), key=depth)
        if not meant or (len(meant) > 1 and
                         depth(meant[-2]) == depth(meant[-1])):
            break
        error = meant[-1]
    words = " ".join(error.message.split())
    if len(words) > 240:
        words = f"{words[:120]} … {words[-120:]}"
    return f"{pointer(error.absolute_path) or 'the whole'}: {words}"


def differences(validator, value):
    return sorted(map(explain, validator.iter_errors(value)))


def operations(document):
    """(path, method, operation) of each."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if KINDS["path item"].get(method) == "operation":
                yield path, method, operation


def json_content(holder):
    """The media type object of a request body or a response."""
    return holder.get("content", {}).get(JSON_TYPE, {})


def request_examples(document):
    """(path, operation, name, example) of each."""
    for path, _, operation in operations(document):
        body = follow(document, operation.get("requestBody", {}))
        for name, example in json_content(body).get("examples", {}).items():
            yield path, operation, name, follow(document, example)


# --- check -------------------------------------------------------------------


class Checker:
    """Looks at the whole document and collects what is wrong with it."""

    def __init__(self, document):
        self.document = document
        self.faults = []
        self.used = set()

    def fault(self, place, words):
        self.faults.append(f"#{pointer(place)}: {words}")

    def check(self):
        self.check_kind("document", self.document, [])
        # What follows relies on that.
        if not self.faults:
            self.check_document()
            self.check_contents()
        return self.faults

    # The structure.

    def check_kind(self, kind, value, place):
        if isinstance(kind, list):
            self.check_list(kind[0], value, place)
        elif isinstance(kind, dict):
            self.check_map(kind, value, place)
        elif kind == "text" and not isinstance(value, str):
            self.fault(place, f"must be text, not {value!r}")
        elif kind == "boolean" and not isinstance(value, bool):
            self.fault(place, f"must be true or false, not {value!r}")
        elif kind in ("text", "boolean", "any"):
            pass
        elif kind == "schema":
            self.check_schema(value, place)
        elif not isinstance(value, dict):
            self.fault(place, f"must be a map: a {kind}")
        elif "$ref" in value and kind in SHARED:
            self.check_reference(kind, value, place)
            for name in set(value) - {"$ref", "summary", "description"}:
                self.fault(place, f"a reference has no field {name!r}")
        else:
            self.check_object(kind, value, place)

    def check_list(self, kind, value, place):
        if not isinstance(value, list):
            self.fault(place, "must be a list")
            return
        for i, element in enumerate(value):
            self.check_kind(kind, element, [*place, i])

    def check_map(self, kind, value, place):
        (names, element_kind), = kind.items()
        if not isinstance(value, dict):
            self.fault(place, "must be a map")
            return
        for name, element in value.items():
            if not re.fullmatch(NAMES[names], name):
                self.fault(place, f"{name!r} is not a {names}")
            self.check_kind(element_kind, element, [*place, name])

    def check_object(self, kind, value, place):
        fields = {name.rstrip("!"): field
                  for name, field in KINDS[kind].items()}
        for name, element in value.items():
            if kind == "security requirement":
                self.check_list("text", element, [*place, name])
            elif name in fields:
                self.check_kind(fields[name], element, [*place, name])
            elif not name.startswith("x-"):
                self.fault(place, f"a {kind} has no field {name!r}")
        for name in KINDS[kind]:
            if name.endswith("!") and name[:-1] not in value:
                self.fault(place, f"a {kind} must have {name[:-1]!r}")

    def check_reference(self, kind, value, place):
        home = f"#/components/{SHARED[kind]}/"
        reference = value["$ref"]
        self.used.add(reference)
        try:
            resolve(self.document, reference)
            if not reference.startswith(home):
                self.fault(place, f"{reference!r} is not in {home}")
        except Fault as fault:
            self.fault(place, str(fault))

    def check_schema(self, schema, place):
        from jsonschema import Draft202012Validator, SchemaError
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            self.fault([*place, *error.absolute_path], error.message)
        else:
            self.check_keywords(schema, place)

    def check_keywords(self, schema, place):
        """What the meta-schema lets pass."""
        if isinstance(schema, bool):
            return
        for keyword in set(schema) - KEYWORDS:
            if not keyword.startswith("x-"):
                self.fault(place, f"a schema has no keyword {keyword!r}")
        if "$ref" in schema:
            self.check_reference("schema", schema, place)
        try:
            re.compile(schema.get("pattern", ""))
        except re.error as error:
            self.fault([*place, "pattern"], str(error))
        for below_place, below in subschemas(schema):
            self.check_keywords(below, [*place, *below_place])

    # What the structure does not say.

    def check_document(self):
        document = self.document
        if not re.fullmatch(r"3\.1\.[0-9]+", document["openapi"]):
            self.fault(["openapi"], "must be 3.1")
        self.check_security(document.get("security", []), ["security"])
        for i, server in enumerate(document.get("servers", [])):
            self.check_names(server["url"], server.get("variables", {}),
                             ["servers", i])
        tags = [tag["name"] for tag in document.get("tags", [])]
        identities = []
        for path, method, operation in operations(document):
            place = ["paths", path, method]
            parameters = [follow(document, parameter) for parameter in
                          document["paths"][path].get("parameters", []) +
                          operation.get("parameters", [])]
            self.check_names(path, [parameter["name"] for parameter in
                                    parameters if parameter["in"] == "path"],
                             place)
            self.check_security(operation.get("security", []), place)
            if operation["operationId"] in identities:
                self.fault(place, "its operationId stands twice")
            identities.append(operation["operationId"])
            for tag in operation.get("tags", []):
                if tag not in tags:
                    self.fault(place, f"the tag {tag!r} is not declared")
        for place, response in self.responses():
            senders = response.get("x-sent-by")
            if senders not in (["gateway"], ["web server"],
                               ["gateway", "web server"]):
                self.fault(place, f"x-sent-by cannot be {senders!r}")
        for section, shared in document.get("components", {}).items():
            for name in shared:
                if section != "securitySchemes" and \
                        f"#/components/{section}/{name}" not in self.used:
                    self.fault(["components", section, name], "is not used")

    def check_names(self, template, names, place):
        if set(re.findall(r"{([^{}]*)}", template)) != set(names):
            self.fault(place, f"the names in {template!r} are not those "
                              "that are described")

    def check_security(self, requirements, place):
        schemes = self.document.get("components", {}).get(
            "securitySchemes", {})
        for requirement in requirements:
            for name in requirement:
                if name not in schemes:
                    self.fault(place, f"there is no security scheme {name!r}")

    def responses(self):
        """(place, response object) of each, once."""
        for name, response in self.document.get("components", {}).get(
                "responses", {}).items():
            yield ["components", "responses", name], response
        for path, method, operation in operations(self.document):
            for status, response in operation["responses"].items():
                if "$ref" not in response:
                    yield ["paths", path, method, "responses", status], \
                        response

    def check_contents(self):
        """The schemas and examples of requests and answers."""
        for place, response in self.responses():
            media = self.check_content(place, response)
            for name, example in media.get("examples", {}).items():
                for words in differences(
                        make_validator(self.document, media["schema"]),
                        follow(self.document, example)["value"]):
                    self.fault([*place, "examples", name], words)
            self.check_closed(inline(self.document,
                                     media.get("schema", True)), place)
        for path, method, operation in operations(self.document):
            if "requestBody" in operation:
                self.check_content(
                    ["paths", path, method, "requestBody"],
                    follow(self.document, operation["requestBody"]))
        for path, operation, name, example in request_examples(self.document):
            self.check_request(
                ["paths", path, "post", "requestBody", "examples", name],
                path, operation, example)

    def check_content(self, place, holder):
        """The media type object, whose schema's own examples are good."""
        media = json_content(holder)
        if not media:
            self.fault(place, f"has no {JSON_TYPE}")
            return {}
        todo = [inline(self.document, media["schema"])]
        while todo:
            schema = todo.pop()
            todo += [below for _, below in subschemas(schema)]
            if isinstance(schema, dict):
                values = schema.get("examples", []) + [
                    schema[name] for name in ["default"] if name in schema]
                for words in [words for value in values for words in
                              differences(make_validator(
                                  self.document, schema), value)]:
                    self.fault(place, f"a schema's own example: {words}")
        return media

    def check_closed(self, schema, place):
        """An answer holds no member that is not described."""
        if isinstance(schema, dict) and schema.get("type") == "object" and \
                False not in (schema.get("additionalProperties"),
                              schema.get("unevaluatedProperties")):
            self.fault(place, "an answer's object is not closed")
        for _, below in subschemas(schema):
            self.check_closed(below, place)

    def check_request(self, place, path, operation, example):
        """Its answer is described, and names what the schema finds in it."""
        expected = example.get("x-expected")
        if not isinstance(expected, dict) or \
                set(expected) != {"status", "body"}:
            self.fault(place, "must have x-expected, with status and body")
            return
        for words in Api(self.document).compare(
                "POST", path, expected["status"], JSON_TYPE,
                json.dumps(expected["body"])):
            self.fault([*place, "x-expected"], words)
        schema = json_content(follow(self.document,
                                     operation["requestBody"]))["schema"]
        errors = list(make_validator(self.document, schema).iter_errors(
            example["value"]))
        kinds = {error.validator for error in errors}
        found = "Invalid data format" if kinds - {"maxItems", "x-unique-by"} \
            else "Batch size exceeds maximum limit" if "maxItems" in kinds \
            else "Duplicate notification IDs in batch" if kinds else None
        body = expected["body"]
        said = body.get("error") if expected["status"] == 400 else None
        if said != found and (found, said) != (
                None, "Individual notification too large"):
            self.fault(place, f"x-expected says {said!r}, the schema "
                       f"{found!r}" + "".join(
                           "; " + explain(error) for error in errors))
        elif found == "Invalid data format":
            places = {where for error in errors for where in places_of(error)}
            location = body.get("details", {}).get("location")
            if location not in places:
                self.fault(place, f"x-expected points to {location!r}, the "
                                  f"schema to {sorted(places)}")


def places_of(error):
    """Pointers to what a violation may be said of."""
    places = [pointer(error.absolute_path)]
    if error.validator == "required":
        places = [places[0] + pointer([name])
                  for name in error.validator_value
                  if name not in error.instance]
    for below in error.context or []:
        places += places_of(below)
    return places


def ask_validator(document):
    """Another opinion: (its faults, its name)."""
    try:
        import openapi_spec_validator as other
    except ImportError:
        return [], "openapi_spec_validator is not installed"
    from jsonschema.exceptions import ValidationError
    validate = getattr(other, "validate", None) or other.validate_spec
    try:
        validate(document)
    except ValidationError as error:
        return [f"openapi_spec_validator: {explain(error)}"], ""
    return [], "openapi_spec_validator agrees"


def check(file):
    document = load(file)
    faults = Checker(document).check()
    opinion = ""
    if not faults:
        faults, opinion = ask_validator(document)
    for words in faults:
        print(f"{file}: {words}")
    if not faults:
        print(f"{file}: good; {len(list(operations(document)))} operations, "
              f"{len(list(request_examples(document)))} examples of "
              f"requests; {opinion}")
    return not faults


# --- answers -----------------------------------------------------------------


def refuse_twice(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("a name stands twice in an object")
    return dict(pairs)


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def parse(text):
    return json.loads(text, object_pairs_hook=refuse_twice,
                      parse_constant=refuse_constant)


def path_of(target):
    return re.split("[?#]", target)[0]


def is_matrix(target):
    """By the path that the web server makes of the target."""
    path = unquote(path_of(target))
    return len(path) < PATH_SIZE and \
        "/_matrix/" in posixpath.normpath(path) + "/" * path.endswith("/")


class Api:
    """What the description says of an answer."""

    def __init__(self, document):
        self.document = document
        self.paths = {path: operation for path, method, operation in
                      operations(document) if method == "post"}
        self.gets = {path: operation for path, method, operation in
                     operations(document) if method == "get"}
        self.validators = {}

    def route(self, target):
        """The described path that a target leads to, or None."""
        path = path_of(target)
        plain = re.sub("%2e", ".", re.sub("%2f", "/", path, flags=re.I),
                       flags=re.I)
        segments = plain.split("/")[1:]
        if "" in segments[:-1] or {".", ".."} & set(segments) or \
                len(path) >= PATH_SIZE:
            return None
        path = unquote(path)
        path = path[:-1] if path.endswith("/") else path
        tails = [tail for tail in self.paths if path.endswith(tail)]
        return max(tails, key=len, default=None)

    def answer_of(self, method, target, status):
        """(the response object or None, whether it can only be the web
        server's)."""
        path = self.route(target)
        if path in self.gets and method in ("GET", "HEAD"):
            response = self.gets[path]["responses"].get(str(status))
            return follow(self.document, response), False
        special = 404 if path is None else 405 if method != "POST" else None
        path = path or next(iter(self.paths))
        # Matrix has a form of its own for these two.
        if special == status and is_matrix(target):
            path = next(known for known in self.paths
                        if known.startswith("/_matrix/"))
        response = follow(self.document,
                          self.paths[path]["responses"].get(str(status)))
        senders = (response or {}).get("x-sent-by", [])
        if special == status or (special is None and
                                 status not in (404, 405)):
            return response, senders == ["web server"]
        return (response if "web server" in senders else None), True

    def compare(self, method, target, status, content_type, text):
        """Each difference in words; none if the answer is as described."""
        response, by_web_server = self.answer_of(method, target, status)
        if response is None:
            return [f"{status} is not described here"]
        if content_type != JSON_TYPE:
            return [f"the Content-Type is {content_type!r}"]
        if method == "HEAD":
            return ["HEAD has no body"] if text else []
        try:
            body = parse(text)
        except ValueError as error:
            return [f"the body is not JSON: {error}"]
        if id(response) not in self.validators:
            self.validators[id(response)] = make_validator(
                self.document, json_content(response)["schema"])
        words = differences(self.validators[id(response)], body)
        if not words and by_web_server and set(body) != {"error"}:
            words = ["only the web server can answer this here, and it says "
                     "nothing but an error"]
        if not words:
            words = [*self.compare_sum(body),
                     *self.compare_location(target, body)]
        return words

    @staticmethod
    def compare_sum(body):
        if "summary" not in body:
            return
        counts = {"total": len(body["results"])}
        for counter, status in (("successful", "success"),
                                ("failed", "failed"), ("partial", "partial")):
            counts[counter] = sum(result["status"] == status
                                  for result in body["results"])
        if body["summary"] != counts:
            yield (f"/summary: says {json.dumps(body['summary'])}, the "
                   f"results {json.dumps(counts)}")
        names = [result["id"] for result in body["results"]]
        if len(set(names)) < len(names):
            yield "/results: two have the same id"

    def compare_location(self, target, body):
        """A violation's place must be one that the request can have."""
        location = body.get("details", {}).get("location")
        if location is None:
            return
        request = follow(self.document,
                         self.paths[self.route(target)]["requestBody"])
        schema = json_content(request)["schema"]
        for part in location.split("/")[1:]:
            schema = follow(self.document, schema)
            schema = schema.get("items") if part.isdigit() else \
                schema.get("properties", {}).get(part)
            if schema is None:
                yield (f"/details/location: {location!r} is no place in the "
                       "request")
                return


def compare_line(api, line):
    """(the answer in short, its differences)."""
    try:
        answer = json.loads(line)
        values = [answer[name] for name in (
            "method", "path", "status", "type", "body")]
    except (ValueError, TypeError, KeyError) as error:
        return line[:300], [f"this is not an answer: {error!r}"]
    method, path, status, content_type, body = values
    if not all(isinstance(value, str) for value in (method, path, body)) or \
            not is_integer(None, status):
        return line[:300], ["this is not an answer: a member's type"]
    return (f"{method} {path[:200]} {status} {body[:300]!r}",
            api.compare(method, path, status, content_type, body))


def answers(file, answers_file):
    api = Api(load(file))
    count = wrong = 0
    good = set()
    try:
        with open(answers_file, encoding="utf-8") as stream:
            for count, line in enumerate(stream, 1):
                # Many are alike.
                if line in good:
                    continue
                short, words = compare_line(api, line)
                if not words:
                    good.add(line)
                    continue
                wrong += 1
                print(f"{answers_file}:{count}: {short}")
                for difference in words:
                    print(f"\t{difference}")
    except (OSError, ValueError) as error:
        raise Fault(f"{answers_file}: {error}") from error
    if count == 0:
        raise Fault(f"{answers_file}: holds no answers")
    print(f"{count} answers, {wrong} of them not as described")
    return wrong == 0


# --- examples ----------------------------------------------------------------


def examples(file):
    for path, operation, name, example in request_examples(load(file)):
        expected = example["x-expected"]
        print(json.dumps({
            "operation": operation["operationId"], "name": name,
            "path": path, "body": json.dumps(example["value"],
                                             ensure_ascii=False),
            "status": expected["status"], "expected": expected["body"]}))
    return True


def main(arguments):
    commands = {("check", 1): check, ("answers", 2): answers,
                ("examples", 1): examples}
    command = commands.get((arguments[0] if arguments else None,
                            len(arguments) - 1))
    if command is None:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        return 0 if command(*arguments[1:]) else 1
    except Fault as fault:
        print(fault)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
