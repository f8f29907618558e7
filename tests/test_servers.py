"""The private servers of the tests: they answer, they are nobody's, and they leave nothing behind."""

import psycopg
import pymysql
import pytest
import redis

from tests.servers import ACCOUNT, PASSWORD, Server


@pytest.mark.needs("postgresql")
def test_a_private_postgresql_answers(postgresql_server: Server) -> None:
    with psycopg.connect(postgresql_server.url("postgres")) as opened:
        assert opened.execute("SELECT current_user, current_setting('fsync')").fetchone() == (ACCOUNT, "off")


@pytest.mark.needs("mariadbd")
def test_a_private_mariadb_answers(mariadb_server: Server) -> None:
    with pymysql.connect(host="127.0.0.1", port=mariadb_server.port, user=ACCOUNT, password=PASSWORD) as opened, opened.cursor() as cursor:
        assert cursor.execute("SELECT version()") == 1


@pytest.mark.needs("redis-server")
def test_a_private_redis_answers_and_keeps_nothing_on_disk(redis_server: Server) -> None:
    with redis.Redis.from_url(redis_server.url("0", account="")) as opened:
        assert opened.ping()
        assert opened.config_get("save") == {"save": ""}
