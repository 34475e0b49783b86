"""Makes all botocore sessions of the process, moto's included, read each service model once."""

from __future__ import annotations

import functools

import botocore.session

from .moto_private import create_loader

botocore.session.create_loader = functools.cache(create_loader())
