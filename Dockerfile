# The studio in a container; docs/sharing.md says how it is built and run.
FROM python:3.12-slim-bookworm

# what the wheels load, and the font of the gestures' signs: as .ci/prepare.py and .ci/run have it
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        fonts-noto-color-emoji libegl1 libgl1 libgles2 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/*

# pip is told this as `make run TORCH="…"` tells it
ARG TORCH="torch==2.13.0"
WORKDIR /mudra
COPY requirements.txt ./
RUN pip install --no-cache-dir ${TORCH} && pip install --no-cache-dir -r requirements.txt

COPY . .
ENV MUDRA_WORKSPACE=/workspace \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_SERVER_HEADLESS=true
RUN python -m core weights prepare \
    && useradd --create-home mudra \
    && install -d -o mudra /workspace
USER mudra
VOLUME /workspace
EXPOSE 8501
HEALTHCHECK --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health')"]
CMD ["python", "-m", "core", "studio"]
