"""Every source, and every way in which one can be wrong."""

import hashlib
import threading
from dataclasses import replace
from datetime import date
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from requests.exceptions import ConnectionError as KaggleUnreachable

from training import schema, source, synthetic, validate

STOP_SECONDS = 0.01  # at most, until a server notices that it is to end


@pytest.fixture(name="csv")
def _csv(tmp_path):
    file = tmp_path / "given" / "some.csv"
    file.parent.mkdir()
    synthetic.generate(rows=50, copies=5).to_csv(file, index=False)
    return file


@pytest.fixture(name="no_kaggle")
def _no_kaggle(monkeypatch):
    """Stands in for Kaggle, which a test must not depend on."""

    def unreachable(_):
        raise KaggleUnreachable("no route")

    monkeypatch.setattr("kagglehub.dataset_download", unreachable)


def test_a_csv_file_is_copied_into_the_data_folder_and_read(csv, tmp_path):
    dataset = source.pull(str(csv), tmp_path / "data")
    assert dataset.file == tmp_path / "data" / "online_course_engagement_data.csv"
    assert dataset.sha256 == hashlib.sha256(csv.read_bytes()).hexdigest()
    assert (len(dataset.rows), list(dataset.rows)) == (50, schema.COLUMNS)
    assert (dataset.requested, dataset.source, dataset.fallback_reason) == (str(csv), str(csv), "")


def test_the_pulled_file_itself_can_be_the_source(csv, tmp_path):
    first = source.pull(str(csv), tmp_path / "data")
    assert source.pull(str(first.file), tmp_path / "data").sha256 == first.sha256


def test_a_parquet_file_is_read(tmp_path):
    file = tmp_path / "some.parquet"
    synthetic.generate(rows=50, copies=5).to_parquet(file)
    assert len(source.pull(str(file), tmp_path / "data").rows) == 50


class CutShort(SimpleHTTPRequestHandler):
    """Promises more than it sends, as a connection that is cut does."""

    def do_GET(self):  # pylint: disable=invalid-name,missing-function-docstring
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.wfile.write(b"UserID,CourseCategory\n")


@pytest.fixture(name="served")
def _served(csv):
    """A function that serves the folder of the file, or whatever a handler gives, and gives the address."""
    servers = []

    def serve(handler=partial(SimpleHTTPRequestHandler, directory=csv.parent)):
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=[STOP_SECONDS], daemon=True).start()
        return f"127.0.0.1:{server.server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_url_is_read(served, tmp_path):
    assert len(source.pull(f"http://{served()}/some.csv", tmp_path / "data").rows) == 50


def _refuses_with(code):
    class Refuses(SimpleHTTPRequestHandler):
        """Gives no file."""

        def do_GET(self):  # pylint: disable=invalid-name,missing-function-docstring
            self.send_error(code)

    return Refuses


@pytest.mark.parametrize("code", [401, 403, 404])
def test_a_url_that_is_refused_is_not_asked_again_and_nothing_takes_its_place(served, tmp_path, code):
    url = f"http://{served(_refuses_with(code))}/other.csv"
    with pytest.raises(source.SourceError, match=f"other.csv' cannot be read: HTTP Error {code}") as raised:
        source.pull(url, tmp_path / "data", fallback_to_synthetic=True)
    assert not isinstance(raised.value, source.SourceUnreachable)


@pytest.mark.parametrize("code", [408, 429, 500, 503])
def test_a_server_that_cannot_answer_now_may_be_asked_again(served, tmp_path, code):
    with pytest.raises(source.SourceUnreachable, match=f"other.csv' cannot be read: HTTP Error {code}"):
        source.pull(f"http://{served(_refuses_with(code))}/other.csv", tmp_path / "data")


def test_a_download_that_is_cut_short_is_no_data(served, tmp_path):
    with pytest.raises(source.SourceUnreachable, match="22 of 1000000 bytes came"):
        source.pull(f"http://{served(CutShort)}/some.csv", tmp_path / "data")
    assert not list((tmp_path / "data").iterdir())


def test_a_token_in_a_url_is_shown_to_nobody(served, tmp_path):
    dataset = source.pull(f"http://{served()}/some.csv?token=s3cret", tmp_path / "data")
    assert "s3cret" not in dataset.requested + dataset.source + dataset.summary
    assert source.shown("https://user:s3cret@host:1/x.csv?sig=s3cret#s3cret") == "https://host:1/x.csv"
    with pytest.raises(source.SourceError) as raised:
        source.pull("https://user:s3cret@host/data.xlsx?sig=s3cret", tmp_path / "data")
    assert "s3cret" not in str(raised.value)


def test_a_url_of_another_kind_is_refused_by_name(tmp_path):
    with pytest.raises(source.SourceError, match="'s3://bucket/data.csv' cannot be read; a URL has to begin with http"):
        source.pull("s3://bucket/data.csv", tmp_path)


