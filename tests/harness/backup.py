"""A dump of a database, as mariadb-dump --single-transaction makes it: table by table, in the order of their names."""

def dump(database):
    """The statements that bring the database back to where it is now."""
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        cursor.execute("SHOW FULL TABLES")
        names = sorted(cursor.fetchall())
        return [statement for kind in ("BASE TABLE", "VIEW") for name, of in names if of == kind
                for statement in of_table(connection, cursor, name, kind)]


def of_table(connection, cursor, name, kind):
    cursor.execute(f"SHOW CREATE TABLE `{name}`")
    create = cursor.fetchone()[1]
    if kind == "VIEW":
        return [f"DROP VIEW IF EXISTS `{name}`", create]
    cursor.execute(f"SELECT * FROM `{name}`")
    columns = ", ".join(f"`{column[0]}`" for column in cursor.description)
    rows = ["(" + ", ".join(literal(connection, value) for value in row) + ")" for row in cursor.fetchall()]
    insert = [f"INSERT INTO `{name}` ({columns}) VALUES {', '.join(rows)}"] if rows else []
    return [f"DROP TABLE IF EXISTS `{name}`", create, f"LOCK TABLES `{name}` WRITE", *insert, "UNLOCK TABLES"]


def literal(connection, value):
    """Doubles with all their digits."""
    return repr(value) if isinstance(value, float) else connection.escape(value)


def restore(database, statements):
    """Into the database as it is, whoever uses it."""
    with database.connect() as connection, connection.cursor() as cursor:
        bring_back(cursor, statements)


def bring_back(cursor, statements):
    cursor.execute("SET foreign_key_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO'")
    for statement in statements:
        cursor.execute(statement)
