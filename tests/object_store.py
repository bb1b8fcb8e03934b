"""An object store on this machine, for tests: speaks S3, listens on the loopback alone, and forgets all when it ends."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

BUCKET = "archive"
"""The bucket that there is."""

SETTINGS = {
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""What a client of the store finds in its environment, besides the store's address."""


@contextmanager
def object_store(environment: dict[str, str] | os._Environ[str] = os.environ) -> Iterator[str]:
    """
    Run an object store, tell its clients by the environment where it is, and yield the URL of an empty bucket.

    Other processes started meanwhile find it, too. The environment is put back at the end.
    """
    from moto.server import ThreadedMotoServer
    from s3fs import S3FileSystem

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else every request is told
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    before = {name: environment.get(name) for name in (*SETTINGS, "AWS_ENDPOINT_URL")}
    try:
        environment.update({**SETTINGS, "AWS_ENDPOINT_URL": f"http://{host}:{port}"})
        S3FileSystem.clear_instance_cache()  # else those of an earlier store in this process go on with its address
        _make_bucket(f"http://{host}:{port}")
        yield f"s3://{BUCKET}"
    finally:
        for name, value in before.items():
            if value is None:
                environment.pop(name, None)
            else:
                environment[name] = value
        S3FileSystem.clear_instance_cache()
        server.stop()


def _make_bucket(address: str) -> None:
    import boto3

    keys = {"aws_access_key_id": SETTINGS["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": SETTINGS["AWS_SECRET_ACCESS_KEY"]}
    client = boto3.client("s3", endpoint_url=address, region_name=SETTINGS["AWS_DEFAULT_REGION"], **keys)
    client.create_bucket(Bucket=BUCKET)
    client.close()
