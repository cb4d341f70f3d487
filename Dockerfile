# One image, two commands: `serve` (the default: web and worker) or `worker` alone.
FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HUNTER_VAR=/data
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
RUN useradd --system hunter && mkdir /data && chown hunter /data \
 && SECRET_KEY=build HUNTER_VAR=/app/var python manage.py collectstatic --noinput --verbosity 0 \
 && mv var/static /app/static-collected
USER hunter
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["sh", "-c", "mkdir -p /data/static && cp -r /app/static-collected/. /data/static && python manage.py migrate --noinput && exec python manage.py serve"]
