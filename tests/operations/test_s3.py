"""The S3 servers of the tests are real, and what is known of each is so: what tests rely on and what they must not."""

import httpx
import pytest
from botocore.exceptions import ClientError
from pytest_django import Settings

from core import s3
from core.errors import Unavailable
from core.processes import free_port
from tests.s3 import Bucket, policy

PART = b"x" * (5 * 1024 * 1024)


def test_what_is_put_is_listed_and_read(bucket: Bucket) -> None:
    s3.client().put_object(Bucket=bucket.name, Key="a/b", Body=b"bytes")
    assert (bucket.keys(), bucket.read("a/b")) == (["a/b"], b"bytes")


def test_unfinished_multipart_uploads_are_listed(bucket: Bucket) -> None:
    begun = s3.client().create_multipart_upload(Bucket=bucket.name, Key="a/b")
    assert bucket.unfinished() == ["a/b"]
    s3.client().abort_multipart_upload(Bucket=bucket.name, Key="a/b", UploadId=begun["UploadId"])
    assert bucket.unfinished() == []


def test_rclone_checks_signatures(rclone: Bucket, settings: Settings) -> None:
    settings.AWS_SECRET_ACCESS_KEY = "another"
    with pytest.raises(ClientError):
        s3.client().list_objects_v2(Bucket=rclone.name)


def test_rclone_takes_a_copy_for_an_empty_part(rclone: Bucket) -> None:
    client = s3.client()
    client.put_object(Bucket=rclone.name, Key="part", Body=PART)
    begun = client.create_multipart_upload(Bucket=rclone.name, Key="whole")
    answer = client.upload_part_copy(
        Bucket=rclone.name,
        Key="whole",
        UploadId=begun["UploadId"],
        PartNumber=1,
        CopySource={"Bucket": rclone.name, "Key": "part"},
    )
    assert "ETag" not in answer["CopyPartResult"]


def test_moto_copies_an_object_into_a_part_and_refuses_small_ones(moto: Bucket) -> None:
    client = s3.client()
    client.put_object(Bucket=moto.name, Key="part", Body=PART)
    begun = client.create_multipart_upload(Bucket=moto.name, Key="whole")
    whole = {"Bucket": moto.name, "Key": "whole", "UploadId": begun["UploadId"]}
    copy = client.upload_part_copy(**whole, PartNumber=1, CopySource={"Bucket": moto.name, "Key": "part"})
    parts = [{"PartNumber": 1, "ETag": copy["CopyPartResult"]["ETag"]}]
    for number in (2, 3):
        parts.append({"PartNumber": number, "ETag": client.upload_part(**whole, PartNumber=number, Body=b"y")["ETag"]})
    with pytest.raises(ClientError, match="EntityTooSmall"):
        client.complete_multipart_upload(**whole, MultipartUpload={"Parts": parts})
    client.complete_multipart_upload(**whole, MultipartUpload={"Parts": parts[:2]})
    assert moto.read("whole") == PART + b"y"


def test_moto_lets_everyone_read_what_a_policy_says(moto: Bucket) -> None:
    for key in ("open/a", "closed/a"):
        s3.client().put_object(Bucket=moto.name, Key=key, Body=b"bytes")
    s3.client().put_bucket_policy(Bucket=moto.name, Policy=policy(moto.name, "open/"))
    assert httpx.get(f"{moto.endpoint}/{moto.name}/open/a").content == b"bytes"
    assert httpx.get(f"{moto.endpoint}/{moto.name}/closed/a").status_code == 403


def test_a_storage_that_nobody_answers_for_is_unavailable(moto: Bucket, settings: Settings) -> None:
    settings.AWS_S3_ENDPOINT_URL = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(Unavailable), s3.reached():
        s3.client().list_objects_v2(Bucket=moto.name)
