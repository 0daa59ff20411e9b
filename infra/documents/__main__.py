"""`python -m infra.documents`: writes docs/openapi.json, docs/asyncapi.json, docs/alarms.md and the runbooks' index."""

import sys

from infra.documents.files import write
from infra.stages import ROOT

for file in write(ROOT / "docs"):
    sys.stdout.write(f"{file.relative_to(ROOT)}\n")