def test_a_url_with_a_user_in_it_is_refused_by_name(tmp_path):
    with pytest.raises(
        source.SourceError, match="'http://127.0.0.1:9/x.csv' has a user in front of its host"
    ) as raised:
        source.pull("http://user:s3cret@127.0.0.1:9/x.csv", tmp_path)
    assert not isinstance(raised.value, source.SourceUnreachable)


def test_a_url_with_letters_that_no_url_may_have_is_refused_by_name(served, tmp_path):
    with pytest.raises(source.SourceError, match="kürs.csv' has characters that no URL may have"):
        source.pull(f"http://{served()}/kürs.csv", tmp_path)


def test_a_first_day_for_a_source_other_than_postgres_is_refused_before_anything_is_done(csv, tmp_path):
    for given in ("kaggle", "synthetic", str(csv), "https://user:s3cret@host/x.csv"):
        with pytest.raises(source.SourceError, match="data_since is for the source postgres alone, and") as raised:
            source.pull(given, tmp_path / "data", fallback_to_synthetic=True, since=date(2026, 11, 1))
        assert "s3cret" not in str(raised.value)
    assert not (tmp_path / "data").exists()


@pytest.mark.usefixtures("no_kaggle")
def test_without_kaggle_it_fails_and_says_what_to_do(tmp_path):
    with pytest.raises(source.SourceUnreachable, match="set DATA_SOURCE to the path of a CSV file or to synthetic"):
        source.pull("kaggle", tmp_path)


@pytest.mark.usefixtures("no_kaggle")
def test_without_kaggle_it_goes_on_with_synthetic_data_only_where_that_is_allowed(tmp_path):
    dataset = source.pull("kaggle", tmp_path, fallback_to_synthetic=True)
    assert (dataset.requested, dataset.source) == ("kaggle", "synthetic")
    assert "Kaggle did not give the dataset" in dataset.fallback_reason
    assert len(dataset.rows) == synthetic.ROWS


def _bytes(encoding="utf-8", **options):
    return synthetic.generate(rows=50, copies=5).to_csv(index=False, **options).encode(encoding)


HEADER = ",".join(schema.COLUMNS)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("no.csv", None, "is not a file; allowed are kaggle, synthetic"),
        ("data.xlsx", b"a,b", r"has to end in \.csv or \.parquet"),
        ("empty.csv", b"", "cannot be read as .csv"),
        ("columns.csv", b"UserID,CourseCategory\n1,Arts\n", "lacks the columns DeviceType"),
        ("header.csv", f"{HEADER}\n".encode(), "has no rows"),
        ("semicolons.csv", _bytes(sep=";"), "lacks the columns UserID, .*; it has UserID;CourseCategory"),
        ("twice.csv", f"{HEADER},UserID\n{'1,' * 9}2\n".encode(), "has more than one column UserID"),
        ("longer.csv", f"{HEADER}\n{'1,' * 12}1\n{'1,' * 20}1\n".encode(), "cannot be read as .csv: .*line 3"),
        ("utf16.csv", _bytes("utf-16"), "is not text in UTF-8"),
        ("latin1.csv", _bytes().replace(b"Arts", "Künste".encode("latin-1")), "is not text in UTF-8"),
        ("zipped.csv", b"PK\x03\x04\x14\x00\xff\xfe", "is not text in UTF-8"),
        ("wide.csv", ("x" * 50 + ",").encode() * 50, r"it has x{50}, .* \.\.\.\.$"),
        ("broken.parquet", b"not parquet", "cannot be read as .parquet"),
    ],
)
def test_a_file_that_is_no_engagement_data_is_an_error_that_synthetic_data_does_not_hide(
    tmp_path, name, content, message
):
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(source.SourceError, match=message) as raised:
        source.pull(str(file), tmp_path / "data", fallback_to_synthetic=True)
    assert not isinstance(raised.value, source.SourceUnreachable)


