# opschecks for real stacks: no sandbox, no compiler, no root.
#
#   docker build -t opschecks .
#   mkdir -p reports
#   docker run --rm --read-only --tmpfs /tmp --user "$(id -u)" -e HOME=/aws -e AWS_PROFILE -v ~/.aws:/aws/.aws:ro \
#     -v "$PWD/reports:/tmp/reports" -v "$PWD/stacks.toml:/work/stacks.toml:ro" opschecks
#
# Reports go to /tmp/reports; examples/aws publishes them in the same container.

FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE stacks.toml ./
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
