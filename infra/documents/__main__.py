"""`python -m infra.documents`: writes the API's documents, and the pages that are made from the code, into docs/."""

import sys

from infra.documents.files import write
from infra.stages import ROOT

for file in write(ROOT / "docs"):
    sys.stdout.write(f"{file.relative_to(ROOT)}\n")
