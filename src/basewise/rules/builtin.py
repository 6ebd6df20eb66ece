"""Every rule, by id."""

from __future__ import annotations

from basewise.rules.accelerator import CUDA_TWICE, GPU_WHEELS
from basewise.rules.application import DOES_NOT_FIT, MISSING_LIBRARY, NO_MUSL_WHEEL, UNNEEDED_PACKAGE
from basewise.rules.build_tools import BUILD_TOOLS
from basewise.rules.gone_packages import PACKAGE_GONE
from basewise.rules.ignores import IGNORE_COMMENT
from basewise.rules.image_age import CHANGED_DISTRO, OLD_DIGEST, SUPERSEDED
from basewise.rules.image_name import FLOATING, NO_DIGEST, NO_TAG, NOT_ALLOWED, UNRESOLVED
from basewise.rules.image_support import DISTRO_SUPPORT, PRERELEASE, PYTHON_SUPPORT
from basewise.rules.lock_file import LOCK_OUT_OF_DATE
from basewise.rules.os_packages import APK_CACHE, APT_LISTS, APT_RECOMMENDS
from basewise.rules.python_packages import PIP_CACHE, PIP_LOCK
from basewise.rules.rule import RuleCheck
from basewise.rules.user import ROOT_USER

__all__ = ["RULES"]

RULES: tuple[RuleCheck, ...] = (
    NO_TAG,
    NO_DIGEST,
    OLD_DIGEST,
    SUPERSEDED,
    FLOATING,
    CHANGED_DISTRO,
    DISTRO_SUPPORT,
    PYTHON_SUPPORT,
    PRERELEASE,
    NOT_ALLOWED,
    UNRESOLVED,
    ROOT_USER,
    APT_RECOMMENDS,
    APT_LISTS,
    APK_CACHE,
    PIP_LOCK,
    PIP_CACHE,
    BUILD_TOOLS,
    PACKAGE_GONE,
    MISSING_LIBRARY,
    UNNEEDED_PACKAGE,
    CUDA_TWICE,
    GPU_WHEELS,
    NO_MUSL_WHEEL,
    DOES_NOT_FIT,
    LOCK_OUT_OF_DATE,
    IGNORE_COMMENT,
)
