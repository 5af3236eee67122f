"""On SQLite, whose driver takes integers of 63 bits, no address or form of the admin answers 500."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

# Asks every page of every model for a row with a number that no column holds; prints the addresses that answer 500.
SCRIPT = """
import json, django, logging
django.setup()
from django.conf import settings
settings.ALLOWED_HOSTS = ["testserver"]
from django.contrib import admin
from django.db.models import ForeignKey, IntegerField
from django.test import Client
from tests.factories import UserFactory

def holds_a_number(field):
    return isinstance(field, ForeignKey | IntegerField)

logging.disable(logging.CRITICAL)
staff = Client(raise_request_exception=False)
staff.force_login(UserFactory(username="root", is_staff=True, is_superuser=True))
huge, asked, failed = str(2**63), 0, []
for model, model_admin in admin.site._registry.items():
    pages = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    addresses = [f"{pages}{huge}/{page}/" for page in ("change", "delete", "history")]
    addresses += [f"{pages}?{query}={huge}" for query in ("q", "p", "o", "id", "pk__gte", "pk__lt")]
    addresses += [f"{pages}?{field.name}__exact={huge}" for field in model._meta.fields if holds_a_number(field)]
    answers = {address: staff.get(address) for address in addresses}
    action = {"action": "delete_selected", "_selected_action": [huge]}
    answers[f"POST {pages}"] = staff.post(pages, action)
    asked += len(answers)
    failed += [address for address, answer in answers.items() if answer.status_code >= 500]
told = staff.get(f"/admin/accounts/profile/{huge}/change/", follow=True).content.decode()
print(json.dumps({"asked": asked, "failed": failed, "told": "No row has such a value" in told}))
"""


def test_a_number_that_no_column_holds_is_a_message(tmp_path: Path, migrated_sqlite: Path) -> None:
    database = shutil.copy(migrated_sqlite, tmp_path)
    env = {**os.environ, "DATABASE_URL": f"sqlite:///{database}", "DEBUG": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**env, "DJANGO_SETTINGS_MODULE": "core.settings", "DEV_DIR": str(tmp_path)},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["failed"] == []
    assert found["told"]
    assert found["asked"] > 500
