"""Makes all botocore sessions of the process, moto's too, read each service model once.

A start needs EC2's model, which takes 50 ms to read, six times.
"""

from __future__ import annotations

import functools

import botocore.session

botocore.session.create_loader = functools.cache(botocore.session.create_loader)
