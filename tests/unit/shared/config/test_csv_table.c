#include "shared/config/csv_table.h"

#include "tests/unit/shared/config/expect.h"

/* All rows as "line:cell|cell\n", with a closing "!line: problem" where they make no sense. */
static char *read_all(const char *text)
{
    char *out = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&out, &len);
    assert_non_null(file);
    struct csv_table *table = csv_table_open(text, strlen(text));
    struct csv_row row;
    int got;
    while ((got = csv_table_next(table, &row)) == 1) {
        fprintf(file, "%u:", row.line);
        for (size_t i = 0; i < row.ncells; i++)
            fprintf(file, "%s%s", i > 0 ? "|" : "", row.cells[i]);
        fputc('\n', file);
    }
    if (got < 0)
        fprintf(file, "!%u: %.20s", row.line, csv_table_problem(table));
    assert_int_equal(csv_table_next(table, &row), 0);
    csv_table_close(table);
    assert_int_equal(fclose(file), 0);
    return out;
}

static void reads(const char *text, const char *expected)
{
    char *got = read_all(text);
    assert_string_equal(got, expected);
    free(got);
}

static void plain_rows(void **state)
{
    (void)state;
    reads("", "");
    reads("a", "1:a\n");
    reads("a,b\n1,2\n", "1:a|b\n2:1|2\n");
    reads("a,b\r\n1,\r\n,2\r\n", "1:a|b\n2:1|\n3:|2\n");
    reads("a,b\r1,2", "1:a|b\n2:1|2\n");
    reads("a,b,\n1,2,3", "1:a|b|\n2:1|2|3\n");
}

static void quotes(void **state)
{
    (void)state;
    reads("\"a\",\"b,c\"\n\"say \"\"so\"\"\",\"\"\n", "1:a|b,c\n2:say \"so\"|\n");
    reads("a,\"x\r\ny\",c\nd,e,f", "1:a|x\ny|c\n3:d|e|f\n");
    reads("5\" pipe,b\n", "1:5\" pipe|b\n");
    reads("a, \"b\" ,c\n", "1:a|b|c\n");
}

static void the_first_row_says_what_separates(void **state)
{
    (void)state;
    reads("a;b;c\n1,5;2;3\n", "1:a|b|c\n2:1,5|2|3\n");
    reads("a\tb\n1\t2;3\n", "1:a|b\n2:1|2;3\n");
    reads("a\t\tb\n", "1:a||b\n");
    reads("\"a;b;c\",d\n1,2;3\n", "1:a;b;c|d\n2:1|2;3\n");
    reads("# a;b;c;d\n;;\na,b\n1,2\n", "3:a|b\n4:1|2\n");
}

static void empty_rows_and_remarks_are_passed_over(void **state)
{
    (void)state;
    reads("# a, \"b\n\n  # more\na,b\n,\n \n\"# quoted\",x\n1,2\n,# 3\n", "4:a|b\n8:1|2\n9:|# 3\n");
    reads("#", "");
}

static void blanks_around_a_cell_do_not_count(void **state)
{
    (void)state;
    reads(" a , b c ,\t\" d \"\n", "1:a|b c|d\n");
    reads("\xe3\x80\x80"
          "a"
          "\xc2\xa0,\xe3\x80\x80\n",
          "1:a|\n");
}

static void what_makes_no_sense(void **state)
{
    (void)state;
    reads("a,b\n1,\"2\n3,4\n", "1:a|b\n!2: quotes are opened he");
    reads("a,b\n1,\"2\"x\n3,4\n", "1:a|b\n!2: text follows closing");
    char wide[CSV_CELLS_MAX + 1];
    memset(wide, ',', sizeof(wide));
    wide[CSV_CELLS_MAX] = '\0'; /* one comma less than cells */
    reads(wide, "!1: more than 64 cells i");
}

static void lines_of_cells(void **state)
{
    (void)state;
    struct csv_table *table = csv_table_open("\"a\n\n\",b\nc", 9);
    struct csv_row row;
    assert_int_equal(csv_table_next(table, &row), 1);
    assert_int_equal(row.lines[0], 1);
    assert_int_equal(row.lines[1], 3);
    assert_int_equal(csv_table_next(table, &row), 1);
    assert_int_equal(row.line, 4);
    csv_table_close(table);
    csv_table_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_rows),
        cmocka_unit_test(quotes),
        cmocka_unit_test(the_first_row_says_what_separates),
        cmocka_unit_test(empty_rows_and_remarks_are_passed_over),
        cmocka_unit_test(blanks_around_a_cell_do_not_count),
        cmocka_unit_test(what_makes_no_sense),
        cmocka_unit_test(lines_of_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