def test_a_file_that_may_not_be_read_is_named(csv, tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(source.shutil, "copyfile", refuse)  # as the kernel does, but for root
    with pytest.raises(source.SourceError, match=f"DATA_SOURCE '{csv}' cannot be read: Permission denied"):
        source.pull(str(csv), tmp_path)


def test_a_parquet_file_may_have_an_index(tmp_path):
    file = tmp_path / "some.parquet"
    rows = synthetic.generate(rows=50, copies=5)
    for index in ["UserID"], ["CourseCategory", "UserID"]:
        rows.set_index(index).to_parquet(file)
        assert source.pull(str(file), tmp_path / "data").rows.equals(rows[schema.COLUMNS])
    rows.set_index("UserID", drop=False).to_parquet(file)
    assert source.pull(str(file), tmp_path / "data").rows["UserID"].tolist() == rows["UserID"].tolist()
    rows[rows["DeviceType"] == 1].to_parquet(file)
    assert len(source.pull(str(file), tmp_path / "data").rows) == (rows["DeviceType"] == 1).sum()


def test_a_parquet_file_may_have_its_text_as_bytes(tmp_path):
    file = tmp_path / "some.parquet"
    rows = synthetic.generate(rows=50, copies=5)
    rows.loc[3, "CourseCategory"] = None
    encoded = rows.assign(CourseCategory=rows["CourseCategory"].astype(object).map(str.encode, na_action="ignore"))
    encoded.to_parquet(file)
    read = source.pull(str(file), tmp_path / "data").rows["CourseCategory"]
    assert read.fillna("").tolist() == rows["CourseCategory"].fillna("").tolist()
    encoded.assign(CourseCategory=b"\xff").to_parquet(file)
    with pytest.raises(source.SourceError, match="is not text in UTF-8"):
        source.pull(str(file), tmp_path / "data")


def test_a_parquet_file_may_not_have_lists(tmp_path):
    file = tmp_path / "some.parquet"
    rows = synthetic.generate(rows=50, copies=5)
    rows.assign(CourseCategory=[[name] for name in rows["CourseCategory"]]).to_parquet(file)
    with pytest.raises(source.SourceError, match="cannot be read as .parquet: CourseCategory: a value a row is needed"):
        source.pull(str(file), tmp_path / "data")


def test_the_categories_of_a_parquet_file_are_read_as_values(tmp_path):
    """One that no row has any more would be expected of each day that is compared with these rows."""
    file = tmp_path / "some.parquet"
    rows = synthetic.generate(rows=50, copies=5)
    rows.loc[3, "DeviceType"] = None
    kept = rows.astype({"CourseCategory": "category", "DeviceType": "category"}).query("CourseCategory != 'Arts'")
    kept.to_parquet(file)
    read = source.pull(str(file), tmp_path / "data").rows
    assert not read.select_dtypes("category").columns.size
    assert set(read["CourseCategory"]) == {"Business", "Health", "Programming", "Science"}
    assert read["DeviceType"].dropna().tolist() == kept["DeviceType"].dropna().tolist()


def _with_surplus(csv, surplus):
    """A file whose ids follow upon each other, as those of the public dataset do."""
    header, *rows = synthetic.generate(rows=500, copies=0).sort_values("UserID").to_csv(index=False).splitlines()
    csv.write_text("\n".join([header, *(row + surplus for row in rows)]), encoding="utf-8")


@pytest.mark.parametrize("surplus", [",5", ",1,2,3"])
def test_rows_with_more_fields_than_the_header_are_not_read_as_others(csv, tmp_path, surplus):
    _with_surplus(csv, surplus)
    with pytest.raises(source.SourceError, match="has rows with more fields than its header"):
        source.pull(str(csv), tmp_path / "data")


def test_a_comma_at_the_end_of_each_row_does_no_harm(csv, tmp_path):
    _with_surplus(csv, ",")
    assert source.pull(str(csv), tmp_path / "data").rows["UserID"].tolist() == list(range(1, 501))


def test_an_enormous_file_is_refused_before_it_is_read(csv, served, tmp_path, monkeypatch):
    monkeypatch.setattr(source, "MAX_BYTES", 1000)
    for given in (str(csv), f"http://{served()}/some.csv"):
        with pytest.raises(source.SourceError, match="is larger than 0 MB"):
            source.pull(given, tmp_path / "data")
    assert not list((tmp_path / "data").iterdir())


def test_the_order_of_the_columns_and_a_byte_order_mark_do_not_matter(tmp_path):
    data, file = synthetic.generate(rows=50, copies=5), tmp_path / "shuffled.csv"
    data[reversed(data.columns)].assign(Extra=1).to_csv(file, index=False, encoding="utf-8-sig")
    rows = source.pull(str(file), tmp_path / "data").rows
    assert list(rows) == schema.COLUMNS
    assert rows["UserID"].tolist() == data["UserID"].tolist()


def test_a_truncated_file_has_one_row_less_to_use(tmp_path):
    file, whole = tmp_path / "cut.csv", _bytes()
    file.write_bytes(whole[: whole.rindex(b",")])  # within the last row
    checked = validate.check(source.pull(str(file), tmp_path / "data").rows)
    assert list(checked.quarantined["reason"]) == ["CourseCompletion is missing"]
    assert list(checked.quarantined["row"]) == [50]


def test_synthetic_data_speaks_against_a_model_unless_the_champion_has_learned_from_it_too(tmp_path):
    synthetic_data = source.pull("synthetic", tmp_path)
    fallen_back = replace(synthetic_data, requested="kaggle", fallback_reason="Kaggle is away.")
    real_data = replace(synthetic_data, source="kaggle")
    assert source.objections(synthetic_data, "kaggle") == ["was trained on synthetic data, and the champion on kaggle"]
    assert source.objections(fallen_back, "/data/students.csv") == [
        "was trained on synthetic data in place of kaggle, and the champion on /data/students.csv"
    ]
    assert source.objections(synthetic_data, "") == ["was trained on synthetic data, and the champion on other data"]
    for dataset, champion in ((synthetic_data, "synthetic"), (fallen_back, "synthetic"), (real_data, "synthetic")):
        assert not source.objections(dataset, champion)
