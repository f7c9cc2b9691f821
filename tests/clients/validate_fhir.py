"""Holds FHIR resources, one a line on standard input, against the R4 models of the library fhir.resources."""

import json
import sys

from fhir.resources import construct_fhir_element

counted = {}
for number, line in enumerate(sys.stdin, 1):
    resource = json.loads(line)
    kind = resource["resourceType"]
    try:
        construct_fhir_element(kind, line)
    except Exception as error:
        sys.exit(f"line {number}: {line}\n{error}")
    counted[kind] = counted.get(kind, 0) + 1
print(json.dumps(counted))
