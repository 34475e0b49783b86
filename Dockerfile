# opschecks for real stacks: no sandbox, no compiler, no root.
#
#   docker build -t opschecks .
#   docker run --rm --read-only --tmpfs /tmp -v "$PWD/stacks.toml:/work/stacks.toml:ro" -e AWS_PROFILE -v ~/.aws:/home/opschecks/.aws:ro opschecks
#
# Reports go to /tmp/reports: mount a folder there, or publish them in the same container (examples/aws).

FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md stacks.toml ./
COPY plugins plugins
COPY checks checks
RUN python -m venv /opt/opschecks && /opt/opschecks/bin/pip install --no-cache-dir --no-compile .

FROM python:3.13-slim
RUN useradd --uid 10001 --create-home opschecks
COPY --from=build /opt/opschecks /opt/opschecks
ENV PATH=/opt/opschecks/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTEST_ADDOPTS="-p no:cacheprovider"
WORKDIR /work
USER 10001:10001
CMD ["pytest", "--pyargs", "opschecks.checks.daily", "--reports", "/tmp/reports"]
