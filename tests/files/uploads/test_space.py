"""Refusals of uploads by the space of the disk, and by the tenant's share of it."""

from pathlib import Path

import pytest

from tongdai.errors import InsufficientStorage
from tongdai.files.uploads import space
from tongdai.files.uploads.space import share_of
from tongdai.ids import TenantId
from tongdai.runtime.disk import MB, free_mb
from tongdai.settings.declarations import Settings

ONE, OTHER = TenantId(1), TenantId(2)


def settings(data_dir: Path, *, min_free_mb: int = 1, tenant_spool_mb: int = 10) -> Settings:
    return Settings(data_dir=str(data_dir), min_free_mb=min_free_mb, tenant_spool_mb=tenant_spool_mb)


def test_upload_is_refused_while_the_disk_is_short_of_space(tmp_path: Path) -> None:
    short = settings(tmp_path, min_free_mb=2 * free_mb(tmp_path))
    with pytest.raises(InsufficientStorage, match=r"short of disk space .* nothing was stored"), share_of(short, ONE):
        pytest.fail("it is accepted")


def test_files_of_a_tenant_share_its_space_and_leave_that_of_others(tmp_path: Path) -> None:
    own = settings(tmp_path)
    with share_of(own, ONE) as first, share_of(own, ONE) as second, share_of(own, OTHER) as other:
        first.grow_to(6 * MB)
        second.grow_to(4 * MB)
        with pytest.raises(InsufficientStorage, match="already have 10 MB"):
            second.grow_to(4 * MB + 1)
        other.grow_to(10 * MB)
    assert not space._used


def test_space_is_free_again_after_the_request(tmp_path: Path) -> None:
    own = settings(tmp_path)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), share_of(own, ONE) as share:  # noqa: PT012 - what ends the request
            share.grow_to(5 * MB)
            share.grow_to(10 * MB)
            _ = 1 / 0
    assert not space._used
