"""A field says how large a file of each kind may be."""

from streamlit import config
from streamlit.testing.v1 import AppTest

from pages.panels.controls import LIMITS_MB


def test_the_server_takes_what_the_largest_field_does():
    assert config.get_option("server.maxUploadSize") == max(LIMITS_MB.values())


def test_a_field_of_pictures_takes_no_larger_file_than_a_picture_may_be():
    def page():
        from pages.panels.controls import upload_field

        upload_field(["pictures"], "One", ["jpg"])
        upload_field(["pictures", "videos", "zips"], "Some", ["jpg", "mp4", "zip"])

    app = AppTest.from_function(page).run()
    assert [field.proto.max_upload_size_mb for field in app.file_uploader] == [20, 500]
    assert [text.value for text in app.caption] == [
        "Up to 20 MB for pictures, 200 MB for videos, 500 MB for zips."
    ]


def test_no_page_draws_a_field_of_its_own(root):
    fields = [p.name for p in root.glob("pages/**/*.py") if ".file_uploader(" in p.read_text()]
    assert fields == ["controls.py"]
