"""Behaviour of the S3 server that other tests rely on."""

import subprocess
import sys
import textwrap

import botocore.exceptions
import psutil
import pytest

from tests.support.s3_server import OTHER, READER


def test_buckets_are_ready_and_separate(s3_server):
    first, second = s3_server.create_bucket(cat=b"meow"), s3_server.create_bucket()
    client = s3_server.client()
    assert client.get_object(Bucket=first, Key="cat")["Body"].read() == b"meow"
    assert "Contents" not in client.list_objects_v2(Bucket=second)


def test_versions(s3_server):
    bucket, client = s3_server.create_bucket(versioned=True), s3_server.client()
    first = client.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    client.put_object(Bucket=bucket, Key="k", Body=b"2")
    assert client.get_object(Bucket=bucket, Key="k", VersionId=first)["Body"].read() == b"1"


def test_identities_are_held_apart(s3_server):
    bucket = s3_server.create_bucket(cat=b"meow")
    assert s3_server.client(READER).get_object(Bucket=bucket, Key="cat")["Body"].read() == b"meow"
    with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
        s3_server.client(READER).put_object(Bucket=bucket, Key="cat", Body=b"woof")
    with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
        s3_server.client(OTHER).get_object(Bucket=bucket, Key="cat")


def test_it_dies_with_a_killed_parent(tmp_path):
    code = textwrap.dedent("""
        import os, signal, sys
        from pathlib import Path
        from tests.support.s3_server import S3Server
        s3_server = S3Server(Path(sys.argv[1]))
        s3_server.__enter__()
        print(s3_server.process.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    parent = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert parent.returncode == -9, parent.stderr
    try:
        gone = psutil.Process(int(parent.stdout))
    except psutil.NoSuchProcess:
        return
    gone.wait(60)
