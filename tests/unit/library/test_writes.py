"""A write is said once and carried out in two ways, which must mean the same."""

from crossdock.platform.writes import Insert, Update, When, condition, expression, partiql

UPDATE = Update(
    key=("T#A1", "A#MAIN"),
    add={"av": -2, "pl": 0, "rsv": 2},
    put={"r_x": "2|3|n"},
    remove=("r_y",),
    when=(When("av", ">=", 2), When("r_x", "missing"), When("ac_shop", "=", 0), When("seq", "<", "7")),
)


def test_an_insert_leaves_out_what_is_not_there() -> None:
    text, parameters = partiql("inventory", Insert({"pk": "a", "sk": "b", "q": 1, "pos": None}))
    assert text == "INSERT INTO \"inventory\" VALUE {'pk': ?, 'sk': ?, 'q': ?}"
    assert parameters == ("a", "b", 1)


def test_an_update_as_a_statement() -> None:
    text, parameters = partiql("inventory", UPDATE)
    assert text == (
        'UPDATE "inventory" SET "av" = "av" + ? SET "rsv" = "rsv" + ? SET "r_x" = ? REMOVE "r_y" '
        'WHERE pk = ? AND sk = ? AND "av" >= ? AND "r_x" IS MISSING '
        'AND "ac_shop" = ? AND "seq" < ?'
    )
    assert parameters == (-2, 2, "2|3|n", "T#A1", "A#MAIN", 2, 0, "7")


def test_the_same_update_as_an_expression() -> None:
    change, condition, names, values = expression(UPDATE)
    assert change == "SET #n0 = #n0 + :v0, #n1 = #n1 + :v1, #n2 = :v2 REMOVE #n3"
    assert condition == (
        "attribute_exists(#n4) AND #n0 >= :v3 AND attribute_not_exists(#n2) AND #n5 = :v4 AND #n6 < :v5"
    )
    assert names == {"#n0": "av", "#n1": "rsv", "#n2": "r_x", "#n3": "r_y", "#n4": "pk", "#n5": "ac_shop", "#n6": "seq"}
    assert values == {":v0": -2, ":v1": 2, ":v2": "2|3|n", ":v3": 2, ":v4": 0, ":v5": "7"}


def test_conditions_alone_as_an_expression() -> None:
    assert condition((When("n", "=", 3), When("into", "missing"))) == (
        "#n0 = :v0 AND attribute_not_exists(#n1)",
        {"#n0": "n", "#n1": "into"},
        {":v0": 3},
    )
    assert condition(()) == ("", {}, {})
