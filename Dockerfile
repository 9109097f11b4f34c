# docker build -t ama-server . ; docker run -p 8000:8000 -v ./model:/model:ro -e AMA_TOKEN ama-server
FROM python:3.11-slim
COPY . /ama
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu -c /ama/constraints.txt '/ama[serve]'
EXPOSE 8000
HEALTHCHECK CMD python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health')"
USER nobody
CMD ["ama", "serve", "/model", "--host", "0.0.0.0"]
