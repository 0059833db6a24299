"""Superset's settings. The task definition brings them in the variable CONFIG; the rest comes from the environment."""

import os

SECRET_KEY = os.environ["SECRET_KEY"]
SQLALCHEMY_DATABASE_URI = "postgresql+psycopg2://{}:{}@{}/{}?sslmode=require".format(
    os.environ["DATABASE_USER"], os.environ["DATABASE_PASSWORD"], os.environ["DATABASE_HOST"], os.environ["DATABASE_NAME"]
)

# Ten tasks of one pool each: 10 * (20 + 40) connections, which db.r6g.large (about 1,700) has room for.
SQLALCHEMY_ENGINE_OPTIONS = {"pool_size": 20, "max_overflow": 40, "pool_timeout": 300, "pool_recycle": 3600, "pool_pre_ping": True}

CACHE_CONFIG = {
    "CACHE_TYPE": "RedisCache",
    "CACHE_REDIS_URL": "rediss://{}:{}/0".format(os.environ["REDIS_HOST"], os.environ["REDIS_PORT"]),
    "CACHE_DEFAULT_TIMEOUT": 3600,
}
DATA_CACHE_CONFIG = CACHE_CONFIG

WTF_CSRF_ENABLED = True
SQLLAB_ASYNC_TIME_LIMIT_SEC = 300
RATELIMIT_ENABLED = True
RATELIMIT_APPLICATION = "10 per second"

# Behind a load balancer that ends TLS.
ENABLE_PROXY_FIX = True
SESSION_COOKIE_SECURE = True
