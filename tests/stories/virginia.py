"""Example Garden after it has moved: another law at its seat, another for its people in Britain, and promises that no sample makes."""

import shutil
from pathlib import Path

from tests.processes import ROOT, Demo

MOVED = {
    'version: "2026-06-15"': 'version: "2026-11-01"',
    "effective_on: 2026-06-15": "effective_on: 2026-11-01",
    "establishment: CA-BC": "establishment: US-VA",
    "timezone: America/Vancouver": "timezone: America/New_York",
    "regimes: [CA_BC_PIPA]\nresidence": "regimes: [US_VA]\nresidence",
    "minimum_age: 16": "minimum_age: 16\nsecond_person_rows: 3",
    "name: Office of the Information and Privacy Commissioner for British Columbia": "name: Attorney General of Virginia",
    "web: https://www.oipc.bc.ca": "web: https://www.oag.state.va.us",
    "regimes: [CA_BC_PIPA]\n\nnot_held": "regimes: [US_VA]\n\nnot_held",
}
ICO = """  - key: ico
    name: Information Commissioner's Office
    web: https://ico.org.uk/make-a-complaint/
    regimes: [UK_GDPR]

not_held:"""


def move_garden(demo: Demo, folder: Path) -> None:
    """As its operators would: the folder is changed, its version too, and loaded again."""
    shutil.copytree(ROOT / "examples" / "garden", folder / "garden")
    file = folder / "garden" / "organisation.yaml"
    text = file.read_text()
    for old, new in MOVED.items():
        assert old in text, old
        text = text.replace(old, new)
    file.write_text(text.replace("\nnot_held:", ICO, 1))
    demo.manage("load_organisation", str(folder / "garden"))
