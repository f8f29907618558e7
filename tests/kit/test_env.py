import pytest

from portal.env import EnvironmentRefused, environment, kept_secret


def test_an_unknown_setting_is_refused_by_name():
    with pytest.raises(EnvironmentRefused, match="HABEAS_BASEURL"):
        environment({"HABEAS_BASEURL": "https://data.example.org"})


def test_a_secret_may_stand_in_a_file(tmp_path):
    (tmp_path / "key").write_text("quiet\n")

    assert environment({"HABEAS_SECRET_KEY_FILE": str(tmp_path / "key")})["HABEAS_SECRET_KEY"] == "quiet"


def test_a_secret_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(EnvironmentRefused, match="gone"):
        environment({"HABEAS_MASTER_KEY_FILE": str(tmp_path / "gone")})


def test_a_secret_is_made_once_and_is_for_its_owner_only(tmp_path):
    first = kept_secret(tmp_path / "keys", "one")

    assert kept_secret(tmp_path / "keys", "one") == first
    assert len(first) == 64
    assert (tmp_path / "keys" / "one").stat().st_mode & 0o077 == 0
