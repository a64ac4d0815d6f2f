"""A thousand uploads made to harm: a bundle comes out, or words do."""

import unicodedata
from pathlib import Path

import pytest
from badframes import ALWAYS
from baduploads import LIMIT, UPLOADS
from hypothesis import given, settings

from dashops import bundle, errors


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(ALWAYS, max_examples=1000)
@given(UPLOADS)
def test_an_upload_is_a_safe_bundle_or_refused_in_words(data):
    try:
        found = bundle.portable(bundle.unpack(data, LIMIT))
    except errors.SpecError as error:
        assert error.message and "Traceback" not in error.message
        return
    assert sum(map(len, found.files.values())) <= LIMIT
    seen = set()
    for name in found.files:
        parts = name.split("/")
        assert not Path(name).is_absolute() and not {"..", ".", ""} & set(parts)
        assert unicodedata.is_normalized("NFC", name)
        assert "\\" not in name and "\0" not in name and len(parts) <= 33
        assert name.casefold() not in seen, "two files that are one elsewhere"
        seen.add(name.casefold())
    again = bundle.unpack(bundle.pack(found), 10 * LIMIT)
    assert bundle.digest(again) == bundle.digest(found)
    # What deploys do with it next.
    bundle.assets(found)
    bundle.title(found.notebook, "x")
    bundle.kernel(found.notebook)
    bundle.language(found.notebook)
    for later in (lambda: bundle.opening(found.notebook), lambda: bundle.dependencies(found)):
        try:
            later()
        except errors.SpecError as error:
            assert error.message
