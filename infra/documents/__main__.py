"""`python -m infra.documents`: writes docs/openapi.json and docs/asyncapi.json."""

import sys

from infra.documents.files import write
from infra.stages import ROOT

for file in write(ROOT / "docs"):
    sys.stdout.write(f"{file.relative_to(ROOT)}\n")
